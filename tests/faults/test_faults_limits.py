"""Rate limits against a server that counts (rows I1 to I7); long spans run in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from comet_async import Request, RetryPolicy, Session, Throttle, comet
from comet_async.comet import Experiment
from comet_async.errors import ServerError
from comet_async.events import AttemptStarted, Event, Paused
from comet_async.server import LocalServer, RateLimit
from comet_async.service import Limits, Quota
from tests.faults.harness_leaks import KEY, SPEC, Ground
from tests.faults.harness_limits import (
    SimulatedServer,
    drive,
    loop_clock,
    refused_share,
    served_rate,
)
from tests.support.virtual_time import run

ROOT = Path(__file__).resolve().parents[2]
HALF = Quota(60, 0.5)
SKEW = 0.05
"""Seconds by which a busy machine may tell an observer of a pause too late."""


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with LocalServer(synthetic=SPEC, rate_limit=RateLimit(HALF.limit, HALF.window)) as server:
        yield Ground(server)


def metadata(ground: Ground, count: int) -> list[tuple[int, Request[Experiment]]]:
    keys = itertools.cycle(ground.keys)
    return [(number, comet.get_experiment_metadata(next(keys))) for number in range(count)]


def assert_never_over(ground: Ground) -> RateLimit:
    limit = ground.server.rate_limit
    assert limit is not None
    assert limit.violations == 0
    assert limit.max_per_window <= limit.limit
    return limit


async def test_no_window_at_the_server_holds_more_than_the_quota(ground: Ground) -> None:
    began = time.monotonic()
    async with ground.session(Limits(quotas=(HALF,), concurrency=24)) as session:
        found = await session.collect(metadata(ground, 400))
    seconds = time.monotonic() - began
    assert len(found.ok) == 400
    assert assert_never_over(ground).max_per_window == HALF.limit
    assert seconds >= 400 / HALF.limit * HALF.window - 2 * HALF.window
    assert seconds < 3 * 400 / HALF.limit * HALF.window


async def test_a_burst_after_idleness_is_no_double_window(ground: Ground) -> None:
    async with ground.session(Limits(quotas=(HALF,), concurrency=64)) as session:
        for idle in (0.25, 0.6, 0.0):
            found = await session.collect(metadata(ground, 2 * HALF.limit))
            assert len(found.ok) == 2 * HALF.limit
            await asyncio.sleep(idle)
    assert_never_over(ground)


def test_ten_idle_seconds_give_no_double_window() -> None:
    async def main() -> None:
        limit = RateLimit(50, 1.0, clock=loop_clock)
        server = SimulatedServer(limit, latency=0.2)
        limits = Limits(quotas=(Quota(50, 1.0),), concurrency=64)
        for _ in range(4):
            await drive(server, 3.0, limits=limits)
            await asyncio.sleep(10.0)
        assert (limit.violations, limit.max_per_window) == (0, 50)
        assert len(server.arrivals) > 4 * 3 * 40

    run(main())


async def test_tasks_sessions_redirects_and_retries_share_one_quota(ground: Ground) -> None:
    faults = ground.server.faults
    faults.add("redirect", f"{ground.server.url}/api/rest/v2/workspaces", match=ground.keys[0])
    faults.add("status", 503, match=ground.keys[1], probability=0.5)
    faults.add("close_before", match=ground.keys[2], probability=0.5)
    limits = Limits(quotas=(HALF,), concurrency=16)
    throttle = Throttle()
    pairs = [(number, request.returning(bytes)) for number, request in metadata(ground, 120)]
    async with (
        ground.session(limits, throttle=throttle) as first,
        ground.session(limits, throttle=throttle) as second,
    ):
        found = await asyncio.gather(*(one.collect(pairs) for one in (first, second, first)))
        assert sum(len(one.ok) + len(one.failed) for one in found) == 360
        assert sum(len(one.ok) for one in found) >= 350
        assert first.counters.requests + second.counters.requests == ground.server.log.total
        assert first.counters.retries > 0
        assert second.counters.retries > 0
    assert ground.server.log.total > 360 + 30
    assert_never_over(ground)


@pytest.mark.parametrize(
    ("rate", "latency", "seed"),
    [
        (50, 0.05, 1),
        (50, 0.1, 2),
        (100, 0.05, 1),
        (100, 0.05, 2),
        (100, 0.1, 3),
        (200, 0.05, 1),
        (300, 0.1, 1),
    ],
)
def test_four_clients_of_one_key_find_their_shares(rate: int, latency: float, seed: int) -> None:
    async def main() -> None:
        limit = RateLimit(rate, 1.0, clock=loop_clock)
        server = SimulatedServer(limit, latency=latency, seed=seed)
        await drive(server, 75.0, clients=4)
        assert refused_share(server.arrivals, 30.0, 75.0) < 0.01
        assert served_rate(server.arrivals, 30.0, 75.0) >= 0.8 * rate

    run(main())


CLIENT = """
import asyncio, itertools, json, sys, time
from comet_async import Session, comet
from comet_async.service import Limits

