"""Numbers as the wire writes them: text, in Java's notation, with NaN and the infinities."""

from __future__ import annotations

import json
import math

from comet_async.server.records import Json, Mark, Value

__all__ = ["java_double", "number", "span", "text_of"]

_PLAIN_FROM = 1e-3
_PLAIN_BELOW = 1e7


def java_double(value: float) -> str:
    """Return a float in the notation of Java's `Double.toString`: `8.63E-4`, `0.5`, `Infinity`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    size = abs(value)
    if value == 0 or _PLAIN_FROM <= size < _PLAIN_BELOW:
        return repr(float(value))
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        return _shifted(value)
    mantissa = digits if "." in digits else digits + ".0"
    return f"{mantissa}E{int(exponent)}"


def _shifted(value: float) -> str:
    """Return a float whose `repr` has no exponent as a mantissa below ten and an exponent."""
    sign = "-" if value < 0 else ""
    whole, _, fraction = repr(abs(value)).partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1
    digits = digits.rstrip("0") or "0"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def text_of(value: Json) -> str:
    """Return a logged value as the wire shows it: `true`, `3`, `8.63E-4`, `[1, 2]`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def number(text: str) -> float | None:
    """Return a text as a number, or None when it is none (NaN included)."""
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def span(name: str, marks: list[Mark]) -> Value:
    """Return the summary row of marks in logging order; text and NaN only count as current."""
    numeric = [(size, mark) for mark in marks if (size := number(mark.value)) is not None]
    if not numeric:
        return Value.single(name, marks[-1])
    largest = max(numeric, key=_size)[1]
    smallest = min(numeric, key=_size)[1]
    return Value(name, largest, smallest, marks[-1])


def _size(pair: tuple[float, Mark]) -> float:
    return pair[0]
