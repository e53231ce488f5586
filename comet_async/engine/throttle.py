"""Rate limits: exact sliding-window quotas, smoothing, one shared pause, adaptive concurrency.

A quota must hold on the server's clock, not only here: a request counts from its admission until
one window after its answer came, since the server has seen it somewhere in between. That keeps any
window of the server's at or below the quota whatever the latency is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeAlias

from aiolimiter import AsyncLimiter

from comet_async.engine.pacing import Pacing
from comet_async.engine.slots import Slots
from comet_async.events import WaitReason
from comet_async.service import Limits, Quota, Service

__all__ = ["Bucket", "SlidingWindow", "Throttle"]

Told: TypeAlias = Callable[[WaitReason, float], None]

_FOREVER = float("inf")


class SlidingWindow:
    """An exact quota: never more than `limit` requests in any `window` seconds.

    Args:
        quota: Limit and window.
    """

    __slots__ = ("_open", "_settled", "quota")

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._open = 0
        self._settled: deque[float] = deque()

    def delay(self, now: float) -> float:
        """Return the seconds until a request is admitted; infinite while all are under way."""
        settled = self._settled
        horizon = now - self.quota.window
        while settled and settled[0] <= horizon:
            settled.popleft()
        if self._open + len(settled) < self.quota.limit:
            return 0.0
        return settled[0] - horizon if settled else _FOREVER

    def admitted(self) -> None:
        """Count an admission."""
        self._open += 1

    def settled(self, now: float, *, sent: bool) -> None:
        """Let an admission end: it counts for one more window if the server can have seen it."""
        self._open -= 1
        if sent:
            self._settled.append(now)


class Bucket:
    """One class of endpoints of one service: its slots, quotas, smoothing and pause.

    Args:
        limits: What was set.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.slots = Slots(limits.concurrency)
        self._windows = tuple(SlidingWindow(quota) for quota in limits.quotas)
        self._smoothing = (
            None
            if limits.rate is None
            else AsyncLimiter(limits.burst, max(limits.burst / limits.rate, 1e-9))
        )
        self._pacing = Pacing()
        self._paused_until = 0.0
        self._turn = asyncio.Lock()
        self._settling: asyncio.Event | None = None

    async def enter(self, waited: Told) -> None:
        """Wait for a slot after `slots.take` gave none; `leave` gives it back.

        Args:
            waited: Told of the wait.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.slots.wait()
        waited("slot", loop.time() - began)

    def leave(self) -> None:
        """Give the slot back."""
        self.slots.release()

    def take(self) -> bool:
        """Admit a request if it may be sent at once; False if it has to wait. Ended by `settle`."""
        if self._smoothing is not None or self._turn.locked():
            return False
        now = asyncio.get_running_loop().time()
        if self._paused_until > now or self._hindered(now):
            return False
        self._admitted(now)
        return True

    async def admit(self, waited: Told) -> None:
        """Wait until a request may be sent now; ended by `settle`. `waited` is told of waits.

        The shared pause is looked at last, so nothing starts during it.
        """
        loop = asyncio.get_running_loop()
        if self._smoothing is not None:
            await _smooth(self._smoothing, loop, waited)
        if self._turn.locked() or self._hindrance(loop.time())[1] > 0:
            async with self._turn:
                await self._wait_turn(loop, waited)
        self._admitted(loop.time())

    async def _wait_turn(self, loop: asyncio.AbstractEventLoop, waited: Told) -> None:
        while True:
            began = loop.time()
            reason, delay = self._hindrance(began)
            if delay <= 0:
                return
            if delay == _FOREVER:
                self._settling = asyncio.Event()
                await self._settling.wait()
            else:
                await asyncio.sleep(delay)
            waited(reason, loop.time() - began)

    def _hindrance(self, now: float) -> tuple[WaitReason, float]:
        pause = self._paused_until - now
        if pause > 0:
            return "pause", pause
        for window in self._windows:
            delay = window.delay(now)
            if delay > 0:
                return "quota", delay
        return "smoothing", self._pacing.delay(now)

    def _hindered(self, now: float) -> bool:
        return (bool(self._windows) or self._pacing.active) and self._hindrance(now)[1] > 0

    def _admitted(self, now: float) -> None:
        for window in self._windows:
            window.admitted()
        self._pacing.admitted(now)

    def settle(self, *, sent: bool = True) -> None:
        """End an admission: the answer came, or none will come.

        Args:
            sent: Whether the server can have seen the request.
        """
        self._pacing.answered += sent
        if self._windows:
            now = asyncio.get_running_loop().time()
            for window in self._windows:
                window.settled(now, sent=sent)
        if self._settling is not None:
            self._settling.set()
            self._settling = None

    def succeeded(self) -> None:
        """Let concurrency recover by a success."""
        self.slots.succeeded()

    def throttled(self, seconds: float) -> bool:
        """Pause every request for `seconds` and slow down; True if this began a new pause.

        Answers to requests that were under way together count as one sign of throttling.
        """
        now = asyncio.get_running_loop().time()
        fresh = self.pause(seconds)
        self._pacing.answered -= 1
        if fresh and not self._pacing.throttled(now, seconds):
            self.slots.throttled()
        return fresh

    def pause(self, seconds: float) -> bool:
        """Hold every request back for `seconds`; True if none was held back before."""
        now = asyncio.get_running_loop().time()
        fresh = now >= self._paused_until
        self._paused_until = max(self._paused_until, now + seconds)
        return fresh


async def _smooth(smoothing: AsyncLimiter, loop: asyncio.AbstractEventLoop, waited: Told) -> None:
    if smoothing.has_capacity():
        await smoothing.acquire()
        return
    began = loop.time()
    await smoothing.acquire()
    waited("smoothing", loop.time() - began)


class Throttle:
    """The buckets of any number of services; share one to share limits between sessions.

    A throttle belongs to one event loop.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def bucket(self, service: Service, name: str) -> Bucket:
        """Return the bucket `name` of a service, made at its first use."""
        known = name if name in service.limits else "default"
        key = (service.name, service.base_url, known)
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = Bucket(service.limits_of(known))
        return found

    def buckets(self) -> Mapping[tuple[str, str, str], Bucket]:
        """Return the buckets in use, by service, base URL and name."""
        return dict(self._buckets)
