"""One plot as layers of Vega-Lite: bands, lines, middles, the best one, labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comet_async.charts.lines import Plot
from comet_async.charts.options import Options
from comet_async.charts.points import Point, decimated
from comet_async.charts.style import FADED, Spec, legible, log_ticks
from comet_async.redaction import printable, shortened

__all__ = ["layers"]

_GAP = 13.0
_HOVERED = 6_000
_MARKED_POINTS = 600
_NAMED = 28
_INK = ("#16181c", "#16181c")
_MARKED = ("#d55e00", "#b04e00")
_DASHES = ([1, 0], [5, 3], [2, 2], [8, 3, 2, 3])
_MOST_DASHES = 24
_DASHED: Spec = {
    "field": "dash",
    "type": "nominal",
    "legend": None,
    "scale": {
        "domain": [*range(_MOST_DASHES)],
        "range": [_DASHES[at % len(_DASHES)] for at in range(_MOST_DASHES)],
    },
}
_CLOCK = {
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "date": "%b %d",
    "week": "%b %d",
    "month": "%b %Y",
}
_POWERS = (
    "datum.value >= 1e6 || datum.value < 1e-4"
    " ? format(datum.value, '~e') : format(datum.value, '~g')"
)
_TITLES = {
    "step": "step",
    "epoch": "epoch",
    "duration": "duration (s)",
    "time": "time (UTC)",
}


def layers(plot: Plot, options: Options) -> Spec:
    """Return the specification of one plot.

    Args:
        plot: The plot.
        options: What was asked for.
    """
    made = [
        *_lines(plot, options),
        *_bands(plot, options),
        *_middles(plot, options),
        *_best(plot, options),
        *_labels(plot, options),
    ]
    made[0]["params"] = [{"name": "zoom", "select": "interval", "bind": "scales"}]
    return {"width": options.width, "height": options.height, "layer": made}


def _x(plot: Plot, options: Options) -> Spec:
    axis: Spec = {
        "labelOverlap": True,
        "labelFlush": False,
        "tickCount": max(2, options.width // 90),
    }
    scale: Spec = {"domain": [*plot.span], "nice": False, "zero": False}
    kind = "quantitative"
    if options.x == "time":
        kind = "temporal"
        scale = {"type": "utc", "domain": [*plot.span]}
        axis["labelAngle"] = 0
        axis["format"] = _CLOCK
    elif options.log_x:
        scale = {"type": "log", "domain": [*plot.span], "nice": False}
        axis = {"labelOverlap": True, "labelFlush": False, "values": log_ticks(*plot.span)}
    elif options.x in {"step", "epoch"}:
        steps = int(plot.span[1] - plot.span[0])
        axis["tickCount"] = max(1, min(options.width // 90, steps))
    return {
        "field": "x",
        "type": kind,
        "title": _TITLES[options.x] + (", log scale" if options.log_x else ""),
        "scale": scale,
        "axis": axis,
    }


def _y(plot: Plot, options: Options, field: str = "y") -> Spec:
    title = ", ".join(printable(name) for name in plot.metrics)
    scale: Spec = {"domain": [*plot.range], "nice": False, "zero": False}
    axis: Spec = {
        "labelOverlap": True,
        "tickCount": max(2, options.height // 50),
        "titleLimit": max(80, options.height),
    }
    if options.log_y:
        scale = {"type": "log", "domain": [*plot.range], "nice": False}
        axis = {**axis, "labelExpr": _POWERS, "values": log_ticks(*plot.range)}
        del axis["tickCount"]
    return {
        "field": field,
        "type": "quantitative",
        "title": title + (" (log scale)" if options.log_y else ""),
        "scale": scale,
        "axis": axis,
    }


def _clip(options: Options) -> Spec:
    """Return what keeps marks within the plot, where they could leave it.

    In a page they are kept there anyway, as it can be moved; an image takes ten times as long.
    """
    return {} if options.y_range is None else {"clip": True}


def _rows(plot: Plot, points: Sequence[tuple[int, Sequence[Point]]]) -> Spec:
    """Return the data of lines: one row for each, its points as two lists."""
    rows: list[Spec] = []
    for at, found in points:
        line = plot.lines[at]
        row: Spec = {
            "curve": at,
            "name": line.label,
            "group": line.group,
            "colour": line.colour,
            "dash": line.dash,
            "x": [x for x, _ in found],
            "y": [y for _, y in found],
        }
        if line.group in plot.groups.numbers:
            row["number"] = plot.groups.numbers[line.group]
        rows.append(row)
    return {"values": rows}


def _colour(plot: Plot, options: Options) -> Spec:
    if plot.labelled:
        return {"field": "colour", "type": "nominal", "scale": None}
    if plot.best is not None and plot.groups.title is None:
        return {"value": FADED}
    return plot.groups.colour(options.width)


def _line(plot: Plot, options: Options, data: Spec, colour: Spec, mark: Spec) -> Spec:
    encoding: Spec = {
        "x": _x(plot, options),
        "y": _y(plot, options),
        "detail": {"field": "curve", "type": "nominal"},
        "color": colour,
        "tooltip": _tooltip(plot, options),
    }
    if plot.labelled and any(line.dash for line in plot.lines):
        encoding["strokeDash"] = _DASHED
    return {
        "data": data,
        "transform": [{"flatten": ["x", "y"]}],
        "mark": {"type": "line", "order": False, **_clip(options), **mark},
        "encoding": encoding,
    }


def _tooltip(plot: Plot, options: Options, *, exact: bool = False) -> list[Spec]:
    told: list[Spec] = [{"field": "name", "type": "nominal", "title": "experiment"}]
    if plot.groups.title is not None:
        told.append({"field": "group", "type": "nominal", "title": plot.groups.title})
    if exact:
        at: Spec = {"field": "x", "type": "quantitative", "title": _TITLES[options.x]}
        if options.x == "time":
            at = {**at, "type": "temporal", "format": "%Y-%m-%d %H:%M:%S"}
        told.append(at)
        told.append({"field": "y", "type": "quantitative", "title": "value"})
    return told


def _lines(plot: Plot, options: Options) -> Iterable[Spec]:
    thinned = [(at, plot.lines[at].thinned(plot.limit, log_x=options.log_x)) for at in plot.shown]
    data = _rows(plot, thinned)
    colour = _colour(plot, options)
    faded = plot.best is not None or bool(plot.middles)
    crowded = len(plot.shown)
    opacity = 0.9 if plot.labelled else 0.6
    if faded:
        opacity = max(0.1, min(0.45, (6 if plot.middles else 12) / crowded))
    if options.smoothing and not plot.crowd:
        raw = _raw(plot, options)
        yield _line(plot, options, raw, colour, {"strokeWidth": 1, "strokeOpacity": opacity * 0.3})
    width = 1 if faded else 1.8
    yield _line(plot, options, data, colour, {"strokeWidth": width, "strokeOpacity": opacity})
    alone = [(at, _isolated(found)) for at, found in thinned]
    alone = [(at, found) for at, found in alone if found]
    if alone:
        yield _dots(plot, options, _rows(plot, alone), colour, opacity)
    if sum(len(found) for _, found in thinned) <= _HOVERED:
        yield _dots(plot, options, data, colour, 0)


def _raw(plot: Plot, options: Options) -> Spec:
    found = [
        (at, decimated(plot.lines[at].raw.points, plot.limit, log_x=options.log_x))
        for at in plot.shown
    ]
    return _rows(plot, found)


def _dots(plot: Plot, options: Options, data: Spec, colour: Spec, opacity: float) -> Spec:
    return {
        "data": data,
        "transform": [{"flatten": ["x", "y"]}, {"filter": "isValid(datum.y)"}],
        "mark": {"type": "circle", **_clip(options), "size": 40, "opacity": opacity},
        "encoding": {
            "x": _x(plot, options),
            "y": _y(plot, options),
            "color": colour,
            "tooltip": _tooltip(plot, options, exact=True),
        },
    }


def _isolated(points: Sequence[Point]) -> list[Point]:
    """Return the points that no line reaches, for there are gaps or nothing on both sides."""
    padded = [(0.0, None), *points, (0.0, None)]
    return [
        point
        for before, point, behind in zip(padded, padded[1:], padded[2:], strict=False)
        if point[1] is not None and before[1] is None and behind[1] is None
    ]


def _middle_rows(plot: Plot) -> Spec:
    rows: list[Spec] = []
    for name, found in plot.middles.items():
        for one in found:
            row: Spec = {
                "group": name,
                "x": one.place,
                "y": one.value,
                "low": one.low,
                "high": one.high,
                "lowest": one.lowest,
                "highest": one.highest,
                "count": one.count,
            }
            if name in plot.groups.numbers:
                row["number"] = plot.groups.numbers[name]
            rows.append(row)
    return {"values": rows}


def _bands(plot: Plot, options: Options) -> Iterable[Spec]:
    if not plot.middles or not plot.groups.colours:
        return
    wide = any(one.lowest is not None for found in plot.middles.values() for one in found)
    strength = min(1.0, 3 / len(plot.middles))
    pairs = [("lowest", "highest", 0.12 * strength)] * wide + [("low", "high", 0.26 * strength)]
    for low, high, opacity in pairs:
        yield {
            "data": _middle_rows(plot),
            "mark": {"type": "area", **_clip(options), "opacity": opacity, "tooltip": None},
            "encoding": {
                "x": _x(plot, options),
                "y": _y(plot, options, low),
                "y2": {"field": high},
                "color": plot.groups.colour(options.width),
            },
        }


def _middles(plot: Plot, options: Options) -> Iterable[Spec]:
    if not plot.middles:
        return
    group: list[Spec] = []
    if plot.groups.title is not None:
        group = [{"field": "group", "type": "nominal", "title": plot.groups.title}]
    yield {
        "data": _middle_rows(plot),
        "mark": {"type": "line", "order": False, **_clip(options), "strokeWidth": 2.5},
        "encoding": {
            "x": _x(plot, options),
            "y": _y(plot, options),
            "detail": {"field": "group", "type": "nominal"},
            "color": plot.groups.colour(options.width),
            "tooltip": [*group, {"field": "count", "type": "quantitative", "title": "curves"}],
        },
    }


def _best(plot: Plot, options: Options) -> Iterable[Spec]:
    if plot.best is None:
        return
    line = plot.lines[plot.best]
    points = line.thinned(max(plot.limit, _MARKED_POINTS), log_x=options.log_x)
    stroke, ink = _INK if plot.groups.title is not None else _MARKED
    colour: Spec = {"value": stroke}
    data = _rows(plot, [(plot.best, points)])
    yield _line(plot, options, data, colour, {"strokeWidth": 2.5, "strokeOpacity": 1})
    if line.best is None or line.last is None:
        return
    at = [line.best] if options.best else []
    yield {
        **_dots(plot, options, _rows(plot, [(plot.best, at)]), colour, 1),
    }
    text = f"{shortened(line.label, _NAMED)}: {legible(line.best[1])}"
    yield _texts(options, [(plot.pixel(line.last[1], options), text, ink)], bold=True)


def _labels(plot: Plot, options: Options) -> Iterable[Spec]:
    """Give the names at the lines' ends, each behind a piece of its line."""
    if not plot.labelled:
        return
    ends = [(line.last, at) for at, line in enumerate(plot.lines)]
    wanted = [(plot.pixel(last[1], options), at) for last, at in ends if last]
    placed = spread(wanted, options.height)
    lines = [(place, plot.lines[at]) for place, at in placed]
    yield {
        "data": {
            "values": [{"at": at, "colour": one.colour, "dash": one.dash} for at, one in lines]
        },
        "mark": {"type": "rule", "clip": False, "strokeWidth": 2},
        "encoding": {
            "x": {"value": options.width + 8},
            "x2": {"value": options.width + 26},
            "y": _AT,
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "strokeDash": _DASHED,
        },
    }
    yield _texts(options, [(at, one.label, _INK[0]) for at, one in lines], away=32)


