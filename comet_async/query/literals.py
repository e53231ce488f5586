"""Names and values that an expression can have, and how Python writes them."""

from __future__ import annotations

import json
import math
import numbers
from datetime import datetime
from typing import TypeAlias

from comet_async.errors import UsageError
from comet_async.redaction import shortened

__all__ = ["Value", "check_name", "is_number", "literal", "plain_value"]

Value: TypeAlias = str | int | float | bool | datetime | tuple[float, float] | None
"""What a column is compared with; a pair for `between`."""

_WIDEST = 2**63


def literal(value: Value) -> str:
    """Return a value as Python, and as `read_expression` reads it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f'datetime("{value.isoformat()}")'
    return repr(value)


def is_number(value: object) -> bool:
    """Tell whether a value is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_name(name: object, called: str) -> None:
    """See that a name is a text that can be sent.

    Args:
        name: The name.
        called: What it is a name of.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(name, str) or not name:
        raise UsageError(f"{called}({shortened(repr(name), 60)}) needs a name, a text")
    _check_text(name, called)


def _check_text(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{place}: the text has half a character (a lone surrogate)") from None


def plain_value(value: object, place: str) -> Value:
    """Return a value as one that JSON can carry.

    Args:
        value: Any object.
        place: Where it stands, for an error.

    Raises:
        UsageError: There is no such value.
    """
    if value is None or isinstance(value, (bool, datetime)):
        return value
    if isinstance(value, str):
        _check_text(value, place)
        return str(value)
    if isinstance(value, numbers.Integral):
        if -_WIDEST <= int(value) < _WIDEST:
            return int(value)
    elif isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    raise UsageError(
        f"{place} {shortened(repr(value), 60)}: a value is a finite number of 64 bits, a text, "
        "a datetime, True, False or None"
    )
