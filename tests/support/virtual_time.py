"""An event loop in virtual time: an hour of waiting runs in milliseconds.

Its selector never waits. When nothing is ready the clock jumps to the next timer, and by at least
a microsecond, so that no rounding can keep it from arriving there.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

__all__ = ["Deadlock", "VirtualLoop", "run"]

T = TypeVar("T")

_LEAST_STEP = 1e-6
_PATIENCE = 5.0


class Deadlock(RuntimeError):
    """Every task waits for something that no timer and no socket will bring."""


class _Selector(selectors.BaseSelector):
    def __init__(self, idle: Callable[[], bool], advance: Callable[[float], None]) -> None:
        self._inner = selectors.DefaultSelector()
        self._idle = idle
        self._advance = advance

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            found = self._inner.select(_PATIENCE)  # a worker thread may still report
            if not found:
                raise Deadlock("nothing is left that could wake a task")
            return found
        found = self._inner.select(0)
        if not found and self._idle():
            self._advance(max(timeout, _LEAST_STEP))
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` moves only when all tasks wait."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        super().__init__(_Selector(self._idle, self._advance))

    def time(self) -> float:
        return self._now

    def _idle(self) -> bool:
        return not self._ready  # type: ignore[attr-defined]  # the base loop's run queue

    def _advance(self, seconds: float) -> None:
        self._now += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in a new virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