_AT: Spec = {"field": "at", "type": "quantitative", "scale": None, "axis": None}


def _texts(
    options: Options,
    texts: Sequence[tuple[float, str, str]],
    *,
    bold: bool = False,
    away: int = 6,
) -> Spec:
    return {
        "data": {
            "values": [
                {"at": max(0.0, min(at, float(options.height))), "text": text, "colour": colour}
                for at, text, colour in texts
            ]
        },
        "mark": {
            "type": "text",
            "clip": False,
            "align": "left",
            "baseline": "middle",
            "dx": away,
            "fontSize": 11,
            "fontWeight": "bold" if bold else "normal",
            "limit": 240,
        },
        "encoding": {
            "x": {"value": options.width},
            "y": _AT,
            "text": {"field": "text", "type": "nominal"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "tooltip": {"field": "text", "type": "nominal", "title": "experiment"},
        },
    }


def spread(labels: Iterable[tuple[float, int]], height: float) -> list[tuple[float, int]]:
    """Return labels moved apart so that no two overlap, each near where it belongs.

    Args:
        labels: Place from above of each, and what it is of.
        height: Room for them.
    """
    ordered = sorted(labels)
    places: list[float] = []
    for place, _ in ordered:
        places.append(max(place, places[-1] + _GAP if places else 0.0))
    limit = height
    for at in range(len(places) - 1, -1, -1):
        places[at] = min(places[at], limit)
        limit = places[at] - _GAP
    return [(place, of) for place, (_, of) in zip(places, ordered, strict=True)]
