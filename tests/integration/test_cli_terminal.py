"""Every command that shows something, on terminals of 80 and of 40 columns."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

pytest.importorskip("pty")

from comet_async.server import LocalServer, RateLimit, SyntheticSpec
from tests.support.command_line import KEY, Run, environment
from tests.support.terminals import Shown, Terminal

SPEC = SyntheticSpec(
    experiments=6,
    points=20,
    metrics=4,
    assets=12,
    hostile_names=True,
    archived=1,
    registry_models=2,
    registry_versions=2,
    artifacts=2,
    artifact_versions=2,
    artifact_files=3,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX's")

READS = (
    "ls synthetic",
    "ls synthetic/synthetic",
    "ls synthetic/synthetic/{key}",
    "query synthetic/synthetic 'Metadata(\"duration\") > 1' --table",
    "call --list",
    "call --service domino --list",
    "call get_experiment_asset_list --experiment-key {key} --table",
    "registry ls synthetic",
    "registry versions synthetic/{model}",
    "artifact show synthetic/{artifact}",
    "artifact versions synthetic/{artifact}",
    "artifact files synthetic/{artifact}",
    "doctor",
    "harvest --list-tables",
    "harvest synthetic/synthetic --plan",
)


@pytest.fixture
def names(run: Run) -> dict[str, str]:
    """Return names to put into commands."""
    (key, *_) = run("query", "synthetic/synthetic", 'Metadata("duration") > 1', "--keys").lines
    model = run("registry", "ls", "synthetic").lines[1].split()[0]
    artifact = run("artifact", "ls", "synthetic").lines[1].split()[0]
    return {"key": key, "model": model, "artifact": artifact}


def shown(server: LocalServer, folder: Path, line: str, width: int) -> Shown:
    """Return what a command line shows on a terminal."""
    env = environment(server.url)
    return Terminal(*shlex.split(line), env=env, cwd=folder, width=width).ended()


@pytest.mark.parametrize("line", READS)
def test_no_line_of_a_read_is_wider_than_the_terminal(
    server: LocalServer, tmp_path: Path, names: dict[str, str], line: str
) -> None:
    words, env = shlex.split(line.format(**names)), environment(server.url)
    begun = {width: Terminal(*words, env=env, cwd=tmp_path, width=width) for width in (80, 40)}
    for width, terminal in begun.items():
        found = terminal.ended()
        assert found.code == 0, found.raw
        assert found.wider_than(width) == []
        assert KEY not in found.raw


def test_no_line_of_a_harvest_is_wider_than_the_terminal_and_waits_are_said(
    server: LocalServer, tmp_path: Path
) -> None:
    server.rate_limit = RateLimit(20, 1.0, fractional=True)
    try:
        line = "harvest synthetic/synthetic -o lake --exact --tables metrics,others,assets,tags"
        found = shown(server, tmp_path, line, 80)
    finally:
        server.rate_limit = None
    assert found.code == 0, found.raw
    assert found.wider_than(80) == []
    assert any(part.startswith("waiting ") and "(429)" in part for part in found.lines)
    assert any(" so far" in part for part in found.lines)
    assert "of quiet that the server asked for" in found.raw or "repeated)" in found.raw
    screen = found.screen
    assert [line for line in screen if " so far" in line] == []
    for table in ("metrics", "others", "assets", "tags"):
        bars = [row for row in screen if row.startswith(f"{table} ") and "━" in row]
        assert len(bars) == 1, screen
    for width in (80, 40):
        for after in ("verify lake", "sql lake 'from metrics'", "sql lake 'from assets'"):
            then = shown(server, tmp_path, after, width)
            assert then.code == 0, then.raw
            assert then.wider_than(width) == []
    again = shown(server, tmp_path, "diff lake@1 lake", 40)
    assert (again.code, again.wider_than(40)) == (0, [])


@pytest.mark.parametrize("width", [80, 40])
def test_no_line_of_a_write_is_wider_than_the_terminal(
    server: LocalServer, tmp_path: Path, names: dict[str, str], width: int
) -> None:
    (tmp_path / "files").mkdir()
    for name in ("日本語の実験" * 8, "x" * 120, "plain"):
        (tmp_path / "files" / name).write_text(name)
    for line in (
        "upload {key} files --overwrite",
        "upload {key} files --skip-existing --dry-run",
        "artifact download synthetic/{artifact} -o out",
        "registry download synthetic/{model} -o models --force",
        "tag synthetic/synthetic --all --tag seen",
    ):
        found = shown(server, tmp_path, line.format(**names), width)
        assert found.code == 0, found.raw
        assert found.wider_than(width) == []


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_no_escape(
    server: LocalServer, tmp_path: Path, settings: dict[str, str]
) -> None:
    line = "harvest synthetic/synthetic -o lake --tables metrics"
    env = {**environment(server.url), "TERM": "xterm", **settings}
    terminal = Terminal(*shlex.split(line), env=env, cwd=tmp_path, keep=tuple(settings))
    found = terminal.ended()
    assert found.code == 0, found.raw
    assert "\x1b" not in found.raw
    assert found.wider_than(80) == []


@pytest.mark.usefixtures("heard")
def test_ctrl_c_leaves_whole_bars_and_the_command_that_goes_on(
    server: LocalServer, tmp_path: Path
) -> None:
    server.faults.add("stall_headers", match="log-other")
    line = "harvest synthetic/synthetic -o lake --exact --tables metrics,others"
    env = environment(server.url)
    terminal = Terminal(*shlex.split(line), env=env, cwd=tmp_path)
    terminal.until(lambda text: "others" in text and "5/5" in text)
    terminal.type(b"\x03")
    found = terminal.ended()
    assert found.code == 130, found.raw
    assert found.wider_than(80) == []
    *_, last = [row for row in " ".join(found.screen).split("comet-async: ") if row]
    assert last.startswith("stopped before the end; ")
    assert f"to go on: comet-async {line}" in found.raw.replace("\r\n", "")
    assert [row for row in found.screen if row.startswith("others ")][1:] == []
