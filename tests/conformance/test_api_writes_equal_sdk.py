"""What the SDK writes and what `comet_async.API` writes is the same to whoever reads it after.

Two servers with the same data. The SDK, in a child, makes every write of the table on one, our
`API` on the other; then everything is read of both and compared, but for ids and the time.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
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

from comet_async import API, Limits, Model, comet
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from tests.conformance.api_calls import API_CALLS
from tests.conformance.api_calls import plain as struct_values
from tests.conformance.api_writes import (
    API_WRITES,
    MODEL,
    MORE_WRITES,
    NAME,
    PROJECT,
    READS,
    RUN_WRITES,
    VERSION,
    WORKSPACE,
    Around,
    files,
    frame,
)
from tests.conformance.test_same_as_sdk import differences

SCRIPT = Path(__file__).with_name("api_writes.py")
SPEC = SyntheticSpec(logged_points=15_500, full_metric_parts=1, curves=2, metrics=3, models=1)
CONFIGURED = {"COMET_WORKSPACE": WORKSPACE, "COMET_PROJECT_NAME": PROJECT}
NOW = re.compile(r"1[789]\d{11}")


def local() -> LocalServer:
    return LocalServer(synthetic=SPEC)


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
        run = await api.create_experiment(WORKSPACE, PROJECT, NAME)
        for write in (RUN_WRITES | API_WRITES).values():
            await write(api, run, folder)
        keys = sorted(found.key for found in await api.get_experiments(WORKSPACE, PROJECT))
        other = await api.get_experiment_by_key(keys[0])
        assert other is not None
        around = Around(
            api=api,
            run=run,
            other=other,
            model=await api.get_model(WORKSPACE, MODEL),
            view=comet.View(template_name="mine", dashboard_chart_state="{}"),
            configuration={
                "status": "QA",
                "is_review_required": True,
                "status_configuration_items": [{"key": "approver", "value": "me"}],
                "comment": "to be seen",
            },
            confirmed={"confirm": True},
            model_name=(await other.get_model_names())[0],
            asset_id=(await other.get_asset_list())[0].asset_id,
            project_id=other.project_id or "",
            keys=keys,
        )
        values = {name: await value_of(read(around)) for name, read in READS.items()}
        for more in MORE_WRITES.values():
            await more(around)
    return await state(url, run.key, values)


async def value_of(found: Any) -> Any:
    if hasattr(found, "__aiter__"):
        found = [item async for item in found]
    elif inspect.isawaitable(found):
        found = await found
    return frame(found) if hasattr(found, "columns") else struct_values(found)


async def state(url: str, key: str, values: Any) -> Any:
    """Return what was read, and all that can be read now of an experiment and around it."""
    async with API("any-key-will-do-here", url=url, limits=Limits()) as api:
        run = await api.get_experiment_by_key(key)
        assert run is not None
        told = await run.to_json(full=True)
        told["git_patch"] = patch(await run.get_git_patch() or b"")
        listed = await api.get_experiments(WORKSPACE)
        project = (await api.project_ids(WORKSPACE))[PROJECT]
        found = {
            "values": values,
            "run": told,
            "metadata": run.metadata.to_dict(),
            "curves": [curve.to_dict() for curve in await run.get_curves()],
            "contents": [
                (await run.get_asset(asset.asset_id)).decode()
                for asset in await run.get_asset_list()
                if asset.type != "curve"
            ],
            "experiments": sorted(f"{other.project_name}/{other.key}" for other in listed),
            "assets": {
                other.key: sorted(str(a.file_name) for a in await other.get_asset_list())
                for other in listed
            },
            "projects": [
                project.to_dict()
                for project in (await api.send(comet.get_projects(WORKSPACE))).projects
            ],
            "share_keys": len(await api.get_project_share_keys(project)),
            "views": [view.template_name for view in await api.get_views(WORKSPACE, PROJECT)],
            "notes": await api.get_project_notes(WORKSPACE, "renamed"),
            "models": {
                name: {
                    "details": (await api.get_registry_model_details(WORKSPACE, name)).to_dict(),
                    "notes": await api.get_registry_model_notes(WORKSPACE, name),
                    "versions": await versions_of(await api.get_model(WORKSPACE, name)),
                }
                for name in await api.get_registry_model_names(WORKSPACE)
            },
        }
    return json.loads(normal(json.dumps(found), url, key))


async def versions_of(model: Model) -> Any:
    configuration = model.get_registry_model_status_configuration
    return {
        version: [
            (await model.get_details(version)).to_dict(),
            [entry.to_dict() for entry in await model.get_registry_model_metadata(version)],
            found.to_dict() if (found := await configuration(version)) else None,
        ]
        for version in await model.find_versions()
    }


def patch(archive: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read("git_diff.patch").decode()


def normal(text: str, url: str, key: str) -> str:
    """Leave out the server's address, ids that it made, and the time of day."""
    text = text.replace(url, "URL").replace(key, "KEY")
    text = NOW.sub("0", text)
    text = re.sub(r'("durationMillis"|"duration_millis"): \d+', r"\1: 0", text)
    text = re.sub(r'("etag"): "[0-9a-f]*"', r'\1: ""', text)
    text = re.sub(r'("registryModel(?:Item)?Id"|"modelItemId"): "[0-9a-f]*"', r'\1: ""', text)
    text = re.sub(r"(images/model)/[0-9a-f]*", r"\1/", text)
    return re.sub(r'(assetId|projectId)("?[:=] ?"?)[0-9a-f]{32}', r"\1\2ID", text)


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
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    reads, writes = len(API_CALLS) + len(READS), len({**RUN_WRITES, **API_WRITES, **MORE_WRITES})
    told = f"Of {reads} calls that read, {reads} return what the vendor's return"
    assert told in readme
    assert f"{writes} writes leave the same behind" in readme
