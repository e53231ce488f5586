"""Short acts share hops to worker threads: results, failures and cancellations stay each one's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import anyio
import anyio.lowlevel
import pytest

from comet_async.engine import threads
from comet_async.engine.threads import SharedHops, to_its_end

_ACTS = 500


async def _all(acts: list[Callable[[], int]], hops: SharedHops) -> list[int]:
    return await asyncio.gather(*(hops.undivided(act) for act in acts))


async def test_each_gets_what_its_act_returned_and_hops_are_few() -> None:
    calls: list[object] = []
    loop = asyncio.get_running_loop()
    plain = loop.call_soon_threadsafe

    def counted(*args: object) -> asyncio.Handle:
        calls.append(args)
        return plain(*args)  # type: ignore[arg-type]  # handed on as they came

    loop.call_soon_threadsafe = counted  # type: ignore[method-assign,assignment]  # counts wake-ups
    found = await _all([lambda number=number: number for number in range(_ACTS)], SharedHops())  # type: ignore[misc]  # a default binds each number
    assert found == list(range(_ACTS))
    assert len(calls) < _ACTS / 5


async def test_a_failure_reaches_the_one_whose_act_it_was() -> None:
    hops = SharedHops()

    def fails() -> int:
        raise OSError(28, "No space left on device")

    found = await asyncio.gather(
        hops.undivided(lambda: 1),
        hops.undivided(fails),
        hops.undivided(lambda: 3),
        return_exceptions=True,
    )
    assert [found[0], found[2]] == [1, 3]
    assert isinstance(found[1], OSError)
    assert found[1].errno == 28
    assert await hops.undivided(lambda: 4) == 4


async def test_slow_acts_run_side_by_side() -> None:
    hops = SharedHops()
    together = threading.Barrier(3)

    def waits_for_others() -> int:
        return together.wait(10)

    async def later(seconds: float) -> int:
        await anyio.sleep(seconds)  # each finds the hops before it busy for long
        return await hops.undivided(waits_for_others)

    found = await asyncio.gather(later(0), later(0.02), later(0.04))
    assert sorted(found) == [0, 1, 2]


async def test_what_waits_behind_a_slow_act_goes_on_in_several_hops() -> None:
    hops = SharedHops()
    go, together = threading.Event(), threading.Barrier(3)

    def blocks() -> int:
        go.wait(10)
        return -1

    first = asyncio.ensure_future(hops.undivided(blocks))
    await anyio.lowlevel.checkpoint()
    rest = [asyncio.ensure_future(hops.undivided(lambda: together.wait(10))) for _ in range(3)]
    await (
        anyio.lowlevel.checkpoint()
    )  # all three wait behind the first, for its hop has only just begun
    threading.Timer(0.02, go.set).start()
    assert await first == -1
    assert sorted([await one for one in rest]) == [0, 1, 2]


async def test_a_cancellation_waits_for_the_act() -> None:
    hops = SharedHops()
    go, done = threading.Event(), threading.Event()

    def act() -> None:
        go.wait(10)
        done.set()

    task = asyncio.ensure_future(hops.undivided(act))
    await anyio.sleep(0.01)
    task.cancel()
    await anyio.sleep(0.01)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_work_that_is_cancelled_itself_ends_who_waits_for_it() -> None:
    work: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await to_its_end(work)


@pytest.mark.parametrize("ending", ["done", "failed", "cancelled"])
async def test_cancellations_in_a_row_wait_for_the_end(ending: str) -> None:
    work: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(to_its_end(work))
    for _ in range(3):
        await anyio.lowlevel.checkpoint()
        task.cancel()
    await anyio.lowlevel.checkpoint()
    assert not task.done()
    if ending == "done":
        work.set_result(1)
    elif ending == "failed":
        work.set_exception(OSError("lost with the task"))
    else:
        work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class _Counting(ThreadPoolExecutor):
    """Counts the hops that it was given."""

    given = 0

    def submit(self, *work: object, **more: object) -> Future[object]:  # type: ignore[override]  # handed on as it came
        self.given += 1
        return super().submit(*work, **more)  # type: ignore[arg-type]  # as above


async def test_hops_are_bounded_however_slow_the_acts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_PATIENCE", -1.0)  # each act takes too long
    counting, go, hops = _Counting(4), threading.Event(), SharedHops()
    asyncio.get_running_loop().set_default_executor(counting)

    def act(number: int) -> int:
        go.wait(10)
        return number

    tasks = [
        asyncio.ensure_future(hops.undivided(lambda number=number: act(number)))  # type: ignore[misc]  # a default binds each number
        for number in range(40)
    ]
    await anyio.lowlevel.checkpoint()
    assert counting.given == 16
    go.set()
    assert [await task for task in tasks] == list(range(40))
