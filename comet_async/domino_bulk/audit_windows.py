"""How a range of time is cut into windows, and to which of them an event belongs.

A server may take either end of a range as included or not. So each window is asked for with a
millisecond more on both sides, and of what comes those events are kept whose own time lies in the
window: an event at a seam is in two answers and in one window. Windows end at whole seconds, for a
server that knows no shorter times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from comet_async.domino.log_cursor import nanoseconds
from comet_async.errors import UsageError

__all__ = [
    "Cutter",
    "Event",
    "Lines",
    "Window",
    "lines_of",
    "milliseconds",
    "rfc3339",
    "undated",
    "without",
]

Event: TypeAlias = dict[str, object]
"""An event with all its members, also those that no document lists."""

_SECOND_MS = 1_000
_MARGIN_MS = 1
_MS = 1_000_000
_CLEAN = 16


class Window(msgspec.Struct, frozen=True):
    """A range of time, its end not included.

    Attributes:
        start_ms: Its start, ms since 1970 UTC.
        end_ms: Its end, ms since 1970 UTC.
    """

    start_ms: int
    end_ms: int

    @property
    def asked(self) -> tuple[str, str]:
        """Start and end to ask for, RFC 3339 texts."""
        return rfc3339(self.start_ms - _MARGIN_MS), rfc3339(self.end_ms + _MARGIN_MS)

    @property
    def seam(self) -> tuple[str, str]:
        """Start and end of what this window and the one before are both asked for."""
        return rfc3339(self.start_ms - _MARGIN_MS), rfc3339(self.start_ms + _MARGIN_MS)

    def halves(self) -> tuple[Window, Window] | None:
        """Return both halves, which meet at a whole second; None where they cannot."""
        middle = _whole((self.start_ms + self.end_ms) // 2)
        if middle <= self.start_ms:
            return None
        return Window(self.start_ms, middle), Window(middle, self.end_ms)


class Cutter:
    """Cuts a range into windows that a server can answer.

    After a refusal windows are half as wide; after 16 in a row without one they are twice as wide
    again, up to the width that it began with.

    Args:
        start_ms: Start of the range, ms since 1970 UTC.
        end_ms: Its end, not included; what is below a second is cut off.
        widest: Seconds of a window at most, from 1.

    Raises:
        UsageError: `widest` is below 1.
    """

    def __init__(self, start_ms: int, end_ms: int, widest: float) -> None:
        if widest < 1:
            raise UsageError(f"a window is a second wide at least, not {widest}")
        self._at = start_ms
        self._end = _whole(end_ms)
        self._widest = self._width = _whole(int(widest * _SECOND_MS))
        self._clean = 0

    def __iter__(self) -> Iterator[Window]:
        while self._at < self._end:
            window = Window(self._at, min(_whole(self._at + self._width), self._end))
            self._at = window.end_ms
            yield window

    def answered(self) -> None:
        """Note that a window was answered."""
        self._clean += 1
        if self._clean >= _CLEAN:
            self._clean = 0
            self._width = min(self._widest, self._width * 2)

    def refused(self, window: Window) -> None:
        """Note that a window was too wide."""
        half = _whole((window.end_ms - window.start_ms) // 2)
        self._clean = 0
        self._width = max(_SECOND_MS, min(self._width, half))


def _whole(time_ms: int) -> int:
    return time_ms - time_ms % _SECOND_MS


class Lines(msgspec.Struct, frozen=True):
    """The events of a window, as lines of JSON.

    Attributes:
        content: A line for each event, by time; those without a time come first.
        count: How many there are.
        strays: Events that came though their time is more than a second off the window.
    """

    content: bytes
    count: int
    strays: int


def lines_of(window: Window, events: Sequence[Event]) -> Lines:
    """Return those of the events that belong to a window, by time, equal times as they came.

    Args:
        window: Which.
        events: What came; those without a readable time belong to it.
    """
    start, end = window.start_ms * _MS, window.end_ms * _MS
    far = _SECOND_MS * _MS
    strays = 0
    kept: list[tuple[int, Event]] = []
    for event in events:
        time = _time(event)
        if time is None:
            kept.append((start, event))
        elif start <= time < end:
            kept.append((time, event))
        elif not start - far <= time <= end + far:
            strays += 1
    kept.sort(key=lambda item: item[0])
    content = b"".join(msgspec.json.encode(event) + b"\n" for _, event in kept)
    return Lines(content, len(kept), strays)


def undated(events: Sequence[Event]) -> list[Event]:
    """Return the events that tell no readable time."""
    return [event for event in events if _time(event) is None]


def without(events: Sequence[Event], others: Sequence[Event]) -> list[Event]:
    """Return the events without so many equal ones as there are among the undated of others."""
    left = Counter(_canonical(event) for event in undated(others))
    kept: list[Event] = []
    for event in events:
        if left and _time(event) is None and left[told := _canonical(event)]:
            left[told] -= 1
        else:
            kept.append(event)
    return kept


def _canonical(event: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(event, order="deterministic")


def _time(event: Mapping[str, object]) -> int | None:
    found = event.get("timestamp")
    return nanoseconds(found) if isinstance(found, str) else None


def milliseconds(moment: datetime, name: str) -> int:
    """Return a time in ms since 1970 UTC, what is below cut off.

    Raises:
        UsageError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise UsageError(f"{name} needs a time zone, as datetime(2026, 1, 31, tzinfo=UTC)")
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * _SECOND_MS + moment.microsecond // 1_000


def rfc3339(time_ms: int) -> str:
    """Return a time as text, in UTC and with milliseconds.

    >>> rfc3339(250)
    '1970-01-01T00:00:00.250Z'
    """
    seconds, rest = divmod(time_ms, _SECOND_MS)
    moment = datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest * 1_000)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
