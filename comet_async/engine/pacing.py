"""Pacing after throttling: the rate that a server has been seen to bear, searched for like CUBIC.

At a throttled answer the rate falls to 0.7 of what was just measured; then it rises along
`C * (t - K)**3 + r` with `K = cbrt(r * 0.3 / C)`, so it comes back quickly to the old rate `r`,
lingers there, and then tries for more (RFC 9438 uses the same curve for congestion windows).
"""

from __future__ import annotations

import math

__all__ = ["Pacing"]

_BETA = 0.7
_SCALE = 0.4
_MEASURE_SECONDS = 0.5
_SMOOTHING = 0.8
_MIN_RATE = 0.5


class Pacing:
    """Delays admissions to a learned rate; does nothing until the server first throttles."""

    __slots__ = ("_count", "_last_max", "_measured", "_next", "_since", "_throttled_at")

    def __init__(self) -> None:
        self._throttled_at: float | None = None
        self._last_max = 0.0
        self._measured = 0.0
        self._count = 0
        self._since: float | None = None
        self._next = 0.0

    @property
    def active(self) -> bool:
        """Whether the server has throttled and the rate is paced."""
        return self._throttled_at is not None

    def rate(self, now: float) -> float:
        """Return the requests a second that are admitted at time `now`."""
        if self._throttled_at is None:
            return math.inf
        back = math.cbrt(self._last_max * (1.0 - _BETA) / _SCALE)
        grown = _SCALE * (now - self._throttled_at - back) ** 3 + self._last_max
        return max(_MIN_RATE, grown)

    def delay(self, now: float) -> float:
        """Return the seconds until the next admission."""
        return 0.0 if self._throttled_at is None else max(0.0, self._next - now)

    def admitted(self, now: float) -> None:
        """Count an admission."""
        self._measure(now)
        if self._throttled_at is not None:
            self._next = max(self._next, now) + 1.0 / self.rate(now)

    def throttled(self, now: float) -> None:
        """Learn that the present rate is too high."""
        self._measure(now, counted=0)
        seen = self._measured or _MIN_RATE
        self._last_max = min(seen, self.rate(now))
        self._throttled_at = now

    def _measure(self, now: float, counted: int = 1) -> None:
        if self._since is None:
            self._since = now
        self._count += counted
        elapsed = now - self._since
        if elapsed >= _MEASURE_SECONDS or (self._measured == 0.0 and elapsed > 0.0):
            current = self._count / elapsed
            known = self._measured > 0.0
            self._measured = (
                _SMOOTHING * current + (1.0 - _SMOOTHING) * self._measured if known else current
            )
            if elapsed >= _MEASURE_SECONDS:
                self._count = 0
                self._since = now
