"""The multi-metric chart: many experiments, some metrics, full or sampled.

Written as bytes, fragment by fragment: a harvest reads most of its points from here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from comet_async.server.limits import ChartLimits
from comet_async.server.number_texts import NumberTexts
from comet_async.server.numbers_text import number
from comet_async.server.records import Json, Run, Series
from comet_async.server.replies import ApiError
from comet_async.server.store import Store

__all__ = ["SAMPLED_POINTS", "Made", "Wanted", "chart"]

SAMPLED_POINTS = 500
"""Points per metric when the full series was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a chart shows of each experiment.

    Attributes:
        metrics: Metric names.
        parameters: Parameter names, None when none were asked for.
        full: All stored points rather than about 500.
        independent: Each metric keeps its own steps; otherwise the experiment gets one
            common list of steps as well.
    """

    metrics: Sequence[str]
    parameters: Sequence[str] | None = None
    full: bool = False
    independent: bool = True


@dataclass(slots=True)
class Made:
    """A count of the points that a chart holds so far."""

    points: int = 0


def chart(
    store: Store, keys: Sequence[str], wanted: Wanted, made: Made, limits: ChartLimits
) -> bytes:
    """Return the chart document.

    Args:
        store: Where the runs are; unknown keys are left out.
        keys: Experiment keys.
        wanted: What to show of each.
        made: Counts the points.
        limits: How many there may be.

    Raises:
        ApiError: There are more points than the limit.
    """
    parts: list[bytes] = []
    for key in dict.fromkeys(keys):
        run = store.run(key)
        entry = [] if run is None else _entry(run, wanted, made, limits)
        if entry:
            parts += (b"," if parts else b"", msgspec.json.encode(key), b":", *entry)
    empty = b"false" if parts else b"true"
    # Joined once: to copy megabytes at each level took half of the time.
    return b"".join([b'{"experiments":{', *parts, b'},"empty":', empty, b"}"])


def _entry(run: Run, wanted: Wanted, made: Made, limits: ChartLimits) -> list[bytes]:
    found: list[Series] = []
    for name in wanted.metrics:
        series = run.series(name)
        if series is not None:
            found.append(series if wanted.full else _sampled(series))
            made.points += len(found[-1].values)
            _check(made.points, limits)
    asked = wanted.parameters
    texts = {row.name: row.current.value for row in run.parameters() if row.name in (asked or ())}
    if not found and not texts:
        return []
    steps = () if wanted.independent else _common_steps(found)
    head = {
        "experimentKey": run.facts.key,
        "experimentName": run.facts.name,
        "steps": steps,
        "epochs": None,
    }
    parts = [msgspec.json.encode(head)[:-1], b',"metrics":[']
    for at, series in enumerate(found):
        parts += (b"," if at else b"", *_metric(series))
    tail = msgspec.json.encode(None if asked is None else texts)
    return [*parts, b'],"params":', tail, b"}"]


def _check(points: int, limits: ChartLimits) -> None:
    if limits.points is not None and points > limits.points:
        raise ApiError(limits.refusal, f"the chart has more than {limits.points} points")


def _common_steps(found: Sequence[Series]) -> list[int]:
    return sorted({step for series in found for step in series.steps if step is not None})


def _sampled(series: Series) -> Series:
    if len(series.values) <= SAMPLED_POINTS:
        return series
    last = len(series.values) - 1
    chosen = [at * last // (SAMPLED_POINTS - 1) for at in range(SAMPLED_POINTS)]
    return series.picked(chosen)


def _metric(series: Series) -> tuple[bytes, ...]:
    return (
        b'{"metricName":',
        msgspec.json.encode(series.name),
        b',"values":',
        _values(series.values),
        b',"steps":',
        _column(series.steps),
        b',"epochs":',
        _column(series.epochs),
        b',"timestamps":',
        _column(series.timestamps),
        b',"durations":',
        _column(_durations(series.timestamps)),
        b"}",
    )


def _durations(timestamps: Sequence[int]) -> Sequence[int]:
    if not timestamps:
        return ()
    first = timestamps[0]
    if isinstance(timestamps, range):
        return range(0, timestamps.stop - first, timestamps.step)
    return [time - first for time in timestamps]


def _column(column: Sequence[int | None]) -> bytes:
    return _range(column) if isinstance(column, range) else msgspec.json.encode(column)


@lru_cache(maxsize=64)
def _range(column: range) -> bytes:
    """Return a range as JSON: all series of one length or one run have the same."""
    return msgspec.json.encode([*column])


def _values(texts: Sequence[str]) -> bytes:
    """Return finite numbers as numbers, every other text as itself."""
    if isinstance(texts, NumberTexts):
        return texts.json
    try:
        numbers = [*map(float, texts)]
    except ValueError:
        numbers = [math.nan]
    if all(map(math.isfinite, numbers)):
        return msgspec.json.encode(numbers)
    return msgspec.json.encode([_value(text) for text in texts])


def _value(text: str) -> Json:
    value = number(text)
    return value if value is not None and math.isfinite(value) else text
