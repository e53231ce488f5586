"""The multi-metric chart: many experiments, some metrics, full or sampled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from comet_async.server.numbers_text import number
from comet_async.server.records import Json, JsonObject, Run, Series
from comet_async.server.store import Store

__all__ = ["SAMPLED_POINTS", "chart"]

SAMPLED_POINTS = 500
"""Points per metric when the full series was not asked for."""

T = TypeVar("T")


def chart(
    store: Store,
    keys: Sequence[str],
    metrics: Sequence[str],
    parameters: Sequence[str] | None,
    *,
    full: bool,
    independent: bool,
) -> JsonObject:
    """Return the chart document.

    Args:
        store: Where the runs are; unknown keys are left out.
        keys: Experiment keys.
        metrics: Metric names.
        parameters: Parameter names, None when none were asked for.
        full: All stored points rather than about 500.
        independent: Each metric keeps its own steps; otherwise the experiment gets one
            common list of steps as well.
    """
    experiments: JsonObject = {}
    for key in dict.fromkeys(keys):
        run = store.run(key)
        if run is None:
            continue
        entry = _entry(run, metrics, parameters, full=full, independent=independent)
        if entry is not None:
            experiments[key] = entry
    return {"experiments": experiments, "empty": not experiments}


def _entry(
    run: Run,
    metrics: Sequence[str],
    parameters: Sequence[str] | None,
    *,
    full: bool,
    independent: bool,
) -> JsonObject | None:
    found = [series for name in metrics if (series := run.series(name)) is not None]
    if not full:
        found = [_sampled(series) for series in found]
    texts: JsonObject = {
        row.name: row.current.value for row in run.parameters() if row.name in (parameters or ())
    }
    if not found and not texts:
        return None
    steps = {step for series in found for step in series.steps if step is not None}
    return {
        "experimentKey": run.facts.key,
        "experimentName": run.facts.name,
        "steps": [] if independent else [*sorted(steps)],
        "epochs": None,
        "metrics": [_metric(series) for series in found],
        "params": None if parameters is None else texts,
    }


def _sampled(series: Series) -> Series:
    if len(series.values) <= SAMPLED_POINTS:
        return series
    last = len(series.values) - 1
    chosen = [at * last // (SAMPLED_POINTS - 1) for at in range(SAMPLED_POINTS)]
    return Series(
        series.name,
        _pick(series.values, chosen),
        _pick(series.steps, chosen),
        _pick(series.epochs, chosen),
        _pick(series.timestamps, chosen),
        _pick(series.contexts, chosen),
        _pick(series.offsets, chosen),
        series.plain,
    )


def _pick(column: Sequence[T], chosen: Sequence[int]) -> list[T]:
    return [column[at] for at in chosen]


def _metric(series: Series) -> JsonObject:
    first = series.timestamps[0] if series.timestamps else 0
    return {
        "metricName": series.name,
        "values": [_value(text) for text in series.values],
        "steps": [*series.steps],
        "epochs": [*series.epochs],
        "timestamps": [*series.timestamps],
        "durations": [time - first for time in series.timestamps],
    }


def _value(text: str) -> Json:
    """Return a number where the text is a finite one, the text itself otherwise."""
    value = number(text)
    return value if value is not None and math.isfinite(value) else text
