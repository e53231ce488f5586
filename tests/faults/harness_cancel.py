"""Cancellation at the k-th suspension of a call, whichever of its tasks suspends."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator
from typing import Any

__all__ = ["Canceller", "cancelled_at"]


class Canceller:
    """Counts the suspensions of one task and of all tasks begun under it; cancels it at one.

    Attributes:
        suspensions: Counted so far.
        cancelled: Whether the task was cancelled.
    """

    def __init__(self, at: int) -> None:
        self.suspensions = 0
        self.cancelled = False
        self._at = at
        self._main: asyncio.Task[Any] | None = None

    def tick(self) -> None:
        self.suspensions += 1
        if self.suspensions == self._at and self._main is not None and not self._main.done():
            self.cancelled = True
            self._main.cancel()

    def start(self, call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self._factory)
        try:
            task: asyncio.Task[None] = loop.create_task(call)
        except BaseException:
            loop.set_task_factory(None)
            raise
        self._main = task
        return task

    def _factory(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[Any]:
        return asyncio.Task(_Counted(coroutine, self.tick), loop=loop, context=context)


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine whose suspensions are counted, and in all else the one inside."""

    def __init__(self, coroutine: Any, tick: Callable[[], None]) -> None:
        self._coroutine = coroutine
        self._tick = tick

    def send(self, value: Any) -> Any:
        waits_for = self._coroutine.send(value)
        self._tick()
        return waits_for

    def throw(self, *error: Any) -> Any:
        waits_for = self._coroutine.throw(*error)
        self._tick()
        return waits_for

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        found: Generator[Any, Any, Any] = self._coroutine.__await__()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)


async def cancelled_at(at: int, call: Coroutine[Any, Any, None]) -> Canceller:
    """Run a call in a task, cancelled at its `at`-th suspension if it has as many.

    Returns:
        The counts; `cancelled` is False when the call ended before.

    Raises:
        AssertionError: It was cancelled and ended in something else than CancelledError.
    """
    canceller = Canceller(at)
    task = canceller.start(call)
    try:
        await asyncio.wait({task})
    finally:
        asyncio.get_running_loop().set_task_factory(None)
    if not canceller.cancelled:
        task.result()
        return canceller
    assert task.cancelled(), f"suspension {at}: {task.exception()!r} in place of CancelledError"
    return canceller
