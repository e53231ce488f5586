"""Answers with one object per point, `get-all` and `get-metric`, as rows of `metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast

import msgspec

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import Array, ArrowType, arrow, compute, document
from comet_async.harvest.arrow_values import metric_batch, numbers_and_texts
from comet_async.harvest.columns import metric_columns
from comet_async.harvest.schema import TABLES

__all__ = ["PointRows", "point_rows"]


_LARGE = 64 * 1024
"""Bytes from which on Arrow, which takes about a millisecond for any body, gains something."""


class PointRows(msgspec.Struct, frozen=True):
    """The points of one experiment.

    Attributes:
        batch: Rows of `metrics`, in the server's order.
        points: Number of points by metric name.
    """

    batch: Batch
    points: Mapping[str, int]


class _Checked(msgspec.Struct, frozen=True):
    """As `MetricSeries`, its points checked to be JSON and not decoded."""

    metrics: msgspec.Raw


def point_rows(body: bytes, key: str) -> PointRows:
    """Return the rows of an answer of `get_all_experiment_metrics` or `get_experiment_metric`.

    Synchronous, for a worker thread: the points are parsed without the GIL. A body that Arrow does
    not read, or may read differently, or that is small, is decoded as `MetricSeries`: the rows are
    the same.

    Args:
        body: The answer, which is no message in place of data.
        key: Experiment key.

    Raises:
        DecodeError: The body is not what the endpoint promises.
    """
    if len(body) >= _LARGE:
        found = _parsed(body, only_known=True) or _parsed_with_unknown(body)
        rows = None if found is None else _rows(key, found)
        if rows is not None:
            return rows
    answer = decode(body, comet.MetricSeries)
    counts = Counter(point.metric_name for point in answer.metrics)
    return PointRows(batch(TABLES["metrics"], metric_columns(key, answer)), dict(counts))


def _parsed(body: bytes, *, only_known: bool) -> Array | None:
    """Return the list of points, or None where Arrow does not read it."""
    found = document(body, {"metrics": _points()}, only_known=only_known)
    return None if found is None else found["metrics"]


def _parsed_with_unknown(body: bytes) -> Array | None:
    """Return the list of points, which may have members that we do not know.

    Arrow checks what it skips less than we do, so that is checked before.

    Raises:
        DecodeError: The body is no JSON object with points.
    """
    points = decode(body, _Checked).metrics
    return _parsed(b'{"metrics":%b}' % bytes(points), only_known=False)


def _points() -> ArrowType:
    pa = arrow()
    text, whole = pa.string(), pa.int64()
    members = {
        "metricName": text,
        "metricValue": text,
        "timestamp": whole,
        "step": whole,
        "epoch": whole,
        "runContext": text,
        "offset": whole,
    }
    return cast("ArrowType", pa.list_(pa.struct(list(members.items()))))


def _rows(key: str, metrics: Array) -> PointRows | None:
    """Return the rows, or None where a point or its name is missing."""
    points = metrics.flatten()
    names = points.field("metricName")
    if metrics.null_count or points.null_count or names.null_count:
        return None
    values, texts = numbers_and_texts(points.field("metricValue"))
    columns = {
        "metric": names,
        "context": points.field("runContext"),
        "step": points.field("step"),
        "epoch": points.field("epoch"),
        "timestamp": points.field("timestamp"),
        "value": values,
        "value_text": texts,
        "offset": points.field("offset"),
    }
    counts = compute().value_counts(names)
    found = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    return PointRows(metric_batch(key, columns), dict(found))
