"""Axes of parallel coordinates: of numbers, even or logarithmic, or of categories."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from comet_async.charts.groups import spans_decades
from comet_async.charts.style import legible
from comet_async.comet.common import number
from comet_async.redaction import printable, shortened

__all__ = ["LACKING", "Axis", "axis_of", "finite"]

LACKING = -0.09
"""Where a row without a value crosses an axis."""

_TICKS = 12
_LABEL = 22
_CLOSE = 0.06
_FEW = 6


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One of the axes.

    Attributes:
        title: Its title.
        places: Where each row crosses it, 0 to 1; `LACKING` where it has no value.
        ticks: Places with their labels.
        shown: What each row has there, as text.
    """

    title: str
    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    shown: tuple[str, ...]


def finite(value: object) -> float | None:
    """Return the finite number that a value is, or that it writes; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    read = number(value)
    return read if read is not None and math.isfinite(read) else None


def axis_of(name: str, values: Sequence[object]) -> Axis:
    """Return the axis of a column: of numbers where all values are numbers, else of categories.

    Args:
        name: Its name.
        values: The value of each row, None where it has none.
    """
    title = shortened(printable(name), 40)
    known = [value for value in values if value is not None]
    numbers = [finite(value) for value in known]
    if numbers and None not in numbers:
        return _numeric(title, [finite(value) for value in values])
    texts = [None if value is None else _text(value) for value in values]
    return _categories(title, texts)


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return printable(text)


def _numeric(title: str, values: Sequence[float | None]) -> Axis:
    known = [value for value in values if value is not None]
    log = spans_decades(known)
    scale = math.log10 if log else float
    low, high = scale(min(known)), scale(max(known))

    def place(value: float) -> float:
        return (scale(value) - low) / (high - low) if high > low else 0.5

    values_there = set(known)
    marks = _decades(low, high) if log else _even(low, high)
    few = len(values_there) <= _FEW
    inner = sorted(values_there if few else {min(known), max(known), *marks})
    ticks = _apart([(place(value), legible(value)) for value in inner])
    return Axis(
        title=f"{title} (log)" if log else title,
        places=tuple(LACKING if value is None else place(value) for value in values),
        ticks=tuple(ticks),
        shown=tuple("(none)" if value is None else legible(value) for value in values),
    )


def _even(low: float, high: float) -> list[float]:
    """Return round numbers between two ends."""
    if high <= low:
        return []
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    every = max(1, math.ceil((high - low) / 8))
    return [10.0**n for n in range(math.ceil(low), math.floor(high) + 1, every)]


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return ticks so far apart that their labels do not touch; both ends stay."""
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if tick[0] - kept[-1][0] > _CLOSE and ticks[-1][0] - tick[0] > _CLOSE:
            kept.append(tick)
    return [*kept, *ticks[1:][-1:]]


def _categories(title: str, texts: Sequence[str | None]) -> Axis:
    names = sorted({text for text in texts if text is not None}, key=_natural)
    last = max(1, len(names) - 1)
    at = {name: 0.5 if len(names) == 1 else 1 - n / last for n, name in enumerate(names)}
    every = max(1, math.ceil(len(names) / _TICKS))
    ticks = [(at[name], shortened(name, _LABEL)) for name in names[::every]]
    return Axis(
        title=title,
        places=tuple(LACKING if text is None else at[text] for text in texts),
        ticks=tuple(ticks),
        shown=tuple("(none)" if text is None else shortened(text, 60) for text in texts),
    )


def _natural(text: str) -> tuple[float, str]:
    read = finite(text)
    return (math.inf if read is None else read, text)
