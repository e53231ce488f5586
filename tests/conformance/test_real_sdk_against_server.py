"""The unmodified SDK reads from the local server: every read call it has, in a child process.

A child, because importing the SDK takes seconds, patches other packages and warns. This file is
also the child's script: `python test_real_sdk_against_server.py URL` prints the values as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import SdkRun

WORKSPACE, PROJECT = "demo", "offline-demo"
KEY = "799e7164eb874c5c9fbb3d4979b41082"
MODEL, VERSION = "toy-registry", "1.0.0"
ARTIFACT = "training-data"
NOTES_ID = "53008bc238784459986fc59b0932e35b"
CURVE_ID = "ec2818e208374e109deff00e2c3cfba6"


def _experiment(api: Any) -> Any:
    return api.get_experiment_by_key(KEY)


def _keys(experiments: Any) -> list[str]:
    return [experiment.key for experiment in experiments]


def _columns(api: Any, expression: Callable[[Any], Any]) -> list[str]:
    from comet_ml import query  # noqa: PLC0415  the child's import

    return _keys(api.query(WORKSPACE, PROJECT, expression(query)))


def _search(api: Any, expression: Callable[[Any], Any]) -> list[str]:
    from comet_ml import query  # noqa: PLC0415  the child's import

    return _keys(api.search(WORKSPACE, PROJECT, expression(query)))


def _files(read: Callable[[str], Any]) -> dict[str, int]:
    """Let a call write into a folder and return names and sizes of what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        read(folder)
        root = Path(folder)
        found = (item for item in root.rglob("*") if item.is_file())
        return {str(item.relative_to(root)): item.stat().st_size for item in sorted(found)}


def _project_id(api: Any) -> str:
    return str(api.get_project(WORKSPACE, PROJECT)["projectId"])


def _artifact_assets(api: Any) -> list[list[Any]]:
    artifact = api.get_artifact(WORKSPACE, ARTIFACT)
    return [[asset.logical_path, asset.size, asset.remote] for asset in artifact.assets]


