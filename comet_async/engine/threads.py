"""Work that a cancellation waits for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

__all__ = ["SharedHops", "to_its_end", "undivided"]

T = TypeVar("T")

_PATIENCE = 0.005
_MOST_HOPS = 16


async def undivided(act: Callable[[], T]) -> T:
    """Return `act()`, run in a worker thread; a cancellation is raised only when it is over.

    `anyio.to_thread.run_sync` leaves its thread running when a task is cancelled by `Task.cancel`,
    as Ctrl-C does it: a file under way would appear after everybody has gone.

    Raises:
        CancelledError: The task was cancelled meanwhile; whatever `act` returned is lost.
    """
    return await to_its_end(asyncio.get_running_loop().run_in_executor(None, act))


async def to_its_end(work: Awaitable[T]) -> T:
    """Return what `work` returns; a cancellation is raised only when it is over.

    A shielded scope of anyio's holds off a cancelled scope, but not `Task.cancel`.

    Raises:
        CancelledError: The task was cancelled meanwhile; what `work` returned or raised is lost.
    """
    future = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError as error:
        if future.cancelled():
            raise
        cancelled = error
    with anyio.CancelScope(shield=True):
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
    if not future.cancelled():
        future.exception()
    raise cancelled


class SharedHops:
    """Short acts in worker threads, many with one hop.

    A hop costs more processor time than storing a small file does: the threads take the
    interpreter from each other at each call of the system. What is asked for while a hop is under
    way goes with it, or with the next. Where acts turn out slow, as on the file system of a
    network, further hops run beside it.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], Callable[[], None]]] = deque()
        self._hops = 0
        self._begun = 0.0

    async def undivided(self, act: Callable[[], T]) -> T:
        """Return `act()`, run in a worker thread; a cancellation is raised when it is over.

        Raises:
            CancelledError: The task was cancelled meanwhile; whatever `act` returned is lost.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> Callable[[], None]:
            try:
                result = act()
            except BaseException as error:  # noqa: BLE001 whoever waits for it gets it
                failure = error
                return lambda: future.set_exception(failure)
            return lambda: future.set_result(result)

        self._waiting.append(run)
        if not self._hops or loop.time() - self._begun > _PATIENCE:
            self._start(loop)
        return await to_its_end(future)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._hops < _MOST_HOPS:
            self._hops += 1
            self._begun = loop.time()
            loop.run_in_executor(None, self._hop, loop)

    def _hop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run what waits, in a worker thread, as long as that is short."""
        told: list[Callable[[], None]] = []
        until = time.perf_counter() + _PATIENCE
        slow = False
        while not slow:
            try:
                run = self._waiting.popleft()
            except IndexError:
                break
            told.append(run())
            slow = time.perf_counter() > until
        loop.call_soon_threadsafe(self._arrived, loop, told, slow)

    def _arrived(
        self,
        loop: asyncio.AbstractEventLoop,
        told: list[Callable[[], None]],
        slow: bool,  # noqa: FBT001 handed on by position
    ) -> None:
        self._hops -= 1
        for tell in told:
            tell()
        for _ in range(len(self._waiting) if slow else min(len(self._waiting), 1)):
            self._start(loop)
