"""Where settings come from, which place wins, and what a bad place says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from comet_async.comet.configuration import Setting, Settings, environment_proxy
from comet_async.credentials import Secret
from comet_async.errors import UsageError

KEY = "kZ7qPlanted0Key9forTests1"


class Places:
    """A home, a working directory and an environment of one test."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.cwd = root / "work"
        self.home.mkdir()
        self.cwd.mkdir()
        self.environ: dict[str, str] = {}

    def load(self, **explicit: Any) -> Settings:
        return Settings.load(environ=self.environ, cwd=self.cwd, home=self.home, **explicit)

    def key(self, **explicit: Any) -> tuple[str, str]:
        found = self.load(**explicit).required_api_key()
        return found.value.reveal(), found.source


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def config(path: Path, key: str) -> Path:
    return write(path, f"[comet]\napi_key = {key}\n")


def test_each_place_wins_over_the_next(places: Places) -> None:
    rest_key = write(places.home / ".comet_rest_key", "\n key-of-rest-file \n")
    assert places.key() == ("key-of-rest-file", str(rest_key))
    home = config(places.home / ".comet.config", "key-of-home")
    assert places.key() == ("key-of-home", str(home))
    local = config(places.cwd / ".comet.config", "key-of-cwd")
    assert places.key() == ("key-of-cwd", str(local))
    named = config(places.home / "named.ini", "key-of-named")
    places.environ["COMET_INI"] = str(named)
    assert places.key() == ("key-of-named", str(named))
    dotenv = write(places.cwd / ".env", "export COMET_API_KEY='key-of-dotenv'\nOTHER=${HOME}\n")
    assert places.key() == ("key-of-dotenv", str(dotenv))
    places.environ["COMET_API_KEY"] = "key-of-environment"
    assert places.key() == ("key-of-environment", "environment variable COMET_API_KEY")
    assert places.key(api_key="key-of-argument") == ("key-of-argument", "argument")
    assert places.key(api_key=Secret("key-of-secret")) == ("key-of-secret", "argument")


def test_settings_merge_one_by_one(places: Places) -> None:
    places.environ["COMET_WORKSPACE"] = "of-environment"
    local = write(
        places.cwd / ".comet.config",
        "[comet]\nworkspace = of-cwd\nproject_name = 'vision'\n[comet_timeout]\napi = 33\n",
    )
    home = write(
        places.home / ".comet.config",
        f"[comet]\napi_key = {KEY}\nurl_override = https://comet.example.com/clientlib/\n"
        "experiment_key = 100%\n[comet_logging]\nfile = comet.log\n",
    )
    found = places.load()
    assert found.workspace == Setting("of-environment", "environment variable COMET_WORKSPACE")
    assert found.project_name == Setting("vision", str(local))
    assert found.timeout_api == Setting(33.0, str(local))
    assert found.url_override == Setting("https://comet.example.com/clientlib/", str(home))
    assert found.experiment_key == Setting("100%", str(home))
    assert found.api_key == Setting(Secret(KEY), str(home))
    assert (found.allow_header_name, found.warnings) == (None, ())


def test_empty_values_fall_through(places: Places) -> None:
    places.environ["COMET_API_KEY"] = "  "
    home = config(places.home / ".comet.config", KEY)
    assert places.key() == (KEY, str(home))


def test_named_folder_and_home_sign(places: Places) -> None:
    folder = places.home / "settings"
    folder.mkdir()
    inside = config(folder / ".comet.config", KEY)
    places.environ["COMET_CONFIG"] = "~/settings"
    assert places.key() == (KEY, str(inside))
    places.environ["COMET_CONFIG"] = str(folder)
    assert places.key() == (KEY, str(inside))
    places.environ["COMET_CONFIG"] = "~"
    config(places.home / ".comet.config", "key-of-home")
    assert places.key()[0] == "key-of-home"


def test_named_file_that_is_missing_is_told(places: Places) -> None:
    places.environ["COMET_CONFIG"] = "missing.ini"
    missing = places.cwd / "missing.ini"
    assert places.load().warnings == (f"COMET_CONFIG names {missing}, which does not exist",)


def test_variables_are_not_expanded(places: Places) -> None:
    places.environ["HOME"] = "expanded"
    write(places.cwd / ".env", "COMET_WORKSPACE=${HOME}-$HOME\nBARE\n")
    assert places.load().workspace == Setting("${HOME}-$HOME", str(places.cwd / ".env"))


