"""Colours, fonts and axes of all pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

__all__ = ["CONFIG", "FADED", "MAIN", "PALETTE", "Spec", "legible", "log_ticks", "ramp"]

Spec: TypeAlias = dict[str, object]
"""A part of a Vega-Lite specification."""

PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#444444",
    "#8a7a1f",
)
"""The colours of Okabe and Ito, told apart by colour-blind eyes too; its yellow is an olive here,
to be seen on white."""

MAIN = PALETTE[0]
FADED = "#9aa3ad"

_RAMP = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#bddf26")
_INK = "#2b2f36"
_QUIET = "#5d6570"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"

CONFIG: Spec = {
    "font": _FONT,
    "background": "white",
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "color": _INK,
        "fontSize": 15,
        "subtitleColor": _QUIET,
        "subtitleFontSize": 11,
        "subtitlePadding": 4,
        "offset": 12,
    },
    "axis": {
        "domainColor": "#c3c8ce",
        "gridColor": "#eceef1",
        "labelColor": _QUIET,
        "labelFontSize": 11,
        "tickColor": "#c3c8ce",
        "titleColor": _INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "legend": {
        "labelColor": _INK,
        "labelFontSize": 11,
        "labelLimit": 180,
        "titleColor": _INK,
        "titleFontSize": 11,
        "titleLimit": 260,
        "symbolStrokeWidth": 3,
    },
    "concat": {"spacing": 28},
}


def ramp(count: int) -> list[str]:
    """Return colours for ordered values, dark to light, as far apart as they can be."""
    if count == 1:
        return [MAIN]
    last = len(_RAMP) - 1
    return [_mixed(place * last / (count - 1)) for place in range(count)]


def _mixed(place: float) -> str:
    """Return the colour between those at both sides of a place on the ramp."""
    at = min(int(place), len(_RAMP) - 2)
    share = place - at
    pairs = zip(_channels(_RAMP[at]), _channels(_RAMP[at + 1]), strict=True)
    return "#" + "".join(f"{round(a * (1 - share) + b * share):02x}" for a, b in pairs)


def _channels(colour: str) -> Sequence[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def legible(value: float) -> str:
    """Return a number as people read it.

    >>> legible(0.012344), legible(1234567.0), legible(3.0), legible(1e-7)
    ('0.01234', '1.235e+06', '3', '1e-07')
    """
    return f"{value:.4g}"


_WIDE = 3
_MOST_TICKS = 8


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers on a log axis: powers of ten where it is wide, else 1, 2, 5 of each.

    >>> log_ticks(0.02, 3e4), log_ticks(1, 60)
    ([0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0], [1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    wide = math.log10(high) - math.log10(low)
    factors = [1, 2, 5] if wide < _WIDE else [1]
    if wide < 1:
        factors = [*range(1, 10)]
    every = max(1, math.ceil(wide / _MOST_TICKS))
    ticks = [
        float(f"{factor}e{power}") for power in range(first, last + 1, every) for factor in factors
    ]
    return [tick for tick in ticks if low <= tick <= high]
