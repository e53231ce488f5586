"""The server's own rate limit: an exact sliding window that counts what clients send."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["RateLimit"]


@dataclass(slots=True)
class RateLimit:
    """At most `limit` requests in any `window` seconds; more are answered with 429.

    Attributes:
        limit: Requests per window; may be changed while the server runs.
        window: Seconds.
        tolerance: Seconds by which the window is shortened, for the jitter of arrivals.
        fractional: Whether Retry-After is given with fractions of a second.
        clock: Monotonic seconds.
        violations: Requests that were refused.
        max_per_window: Most arrivals, refused ones included, in any window so far.
    """

    limit: int
    window: float
    tolerance: float = 0.0
    fractional: bool = False
    clock: Callable[[], float] = time.monotonic
    violations: int = 0
    max_per_window: int = 0
    _arrivals: deque[float] = field(default_factory=deque[float], repr=False)
    _admitted: deque[float] = field(default_factory=deque[float], repr=False)

    def check(self) -> str | None:
        """Count one arrival; return None when it is admitted, else the Retry-After value."""
        now = self.clock()
        span = self.window - self.tolerance
        for times in (self._arrivals, self._admitted):
            while times and times[0] <= now - span:
                times.popleft()
        self._arrivals.append(now)
        self.max_per_window = max(self.max_per_window, len(self._arrivals))
        if len(self._admitted) < self.limit:
            self._admitted.append(now)
            return None
        self.violations += 1
        wait = self._admitted[-self.limit] + span - now if self.limit > 0 else span
        return f"{max(wait, 0.001):.3f}" if self.fractional else str(max(1, math.ceil(wait)))

    def reset(self) -> None:
        """Forget all arrivals and counts."""
        self._arrivals.clear()
        self._admitted.clear()
        self.violations = self.max_per_window = 0
