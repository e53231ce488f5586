"""Whole series of metrics that were sampled down, as the assets that hold them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from functools import lru_cache

from comet_async.server.records import Series
from comet_async.server.synthetic_series import Curve

__all__ = ["full_metric_parts", "part_name"]

_HEADER = ("value", "timestamp", "step", "epoch")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9\-+]+")
_WHEN = (2025, 1, 1, 0, 0, 0)


def part_name(metric: str, number: int) -> str:
    """Return the file name of one part; other characters than letters and digits are lost.

    Args:
        metric: Metric name.
        number: From 0, without leading zeros.
    """
    return f"{_NOT_IN_NAMES.sub('_', metric)}_{number}.csv.zip"


@lru_cache(maxsize=16)
def full_metric_parts(curve: Curve, parts: int) -> tuple[bytes, ...]:
    """Return all points of a curve as zip files of one CSV file each, in order of the points.

    Columns are value, timestamp in seconds, step and epoch.

    Args:
        curve: All points.
        parts: How many files.
    """
    series, count = curve.series(), curve.points
    bounds = [count * part // parts for part in range(parts + 1)]
    return tuple(
        _zipped(series, number, range(bounds[number], bounds[number + 1]))
        for number in range(parts)
    )


def _zipped(series: Series, number: int, chosen: range) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(
        (series.values[at], series.timestamps[at] / 1000, series.steps[at], series.epochs[at])
        for at in chosen
    )
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        name = part_name(series.name, number).removesuffix(".zip")
        archive.writestr(zipfile.ZipInfo(name, _WHEN), text.getvalue(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()
