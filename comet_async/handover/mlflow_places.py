"""Where each field of a lake goes in MLflow, or why it is lost there."""

from __future__ import annotations

from types import MappingProxyType

from comet_async.handover.places import Place, Places, in_file, lost, to

__all__ = ["MLFLOW_PLACES"]

_RUN = "which run it is"
_WORKSPACE_RUN = "run of the workspace, file comet/{0}.json"

_POINTS = {
    **to(
        experiment_key=_RUN,
        metric="key of the metric",
        context="file comet/names.json; in the key where a metric has several",
        step="step",
        timestamp="timestamp",
        value="value",
    ),
    **lost("points of MLflow have no epoch", "epoch"),
    **lost("MLflow has floats, and no text as it was sent", "value_text"),
    **lost("MLflow orders points by step and time", "offset"),
}
_DETAILS = (
    "number timestamp step context value_min value_min_timestamp value_max value_max_timestamp"
    " editable value_min_step value_min_context value_max_step value_max_context"
)


def _text(column: str, file: str) -> dict[str, Place]:
    return to(**{"experiment_key": _RUN, column: f"file {file}"})


def _of_run(table: str, columns: str) -> dict[str, Place]:
    return {**to(experiment_key=_RUN), **in_file(f"file comet/{table}.json", columns)}


def _of_workspace(table: str, columns: str) -> dict[str, Place]:
    return in_file(_WORKSPACE_RUN.format(table), columns)


_EXPERIMENT: dict[str, dict[str, Place]] = {
    "experiments": to(
        experiment_key="tag comet.experimentKey",
        experiment_name="name of the run",
        workspace_name="name of the experiment, and its tag comet.workspace",
        project_id="tag comet.projectId",
        project_name="name of the experiment, and its tag comet.project",
        user_name="tag mlflow.user",
        optimization_id="tag comet.optimizationId",
        file_path="tag mlflow.source.name",
        file_name="tag comet.fileName",
        start_time="start of the run",
        end_time="end of the run",
        duration_ms="tag comet.durationMs",
        archived="tag comet.archived",
        running="status of the run: RUNNING",
        has_crashed="status of the run: FAILED, and tag comet.hasCrashed",
        throttled="tag comet.throttled",
    ),
    "metrics": _POINTS,
    "system_metrics": {**_POINTS, **to(metric="key of the metric, after system/")},
    "metric_series": _of_run("metric_series", "metric points fidelity source"),
    "metric_summaries": _of_run(
        "metric_summaries",
        "metric min min_text min_timestamp min_step min_context max max_text max_timestamp"
        " max_step max_context last last_text last_timestamp last_step last_context editable"
        " source",
    ),
    "parameters": {
        **to(name="key of the parameter", value="value of the parameter"),
        **_of_run("parameters", _DETAILS),
    },
    "others": {
        **to(name="tag comet.other.NAME", value="value of that tag"),
        **_of_run("others", _DETAILS),
    },
    "tags": to(experiment_key=_RUN, tag="tag comet.tag.TAG"),
    "system_details": _of_run(
        "system_details",
        "user hostname ip network_interface_ips os os_type os_release machine processor total_ram"
        " max_total_memory gpus python_version python_version_verbose pid executable command"
        " env_json os_packages installed_packages system_metric_names additional_info",
    ),
    "git": to(
        experiment_key=_RUN,
        user="tag comet.git.user",
        root="tag comet.git.root",
        branch="tag mlflow.source.git.branch",
        parent="tag mlflow.source.git.commit",
        origin="tag mlflow.source.git.repoURL",
        patch="file comet/git.patch",
        patch_problem="tag comet.git.patchProblem",
    ),
    "code": _text("code", "comet/code.txt"),
    "output": _text("output", "comet/output.txt"),
    "html": _text("html", "comet/page.html"),
    "graph": _text("graph", "comet/graph.txt"),
    "models": _of_run(
        "models",
        "experiment_model_id model_name registry_model_id registry_model_item_id"
        " registry_model_name registry_version registered",
    ),
    "assets": _of_run(
        "assets",
        "asset_id name type state local_path size sha256 listed_size reason remote link context"
        " step created dir metadata tags etag",
    ),
    "model_archives": _of_run(
        "model_archives", "model_name state local_path size sha256 reason folder"
    ),
}
_WORKSPACE: dict[str, dict[str, Place]] = {
    "projects": {
        **to(
            project_id="tag comet.projectId of the experiment",
            project_name="name of the experiment, and its tag comet.project",
            workspace_name="name of the experiment, and its tag comet.workspace",
            notes="note of the experiment (tag mlflow.note.content)",
        ),
        **_of_workspace("projects", "owner_user_name description experiments last_updated public"),
    },
    "dashboards": _of_workspace(
        "dashboards",
        "project_id template_id template_name created_by last_update experiment_query_state"
        " dashboard_chart_state table_state newer_state pinned_experiments panels kind"
        " view_project_id view_experiment_key source current unsaved default refreshes problem",
    ),
    "panels": _of_workspace(
        "panels",
        "workspace_name template_id template_name owner scope revision created language code python"
        " html css description config workspace_id query_builder_id default_config resources"
        " problem",
    ),
    "registry_models": _of_workspace(
        "registry_models",
        "workspace_name model_name registry_model_id description public user_name versions created"
        " last_updated notes workspace_id image",
    ),
    "registry_versions": _of_workspace(
        "registry_versions",
        "workspace_name model_name registry_model_item_id version stages comment user_name created"
        " last_updated experiment_key experiment_model_id experiment_model_name files size metadata"
        " status tags assets rest_api_url",
    ),
    "registry_archives": _of_workspace(
        "registry_archives",
        "workspace_name model_name version state local_path size sha256 reason folder",
    ),
    "artifacts": _of_workspace(
        "artifacts",
        "workspace_name artifact_id name type project description latest_version tags public size"
        " emoji",
    ),
    "artifact_versions": _of_workspace(
        "artifact_versions",
        "artifact_id artifact_version_id version state owner created_from added aliases tags size"
        " metadata",
    ),
    "artifact_files": _of_workspace(
        "artifact_files",
        "artifact_id artifact_version_id version asset_id name dir type size remote link metadata"
        " state local_path stored_size sha256 reason",
    ),
}
MLFLOW_PLACES: Places = MappingProxyType(
    {
        **_EXPERIMENT,
        **_WORKSPACE,
        "answers": Place(why="the server's own answers, which the other tables were made of"),
        "domino_*": Place(why="jobs, datasets and models of Domino are no experiments of Comet"),
    }
)
"""What becomes of each field; the files that lakes list go with them as artifacts."""
