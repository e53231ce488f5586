"""`comet-async doctor` and `comet-async login`."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import KEY, Run, control_bytes

SPEC = SyntheticSpec()


@pytest.fixture
def server(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """Leave the key to each test."""
    monkeypatch.delenv("COMET_API_KEY")
    return server


def test_all_is_well(run: Run, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMET_API_KEY", KEY)
    monkeypatch.setenv("COMET_WORKSPACE", "team\x1b[31m")
    ended = run("doctor", "--json")
    found = json.loads(ended.out)
    assert ended.code == 0
    assert found["api_key"] == {"source": "environment variable COMET_API_KEY"}
    assert found["url"]["value"] == server.url
    assert found["workspace"]["value"] == "team\x1b[31m"
    assert found["project"] is None
    assert (found["reachable"], found["key_works"], found["problems"]) == (True, True, [])
    assert found["server_version"][0].isdigit()
    assert {"python", "aiohttp", "msgspec"} <= set(found["versions"])
    assert set(found["extras"]) == {"harvest", "speed", "notebook"}
    plain = run("doctor")
    assert plain.code == 0
    assert control_bytes(ended.out + plain.out) == []
    assert "environment variable COMET_URL_OVERRIDE" in plain.out


def test_a_refused_key(run: Run, tmp_path: Path) -> None:
    config = tmp_path / ".comet.config"
    config.write_text("[comet]\napi_key = refused0key0of0someone\nproject_name = resnet\n")
    config.chmod(0o644)
    ended = run("doctor", "--json")
    found = json.loads(ended.out)
    assert ended.code == 4
    assert found["key_works"] is False
    assert found["api_key"]["source"].endswith(".comet.config")
    assert found["project"]["value"] == "resnet"
    assert "chmod 600" in found["warnings"][0]
    assert "refused0key" not in ended.out
    assert "does not accept the key" in run("doctor").out


def test_no_key_still_asks_for_the_version(run: Run) -> None:
    ended = run("doctor", "--json")
    found = json.loads(ended.out)
    assert ended.code == 4
    assert found["api_key"] is None
    assert found["reachable"] is True
    assert found["key_works"] is None
    assert "comet-async login" in found["problems"][0]


def test_nobody_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMET_API_KEY", KEY)
    ended = run("--url", "http://127.0.0.1:9", "doctor", "--json")
    found = json.loads(ended.out)
    assert ended.code == 1
    assert found["url"] == {"source": "--url", "value": "http://127.0.0.1:9"}
    assert (found["reachable"], found["key_works"]) == (False, None)
    assert "cannot connect" in found["problems"][0]


def test_a_server_that_breaks_at_the_second_question(
    run: Run, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_API_KEY", KEY)
    server.faults.add("status", 500, match="account-details")
    ended = run("doctor", "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["key_works"] is None


def test_login_saves_the_key_for_its_owner_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))
    ended = run("login")
    config = tmp_path / "home" / ".comet.config"
    assert ended.code == 0
    assert ended.out == f"saved the API key to {config} (mode 0600)\n"
    assert ended.err == ""
    assert config.read_text() == f"[comet]\napi_key = {KEY}\n"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert run("doctor").code == 0


def test_login_warns_when_another_place_comes_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_API_KEY", "another0key")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))
    ended = run("login", "--file", "own.config")
    assert ended.code == 0
    assert "environment variable COMET_API_KEY comes first" in ended.err
    assert KEY in (tmp_path / "own.config").read_text()


@pytest.mark.parametrize("entered", ["", "\n", "two words\n", "k\u00e9y\n"])
def test_login_refuses_what_is_no_key(
    run: Run, tmp_path: Path, entered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(entered))
    ended = run("login")
    assert ended.code == 2
    assert ended.err.startswith("comet-async: the entered key ")
    assert "words" not in ended.err
    assert not (tmp_path / "home" / ".comet.config").exists()


def test_login_asks_a_terminal_without_echo(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[str] = []

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    monkeypatch.setattr("click.termui.hidden_prompt_func", hidden)
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert run("login").code == 0
    assert len(asked) == 1
    assert KEY in (tmp_path / "home" / ".comet.config").read_text()
    monkeypatch.setattr(sys, "stdin", None)
    assert run("login").code == 2
