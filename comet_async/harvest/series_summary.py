"""Smallest, largest and last value of series that are known to be whole: no request is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import Array, compute
from comet_async.harvest.rows import columns_of
from comet_async.harvest.schema import TABLES

__all__ = ["summary_from_series"]


def summary_from_series(key: str, rows: Batch, points: Mapping[str, int]) -> Batch | None:
    """Return the rows of `metric_summaries` of one experiment from its rows of `metrics`.

    Of equal values the first counts, as the series is ordered; the last value is that of the last
    point. Contexts are null: a chart has none. What the service makes of NaN, infinities and texts
    is its own affair, so a series with such a value is left to it.

    Args:
        key: Experiment key.
        rows: Rows of `metrics`, metric by metric.
        points: Points by metric, in that order.

    Returns:
        One row for each metric; None where a value is no finite number, or the rows are not in
        that order.
    """
    found: list[Mapping[str, object]] = []
    first = 0
    for metric, count in points.items():
        series = _Series(rows, first, count)
        first += count
        if not count or series.metrics() != [metric] or not series.plain():
            return None
        found.append({"experiment_key": key, "metric": metric, "source": "series", **series.row()})
    return batch(TABLES["metric_summaries"], columns_of("metric_summaries", found))


class _Series:
    """Rows of one metric."""

    def __init__(self, rows: Batch, first: int, count: int) -> None:
        self._rows = rows.slice(first, count)
        self._last = count - 1

    def _column(self, name: str) -> Array:
        return cast("Array", self._rows.column(name))

    def metrics(self) -> list[object]:
        """Return the names that are really there."""
        return cast("Array", compute().unique(self._column("metric"))).to_pylist()

    def plain(self) -> bool:
        """Tell whether every value is a finite number."""
        pc = compute()
        return bool(pc.all(pc.is_finite(self._column("value")), skip_nulls=False).as_py())

    def row(self) -> Mapping[str, object]:
        """Return what is told of the three values."""
        pc = compute()
        values = self._column("value")
        extremes = pc.min_max(values).as_py()
        row: dict[str, object] = {}
        for name in ("min", "max"):
            row.update(self._point(name, pc.index(values, extremes[name]).as_py()))
        return {**row, **self._point("last", self._last)}

    def _point(self, name: str, at: int) -> Mapping[str, object]:
        def cell(column: str) -> object:
            return self._column(column).slice(at, 1).to_pylist()[0]

        return {
            name: cell("value"),
            f"{name}_text": cell("value_text"),
            f"{name}_timestamp": cell("timestamp"),
            f"{name}_step": cell("step"),
        }
