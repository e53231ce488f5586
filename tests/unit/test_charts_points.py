"""Points of a curve: where they stand, what is counted, smoothing, thinning, bands."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async.charts.bands import grid, middle, values_at
from comet_async.charts.options import Band, XAxis
from comet_async.charts.points import Point, decimated, placed, smoothed
from tests.support.pictures import curve

NAN, INF = math.nan, math.inf


def test_points_stand_where_they_were_logged() -> None:
    found = placed(
        curve(
            "k",
            [3.0, 2.0],
            steps=(5, 7),
            epochs=(1, 2),
            timestamps=(1_000, 3_000),
            durations=(0.5, 2.5),
        ),
        "epoch",
    )
    assert found.points == ((1, 3.0), (2, 2.0))
    assert (found.left_out, found.turns) == (Counter(), 0)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ("step", ((5, 3.0), (7, 2.0))),
        ("epoch", ((1, 3.0), (2, 2.0))),
        ("duration", ((0.5, 3.0), (2.5, 2.0))),
        ("time", ((1_000, 3.0), (3_000, 2.0))),
    ],
)
def test_each_axis_has_its_own_places(x: XAxis, expected: tuple[Point, ...]) -> None:
    made = curve(
        "k",
        [3.0, 2.0],
        steps=(5, 7),
        epochs=(1, 2),
        timestamps=(1_000, 3_000),
        durations=(0.5, 2.5),
    )
    assert placed(made, x).points == expected


def test_what_cannot_be_drawn_leaves_a_gap_and_is_counted() -> None:
    found = placed(curve("k", [1.0, NAN, INF, None, -INF, 2.0]), "step")
    assert found.points == ((0, 1.0), (1, None), (2, None), (3, None), (4, None), (5, 2.0))
    assert found.left_out == {"NaN": 1, "infinite": 2, "that are no number": 1}
    assert found.drawn == [(0, 1.0), (5, 2.0)]


def test_a_log_axis_has_no_zero() -> None:
    found = placed(curve("k", [0.0, -1.0, 2.0]), "step", log_y=True)
    assert found.points == ((0, None), (1, None), (2, 2.0))
    assert found.left_out == {"of 0 or below on the log axis": 2}
    found = placed(curve("k", [5.0, 4.0, 3.0]), "step", log_x=True)
    assert found.points == ((1, 4.0), (2, 3.0))
    assert found.left_out == {"at a step of 0 or below on the log axis": 1}


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        ("step", "without a step"),
        ("epoch", "without an epoch"),
        ("duration", "without a time"),
        ("time", "without a time"),
    ],
)
def test_points_without_a_place_are_counted(x: XAxis, reason: str) -> None:
    found = placed(curve("k", [1.0, 2.0], steps=(None, None)), x)
    assert (found.points, found.left_out) == ((), {reason: 2})


def test_points_go_left_to_right_and_duplicates_keep_their_order() -> None:
    found = placed(curve("k", [1.0, 2.0, 3.0, 4.0], steps=(2, 0, 2, 1)), "step")
    assert found.points == ((0, 2.0), (1, 4.0), (2, 1.0), (2, 3.0))
    assert found.turns == 2


def test_smoothing_is_bias_corrected() -> None:
    found = smoothed([(0, 1.0), (1, 2.0), (2, None), (3, 4.0)], 0.6)
    assert [place for place, _ in found] == [0, 1, 2, 3]
    values = [value for _, value in found]
    assert values[2] is None
    assert [v for v in values if v is not None] == pytest.approx([1.0, 1.625, 2.836734693877551])
    assert smoothed([(0, 1.0)], 0) == [(0, 1.0)]


def test_smoothing_of_a_constant_is_that() -> None:
    found = smoothed([(n, 7.5) for n in range(500)], 0.99)
    assert [value for _, value in found] == pytest.approx([7.5] * 500)


VALUES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32))
POINTS = st.lists(st.tuples(st.integers(0, 10_000), VALUES), max_size=400).map(
    lambda points: sorted(points, key=lambda point: point[0])
)


@given(points=POINTS, limit=st.integers(5, 60))
def test_thinning_keeps_extremes_ends_and_order(points: Sequence[Point], limit: int) -> None:
    kept = decimated(points, limit)
    rest = iter(points)
    assert all(any(point is other for other in rest) for point in kept)
    assert len(kept) <= max(limit, 5)
    values = [value for _, value in points if value is not None]
    drawn = [(place, value) for place, value in kept if value is not None]
    if values:
        assert min(values) == min(value for _, value in drawn)
        assert max(values) == max(value for _, value in drawn)
        known = [point for point in points if point[1] is not None]
        assert (drawn[0], drawn[-1]) == (known[0], known[-1])
    if len(points) <= limit:
        assert kept == [*points]


def test_thinning_on_a_log_axis_has_buckets_of_one_ratio() -> None:
    points: list[Point] = [(float(10**n), float(n % 2)) for n in range(20)]
    kept = decimated(points, 10, log_x=True)
    assert [place for place, _ in kept] == [1e0, 1e1, 1e5, 1e6, 1e10, 1e11, 1e15, 1e16, 1e19]


def test_thinning_keeps_a_gap() -> None:
    points: list[Point] = [(n, None if 40 <= n < 60 else 1.0) for n in range(100)]
    assert (40, None) in decimated(points, 20)


def test_few_places_are_shared_as_they_are_and_many_are_even() -> None:
    assert grid([[(0, 1.0), (4, 2.0)], [(2, 1.0), (3, None)]]) == [0, 2, 4]
    many = grid([[(float(n), 1.0) for n in range(1_991)]])
    assert (len(many), many[0], many[1], many[-1]) == (200, 0, 10, 1990)
    even = grid([[(float(n), 1.0) for n in range(1, 1_001)]], log_x=True)
    ratios = [b / a for a, b in pairwise(even)]
    assert (even[0], even[-1]) == (1, 1000)
    assert ratios == pytest.approx([ratios[0]] * 199)


def test_curves_are_read_between_their_points_and_never_beyond() -> None:
    points: list[Point] = [(1, 10.0), (3, 30.0), (3, 50.0), (5, None), (7, 70.0)]
    places = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert values_at(points, places) == [None, 10.0, 30.0, 50.0, None, None, None, 70.0, None]
    assert values_at([(2, 5.0)], [1, 2, 3]) == [None, 5.0, None]


GROUP: list[list[Point]] = [[(0, 1.0)], [(0, 2.0)], [(0, 3.0)], [(0, 6.0)]]


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        # sample variance: (4 + 1 + 0 + 9) / 3
        ("std", (3.0, 3.0 - 2.160246899469287, 3.0 + 2.160246899469287, None, None)),
        ("minmax", (3.0, 1.0, 6.0, None, None)),
        ("quantile", (2.5, 1.75, 3.75, 1.15, 5.55)),
    ],
)
def test_bands(band: Band, expected: tuple[float | None, ...]) -> None:
    (found,) = middle(GROUP, [0], band)
    got = (found.value, found.low, found.high, found.lowest, found.highest)
    assert got == pytest.approx(expected)
    assert (found.place, found.count) == (0, 4)


@pytest.mark.parametrize("band", ["std", "minmax", "quantile"])
def test_a_band_of_one_curve_has_no_width(band: Band) -> None:
    (found,) = middle([[(0, 5.0)], []], [0, 9], band)
    assert (found.value, found.low, found.high, found.count) == (5.0, 5.0, 5.0, 1)


def test_huge_values_have_a_middle() -> None:
    (found,) = middle([[(0, 1.5e308)], [(0, 1.7e308)]], [0], "minmax")
    assert found.value == pytest.approx(1.6e308)
