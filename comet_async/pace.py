"""How fast the work of sessions goes: requests per second, waits, and the time that is left.

A `Pace` is an observer that only counts; whoever shows progress asks it for words.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Paused,
    RetryScheduled,
    Waited,
)

__all__ = ["Pace", "told_time"]

_WINDOW = 10
_QUIET = 2.0
_LONG = 2.0
_SELDOM = 5.0
_INTERVAL = 30.0
_TOLD_WAIT = 1.0


def told_time(seconds: float) -> str:
    """Return a duration in words, as long ones are told: without the seconds.

    >>> told_time(7.4), told_time(95), told_time(4000), told_time(200_000)
    ('7 s', '2 min', '1 h 07 min', '2 d 7 h')
    """
    if seconds < 90:  # noqa: PLR2004 below, a number of seconds still says something
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004 minutes of an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 two days
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


class Pace:
    """Counts what sessions tell, as their observer.

    Waits of many requests at one time count once, as the time that passed.

    Args:
        clock: Tells the seconds.
        note: Called with each sentence that should be said at once.

    Attributes:
        requests: Requests that went on the wire, repetitions too.
        repeats: Those of them that repeat an earlier one.
        paused: Seconds for which the server asked for quiet.
        held: Seconds in which the quota held requests back.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.requests = 0
        self.repeats = 0
        self.paused = 0.0
        self.held = 0.0
        self._clock = clock
        self._note = note
        self._began = self._latest = clock()
        self._under_way = 0
        self._until = self._began
        self._held_until = self._began
        self._seconds: deque[tuple[int, int]] = deque(maxlen=_WINDOW + 1)
        self._said: dict[str, float] = {}
        self._expected: int | None = None
        self._least: Callable[[int], float] | None = None

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        now = self._clock()
        match event:
            case AttemptStarted(number=number):
                self._started(now, again=number > 1)
            case AttemptEnded():
                self._under_way = max(0, self._under_way - 1)
            case Paused(seconds=seconds, reason=reason):
                self.paused += max(0.0, now + seconds - max(now, self._until))
                self._until = max(self._until, now + seconds)
                told = f"waiting {told_time(seconds)}: the server asked for quiet ({reason})"
                self._say(told, seldom="" if seconds >= _SELDOM else "pause")
            case RetryScheduled(delay=delay, failure=failure) if self._alone(now, delay):
                told = f"an answer failed ({failure}): asking again in {told_time(delay)}"
                self._say(told, seldom="retry")
            case Waited(reason="quota", seconds=seconds):
                self.held += max(0.0, now - max(now - seconds, self._held_until))
                self._held_until = now
                if seconds >= _TOLD_WAIT:
                    told = f"waited {told_time(seconds)}: the quota allows no more requests"
                    self._say(told, seldom="quota")
            case _:
                pass

    def _alone(self, now: float, delay: float) -> bool:
        """Tell whether a repetition is long in coming, and not for a pause that was told."""
        return delay >= _LONG and self._until <= now

    def _started(self, now: float, *, again: bool) -> None:
        self.requests += 1
        self.repeats += again
        self._under_way += 1
        self._latest = now
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + 1)
        else:
            self._seconds.append((second, 1))

    def _say(self, text: str, *, seldom: str = "") -> None:
        """Say a sentence; of one that comes in crowds no more than one in half a minute."""
        now = self._clock()
        if self._note is None or (seldom and now - self._said.get(seldom, -_INTERVAL) < _INTERVAL):
            return
        self._said[seldom] = now
        self._note(text)

    def expect(self, requests: int, least: Callable[[int], float] | None = None) -> None:
        """Take note of requests to come, besides those that were made or expected before.

        Args:
            requests: How many.
            least: Returns the seconds that so many take at least, by the quota.
        """
        before = self.requests - self.repeats if self._expected is None else self._expected
        self._expected = before + requests
        self._least = least or self._least

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @property
    def eventful(self) -> bool:
        """Whether requests had to be repeated, or held back."""
        return bool(self.repeats) or self.paused + self.held >= _TOLD_WAIT

    def rate(self) -> float | None:
        """Return requests per second of late, None in the first second."""
        now = self._clock()
        span = min(now - self._began, float(_WINDOW))
        if span < 1.0:
            return None
        return sum(count for second, count in self._seconds if second > now - _WINDOW) / span

    def left(self) -> float | None:
        """Return the seconds that are left, None where nobody knows.

        That is as long as the requests to come take at the rate so far, and never less than the
        quota lets them.
        """
        if self._expected is None:
            return None
        made = self.requests - self.repeats
        to_come = max(0, self._expected - made)
        least = self._least(to_come) if self._least is not None else 0.0
        at_this_rate = to_come * self.seconds / made if made and self.seconds >= 1.0 else 0.0
        return max(least, at_this_rate) or None

    def now(self) -> str:
        """Return in words what goes on: a rate, or what is waited for; "" before there is any."""
        clock = self._clock()
        if self._until > clock:
            return f"the server asked for quiet: {told_time(self._until - clock)} more"
        if self.requests and not self._under_way and clock - self._latest > _QUIET:
            return "waiting for a turn"
        rate = self.rate()
        if not self.requests or rate is None:
            return ""
        return f"{rate:,.0f} requests/s" if rate >= _WINDOW else f"{rate:.1f} requests/s"

    def status(self) -> str:
        """Return what goes on, and how long it will last, in words; "" before there is any."""
        left = self.left()
        parts = [self.now(), "" if left is None else f"about {told_time(left)} left"]
        return ", ".join(part for part in parts if part)

    def summary(self) -> str:
        """Return what it took, in words."""
        made = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        parts = [made + (f" ({self.repeats:,} repeated)" if self.repeats else "")]
        if self.paused >= _TOLD_WAIT:
            parts.append(f"{told_time(self.paused)} of quiet that the server asked for")
        if self.held >= _TOLD_WAIT:
            parts.append(f"{told_time(self.held)} held back by the quota")
        return ", ".join([*parts, f"{self.seconds:.1f} s"])
