"""Slots: how many requests may be under way at once, a number that can change meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Slots"]


class Slots:
    """A first-in-first-out semaphore whose limit follows the server's mood.

    The limit halves when the server throttles and grows by one for each round of `limit` successes
    (additive increase, multiplicative decrease), between 1 and the limit that was set.

    Args:
        maximum: The limit that was set.
    """

    __slots__ = ("_grown", "_in_use", "_limit", "_maximum", "_waiters")

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._limit = maximum
        self._in_use = 0
        self._grown = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """The limit as it stands."""
        return self._limit

    @property
    def in_use(self) -> int:
        """Slots taken now."""
        return self._in_use

    @property
    def queued(self) -> int:
        """Tasks that wait for a slot."""
        return len(self._waiters)

    def take(self) -> bool:
        """Take a slot if one can be had without waiting; False if not."""
        if self._in_use < self._limit and not self._waiters:
            self._in_use += 1
            return True
        return False

    async def wait(self) -> None:
        """Wait for a slot after `take` gave none; those who wait come in the order of asking."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.release()
            elif turn in self._waiters:
                self._waiters.remove(turn)
            raise

    def release(self) -> None:
        """Give a slot back."""
        self._in_use -= 1
        if self._waiters:
            self._grant()

    def resize(self, limit: int) -> None:
        """Set the limit, at most the one that was set first."""
        self._limit = min(limit, self._maximum)
        self._grant()

    def throttled(self) -> None:
        """Halve the limit."""
        self._limit = max(1, self._limit // 2)
        self._grown = 0

    def succeeded(self) -> None:
        """Count a success towards a higher limit."""
        if self._limit < self._maximum:
            self._grown += 1
            if self._grown >= self._limit:
                self._grown = 0
                self._limit += 1
                self._grant()

    def _grant(self) -> None:
        while self._waiters and self._in_use < self._limit:
            turn = self._waiters.popleft()
            if not turn.done():
                self._in_use += 1
                turn.set_result(None)
