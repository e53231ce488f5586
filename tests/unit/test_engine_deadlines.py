"""Time limits under one timer, in virtual time: when they end what, and what they leave alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple, Unpack

import anyio
import pytest

from comet_async.engine.deadlines import Deadline, Deadlines
from tests.support.virtual_time import run

Ts = TypeVarTuple("Ts")


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_body_ends_at_its_limit_and_not_before() -> None:
    async def main() -> None:
        limits = Deadlines()
        began = now()
        with pytest.raises(TimeoutError), limits.after(2.0):
            await asyncio.sleep(5.0)
        assert now() - began == pytest.approx(2.0, abs=1e-3)
        with limits.after(2.0):
            await asyncio.sleep(1.9)
        await asyncio.sleep(5.0)

    run(main())


def test_each_of_many_ends_at_its_own_limit_whatever_their_order() -> None:
    async def one(limits: Deadlines, seconds: float) -> float:
        began = now()
        try:
            with limits.after(seconds):
                await asyncio.sleep(100.0)
        except TimeoutError:
            pass
        return now() - began

    async def main() -> None:
        limits = Deadlines()
        asked = [5.0, 1.0, 3.0, 1.0, 4.0, 2.0]
        took = await asyncio.gather(*(one(limits, seconds) for seconds in asked))
        assert took == pytest.approx(asked, abs=1e-3)

    run(main())


def test_one_timer_serves_all_and_none_is_left() -> None:
    class Counting(asyncio.SelectorEventLoop):
        made = 0

        def call_at(
            self,
            when: float,
            callback: Callable[[Unpack[Ts]], object],
            *args: *Ts,
            context: Context | None = None,
        ) -> asyncio.TimerHandle:
            self.made += 1
            return super().call_at(when, callback, *args, context=context)

    async def main(loop: Counting) -> int:
        limits = Deadlines()
        for _ in range(500):
            with limits.after(60.0):
                await asyncio.sleep(0)
        made = loop.made
        limits.close()
        limits.close()
        return made

    loop = Counting()
    try:
        assert loop.run_until_complete(main(loop)) == 1
    finally:
        loop.close()


def test_a_limit_can_be_moved_both_ways() -> None:
    async def shortened(limits: Deadlines) -> None:
        with limits.after(60.0) as sooner:
            sooner.move(now() + 0.5)
            await asyncio.sleep(5.0)

    async def main() -> None:
        limits = Deadlines()
        began = now()
        with limits.after(1.0) as later:
            later.move(began + 3.0)
            await asyncio.sleep(2.5)
        with pytest.raises(TimeoutError):
            await shortened(limits)
        assert now() - began == pytest.approx(3.0, abs=1e-3)

    run(main())


def test_the_cancellation_of_a_task_passes_even_at_its_limit() -> None:
    async def body(limits: Deadlines) -> None:
        with limits.after(1.0):
            await asyncio.sleep(5.0)

    async def main() -> None:
        limits = Deadlines()
        early = asyncio.ensure_future(body(limits))
        await asyncio.sleep(0.5)
        early.cancel()
        with pytest.raises(asyncio.CancelledError):
            await early
        both = asyncio.ensure_future(body(limits))
        asyncio.get_running_loop().call_at(now() + 1.0, both.cancel)
        with pytest.raises(asyncio.CancelledError):
            await both
        with anyio.move_on_after(0.5) as scope:
            await body(limits)
        assert scope.cancelled_caught

    run(main())


def test_an_error_of_the_body_counts_for_more_than_its_limit() -> None:
    async def failing(limits: Deadlines) -> None:
        with limits.after(1.0):
            try:
                await asyncio.sleep(5.0)
            except asyncio.CancelledError:
                raise KeyError from None

    async def main() -> None:
        with pytest.raises(KeyError):
            await failing(Deadlines())
        await asyncio.sleep(0.1)

    run(main())


def test_nothing_ends_once_watching_was_closed() -> None:
    async def main() -> None:
        limits = Deadlines()
        with limits.after(1.0) as limit:
            limits.close()
            await asyncio.sleep(2.0)
        limit.expire()
        with limits.after(1.0):
            await asyncio.sleep(0.5)

    run(main())


async def test_a_limit_needs_a_task() -> None:
    limits = Deadlines()
    raised: list[BaseException] = []

    def outside() -> None:
        try:
            Deadline(limits, 1.0).__enter__()
        except RuntimeError as error:
            raised.append(error)

    asyncio.get_running_loop().call_soon(outside)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "needs a task" in str(raised[0])
