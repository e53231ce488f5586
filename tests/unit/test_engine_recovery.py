"""Throttling servers and outages in virtual time: progress, fairness, recovery (rows I5 to I7)."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from comet_async.engine.session import Session
from comet_async.engine.transport import HttpRequest
from comet_async.errors import CometAsyncError, ServerError
from comet_async.events import Paused
from comet_async.service import Limits
from comet_async.testing import FakeTransport, Reply, reply
from tests.support.doubles import Recorder, comet_like, get
from tests.support.virtual_time import run

FINE = reply(json={"a": 1})


class Limited:
    """A server that takes so many requests in any second and answers the others 429.

    Args:
        usual: Requests a second.
        cut: Requests a second between `begin` and `end` seconds after the first request.
        hint: Whether it says how long to wait.
    """

    def __init__(self, usual: int, cut: int, begin: float, end: float, *, hint: bool) -> None:
        self.taken: list[float] = []
        self.refused: list[float] = []
        self._recent: list[float] = []
        self._rates = (usual, cut)
        self._cut = (begin, end)
        self._hint = hint
        self._start: float | None = None

    async def __call__(self, request: HttpRequest) -> Reply:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.02)
        now = loop.time()
        if self._start is None:
            self._start = now
        at = now - self._start
        allowed = self._rates[self._cut[0] <= at < self._cut[1]]
        self._recent = [moment for moment in self._recent if moment > at - 1.0]
        await asyncio.sleep(0.02)
        if len(self._recent) >= allowed:
            self.refused.append(at)
            return reply(status=429, headers={"Retry-After": "1"} if self._hint else None)
        self._recent.append(at)
        self.taken.append(at)
        return FINE

    def rate(self, begin: float, end: float) -> float:
        """Return the requests a second that were taken in a stretch of time."""
        return sum(begin <= at < end for at in self.taken) / (end - begin)


async def loaded(server: Limited, seconds: float, concurrency: int, seed: int = 5) -> None:
    """Keep a session busy for so many virtual seconds."""
    draw = Random(seed).random
    service = comet_like(Limits(concurrency=concurrency))
    fake = FakeTransport(server)
    async with Session(service, transport=fake, draw=draw) as session:
        try:
            async with asyncio.timeout(seconds):
                endless = iter(int, 1)
                pairs = ((None, get()) for _ in endless)
                async with session.fan_out(pairs, concurrency=concurrency) as outcomes:
                    async for _ in outcomes:
                        pass
        except TimeoutError:
            return


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("hint", [True, False])
@pytest.mark.parametrize(("usual", "held"), [(20, 30), (50, 20), (50, 60), (100, 23), (200, 26)])
def test_the_rate_follows_a_limit_down_and_up_again(
    usual: int, held: int, seed: int, *, hint: bool
) -> None:
    restored = 40 + held
    server = Limited(usual, usual // 10, 40.0, restored, hint=hint)
    run(loaded(server, restored + 60.0, concurrency=min(usual, 50), seed=seed))
    assert server.rate(10.0, 40.0) >= 0.7 * usual
    assert server.rate(50.0, restored) >= 0.5 * usual / 10
    best = max(server.rate(restored + at, restored + at + 5.0) for at in range(26))
    assert best >= 0.9 * usual
    assert server.rate(restored + 30.0, restored + 60.0) >= 0.85 * usual
    asked = len(server.taken) + len(server.refused)
    assert len(server.refused) / asked < 0.1


@pytest.mark.xfail(reason="a limit that was cut to a fiftieth is found again after 13 to 14 s")
def test_ninety_percent_of_the_rate_are_back_ten_seconds_after_a_throttle_ends() -> None:
    server = Limited(50, 1, 20.0, 40.0, hint=True)
    run(loaded(server, 70.0, concurrency=50))
    best = max(server.rate(40.0 + at, 42.0 + at) for at in range(9))
    assert best >= 0.9 * 50


def test_half_of_everything_refused_still_converges() -> None:
    draw = Random(3).random
    served: list[float] = []

    def storm(request: HttpRequest) -> Reply:
        served.append(asyncio.get_running_loop().time())
        return reply(status=429) if draw() < 0.5 else FINE

    recorder = Recorder()

    async def main() -> int:
        fake = FakeTransport(storm)
        async with Session(
            comet_like(Limits(concurrency=10)), transport=fake, draw=draw, observer=recorder
        ) as session:
            found = await session.collect((n, get(n=str(n))) for n in range(200))
            assert found.failed == {}
            return len(found.ok)

    assert run(main()) == 200
    assert len(served) < 600
    assert len(recorder.of(Paused)) > 10


def outage(failing: Reply, calls: int) -> tuple[int, list[BaseException]]:
    """Call a server that only fails; return the requests on the wire and the errors."""

    async def main() -> tuple[int, list[BaseException]]:
        fake = FakeTransport(failing)
        draw = Random(9).random
        async with Session(
            comet_like(Limits(concurrency=32)), transport=fake, draw=draw
        ) as session:
            found = await session.collect((n, get()) for n in range(calls))
        return len(fake.sent), list(found.failed.values())

    return run(main())


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_total_outage_is_not_amplified(status: int) -> None:
    requests, errors = outage(reply(status=status), 2000)
    assert len(errors) == 2000
    assert all(isinstance(error, ServerError) for error in errors)
    assert requests <= 1.1 * 2000


def test_an_outage_that_asks_for_patience_is_bounded_by_attempts() -> None:
    requests, errors = outage(reply(status=503, headers={"Retry-After": "1"}), 200)
    assert all(isinstance(error, CometAsyncError) for error in errors)
    assert requests <= 4 * 200