@pytest.mark.parametrize(
    ("text", "line"),
    [("api_key = PLANTED\n", 1), ("[comet]\nPLANTED\n", 2), ("[comet\napi_key = PLANTED\n", 1)],
)
def test_malformed_file_names_file_and_line_but_no_content(
    places: Places, text: str, line: int
) -> None:
    path = write(places.cwd / ".comet.config", text)
    with pytest.raises(UsageError) as caught:
        places.load()
    told = str(caught.value)
    assert told.startswith(f"{path}, line {line}: not an INI file; write [comet]")
    assert "PLANTED" not in told
    assert "\n" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_unreadable_files_are_told(places: Places) -> None:
    path = places.cwd / ".comet.config"
    path.mkdir()
    with pytest.raises(UsageError, match=f"cannot read {path}: Is a directory; correct or remove"):
        places.load()
    path.rmdir()
    path.write_bytes(b"[comet]\nworkspace = \xff\n")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        places.load()


def test_byte_order_mark_is_no_error(places: Places) -> None:
    path = places.cwd / ".comet.config"
    path.write_bytes(b"\xef\xbb\xbf[comet]\nworkspace = team\n")
    assert places.load().workspace == Setting("team", str(path))


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_key_that_others_can_read_gives_a_warning(places: Places) -> None:
    exposed = write(places.home / ".comet.config", f"[comet]\napi_key = {KEY}\n", 0o644)
    write(places.cwd / ".comet.config", "[comet]\nworkspace = team\n", 0o644)
    (told,) = places.load().warnings
    assert told == (
        f"{exposed} holds an API key and is open to other users; run: chmod 600 {exposed}"
    )
    exposed.chmod(0o600)
    assert places.load().warnings == ()


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_unusable_timeouts_are_refused(places: Places, text: str) -> None:
    places.environ["COMET_TIMEOUT_API"] = text
    with pytest.raises(UsageError, match=r"COMET_TIMEOUT_API \(environment variable"):
        places.load()


def test_explicit_values_win(places: Places) -> None:
    places.environ.update(COMET_WORKSPACE="a", COMET_TIMEOUT_API="3")
    found = places.load(workspace="b", timeout_api=4.5, project_name="p", experiment_key="e")
    assert found.workspace == Setting("b", "argument")
    assert found.timeout_api == Setting(4.5, "argument")
    assert found.project_name == Setting("p", "argument")
    assert found.experiment_key == Setting("e", "argument")


def test_unusable_key_is_named_by_its_source_and_not_shown(places: Places) -> None:
    places.environ["COMET_API_KEY"] = f"{KEY}\n{KEY}"
    with pytest.raises(UsageError, match=r"COMET_API_KEY \(environment variable") as caught:
        places.load()
    assert KEY not in str(caught.value)


def test_secrets_stay_out_of_the_repr(places: Places) -> None:
    places.environ.update(
        COMET_API_KEY=KEY, COMET_ALLOW_HEADER_NAME="X-G", COMET_ALLOW_HEADER_VALUE="gateSecret"
    )
    shown = repr(places.load())
    assert KEY not in shown
    assert "gateSecret" not in shown
    assert "X-G" in shown


def test_no_key_anywhere(places: Places) -> None:
    found = places.load()
    assert found.api_key is None
    assert found.places == (
        "environment",
        "./.env",
        "./.comet.config",
        "/content/drive/MyDrive/.comet.config",
        "~/.comet.config",
        "~/.comet_rest_key",
    )
    with pytest.raises(UsageError, match="no Comet API key; set COMET_API_KEY"):
        found.required_api_key()


def test_process_defaults(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"HOME": str(places.home), "COMET_API_KEY": KEY})
    monkeypatch.chdir(places.cwd)
    found = Settings.load()
    assert found.required_api_key().value.reveal() == KEY


def test_a_user_without_a_home(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    found = Settings.load(environ={"COMET_CONFIG": "~/x"}, cwd=places.cwd)
    assert "~/.comet.config" not in found.places


PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"https_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "http://other", "https_proxy": PROXY}, PROXY),
        ({"http_proxy": PROXY}, None),
        ({"all_proxy": PROXY}, PROXY),
        ({"https_proxy": ""}, None),
        ({"https_proxy": PROXY, "no_proxy": "*"}, None),
        ({"https_proxy": PROXY, "no_proxy": " x.org, .example.com"}, None),
        ({"https_proxy": PROXY, "NO_PROXY": "comet.example.com"}, None),
        ({"https_proxy": PROXY, "no_proxy": "comet.example.com:8443"}, None),
        ({"https_proxy": PROXY, "no_proxy": "met.example.com"}, PROXY),
    ],
)
def test_environment_proxy(environ: dict[str, str], expected: str | None) -> None:
    assert environment_proxy("https://comet.example.com:8443", environ) == expected


def test_proxy_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", PROXY)
    assert environment_proxy("https://comet.example.com") == PROXY
    monkeypatch.setenv("no_proxy", "comet.example.com")
    assert environment_proxy("https://comet.example.com") is None