API_CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("get_workspaces", lambda api: api.get_workspaces()),
    ("get", lambda api: api.get()),
    ("get(workspace)", lambda api: api.get(WORKSPACE)),
    ("get(workspace, project)", lambda api: _keys(api.get(WORKSPACE, PROJECT))),
    ("get(path)", lambda api: api.get(f"{WORKSPACE}/{PROJECT}/{KEY}").key),
    ("get_account_details", lambda api: api.get_account_details()),
    ("get_default_workspace", lambda api: api.get_default_workspace()),
    ("get_projects", lambda api: api.get_projects(WORKSPACE)),
    ("get_project", lambda api: api.get_project(WORKSPACE, PROJECT)),
    ("get_project_by_id", lambda api: api.get_project_by_id(_project_id(api))),
    ("get_project(unknown)", lambda api: api.get_project(WORKSPACE, "nothing")),
    ("get_project_notes", lambda api: api.get_project_notes(WORKSPACE, PROJECT)),
    ("get_experiments(workspace)", lambda api: _keys(api.get_experiments(WORKSPACE))),
    ("get_experiments", lambda api: _keys(api.get_experiments(WORKSPACE, PROJECT))),
    (
        "get_experiments(pattern)",
        lambda api: _keys(api.get_experiments(WORKSPACE, PROJECT, "offline.*")),
    ),
    (
        "get_experiments(page)",
        lambda api: _keys(
            api.get_experiments(
                "synthetic",
                "synthetic",
                page=2,
                page_size=3,
                sort_by="startTime",
                sort_order="desc",
            )
        ),
    ),
    (
        "get_archived_experiments",
        lambda api: _keys(api.get_archived_experiments("synthetic", "synthetic")),
    ),
    ("get_experiment", lambda api: api.get_experiment(WORKSPACE, PROJECT, KEY).key),
    (
        "get_experiment(name)",
        lambda api: api.get_experiment(WORKSPACE, PROJECT, "offline sample run").key,
    ),
    ("get_experiment_by_key", lambda api: _experiment(api).key),
    ("get_experiment_by_key(unknown)", lambda api: api.get_experiment_by_key("0" * 32)),
    (
        "get_query_variables",
        lambda api: sorted(map(str, api.get_query_variables(WORKSPACE, PROJECT))),
    ),
    ("query(metric)", lambda api: _columns(api, lambda q: q.Metric("loss") < 0.5)),
    ("query(nothing)", lambda api: _columns(api, lambda q: q.Metric("loss") > 0.5)),
    (
        "query(and)",
        lambda api: _columns(api, lambda q: (q.Metric("loss") < 0.5) & (q.Tag("v1"))),
    ),
    ("query(not tag)", lambda api: _columns(api, lambda q: ~q.Tag("v1"))),
    (
        "search(or)",
        lambda api: _search(api, lambda q: (q.Metric("loss") > 5) | (q.Parameter("flag") == True)),  # noqa: E712
    ),
    (
        "get_metrics_for_chart",
        lambda api: api.get_metrics_for_chart([KEY], ["loss", "lr"], ["batch_size"]),
    ),
    (
        "get_metrics_for_chart(full)",
        lambda api: api.get_metrics_for_chart([KEY], ["loss"], independent=False, full=True),
    ),
    ("get_project_share_keys", lambda api: api.get_project_share_keys(_project_id(api))),
    ("get_registry_model_names", lambda api: api.get_registry_model_names(WORKSPACE)),
    ("get_registry_model_count", lambda api: api.get_registry_model_count(WORKSPACE)),
    ("get_registry_model_details", lambda api: api.get_registry_model_details(WORKSPACE, MODEL)),
    (
        "get_registry_model_details(version)",
        lambda api: api.get_registry_model_details(WORKSPACE, MODEL, VERSION),
    ),
    ("get_registry_model_versions", lambda api: api.get_registry_model_versions(WORKSPACE, MODEL)),
    ("get_registry_model_notes", lambda api: api.get_registry_model_notes(WORKSPACE, MODEL)),
    (
        "get_latest_registry_model_version_details",
        lambda api: api.get_latest_registry_model_version_details(
            "synthetic", "synthetic-model", stage="production", version_major=1
        ),
    ),
    (
        "get_model_registry_version_assets",
        lambda api: api.get_model_registry_version_assets(WORKSPACE, MODEL, version=VERSION),
    ),
    (
        "model_registry_allowed_status_values",
        lambda api: api.model_registry_allowed_status_values(WORKSPACE),
    ),
    (
        "download_registry_model",
        lambda api: _files(
            lambda folder: api.download_registry_model(
                WORKSPACE, MODEL, version=VERSION, output_path=folder, expand=True
            )
        ),
    ),
    (
        "download_registry_model(stage)",
        lambda api: _files(
            lambda folder: api.download_registry_model(
                "synthetic", "synthetic-model", stage="production", output_path=folder
            )
        ),
    ),
    ("get_artifact_list", lambda api: api.get_artifact_list(WORKSPACE)),
    ("get_artifact_list(type)", lambda api: api.get_artifact_list(WORKSPACE, "dataset")),
    (
        "get_artifact_details",
        lambda api: api.get_artifact_details(workspace=WORKSPACE, artifact_name=ARTIFACT),
    ),
    (
        "get_artifact_details(slash)",
        lambda api: api.get_artifact_details(workspace=WORKSPACE, artifact_name="my ds/1")["name"],
    ),
    (
        "get_artifact_details(id)",
        lambda api: api.get_artifact_details(
            artifact_id=api.get_artifact_list(WORKSPACE)["artifacts"][0]["artifactId"]
        )["name"],
    ),
    (
        "get_artifact_files",
        lambda api: api.get_artifact_files(
            workspace=WORKSPACE, artifact_name=ARTIFACT, version="2.0.0"
        ),
    ),
    ("get_artifact", lambda api: str(api.get_artifact(WORKSPACE, ARTIFACT).version)),
    (
        "get_artifact(version)",
        lambda api: str(api.get_artifact(WORKSPACE, ARTIFACT, version="1.0.0").version),
    ),
    ("artifact.assets", _artifact_assets),
    (
        "artifact.download",
        lambda api: _files(
            lambda folder: api.get_artifact(WORKSPACE, ARTIFACT, version="1.0.0").download(folder)
        ),
    ),
    (
        "get_views(project)",
        lambda api: [
            view.name for view in api.get_views(WORKSPACE, PROJECT, include_workspace_views=True)
        ],
    ),
    (
        "download_experiment_asset",
        lambda api: _files(
            lambda folder: api.download_experiment_asset(KEY, NOTES_ID, str(Path(folder, "n.txt")))
        ),
    ),
]

