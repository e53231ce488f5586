"""Large answers: few of them on their way at once, and one decoded in a turn of the loop.

Where the server is faster than the decoder, all answers in flight would be read at the same pace,
wait in memory together, and be out of the processor's caches when their turn comes. So an answer
that is not small is read on only when it has a place: 64 charts of 4 MB in flight peak at 160 MiB,
where all that are read at once take 430. The number of places follows the decoder: one more after
each answer while it is idle most of the time, one less while it is busy. Where the network is what
takes time, all answers come at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from comet_async.engine.slots import Slots

__all__ = ["LARGE", "LargeAnswers", "Turn"]

T = TypeVar("T")

LARGE = 128 * 1024
"""Bytes from which on an answer is large."""

_FIRST = 8
_FEWEST = 4
_MOST = 256
_IDLE = 0.3
_BUSY = 0.45
_FADE = 0.97
_LONGEST_IDLE = 1.0


class LargeAnswers:
    """The places for large answers of one service, and its decoder.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.places = Slots(_MOST)
        self.places.resize(_FIRST)
        self._clock = clock
        self._decoding = asyncio.Lock()
        self._free_since = clock()
        self._busy = self._idle = 0.0

    async def decoded(self, act: Callable[[], T]) -> T:
        """Return `act()`, in a turn of the loop of its own.

        Whoever waits for the answer before it runs first, and lets go of that.
        """
        async with self._decoding:
            await asyncio.sleep(0)
            began = self._clock()
            try:
                return act()
            finally:
                self._took(began, self._clock())

    def _took(self, began: float, ended: float) -> None:
        idle = min(began - self._free_since, _LONGEST_IDLE)
        self._busy = _FADE * self._busy + ended - began
        self._idle = _FADE * self._idle + idle
        self._free_since = ended
        both = self._busy + self._idle
        if self._busy < _IDLE * both:
            self.places.resize(self.places.limit + 1)
        elif self._busy > _BUSY * both:
            self.places.resize(max(self.places.limit - 1, _FEWEST))


class Turn:
    """The way of one answer, which may turn out to be large.

    Args:
        answers: All large answers of the service.
    """

    __slots__ = ("_answers", "_entered")

    def __init__(self, answers: LargeAnswers) -> None:
        self._answers = answers
        self._entered = False

    async def enter(self) -> None:
        """Wait for a place, once; `leave` gives it back."""
        if self._entered:
            return
        places = self._answers.places
        if not places.take():
            await places.wait()
        self._entered = True

    def leave(self) -> None:
        """Give the place back, if there is one."""
        if self._entered:
            self._entered = False
            self._answers.places.release()
