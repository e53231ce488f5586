"""What our client returns for each call of the SDK's, in the form of the SDK's value.

`OURS` has the same names as the table of calls that the SDK makes. Only the form is changed here:
members picked out, structs turned into their wire form, files named with their sizes.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from comet_async import Session, comet
from comet_async.errors import CometAsyncError
from comet_async.request import Blob, Request
from tests.conformance.test_real_sdk_against_server import (
    ARTIFACT,
    CURVE_ID,
    KEY,
    MODEL,
    NOTES_ID,
    PROJECT,
    VERSION,
    WORKSPACE,
)

Call: TypeAlias = Callable[[Session], Awaitable[object]]


def wire(value: object) -> object:
    return msgspec.to_builtins(value)


def member(request: Request[object], path: str) -> Call:
    """Send and pick a member of the wire form, `a.b` for nested ones."""

    async def call(session: Session) -> object:
        found = wire(await session.send(request))
        for name in filter(None, path.split(".")):
            assert isinstance(found, Mapping)
            found = found[name]
        return found

    return call


def each(request: Request[object], path: str, name: str) -> Call:
    """Send and pick `name` of every row of a listing."""

    async def call(session: Session) -> object:
        rows = await member(request, path)(session)
        assert isinstance(rows, list)
        return [row[name] for row in rows]

    return call


def or_none(request: Request[object], path: str) -> Call:
    """As `member`, with None where the server says that there is no such thing."""

    async def call(session: Session) -> object:
        try:
            return await member(request, path)(session)
        except CometAsyncError:
            return None

    return call


def octets(request: Request[Blob], read: Callable[[bytes], object]) -> Call:
    async def call(session: Session) -> object:
        return read((await session.send(request)).data)

    return call


def unzipped(request: Request[Blob]) -> Call:
    """Names and sizes of an archive's files."""

    def sizes(data: bytes) -> object:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {item.filename: item.file_size for item in archive.infolist()}

    return octets(request, sizes)


async def project_id(session: Session) -> str:
    return (
        await session.send(comet.get_project(workspace_name=WORKSPACE, project_name=PROJECT))
    ).project_id


async def notes(session: Session) -> object:
    return (await session.send(comet.get_project_notes(await project_id(session)))).notes


async def share_keys(session: Session) -> object:
    found = await session.send(comet.get_project_share_links(await project_id(session)))
    return found.share_codes


async def by_id(session: Session) -> object:
    return wire(await session.send(comet.get_project(project_id=await project_id(session))))


async def keys_of_pages(session: Session) -> object:
    request = comet.get_experiments(
        workspace_name="synthetic",
        project_name="synthetic",
        page=2,
        size=3,
        sort_by="startTime",
        sort_order="desc",
    )
    return [run.experiment_key for run in (await session.send(request)).experiments]


async def keys_named(session: Session, pattern: str) -> object:
    runs = (
        await session.send(comet.get_experiments(workspace_name=WORKSPACE, project_name=PROJECT))
    ).experiments
    return [r.experiment_key for r in runs if re.match(pattern, r.experiment_name or "")]


async def columns(session: Session) -> object:
    classes = {
        "metrics": "Metric",
        "params": "Parameter",
        "log_other": "Other",
        "metadata": "Metadata",
        "tag": "Tag",
        "env_details": "Environment",
    }
    found = await session.send(
        comet.get_project_columns(workspace_name=WORKSPACE, project_name=PROJECT)
    )
    return sorted(f"{classes[str(c.source)]}({c.name!r})" for c in found.columns)


def rule(source: str, field: str, operator: str, value: object, kind: str) -> dict[str, object]:
    inner = {"id": field, "field": field, "type": kind, "operator": operator, "value": value}
    return {"source": source, "query": {"condition": "AND", "rules": [inner], "valid": True}}


def queried(*predicates: dict[str, object]) -> Call:
    request = comet.query_project(list(predicates), workspace_name=WORKSPACE, project_name=PROJECT)
    return member(request, "experimentKeys")


async def searched(session: Session) -> object:
    tree: dict[str, object] = {
        "condition": "OR",
        "rules": [
            {
                "id": "loss",
                "field": "loss",
                "type": "double",
                "operator": "greater",
                "value": 5,
                "source": "metrics",
            },
            {
                "id": "flag",
                "field": "flag",
                "type": "boolean",
                "operator": "equal",
                "value": 1,
                "source": "params",
            },
        ],
        "valid": True,
    }
    found = await session.send(comet.search_experiments(await project_id(session), tree))
    return [run.experiment_key for run in found.experiments]


