"""What the SDK writes and what `comet_async.API` writes is the same to whoever reads it after.

Two servers with the same data. The SDK, in a child, makes every write of the table on one, our
`API` on the other; then everything is read of both and compared, but for ids and the time.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from comet_async import API, Limits, comet
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from tests.conformance.api_writes import (
    API_WRITES,
    MODEL,
    NAME,
    PROJECT,
    RUN_WRITES,
    WORKSPACE,
    files,
)
from tests.conformance.test_same_as_sdk import differences

SCRIPT = Path(__file__).with_name("api_writes.py")
SPEC = SyntheticSpec()
NOW = re.compile(r"1[789]\d{11}")


def local() -> LocalServer:
    return LocalServer(synthetic=SPEC)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is there after the SDK's writes, and after ours."""
    import asyncio  # noqa: PLC0415  a module's fixture has no loop of its own

    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    folder = files(tmp_path_factory.mktemp("files"))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
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
        key = told.pop("key")
        assert told == {}
        theirs = asyncio.run(state(server.url, key))
    with serve_in_thread(local()) as server:
        ours = asyncio.run(written(server.url, folder))
    return {"theirs": theirs, "ours": ours}


async def written(url: str, folder: Path) -> Any:
    async with API("any-key-will-do-here", url=url, limits=Limits()) as api:
        run = await api.create_experiment(WORKSPACE, PROJECT, NAME)
        for write in (RUN_WRITES | API_WRITES).values():
            await write(api, run, folder)
    return await state(url, run.key)


async def state(url: str, key: str) -> Any:
    """Return all that can be read of an experiment, the registry and the projects."""
    async with API("any-key-will-do-here", url=url, limits=Limits()) as api:
        run = await api.get_experiment_by_key(key)
        assert run is not None
        told = await run.to_json(full=True)
        told["git_patch"] = patch(await run.get_git_patch() or b"")
        model = await api.get_registry_model_details(WORKSPACE, MODEL)
        found = {
            "run": told,
            "metadata": run.metadata.to_dict(),
            "curves": [curve.to_dict() for curve in await run.get_curves()],
            "contents": [
                (await run.get_asset(asset.asset_id)).decode()
                for asset in await run.get_asset_list()
                if asset.type != "curve"
            ],
            "projects": [
                project.to_dict()
                for project in (await api.send(comet.get_projects(WORKSPACE))).projects
            ],
            "notes": await api.get_project_notes(WORKSPACE, "renamed"),
            "model": model.to_dict(),
            "model_notes": await api.get_registry_model_notes(WORKSPACE, MODEL),
        }
    return json.loads(normal(json.dumps(found), url, key))


def patch(archive: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read("git_diff.patch").decode()


def normal(text: str, url: str, key: str) -> str:
    """Leave out the server's address, ids that it made, and the time of day."""
    text = text.replace(url, "URL").replace(key, "KEY")
    text = NOW.sub("0", text)
    text = re.sub(r'("durationMillis"|"duration_millis"): \d+', r"\1: 0", text)
    text = re.sub(r'("etag"): "[0-9a-f]*"', r'\1: ""', text)
    return re.sub(r'(assetId|projectId)("?[:=] ?"?)[0-9a-f]{32}', r"\1\2ID", text)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_sdk_and_we_leave_the_same_behind(states: dict[str, Any]) -> None:
    assert list(differences(states["theirs"], states["ours"])) == []


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_there_is_something_left_behind(states: dict[str, Any]) -> None:
    run = states["ours"]["run"]
    assert run["name"] == "another name"
    assert run["project_name"] == "renamed"
    assert run["tags"] == ["t", "v"]
    assert {entry["name"] for entry in run["parameters_summary"]} == {"none", "deep|x|y"}
    assert len(run["asset_list"]) == 5
    assert states["ours"]["notes"] == states["ours"]["model_notes"] == "notes"
