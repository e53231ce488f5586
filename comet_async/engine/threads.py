"""Blocking work that a cancellation waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio

__all__ = ["undivided"]

T = TypeVar("T")


async def undivided(act: Callable[[], T]) -> T:
    """Return `act()`, run in a worker thread; a cancellation is raised only when it is over.

    `anyio.to_thread.run_sync` leaves its thread running when a task is cancelled by `Task.cancel`,
    as Ctrl-C does it: a file under way would appear after everybody has gone.

    Raises:
        CancelledError: The task was cancelled meanwhile; whatever `act` returned is lost.
    """
    cancelled: asyncio.CancelledError | None = None
    future = asyncio.get_running_loop().run_in_executor(None, act)
    with anyio.CancelScope(shield=True):
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        future.exception()
        raise cancelled
    return future.result()
