"""The lines of one plot, ready to be drawn: which, with which points, in which colour."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from comet_async.charts.bands import Middle, grid, middle
from comet_async.charts.curves import Curves
from comet_async.charts.groups import Groups
from comet_async.charts.options import Band, Best, Options
from comet_async.charts.points import Point, Points, decimated, placed, smoothed
from comet_async.charts.style import PALETTE
from comet_async.errors import UsageError
from comet_async.redaction import printable

__all__ = ["CROWD", "Line", "Plot", "plot_of"]

CROWD = 50
"""Curves from which on a plot shows middles and bands, and its lines fade."""

_LINES = 200
_FEWEST, _MOST, _BUDGET = 40, 1_500, 24_000
_STEP = 12.0
_LABELLED = 24


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A curve in a plot.

    Attributes:
        label: The experiment, as people know it.
        group: Its group.
        colour: Its own colour, where lines are told apart by it.
        dash: Which dashes it has: those of its metric, or of curves that share its colour.
        points: All points as they are drawn: smoothed, not thinned.
        raw: All points as they were logged.
        best: The best point as logged; None where there is none.
        metric: Its metric.
    """

    label: str
    group: str
    colour: str
    dash: int
    points: tuple[Point, ...]
    raw: Points
    best: tuple[float, float] | None
    metric: str

    @property
    def last(self) -> tuple[float, float] | None:
        """The last point that is drawn."""
        return next(((x, y) for x, y in reversed(self.points) if y is not None), None)

    def thinned(self, limit: int, *, log_x: bool) -> list[Point]:
        """Return its points, thinned out."""
        return decimated(self.points, limit, log_x=log_x)


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """One plot: a metric, or several in one.

    Attributes:
        metrics: Its metrics.
        lines: All lines, one for each curve.
        shown: Which of them are drawn, by their places.
        best: Which one is the best, None where none is asked for.
        groups: The groups, as `Groups` tells them.
        middles: Middle and band of each group, where they are drawn.
        limit: Points that a line may have.
        labelled: Whether lines have their names at their ends.
        span: Smallest and largest place.
        range: Lower and upper end of the value axis.
    """

    metrics: tuple[str, ...]
    lines: tuple[Line, ...]
    shown: tuple[int, ...]
    best: int | None
    groups: Groups
    middles: dict[str, list[Middle]]
    limit: int
    labelled: bool
    span: tuple[float, float]
    range: tuple[float, float]

    @property
    def crowd(self) -> bool:
        """Whether there are so many lines that they fade."""
        return len(self.lines) > CROWD

    def pixel(self, value: float, options: Options) -> float:
        """Return how far below the upper edge a value stands."""
        low, high = self.range
        if options.log_y:
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
        return options.height * (1 - (value - low) / (high - low)) if high > low else 0.0

    def left_out(self) -> Counter[str]:
        """Return how many points are not drawn, by the reason."""
        found: Counter[str] = Counter()
        for line in self.lines:
            found.update(line.raw.left_out)
        return found


