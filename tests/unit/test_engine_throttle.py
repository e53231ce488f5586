"""Quotas, smoothing, the shared pause and pacing in virtual time (rows B1, D5, I1 to I3, I6)."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

import pytest

from comet_async.engine.pacing import Pacing
from comet_async.engine.throttle import Bucket, SlidingWindow, Throttle
from comet_async.events import WaitReason
from comet_async.service import Limits, Quota, Service
from tests.support.arrivals import Load, unheard, worst_window
from tests.support.virtual_time import run

FULL = 1.0 - 1e-9


async def steady(load: Load, count: int) -> None:
    await load.send(count)


async def crowd(load: Load, count: int) -> None:
    await load.send_at_once(50, count // 50)


async def bursts(load: Load, count: int) -> None:
    for _ in range(10):
        await load.send_at_once(10, count // 100)
        await load.rest(0.31)


async def idle_then_burst(load: Load, count: int) -> None:
    for _ in range(10):
        await load.rest(130.0)
        await load.send(count // 10)


SHAPES = [
    pytest.param((Quota(1, 1.0),), 0.01, id="1-a-second"),
    pytest.param((Quota(50, 1.0),), 0.02, id="50-a-second"),
    pytest.param((Quota(50, 1.0),), 3.0, id="50-a-second-slow-server"),
    pytest.param((Quota(600, 60.0),), 0.5, id="600-a-minute"),
    pytest.param((Quota(50, 1.0), Quota(2000, 60.0)), 0.02, id="50-a-second-2000-a-minute"),
    pytest.param((Quota(300, 0.1),), 0.002, id="300-in-a-tenth"),
]


@pytest.mark.parametrize("pattern", [steady, crowd, bursts, idle_then_burst])
@pytest.mark.parametrize(("quotas", "latency"), SHAPES)
def test_no_window_at_the_server_is_over_its_quota(
    quotas: tuple[Quota, ...],
    latency: float,
    pattern: Callable[[Load, int], Awaitable[None]],
) -> None:
    async def main() -> list[float]:
        load = Load(Bucket(Limits(quotas=quotas)), seed=7, latency=latency, unsent=0.05)
        await pattern(load, 4000)
        return await load.drained()

    arrivals = run(main())
    assert len(arrivals) > 3000
    for quota in quotas:
        assert worst_window(arrivals, quota.limit, quota.window) >= FULL


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("quotas", "latency"),
    [
        ((Quota(1000, 60.0),), 0.6),
        ((Quota(200, 1.0),), 0.01),
        ((Quota(100, 1.0), Quota(3000, 60.0)), 0.02),
        ((Quota(10_000, 3600.0),), 30.0),
    ],
)
def test_a_quarter_of_a_million_admissions_use_the_quota_and_never_pass_it(
    quotas: tuple[Quota, ...], latency: float
) -> None:
    count = 250_000

    async def main() -> list[float]:
        load = Load(Bucket(Limits(quotas=quotas)), seed=11, latency=latency, step=latency / 4)
        await load.send(count)
        return await load.drained()

    arrivals = run(main())
    assert len(arrivals) == count
    for quota in quotas:
        assert worst_window(arrivals, quota.limit, quota.window) >= FULL
    binding = min(quotas, key=lambda quota: quota.limit / quota.window)
    allowed = (arrivals[-1] - arrivals[0]) / binding.window * binding.limit
    assert (count - binding.limit) / allowed >= 0.98


def test_a_request_that_never_left_gives_its_place_back_at_once() -> None:
    async def main() -> float:
        bucket = Bucket(Limits(quotas=(Quota(1, 60.0),)))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            await bucket.admit(unheard)
            bucket.settle(sent=False)
        await bucket.admit(unheard)
        return loop.time() - began

    assert run(main()) == 0.0


def test_a_quota_counts_from_the_answer_not_from_the_start() -> None:
    async def main() -> tuple[float, list[tuple[WaitReason, float]]]:
        bucket = Bucket(Limits(quotas=(Quota(1, 10.0),)))
        loop = asyncio.get_running_loop()
        waits: list[tuple[WaitReason, float]] = []
        began = loop.time()
        assert bucket.take()
        loop.call_later(5.0, bucket.settle)
        await bucket.admit(lambda reason, seconds: waits.append((reason, round(seconds, 3))))
        return loop.time() - began, waits

    took, waits = run(main())
    assert took == pytest.approx(15.0, abs=1e-3)
    assert waits == [("quota", 5.0), ("quota", 10.0)]


def test_a_sliding_window_by_hand() -> None:
    window = SlidingWindow(Quota(2, 10.0))
    assert window.delay(0.0) == 0.0
    window.admitted()
    window.admitted()
    assert window.delay(0.0) == float("inf")
    window.settled(1.0, sent=True)
    assert window.delay(1.0) == 10.0
    assert window.delay(10.5) == 0.5
    assert window.delay(11.0) == 0.0
    window.admitted()
    window.settled(12.0, sent=False)
    window.settled(12.0, sent=True)
    assert window.delay(12.0) == 0.0


def test_smoothing_spreads_a_burst_at_its_rate() -> None:
    async def main() -> tuple[list[float], list[WaitReason]]:
        bucket = Bucket(Limits(rate=10.0, burst=3))
        loop = asyncio.get_running_loop()
        began = loop.time()
        starts: list[float] = []
        reasons: list[WaitReason] = []
        assert not bucket.take()
        for _ in range(23):
            await bucket.admit(lambda reason, seconds: reasons.append(reason))
            starts.append(loop.time() - began)
            bucket.settle()
        return starts, reasons

    starts, reasons = run(main())
    assert starts[2] == 0.0
    assert starts[-1] == pytest.approx(2.0, abs=0.01)
    assert set(reasons) == {"smoothing"}
    assert len(reasons) == 20


def test_a_pause_holds_back_every_task_and_then_lets_them_go() -> None:
    async def main() -> tuple[list[float], list[WaitReason]]:
        bucket = Bucket(Limits(concurrency=100))
        loop = asyncio.get_running_loop()
        starts: list[float] = []
        reasons: list[WaitReason] = []

        async def worker() -> None:
            if not bucket.take():
                await bucket.admit(lambda reason, seconds: reasons.append(reason))
            starts.append(loop.time())
            bucket.settle()

        began = loop.time()
        bucket.pause(30.0)
        async with asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(worker())
                if number == 25:
                    await asyncio.sleep(10.0)
                    bucket.pause(25.0)
        return [start - began for start in starts], reasons

    starts, reasons = run(main())
    assert len(starts) == 50
    assert min(starts) >= 35.0 - 1e-6
    assert max(starts) < 35.1
    assert set(reasons) == {"pause"}


def test_a_shorter_pause_never_ends_a_longer_one() -> None:
    async def main() -> float:
        bucket = Bucket(Limits())
        loop = asyncio.get_running_loop()
        began = loop.time()
        bucket.pause(30.0)
        bucket.pause(1.0)
        await bucket.admit(unheard)
        return loop.time() - began

    assert run(main()) == pytest.approx(30.0, abs=1e-3)


def test_answers_under_way_together_count_as_one_sign_of_throttling() -> None:
    async def main() -> None:
        bucket = Bucket(Limits(concurrency=64))
        assert bucket.throttled(5.0)
        assert [bucket.throttled(seconds) for seconds in (5.0, 9.0, 1.0)] == [False] * 3
        assert bucket.slots.limit == 32
        await asyncio.sleep(9.1)
        assert bucket.take()
        assert bucket.throttled(5.0)
        assert bucket.slots.limit == 16

    run(main())


def test_successes_let_the_concurrency_recover() -> None:
    async def main() -> None:
        bucket = Bucket(Limits(concurrency=4))
        bucket.throttled(0.0)
        for _ in range(5):
            bucket.succeeded()
        assert bucket.slots.limit == 4

    run(main())


def test_a_slot_that_has_to_be_waited_for_is_told() -> None:
    async def main() -> list[tuple[WaitReason, float]]:
        bucket = Bucket(Limits(concurrency=1))
        waits: list[tuple[WaitReason, float]] = []
        assert bucket.slots.take()
        asyncio.get_running_loop().call_later(7.0, bucket.leave)
        await bucket.enter(lambda reason, seconds: waits.append((reason, round(seconds, 3))))
        return waits

    assert run(main()) == [("slot", 7.0)]


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
def test_jumps_of_the_wall_clock_change_nothing(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> list[float]:
        load = Load(Bucket(Limits(quotas=(Quota(20, 1.0),), rate=50.0)), seed=3, latency=0.05)
        await load.send(100)
        return await load.drained()

    expected = run(main())
    real = time.time
    calls = iter(range(1_000_000_000))
    monkeypatch.setattr(time, "time", lambda: real() + jump * (next(calls) % 3))
    assert run(main()) == expected


@pytest.mark.parametrize("moment", range(12))
def test_a_cancelled_wait_leaves_the_bucket_whole(moment: int) -> None:
    async def main() -> None:
        bucket = Bucket(Limits(quotas=(Quota(2, 1.0),)))
        loop = asyncio.get_running_loop()

        async def one() -> None:
            await bucket.admit(unheard)
            await asyncio.sleep(0.1)
            bucket.settle()

        tasks = [asyncio.ensure_future(one()) for _ in range(6)]
        loop.call_later(moment * 0.1, tasks[moment % 3 + 3].cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        began = loop.time()
        async with asyncio.timeout(5.0):
            await bucket.admit(unheard)
        assert loop.time() - began < 1.2

    run(main())


def test_throttles_share_buckets_by_service_and_root() -> None:
    slow = Limits(concurrency=1)
    service = Service(name="a", base_url="http://h", limits={"default": Limits(), "slow": slow})
    other = Service(name="a", base_url="http://other")

    async def main() -> None:
        throttle = Throttle()
        first = throttle.bucket(service, "default")
        assert throttle.bucket(service, "unknown") is first
        assert throttle.bucket(service, "slow").limits is slow
        assert throttle.bucket(other, "default") is not first
        assert set(throttle.buckets()) == {
            ("a", "http://h", "default"),
            ("a", "http://h", "slow"),
            ("a", "http://other", "default"),
        }

    run(main())


def test_pacing_does_nothing_until_the_first_throttling() -> None:
    pacing = Pacing()
    assert not pacing.active
    assert pacing.rate(5.0) == float("inf")
    assert pacing.delay(5.0) == 0.0
    pacing.admitted(5.0)
    assert pacing.delay(5.0) == 0.0


def paced(rate: float, seconds: float, pacing: Pacing, start: float = 0.0) -> float:
    """Let `rate` requests a second be admitted and answered; return the time of the last."""
    for tick in range(1, round(rate * seconds) + 1):
        pacing.admitted(start + tick / rate)
        pacing.answered += 1
    return start + seconds


def driven(pacing: Pacing, start: float, seconds: float) -> float:
    """Let as much be admitted and answered as the pacing lets through; return the end."""
    now = start
    while True:
        now += pacing.delay(now)
        if now >= start + seconds:
            return start + seconds
        pacing.admitted(now)
        pacing.answered += 1


def throttled_at(rate: float, times: int = 1) -> tuple[Pacing, float]:
    """Return a pacing whose server throttled so often, and the time."""
    pacing = Pacing()
    now = paced(rate, 10.0, pacing)
    pacing.throttled(now, 0.0)
    for _ in range(times - 1):
        now = driven(pacing, now, 3.0)
        assert pacing.throttled(now, 0.0)
    return pacing, now


def test_pacing_knows_the_rate_of_a_window_from_a_burst_and_the_wait() -> None:
    pacing = Pacing()
    now = paced(1000.0, 0.6, pacing)
    assert not pacing.throttled(now, 59.4)
    assert pacing.active
    assert pacing.rate(60.0) == pytest.approx(0.95 * 10.0, rel=0.02)


def test_pacing_probes_by_a_few_percent_that_double_while_they_are_borne() -> None:
    pacing, now = throttled_at(100.0)
    steps = [pacing.rate(now + at) / 95.0 - 1.0 for at in (0.0, 4.0, 4.5, 5.0, 8.5)]
    assert steps == pytest.approx([0.0, 0.03, 0.06, 0.12, 15.36], rel=0.02, abs=0.002)


@pytest.mark.parametrize(("times", "pace"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 4.0)])
def test_pacing_tries_a_limit_the_less_often_the_more_often_it_was_met(
    times: int, pace: float
) -> None:
    pacing, now = throttled_at(100.0, times)
    low = pacing.rate(now)
    assert pacing.rate(now + 6 * pace) < 1.01 * low
    assert pacing.rate(now + 8 * pace) == pytest.approx(1.03 * low, rel=0.001)
    assert pacing.rate(now + 12 * pace) == pytest.approx(1.48 * low, rel=0.002)


def test_pacing_drops_by_a_few_percent_of_the_rate_half_a_second_ago() -> None:
    pacing, now = throttled_at(100.0)
    now = driven(pacing, now, 6.0)
    borne = pacing.rate(now - 0.5)
    assert borne < 0.9 * pacing.rate(now)
    assert pacing.throttled(now, 1.0)
    assert pacing.rate(now + 1.0) == pytest.approx(0.95 * borne, rel=0.005)


def test_pacing_doubles_the_drop_when_it_is_throttled_again_at_once() -> None:
    pacing, now = throttled_at(100.0, times=4)
    rates = [pacing.rate(now)]
    for _ in range(5):
        assert not pacing.throttled(now + 0.1, 0.9)
        now += 1.0
        rates.append(pacing.rate(now))
    kept = [later / earlier for earlier, later in itertools.pairwise(rates)]
    assert kept == pytest.approx([0.9, 0.8, 0.6, 0.2, 0.2], rel=0.03)


def test_pacing_never_drops_below_what_was_taken_meanwhile() -> None:
    pacing, now = throttled_at(100.0, times=4)
    for _ in range(8):
        pacing.answered += 10
        pacing.throttled(now + 0.1, 0.9)
        now += 1.0
    assert pacing.rate(now) == pytest.approx(10.0, rel=0.15)


def test_pacing_looks_often_for_the_end_of_a_cut_and_believes_it_in_the_end() -> None:
    pacing, now = throttled_at(100.0, times=4)
    for _ in range(5):
        pacing.throttled(now + 0.1, 0.9)
        now += 1.0
    low = pacing.rate(now)
    assert low < 0.1 * 100.0
    assert pacing.rate(now + 8.5) > 10.0 * low
    met = 0
    while pacing.rate(now + 8.5) > 10.0 * pacing.rate(now):
        now = driven(pacing, now, 3.0)
        pacing.throttled(now, 0.0)
        met += 1
    assert met > 12


def test_pacing_does_not_rise_above_twice_what_is_asked_for() -> None:
    pacing, now = throttled_at(100.0)
    paced(60.0, 600.0, pacing, start=now)
    assert pacing.rate(now + 600.0) <= 2.1 * 60.0
    pacing.admitted(now + 4200.0)
    assert pacing.rate(now + 4200.0) == pytest.approx(95.0, rel=0.02)


def test_pacing_forgets_what_was_before_a_quiet_time() -> None:
    pacing = Pacing()
    paced(100.0, 10.0, pacing)
    now = paced(100.0, 1.0, pacing, start=3600.0)
    pacing.throttled(now, 0.0)
    assert pacing.rate(now) == pytest.approx(95.0, rel=0.05)


def test_pacing_measures_the_last_half_minute_not_the_last_hour() -> None:
    pacing = Pacing()
    now = paced(100.0, 300.0, pacing)
    now = paced(10.0, 40.0, pacing, start=now)
    pacing.throttled(now, 0.0)
    assert pacing.rate(now) < 25.0


def test_pacing_never_stops_altogether() -> None:
    pacing = Pacing()
    for second in range(50):
        pacing.throttled(float(second), 0.0)
    assert pacing.rate(49.0) == pytest.approx(1.0, rel=0.01)


def test_paced_admissions_are_evenly_spaced() -> None:
    pacing = Pacing()
    now = paced(100.0, 2.0, pacing)
    pacing.throttled(now, 0.0)
    times: list[float] = []
    for _ in range(20):
        now += pacing.delay(now)
        pacing.admitted(now)
        times.append(now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) > 0.010
    assert max(gaps) < 0.012
