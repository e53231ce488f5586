"""Views over the tables of a lake in which experiments and jobs look alike."""

from __future__ import annotations

from comet_async.report_page.questions import Questions

__all__ = ["ready"]

_FINITE = "CASE WHEN isfinite({0}) THEN {0} END"


def ready(ask: Questions, *, domino: bool) -> None:
    """Give the runs, their values and their parameters names that both services share."""
    if domino:
        _ready_jobs(ask)
    else:
        _ready_experiments(ask)
    finite = ", ".join(f"{_FINITE.format(name)} AS {name}" for name in ("low", "high", "last"))
    ask.keep("page_value", f"SELECT key, metric, {finite} FROM page_raw")


def _ready_experiments(ask: Questions) -> None:
    listed = ask.some(
        "experiments",
        {
            "experiment_key": "VARCHAR", "experiment_name": "VARCHAR", "project_name": "VARCHAR",
            "start_time": "TIMESTAMPTZ", "duration_ms": "DOUBLE", "archived": "BOOLEAN",
            "running": "BOOLEAN", "has_crashed": "BOOLEAN",
        },
    )  # fmt: skip
    told = (
        "SELECT experiment_key AS key, experiment_name AS name, project_name AS project,"
        " CASE WHEN running THEN 'running' WHEN has_crashed THEN 'crashed'"
        " WHEN running IS NOT NULL OR has_crashed IS NOT NULL THEN 'finished' END AS state,"
        f" archived, epoch(start_time) AS started, duration_ms / 1000 AS seconds FROM ({listed})"
    )
    others = [
        f"SELECT experiment_key AS key FROM {table}"
        for table in ("parameters", "metric_series", "metric_summaries", "tags", "metrics")
        if ask.has(table)
    ]
    if not ask.has("experiments") and others:
        keys = " UNION ".join(others)
        told += f" UNION ALL BY NAME SELECT DISTINCT key FROM ({keys}) WHERE key IS NOT NULL"
    ask.keep("page_run", told)
    ask.view(
        "page_parameter",
        "SELECT experiment_key AS key, name, value FROM ("
        + ask.some(
            "parameters", {"experiment_key": "VARCHAR", "name": "VARCHAR", "value": "VARCHAR"}
        )
        + ")",
    )
    columns = {"experiment_key": "VARCHAR", "metric": "VARCHAR"}
    if ask.has("metric_summaries"):
        numbers = dict.fromkeys(("min", "max", "last"), "DOUBLE")
        source = ask.some("metric_summaries", {**columns, **numbers})
        values = (
            'SELECT experiment_key AS key, metric, "min" AS low, "max" AS high, "last"'
            f" FROM ({source})"
        )
    else:
        source = ask.some("metrics", {**columns, "value": "DOUBLE", "offset": "BIGINT"})
        values = (
            "SELECT experiment_key AS key, metric, min(value) AS low, max(value) AS high,"
            ' last(value ORDER BY "offset") AS last'
            f" FROM ({source}) WHERE isfinite(value) GROUP BY ALL"
        )
    ask.view("page_raw", values)


def _ready_jobs(ask: Questions) -> None:
    text = "VARCHAR"
    jobs = ask.some(
        "domino_jobs",
        {
            "job_id": text, "project_id": text, "number": "BIGINT", "title": text,
            "execution_status": text, "is_archived": "BOOLEAN", "git_ref": text,
            "started_by_id": text, "command": text,
        },
    )  # fmt: skip
    times = ask.some(
        "domino_job_stage_times",
        {
            "job_id": text, "submitted": "TIMESTAMPTZ", "started": "TIMESTAMPTZ",
            "completed": "TIMESTAMPTZ",
        },
    )  # fmt: skip
    projects = ask.some("domino_projects", {"project_id": text, "project_name": text})
    ask.keep(
        "page_run",
        "SELECT j.job_id AS key, coalesce(nullif(j.title, ''), 'job ' || j.number) AS name,"
        " coalesce(p.project_name, j.project_id) AS project, j.execution_status AS state,"
        " j.is_archived AS archived, epoch(coalesce(t.started, t.submitted)) AS started,"
        " epoch(t.completed) - epoch(t.started) AS seconds"
        f" FROM ({jobs}) j LEFT JOIN ({times}) t USING (job_id)"
        f" LEFT JOIN (SELECT DISTINCT * FROM ({projects})) p ON p.project_id = j.project_id",
    )
    ask.view(
        "page_parameter",
        "SELECT job_id AS key, unnest(['command', 'git reference']) AS name,"
        f" unnest([command, git_ref]) AS value FROM ({jobs})",
    )
    statistics = ask.some(
        "domino_job_statistics", {"job_id": text, "name": text, "number": "DOUBLE"}
    )
    ask.view(
        "page_raw",
        "SELECT job_id AS key, name AS metric, number AS low, number AS high, number AS last"
        f" FROM ({statistics})",
    )
