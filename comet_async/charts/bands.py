"""The middle of a group of curves and a band around it, on places that they share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from comet_async.charts.options import Band
from comet_async.charts.points import Point

__all__ = ["Middle", "grid", "middle", "values_at"]

_PLACES = 200


class Middle(msgspec.Struct, frozen=True, kw_only=True):
    """The middle of a group at one place.

    Attributes:
        place: The place on the x axis.
        count: How many curves have a value there.
        value: Mean or median.
        low: Lower edge of the band.
        high: Upper edge.
        lowest: Lower edge of the wider band; None where there is no wider one.
        highest: Upper edge of the wider band.
    """

    place: float
    count: int
    value: float
    low: float
    high: float
    lowest: float | None = None
    highest: float | None = None


def grid(curves: Iterable[Sequence[Point]], *, log_x: bool = False) -> list[float]:
    """Return places that curves share: all of theirs if these are at most 200, else 200 even ones.

    Args:
        curves: Points of each curve, by place.
        log_x: Whether the places are even on a log axis.
    """
    places = sorted({place for points in curves for place, value in points if value is not None})
    if len(places) <= _PLACES:
        return places
    first, last = places[0], places[-1]
    if log_x:
        first, last = math.log(first), math.log(last)
    even = [first + (last - first) * (n / (_PLACES - 1)) for n in range(_PLACES)]
    if log_x:
        even = [math.exp(place) for place in even]
    even[0], even[-1] = places[0], places[-1]
    return even


def values_at(points: Sequence[Point], places: Sequence[float]) -> list[float | None]:
    """Return a curve at other places, on straight lines between its points.

    Args:
        points: Its points, by place; of several at one place the last counts.
        places: Where to look, in order.

    Returns:
        A value for each place; None before its first point, behind its last, and within gaps.
    """
    known = [*dict(points).items()]
    pairs = [*pairwise(known), (known[-1], known[-1])]
    found: list[float | None] = []
    at = 0
    for place in places:
        while at < len(pairs) - 1 and pairs[at][1][0] < place:
            at += 1
        found.append(_between(*pairs[at], place))
    return found


def _between(first: Point, second: Point, place: float) -> float | None:
    (left, low), (right, high) = first, second
    if place == left:
        return low
    if place == right:
        return high
    if not left < place < right or low is None or high is None:
        return None
    share = (place - left) / (right - left)
    return low * (1 - share) + high * share


def middle(curves: Sequence[Sequence[Point]], places: Sequence[float], band: Band) -> list[Middle]:
    """Return middle and band of curves at places; those where no curve has a value are missing.

    Args:
        curves: Points of each curve, by place.
        places: Where to look, in order.
        band: "std": mean, and one sample standard deviation (n - 1) on both sides; "minmax": mean,
            smallest and largest; "quantile": median, quartiles, 5 % and 95 %, interpolated.
    """
    columns = [values_at(points, places) for points in curves if points]
    found: list[Middle] = []
    for index, place in enumerate(places):
        values = sorted(value for column in columns if (value := column[index]) is not None)
        if values:
            found.append(_of(place, values, band))
    return found


def _of(place: float, values: Sequence[float], band: Band) -> Middle:
    count = len(values)
    if band == "quantile":
        lowest, low, mid, high, highest = (
            quantile(values, share) for share in (0.05, 0.25, 0.5, 0.75, 0.95)
        )
        return Middle(
            place=place,
            count=count,
            value=mid,
            low=low,
            high=high,
            lowest=lowest,
            highest=highest,
        )
    # Each is divided before they are added: the sum of huge values is no float.
    mean = math.fsum(value / count for value in values)
    if band == "minmax":
        return Middle(place=place, count=count, value=mean, low=values[0], high=values[-1])
    wide = math.hypot(*(value - mean for value in values)) / math.sqrt(max(1, count - 1))
    return Middle(place=place, count=count, value=mean, low=mean - wide, high=mean + wide)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values, on the straight line between the two next to it.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    place = share * (len(values) - 1)
    at = min(int(place), len(values) - 1)
    rest = place - at
    return values[at] if not rest else values[at] * (1 - rest) + values[at + 1] * rest
