"""The points of a curve as they can be drawn: placed, smoothed, thinned out, and counted."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from comet_async.charts.curves import Curve
from comet_async.charts.options import XAxis

__all__ = ["Point", "Points", "decimated", "placed", "smoothed"]

Point: TypeAlias = tuple[float, float | None]
"""A place on the x axis and a value; a value of None is a gap in the line."""


class Points(msgspec.Struct, frozen=True):
    """What can be drawn of a curve, and what cannot.

    Attributes:
        points: By place, those at one place in the order in which they were logged.
        left_out: How many points cannot be drawn, by the reason in words.
        turns: How many points stood before the one logged before them.
    """

    points: tuple[Point, ...]
    left_out: Counter[str]
    turns: int = 0

    @property
    def drawn(self) -> list[tuple[float, float]]:
        """The points that have a value."""
        return [(x, y) for x, y in self.points if y is not None]


_WITHOUT = {
    "step": "without a step",
    "epoch": "without an epoch",
    "duration": "without a time",
    "time": "without a time",
}


def places_of(curve: Curve, x: XAxis) -> Sequence[float | None]:
    """Return the places of a curve's points on an axis."""
    if x == "step":
        return curve.steps
    if x == "epoch":
        return curve.epochs
    return curve.durations if x == "duration" else curve.timestamps


def placed(curve: Curve, x: XAxis, *, log_x: bool = False, log_y: bool = False) -> Points:
    """Return the points of a curve at their places on an axis.

    A value that cannot be drawn leaves a gap; a point without a place leaves nothing. Both are
    counted.

    Args:
        curve: The curve.
        x: The axis.
        log_x: Whether places are on a log axis, which has none at zero and below.
        log_y: Whether values are on one.
    """
    found: list[Point] = []
    left_out: Counter[str] = Counter()
    turns, last = 0, -math.inf
    for place, value in zip(places_of(curve, x), curve.values, strict=True):
        if place is None:
            left_out[_WITHOUT[x]] += 1
            continue
        if log_x and place <= 0:
            left_out[f"at a {x} of 0 or below on the log axis"] += 1
            continue
        reason = _undrawable(value, log=log_y)
        if reason:
            left_out[reason] += 1
        turns += place < last
        last = place
        found.append((place, None if reason else value))
    found.sort(key=lambda point: point[0])
    return Points(tuple(found), left_out, turns)


def _undrawable(value: float | None, *, log: bool) -> str:
    if value is None:
        return "that are no number"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinite"
    return "of 0 or below on the log axis" if log and value <= 0 else ""


def smoothed(points: Sequence[Point], weight: float) -> list[Point]:
    """Return an exponential moving average, corrected for its start at zero as TensorBoard does.

    s[n] = weight * s[n - 1] + (1 - weight) * y[n], divided by 1 - weight ** n. Gaps stay gaps, and
    the average goes on behind them.

    Args:
        points: The points.
        weight: Weight of the past, from 0 to below 1; 0 changes nothing.

    >>> smoothed([(0, 1.0), (1, 3.0)], 0.5)
    [(0, 1.0), (1, 2.3333333333333335)]
    """
    if not weight:
        return [*points]
    found: list[Point] = []
    average, share = 0.0, 0.0
    for place, value in points:
        if value is None:
            found.append((place, None))
            continue
        average = weight * average + (1 - weight) * value
        share = weight * share + (1 - weight)
        found.append((place, average / share))
    return found


def decimated(points: Sequence[Point], limit: int, *, log_x: bool = False) -> list[Point]:
    """Return at most `limit` points that look the same.

    The axis is cut into buckets of one width; of each the smallest and the largest point stay, and
    one gap if it has any, in their order, and so do both ends. So no extreme is lost.

    Args:
        points: The points, by place.
        limit: Points to keep, at least 5; fewer points than that stay as they are.
        log_x: Whether the buckets have one width on a log axis.
    """
    if len(points) <= limit:
        return [*points]
    known = [index for index, point in enumerate(points) if point[1] is not None]
    most = 2 if len(known) == len(points) else 3
    buckets = max(1, (limit - 2) // most)
    scale = math.log if log_x else float
    first, last = scale(points[0][0]), scale(points[-1][0])
    edges = [first + (last - first) * (n / buckets) for n in range(1, buckets)]
    members: list[list[int]] = [[] for _ in range(buckets)]
    for index, (place, _) in enumerate(points):
        members[bisect_right(edges, scale(place))].append(index)
    kept = {index for bucket in members for index in _kept(points, bucket)}
    kept.update(known[:1], known[-1:])
    return [points[index] for index in sorted(kept)]


def _kept(points: Sequence[Point], bucket: Sequence[int]) -> set[int]:
    """Return the indexes of a bucket's smallest and largest point, and of its first gap."""
    values = [(value, index) for index in bucket if (value := points[index][1]) is not None]
    gaps = [index for index in bucket if points[index][1] is None]
    kept = {*gaps[:1]}
    if values:
        kept |= {min(values, key=_value)[1], max(values, key=_value)[1]}
    return kept


def _value(found: tuple[float, int]) -> float:
    return found[0]