async def registry_version(session: Session) -> object:
    found = await session.send(comet.get_registry_model_details(WORKSPACE, MODEL))
    return wire(next(item for item in found.versions if item.version == VERSION))


async def first_version_assets(session: Session) -> object:
    request = comet.get_registry_model_item_download_instructions(WORKSPACE, MODEL, version=VERSION)
    return wire((await session.send(request)).versions[0])


async def model_assets(session: Session) -> object:
    found = await first_version_assets(session)
    assert isinstance(found, dict)
    return found["assets"]


async def model_files(session: Session) -> object:
    request = comet.get_registry_model_item_download_instructions(WORKSPACE, MODEL, version=VERSION)
    version = (await session.send(request)).versions[0]
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for asset in version.assets:
            path = Path(folder, str(asset.file_name))
            blob = comet.get_experiment_asset(asset.asset_id, experiment_key=asset.experiment_key)
            sizes[str(asset.file_name)] = (await session.download(blob, path)).size
    return sizes


async def item_id(session: Session) -> str:
    found = await session.send(comet.get_registry_model_item(WORKSPACE, MODEL, VERSION))
    return found.registry_model_item_id


async def history(session: Session) -> object:
    request = comet.get_registry_model_item_history(await item_id(session), grouped_by="DAY")
    return wire(await session.send(request))


async def item_metadata(session: Session) -> object:
    found = await session.send(comet.get_registry_model_item_metadata(await item_id(session)))
    return wire(found.metadata)


async def status_configuration(session: Session) -> object:
    """In the words of the repr of the SDK's own class."""
    request = comet.get_registry_model_item_status_configuration(await item_id(session))
    found = await session.send(request)
    items = ", ".join(
        f"StatusConfigurationItem(key={item.key!r}, value={item.value!r})"
        for item in found.status_configuration
    )
    return (
        f"ModelStatusConfiguration(status={found.status!r},"
        f" is_review_required={found.is_review_required!r},"
        f" status_configuration_items=[{items}], comment={found.comment!r},"
        f" model_item_id={found.model_item_id!r})"
    )


async def artifact_by_id(session: Session) -> object:
    listing = await session.send(comet.get_artifacts(WORKSPACE))
    request = comet.get_artifact(artifact_id=listing.artifacts[0].artifact_id)
    return (await session.send(request)).name


async def artifact_assets(session: Session) -> object:
    latest = comet.get_artifact_version(
        workspace=WORKSPACE, artifact_name=ARTIFACT, version_or_alias="latest"
    )
    version = (await session.send(latest)).artifact_version
    request = comet.get_artifact_version_files(
        workspace=WORKSPACE, artifact_name=ARTIFACT, version=version
    )
    files = (await session.send(request)).files
    return [[file.file_name, file.file_size, file.is_remote] for file in files]


async def artifact_download(session: Session) -> object:
    request = comet.get_artifact_version_files(
        workspace=WORKSPACE, artifact_name=ARTIFACT, version="1.0.0"
    )
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate((await session.send(request)).files):
            blob = comet.get_experiment_asset(
                file.asset_id, artifact_version_id=file.artifact_version_id
            )
            done = await session.download(blob, Path(folder, str(number)))
            sizes[str(file.file_name)] = done.size
    return sizes


def artifact_version(**which: str) -> Call:
    request = comet.get_artifact_version(workspace=WORKSPACE, artifact_name=ARTIFACT, **which)
    return member(request, "artifactVersion")


async def views(session: Session) -> object:
    request = comet.get_views(await project_id(session), include_workspace_views=True)
    return [view.template_name for view in (await session.send(request)).views]


async def experiment_views(session: Session) -> object:
    found = await project_id(session)
    both = (
        comet.get_views(found, experiment_key=KEY),
        comet.get_chart_template_views(found, experiment_key=KEY),
    )
    return [view.template_name for r in both for view in (await session.send(r)).views]


async def asset_file(session: Session) -> object:
    with tempfile.TemporaryDirectory() as folder:
        request = comet.get_experiment_asset(NOTES_ID, experiment_key=KEY, allow301=True)
        done = await session.download(request, Path(folder, "n.txt"))
        return {done.path.name: done.size}


