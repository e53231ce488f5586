"""pandas frames of metrics; pandas is an extra and imported when a frame is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from comet_async import comet
from comet_async.api.core import Core
from comet_async.comet.common import Cell, number
from comet_async.extras import extra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["chart_frame", "full_series"]

_SERIES = ("value", "timestamp", "step", "epoch")
_STEPS = 100
_MS = 1000.0


async def full_series(
    core: Core, key: str, metric: str, assets: Sequence[comet.Asset], *, fallback: bool
) -> pd.DataFrame | None:
    """Return one metric whole: of its assets, else, with `fallback`, of the stored points."""
    from comet_async.harvest.full_metrics import (  # noqa: PLC0415  brings the whole harvest
        full_metric_parts,
        full_metric_rows,
    )

    frames = extra("pandas")
    parts = full_metric_parts(assets, [metric]).get(metric, [])
    rows: Mapping[str, Sequence[object]]
    if parts:
        blobs = await core.send_each(
            (part, comet.get_experiment_asset(part, experiment_key=key)) for part in parts
        )
        found = full_metric_rows(key, metric, [blobs[part].data for part in parts])
        seconds = [None if ms is None else cast("int", ms) / _MS for ms in found["timestamp"]]
        rows = {
            "value": found["value"],
            "timestamp": seconds,
            "step": found["step"],
            "epoch": found["epoch"],
        }
    elif fallback:
        points = (await core.send(comet.get_experiment_metric(key, metric))).metrics
        rows = {
            "value": [math.nan if point.value is None else point.value for point in points],
            "timestamp": [None if p.timestamp is None else p.timestamp / _MS for p in points],
            "step": [point.step for point in points],
            "epoch": [point.epoch for point in points],
        }
    else:
        return None
    if not rows["value"]:
        return None
    frame: pd.DataFrame = frames.DataFrame(rows, columns=list(_SERIES))
    frame["datetime"] = frames.to_datetime(frame["timestamp"], unit="s")
    frame["duration"] = frame["timestamp"].diff()
    return frame


def chart_frame(
    charts: Mapping[str, comet.ChartExperiment],
    metrics: Sequence[str],
    x_axis: str,
    *,
    interpolate: bool,
) -> pd.DataFrame:
    """Return metrics of several experiments, a row for each experiment and place on the axis.

    Args:
        charts: By experiment key.
        metrics: Names of the columns.
        x_axis: "step", "epoch" or "duration".
        interpolate: Whether gaps between values are filled linearly, at the places of all
            experiments (100 even ones of a duration).
    """
    frames = extra("pandas")
    columns = ["experiment_key", "experiment_name", x_axis, *metrics]
    rows = [row for chart in charts.values() for row in _rows(chart, metrics, x_axis)]
    frame: pd.DataFrame = frames.DataFrame(rows, columns=columns)
    if frame.empty:
        return frame
    frame = frame.groupby(["experiment_key", x_axis]).last().reset_index()[columns]
    return _interpolated(frame, metrics, x_axis) if interpolate else frame


def _rows(
    chart: comet.ChartExperiment, metrics: Sequence[str], x_axis: str
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for metric in chart.metrics:
        if metric.metric_name not in metrics:
            continue
        places = cast("list[int | None]", getattr(metric, f"{x_axis}s"))
        for place, value in zip(places, metric.values, strict=False):
            row: dict[str, object] = {
                "experiment_key": chart.experiment_key,
                "experiment_name": chart.experiment_name,
                metric.metric_name: _cell(value),
                x_axis: place,
            }
            rows.append(row)
    return rows


def _cell(value: Cell) -> Cell:
    read = number(value)
    return value if read is None else read


def _interpolated(frame: pd.DataFrame, metrics: Sequence[str], x_axis: str) -> pd.DataFrame:
    """Return every experiment at the places of all; beyond its own first and last it has none."""
    frames = extra("pandas")
    places = sorted(set(frame[x_axis].dropna()))
    if x_axis == "duration":
        first, width = places[0], places[-1] - places[0]
        places = [first + width * index / (_STEPS - 1) for index in range(_STEPS)]
    parts: list[pd.DataFrame] = []
    for key, own in frame.groupby("experiment_key"):
        at = own.set_index(x_axis)
        part = frames.DataFrame({x_axis: places})
        for metric in metrics:
            column = at[metric].dropna()
            if frames.api.types.is_numeric_dtype(column):
                whole = column.reindex(sorted({*column.index, *places}))
                column = whole.interpolate(method="index", limit_area="inside")
            part[metric] = column.reindex(places).to_numpy()
        part["experiment_key"] = key
        part["experiment_name"] = own["experiment_name"].iloc[0]
        parts.append(part)
    joined: pd.DataFrame = frames.concat(parts, ignore_index=True)
    return joined[["experiment_key", "experiment_name", x_axis, *metrics]]
