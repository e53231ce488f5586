"""Work that a cancellation waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

__all__ = ["to_its_end", "undivided"]

T = TypeVar("T")


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
