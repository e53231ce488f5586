"""Connections that break, servers that go away, pools that run dry: rows E1 to E4."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from comet_async import Limits, Ok, RetryPolicy, Session, comet
from comet_async.errors import BodyTruncated, ConnectionLost, RequestTimeout, TransportError
from comet_async.server import LocalServer
from tests.faults.answers_support import (
    BRISK,
    FAST,
    KEYS,
    SPEC,
    checked,
    scene,
    service,
    undone,
)
from tests.support.raw_server import answer, raw_server, reset, silence, stall

ONE = comet.get_experiment_metadata(KEYS[0])
SERIES = comet.get_all_experiment_metrics(KEYS[0])
CAMPAIGN = int(os.environ.get("COMET_ASYNC_CAMPAIGN", "2000"))


@pytest.mark.parametrize("fault", ["rst_before", "close_before", "rst_mid_headers", "rst_mid_body"])
async def test_e1_a_broken_connection_is_retried_and_counted(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        request, octets = await tried.asset()
        before = tried.session.counters.requests
        planted = tried.server.faults.add(fault, per_key=2)
        assert await tried.session.send(SERIES) == clean
        done = await tried.session.download(request, path)
        assert done.sha256 == hashlib.sha256(octets).hexdigest()
        path.unlink()
        assert tried.server.faults.hits(planted) == 4
        assert len(tried.server.log) == tried.attempts == 6
        assert tried.session.counters.requests - before == 6
        assert set(tried.failures) <= {"ConnectionLost", "BodyTruncated", "StaleConnection"}
        tried.server.faults.add(fault)
        tried.forget()
        error = await tried.refused(SERIES, TransportError)
        assert isinstance(error, (ConnectionLost, BodyTruncated))
        assert len(error.attempts) == len(tried.server.log) == tried.attempts
        assert (
            len(error.attempts) - [a.outcome for a in error.attempts].count("StaleConnection") <= 4
        )
        await undone(tried.session.download(request, path), path, TransportError)


@pytest.mark.parametrize("fault", ["rst_before", "close_before", "rst_mid_headers"])
@pytest.mark.parametrize("kept", [False, True])
async def test_e1_a_dropped_get_reaches_the_server_once_for_each_attempt(
    fault: str, *, kept: bool
) -> None:
    """Left alone, aiohttp repeats such a GET itself: not counted, not paced, not in the quota."""
    async with scene(retry=RetryPolicy(attempts=2, base=0.01, cap=0.02)) as tried:
        if kept:
            await tried.clean(ONE)
        tried.server.faults.add(fault)
        error = await tried.refused(ONE, ConnectionLost)
        assert 2 <= len(error.attempts) <= 2 + kept
        assert len(error.attempts) == tried.attempts == len(tried.server.log)


@pytest.mark.parametrize("fault", ["rst_before", "close_before", "rst_mid_headers", "rst_mid_body"])
async def test_e1_a_run_over_flaky_connections_gives_the_clean_values(fault: str) -> None:
    pairs = [(key, comet.get_all_experiment_metrics(key)) for key in KEYS]
    async with scene() as tried:
        clean = await tried.session.collect(pairs)
        tried.server.faults.add(fault, per_key=1, probability=0.7)
        found = await tried.session.collect(pairs)
        assert found.failed == {}
        assert found.ok == clean.ok
        assert len(tried.server.log) == tried.session.counters.requests


@pytest.mark.timeout(max(60, CAMPAIGN // 100))
async def test_e2_a_kept_connection_closed_by_the_server_is_invisible() -> None:
    """Read from a server that closes after every answer, at once or a little later.

    The number of requests is 2,000, or what the environment says:
    `COMET_ASYNC_CAMPAIGN=100000 pytest tests/faults/test_faults_drops.py -k e2`.
    """
    ended: Counter[str] = Counter()
    async with scene() as tried:
        tried.server.faults.add("close_after", 0.0, probability=0.5)
        tried.server.faults.add("close_after", 0.001, probability=0.5)
        tried.server.faults.add("close_after", 0.01)
        pairs = ((n, comet.get_experiment_metadata(KEYS[n % 12])) for n in range(CAMPAIGN))
        async with tried.session.fan_out(pairs) as outcomes:
            async for outcome in outcomes:
                right = isinstance(outcome, Ok) and (
                    outcome.value.experiment_key == KEYS[outcome.key % 12]
                )
                ended["right" if right else repr(outcome)] += 1
        assert ended == {"right": CAMPAIGN}
        races = tried.failures
        assert len(races) > CAMPAIGN / 100
        assert set(races) == {"StaleConnection"}
        assert tried.session.counters.requests == CAMPAIGN + len(races)


async def test_e2_a_race_is_no_reason_to_wait_or_to_spend_the_retry_budget() -> None:
    """A request that meets a closed connection goes out again at once, on a fresh one."""
    first = answer(b'{"experimentKey": "a"}')
    async with raw_server(first, reset, answer(b'{"experimentKey": "b"}')) as server:
        patient = RetryPolicy(attempts=1, base=30.0, cap=30.0)
        async with Session(service(server.url), retry=patient, draw=lambda: 0.999) as session:
            assert (await session.send(ONE)).experiment_key == "a"
            began = time.monotonic()
            assert (await session.send(ONE)).experiment_key == "b"
            assert time.monotonic() - began < 5.0
        assert len(server.heard) == 3
        assert server.connections == 2


async def test_e2_a_fresh_connection_that_breaks_is_the_servers_trouble() -> None:
    async with raw_server(reset) as server:
        async with Session(service(server.url), retry=FAST) as session:
            with pytest.raises(ConnectionLost) as caught:
                await session.send(ONE)
            assert [a.outcome for a in checked(caught.value).attempts] == ["ConnectionLost"] * 3
        assert len(server.heard) == 3


async def test_e3_a_run_outlives_a_restart_of_the_server() -> None:
    pairs = [(n, comet.get_all_experiment_metrics(KEYS[n % 12])) for n in range(300)]
    seen: Counter[int] = Counter()
    async with AsyncExitStack() as second, AsyncExitStack() as first:
        server = await first.enter_async_context(LocalServer(synthetic=SPEC))
        port = server.ports[0]
        session = await second.enter_async_context(
            Session(service(server, concurrency=8), retry=FAST)
        )
        clean = {key: await session.send(comet.get_all_experiment_metrics(key)) for key in KEYS}
        async with session.fan_out(pairs, concurrency=8) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Ok), outcome
                assert outcome.value == clean[KEYS[outcome.key % 12]]
                seen[outcome.key] += 1
                if len(seen) == 100:
                    await first.aclose()
                    await asyncio.sleep(0.5)
                    await second.enter_async_context(LocalServer(synthetic=SPEC, port=port))
        assert session.counters.retries > 0
    assert seen == Counter(range(300))


async def test_e4_a_stalled_request_leaves_the_other_slot_to_the_rest() -> None:
    patience = msgspec.structs.replace(BRISK, headers=1.5, idle=1.5)
    once = RetryPolicy(attempts=1)
    async with scene(limits=Limits(concurrency=2), timeouts=patience, retry=once) as tried:
        tried.server.faults.add("stall_headers", match=KEYS[0])
        tried.server.faults.add("slow_start", 0.01)
        finished: list[str] = []
        pairs = [(key, comet.get_experiment_metadata(key)) for key in KEYS]
        async with tried.session.fan_out(pairs, concurrency=8) as outcomes:
            async for outcome in outcomes:
                finished.append(outcome.key)
                assert isinstance(outcome, Ok) or isinstance(outcome.error, RequestTimeout)
                assert isinstance(outcome, Ok) is (outcome.key != KEYS[0])
        assert finished[-1] == KEYS[0]
        assert sorted(finished) == sorted(KEYS)
        queued = tried.waits("slot")
        assert len(queued) >= len(KEYS) - 2
        assert sum(queued) == pytest.approx(tried.session.counters.seconds_waiting)
        assert min(queued) > 0


async def test_e4_a_slow_host_does_not_hold_another_one_back() -> None:
    patience = msgspec.structs.replace(BRISK, headers=1.5, idle=1.5)
    async with raw_server(silence) as slow, LocalServer(synthetic=SPEC) as quick:
        profiles = (
            service(quick, concurrency=2),
            msgspec.structs.replace(service(slow.url, concurrency=2), name="slow"),
        )
        async with Session(*profiles, timeouts=patience, retry=RetryPolicy(attempts=1)) as session:
            stuck = msgspec.structs.replace(ONE, service="slow")
            pairs = [((n, "slow"), stuck) for n in range(2)]
            pairs += [((n, "quick"), comet.get_experiment_metadata(KEYS[n])) for n in range(12)]
            finished: list[str] = []
            async with session.fan_out(pairs, concurrency=14) as outcomes:
                async for outcome in outcomes:
                    assert isinstance(outcome, Ok) is (outcome.key[1] == "quick")
                    finished.append(outcome.key[1])
        assert finished == ["quick"] * 12 + ["slow"] * 2


async def test_e4_no_slot_is_lost_to_requests_that_time_out() -> None:
    quick = msgspec.structs.replace(BRISK, headers=0.1)
    ok = answer(b'{"experimentKey": "a"}')
    async with raw_server(silence, stall(b"HTTP/1.1 200 OK\r\nContent-Le"), ok) as server:
        profile = service(server.url, concurrency=1)
        async with Session(profile, timeouts=quick, retry=RetryPolicy(attempts=1)) as session:
            pairs = [(n, ONE) for n in range(4)]
            found = await session.collect(pairs, concurrency=4)
            assert len(found.failed) == 2
            assert all(isinstance(error, RequestTimeout) for error in found.failed.values())
            assert repr(session) == "<Session comet 0 active, 0 queued>"
