"""Requests through a bucket in virtual time, as the server sees them arrive."""

from __future__ import annotations

import asyncio
import math
from random import Random

from comet_async.engine.throttle import Bucket
from comet_async.events import WaitReason

__all__ = ["Load", "unheard", "worst_window"]


def unheard(reason: WaitReason, seconds: float) -> None:
    """Take no note of a wait."""


def worst_window(arrivals: list[float], limit: int, window: float) -> float:
    """Return the shortest time that `limit + 1` arrivals took, as a part of `window`."""
    pairs = zip(arrivals, arrivals[limit:], strict=False)
    return min((later - first for first, later in pairs), default=window) / window


class Load:
    """Sends through a bucket; each request reaches the server somewhere within its latency.

    Args:
        bucket: What admits.
        seed: Makes latencies and failures repeatable.
        latency: Longest time from admission to answer.
        unsent: Part of the requests of which no byte leaves.
        step: Answers come at multiples of this; a coarse one makes a long run quicker.
    """

    def __init__(
        self,
        bucket: Bucket,
        seed: int,
        *,
        latency: float,
        unsent: float = 0.0,
        step: float = 1e-6,
    ) -> None:
        self.arrivals: list[float] = []
        self._step = step
        self._due: dict[float, list[bool]] = {}
        self._bucket = bucket
        self._draw = Random(seed).random
        self._latency = latency
        self._unsent = unsent

    async def send(self, count: int) -> None:
        """Send `count` requests one after the other, without waiting for their answers."""
        loop = asyncio.get_running_loop()
        draw = self._draw
        for _ in range(count):
            if not self._bucket.take():
                await self._bucket.admit(unheard)
            now = loop.time()
            due = math.ceil((now + draw() * self._latency) / self._step) * self._step
            sent = draw() >= self._unsent
            if sent:
                self.arrivals.append(now + draw() * (due - now))
            if due not in self._due:
                self._due[due] = []
                loop.call_at(due, self._settle, due)
            self._due[due].append(sent)

    def _settle(self, due: float) -> None:
        for sent in self._due.pop(due):
            self._bucket.settle(sent=sent)

    async def send_at_once(self, tasks: int, each: int) -> None:
        """Send from `tasks` tasks that all start now."""
        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(self.send(each))

    async def rest(self, seconds: float) -> None:
        """Send nothing for a while."""
        await asyncio.sleep(seconds)

    async def drained(self) -> list[float]:
        """Wait for every answer, then return the arrivals in order."""
        await asyncio.sleep(self._latency + 1.0)
        return sorted(self.arrivals)
