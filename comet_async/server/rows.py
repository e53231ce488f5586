"""Wire forms of projects, experiments, summary rows and points, member by member."""

from __future__ import annotations

from itertools import repeat

import msgspec

from comet_async.server.records import Facts, Json, JsonObject, Mark, Project, Series, Value

__all__ = ["experiment_row", "points_json", "project_row", "value_row"]


def project_row(project: Project, experiments: int, owner: str) -> JsonObject:
    """Return a project as `projects` and `project` show it.

    Args:
        project: The project.
        experiments: How many it has.
        owner: Name of its owner.
    """
    return {
        "projectId": project.project_id,
        "projectName": project.name,
        "ownerUserName": owner,
        "projectDescription": project.description,
        "workspaceName": project.workspace,
        "numberOfExperiments": experiments,
        "lastUpdated": project.last_updated_ms,
        "public": project.public,
    }


def experiment_row(facts: Facts, project: Project) -> JsonObject:
    """Return an experiment as `experiments` and `experiment/metadata` show it.

    Args:
        facts: Its metadata.
        project: Its project as it is called now.
    """
    row: JsonObject = {
        "experimentKey": facts.key,
        "experimentName": facts.name,
        "optimizationId": facts.optimization_id,
        "userName": facts.user,
        "projectId": facts.project.project_id,
        "projectName": project.name,
        "workspaceName": facts.project.workspace,
        "filePath": facts.file_path,
        "fileName": facts.file_name,
        "throttle": facts.throttled,
        "durationMillis": facts.duration_ms,
        "startTimeMillis": facts.start_ms,
        "endTimeMillis": facts.end_ms,
        "archived": facts.archived,
        "running": facts.running,
        "hasCrashed": facts.crashed,
    }
    if facts.user is None:
        del row["userName"]
    return row


def value_row(value: Value) -> JsonObject:
    """Return a summary row; members without a value are left out, as on the wire."""
    marks = (("Max", value.maximum), ("Min", value.minimum), ("Current", value.current))
    row: JsonObject = {"name": value.name}
    for member in ("value", "timestamp", "runContext", "step"):
        for suffix, mark in marks:
            cell = _cell(mark, member)
            if cell is not None:
                row[member + suffix] = cell
    row["editable"] = False
    return row


def _cell(mark: Mark, member: str) -> Json:
    if member == "value":
        return mark.value
    if member == "timestamp":
        return mark.timestamp_ms
    return mark.step if member == "step" else mark.context


class _Point(msgspec.Struct, gc=False, rename="camel"):
    metric_name: str
    metric_value: str
    timestamp: int
    step: int | None
    epoch: int | None
    run_context: str | None
    offset: int


def points_json(series: Series) -> bytes:
    """Return the points of a series as JSON objects, separated by commas.

    Structs, because this is most of the bytes of an exact harvest, and a dict per point takes
    four times as long.
    """
    points = map(
        _Point,
        repeat(series.name),
        series.values,
        series.timestamps,
        series.steps,
        series.epochs,
        series.contexts,
        series.offsets,
    )
    return msgspec.json.encode([*points])[1:-1]
