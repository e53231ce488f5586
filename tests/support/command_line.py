"""Runs `comet-async` in this process, or in one of its own, away from the user's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from comet_async.cli.main import program
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server

KEY = "sentinel0KEY0that0nobody0sees"
_SETTINGS = ("COMET_", "DOMINO_")
PYTHON = [sys.executable, "-m", "comet_async"]


class Ended(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run: TypeAlias = Callable[..., Ended]


@pytest.fixture(scope="module")
def listening(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """Serve the synthetic data that the test module describes as its `SPEC`."""
    spec: SyntheticSpec = request.module.SPEC
    with serve_in_thread(local_server(synthetic=spec, api_keys=[KEY])) as server:
        yield server


@pytest.fixture
def server(
    listening: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalServer]:
    """Let the environment name the server and its key, and nothing of the user's."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("COMET_URL_OVERRIDE", listening.url)
    monkeypatch.setenv("COMET_API_KEY", KEY)
    yield listening
    listening.faults.clear()


@pytest.fixture
def run(server: LocalServer, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` against the server, in this process."""
    return runner(capfd)


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Hide every setting of the user's, and work in `folder`."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(folder)


def runner(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `comet-async` with arguments, in this process."""

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as raised:
            program.main([*arguments])
        sys.stdout.flush()
        found = capfd.readouterr()
        assert KEY not in found.out + found.err
        code = raised.value.code
        return Ended(code if isinstance(code, int) else 0, found.out, found.err)

    return run


def environment(url: str | None = None, **more: str) -> Mapping[str, str]:
    """Return the environment of a run in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    where = {} if url is None else {"COMET_URL_OVERRIDE": url, "COMET_API_KEY": KEY}
    root = str(Path(__file__).parents[2])
    return {**plain, "PYTHONPATH": root, **where, **more}


def process(*arguments: str, env: Mapping[str, str], cwd: Path) -> Ended:
    """Run `comet-async` in a process of its own, to its end."""
    done = subprocess.run(
        [*PYTHON, *arguments], env=dict(env), cwd=cwd, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*arguments: str, env: Mapping[str, str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, which does not outlive the test."""
    with subprocess.Popen(
        [*PYTHON, *arguments],
        env=dict(env),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def control_bytes(text: str) -> list[str]:
    """Return the characters of `text` that no terminal may be sent."""
    return [
        c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f" or c in "\u202e\u2066"
    ]
