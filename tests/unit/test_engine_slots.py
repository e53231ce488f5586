"""Slots: first in first out, a limit that follows the server, nothing lost on cancellation."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from comet_async.engine.slots import Slots
from tests.support.virtual_time import run


def test_slots_are_taken_and_given_back() -> None:
    slots = Slots(2)
    assert slots.take()
    assert (slots.limit, slots.in_use, slots.queued) == (2, 1, 0)
    assert slots.take()
    assert not slots.take()
    slots.release()
    assert slots.take()
    assert slots.in_use == 2


def test_nobody_overtakes_those_who_wait() -> None:
    async def main() -> None:
        slots = Slots(1)
        slots.take()
        waiter = asyncio.ensure_future(slots.wait())
        await asyncio.sleep(0)
        slots.release()
        assert not slots.take()
        await waiter
        slots.release()
        assert slots.take()
        assert slots.in_use == 1

    run(main())


def test_the_limit_halves_on_throttling_down_to_one() -> None:
    slots = Slots(9)
    limits = []
    for _ in range(5):
        slots.throttled()
        limits.append(slots.limit)
    assert limits == [4, 2, 1, 1, 1]


def test_the_limit_grows_by_one_for_each_round_of_successes() -> None:
    slots = Slots(4)
    slots.throttled()
    slots.throttled()
    limits = []
    for _ in range(8):
        slots.succeeded()
        limits.append(slots.limit)
    assert limits == [2, 2, 3, 3, 3, 4, 4, 4]


def test_throttling_starts_the_round_again() -> None:
    slots = Slots(8)
    slots.throttled()
    for _ in range(3):
        slots.succeeded()
    slots.throttled()
    slots.succeeded()
    assert slots.limit == 2


def test_waiters_are_served_in_the_order_of_asking() -> None:
    async def main() -> None:
        slots = Slots(1)
        order: list[int] = []

        async def worker(number: int) -> None:
            if not slots.take():
                await slots.wait()
            order.append(number)
            await asyncio.sleep(1)
            slots.release()

        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(worker(number))
        assert order == [0, 1, 2, 3, 4]
        assert (slots.in_use, slots.queued) == (0, 0)

    run(main())


def test_a_lower_limit_holds_waiters_until_enough_are_back() -> None:
    async def main() -> None:
        slots = Slots(4)
        for _ in range(4):
            slots.take()
        slots.throttled()
        waiter = asyncio.ensure_future(slots.wait())
        await asyncio.sleep(0)
        slots.release()
        slots.release()
        await asyncio.sleep(0)
        assert not waiter.done()
        slots.release()
        await waiter
        assert (slots.in_use, slots.queued) == (2, 0)

    run(main())


def test_a_growing_limit_lets_waiters_in() -> None:
    async def main() -> None:
        slots = Slots(2)
        slots.throttled()
        slots.take()
        waiter = asyncio.ensure_future(slots.wait())
        await asyncio.sleep(0)
        slots.succeeded()
        await waiter
        assert slots.in_use == 2

    run(main())


def test_a_cancelled_waiter_leaves_the_queue() -> None:
    async def main() -> None:
        slots = Slots(1)
        slots.take()
        first, second = (asyncio.ensure_future(slots.wait()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert slots.queued == 1
        slots.release()
        await second
        assert (slots.in_use, slots.queued) == (1, 0)

    run(main())


def test_a_waiter_cancelled_after_it_was_granted_passes_the_slot_on() -> None:
    async def main() -> None:
        slots = Slots(1)
        slots.take()
        first, second = (asyncio.ensure_future(slots.wait()) for _ in range(2))
        await asyncio.sleep(0)
        slots.release()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert (slots.in_use, slots.queued) == (1, 0)

    run(main())


def test_a_release_between_cancellation_and_its_delivery_loses_nothing() -> None:
    async def main() -> None:
        slots = Slots(1)
        slots.take()
        first, second = (asyncio.ensure_future(slots.wait()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        slots.release()
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert (slots.in_use, slots.queued) == (1, 0)

    run(main())


def test_cancellation_at_every_moment_keeps_the_count() -> None:
    async def main(moment: int) -> None:
        slots = Slots(2)
        held: deque[int] = deque()

        async def worker(number: int) -> None:
            if not slots.take():
                await slots.wait()
            held.append(number)
            assert len(held) <= 2
            try:
                await asyncio.sleep(0)
            finally:
                held.remove(number)
                slots.release()

        tasks = [asyncio.ensure_future(worker(number)) for number in range(6)]
        for _ in range(moment // 6):
            await asyncio.sleep(0)
        tasks[moment % 6].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (slots.in_use, slots.queued) == (0, 0)

    for moment in range(60):
        run(main(moment))


def test_a_new_limit_lets_in_those_who_wait_up_to_the_first_one() -> None:
    async def main() -> None:
        slots = Slots(3)
        slots.resize(1)
        assert slots.take()
        waiting = [asyncio.ensure_future(slots.wait()) for _ in range(4)]
        await asyncio.sleep(0)
        assert (slots.in_use, slots.queued) == (1, 4)
        slots.resize(9)
        assert (slots.limit, slots.in_use, slots.queued) == (3, 3, 2)
        for _ in range(3):
            slots.release()
        for _ in range(2):
            slots.release()
        await asyncio.gather(*waiting)
        assert slots.in_use == 0

    run(main())
