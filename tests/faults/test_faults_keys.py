"""Where keys come from: open files, odd characters, the command line (rows L4 and L5)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comet_async import FileKey, Secret, Service, Session, StaticKey, comet, domino
from comet_async.comet.configuration import Settings
from comet_async.comet.key_file import save_api_key
from comet_async.errors import DestinationError, UsageError
from tests.faults.support_client import KEY, names_in
from tests.faults.support_secrets import Canary, Shown, watched

HALF = len(KEY) // 2
INI = "[comet]\nworkspace = team\napi_key = {}\n; a comment\n[comet_timeout]\napi = 30\n"
ODD = {
    "newline": f"{KEY[:HALF]}\n{KEY[HALF:]}",
    "carriage_return": f"{KEY}\r\nX-Injected: {KEY}",
    "space": f"{KEY[:HALF]} {KEY[HALF:]}",
    "tab": f"{KEY}\t{KEY}",
    "nul": f"{KEY}\0",
    "escape": f"\x1b[31m{KEY}",
    "umlaut": f"{KEY}\u00fc",
    "zero_width": f"{KEY[:HALF]}\u200b{KEY[HALF:]}",
    "surrogate": f"{KEY}\udcff",
}
GOOD = {
    "line_end": f"{KEY}\r\n",
    "blanks": f"  {KEY}\t",
    "quotes": f'"{KEY}"',
    "single_quotes": f" '{KEY}' ",
}


@pytest.fixture
def shown() -> Iterator[Shown]:
    with watched(Canary(KEY)) as found:
        yield found


def from_secret(text: str, folder: Path) -> object:
    return Secret(text)


def from_static(text: str, folder: Path) -> object:
    return StaticKey(text)


def from_argument(text: str, folder: Path) -> object:
    return comet.service(text, url="https://comet.test")


def from_environment(text: str, folder: Path) -> object:
    environ = {"COMET_API_KEY": text}
    return comet.service(environ=environ, cwd=folder, home=folder)


def from_settings(text: str, folder: Path) -> object:
    return Settings.load(api_key=text, environ={}, cwd=folder, home=folder).required_api_key()


def from_rest_key_file(text: str, folder: Path) -> object:
    (folder / ".comet_rest_key").write_bytes(text.encode("utf-8", "surrogateescape"))
    return Settings.load(environ={}, cwd=folder / "none", home=folder)


def from_key_file(text: str, folder: Path) -> object:
    path = folder / "key"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return FileKey(path)()


def from_domino_key(text: str, folder: Path) -> object:
    return domino.service(text, host="https://domino.test", environ={})


def from_domino_token(text: str, folder: Path) -> object:
    return domino.service(token=text, host="https://domino.test", environ={})


def from_domino_environment(text: str, folder: Path) -> object:
    environ = {"DOMINO_API_HOST": "https://domino.test", "DOMINO_USER_API_KEY": text}
    return domino.service(environ=environ)


SOURCES = [
    from_domino_key,
    from_domino_token,
    from_domino_environment,
    from_secret,
    from_static,
    from_argument,
    from_environment,
    from_settings,
    from_rest_key_file,
    from_key_file,
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ODD)
def test_l5_unusable_key_is_refused_and_never_echoed(
    name: str, source: Callable[[str, Path], object], shown: Shown, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        source(ODD[name], tmp_path)
    frames = caught.value.__traceback__
    # The first two frames are the test's own, and hold the text that it passes on.
    library = frames.tb_next.tb_next if frames and frames.tb_next else None
    assert library is not None
    assert shown.hits(caught.value.with_traceback(library)) == []


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", GOOD)
def test_l5_blanks_and_quotes_around_a_key_are_dropped(
    name: str, source: Callable[[str, Path], object], shown: Shown, tmp_path: Path
) -> None:
    found = source(GOOD[name], tmp_path)
    shown.note(found)
    assert shown.hits() == []
    if isinstance(found, Service) and isinstance(found.credentials, StaticKey):
        assert found.credentials().reveal() == KEY
    if isinstance(found, Secret):
        assert found.reveal() == KEY


async def test_l5_hook_that_gives_an_unusable_key_is_a_usage_error(
    shown: Shown, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY} {KEY}")
    service = comet.service(FileKey(path), url="http://127.0.0.1:9")
    async with Session(service) as session:
        with pytest.raises(UsageError, match="spaces, line breaks or non-ASCII") as caught:
            await session.send(comet.get_workspaces())
    assert session.counters.requests == 0
    assert shown.hits(caught.value) == []


@pytest.mark.parametrize(
    ("arguments", "key", "code"),
    [
        (["--api-key", KEY, "call", "get_workspaces"], None, 2),
        (["call", "--api-key", KEY, "get_workspaces"], None, 2),
        (["--url", "http://127.0.0.1:9", "call", "get_workspaces"], f"{KEY} {KEY}", 2),
    ],
)
def test_l5_command_line_neither_takes_nor_echoes_a_key(
    arguments: list[str], key: str | None, code: int, shown: Shown, tmp_path: Path
) -> None:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COMET_")}
    done = subprocess.run(
        [sys.executable, "-m", "comet_async", *arguments],
        env={**environ, "HOME": str(tmp_path), **({} if key is None else {"COMET_API_KEY": key})},
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )
    assert done.returncode == code
    shown.note(done.stdout, done.stderr)
    assert shown.hits() == []
    assert "Traceback" not in done.stderr
    assert done.stderr


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize(("mode", "warns"), [(0o644, True), (0o640, True), (0o600, False)])
@pytest.mark.parametrize("name", [".comet.config", ".env", ".comet_rest_key"])
def test_l4_key_file_that_others_can_read_is_warned_of(
    name: str, mode: int, warns: bool, shown: Shown, tmp_path: Path
) -> None:
    texts = {".comet.config": INI.format(KEY), ".env": f"COMET_API_KEY={KEY}\n"}
    path = tmp_path / name
    path.write_text(texts.get(name, KEY))
    path.chmod(mode)
    cwd = tmp_path if name == ".env" else tmp_path / "elsewhere"
    found = Settings.load(environ={}, cwd=cwd, home=tmp_path)
    assert found.api_key is not None
    assert found.api_key.value.reveal() == KEY
    assert any("open to other users" in line for line in found.warnings) == warns
    assert any(f"chmod 600 {path}" in line for line in found.warnings) == warns
    shown.note(found, *found.warnings)
    assert shown.hits() == []


def test_l4_file_without_a_key_may_be_open(tmp_path: Path) -> None:
    (tmp_path / ".comet.config").write_text("[comet]\nworkspace = team\n")
    (tmp_path / ".comet.config").chmod(0o644)
    assert Settings.load(environ={}, cwd=tmp_path / "none", home=tmp_path).warnings == ()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize("before", [None, 0o644, 0o600])
def test_l4_key_is_written_for_its_owner_alone(before: int | None, tmp_path: Path) -> None:
    path = tmp_path / ".comet.config"
    if before is not None:
        path.write_text(INI.format("an-older-key"))
        path.chmod(before)
    old = os.umask(0)
    try:
        save_api_key(Secret(KEY), path)
    finally:
        os.umask(old)
    assert mode_of(path) == 0o600
    assert names_in(tmp_path) == [".comet.config"]
    found = Settings.load(environ={}, cwd=tmp_path / "none", home=tmp_path)
    assert found.api_key is not None
    assert found.api_key.value.reveal() == KEY
    assert (found.workspace is not None) == (before is not None)
    assert "an-older-key" not in path.read_text()


@pytest.mark.parametrize("step", ["fsync", "replace", "open"])
def test_l4_write_that_fails_leaves_the_old_file(
    step: str, monkeypatch: pytest.MonkeyPatch, shown: Shown, tmp_path: Path
) -> None:
    path = tmp_path / ".comet.config"
    path.write_text(INI.format("an-older-key"))
    modes: list[int] = []

    def full(*_: object, **__: object) -> None:
        modes.extend(mode_of(entry) for entry in tmp_path.iterdir() if entry != path)
        raise OSError(28, "No space left on device")

    if step == "replace":
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(os, {"fsync": "fsync", "open": "fdopen"}[step], full)
    with pytest.raises(DestinationError, match="No space left") as caught:
        save_api_key(Secret(KEY), path)
    monkeypatch.undo()
    assert modes == [0o600]
    assert path.read_text() == INI.format("an-older-key")
    assert names_in(tmp_path) == [".comet.config"]
    assert shown.hits(caught.value, folder=tmp_path) == []
