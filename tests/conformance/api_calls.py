"""For each call that the SDK makes, the same call of `comet_async.API`.

The names are those of the SDK's table, and what is called is the method of the same name with the
same arguments; only the form of the value is changed, by `to_dict()` or to what JSON can hold.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from comet_async import API, APIExperiment, Model
from comet_async.api import Metric, Parameter, Tag
from comet_async.query import Expression
from tests.conformance.test_real_sdk_against_server import (
    ARTIFACT,
    CURVE_ID,
    EXPERIMENT_CALLS,
    KEY,
    MODEL,
    NOTES_ID,
    PROJECT,
    VERSION,
    WORKSPACE,
)

ApiCall: TypeAlias = Callable[[API], Awaitable[object]]
ModelCall: TypeAlias = Callable[[Model], Awaitable[object]]
RunCall: TypeAlias = Callable[[APIExperiment], Awaitable[object]]


def plain(value: object) -> object:
    """Return a value as JSON can hold it, structs by `to_dict()`."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, APIExperiment):
        return value.key
    if isinstance(value, Expression) or type(value).__module__.startswith("comet_async.query"):
        return str(value)
    if isinstance(value, msgspec.Struct):
        told: object = getattr(value, "to_dict")()  # noqa: B009  it is asked of any struct
        return told
    return value


async def run_of(api: API) -> APIExperiment:
    found = await api.get_experiment_by_key(KEY)
    assert found is not None
    return found


async def files(read: Callable[[str], Awaitable[object]]) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        await read(folder)
        return _sizes(Path(folder))


def _sizes(folder: Path) -> dict[str, int]:
    found = sorted(item for item in folder.rglob("*") if item.is_file())
    return {str(item.relative_to(folder)): item.stat().st_size for item in found}


async def project_id(api: API) -> str:
    found = await api.get_project(WORKSPACE, PROJECT)
    assert found is not None
    return found.project_id


async def by_id(api: API) -> object:
    return await api.get_project_by_id(await project_id(api))


async def share_keys(api: API) -> object:
    return await api.get_project_share_keys(await project_id(api))


async def variables(api: API) -> object:
    return sorted(map(_as_sdk, await api.get_query_variables(WORKSPACE, PROJECT)))


def _as_sdk(variable: object) -> str:
    """Write a name in single quotes, as the SDK does."""
    return str(variable).replace('"', "'")


async def artifact_by_id(api: API) -> object:
    listed = (await api.get_artifact_list(WORKSPACE)).artifacts
    return (await api.get_artifact_details(artifact_id=listed[0].artifact_id)).name


async def slashed(api: API) -> object:
    found = await api.get_artifact_details(workspace=WORKSPACE, artifact_name="my ds/1")
    return found.name


async def artifact_files(api: API) -> object:
    latest = await api.get_artifact(WORKSPACE, ARTIFACT)
    found = await api.get_artifact_files(WORKSPACE, ARTIFACT, version=latest.artifact_version)
    return [[file.file_name, file.file_size, file.is_remote] for file in found.files]


async def artifact_saved(api: API) -> object:
    return await files(lambda folder: api.download_artifact(WORKSPACE, ARTIFACT, "1.0.0", folder))


async def views(api: API) -> object:
    found = await api.get_views(WORKSPACE, PROJECT, include_workspace_views=True)
    return [view.template_name for view in found]


async def run_views(run: APIExperiment) -> object:
    return [view.template_name for view in await run.get_views()]


def queried(expression: Expression) -> ApiCall:
    return lambda api: api.query(WORKSPACE, PROJECT, expression)


def version_of(**which: str) -> ApiCall:
    async def call(api: API) -> object:
        return (await api.get_artifact(WORKSPACE, ARTIFACT, **which)).artifact_version

    return call


def saved_asset(api: API) -> Awaitable[object]:
    return files(lambda f: api.download_experiment_asset(KEY, NOTES_ID, str(Path(f, "n.txt"))))


