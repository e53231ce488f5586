"""What the SDK writes and what `comet_async.API` writes is the same to whoever reads it after.

Two servers with the same data. The SDK, in a child, makes every write of the table on one, our
`API` on the other; then everything is read of both and compared, but for ids and the time.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from comet_async import API, Limits
from comet_async.server import serve_in_thread
from tests.conformance.api_calls import API_CALLS
from tests.conformance.api_writes import (
    API_WRITES,
    MODEL,
    MORE_WRITES,
    READS,
    RUN_WRITES,
    VERSION,
    files,
)
from tests.conformance.api_written import CONFIGURED, SPEC, local, state, written
from tests.conformance.test_same_as_sdk import differences

SCRIPT = Path(__file__).with_name("api_writes.py")


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was read of, and is there after, the SDK's calls and ours."""
    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    folder = files(tmp_path_factory.mktemp("files"))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
        **CONFIGURED,
    }
    with serve_in_thread(local()) as server:
        child = subprocess.run(
            [sys.executable, str(SCRIPT), server.url, str(folder)],
            capture_output=True,
            check=False,
            cwd=folder,
            env=environment,
            timeout=110,
        )
        assert child.returncode == 0, child.stderr.decode()[-2000:]
        told = json.loads(child.stdout.decode().rpartition("@@@")[2])
        assert told["problems"] == {}
        theirs = asyncio.run(state(server.url, told["key"], told["values"]))
    with pytest.MonkeyPatch.context() as patching, serve_in_thread(local()) as server:
        patching.chdir(folder)
        for name, value in {**CONFIGURED, "HOME": str(folder)}.items():
            patching.setenv(name, value)
        ours = asyncio.run(called(server.url, folder))
    return {"theirs": theirs, "ours": ours}


async def called(url: str, folder: Path) -> Any:
    async with API("any-key-will-do-here", url=url, limits=Limits()) as api:
        values = {name: value async for name, value in written(api, folder)}
    return await state(url, values["create_experiment"], values)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_sdk_and_we_leave_the_same_behind(states: dict[str, Any]) -> None:
    theirs, ours = ({k: v for k, v in states[who].items() if k != "values"} for who in states)
    assert list(differences(theirs, ours)) == []


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(READS))
def test_the_sdk_and_we_read_the_same(name: str, states: dict[str, Any]) -> None:
    theirs, ours = states["theirs"]["values"][name], states["ours"]["values"][name]
    assert theirs not in (None, [], {})
    assert list(differences(theirs, ours)) == []


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_there_is_something_left_behind(states: dict[str, Any]) -> None:
    run = states["ours"]["run"]
    assert run["name"] == "another name"
    assert run["project_name"] == "renamed"
    assert run["tags"] == ["t", "v"]
    assert {entry["name"] for entry in run["parameters_summary"]} == {"none", "deep|x|y"}
    assert len(run["asset_list"]) == 6
    assert states["ours"]["notes"] == "notes"
    assert "fresh" in states["ours"]["models"]
    assert "gone" not in states["ours"]["models"]
    assert states["ours"]["models"][MODEL]["versions"][VERSION][2]["comment"] == "to be seen"
    assert states["ours"]["share_keys"] == 2  # one was there, two were made, one was deleted
    assert len(states["ours"]["experiments"]) == SPEC.experiments - 3  # one alone and two at once
    assert "mine" in states["ours"]["views"]


def test_the_share_is_the_one_that_is_told() -> None:
    guides = Path(__file__).parents[2] / "comet_async" / "docs" / "guides"
    guide = (guides / "migrating.md").read_text("utf-8")
    reads, writes = len(API_CALLS) + len(READS), len({**RUN_WRITES, **API_WRITES, **MORE_WRITES})
    told = f"Of {reads} calls that read, {reads} return what the vendor's return"
    assert told in guide
    assert f"{writes} writes leave the same behind" in guide
