"""Parallel coordinates: a line for each experiment across its parameters, to the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from comet_async.charts.curves import Curve, Curves, as_names, no_such
from comet_async.charts.groups import spans_decades
from comet_async.charts.options import Best, Options
from comet_async.charts.parallel_axes import LACKING, Axis, axis_of, finite
from comet_async.charts.picture import Picture
from comet_async.charts.style import CONFIG, Spec, legible
from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = ["parallel_coordinates"]

Row: TypeAlias = Mapping[str, object]
"""An experiment: values by name; "experiment_name" and "experiment_key" name it."""

_NAMES = ("experiment_name", "experiment_key", "name")
_LINES = 1_000
_HIGH = 0.9
_NAMED = 40


def parallel_coordinates(
    rows: Curves | Iterable[Curve] | Iterable[Row],
    columns: str | Sequence[str],
    result: str,
    *,
    best: Best | None = None,
    title: str | None = None,
    width: int = 700,
    height: int = 340,
) -> Picture:
    """Return a picture of parameters and a result: an axis for each, a line for each experiment.

    Values that are numbers in all rows, also as text, have an axis of numbers, a logarithmic one
    where they span two decades or more; others are categories. Rows without a value cross the axis
    below its foot. Lines are coloured by the result; those without one are grey.

    Args:
        rows: Curves, of which parameters and last values of metrics are taken; or one mapping for
            each experiment.
        columns: Names of the axes, in order, before the result's.
        result: Name of the result: a metric, or another column of numbers.
        best: "lowest" or "highest": the experiment with that result stands out, with its name.
        title: Title; default the name of the result.
        width: Width between the outer axes, pixels.
        height: Height of the axes, pixels.

    Raises:
        UsageError: No row has such a column (near names are told), or the result has no numbers.
    """
    Options(best=best, width=width, height=height)
    names = as_names(columns, "column")
    given, curves = _rows(rows)
    if not given:
        raise UsageError("there are no rows to draw")
    for name in (*names, result):
        if not any(name in row for row in given):
            raise no_such("column", name, {one for row in given for one in row} - {*_NAMES})
    results = [finite(row.get(result)) for row in given]
    if all(value is None for value in results):
        raise UsageError(f"{shortened(result, 60)} has no finite number in any row")
    axes = [axis_of(name, [row.get(name) for row in given]) for name in names]
    axes.append(axis_of(result, list(results)))
    chosen = _best(results, best)
    drawn = _drawn(results, chosen)
    if best is not None:  # the better ones are drawn over the others
        sign = -1 if best == "lowest" else 1
        drawn.sort(key=lambda at: sign * (results[at] or 0.0))
    lines = _lines(given, drawn, axes, results)
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": CONFIG,
        "title": {
            "text": printable(title or f"{shortened(result, 80)} by {', '.join(names)}"),
            "subtitle": _told(given, results, drawn, best, result, curves=curves),
            "limit": width + 160,
        },
        "width": width,
        "height": height,
        "layer": [
            _rules(axes),
            *_line_layers(lines, results, drawn, chosen),
            *_ticks(axes),
            _titles(axes),
            *_best_label(given, axes, chosen, results),
        ],
    }
    return Picture(spec)


def _rows(rows: Curves | Iterable[Curve] | Iterable[Row]) -> tuple[list[Row], bool]:
    """Return a row for each experiment, and whether they are made of curves.

    Raises:
        UsageError: Some are curves and some are not.
    """
    given = [*cast("Iterable[object]", rows)]
    curves = [one for one in given if isinstance(one, Curve)]
    if not curves:
        return [cast("Row", one) for one in given], False
    if len(curves) < len(given):
        raise UsageError("give curves, or rows; not both")
    found: dict[str, dict[str, object]] = {}
    for curve in curves:
        row = found.setdefault(
            curve.experiment_key,
            {
                "experiment_key": curve.experiment_key,
                "experiment_name": curve.experiment_name,
                **curve.parameters,
            },
        )
        row[curve.metric] = next(
            (value for value in reversed(curve.values) if value is not None), None
        )
    return [*found.values()], True


def _best(results: Sequence[float | None], best: Best | None) -> int | None:
    if best is None:
        return None
    sign = 1 if best == "lowest" else -1
    return min((sign * value, at) for at, value in enumerate(results) if value is not None)[1]


def _drawn(results: Sequence[float | None], best: int | None) -> list[int]:
    """Return which rows are drawn: all, or of very many some, even by result, with both ends."""
    if len(results) <= _LINES:
        return [*range(len(results))]
    ranked = sorted(range(len(results)), key=lambda at: (results[at] is None, results[at] or 0.0))
    last = len(ranked) - 1
    chosen = {ranked[n * last // (_LINES - 2)] for n in range(_LINES - 1)}
    return sorted(chosen | ({best} if best is not None else set()))


def _told(
    rows: Sequence[Row],
    results: Sequence[float | None],
    drawn: Sequence[int],
    best: Best | None,
    result: str,
    *,
    curves: bool,
) -> list[str]:
    count = len(rows)
    told = f"{count:,} {'experiment' if count == 1 else 'experiments'}"
    if len(drawn) < count:
        told += f", {len(drawn):,} of them drawn"
    if best is not None:
        told += f"; best: {best} {shortened(printable(result), 40)}"
    lacking = sum(value is None for value in results)
    notes = [told]
    if curves:
        notes[0] += "; metrics: the last value of each curve"
    if lacking:
        notes.append(f"{lacking:,} without a finite {shortened(printable(result), 40)}, in grey")
    return notes


def _x(field: str, count: int) -> Spec:
    scale: Spec = {"domain": [0, max(1, count - 1)], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _y(field: str) -> Spec:
    scale: Spec = {"domain": [-0.1, 1.0], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _rules(axes: Sequence[Axis]) -> Spec:
    values = [{"axis": at, "foot": 0, "top": 1} for at in range(len(axes))]
    return {
        "data": {"values": values},
        "mark": {"type": "rule", "color": "#8b929b", "strokeWidth": 1},
        "encoding": {"x": _x("axis", len(axes)), "y": _y("foot"), "y2": {"field": "top"}},
    }


def _lines(
    rows: Sequence[Row],
    drawn: Sequence[int],
    axes: Sequence[Axis],
    results: Sequence[float | None],
) -> list[dict[str, object]]:
    return [
        {
            "row": at,
            "name": _name(rows[at]),
            "result": results[at],
            "axis": [*range(len(axes))],
            "place": [round(axis.places[at], 5) for axis in axes],
            **{f"shown{n}": axis.shown[at] for n, axis in enumerate(axes)},
            "titles": [axis.title for axis in axes],
        }
        for at in drawn
    ]


def _name(row: Row) -> str:
    found = next((row[name] for name in _NAMES if row.get(name)), "")
    return shortened(printable(str(found)), 80)


def _line_layers(
    lines: Sequence[Mapping[str, object]],
    results: Sequence[float | None],
    drawn: Sequence[int],
    best: int | None,
) -> list[Spec]:
    known = [value for at in drawn if (value := results[at]) is not None]
    kind = "log" if spans_decades(known) else "linear"
    opacity = max(0.15, min(0.75, 60 / len(lines))) * (0.8 if best is not None else 1)
    colour: Spec = {
        "field": "result",
        "type": "quantitative",
        "scale": {"type": kind, "scheme": {"name": "viridis", "extent": [0, 0.88]}},
        "legend": None,
    }
    lacking = [line for line in lines if line["result"] is None]
    coloured = [line for line in lines if line["result"] is not None and line["row"] != best]
    made: list[Spec] = []
    if lacking:
        made.append(_line(lacking, {"value": "#b4bac1"}, 1, 0.5))
    made.append(_line(coloured, colour, 1.5, opacity))
    made += [_line([line], {"value": "#d55e00"}, 3, 1) for line in lines if line["row"] == best]
    return made


def _line(
    lines: Sequence[Mapping[str, object]], colour: Spec, width: float, opacity: float
) -> Spec:
    titles = cast("list[str]", lines[0]["titles"]) if lines else []
    told = [("name", "experiment"), *((f"shown{at}", title) for at, title in enumerate(titles))]
    tooltip = [{"field": field, "type": "nominal", "title": title} for field, title in told]
    rows = [{name: one for name, one in line.items() if name != "titles"} for line in lines]
    return {
        "data": {"values": rows},
        "transform": [{"flatten": ["axis", "place"]}],
        "mark": {
            "type": "line",
            "order": False,
            "strokeWidth": width,
            "strokeOpacity": opacity,
        },
        "encoding": {
            "x": _x("axis", len(titles)),
            "y": _y("place"),
            "detail": {"field": "row", "type": "nominal"},
            "color": colour,
            "tooltip": tooltip,
        },
    }


def _halo(values: list[Spec], count: int, mark: Spec) -> list[Spec]:
    """Return texts, each on a white outline of itself: they stand on lines."""
    encoding: Spec = {
        "x": _x("axis", count),
        "y": _y("place"),
        "text": {"field": "text", "type": "nominal"},
    }
    base: Spec = {"type": "text", "align": "left", "baseline": "middle", "dx": 5, "fontSize": 11}
    outline: Spec = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "opacity": 0.85}
    data: Spec = {"values": values}
    return [
        {"data": data, "mark": {**base, **mark, **outline}, "encoding": encoding},
        {"data": data, "mark": {**base, **mark}, "encoding": encoding},
    ]


def _ticks(axes: Sequence[Axis]) -> list[Spec]:
    told = [(at, *tick) for at, axis in enumerate(axes) for tick in axis.ticks]
    told += [(at, LACKING, "(none)") for at, axis in enumerate(axes) if LACKING in axis.places]
    values: list[Spec] = [{"axis": at, "place": place, "text": text} for at, place, text in told]
    return _halo(values, len(axes), {"color": "#2b2f36", "limit": 120})


def _titles(axes: Sequence[Axis]) -> Spec:
    values = [{"axis": at, "text": axis.title} for at, axis in enumerate(axes)]
    return {
        "data": {"values": values},
        "mark": {"type": "text", "baseline": "bottom", "dy": -10, "fontSize": 12,
                 "fontWeight": "bold", "color": "#2b2f36", "limit": 110},
        "encoding": {
            "x": _x("axis", len(axes)),
            "y": {"value": 0},
            "text": {"field": "text", "type": "nominal"},
        },
    }  # fmt: skip


def _best_label(
    rows: Sequence[Row],
    axes: Sequence[Axis],
    best: int | None,
    results: Sequence[float | None],
) -> list[Spec]:
    if best is None:
        return []
    value = results[best]
    name = shortened(_name(rows[best]), _NAMED)
    text = f"{name}: {legible(value)}" if value is not None else name
    row: Spec = {"axis": len(axes) - 1, "place": axes[-1].places[best], "text": text}
    away = 11 if axes[-1].places[best] > _HIGH else -10
    mark: Spec = {"color": "#b04e00", "fontWeight": "bold", "align": "right", "dx": -6, "dy": away}
    return _halo([row], len(axes), mark)
