"""The runs of a lake, experiments or jobs, with their values: who is best, by what, with what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from comet_async.report_page.choosing import (
    Direction,
    MetricTold,
    ParameterTold,
    chosen_metric,
    guessed_direction,
    key_metrics,
    telling_parameters,
)
from comet_async.report_page.questions import Questions, Row

__all__ = [
    "ProjectTold",
    "Ranking",
    "Run",
    "projects_of",
    "ranking_of",
    "runs_by_state",
    "spread",
]

_KEY_METRICS = 3
_PARAMETERS = 6
_METRICS = 5_000
_PROJECTS = 50
_ACROSS = 300


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run with what the page tells of it.

    Attributes:
        key: Its key or id.
        name: Its name; None if it has none.
        project: Its project.
        state: As `finished`, or the service's own word.
        archived: Whether it is archived.
        started: When it began, seconds since 1970 UTC.
        seconds: How long it took.
        best: Its best value of the metric of the ranking.
        last: The last value of that metric.
        metrics: Last values of further metrics, in the ranking's order.
        parameters: Values of parameters, in the ranking's order.
    """

    key: str
    name: str | None
    project: str | None
    state: str | None
    archived: bool
    started: float | None
    seconds: float | None
    best: float | None = None
    last: float | None = None
    metrics: tuple[float | None, ...] = ()
    parameters: tuple[str | None, ...] = ()


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The best runs.

    Attributes:
        metric: The metric that they are ranked by; None where there is none: the newest come first.
        best: Which value is the best one.
        metric_guessed: Whether nobody chose the metric.
        best_guessed: Whether nobody chose the direction.
        best_told: Whether the metric's name tells it.
        metrics: Further metrics that are shown.
        parameters: Parameters that are shown.
        drawable: Those of them whose values can stand on an axis.
        runs: The best runs, the best first.
        ranked: Runs that have a finite value of the metric.
        total: All runs.
        known: All metrics, those of most runs first.
    """

    metric: str | None
    best: Direction
    metric_guessed: bool
    best_guessed: bool
    best_told: bool
    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    drawable: tuple[str, ...]
    runs: tuple[Run, ...]
    ranked: int
    total: int
    known: tuple[MetricTold, ...]


class ProjectTold(msgspec.Struct, frozen=True, kw_only=True):
    """A project with its runs.

    Attributes:
        name: Its name; None for runs of which no table tells a project.
        runs: Its runs.
        running: Runs that were under way when they were listed.
        bad: Runs that crashed or failed.
        first: When the first of them began, seconds since 1970 UTC.
        last: When the last of them began.
    """

    name: str | None
    runs: int
    running: int
    bad: int
    first: float | None
    last: float | None


_BAD_STATES = "('crashed', 'failed', 'error', 'stopped')"
_RUNNING_STATES = "('running', 'queued', 'pending', 'submitted', 'preparing', 'building')"


def runs_by_state(ask: Questions) -> dict[str, int]:
    """Return how many runs are in which state, the most frequent first."""
    found = ask.rows(
        "SELECT coalesce(state, 'unknown'), count(*) FROM page_run GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return {str(state): int(str(runs)) for state, runs in found}


def projects_of(ask: Questions) -> tuple[ProjectTold, ...]:
    """Return the projects with most runs."""
    found = ask.rows(
        "SELECT project, count(*), count(*) FILTER (lower(state) IN "
        f"{_RUNNING_STATES}), count(*) FILTER (lower(state) IN {_BAD_STATES}),"
        " min(started), max(started) FROM page_run GROUP BY 1 ORDER BY 2 DESC, 1"
        f" LIMIT {_PROJECTS}"
    )
    return tuple(
        msgspec.convert(
            dict(zip(("name", "runs", "running", "bad", "first", "last"), row, strict=True)),
            ProjectTold,
        )
        for row in found
    )


def ranking_of(ask: Questions, *, metric: str | None, best: Direction | None, top: int) -> Ranking:
    """Return the best runs.

    Args:
        ask: The lake, made `ready`.
        metric: What they are ranked by; None to guess.
        best: Which value is the best one; None to guess.
        top: How many.

    Raises:
        UsageError: There is no such metric.
    """
    known = _metrics(ask)
    chosen = chosen_metric(known, metric)
    guessed = None if chosen is None else guessed_direction(chosen)
    way = best or guessed or "highest"
    others = key_metrics(known, chosen, _KEY_METRICS)
    ranked = _ranked(ask, chosen)
    told = telling_parameters(_parameters(ask, chosen), ranked, _PARAMETERS)
    names = [parameter.name for parameter in told]
    rows = _rows(ask, chosen, way, f"LIMIT {int(top)}")
    return Ranking(
        metric=chosen,
        best=way,
        metric_guessed=metric is None,
        best_guessed=best is None,
        best_told=guessed is not None,
        metrics=tuple(others),
        parameters=tuple(names),
        drawable=tuple(parameter.name for parameter in told if parameter.drawable),
        runs=_whole(ask, rows, others, names),
        ranked=ranked,
        total=ask.count("SELECT count(*) FROM page_run"),
        known=tuple(known),
    )


def spread(ask: Questions, ranking: Ranking) -> tuple[Run, ...]:
    """Return runs from the best to the worst, evenly drawn where there are many."""
    if ranking.metric is None:
        return ()
    each = max(1, -(-ranking.ranked // _ACROSS))
    rows = _rows(ask, ranking.metric, ranking.best, f"QUALIFY (place - 1) % {each} = 0")
    rows = [row for row in rows if row[7] is not None]
    return _whole(ask, rows, (), ranking.drawable)


def _metrics(ask: Questions) -> list[MetricTold]:
    found = ask.rows(
        "SELECT metric, count(DISTINCT key), min(least(low, high, last)),"
        " max(greatest(low, high, last)) FROM page_value"
        " WHERE metric IS NOT NULL AND metric NOT LIKE 'sys.%'"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_METRICS}"
    )
    return [
        MetricTold(
            name=str(name),
            runs=int(str(runs)),
            low=cast("float | None", low),
            high=cast("float | None", high),
        )
        for name, runs, low, high in found
    ]


def _ranked(ask: Questions, metric: str | None) -> int:
    if metric is None:
        return 0
    return ask.count(
        "SELECT count(DISTINCT key) FROM page_value WHERE metric = ?"
        " AND coalesce(low, high, last) IS NOT NULL",
        metric,
    )


def _parameters(ask: Questions, metric: str | None) -> list[ParameterTold]:
    """Return the parameters that differ among the runs that are ranked."""
    chosen = "" if metric is None else "WHERE key IN (SELECT key FROM page_value WHERE metric = ?)"
    found = ask.rows(
        "SELECT name, count(DISTINCT key), count(DISTINCT value),"
        f" bool_and(try_cast(value AS DOUBLE) IS NOT NULL), max(length(value))"
        f" FROM page_parameter {chosen}"
        " GROUP BY 1 HAVING count(DISTINCT value) > 1 AND name IS NOT NULL ORDER BY 2 DESC, 1"
        f" LIMIT {_METRICS}",
        *([] if metric is None else [metric]),
    )
    return [
        ParameterTold(
            name=str(name),
            runs=int(str(runs)),
            values=int(str(values)),
            numeric=bool(numeric),
            longest=int(str(longest or 0)),
        )
        for name, runs, values, numeric, longest in found
    ]


def _rows(ask: Questions, metric: str | None, best: Direction, end: str) -> list[Row]:
    """Return the runs in their order: key to seconds, the best and the last value."""
    columns = "r.key, name, project, state, archived, started, seconds"
    if metric is None:
        return ask.rows(
            f"SELECT {columns}, NULL::DOUBLE, NULL::DOUBLE,"
            " row_number() OVER (ORDER BY started DESC NULLS LAST, r.key) AS place"
            f" FROM page_run r ORDER BY place {end}"
        )
    side, way = ("low", "ASC") if best == "lowest" else ("high", "DESC")
    query = (
        f"SELECT {columns}, v.best, v.last,"
        f" row_number() OVER (ORDER BY v.best {way} NULLS LAST, r.key) AS place"
        f" FROM page_run r JOIN (SELECT key, arg_{'min' if way == 'ASC' else 'max'}"
        f"(last, coalesce({side}, last)) AS last,"
        f" {'min' if way == 'ASC' else 'max'}(coalesce({side}, last)) AS best"
        " FROM page_value WHERE metric = ? GROUP BY 1) v ON v.key = r.key"
    )
    if end.startswith("QUALIFY"):
        return ask.rows(f"{query} {end} ORDER BY place", metric)
    return ask.rows(f"{query} ORDER BY place {end}", metric)


def _whole(
    ask: Questions, rows: Sequence[Row], metrics: Sequence[str], parameters: Sequence[str]
) -> tuple[Run, ...]:
    """Return runs with their metrics and parameters."""
    keys = [str(row[0]) for row in rows]
    last = _looked_up(ask, "SELECT key, metric, last FROM page_value", "metric", keys, metrics)
    values = _looked_up(
        ask, "SELECT key, name, value FROM page_parameter", "name", keys, parameters
    )
    return tuple(
        Run(
            key=str(row[0]),
            name=cast("str | None", row[1]),
            project=cast("str | None", row[2]),
            state=cast("str | None", row[3]),
            archived=bool(row[4]),
            started=cast("float | None", row[5]),
            seconds=cast("float | None", row[6]),
            best=cast("float | None", row[7]),
            last=cast("float | None", row[8]),
            metrics=tuple(cast("float | None", last.get((str(row[0]), name))) for name in metrics),
            parameters=tuple(
                cast("str | None", values.get((str(row[0]), name))) for name in parameters
            ),
        )
        for row in rows
    )


def _looked_up(
    ask: Questions, query: str, column: str, keys: Sequence[str], names: Sequence[str]
) -> dict[tuple[str, str], object]:
    """Return values by key and name."""
    if not keys or not names:
        return {}
    found = ask.rows(
        f"{query} WHERE list_contains(?, key) AND list_contains(?, {column})",
        list(keys),
        list(names),
    )
    return {(str(key), str(name)): value for key, name, value in found}