async def assets_by_name(session: Session) -> list[str]:
    found = await session.send(comet.get_experiment_assets_by_name(KEY, "docs/notes.txt"))
    requests = [
        comet.get_experiment_asset(asset.asset_id, experiment_key=KEY) for asset in found.assets
    ]
    return [(await session.send(request)).data.decode() for request in requests]


async def asset_by_name(session: Session) -> object:
    return (await assets_by_name(session))[0]


async def curves(session: Session) -> list[dict[str, object]]:
    found = await session.send(comet.get_experiment_asset_list(KEY, type="curve"))
    made = []
    for asset in found.assets:
        blob = await session.send(comet.get_experiment_asset(asset.asset_id, experiment_key=KEY))
        made.append({**json.loads(blob.data), "step": asset.step, "assetId": asset.asset_id})
    return made


async def curve(session: Session) -> object:
    return (await curves(session))[0]


def named(request: Request[comet.ValueSummaries], name: str) -> Call:
    async def call(session: Session) -> object:
        entries = (await session.send(request)).values
        return wire(next(entry for entry in entries if entry.name == name))

    return call


async def experiment_name(session: Session) -> object:
    entries = (await session.send(comet.get_experiment_others(KEY))).values
    return next(entry.value_current for entry in entries if entry.name == "Name")


async def state(session: Session) -> object:
    found = await session.send(comet.get_experiment_metadata(KEY))
    if found.running:
        return "running"
    return "crashed" if found.has_crashed else "finished"


async def model_names(session: Session) -> object:
    models = (await session.send(comet.get_experiment_models(KEY))).models
    return list(dict.fromkeys(model.model_name for model in models))


async def synthetic_key(session: Session) -> str:
    request = comet.get_experiments(workspace_name="synthetic", project_name="synthetic")
    return (await session.send(request)).experiments[0].experiment_key


def synthetic(call: Callable[[str], Call]) -> Call:
    async def made(session: Session) -> object:
        return await call(await synthetic_key(session))(session)

    return made


async def synthetic_metric_names(session: Session) -> object:
    found = await session.send(comet.get_all_experiment_metrics(await synthetic_key(session)))
    return sorted({point.metric_name for point in found.metrics})


def system(path: str) -> Call:
    return member(comet.get_experiment_system_details(KEY), path)


def _pattern(session: Session) -> Awaitable[object]:
    return keys_named(session, "offline.*")


_ALL_METRICS = comet.get_all_experiment_metrics(KEY)
_RUNS = comet.get_experiments(workspace_name=WORKSPACE, project_name=PROJECT)
_LOSS = rule("metrics", "loss", "less", 0.5, "double")
_TAGGED = rule("tag", "v1", "equal", "v1", "string")

