"""Fan-out: pull-based, bounded, failures as values, everything else as itself (rows H1, H5, N2)."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

import pytest

from comet_async.engine.fan_out import Failed, Ok, Outcome, fan_out
from comet_async.errors import NotFoundError, UsageError
from tests.support.virtual_time import run


def numbered(count: int, drawn: list[int] | None = None) -> Iterator[tuple[int, int]]:
    for number in range(count):
        if drawn is not None:
            drawn.append(number)
        yield number, number


async def double(item: int) -> int:
    await asyncio.sleep((item * 7919 % 11) / 10)
    return 2 * item


async def gathered(
    work: Callable[[int], Coroutine[object, object, int]],
    count: int,
    *,
    ordered: bool = False,
    concurrency: int = 4,
) -> list[Outcome[int, int]]:
    async with fan_out(work, numbered(count), concurrency=concurrency, ordered=ordered) as found:
        return [outcome async for outcome in found]


@pytest.mark.parametrize("concurrency", [1, 3, 100])
def test_ordered_outcomes_come_in_the_order_of_the_items(concurrency: int) -> None:
    found = run(gathered(double, 30, ordered=True, concurrency=concurrency))
    assert found == [Ok(number, 2 * number) for number in range(30)]


def test_unordered_outcomes_come_as_they_complete() -> None:
    async def late_first(item: int) -> int:
        await asyncio.sleep(10 - item)
        return item

    found = run(gathered(late_first, 10, concurrency=10))
    assert [outcome.key for outcome in found] == list(range(9, -1, -1))


def test_no_items_no_outcomes() -> None:
    assert run(gathered(double, 0)) == []


def test_our_errors_become_values() -> None:
    async def some(item: int) -> int:
        if item % 3 == 0:
            raise NotFoundError(f"no {item}")
        return await double(item)

    found = run(gathered(some, 9, ordered=True))
    assert [type(outcome) for outcome in found] == [Failed, Ok, Ok] * 3
    assert [str(o.error) for o in found if isinstance(o, Failed)] == [
        f"no {n} - check keys and names" for n in (0, 3, 6)
    ]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(("concurrency", "buffer"), [(1, 0), (3, 2), (5, None), (2, 40)])
def test_no_more_is_drawn_than_there_is_room_for(
    concurrency: int, buffer: int | None, *, ordered: bool
) -> None:
    room = concurrency + (concurrency if buffer is None else buffer)
    drawn: list[int] = []

    async def main() -> None:
        taken = 0
        async with fan_out(
            double,
            numbered(100, drawn),
            concurrency=concurrency,
            buffer=buffer,
            ordered=ordered,
        ) as outcomes:
            await asyncio.sleep(100)
            assert len(drawn) == min(room, 100)
            async for _ in outcomes:
                taken += 1
                await asyncio.sleep(5)
                assert len(drawn) <= taken + room
        assert taken == 100

    run(main())


def test_never_more_than_the_concurrency_is_under_way() -> None:
    active = highest = 0

    async def work(item: int) -> int:
        nonlocal active, highest
        active += 1
        highest = max(highest, active)
        await double(item)
        active -= 1
        return item

    run(gathered(work, 200, concurrency=7))
    assert (active, highest) == (0, 7)


def test_an_endless_source_is_fine() -> None:
    def endless() -> Iterator[tuple[int, int]]:
        number = 0
        while True:
            yield number, number
            number += 1

    async def main() -> list[int]:
        keys = []
        async with fan_out(double, endless(), concurrency=4, ordered=True) as outcomes:
            async for outcome in outcomes:
                keys.append(outcome.key)
                if len(keys) == 50:
                    break
        return keys

    assert run(main()) == list(range(50))


def test_leaving_early_cancels_what_is_under_way() -> None:
    ended: list[str] = []

    async def work(item: int) -> int:
        try:
            await asyncio.sleep(item * 1000)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return item

    async def main() -> float:
        began = asyncio.get_running_loop().time()
        async with fan_out(work, numbered(5), concurrency=5) as outcomes:
            async for outcome in outcomes:
                assert outcome == Ok(0, 0)
                break
        return asyncio.get_running_loop().time() - began

    assert run(main()) < 1.0
    assert ended == ["cancelled"] * 4


def test_an_exception_of_the_body_leaves_as_itself() -> None:
    error = LookupError("mine")

    async def main() -> None:
        async with fan_out(double, numbered(50), concurrency=5) as outcomes:
            async for _ in outcomes:
                raise error

    with pytest.raises(LookupError) as caught:
        run(main())
    assert caught.value is error


def test_a_bug_in_the_work_leaves_as_itself() -> None:
    error = ZeroDivisionError("bug")

    async def work(item: int) -> int:
        if item == 7:
            raise error
        await asyncio.sleep(1000)
        return item

    with pytest.raises(ZeroDivisionError) as caught:
        run(gathered(work, 100, concurrency=20))
    assert caught.value is error


def test_several_bugs_leave_together() -> None:
    async def work(item: int) -> int:
        try:
            await asyncio.sleep(1)
        finally:
            raise ZeroDivisionError(str(item))

    with pytest.raises(ExceptionGroup) as caught:
        run(gathered(work, 3, concurrency=3))
    assert sorted(str(error) for error in caught.value.exceptions) == ["0", "1", "2"]


def test_a_bug_while_the_body_fails_hides_neither() -> None:
    async def work(item: int) -> int:
        try:
            await asyncio.sleep(1000)
        finally:
            raise ZeroDivisionError("worker")

    async def main() -> None:
        async with fan_out(work, numbered(1), concurrency=1):
            await asyncio.sleep(1)
            raise LookupError("body")

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    assert sorted(str(error) for error in caught.value.exceptions) == ["body", "worker"]


def test_a_failing_source_leaves_as_itself() -> None:
    def broken() -> Iterator[tuple[int, int]]:
        yield 1, 1
        raise LookupError("source")

    async def main() -> None:
        async with fan_out(double, broken(), concurrency=3) as outcomes:
            async for _ in outcomes:
                pass

    with pytest.raises(LookupError, match="source"):
        run(main())


@pytest.mark.parametrize("ordered", [True, False])
def test_asynchronous_sources(*, ordered: bool) -> None:
    async def source() -> AsyncIterator[tuple[int, int]]:
        for number in range(40):
            await asyncio.sleep(0.01)
            yield number, number

    async def main() -> list[Outcome[int, int]]:
        async with fan_out(double, source(), concurrency=6, ordered=ordered) as outcomes:
            return [outcome async for outcome in outcomes]

    found = run(main())
    assert sorted(found, key=lambda o: o.key) == [Ok(n, 2 * n) for n in range(40)]
    assert not ordered or [o.key for o in found] == list(range(40))


def test_an_empty_asynchronous_source() -> None:
    async def source() -> AsyncIterator[tuple[int, int]]:
        for pair in numbered(0):
            yield pair

    async def main() -> list[Outcome[int, int]]:
        async with fan_out(double, source(), concurrency=3) as outcomes:
            return [outcome async for outcome in outcomes]

    assert run(main()) == []


def test_a_second_reader_is_refused() -> None:
    async def main() -> None:
        async with fan_out(double, numbered(1), concurrency=1) as outcomes:
            first = asyncio.ensure_future(anext(outcomes))
            await asyncio.sleep(0)
            with pytest.raises(UsageError, match="read by one task"):
                await anext(outcomes)
            assert await first == Ok(0, 0)

    run(main())


@pytest.mark.parametrize(("concurrency", "buffer"), [(0, 1), (-1, None), (1, -1)])
def test_arguments_out_of_range(concurrency: int, buffer: int | None) -> None:
    async def main() -> None:
        async with fan_out(double, numbered(1), concurrency=concurrency, buffer=buffer):
            pytest.fail("entered")

    with pytest.raises(UsageError, match="concurrency >= 1 and buffer >= 0"):
        run(main())


def test_cancellation_at_every_suspension_of_the_consumer() -> None:
    """The k-th await of the block is cancelled, for every k; no task is left behind."""
    reached = 0

    async def consume() -> None:
        async with fan_out(double, numbered(8), concurrency=3) as outcomes:
            async for _ in outcomes:
                await asyncio.sleep(0.1)

    async def main(k: int) -> bool:
        task = asyncio.ensure_future(consume())
        suspended = 0
        while not task.done():
            suspended += 1
            if suspended == k:
                task.cancel()
            await asyncio.sleep(0.03)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return task.cancelled()

    for k in range(1, 60):
        reached += run(main(k))
    assert reached > 20


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_worker_cancelled_by_an_outer_scope_leaves_nothing(*, asynchronous: bool) -> None:
    async def source() -> AsyncIterator[tuple[int, int]]:
        for pair in numbered(30):
            await asyncio.sleep(0.2)
            yield pair

    async def main(seconds: float) -> bool:
        items = source() if asynchronous else numbered(30)
        try:
            async with asyncio.timeout(seconds):
                async with fan_out(double, items, concurrency=3, buffer=0) as outcomes:
                    async for _ in outcomes:
                        await asyncio.sleep(0.15)
        except TimeoutError:
            return True
        finally:
            await asyncio.sleep(0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert all("aclose" in repr(task) for task in others)
        return False

    cut = [run(main(tenths / 10)) for tenths in range(1, 40)]
    assert sum(cut) > 30


def test_leaving_right_after_an_outcome_was_taken_frees_every_worker() -> None:
    async def now(item: int) -> int:
        return item

    async def main() -> None:
        async with fan_out(now, numbered(100), concurrency=3, buffer=0) as outcomes:
            await asyncio.sleep(1)
            assert await anext(outcomes) == Ok(0, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_a_loop_that_shuts_down_while_workers_wait_for_room_ends_them_all() -> None:
    async def now(item: int) -> int:
        return item

    async def main() -> None:
        async with fan_out(now, numbered(100), concurrency=3, buffer=0) as outcomes:
            await asyncio.sleep(1)
            assert await anext(outcomes) == Ok(0, 0)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(1)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_a_hundred_thousand_items_in_flat_memory() -> None:
    async def nothing(item: int) -> int:
        return item

    async def main() -> tuple[int, list[int]]:
        total = 0
        blocks = []
        async with fan_out(nothing, numbered(100_000), concurrency=20) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Ok)
                total += outcome.value
                if outcome.key % 10_000 == 9_999:
                    gc.collect()
                    blocks.append(sys.getallocatedblocks())
        return total, blocks

    total, blocks = run(main())
    assert total == sum(range(100_000))
    assert len(blocks) == 10
    assert max(blocks) - blocks[0] < 2_000
