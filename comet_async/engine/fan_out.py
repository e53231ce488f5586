"""Fan-out: any asynchronous work over any number of items, pull-based and bounded.

Workers draw the next item only when the consumer has room for its result, so ten thousand items are
not ten thousand tasks and a slow consumer slows the workers. Nothing here knows of HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from contextlib import asynccontextmanager
from typing import Generic, TypeAlias, TypeVar

import anyio
import msgspec

from comet_async.errors import CometAsyncError, UsageError

__all__ = ["Failed", "Ok", "Outcome", "fan_out"]

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Ok(msgspec.Struct, Generic[K, T], frozen=True):
    """A result, under the key of its item."""

    key: K
    value: T


class Failed(msgspec.Struct, Generic[K], frozen=True):
    """One of our own errors, under the key of its item."""

    key: K
    error: CometAsyncError


Outcome: TypeAlias = Ok[K, T] | Failed[K]


class _Queue(Generic[K, T]):
    """Between the workers and the one reader: numbers items, and holds a bounded few outcomes."""

    def __init__(self, room: int, *, ordered: bool) -> None:
        self._room = room
        self._ordered = ordered
        self._drawn = 0
        self._taken = 0
        self._done: dict[int, Outcome[K, T]] = {}
        self._finished: deque[int] = deque()
        self._ended = False
        self.closed = False
        self._consumer: asyncio.Future[None] | None = None
        self._producers: deque[asyncio.Future[None]] = deque()

    def __aiter__(self) -> AsyncIterator[Outcome[K, T]]:
        return self

    async def __anext__(self) -> Outcome[K, T]:
        while True:
            index = self._next_index()
            if index is not None:
                outcome = self._done.pop(index)
                self._taken += 1
                self._wake_producer()
                return outcome
            if self._ended:
                raise StopAsyncIteration
            if self._consumer is not None:
                raise UsageError("outcomes are read by one task; fan out again for another reader")
            self._consumer = asyncio.get_running_loop().create_future()
            try:
                await self._consumer
            finally:
                self._consumer = None

    def _next_index(self) -> int | None:
        if self._ordered:
            return self._taken if self._taken in self._done else None
        return self._finished.popleft() if self._finished else None

    async def draw(self) -> int:
        """Wait for room, then return the number of the item to draw."""
        while self._drawn - self._taken >= self._room:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._producers.append(turn)
            try:
                await turn
            except BaseException:
                if turn in self._producers:
                    self._producers.remove(turn)
                else:
                    self._wake_producer()
                raise
        index = self._drawn
        self._drawn += 1
        return index

    def undraw(self) -> None:
        """Take back the last `draw`, since there was no item."""
        self._drawn -= 1
        self._wake_producer()

    def put(self, index: int, outcome: Outcome[K, T]) -> None:
        """Hand over the outcome of an item."""
        self._done[index] = outcome
        if not self._ordered:
            self._finished.append(index)
        self._wake_consumer()

    def end(self) -> None:
        """Tell the reader that all outcomes are there."""
        self._ended = True
        self._wake_consumer()

    def _wake_consumer(self) -> None:
        if self._consumer is not None and not self._consumer.done():
            self._consumer.set_result(None)

    def _wake_producer(self) -> None:
        while self._producers:
            turn = self._producers.popleft()
            if not turn.done():
                turn.set_result(None)
                return


class _Source(Generic[V]):
    """The items, drawn one at a time whether their iterator is asynchronous or not."""

    def __init__(self, items: Iterable[V] | AsyncIterable[V]) -> None:
        self._sync: Iterator[V] | None = None
        self._async: AsyncIterator[V] | None = None
        if isinstance(items, AsyncIterable):
            self._async = aiter(items)
        else:
            self._sync = iter(items)
        self._lock = asyncio.Lock()
        self._empty = False

    async def draw(self, queue: _Queue[K, T]) -> tuple[int, V] | None:
        """Return the next item with its number, or None at the end.

        A reader that has left ends it too: its cancellation reaches a worker whose wait is just
        over only after that worker's next step.
        """
        if self._sync is not None:
            index = await queue.draw()
            for item in () if queue.closed else self._sync:
                return index, item
            queue.undraw()
            return None
        async with self._lock:
            return await self._draw_async(queue)

    async def _draw_async(self, queue: _Queue[K, T]) -> tuple[int, V] | None:
        if self._empty or self._async is None:
            return None
        index = await queue.draw()
        if queue.closed:
            return None
        async for item in self._async:
            return index, item
        self._empty = True
        queue.undraw()
        return None


@asynccontextmanager
async def fan_out(
    work: Callable[[V], Awaitable[T]],
    pairs: Iterable[tuple[K, V]] | AsyncIterable[tuple[K, V]],
    *,
    concurrency: int,
    buffer: int | None = None,
    ordered: bool = False,
) -> AsyncGenerator[AsyncIterator[Outcome[K, T]]]:
    """Run `work` over items and give the outcomes as a stream.

    Args:
        work: Called with each item, `concurrency` at a time.
        pairs: Key and item, drawn as they are needed; may be endless.
        concurrency: Calls under way at once.
        buffer: Finished outcomes that may wait for the consumer, besides those under way; the
            default is `concurrency`.
        ordered: Whether outcomes come in the order of `pairs` instead of that of completion.

    Returns:
        A context manager around an asynchronous iterator of `Ok(key, value)` and
        `Failed(key, error)`. Our own errors become `Failed`; any other exception stops everything
        and leaves the block, in an ExceptionGroup if several came at once. Leaving the block early
        cancels what is under way; an exception of the block's body leaves it as itself.

    Raises:
        UsageError: `concurrency` or `buffer` is out of range.
    """
    waiting = concurrency if buffer is None else buffer
    if concurrency < 1 or waiting < 0:
        raise UsageError(
            f"fan_out needs concurrency >= 1 and buffer >= 0, not {concurrency}, {waiting}"
        )
    queue: _Queue[K, T] = _Queue(concurrency + waiting, ordered=ordered)
    source = _Source(pairs)
    active = concurrency

    async def worker() -> None:
        nonlocal active
        while (drawn := await source.draw(queue)) is not None:
            index, (key, item) = drawn
            try:
                queue.put(index, Ok(key, await work(item)))
            except CometAsyncError as error:
                queue.put(index, Failed(key, error))
        active -= 1
        if active == 0:
            queue.end()

    async with _unwrapped() as tasks:
        for _ in range(concurrency):
            tasks.start_soon(worker)
        try:
            yield queue
        finally:
            queue.closed = True


@asynccontextmanager
async def _unwrapped() -> AsyncGenerator[anyio.abc.TaskGroup]:
    """A task group that ends with its body, whose exception leaves it as itself.

    An exception of one task leaves as itself too; of several, in their ExceptionGroup.
    """
    from_body: Exception | None = None
    raised: BaseException | None = None
    try:
        async with anyio.create_task_group() as tasks:
            try:
                yield tasks
            except Exception as error:  # noqa: BLE001 raised again below, as itself
                from_body = error
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        errors = group.exceptions if from_body is None else (from_body, *group.exceptions)
        raised = errors[0] if len(errors) == 1 else BaseExceptionGroup(group.message, errors)
    raised = raised or from_body
    if raised is not None:
        try:
            raise raised
        finally:
            del raised, from_body