MODEL_CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("find_versions", lambda model: model.find_versions(version_prefix="1")),
    ("find_versions(tag)", lambda model: model.find_versions(status="Development", tag="t1")),
    ("get_details", lambda model: model.get_details(VERSION)),
    ("get_assets", lambda model: model.get_assets(VERSION)),
    ("download", lambda model: _files(lambda folder: model.download(VERSION, folder))),
    ("tags", lambda model: model.tags(VERSION)),
    ("status", lambda model: model.status(VERSION)),
    ("get_version_history", lambda model: model.get_version_history(VERSION)),
    ("get_registry_model_metadata", lambda model: model.get_registry_model_metadata(VERSION)),
    (
        "get_registry_model_status_configuration",
        lambda model: model.get_registry_model_status_configuration(VERSION),
    ),
]

EXPERIMENT_CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("get_asset", lambda run: run.get_asset(NOTES_ID).decode()),
    ("get_asset(json)", lambda run: run.get_asset(CURVE_ID, return_type="json")),
    ("get_asset_by_name", lambda run: run.get_asset_by_name("docs/notes.txt").decode()),
    (
        "get_assets_by_name",
        lambda run: [item.decode() for item in run.get_assets_by_name("docs/notes.txt")],
    ),
    ("get_asset_list", lambda run: run.get_asset_list()),
    ("get_asset_list(image)", lambda run: run.get_asset_list("image")),
    ("get_curve", lambda run: run.get_curve(CURVE_ID)),
    ("get_curves", lambda run: run.get_curves()),
    ("get_metrics", lambda run: run.get_metrics()),
    ("get_metrics(name)", lambda run: run.get_metrics("loss")),
    ("get_metrics_summary", lambda run: run.get_metrics_summary()),
    ("get_metrics_summary(name)", lambda run: run.get_metrics_summary("accuracy")),
    ("get_parameters_summary", lambda run: run.get_parameters_summary()),
    ("get_parameters_summary(name)", lambda run: run.get_parameters_summary("batch_size")),
    ("get_others_summary", lambda run: run.get_others_summary()),
    ("get_model_asset_list", lambda run: run.get_model_asset_list("toy-model")),
    ("get_artifact_lineage", lambda run: run.get_artifact_lineage()),
    ("get_views", lambda run: [view.name for view in run.get_views()]),
    ("get_git_patch", lambda run: run.get_git_patch()),
    (
        "download_model",
        lambda run: _files(lambda folder: run.download_model("toy-model", folder)),
    ),
    *(
        (name, lambda run, name=name: getattr(run, name)())
        for name in (
            "get_additional_system_info",
            "get_code",
            "get_command",
            "get_environment_details",
            "get_executable",
            "get_git_metadata",
            "get_gpu_static_info",
            "get_hostname",
            "get_html",
            "get_installed_packages",
            "get_ip",
            "get_machine",
            "get_max_memory",
            "get_metadata",
            "get_model_graph",
            "get_model_names",
            "get_name",
            "get_network_interface_ips",
            "get_os",
            "get_os_packages",
            "get_os_release",
            "get_os_type",
            "get_output",
            "get_pid",
            "get_processor",
            "get_python_version",
            "get_python_version_verbose",
            "get_state",
            "get_system_details",
            "get_system_metric_names",
            "get_tags",
            "get_total_memory",
            "get_user",
        )
    ),
]

CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    *API_CALLS,
    *(
        (f"Model.{name}", lambda api, call=call: call(api.get_model(WORKSPACE, MODEL)))
        for name, call in MODEL_CALLS
    ),
    *(
        (f"APIExperiment.{name}", lambda api, call=call: call(_experiment(api)))
        for name, call in EXPERIMENT_CALLS
    ),
    ("synthetic.get_output", lambda api: _synthetic(api).get_output()),
    ("synthetic.get_git_patch", lambda api: _synthetic(api).get_git_patch() is not None),
    ("synthetic.get_git_metadata", lambda api: _synthetic(api).get_git_metadata()),
    (
        "synthetic.get_system_metric_names",
        lambda api: _synthetic(api).get_system_metric_names(),
    ),
    ("synthetic.get_metric_names", lambda api: _names(_synthetic(api).get_metrics())),
]
"""Name of each call and a function from `comet_ml.API` to a value that JSON can hold."""

