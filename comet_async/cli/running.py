"""Running a command's coroutine under signals: the first asks it to stop, the second ends it."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import cast

import anyio

from comet_async.cli.output import over_echo, say

__all__ = ["Stopping", "run"]

_BY_SIGNAL = 128
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopping:
    """Takes the signals of a command.

    The first cancels the work, which then finishes what it must; the second ends the process at
    once, even while the event loop is busy.

    Attributes:
        signal: The first signal, None so far.
        ended: Whether it ended the work, which may have been over before.
    """

    def __init__(self, cancel: Callable[[], object]) -> None:
        self.signal: int | None = None
        self.ended = False
        self._cancel = cancel

    def __call__(self, number: int, frame: FrameType | None = None) -> None:
        """Take note of a signal, as a signal handler of Python's."""
        del frame
        if self.signal is not None:
            os._exit(_BY_SIGNAL + number)
        self.signal = number
        self._cancel()


def run(work: Callable[[], Awaitable[int]], stopped: Callable[[], str] | None = None) -> int:
    """Run `work` to its end and return its exit code, or 128 + n after signal n.

    Args:
        work: Called in a new event loop, uvloop's where that is installed; the first signal
            cancels it.
        stopped: Returns what is said when a signal has ended the work.
    """
    begun: list[Callable[[], object]] = []
    stopping = Stopping(lambda: begun and begun[0]())
    # Until the loop is closed: a second signal may come while it is being closed.
    with _handlers(stopping), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        code = runner.run(_supervised(work, stopping, begun))
        told = stopped() if stopped is not None and stopping.ended else ""
        if told:
            over_echo()
            say(told)
        return code


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's event loops; None without the extra [speed]."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return None
    return cast("Callable[[], asyncio.AbstractEventLoop]", uvloop.new_event_loop)


async def _supervised(
    work: Callable[[], Awaitable[int]], stopping: Stopping, begun: list[Callable[[], object]]
) -> int:
    """Do the work until it is over or `stopping` is told; put what cancels it into `begun`."""
    code = 0
    loop = asyncio.get_running_loop()
    scope = anyio.CancelScope()

    def cancel() -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(scope.cancel)

    begun.append(cancel)
    if stopping.signal is not None:
        scope.cancel()
    with scope:
        code = await work()
    stopping.ended = scope.cancelled_caught
    return code if stopping.signal is None else _BY_SIGNAL + stopping.signal


@contextmanager
def _handlers(stopping: Stopping) -> Generator[None]:
    """Route signals to `stopping`; off the main thread Python allows no handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Handlers of Python's, not the loop's: those would wait until the loop is free.
    # An ignored signal stays ignored, as nohup and background jobs want it.
    wanted = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stopping) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
