"""What a comparison sends as its value, by the type of its column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from comet_async.errors import UsageError
from comet_async.query.expressions import Comparison, Value, literal
from comet_async.query.operators import OPERATORS

__all__ = ["WireValue", "guessed_type", "wire_value"]

WireValue: TypeAlias = str | int | float | list[str] | None
"""A value as a rule carries it."""

_TEXT = "string"
_WORDS = {"true": 1, "false": 0}


def guessed_type(comparison: Comparison) -> str:
    """Return the type of a column that nobody knows, as its value and source suggest."""
    if comparison.variable.source == "metrics":
        return "double"
    value = comparison.value[0] if isinstance(comparison.value, tuple) else comparison.value
    guesses = ((bool, "boolean"), ((int, float), "double"), (datetime, "datetime"))
    return next((name for kinds, name in guesses if isinstance(value, kinds)), _TEXT)


def wire_value(comparison: Comparison, kind: str, *, strict: bool = True) -> WireValue:
    """Return the value that a rule carries.

    Args:
        comparison: The comparison.
        kind: Type of its column; one that is unknown takes any value.
        strict: Whether a value that cannot be meant for such a column is refused.

    Raises:
        UsageError: The operator does not go with the type; or, if `strict`, the value does not.
    """
    operator, value = OPERATORS[comparison.operator], comparison.value
    positive = operator if operator.method else OPERATORS[operator.opposite]
    if isinstance(value, tuple):
        if kind == _TEXT:
            raise _refused(comparison, kind, "between() needs a column of numbers")
        return [str(bound) for bound in value]
    if positive.method:
        if kind != _TEXT:
            raise _refused(comparison, kind, f"{positive.method}() needs a column of texts")
        return _loose(value)
    if operator.against:
        return None
    return _compared(comparison, kind) if strict else _loose(value)


def _compared(comparison: Comparison, kind: str) -> WireValue:
    value = comparison.value
    if kind == _TEXT and OPERATORS[comparison.operator].orders:
        raise _refused(comparison, kind, "texts are compared by ==, !=, contains, startswith, ...")
    rule = _RULES.get(kind)
    if rule is None:
        return _loose(value)
    read, wanted = rule
    found = read(value)
    if found is None:
        raise _refused(comparison, kind, f"compare it with {wanted}, not {literal(value)}")
    return found


def _refused(comparison: Comparison, kind: str, advice: str) -> UsageError:
    return UsageError(f"{comparison.variable} is of type {kind}: {advice}")


def _loose(value: Value) -> str | int | float:
    """Return any value as it is, True as 1 and moments with a blank in place of the T."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (str, int, float)):
        return value
    raise TypeError(type(value).__name__)


def _number(value: Value) -> str | int | float | None:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return None
        return value
    return None if isinstance(value, datetime) else _loose(value)


def _truth(value: Value) -> str | int | float | None:
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return None if isinstance(value, datetime) else _loose(value)


def _moment(value: Value) -> str | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value.isoformat(" ") if isinstance(value, datetime) else None


def _text(value: Value) -> str | int | float | None:
    return None if isinstance(value, bool) else _loose(value)


_Rule: TypeAlias = tuple[Callable[[Value], str | int | float | None], str]

_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "double": (_number, "a number"),
        "timenumber": (_number, "a number of seconds"),
        "boolean": (_truth, "True or False"),
        "datetime": (_moment, 'a datetime, or a text as "2024-01-31 12:00:00"'),
        _TEXT: (_text, 'the text that was logged, as "true"'),
    }
)
"""For each type: what reads a value, and what to compare with."""
