"""Servers that stall, drip or are slow, clocks that jump, processes that sleep: rows D1 to D6."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import pytest

from comet_async import Limits, Quota, RetryPolicy, comet
from comet_async.errors import RequestTimeout
from comet_async.server import LocalServer, RateLimit
from tests.faults.answers_sleeper import QUOTA, Slept
from tests.faults.answers_support import BRISK, KEYS, SPEC, scene, undone

ONE = comet.get_experiment_metadata(KEYS[0])
SERIES = comet.get_all_experiment_metrics(KEYS[0])
TWICE = RetryPolicy(attempts=2, base=0.01, cap=0.02)
LATE = 1.0
"""Seconds that a busy machine may add to a timeout."""
SUSPENDED = 60.0 if "COMET_ASYNC_CAMPAIGN" in os.environ else 2.0


@pytest.mark.parametrize("fault", ["stall_headers", "stall_body"])
async def test_d1_a_stall_ends_with_the_idle_time_and_is_retried(
    fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    async with scene(timeouts=BRISK, retry=TWICE) as tried:
        clean = await tried.clean(SERIES)
        request, octets = await tried.asset()
        tried.server.faults.add(fault, per_key=1)
        began = time.monotonic()
        assert await tried.session.send(SERIES) == clean
        assert BRISK.idle <= time.monotonic() - began <= BRISK.idle + LATE
        done = await tried.session.download(request, path)
        assert (done.size, done.verified) == (len(octets), True)
        path.unlink()
        assert tried.failures == ["RequestTimeout"] * 2
        tried.server.faults.add(fault)
        began = time.monotonic()
        assert len((await tried.refused(SERIES, RequestTimeout)).attempts) == 2
        await undone(tried.session.download(request, path), path, RequestTimeout)
        assert time.monotonic() - began <= 4 * BRISK.idle + 2 * LATE


@pytest.mark.parametrize(("fault", "rate"), [("drip_headers", 100.0), ("drip_body", 2000.0)])
async def test_d2_a_drip_ends_within_the_speed_window(
    fault: str, rate: float, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    window = BRISK.headers if fault == "drip_headers" else BRISK.low_speed_seconds
    async with scene(timeouts=BRISK, retry=TWICE) as tried:
        clean = await tried.clean(SERIES)
        request, _ = await tried.asset()
        tried.server.faults.add(fault, rate, per_key=1)
        began = time.monotonic()
        assert await tried.session.send(SERIES) == clean
        assert window <= time.monotonic() - began <= window + LATE
        tried.server.faults.add(fault, rate)
        assert len((await tried.refused(SERIES, RequestTimeout)).attempts) == 2
        began = time.monotonic()
        error = await undone(tried.session.download(request, path), path, RequestTimeout)
        assert 2 * window <= time.monotonic() - began <= 2 * window + LATE
        assert len(error.attempts) == 2


async def test_d3_a_slow_but_steady_download_has_no_total_time(tmp_path: Path) -> None:
    patience = msgspec.structs.replace(BRISK, total=0.5, low_speed_bytes=60_000.0)
    path = tmp_path / "file.bin"
    async with scene(timeouts=patience, retry=TWICE) as tried:
        request, octets = await tried.asset()
        tried.server.faults.add("drip_body", 150_000.0)
        began = time.monotonic()
        done = await tried.session.download(request, path)
        assert time.monotonic() - began > 3 * 0.5
        assert (done.size, done.verified) == (len(octets), True)
        assert tried.failures == []


async def test_d4_a_slow_server_is_driven_at_full_concurrency() -> None:
    async with scene(concurrency=10) as tried:
        await tried.clean(ONE)
        tried.server.faults.add("slow_start", 0.3)
        pairs = ((n, comet.get_experiment_metadata(KEYS[n % 12])) for n in range(40))
        began = time.monotonic()
        found = await tried.session.collect(pairs)
        elapsed = time.monotonic() - began
        assert len(found.ok) == 40
        assert 4 * 0.3 <= elapsed <= 4 * 0.3 + LATE


async def schedule(jump: float, patch: pytest.MonkeyPatch) -> tuple[list[float], list[float], int]:
    """Return delays, pauses and the requests of a run in which the wall clock jumps."""
    real, jumps = time.time, iter(range(10**9))
    limits = Limits(quotas=(Quota(10, 0.4),), concurrency=5)
    async with scene(limits=limits) as tried:
        await tried.session.collect((n, comet.get_experiment_metadata(KEYS[n])) for n in range(12))
        tried.forget()
        # Each strikes the first attempt of another experiment: whoever is late, none has two.
        throttled = {"status": 429, "retry_after": 0.2}
        tried.server.faults.add("status", throttled, match=KEYS[0], times=1)
        for key in KEYS[1:5]:
            tried.server.faults.add("status", 503, match=key, times=1)
        if jump:
            patch.setattr(time, "time", lambda: real() + jump * (next(jumps) % 2))
        pairs = ((n, comet.get_experiment_metadata(KEYS[n % 12])) for n in range(24))
        began = time.monotonic()
        found = await tried.session.collect(pairs)
        elapsed = time.monotonic() - began
        patch.undo()
        assert len(found.ok) == 24
        assert 0.8 <= elapsed <= 6.0 + 20 * LATE  # a jump that counted would add a day
        return sorted(tried.delays), tried.pauses, len(tried.server.log)


@pytest.mark.timeout(90)
async def test_d5_a_jumping_wall_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = await schedule(0.0, monkeypatch)
    for day in (86_400.0, -86_400.0):
        assert await schedule(day, monkeypatch) == usual


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system cannot stop a process")
@pytest.mark.timeout(180)
async def test_d6_a_suspended_process_goes_on_without_a_burst() -> None:
    """Stop a client for 2 s, or for a minute: `COMET_ASYNC_CAMPAIGN=1 pytest -k d6`."""
    limit = RateLimit(QUOTA.limit, QUOTA.window)
    async with LocalServer(synthetic=SPEC, rate_limit=limit) as server:
        server.faults.add("slow_start", 0.05)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.answers_sleeper", server.url, "80"),
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60.0 + SUSPENDED):
            while len(server.log) < 30:  # noqa: ASYNC110 the log is no event
                await asyncio.sleep(0.01)
            child.send_signal(signal.SIGSTOP)
            await asyncio.sleep(SUSPENDED)
            child.send_signal(signal.SIGCONT)
            output, _ = await child.communicate()
    report = cast("Slept", json.loads(output))
    assert (report["right"], report["failed"]) == (80, 0)
    assert report["most_attempts"] <= 2
    assert report["requests"] == server.log.total <= 80 + 4
    assert limit.violations == 0
    assert limit.max_per_window <= QUOTA.limit