APIS: Mapping[str, ApiCall] = {
    "get_workspaces": lambda api: api.get_workspaces(),
    "get": lambda api: api.get(),
    "get(workspace)": lambda api: api.get(WORKSPACE),
    "get(workspace, project)": lambda api: api.get(WORKSPACE, PROJECT),
    "get(path)": lambda api: api.get(f"{WORKSPACE}/{PROJECT}/{KEY}"),
    "get_account_details": lambda api: api.get_account_details(),
    "get_default_workspace": lambda api: api.get_default_workspace(),
    "get_projects": lambda api: api.get_projects(WORKSPACE),
    "get_project": lambda api: api.get_project(WORKSPACE, PROJECT),
    "get_project_by_id": by_id,
    "get_project(unknown)": lambda api: api.get_project(WORKSPACE, "nothing"),
    "get_project_notes": lambda api: api.get_project_notes(WORKSPACE, PROJECT),
    "get_experiments(workspace)": lambda api: api.get_experiments(WORKSPACE),
    "get_experiments": lambda api: api.get_experiments(WORKSPACE, PROJECT),
    "get_experiments(pattern)": lambda api: api.get_experiments(WORKSPACE, PROJECT, "offline.*"),
    "get_experiments(page)": lambda api: api.get_experiments(
        "synthetic", "synthetic", page=2, page_size=3, sort_by="startTime", sort_order="desc"
    ),
    "get_archived_experiments": lambda api: api.get_archived_experiments("synthetic", "synthetic"),
    "get_experiment": lambda api: api.get_experiment(WORKSPACE, PROJECT, KEY),
    "get_experiment(name)": lambda api: api.get_experiment(
        WORKSPACE, PROJECT, "offline sample run"
    ),
    "get_experiment_by_key": lambda api: api.get_experiment_by_key(KEY),
    "get_experiment_by_key(unknown)": lambda api: api.get_experiment_by_key("0" * 32),
    "get_query_variables": variables,
    "query(metric)": queried(Metric("loss") < 0.5),
    "query(nothing)": queried(Metric("loss") > 0.5),
    "query(and)": queried((Metric("loss") < 0.5) & Tag("v1")),
    "query(not tag)": queried(~Tag("v1")),
    "search(or)": lambda api: api.search(
        WORKSPACE,
        PROJECT,
        (Metric("loss") > 5) | (Parameter("flag") == True),  # noqa: E712
    ),
    "get_metrics_for_chart": lambda api: api.get_metrics_for_chart(
        [KEY], ["loss", "lr"], ["batch_size"]
    ),
    "get_metrics_for_chart(full)": lambda api: api.get_metrics_for_chart(
        [KEY], ["loss"], independent=False, full=True
    ),
    "get_project_share_keys": share_keys,
    "get_registry_model_names": lambda api: api.get_registry_model_names(WORKSPACE),
    "get_registry_model_count": lambda api: api.get_registry_model_count(WORKSPACE),
    "get_registry_model_details": lambda api: api.get_registry_model_details(WORKSPACE, MODEL),
    "get_registry_model_details(version)": lambda api: api.get_registry_model_details(
        WORKSPACE, MODEL, VERSION
    ),
    "get_registry_model_versions": lambda api: api.get_registry_model_versions(WORKSPACE, MODEL),
    "get_registry_model_notes": lambda api: api.get_registry_model_notes(WORKSPACE, MODEL),
    "get_latest_registry_model_version_details": lambda api: (
        api.get_latest_registry_model_version_details(
            "synthetic", "synthetic-model", stage="production", version_major=1
        )
    ),
    "get_model_registry_version_assets": lambda api: api.get_model_registry_version_assets(
        WORKSPACE, MODEL, version=VERSION
    ),
    "model_registry_allowed_status_values": lambda api: api.model_registry_allowed_status_values(
        WORKSPACE
    ),
    "download_registry_model": lambda api: files(
        lambda folder: api.download_registry_model(
            WORKSPACE, MODEL, version=VERSION, output_path=folder, expand=True
        )
    ),
    "download_registry_model(stage)": lambda api: files(
        lambda folder: api.download_registry_model(
            "synthetic", "synthetic-model", stage="production", output_path=folder
        )
    ),
    "get_artifact_list": lambda api: api.get_artifact_list(WORKSPACE),
    "get_artifact_list(type)": lambda api: api.get_artifact_list(WORKSPACE, "dataset"),
    "get_artifact_details": lambda api: api.get_artifact_details(
        workspace=WORKSPACE, artifact_name=ARTIFACT
    ),
    "get_artifact_details(slash)": slashed,
    "get_artifact_details(id)": artifact_by_id,
    "get_artifact_files": lambda api: api.get_artifact_files(
        workspace=WORKSPACE, artifact_name=ARTIFACT, version="2.0.0"
    ),
    "get_artifact": version_of(),
    "get_artifact(version)": version_of(version="1.0.0"),
    "artifact.assets": artifact_files,
    "artifact.download": artifact_saved,
    "get_views(project)": views,
    "download_experiment_asset": saved_asset,
}


