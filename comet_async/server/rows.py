"""Wire forms of projects, experiments, summary rows and points, member by member."""

from __future__ import annotations

import json

from comet_async.server.records import Facts, Json, JsonObject, Mark, Project, Series, Value

__all__ = ["experiment_row", "points_json", "project_row", "value_row"]


def project_row(project: Project, experiments: int) -> JsonObject:
    """Return a project as `projects` and `project` show it."""
    return {
        "projectId": project.project_id,
        "projectName": project.name,
        "ownerUserName": project.workspace,
        "projectDescription": project.description,
        "workspaceName": project.workspace,
        "numberOfExperiments": experiments,
        "lastUpdated": project.last_updated_ms,
        "public": project.public,
    }


def experiment_row(facts: Facts) -> JsonObject:
    """Return an experiment as `experiments` and `experiment/metadata` show it."""
    row: JsonObject = {
        "experimentKey": facts.key,
        "experimentName": facts.name,
        "optimizationId": facts.optimization_id,
        "userName": facts.user,
        "projectId": facts.project.project_id,
        "projectName": facts.project.name,
        "workspaceName": facts.project.workspace,
        "filePath": facts.file_path,
        "fileName": facts.file_name,
        "throttle": False,
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


def points_json(series: Series) -> str:
    """Return the points of a series as JSON objects, separated by commas.

    Written as text, because this is most of the bytes that a harvest reads.
    """
    name = json.dumps(series.name, ensure_ascii=False)
    values = (
        [f'"{value}"' for value in series.values]
        if series.plain
        else [json.dumps(value, ensure_ascii=False) for value in series.values]
    )
    contexts = {None: "null"} | {
        item: json.dumps(item, ensure_ascii=False) for item in set(series.contexts) if item
    }
    columns = zip(
        values,
        series.timestamps,
        series.steps,
        series.epochs,
        series.contexts,
        series.offsets,
        strict=True,
    )
    head = f'{{"metricName":{name},"metricValue":'
    return ",".join(
        [
            f'{head}{value},"timestamp":{time},"step":{"null" if step is None else step},'
            f'"epoch":{"null" if epoch is None else epoch},"runContext":{contexts[context]},'
            f'"offset":{offset}}}'
            for value, time, step, epoch, context, offset in columns
        ]
    )