NOTHING_THERE = {
    "get_project(unknown)",
    "get_experiment_by_key(unknown)",
    "get_archived_experiments",
    "query(nothing)",
    "query(not tag)",
    "Model.get_registry_model_metadata",
    "APIExperiment.get_environment_details",
    "APIExperiment.get_gpu_static_info",
    "APIExperiment.get_git_metadata",
    "APIExperiment.get_git_patch",
    "APIExperiment.get_max_memory",
    "APIExperiment.get_network_interface_ips",
    "APIExperiment.get_output",
    "APIExperiment.get_system_metric_names",
    "APIExperiment.get_total_memory",
}
"""Calls whose honest answer for this data is None or empty."""


def _synthetic(api: Any) -> Any:
    return api.get_experiments("synthetic", "synthetic")[0]


def _names(points: Any) -> list[str]:
    return sorted({point["metricName"] for point in points})


def run_calls(url: str) -> dict[str, Any]:
    """Return the value of every call, or its error, by name."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    import comet_ml  # noqa: PLC0415  the child's import

    api: Any = comet_ml.API(  # type: ignore[no-untyped-call]  # the SDK's
        api_key="any-key-will-do-here", cache=False
    )
    values: dict[str, Any] = {}
    for name, call in CALLS:
        try:
            values[name] = {"value": call(api)}
        except Exception as error:  # noqa: BLE001  the parent judges
            values[name] = {"error": f"{type(error).__name__}: {error}"}
    return values


@pytest.fixture
def answers(sdk: SdkRun) -> dict[str, Any]:
    """What each call returned, all made by one child against one server."""
    return sdk.values


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", [name for name, _call in CALLS])
def test_the_sdk_reads_a_sane_value(name: str, answers: dict[str, Any]) -> None:
    answer = answers[name]
    assert "error" not in answer, answer
    if name not in NOTHING_THERE:
        assert answer["value"] not in (None, [], {}, "", 0)


EXACT: dict[str, Any] = {
    "get_workspaces": ["demo", "synthetic"],
    "get(path)": KEY,
    "get_experiment(name)": KEY,
    "get_default_workspace": "demo",
    "get_project(unknown)": None,
    "get_experiment_by_key(unknown)": None,
    "get_experiments(pattern)": [KEY],
    "query(metric)": [KEY],
    "query(nothing)": [],
    "query(and)": [KEY],
    "query(not tag)": [],
    "search(or)": [KEY],
    "get_registry_model_names": ["toy-registry"],
    "get_registry_model_count": 1,
    "get_artifact(version)": "1.0.0",
    "get_artifact": "2.0.0",
    "get_artifact_details(slash)": "my ds/1",
    "artifact.download": {"data/train.csv": 2048, "readme.md": 0},
    "get_views(project)": ["Default", "Mine", "Workspace view"],
    "download_experiment_asset": {"n.txt": 9},
    "Model.status": "Development",
    "Model.tags": ["t1"],
    "Model.download": {"model.bin": 64},
    "APIExperiment.get_name": "offline sample run",
    "APIExperiment.get_state": "finished",
    "APIExperiment.get_tags": ["demo", "offline", "v1"],
    "APIExperiment.get_pid": 1234,
    "APIExperiment.get_hostname": "demo-host",
    "APIExperiment.get_model_names": ["toy-model"],
    "APIExperiment.get_html": "<b>hello</b>",
    "APIExperiment.get_model_graph": "graph { a -> b }",
    "APIExperiment.get_code": "print('set code')",
    "APIExperiment.download_model": {"model.bin": 64},
    "synthetic.get_system_metric_names": ["sys.cpu.percent.avg"],
}


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(EXACT))
def test_the_sdk_reads_the_archived_value(name: str, answers: dict[str, Any]) -> None:
    assert answers[name] == {"value": EXACT[name]}


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_sdk_reads_every_point_of_the_archive(answers: dict[str, Any]) -> None:
    points = answers["APIExperiment.get_metrics(name)"]["value"]
    assert [point["step"] for point in points] == list(range(50))
    assert {point["metricName"] for point in points} == {"loss"}
    assert len(answers["APIExperiment.get_metrics"]["value"]) == 156


if __name__ == "__main__":
    print("@@@" + json.dumps(run_calls(sys.argv[1]), default=str))
