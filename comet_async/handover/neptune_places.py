"""Where each field of a lake goes in the files of neptune-exporter, or why it is lost there."""

from __future__ import annotations

from types import MappingProxyType

from comet_async.handover.mlflow_places import MLFLOW_PLACES
from comet_async.handover.places import Place, Places, lost, to

__all__ = ["NEPTUNE_PLACES"]

_RUN = "column run_id"
_POINTS = {
    **to(
        experiment_key=_RUN,
        metric="path of the series",
        context="file comet/contexts.json; in the path where a metric has several",
        step="column step",
        timestamp="column timestamp",
        value="column float_value",
        value_text="texts/METRIC, column string_value, where it is no number",
    ),
    **lost("points have no epoch", "epoch"),
    **lost("points are ordered by step and time", "offset"),
}


def _in_files(table: str) -> dict[str, Place]:
    """Return the columns of a table that are in a file, as in MLflow."""
    found = MLFLOW_PLACES[table]
    if isinstance(found, Place):
        return {}
    return {
        column: place
        for column, place in found.items()
        if place.to is not None and place.to.endswith(".json")
    }


_EXPERIMENT: dict[str, dict[str, Place]] = {
    "experiments": to(
        experiment_key="column run_id, and sys/custom_run_id",
        experiment_name="sys/name",
        workspace_name="column project_id",
        project_id="comet/project_id",
        project_name="column project_id",
        user_name="sys/owner",
        optimization_id="comet/optimization_id",
        file_path="comet/file_path",
        file_name="comet/file_name",
        start_time="sys/creation_time",
        end_time="sys/modification_time",
        duration_ms="comet/duration_ms",
        archived="sys/trashed",
        running="comet/running",
        has_crashed="sys/failed",
        throttled="comet/throttled",
    ),
    "metrics": _POINTS,
    "system_metrics": _POINTS,
    "parameters": {
        **to(experiment_key=_RUN, name="parameters/NAME", value="its typed value"),
        **_in_files("parameters"),
    },
    "others": {
        **to(experiment_key=_RUN, name="others/NAME", value="its typed value"),
        **_in_files("others"),
    },
    "tags": to(experiment_key=_RUN, tag="sys/tags"),
    "git": to(
        experiment_key=_RUN,
        user="git/user",
        root="git/root",
        branch="git/branch",
        parent="git/parent",
        origin="git/origin",
        patch="file comet/git.patch",
        patch_problem="git/patch_problem",
    ),
}
_SAME = (
    *("metric_series", "metric_summaries", "system_details", "code", "output", "html", "graph"),
    *("models", "assets", "model_archives"),
)
_WORKSPACE = (
    *("dashboards", "panels", "registry_models", "registry_versions", "registry_archives"),
    *("artifacts", "artifact_versions", "artifact_files"),
)
NEPTUNE_PLACES: Places = MappingProxyType(
    {
        **_EXPERIMENT,
        **{table: MLFLOW_PLACES[table] for table in (*_SAME, *_WORKSPACE)},
        "projects": {
            **to(
                project_id="run of the workspace, file comet/projects.json",
                project_name="run of the workspace, file comet/projects.json",
                workspace_name="run of the workspace, file comet/projects.json",
                notes="run of the workspace, file comet/projects.json",
            ),
            **_in_files("projects"),
        },
        "answers": MLFLOW_PLACES["answers"],
        "domino_*": MLFLOW_PLACES["domino_*"],
    }
)
"""What becomes of each field; the files that lakes list go with them, below `files/`."""
