"""A simulated server with an exact limit, and clients that drive it, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable

import msgspec

from comet_async import Effect, Request, RetryPolicy, Service, Session
from comet_async.engine.transport import HttpRequest
from comet_async.server import RateLimit
from comet_async.service import Limits
from comet_async.testing import FakeTransport, Reply, reply

__all__ = ["Arrival", "SimulatedServer", "drive", "loop_clock", "refused_share", "served_rate"]

REQUEST = Request(service="comet", method="GET", path="/thing", answer=bytes, effect=Effect.READ)
_OK = reply(json={"a": 1})


class Arrival(msgspec.Struct, frozen=True):
    """One request at the server: seconds since the start, and whether it was served."""

    at: float
    served: bool


def loop_clock() -> float:
    """Return the running loop's time."""
    return asyncio.get_running_loop().time()


class SimulatedServer:
    """Serves within a limit, says 429 with Retry-After beyond it, after a random latency.

    Attributes:
        limit: May be changed meanwhile.
        arrivals: All requests, in order.
    """

    def __init__(self, limit: RateLimit, *, latency: float, seed: int = 1) -> None:
        self.limit = limit
        self.arrivals: list[Arrival] = []
        self._latency = latency
        self._draw = random.Random(seed)
        self._began = loop_clock()

    async def answer(self, request: HttpRequest) -> Reply:
        """Answer one request: it arrives at half of the latency."""
        half = self._latency * self._draw.uniform(0.25, 0.75)
        await asyncio.sleep(half)
        wait = self.limit.check()
        self.arrivals.append(Arrival(loop_clock() - self._began, wait is None))
        await asyncio.sleep(half)
        return _OK if wait is None else reply(status=429, headers={"Retry-After": wait})

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something so many seconds after the start."""
        asyncio.get_running_loop().call_at(self._began + seconds, act)


async def drive(
    server: SimulatedServer, seconds: float, *, clients: int = 1, limits: Limits | None = None
) -> None:
    """Let clients, each with a throttle of its own, send as much as they may."""
    end = loop_clock() + seconds
    async with asyncio.TaskGroup() as tasks:
        for number in range(clients):
            tasks.create_task(_client(server, end, number, limits or Limits(concurrency=32)))


async def _client(server: SimulatedServer, end: float, seed: int, limits: Limits) -> None:
    fake = FakeTransport(default=server.answer)
    service = Service(name="comet", base_url="http://127.0.0.1:1", limits={"default": limits})
    draw = random.Random(seed).random
    async with (
        Session(service, transport=fake, draw=draw, retry=RetryPolicy()) as session,
        session.fan_out((n, REQUEST) for n in itertools.count()) as outcomes,
    ):
        async for outcome in outcomes:
            fake.sent.clear()
            assert outcome.value == _OK.body  # type: ignore[union-attr]  # every call succeeds
            if loop_clock() > end:
                break


def refused_share(arrivals: Iterable[Arrival], begin: float, end: float) -> float:
    """Return the share of 429 among the arrivals of a span."""
    span = [arrival.served for arrival in arrivals if begin <= arrival.at < end]
    return span.count(False) / max(1, len(span))


def served_rate(arrivals: Iterable[Arrival], begin: float, end: float) -> float:
    """Return the requests served a second in a span."""
    return sum(arrival.served for arrival in arrivals if begin <= arrival.at < end) / (end - begin)
