"""The server's own time, which can be slowed, sped up and set ahead."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "rfc3339"]


class Clock:
    """Seconds since 1970 UTC: those of the machine, or faster, or only as they are told.

    With `speed=0` time stands still and moves by `advance` alone.
    """

    def __init__(
        self,
        start: float | None = None,
        *,
        speed: float = 1.0,
        source: Callable[[], float] = time.time,
    ) -> None:
        """Set the clock.

        Args:
            start: Seconds since 1970 UTC; None for the present.
            speed: Seconds that pass for each second of the source; 0 or more.
            source: Returns seconds.

        Raises:
            ValueError: The speed is negative.
        """
        if speed < 0:
            raise ValueError("time does not run backwards")
        self._source = source
        self._zero = source()
        self._start = self._zero if start is None else start
        self._speed = speed

    @property
    def speed(self) -> float:
        """Seconds that pass for each second of the source."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._start, self._zero = self.now(), self._source()
        self._speed = speed

    def now(self) -> float:
        """Return seconds since 1970 UTC."""
        return self._start + (self._source() - self._zero) * self._speed

    def advance(self, seconds: float) -> None:
        """Set the clock ahead."""
        self._start += seconds

    def text(self) -> str:
        """Return the present as RFC 3339 text."""
        return rfc3339(self.now())


def rfc3339(seconds: float) -> str:
    """Return a time as text, in UTC and with milliseconds.

    >>> rfc3339(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    found = datetime.fromtimestamp(seconds, tz=UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
