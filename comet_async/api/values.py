"""The values that experiments have in the columns of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias, cast

from comet_async import comet
from comet_async.engine.session import Session
from comet_async.request import Request

__all__ = ["Values", "column_values"]

Values: TypeAlias = Mapping[str, object]
"""Values of one experiment by the id of the column; what it lacks is None."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = frozenset({"double", "timenumber"})


async def column_values(
    session: Session, experiments: Sequence[comet.Experiment], columns: Sequence[comet.Column]
) -> dict[str, Values]:
    """Return what experiments have in columns.

    Args:
        session: An open session with the Comet service.
        experiments: The experiments, as they are listed; each takes a request for each source but
            the metadata.
        columns: The columns.

    Returns:
        For each key, one value for each column, by the column's id. Of metrics it is the last
        value; of metadata, what the listing of experiments tells.

    Raises:
        CometAsyncError: As `Session.send` does.
    """
    asked = [source for source in _READERS if any(c.source == source for c in columns)]
    answers = await session.collect(
        ((experiment.experiment_key, source), _READERS[source][0](experiment.experiment_key))
        for experiment in experiments
        for source in asked
    )
    for error in answers.failed.values():
        raise error
    found: dict[str, Values] = {}
    for experiment in experiments:
        key = experiment.experiment_key
        of = {source: _READERS[source][1](answers.ok[key, source]) for source in asked}
        of["metadata"] = _metadata(experiment)
        found[key] = {
            column.id: _typed(of.get(column.source or "", {}).get(column.name or ""), column.type)
            for column in columns
        }
    return found


def _typed(value: object, kind: str | None) -> object:
    """Return a value that came as text as what its column says it is."""
    if not isinstance(value, str):
        return value
    if kind in _NUMBERS:
        number = comet.number(value)
        return value if number is None else number
    if kind == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return value


def _summaries(answer: object) -> Values:
    rows = cast("comet.ValueSummaries", answer).values
    return {row.name: row.value_current for row in rows}


def _details(answer: object) -> Values:
    details = cast("comet.SystemDetails", answer)
    return {name: getattr(details, name) for name in details.__struct_fields__}


_Ask: TypeAlias = Callable[[str], Request[object]]

_READERS: Mapping[str, tuple[_Ask, Callable[[object], Values]]] = MappingProxyType(
    {
        "metrics": (cast("_Ask", comet.get_experiment_metrics_summary), _summaries),
        "params": (cast("_Ask", comet.get_experiment_parameters), _summaries),
        "log_other": (cast("_Ask", comet.get_experiment_others), _summaries),
        "env_details": (cast("_Ask", comet.get_experiment_system_details), _details),
    }
)
"""For each source: what asks for it, and what reads the answer."""


def _moment(millis: int | None) -> datetime | None:
    try:
        return None if millis is None else _EPOCH + timedelta(milliseconds=millis)
    except OverflowError:
        return None


def _seconds(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000


def _metadata(experiment: comet.Experiment) -> Values:
    return {
        "experimentKey": experiment.experiment_key,
        "runId": experiment.experiment_key,
        "duration": _seconds(experiment.duration_millis),
        "start_server_timestamp": _moment(experiment.start_time_millis),
        "end_server_timestamp": _moment(experiment.end_time_millis),
        "file_name": experiment.file_name,
        "file_path": experiment.file_path,
        "user_name": experiment.user_name,
        "optimizationId": experiment.optimization_id,
        "runActive": experiment.running,
    }