async def status_configuration(model: Model) -> object:
    """Write it in the words of the repr of the SDK's own class."""
    found = await model.get_registry_model_status_configuration(VERSION)
    assert found is not None
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


MODELS: Mapping[str, ModelCall] = {
    "find_versions": lambda model: model.find_versions(version_prefix="1"),
    "find_versions(tag)": lambda model: model.find_versions(status="Development", tag="t1"),
    "get_details": lambda model: model.get_details(VERSION),
    "get_assets": lambda model: model.get_assets(VERSION),
    "download": lambda model: files(lambda folder: model.download(VERSION, folder)),
    "tags": lambda model: model.tags(VERSION),
    "status": lambda model: model.status(VERSION),
    "get_version_history": lambda model: model.get_version_history(VERSION),
    "get_registry_model_metadata": lambda model: model.get_registry_model_metadata(VERSION),
    "get_registry_model_status_configuration": status_configuration,
}


async def asset_text(run: APIExperiment) -> object:
    return (await run.get_asset(NOTES_ID)).decode()


async def named_text(run: APIExperiment) -> object:
    return await run.get_asset_by_name("docs/notes.txt", return_type="text")


async def named_texts(run: APIExperiment) -> object:
    return await run.get_assets_by_name("docs/notes.txt", return_type="text")


RUNS: Mapping[str, RunCall] = {
    "get_asset": asset_text,
    "get_asset(json)": lambda run: run.get_asset(CURVE_ID, return_type="json"),
    "get_asset_by_name": named_text,
    "get_assets_by_name": named_texts,
    "get_asset_list(image)": lambda run: run.get_asset_list("image"),
    "get_curve": lambda run: run.get_curve(CURVE_ID),
    "get_metrics(name)": lambda run: run.get_metrics("loss"),
    "get_metrics_summary(name)": lambda run: run.get_metrics_summary("accuracy"),
    "get_parameters_summary(name)": lambda run: run.get_parameters_summary("batch_size"),
    "get_model_asset_list": lambda run: run.get_model_asset_list("toy-model"),
    "get_views": run_views,
    "download_model": lambda run: files(lambda folder: run.download_model("toy-model", folder)),
}


def _called(name: str) -> RunCall:
    async def call(run: APIExperiment) -> object:
        found: object = await getattr(run, name)()
        return found

    return call


def _of_run(call: RunCall) -> ApiCall:
    async def made(api: API) -> object:
        return await call(await run_of(api))

    return made


def _of_model(call: ModelCall) -> ApiCall:
    async def made(api: API) -> object:
        return await call(await api.get_model(WORKSPACE, MODEL))

    return made


def _of_synthetic(call: RunCall) -> ApiCall:
    async def made(api: API) -> object:
        return await call((await api.get_experiments("synthetic", "synthetic"))[0])

    return made


async def has_patch(run: APIExperiment) -> object:
    return await run.get_git_patch() is not None


async def metric_names(run: APIExperiment) -> object:
    return sorted({point.metric_name for point in await run.get_metrics()})


API_CALLS: Mapping[str, ApiCall] = {
    **APIS,
    **{f"Model.{name}": _of_model(call) for name, call in MODELS.items()},
    **{
        f"APIExperiment.{name}": _of_run(RUNS.get(name) or _called(name))
        for name, _ in EXPERIMENT_CALLS
    },
    "synthetic.get_output": _of_synthetic(lambda run: run.get_output()),
    "synthetic.get_git_patch": _of_synthetic(has_patch),
    "synthetic.get_git_metadata": _of_synthetic(lambda run: run.get_git_metadata()),
    "synthetic.get_system_metric_names": _of_synthetic(lambda run: run.get_system_metric_names()),
    "synthetic.get_metric_names": _of_synthetic(metric_names),
}
