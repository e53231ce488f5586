"""What `comet_async.API` makes of the tables of writes, and all that is there afterwards."""

from __future__ import annotations

import inspect
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from comet_async import API, Limits, Model, comet
from comet_async.server import LocalServer, SyntheticSpec
from tests.conformance.api_calls import plain as struct_values
from tests.conformance.api_writes import (
    API_WRITES,
    MODEL,
    MORE_WRITES,
    NAME,
    PROJECT,
    READS,
    RUN_WRITES,
    WORKSPACE,
    Around,
    frame,
)

__all__ = ["CONFIGURED", "SPEC", "local", "normal", "state", "written"]

SPEC = SyntheticSpec(logged_points=15_500, full_metric_parts=1, curves=2, metrics=3, models=1)
CONFIGURED = {"COMET_WORKSPACE": WORKSPACE, "COMET_PROJECT_NAME": PROJECT}
NOW = re.compile(r"1[789]\d{11}")


def local() -> LocalServer:
    """Return a server with the data that the tables are about."""
    return LocalServer(synthetic=SPEC)


async def written(api: API, folder: Path) -> AsyncIterator[tuple[str, Any]]:
    """Make every call of the tables, in order, and give what each returned by its name.

    Args:
        api: Makes the calls; first `create_experiment`, whose value is the key.
        folder: Has the files that are sent.
    """
    run = await api.create_experiment(WORKSPACE, PROJECT, NAME)
    yield "create_experiment", run.key
    for name, write in (RUN_WRITES | API_WRITES).items():
        yield name, await value_of(write(api, run, folder))
    around = await around_of(api, run)
    for name, call in (READS | MORE_WRITES).items():
        yield name, await value_of(call(around))


async def around_of(api: API, run: Any) -> Around:
    """Find what the second part of the calls is about."""
    keys = sorted(found.key for found in await api.get_experiments(WORKSPACE, PROJECT))
    other = await api.get_experiment_by_key(keys[0])
    assert other is not None
    return Around(
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
