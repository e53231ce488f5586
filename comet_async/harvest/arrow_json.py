"""Bodies of Comet's answers to Arrow record batches, without a Python object per point.

Pure and synchronous, for a worker thread: most of the time is spent without the GIL, so the event
loop goes on. The caller asks for bodies by `request.returning(bytes)`; the session has then seen
already that they are neither a message nor a page.
"""

from __future__ import annotations

from collections.abc import Mapping

from comet_async.comet.common import number
from comet_async.harvest.arrow_chart import ChartRows, ExperimentRows, chart_rows
from comet_async.harvest.arrow_points import PointRows, point_rows
from comet_async.harvest.columns import Columns
from comet_async.harvest.schema import TABLES

__all__ = [
    "ChartRows",
    "ExperimentRows",
    "PointRows",
    "chart_rows",
    "parameter_rows",
    "point_rows",
]


def parameter_rows(key: str, texts: Mapping[str, str]) -> Columns:
    """Return the rows of `parameters` of one experiment from a chart's texts.

    A chart tells the last value only: times, steps, contexts and extremes are null.

    Args:
        key: Experiment key.
        texts: Text by name, as `ExperimentRows.parameters`.
    """
    known: dict[str, list[object]] = {
        "experiment_key": [key] * len(texts),
        "name": [*texts],
        "value": [*texts.values()],
        "number": [number(text) for text in texts.values()],
    }
    nothing: list[object] = [None] * len(texts)
    return {c.name: known.get(c.name, nothing) for c in TABLES["parameters"].columns}