async def main(url, key, experiment, seconds):
    request = comet.get_experiment_metadata(experiment)
    ok = 0
    async with Session(comet.service(key, url=url, limits=Limits(concurrency=16))) as session:
        end = time.monotonic() + seconds
        pairs = ((number, request) for number in itertools.count())
        async with session.fan_out(pairs) as outcomes:
            async for outcome in outcomes:
                ok += outcome.value.experiment_key == experiment
                if time.monotonic() > end:
                    break
    print(json.dumps({"ok": ok}))

asyncio.run(main(*sys.argv[1:4], float(sys.argv[4])))
"""


async def test_four_processes_of_one_key_slow_down_together(ground: Ground) -> None:
    ground.server.rate_limit = RateLimit(100, 0.5, fractional=True)
    arguments = [ground.server.url, KEY, ground.keys[0], "5"]
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, *arguments, cwd=ROOT, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    outputs = await asyncio.gather(*(child.communicate() for child in children))
    assert [child.returncode for child in children] == [0] * 4
    assert min(json.loads(out)["ok"] for out, _ in outputs) >= 5
    statuses = [(record.time, record.status) for record in ground.server.log]
    half = (statuses[0][0] + statuses[-1][0]) / 2
    early = [status for at, status in statuses if at < half]
    late = [status for at, status in statuses if at >= half]
    assert late.count(429) / len(late) <= max(0.02, early.count(429) / len(early))
    assert late.count(429) / len(late) < 0.1


async def test_a_storm_of_429_is_weathered_with_one_shared_pause(ground: Ground) -> None:
    ground.server.rate_limit = None
    pairs = metadata(ground, 16)
    async with ground.session() as session:
        clean = await session.collect(pairs)
    ground.server.log.clear()
    ground.server.faults.add("status", {"status": 429, "retry_after": 0.2}, probability=0.5)
    pauses: list[tuple[float, float]] = []
    starts: list[float] = []

    def observer(event: Event, /) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(event, Paused):
            pauses.append((now, now + event.seconds))
        elif isinstance(event, AttemptStarted):
            starts.append(now)

    async with Session(ground.service(Limits(concurrency=8)), observer=observer) as session:
        found = await session.collect(pairs)
        assert session.counters.throttled >= 4
    assert found.ok == clean.ok
    assert len(ground.server.log) == len(starts) <= 16 * 6
    assert pauses
    for began, until in pauses:
        assert not [start for start in starts if began < start < until - SKEW]
        assert len([start for start in starts if until <= start < until + 0.1]) <= 3


@pytest.mark.parametrize("restored", [50, 56, 62])
def test_the_rate_follows_a_limit_down_and_up_again(restored: int) -> None:
    async def main() -> None:
        limit = RateLimit(100, 1.0, clock=loop_clock)
        server = SimulatedServer(limit, latency=0.05)
        server.at(20.0, lambda: setattr(limit, "limit", 10))
        server.at(restored, lambda: setattr(limit, "limit", 100))
        await drive(server, restored + 60.0)
        served = partial(served_rate, server.arrivals)
        assert served(27.0, restored) > 0.75 * 10
        assert refused_share(server.arrivals, 25.0, restored) < 0.06
        ends = [restored + tick / 2 for tick in range(10, 61)]
        assert max(served(end - 5.0, end) for end in ends) >= 0.9 * 100
        assert served(restored + 30.0, restored + 60.0) > 0.85 * 100

    run(main())


@pytest.mark.parametrize("retry_after", [None, 0.001])
async def test_a_total_outage_is_not_amplified(ground: Ground, retry_after: float | None) -> None:
    ground.server.rate_limit = None
    ground.server.faults.add("status", {"status": 503, "retry_after": retry_after})
    retry = RetryPolicy(base=0.001, cap=0.001)
    async with ground.session(retry=retry) as session:
        found = await session.collect(metadata(ground, 1200))
        first = ground.server.log.total
        later = await session.collect(metadata(ground, 300))
        assert ground.server.log.total - first == 300
        assert session.counters.requests == ground.server.log.total
        ground.server.faults.clear()
        assert len((await session.collect(metadata(ground, 40))).ok) == 40
    assert (len(found.failed), len(later.failed)) == (1200, 300)
    assert {type(error) for error in found.failed.values()} == {ServerError}
    assert max(len(error.attempts) for error in found.failed.values()) <= 4
    assert first <= 1.1 * 1200


async def test_dropped_connections_count_against_the_same_budget(ground: Ground) -> None:
    ground.server.rate_limit = None
    ground.server.faults.add("rst_before")
    async with ground.session(retry=RetryPolicy(base=0.001, cap=0.001)) as session:
        found = await session.collect(metadata(ground, 1100))
    assert len(found.failed) == 1100
    assert ground.server.log.total <= 1.1 * 1100
