"""`--json`: nothing but JSON on standard output, and `--quiet`: nothing on standard error."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import PYTHON, Run, environment

SPEC = SyntheticSpec(
    experiments=3, points=10, metrics=2, assets=2, hostile_names=True, registry_models=1
)

LINES = (
    "ls",
    "ls synthetic",
    "ls synthetic/synthetic",
    "ls synthetic/synthetic/{key}",
    "query synthetic/synthetic 'Metadata(\"duration\") > 1'",
    "registry ls synthetic",
    "registry versions synthetic/{model}",
    "artifact ls synthetic",
    "artifact versions synthetic/{artifact}",
    "artifact files synthetic/{artifact}",
    "artifact download synthetic/{artifact} -o out",
    "upload {key} sent --overwrite",
    "registry tag synthetic/{model}:1.0.0 seen --dry-run",
)
DOCUMENTS = (
    "call --list",
    "doctor",
    "registry show synthetic/{model}",
    "artifact show synthetic/{artifact}",
    "harvest synthetic/synthetic --plan",
    "harvest synthetic/synthetic -o lake --tables metrics",
    "verify lake",
    "diff lake@1 lake",
    "sql lake 'from metrics limit 2'",
    "tag synthetic/synthetic --all --tag seen",
)


@pytest.fixture
def names(run: Run, tmp_path: Path) -> dict[str, str]:
    """Return names to put into commands, and make what they need."""
    (tmp_path / "sent").write_text("sent")
    (key, *_) = run("query", "synthetic/synthetic", 'Metadata("duration") > 1', "--keys").lines
    artifact = json.loads(run("artifact", "ls", "synthetic", "--json").lines[0])["name"]
    assert (
        run("harvest", "synthetic/synthetic", "-o", "lake", "-q", "--tables", "metrics").code == 0
    )
    return {
        "key": key,
        "model": run("registry", "ls", "synthetic").lines[1].split()[0],
        "artifact": shlex.quote(artifact.replace("/", "%2F")),
    }


@pytest.mark.parametrize("form", ["lines", "document"])
def test_json_is_alone_on_standard_output(run: Run, names: dict[str, str], form: str) -> None:
    for line in LINES if form == "lines" else DOCUMENTS:
        words = shlex.split(line.format(**names))
        ended = run(*words, "--json")
        assert ended.code == 0, (line, ended.err)
        if form == "document":
            json.loads(ended.out)
        else:
            assert ended.lines, line
            assert all(isinstance(json.loads(one), dict) for one in ended.lines), line


def test_quiet_before_the_command_silences_notes_and_progress(
    run: Run, names: dict[str, str]
) -> None:
    for line in (*LINES, *DOCUMENTS):
        ended = run("-q", *shlex.split(line.format(**names)), "--json")
        assert ended.code == 0, (line, ended.err)
        if not line.startswith(("tag ",)):
            assert ended.err == "", line
    assert "more of" in run("ls", "synthetic/synthetic", "--limit", "1").err
    assert run("-q", "ls", "synthetic/synthetic", "--limit", "1").err == ""
    refused = run("-q", "ls", "nowhere/nothing")
    assert refused.code != 0
    assert refused.err.count("\n") == 1


def test_quiet_after_a_command_that_has_none_is_told_where_it_goes(run: Run) -> None:
    ended = run("ls", "--quiet")
    assert ended.code == 2
    assert ended.err.endswith("it goes before the command: comet-async --quiet ... COMMAND\n")


@pytest.mark.parametrize("line", ["call --list", "--help", "ls synthetic/synthetic --json"])
def test_a_reader_that_goes_away_is_no_error(
    server: LocalServer, tmp_path: Path, line: str
) -> None:
    script = f"{shlex.join(PYTHON)} {line} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=dict(environment(server.url)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout in {"0\n", "141\n"}
    assert done.stderr == ""
