"""Curves by the value of a parameter, each group with its colour."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from comet_async.charts.curves import Curve, Curves, no_such
from comet_async.charts.style import MAIN, PALETTE, Spec, ramp
from comet_async.comet.common import number
from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = ["ABSENT", "Groups", "grouped", "spans_decades"]

ABSENT = "(none)"
"""The group of experiments that lack the parameter."""

_DECADES = 100.0
_LABEL = 60
_LONGEST = 200
_DIGEST = 8
_MOST = len(PALETTE)


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """Which group each curve is in.

    Attributes:
        title: What the groups are told apart by; None where all curves are one group.
        of: The group of each curve.
        numbers: The number that a group stands for, where all of them are numbers.
        colours: The colour of each group, in the order of the legend; empty where the colour is a
            matter of `numbers`.
        notes: What a reader has to know of them.
    """

    title: str | None
    of: tuple[str, ...]
    numbers: Mapping[str, float]
    colours: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that have curves, in the order of the legend."""
        if self.colours:
            return tuple(name for name in self.colours if name in set(self.of))
        return tuple(sorted(set(self.of), key=lambda name: self.numbers.get(name, 0.0)))

    def some(self, places: Sequence[int]) -> Groups:
        """Return the groups of some of the curves, in the same colours."""
        return msgspec.structs.replace(self, of=tuple(self.of[at] for at in places))

    def colour(self, width: int) -> Spec:
        """Return the encoding of colour, by the field `group`, or `number` of many groups.

        Args:
            width: Room for the legend, pixels.
        """
        if self.title is None:
            return {"value": MAIN}
        if self.colours:
            domain, shades = [*self.colours], [*self.colours.values()]
            return {
                "field": "group",
                "type": "nominal",
                "title": self.title,
                "scale": {"domain": domain, "range": shades},
                "legend": {**_LEGEND, **_in_rows(domain, width)},
            }
        kind = "log" if spans_decades([*self.numbers.values()]) else "linear"
        return {
            "field": "number",
            "type": "quantitative",
            "title": self.title,
            "scale": {"type": kind, "scheme": {"name": "viridis", "extent": [0, 0.9]}},
            "legend": {**_LEGEND, "gradientLength": 200, "gradientOpacity": 1},
        }


_LEGEND: Spec = {"orient": "top", "direction": "horizontal", "symbolOpacity": 1}
_LETTER = 6.5
_SYMBOL = 30
_LIMIT = 180


def _in_rows(labels: Sequence[str], width: int) -> Spec:
    """Return how many labels stand in one row of a legend."""
    wide = [min(len(label) * _LETTER, _LIMIT) + _SYMBOL for label in labels]
    one_row = sum(wide) <= width
    return {"columns": len(labels) if one_row else max(1, int(width // max(wide)))}


def grouped(curves: Curves, by: str | None) -> Groups:
    """Return the groups of curves by a parameter.

    Numbers are in their order, texts in the alphabet's. Of more than eight texts the most frequent
    seven are groups and the rest is one; more than eight numbers are colours of a scale.

    Raises:
        UsageError: No curve has such a parameter; near names are told.
    """
    if by is None:
        return Groups(title=None, of=("",) * len(curves), numbers={}, colours={"": MAIN})
    if by not in curves.parameters:
        raise _unknown(by, curves)
    texts = [_text(curve, by) for curve in curves]
    names = set(texts)
    numbers = {
        name: read for name in names if (read := number(name)) is not None and math.isfinite(read)
    }
    title = shortened(printable(by), _LABEL)
    if len(numbers) == len(names - {ABSENT}):
        ordered = sorted(numbers, key=lambda name: numbers[name])
        absent = [ABSENT] if ABSENT in names else []
        if len(ordered) > _MOST and not absent:
            return Groups(title=title, of=tuple(texts), numbers=numbers, colours={})
        if len(ordered) <= _MOST:
            shades = ramp(len(ordered)) if len(ordered) > 2 else list(PALETTE)  # noqa: PLR2004 two need no order
            colours = dict(zip(ordered, shades, strict=False))
            colours |= dict.fromkeys(absent, "#9aa3ad")
            return Groups(title=title, of=tuple(texts), numbers=numbers, colours=colours)
    return _of_texts(title, texts)


def _text(curve: Curve, by: str) -> str:
    """Return the group of a curve; two values that differ never give the same."""
    found = curve.parameters.get(by)
    if found is None:
        return ABSENT
    text = printable(found)
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{text[:_LONGEST]}… {digest}"


def _unknown(by: str, curves: Curves) -> UsageError:
    if curves.parameters:
        return no_such("parameter", by, curves.parameters)
    told = shortened(by, _LABEL)
    return UsageError(
        f"the curves have no parameter {told}: no experiment has it, or it was not asked for;"
        f" give parameters=[{told!r}] where they are fetched or read"
    )


def _of_texts(title: str, texts: Sequence[str]) -> Groups:
    counts = Counter(texts)
    names = sorted(counts)
    notes: tuple[str, ...] = ()
    if len(names) > _MOST:
        frequent = [name for name, _ in counts.most_common(_MOST - 1)]
        others = f"(other: {len(names) - len(frequent)} values)"
        texts = [text if text in frequent else others for text in texts]
        names = [*sorted(frequent), others]
        notes = (f"{title}: the {len(frequent)} most frequent values, all others in one colour",)
    colours = dict(zip(names, PALETTE, strict=False))
    return Groups(title=title, of=tuple(texts), numbers={}, colours=colours, notes=notes)


def spans_decades(values: Sequence[float]) -> bool:
    """Tell whether values are better seen on a log scale: above 0, over two decades or more.

    >>> spans_decades([0.001, 0.1]), spans_decades([0.0, 5.0]), spans_decades([1.0, 9.0])
    (True, False, False)
    """
    return bool(values) and min(values) > 0 and max(values) / min(values) >= _DECADES
