"""Ctrl-C at every long command: one line that says what is kept and how to go on, and code 130."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import Run, control_bytes, environment, started

SPEC = SyntheticSpec(
    experiments=6, points=10, metrics=2, assets=2, registry_models=1, artifacts=1, artifact_files=3
)

pytestmark = pytest.mark.usefixtures("heard")


class Case(NamedTuple):
    """A command that hangs at a request, and the line that it leaves.

    Attributes:
        line: The command, with `{key}` and other names to fill in.
        stalls: Part of the path of the request that hangs.
        fault: How it hangs.
        left: Start of the line.
        more: What the command to go on has besides.
    """

    line: str
    stalls: str
    left: str
    more: str = ""
    fault: str = "stall_headers"


CASES = (
    Case(
        "harvest synthetic/synthetic -o lake --exact",
        "log-other",
        "stopped before the end; ",
    ),
    Case("harvest synthetic/synthetic --plan", "experiments", "stopped: nothing was changed; "),
    Case(
        "upload {key} sent --overwrite",
        "upload",
        "stopped before the end; to go on with what is not there: ",
    ),
    Case(
        "upload {key} sent",
        "upload",
        "stopped before the end; to go on with what is not there: ",
        " --skip-existing",
    ),
    Case(
        "artifact download synthetic/{artifact} -o out",
        "get-asset",
        "stopped before the end; to go on with what is missing: ",
        fault="stall_body",
    ),
    Case(
        "registry download synthetic/{model} -o models",
        "registry-model/item/download",
        "stopped: what came is kept; to go on: ",
        fault="stall_body",
    ),
    Case(
        "archive {last} --ledger done.jsonl",
        "archive",
        "stopped after 0 of 1 experiments; to go on: ",
    ),
    Case(
        "tag {key} --tag best",
        "tags",
        "stopped after 0 of 1 experiments, with no --ledger FILE to go on by; to begin anew: ",
    ),
    Case(
        "delete {last} --confirm 1 --ledger done.jsonl",
        "delete",
        "stopped after 0 of 1 experiments; to go on: ",
    ),
    Case(
        "call get_projects --workspace-name synthetic",
        "projects",
        "stopped: nothing was changed or written; to ask again: ",
    ),
    Case(
        "call get_experiment_asset --experiment-key {key} --asset-id {asset} -o file.bin",
        "get-asset",
        "stopped: nothing was changed or written; to ask again: ",
        fault="stall_body",
    ),
    Case(
        "call add_experiment_tags --experiment-key {key} --added-tags best --yes",
        "tags",
        "stopped: whether add_experiment_tags took effect is not known; to do it once more: ",
    ),
    Case(
        "query synthetic/synthetic 'Metadata(\"duration\") > 1'",
        "query",
        "stopped: nothing was changed; to ask again: ",
    ),
    Case("ls synthetic", "projects", "stopped: nothing was changed; to ask again: "),
    Case("registry versions synthetic/{model}", "registry", "stopped: nothing was changed; "),
    Case("artifact ls synthetic", "artifacts", "stopped: nothing was changed; to ask again: "),
    Case(
        "registry tag synthetic/{model}:1.0.0 best",
        "stage",
        "stopped: what is not told as done may be done or not; to go on: ",
    ),
)


@pytest.fixture
def names(run: Run, tmp_path: Path) -> dict[str, str]:
    """Return names to put into commands, and make a file to send."""
    (tmp_path / "sent").write_text("sent")
    keys = run("query", "synthetic/synthetic", 'Metadata("duration") > 1', "--keys").lines
    key = keys[0]
    return {
        "key": key,
        "last": keys[-1],
        "model": run("registry", "ls", "synthetic").lines[1].split()[0],
        "artifact": run("artifact", "ls", "synthetic").lines[1].split()[0],
        "asset": json.loads(run("ls", f"synthetic/synthetic/{key}", "--json").lines[0])["id"],
    }


def wait_for(process: subprocess.Popen[str], seen: Callable[[], bool]) -> None:
    """Wait until something is seen while a process runs."""
    while not seen():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line)
def test_ctrl_c_says_what_is_kept_and_how_to_go_on(
    server: LocalServer, tmp_path: Path, names: dict[str, str], case: Case
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    server.faults.add(case.fault, match=case.stalls)
    seen = len(server.log)
    words = shlex.split(case.line.format(**names))
    with started(*words, env=environment(server.url), cwd=tmp_path) as process:
        wait_for(process, lambda: any(case.stalls in entry.path for entry in [*server.log][seen:]))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert control_bytes(out + err) == []
    again = shlex.join(["comet-async", *words]) + case.more
    (last,) = [line for line in err.splitlines() if "stopped" in line.split(";")[0][:30]]
    assert last.startswith(f"comet-async: {case.left}")
    assert last.endswith(f": {again}")
    if "stall_body" not in case.fault or "call" in words:
        made = {path.name for path in tmp_path.iterdir()} - before - {"lake", "done.jsonl"}
        assert not made
    server.faults.clear()


@pytest.mark.parametrize(
    ("line", "stalls", "fault"),
    [
        ("artifact download synthetic/{artifact} -o out", "get-asset", "stall_body"),
        ("registry download synthetic/{model} -o out", "item/download", "stall_body"),
        ("harvest synthetic/synthetic -o out --exact", "log-other", "stall_headers"),
    ],
)
def test_the_command_that_is_told_goes_on_to_the_end(
    server: LocalServer,
    tmp_path: Path,
    names: dict[str, str],
    *,
    line: str,
    stalls: str,
    fault: str,
) -> None:
    server.faults.add(fault, match=stalls)
    seen = len(server.log)
    env = {**environment(server.url), "PATH": "/usr/bin:/bin"}
    words = shlex.split(line.format(**names))
    with started(*words, env=env, cwd=tmp_path) as process:
        wait_for(process, lambda: any(stalls in entry.path for entry in [*server.log][seen:]))
        process.send_signal(signal.SIGINT)
        err = process.communicate()[1]
    told = shlex.split(err[err.index("comet-async", err.rindex(": comet-async")) :])
    server.faults.clear()
    with started(*told[1:], env=env, cwd=tmp_path) as process:
        out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert [path for path in (tmp_path / "out").rglob("*") if ".part" in path.name] == []


@pytest.mark.parametrize("line", ["upload {key} sent", "query synthetic/synthetic 'Tag(\"a\")'"])
def test_a_second_ctrl_c_ends_at_once(
    server: LocalServer, tmp_path: Path, names: dict[str, str], line: str
) -> None:
    stalls = "upload" if line.startswith("upload") else "quer"
    server.faults.add("stall_headers", match=stalls)
    seen = len(server.log)
    words = shlex.split(line.format(**names))
    with started(*words, env=environment(server.url), cwd=tmp_path) as process:
        wait_for(process, lambda: any(stalls in entry.path for entry in [*server.log][seen:]))
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        err = process.communicate()[1]
    # The second may fall into the exit itself; a shell tells both endings as 130.
    assert process.returncode in {130, -signal.SIGINT}, err
    assert "Traceback" not in err


def test_serve_ends_quietly_with_its_own_code(tmp_path: Path) -> None:
    with started("serve", "--synthetic", "3", env=environment(), cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Comet at ")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "comet-async: Ctrl-C ends it\n")


def test_a_demo_tells_how_to_begin_anew(tmp_path: Path) -> None:
    with started("demo", "-o", "lake", env=environment(), cwd=tmp_path) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "listens on" in said
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    assert last.startswith("comet-async: stopped")
    assert last.endswith("to begin anew: comet-async demo -o lake")
    with started("demo", "-o", "lake", "-q", env=environment(), cwd=tmp_path) as process:
        out, err = process.communicate()
    assert (process.returncode, out, err) == (0, "", "")
