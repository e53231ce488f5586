"""Throughput watch: a transfer that drips along is given up, one that is merely large is not."""

from __future__ import annotations

__all__ = ["SpeedWatch"]


class SpeedWatch:
    """Tells when fewer than `minimum` bytes a second came over a whole window.

    The rule of curl's `--speed-limit` and `--speed-time`: the window starts again whenever it was
    passed with enough bytes.

    Args:
        minimum: Bytes per second.
        window: Seconds.
        now: Monotonic time at the start, in seconds.
    """

    __slots__ = ("_bytes", "_minimum", "_since", "_window")

    def __init__(self, minimum: float, window: float, now: float) -> None:
        self._minimum = minimum
        self._window = window
        self.restart(now)

    def restart(self, now: float) -> None:
        """Begin a new window: until now nobody was reading."""
        self._since = now
        self._bytes = 0

    def too_slow(self, received: int, now: float) -> bool:
        """Count `received` further bytes and tell whether the window ended below the minimum."""
        self._bytes += received
        elapsed = now - self._since
        if elapsed < self._window:
            return False
        if self._bytes < self._minimum * elapsed:
            return True
        self.restart(now)
        return False
