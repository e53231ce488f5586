"""Pacing after throttling: the rate that a server has been seen to bear, and a search for more.

The first rate is measured: N requests answered, then "come back in w seconds", so the server bears
N in the time up to the end of that wait, whatever its window is. From there on steps double.

Up: `rate * (1 + 0.03 * 2**(t / pace - 8))`, t seconds after a throttling. That is flat for about
seven paces, then a probe of a few percent that doubles with every pace that the server bears it:
ten times the rate after sixteen paces. The pace itself doubles with each throttling, from 0.5 to
4 s: a limit that is met again and again is believed, and seldom tried. But it stays at 0.5 s while
the rate is below a fifth of the best one known, for such a limit may pass. The best one fades by
2 % with each throttling, so a cut to a tenth is doubted for some three minutes.

Down: by 5 % of the rate half a second ago, which is the mean over a window of one second. If the
server throttles again at once, the drop doubles, up to 80 %, but not below what was seen to be
taken meanwhile: five throttlings lead to a tenth.

The constants are a trade. Long paces keep refusals rare where clients share a key; short ones find
a restored limit soon, at one refusal in five seconds while it is low. Simulated, with a server that
counts over one second and seeds other than those the constants were chosen on: four clients are
refused 0.5 to 0.7 % (50/s), 0.3 % (100/s) or 0.1 % (200/s, 300/s) of the time in the mean, 1.6 %
and 1.2 % (50/s, 100/s) with the worst of 16 seeds, and use 0.86 to 0.93 of the rate, at worst 0.79.
A limit cut to a tenth for 20 to 60 s and restored is used to 90 % again, over two seconds, after 8
to 12 s in the mean and 18 s at worst.
"""

from __future__ import annotations

import math

__all__ = ["Pacing"]

_STEP = 0.03
_CALM_PACES = 8.0
_SHORTEST_PACE = 0.5
_LONGEST_PACE = 4.0
_FAR_BELOW = 0.2
_FADE = 0.98
_LEAST_DROP = 0.05
_GREATEST_DROP = 0.8
_AT_ONCE = 1.5
_LAG = 0.5
_SLOWEST = 1.0
_MOST_DOUBLINGS = 60.0
_QUIET = 2.0
_HORIZON = 20.0
_SHORTEST_SPAN = 0.05
_CREDIT = 0.01


class Pacing:
    """Delays admissions to a learned rate; does nothing until the server first throttles.

    Attributes:
        answered: Requests that the server took since the measurement began; the owner counts.
    """

    __slots__ = (
        "_best",
        "_drop",
        "_last",
        "_next",
        "_pace",
        "_rate",
        "_risen_since",
        "_since",
        "answered",
    )

    def __init__(self) -> None:
        self.answered = 0.0
        self._since = self._last = -math.inf
        self._rate = math.inf
        self._best = 0.0
        self._drop = _LEAST_DROP
        self._pace = _SHORTEST_PACE / 2
        self._risen_since = self._next = 0.0

    @property
    def active(self) -> bool:
        """Whether the server has throttled and the rate is paced."""
        return self._rate < math.inf

    def rate(self, now: float) -> float:
        """Return the requests a second that are admitted at time `now`."""
        paces = (now - self._risen_since) / self._pace - _CALM_PACES
        return self._rate * (1.0 + _STEP * math.exp2(min(paces, _MOST_DOUBLINGS)))

    def delay(self, now: float) -> float:
        """Return the seconds until the next admission."""
        return max(0.0, self._next - now) if self.active else 0.0

    def admitted(self, now: float) -> None:
        """Count an admission; the next ones may catch up what this one is late, up to 10 ms.

        What is later than that was not asked for. The rise is put off by twice that time, so that
        the rate stays below twice the one in use, and starts anew after a quiet time.
        """
        if not self.active:
            self._measure(now)
            return
        unused = now - self._next - _CREDIT
        if unused > 0.0:
            self._risen_since = min(now, self._risen_since + 2.0 * unused)
        self._next = max(self._next, now - _CREDIT) + 1.0 / self.rate(now)

    def throttled(self, now: float, wait: float) -> bool:
        """Learn that the present rate is too high.

        Args:
            now: Seconds.
            wait: Seconds for which nothing will be sent.

        Returns:
            Whether the server has borne about that rate until now.
        """
        until = now + wait
        first = not self.active
        again = not first and now - self._risen_since < _AT_ONCE
        if not first and not again:
            self.answered, self._since = 0.0, now
        self._drop = min(2.0 * self._drop, _GREATEST_DROP) if again else _LEAST_DROP
        seen = self.answered / max(_SHORTEST_SPAN, until - self._since)
        borne = seen if first else self.rate(max(now - _LAG, self._risen_since))
        rest = (1.0 - self._drop) * borne
        self._rate = max(_SLOWEST, rest, seen if again else 0.0)
        self._best = max(self._rate, _FADE * self._best)
        if self._rate < _FAR_BELOW * self._best:
            self._pace = _SHORTEST_PACE
        elif not again:
            self._pace = min(2.0 * self._pace, _LONGEST_PACE)
        self._risen_since = self._next = until
        return not first and not again

    def _measure(self, now: float) -> None:
        """Keep the measurement recent: forget what was before a quiet time, and fade the rest."""
        if now - self._last > _QUIET:
            self.answered, self._since = 0.0, now
        elif now - self._since > _HORIZON:
            self.answered, self._since = self.answered / 2, (now + self._since) / 2
        self._last = now
