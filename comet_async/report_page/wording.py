"""Numbers, times and texts as the page has them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from comet_async.redaction import shortened
from comet_async.shown import told_size

__all__ = ["count", "duration", "machine_time", "moment", "short", "size", "value"]

_NONE = "-"
_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


def count(number: int | None) -> str:
    """Return a whole number with commas.

    >>> count(12345), count(None)
    ('12,345', '-')
    """
    return _NONE if number is None else f"{number:,}"


def value(number: float | None) -> str:
    """Return a measured number with six digits.

    >>> value(0.123456789), value(1234567.0), value(3.0), value(None)
    ('0.123457', '1.23457e+06', '3', '-')
    """
    if number is None or not math.isfinite(number):
        return _NONE
    return f"{number:.6g}"


def size(number: float | None) -> str:
    """Return bytes in words."""
    return _NONE if number is None else told_size(number)


def duration(seconds: float | None) -> str:
    """Return seconds in words.

    >>> duration(0.25), duration(75), duration(3 * 3600 + 60), duration(2 * 86400 + 3600)
    ('0.2 s', '1 min 15 s', '3 h 1 min', '2 d 1 h')
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return _NONE
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def moment(seconds: float | None) -> str:
    """Return a time in UTC, which is said.

    >>> moment(0.0)
    '1970-01-01 00:00:00 UTC'
    """
    found = _datetime(seconds)
    return _NONE if found is None else found.strftime("%Y-%m-%d %H:%M:%S UTC")


def machine_time(seconds: float | None) -> str:
    """Return a time for the attribute `datetime`."""
    found = _datetime(seconds)
    return "" if found is None else found.isoformat(timespec="seconds")


def _datetime(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def short(text: str | None, limit: int = 120) -> str:
    """Return a text on one line, not too long."""
    return _NONE if text is None else shortened(text, limit) or _NONE