def plot_of(
    curves: Curves,
    options: Options,
    *,
    groups: Groups,
    colours: Mapping[str, str],
    plots: int = 1,
    chosen: str | None = None,
) -> Plot:
    """Return the plot of curves.

    Args:
        curves: The curves.
        options: What was asked for.
        groups: Their groups.
        colours: Colour of each experiment, or of each metric of one experiment.
        plots: How many plots share the budget of points.
        chosen: Key of the experiment that is the best one; None to look for it.

    Raises:
        UsageError: No point can be drawn.
    """
    lines = _lines(curves, groups, colours, options)
    best = _best(curves, lines, options.best, chosen)
    shown = _shown(lines, best)
    band = options.band or ("quantile" if len(lines) > CROWD else None)
    middles = _middles(lines, groups, band, options) if band else {}
    drawn = [point for line in lines for point in (*line.points, *line.raw.points)]
    few = len(lines) <= min(_LABELLED, int(options.height / _STEP))
    return Plot(
        metrics=curves.metrics,
        lines=tuple(lines),
        shown=shown,
        best=best,
        groups=groups,
        middles=middles,
        limit=max(_FEWEST, min(_MOST, _BUDGET // (len(shown) * plots))),
        labelled=few and options.group_by is None and best is None and band is None,
        span=_ends(x for x, y in drawn if y is not None),
        range=options.y_range or _padded(_value_ends(drawn, middles, options), log=options.log_y),
    )


def _middles(
    lines: Sequence[Line], groups: Groups, band: Band, options: Options
) -> dict[str, list[Middle]]:
    found: dict[str, list[Middle]] = {}
    for name in groups.names:
        members = [line.points for line in lines if line.group == name and line.last]
        if members:
            found[name] = middle(members, grid(members, log_x=options.log_x), band)
    return found


def _lines(
    curves: Curves, groups: Groups, colours: Mapping[str, str], options: Options
) -> list[Line]:
    lone = len(curves.experiments) == 1
    several = len(curves.metrics) > 1
    rounds = {owner: at // len(PALETTE) for at, owner in enumerate(colours)}
    found: list[Line] = []
    for curve, label, group in zip(curves, curves.labels(), groups.of, strict=True):
        raw = placed(curve, options.x, log_x=options.log_x, log_y=options.log_y)
        told = f"{label} | {printable(curve.metric)}" if several else label
        owner = curve.experiment_key if curve.experiment_key in colours else curve.metric
        found.append(
            Line(
                label=printable(curve.metric) if several and lone else told,
                group=group,
                colour=colours[owner],
                dash=curves.metrics.index(curve.metric) if several else rounds[owner],
                points=tuple(smoothed(raw.points, options.smoothing)),
                raw=raw,
                best=_extreme(raw, options.best),
                metric=curve.metric,
            )
        )
    if not any(line.last for line in found):
        raise _nothing(found, options)
    return found


def _nothing(lines: Sequence[Line], options: Options) -> UsageError:
    reasons: Counter[str] = Counter()
    for line in lines:
        reasons.update(line.raw.left_out)
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    advice = "; try another x" if "without a" in told else ""
    return UsageError(f"no point can be drawn over {options.x}: {told or 'there is none'}{advice}")


def _extreme(raw: Points, best: Best | None) -> tuple[float, float] | None:
    if not raw.drawn:
        return None
    pick = max if best == "highest" else min
    return pick(raw.drawn, key=lambda point: point[1])


def _best(
    curves: Curves, lines: Sequence[Line], best: Best | None, chosen: str | None
) -> int | None:
    """Return the place of the line that is the best, or that belongs to the chosen experiment."""
    if best is None:
        return None
    if chosen is not None:
        places = [at for at, one in enumerate(curves) if one.experiment_key == chosen]
        return places[0] if places else None
    sign = 1 if best == "lowest" else -1
    ranked = [(sign * line.best[1], at) for at, line in enumerate(lines) if line.best is not None]
    return min(ranked)[1] if ranked else None


def _shown(lines: Sequence[Line], best: int | None) -> tuple[int, ...]:
    """Return which lines are drawn: all, or of very many some, with those that reach farthest."""
    drawable = [at for at, line in enumerate(lines) if line.last]
    if len(drawable) <= _LINES:
        return tuple(drawable)
    last = len(drawable) - 1
    chosen = {drawable[n * last // (_LINES - 4)] for n in range(_LINES - 3)}
    extremes = [
        (min(y for _, y in lines[at].raw.drawn), max(y for _, y in lines[at].raw.drawn), at)
        for at in drawable
    ]
    chosen |= {min(extremes)[2], max(extremes, key=lambda one: one[1])[2]}
    return tuple(sorted(chosen | ({best} if best is not None else set())))


def _ends(values: Iterable[float]) -> tuple[float, float]:
    found = [*values]
    return min(found), max(found)


def _value_ends(
    drawn: Sequence[Point], middles: dict[str, list[Middle]], options: Options
) -> tuple[float, float]:
    values = [y for _, y in drawn if y is not None]
    for row in (one for rows in middles.values() for one in rows):
        values += (row.low, row.high)
    return _ends(value for value in values if value > 0 or not options.log_y)


def _padded(ends: tuple[float, float], *, log: bool) -> tuple[float, float]:
    """Return the ends of the value axis, a little beyond those of the values."""
    low, high = ends
    if log:
        first, last = math.log10(low), math.log10(high)
        room = (last - first) * 0.04 or 0.5
        return 10.0 ** max(first - room, -307), 10.0 ** min(last + room, 308)
    room = (high - low) * 0.04 or abs(high) * 0.05 or 0.5
    if not math.isfinite(low - room) or not math.isfinite(high + room) or math.isinf(high - low):
        return low / 2, high / 2
    return low - room, high + room