API: Mapping[str, Call] = {
    "get_workspaces": member(comet.get_workspaces(), "workspaceNames"),
    "get": member(comet.get_workspaces(), "workspaceNames"),
    "get(workspace)": each(comet.get_projects(WORKSPACE), "projects", "projectName"),
    "get(workspace, project)": each(_RUNS, "experiments", "experimentKey"),
    "get(path)": member(comet.get_experiment_metadata(KEY), "experimentKey"),
    "get_account_details": member(comet.get_account_details(), ""),
    "get_default_workspace": member(comet.get_account_details(), "defaultWorkspaceName"),
    "get_projects": each(comet.get_projects(WORKSPACE), "projects", "projectName"),
    "get_project": member(comet.get_project(workspace_name=WORKSPACE, project_name=PROJECT), ""),
    "get_project_by_id": by_id,
    "get_project(unknown)": or_none(
        comet.get_project(workspace_name=WORKSPACE, project_name="nothing"), ""
    ),
    "get_project_notes": notes,
    "get_experiments(workspace)": each(_RUNS, "experiments", "experimentKey"),
    "get_experiments": each(_RUNS, "experiments", "experimentKey"),
    "get_experiments(pattern)": _pattern,
    "get_experiments(page)": keys_of_pages,
    "get_archived_experiments": each(
        comet.get_experiments(workspace_name="synthetic", project_name="synthetic", archived=True),
        "experiments",
        "experimentKey",
    ),
    "get_experiment": member(comet.get_experiment_metadata(KEY), "experimentKey"),
    "get_experiment(name)": lambda s: _only(keys_named(s, "offline sample run$")),
    "get_experiment_by_key": member(comet.get_experiment_metadata(KEY), "experimentKey"),
    "get_experiment_by_key(unknown)": or_none(comet.get_experiment_metadata("0" * 32), ""),
    "get_query_variables": columns,
    "query(metric)": queried(_LOSS),
    "query(nothing)": queried(rule("metrics", "loss", "greater", 0.5, "double")),
    "query(and)": queried(_LOSS, _TAGGED),
    "query(not tag)": queried(rule("tag", "v1", "not_equal", "v1", "string")),
    "search(or)": searched,
    "get_metrics_for_chart": member(
        comet.get_multi_metric_chart([KEY], metrics=["loss", "lr"], params=["batch_size"]),
        "experiments",
    ),
    "get_metrics_for_chart(full)": member(
        comet.get_multi_metric_chart(
            [KEY], metrics=["loss"], independent_metrics=False, fetch_full=True
        ),
        "experiments",
    ),
    "get_project_share_keys": share_keys,
    "get_registry_model_names": each(
        comet.get_registry_models(WORKSPACE), "registryModels", "modelName"
    ),
    "get_registry_model_count": member(
        comet.get_registry_model_count(WORKSPACE), "registryModelCount"
    ),
    "get_registry_model_details": member(comet.get_registry_model_details(WORKSPACE, MODEL), ""),
    "get_registry_model_details(version)": registry_version,
    "get_registry_model_versions": each(
        comet.get_registry_model_details(WORKSPACE, MODEL), "versions", "version"
    ),
    "get_registry_model_notes": member(comet.get_registry_model_notes(WORKSPACE, MODEL), "notes"),
    "get_latest_registry_model_version_details": member(
        comet.get_registry_model_latest_version(
            "synthetic", "synthetic-model", stage="production", version_major=1
        ),
        "",
    ),
    "get_model_registry_version_assets": first_version_assets,
    "model_registry_allowed_status_values": member(
        comet.get_registry_model_allowed_statuses(WORKSPACE), "allowedStatus"
    ),
    "download_registry_model": unzipped(
        comet.download_registry_model_version(WORKSPACE, MODEL, version=VERSION)
    ),
    "download_registry_model(stage)": unzipped(
        comet.download_registry_model_version("synthetic", "synthetic-model", stage="production")
    ),
    "get_artifact_list": member(comet.get_artifacts(WORKSPACE), ""),
    "get_artifact_list(type)": member(comet.get_artifacts(WORKSPACE, type="dataset"), ""),
    "get_artifact_details": member(
        comet.get_artifact(workspace=WORKSPACE, artifact_name=ARTIFACT), ""
    ),
    "get_artifact_details(slash)": member(
        comet.get_artifact(workspace=WORKSPACE, artifact_name="my ds/1"), "name"
    ),
    "get_artifact_details(id)": artifact_by_id,
    "get_artifact_files": member(
        comet.get_artifact_version_files(
            workspace=WORKSPACE, artifact_name=ARTIFACT, version="2.0.0"
        ),
        "",
    ),
    "get_artifact": artifact_version(version_or_alias="latest"),
    "get_artifact(version)": artifact_version(version="1.0.0"),
    "artifact.assets": artifact_assets,
    "artifact.download": artifact_download,
    "get_views(project)": views,
    "download_experiment_asset": asset_file,
}


async def _only(found: Awaitable[object]) -> object:
    keys = await found
    assert isinstance(keys, list)
    assert len(keys) == 1
    return keys[0]


MODELS: Mapping[str, Call] = {
    "find_versions": each(
        comet.get_registry_model_items(WORKSPACE, MODEL, version_prefix="1"), "items", "version"
    ),
    "find_versions(tag)": each(
        comet.get_registry_model_items(WORKSPACE, MODEL, tag="t1", status="Development"),
        "items",
        "version",
    ),
    "get_details": member(comet.get_registry_model_item(WORKSPACE, MODEL, VERSION), ""),
    "get_assets": model_assets,
    "download": model_files,
    "tags": member(comet.get_registry_model_item(WORKSPACE, MODEL, VERSION), "tags"),
    "status": member(comet.get_registry_model_item(WORKSPACE, MODEL, VERSION), "status"),
    "get_version_history": history,
    "get_registry_model_metadata": item_metadata,
    "get_registry_model_status_configuration": status_configuration,
}

