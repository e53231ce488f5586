"""Charts of metrics: one plot for each, curves told apart by colour, labels, or groups."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import cycle

import msgspec

from comet_async.charts.curves import Curve, Curves
from comet_async.charts.groups import grouped
from comet_async.charts.layers import layers
from comet_async.charts.lines import Line, Plot, plot_of
from comet_async.charts.options import Band, Best, Options, XAxis
from comet_async.charts.picture import Picture
from comet_async.charts.style import CONFIG, PALETTE, Spec
from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = ["chart"]

_COLUMNS = 2
_METRICS = 24


def chart(
    curves: Curves | Iterable[Curve],
    *,
    x: XAxis = "step",
    smoothing: float = 0.0,
    log_x: bool = False,
    log_y: bool = False,
    group_by: str | None = None,
    band: Band | None = None,
    best: Best | None = None,
    overlay: bool = False,
    y_range: tuple[float, float] | None = None,
    title: str | None = None,
    width: int = 640,
    height: int = 360,
) -> Picture:
    """Return a picture of curves: one plot for each metric.

    Few curves have their names at their ends. More than 50 fade, and each group shows its median,
    quartiles, and 5 % and 95 % quantiles, which are computed from all curves; at most 200 curves
    are drawn as lines then, those with the extremes among them. Long lines are thinned out and keep
    every extreme. Whatever is not drawn is counted below the title.

    Args:
        curves: The curves.
        x: "step", "epoch", "duration" (seconds since the experiment's start) or "time" (the clock).
        smoothing: Weight of the past in an exponential moving average, 0 to below 1, corrected for
            its start as TensorBoard does it; the curve as logged stays behind it, faintly.
        log_x: Whether the x axis is logarithmic.
        log_y: Whether the value axis is logarithmic.
        group_by: Parameter whose values the colours tell; the curves must have it along.
        band: What is shaded around the middle of each group, on places that its curves share:
            "std": mean and one standard deviation; "minmax": mean, smallest, largest; "quantile":
            median, quartiles, 5 % and 95 %. Default none for up to 50 curves.
        best: "lowest" or "highest": shows the experiment with the best value of the first metric in
            colour, with that value, and fades the others.
        overlay: Whether all metrics share one plot, told apart by dashes.
        y_range: Lower and upper end of the value axis; default all that is drawn.
        title: Title; default the names of the metrics.
        width: Width of the plots together, pixels.
        height: Height of a plot, pixels.

    Raises:
        UsageError: An option has a value that it cannot have, no point can be drawn, or there is no
            such parameter.
    """
    options = Options(
        x=x,
        smoothing=smoothing,
        log_x=log_x,
        log_y=log_y,
        group_by=group_by,
        band=band,
        best=best,
        overlay=overlay,
        y_range=y_range,
        title=title,
        width=width,
        height=height,
    )
    given = curves if isinstance(curves, Curves) else Curves(tuple(curves))
    if not given:
        raise UsageError("there are no curves to draw")
    plots = _plots(given, options)
    return Picture(_spec(plots, given, options))


def _plots(curves: Curves, options: Options) -> list[tuple[Plot, Options]]:
    groups = grouped(curves, options.group_by)
    lone = len(curves.experiments) == 1
    owners = curves.metrics if lone and options.overlay else curves.experiments
    colours = dict(zip(owners, cycle(PALETTE), strict=False))
    if options.overlay and len(curves.metrics) > 1:
        _check_overlay(curves, options)
        return [(plot_of(curves, options, groups=groups, colours=colours), options)]
    count = len(curves.metrics)
    if count > _METRICS:
        raise UsageError(f"{count} metrics are too many for one picture; at most {_METRICS}")
    inner = options
    if count > 1:
        inner = msgspec.structs.replace(
            options, width=max(1, options.width // _COLUMNS), height=max(1, options.height * 2 // 3)
        )
    found: list[tuple[Plot, Options]] = []
    chosen: str | None = None
    for metric in curves.metrics:
        places = [at for at, curve in enumerate(curves) if curve.metric == metric]
        part = Curves(tuple(curves[at] for at in places), curves.sampled)
        plot = plot_of(
            part, inner, groups=groups.some(places), colours=colours, plots=count, chosen=chosen
        )
        if not found and plot.best is not None:
            chosen = part[plot.best].experiment_key
        found.append((plot, inner))
    return found


def _check_overlay(curves: Curves, options: Options) -> None:
    if options.group_by or options.band or options.best:
        raise UsageError("overlay shows every curve by itself: leave out group_by, band and best")
    most = 24
    if len(curves) > most:
        raise UsageError(f"{len(curves)} curves are too many for one plot with overlay; {most} fit")


def _spec(plots: Sequence[tuple[Plot, Options]], curves: Curves, options: Options) -> Spec:
    wide = max(40, (options.width + 120) // 6)
    told = [line for note in _notes([plot for plot, _ in plots], curves, options)
            for line in textwrap.wrap(note, wide)]  # fmt: skip
    metrics = ", ".join(printable(metric) for metric in curves.metrics)
    title: Spec = {
        "text": printable(options.title or shortened(metrics, 120)),
        "subtitle": told,
        "limit": options.width + 160,
    }
    common: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": title,
        "config": CONFIG,
    }
    if len(plots) == 1:
        plot, inner = plots[0]
        return {**common, **layers(plot, inner)}
    made = [layers(plot, inner) for plot, inner in plots]
    return {**common, "concat": made, "columns": _COLUMNS}


def _notes(plots: Sequence[Plot], curves: Curves, options: Options) -> list[str]:
    """Return what a reader has to know: what is shown, and all that is not."""
    notes = [_what(plots, curves, options)]
    notes += dict.fromkeys(note for plot in plots for note in plot.groups.notes)
    if options.smoothing:
        behind = "" if any(plot.crowd for plot in plots) else "; faint: as logged"
        notes.append(f"smoothed by {options.smoothing:g}{behind}")
    notes += _not_drawn(plots, options)
    turns = sum(line.raw.turns for plot in plots for line in plot.lines)
    if turns:
        notes.append(f"{_points(turns)} logged at a smaller {options.x} than the one before")
    if curves.sampled:
        notes.append("longer curves are the server's sample of about 500 points")
    return notes


_BANDS = {
    "std": "mean and standard deviation",
    "minmax": "mean, smallest and largest",
    "quantile": "median, quartiles, 5 % and 95 %",
}


def _what(plots: Sequence[Plot], curves: Curves, options: Options) -> str:
    count = max(len(plot.lines) for plot in plots)
    told = f"{count:,} {'curve' if count == 1 else 'curves'}"
    if len(plots) > 1:
        told = f"{len(curves.experiments):,} experiments"
    if options.group_by is not None:
        told += f" by {plots[0].groups.title}"
    band = options.band or ("quantile" if any(plot.crowd for plot in plots) else None)
    if band is not None:
        of = "each group" if options.group_by is not None else "all"
        told += f": {_BANDS[band]} of {of}"
    if options.best is not None:
        told += f"; best: {options.best} {shortened(printable(curves.metrics[0]), 40)}"
    most = max(plots, key=lambda plot: len(plot.lines))
    if len(most.shown) < sum(line.last is not None for line in most.lines):
        told += f"; {len(most.shown)} of them as lines"
    return told


def _not_drawn(plots: Sequence[Plot], options: Options) -> list[str]:
    reasons: Counter[str] = Counter()
    for plot in plots:
        reasons.update(plot.left_out())
    notes: list[str] = []
    if reasons:
        told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        notes.append(f"{_points(sum(reasons.values()))} not drawn: {told}")
    empty = sum(line.last is None for plot in plots for line in plot.lines)
    if empty:
        notes.append(f"{empty:,} {'curve has' if empty == 1 else 'curves have'} nothing to draw")
    if options.y_range is not None:
        outside = sum(_outside(line, options.y_range) for plot in plots for line in plot.lines)
        if outside:
            notes.append(f"{_points(outside)} outside the value axis")
    return notes


def _outside(line: Line, ends: tuple[float, float]) -> int:
    return sum(not ends[0] <= y <= ends[1] for _, y in line.raw.drawn)


def _points(count: int) -> str:
    return f"{count:,} {'point' if count == 1 else 'points'}"
