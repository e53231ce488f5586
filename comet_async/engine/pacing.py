"""Pacing after throttling: the rate that a server has been seen to bear, searched for like CUBIC.

N requests answered, then "come back in w seconds": the server bears N in the time up to the end of
that wait, whatever its window is. A server that throttles when it is asked at a rate that it bore
until just now was tried a little too hard; it bears a little less than that rate. From there on the
rate starts at 0.9 of what is known, comes back to it in `climb` seconds along a cubic curve that
lingers at its end, and then grows ever faster, to find a limit that was raised (RFC 9438 grows
congestion windows along such a curve). A server that throttles again at about the same rate is
believed: the climb takes twice as long, so that it is seldom tried.

The constants are a trade, simulated with a server that counts over one second: four clients of one
key are refused 0.5 % of the time at 200 requests a second in all (1 to 2 % at 100), and a limit cut
to a tenth and restored is used to 90 % again after 18 to 29 s.
"""

from __future__ import annotations

import math

__all__ = ["Pacing"]

_DROP = 0.1
_BELOW = 0.9
_NEAR = 0.4
_IDLE = 0.3
_SAME = 1.6
_SLOWEST = 2.0
_SHORTEST_CLIMB = 4.0
_LONGEST_CLIMB = 12.0
_GROWTH = 0.3
_GROWTH_SECONDS = 3.0
_LEAST_STEP = 20.0
_QUIET = 2.0
_MARK_SECONDS = 1.0
_HORIZON = 20.0
_SHORTEST_SPAN = 0.05
_CREDIT = 0.01


class Pacing:
    """Delays admissions to a learned rate; does nothing until the server first throttles.

    Attributes:
        answered: Requests that the server took since the measurement began; the owner counts.
    """

    __slots__ = (
        "_climb",
        "_last",
        "_mark_due",
        "_marks",
        "_next",
        "_rate",
        "_since",
        "_slack",
        "_throttled_at",
        "answered",
    )

    def __init__(self) -> None:
        self.answered = 0.0
        self._slack = 0.0
        self._since = self._last = self._mark_due = -math.inf
        self._marks = (0.0, 0.0), (0.0, 0.0)
        self._throttled_at: float | None = None
        self._rate = math.inf
        self._climb = _SHORTEST_CLIMB
        self._next = 0.0

    @property
    def active(self) -> bool:
        """Whether the server has throttled and the rate is paced."""
        return self._throttled_at is not None

    def rate(self, now: float) -> float:
        """Return the requests a second that are admitted at time `now`."""
        if self._throttled_at is None:
            return math.inf
        past = now - self._throttled_at - self._climb
        if past < 0:
            return max(_SLOWEST, self._rate * (1.0 + _DROP * (past / self._climb) ** 3))
        step = _GROWTH * max(self._rate, _LEAST_STEP)
        return max(_SLOWEST, self._rate + step * (past / _GROWTH_SECONDS) ** 3)

    def delay(self, now: float) -> float:
        """Return the seconds until the next admission."""
        return 0.0 if self._throttled_at is None else max(0.0, self._next - now)

    def admitted(self, now: float) -> None:
        """Count an admission; the next ones may catch up what this one is late, up to 10 ms."""
        if now >= self._mark_due or now - self._last > _QUIET:
            self._mark(now)
        self._last = now
        if self._throttled_at is not None:
            self._slack += max(0.0, now - self._next - _CREDIT)
            self._next = max(self._next, now - _CREDIT) + 1.0 / self.rate(now)

    def throttled(self, now: float, wait: float) -> bool:
        """Learn that the present rate is too high.

        Args:
            now: Seconds.
            wait: Seconds for which nothing will be sent.

        Returns:
            Whether the server has borne about that rate until now.
        """
        rate, until = self.rate(now), now + wait
        mean = self._seen(until, self._since, 0.0)
        recent = self._seen(until, *self._marks[0])
        busy = self._slack < _IDLE * (now - self._since)
        near = busy and max(mean, recent) > _NEAR * rate
        found = _BELOW * rate if near else min(rate, max(mean, _SLOWEST))
        same = self._rate / _SAME < found < self._rate * _SAME
        self._climb = min(2.0 * self._climb, _LONGEST_CLIMB) if same else _SHORTEST_CLIMB
        self._rate = found
        self._throttled_at = self._next = until
        self._begin(until)
        return near

    def _seen(self, until: float, since: float, counted: float) -> float:
        """Return the mean rate of answers since a mark."""
        return (self.answered - counted) / max(_SHORTEST_SPAN, until - since)

    def _mark(self, now: float) -> None:
        """Keep the measurement recent: forget what was before a quiet time, and fade the rest."""
        if now - self._last > _QUIET:
            self._begin(now)
        elif now - self._since > _HORIZON:
            self._since = (now + self._since) / 2
            self.answered, self._slack = self.answered / 2, self._slack / 2
            self._marks = (now, self.answered), (now, self.answered)
        else:
            self._marks = self._marks[1], (now, self.answered)
        self._mark_due = now + _MARK_SECONDS

    def _begin(self, now: float) -> None:
        self.answered = self._slack = 0.0
        self._since = self._last = self._mark_due = now
        self._marks = (now, 0.0), (now, 0.0)