EXPERIMENT: Mapping[str, Call] = {
    "get_asset": octets(comet.get_experiment_asset(NOTES_ID, experiment_key=KEY), bytes.decode),
    "get_asset(json)": octets(comet.get_experiment_asset(CURVE_ID, experiment_key=KEY), json.loads),
    "get_asset_by_name": asset_by_name,
    "get_assets_by_name": assets_by_name,
    "get_asset_list": member(comet.get_experiment_asset_list(KEY, type="all"), "assets"),
    "get_asset_list(image)": member(comet.get_experiment_asset_list(KEY, type="image"), "assets"),
    "get_curve": curve,
    "get_curves": curves,
    "get_metrics": member(_ALL_METRICS, "metrics"),
    "get_metrics(name)": member(comet.get_experiment_metric(KEY, "loss"), "metrics"),
    "get_metrics_summary": member(comet.get_experiment_metrics_summary(KEY), "values"),
    "get_metrics_summary(name)": named(comet.get_experiment_metrics_summary(KEY), "accuracy"),
    "get_parameters_summary": member(comet.get_experiment_parameters(KEY), "values"),
    "get_parameters_summary(name)": named(comet.get_experiment_parameters(KEY), "batch_size"),
    "get_others_summary": member(comet.get_experiment_others(KEY), "values"),
    "get_model_asset_list": member(comet.get_experiment_model_assets(KEY, "toy-model"), "assets"),
    "get_artifact_lineage": member(comet.get_experiment_artifact_lineage(KEY, filter="all"), ""),
    "get_views": experiment_views,
    "get_git_patch": or_none(comet.get_experiment_git_patch(KEY), ""),
    "download_model": unzipped(comet.download_experiment_model(KEY, "toy-model")),
    "get_additional_system_info": system("logAdditionalSystemInfoList"),
    "get_code": member(comet.get_experiment_code(KEY), "code"),
    "get_command": system("command"),
    "get_environment_details": system("osPackages"),
    "get_executable": system("executable"),
    "get_git_metadata": member(comet.get_experiment_git_metadata(KEY), ""),
    "get_gpu_static_info": system("gpuStaticInfoList"),
    "get_hostname": system("hostname"),
    "get_html": member(comet.get_experiment_html(KEY), "html"),
    "get_installed_packages": system("installedPackages"),
    "get_ip": system("ip"),
    "get_machine": system("machine"),
    "get_max_memory": system("maxTotalMemory"),
    "get_metadata": member(comet.get_experiment_metadata(KEY), ""),
    "get_model_graph": member(comet.get_experiment_graph(KEY), "graph"),
    "get_model_names": model_names,
    "get_name": experiment_name,
    "get_network_interface_ips": system("networkInterfaceIps"),
    "get_os": system("os"),
    "get_os_packages": system("osPackages"),
    "get_os_release": system("osRelease"),
    "get_os_type": system("osType"),
    "get_output": member(comet.get_experiment_output(KEY), "output"),
    "get_pid": system("pid"),
    "get_processor": system("processor"),
    "get_python_version": system("pythonVersion"),
    "get_python_version_verbose": system("pythonVersionVerbose"),
    "get_state": state,
    "get_system_details": system(""),
    "get_system_metric_names": system("systemMetricNames"),
    "get_tags": member(comet.get_experiment_tags(KEY), "tags"),
    "get_total_memory": system("totalRam"),
    "get_user": system("user"),
}

SYNTHETIC: Mapping[str, Call] = {
    "get_output": synthetic(lambda key: member(comet.get_experiment_output(key), "output")),
    "get_git_patch": synthetic(
        lambda key: octets(comet.get_experiment_git_patch(key), lambda data: len(data) > 0)
    ),
    "get_git_metadata": synthetic(lambda key: member(comet.get_experiment_git_metadata(key), "")),
    "get_system_metric_names": synthetic(
        lambda key: member(comet.get_experiment_system_details(key), "systemMetricNames")
    ),
    "get_metric_names": synthetic_metric_names,
}

OURS: Mapping[str, Call] = {
    **API,
    **{f"Model.{name}": call for name, call in MODELS.items()},
    **{f"APIExperiment.{name}": call for name, call in EXPERIMENT.items()},
    **{f"synthetic.{name}": call for name, call in SYNTHETIC.items()},
}
