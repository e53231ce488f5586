"""Running a command's coroutine under signals: the first asks it to stop, the second ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import anyio

__all__ = ["Stopping", "run"]

_BY_SIGNAL = 128
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopping:
    """Whether a signal asked to stop, and what happens then.

    The first signal calls `on_stop`; by default that cancels the work. The second ends the process
    at once.

    Attributes:
        signal: The first signal, None so far.
        on_stop: Called at the first signal.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.signal: int | None = None
        self.on_stop = cancel
        self.cancel = cancel

    def request(self, number: int) -> None:
        """Take note of a signal."""
        if self.signal is not None:
            os._exit(_BY_SIGNAL + number)
        self.signal = number
        self.on_stop()


def run(work: Callable[[Stopping], Awaitable[int]]) -> int:
    """Run `work` to its end and return its exit code, or 128 + n after signal n.

    Args:
        work: Called in a new event loop with what tells it of signals.
    """
    with asyncio.Runner() as runner:
        return runner.run(_supervised(work))


async def _supervised(work: Callable[[Stopping], Awaitable[int]]) -> int:
    code = 0
    scope = anyio.CancelScope()
    stopping = Stopping(scope.cancel)
    with scope, _handlers(stopping):
        code = await work(stopping)
    return code if stopping.signal is None else _BY_SIGNAL + stopping.signal


@contextmanager
def _handlers(stopping: Stopping) -> Generator[None]:
    """Route signals to `stopping`; off the main thread and on Windows Python's own stay."""
    loop = asyncio.get_running_loop()
    installed: list[int] = []
    for number in _SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stopping.request, number)
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
