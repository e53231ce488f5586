"""A series that grows point by point shows what the whole of it shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comet_async.server.live_series import LiveSeries, widened
from comet_async.server.logged import series_of
from comet_async.server.numbers_text import span, text_of
from comet_async.server.records import Mark

VALUES = st.one_of(
    st.floats().map(text_of),
    st.integers(-5, 5).map(text_of),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "text", ""]),
)
POINTS = st.lists(st.tuples(VALUES, st.none() | st.integers(-3, 9)), min_size=1, max_size=30)


@given(POINTS)
def test_the_row_of_extremes_is_that_of_all_values_at_once(
    points: list[tuple[str, int | None]],
) -> None:
    marks = [Mark(value, at, step) for at, (value, step) in enumerate(points)]
    row = None
    for mark in marks:
        row = widened(row, "m", mark)
    assert row == span("m", marks)


@given(POINTS, POINTS)
def test_points_are_shown_by_step_and_none_is_lost(
    earlier: list[tuple[str, int | None]], later: list[tuple[str, int | None]]
) -> None:
    start = series_of("m", [value for value, _ in earlier], steps=[step for _, step in earlier])
    live = LiveSeries("m", start)
    for value, step in later:
        live.append(Mark(value, 0, step), None)
    shown = live.series()
    points = [*earlier, *later]
    expected = sorted(enumerate(points), key=lambda item: (item[1][1] is not None, item[1][1] or 0))
    assert list(shown.offsets) == [at for at, _point in expected]
    assert list(shown.values) == [value for _at, (value, _step) in expected]
    assert list(shown.steps) == [step for _at, (_value, step) in expected]
    assert len(live) == len(points)
