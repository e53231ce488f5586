"""Asynchronous context managers and iterators, for threads without a loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Generic, TypeVar, cast

from comet_async.blocking.portal import Job, Portal
from comet_async.errors import UsageError

__all__ = ["Block", "Fed", "Host", "Stepped", "drawn"]

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

Manager = AbstractAsyncContextManager


class Host(Generic[T]):
    """A task of the portal that enters a context manager, does jobs inside it, and leaves it.

    What a task group inside the manager cancels is then the job, as it would be the body of an
    `async with`.

    Args:
        portal: Where it runs.
        make: Called in the portal for the context manager.
    """

    def __init__(self, portal: Portal, make: Callable[[], Manager[T]]) -> None:
        self.portal = portal
        self._make = make
        self._opened: Future[T] = Future()
        self._jobs: asyncio.Queue[Job[object] | None] = asyncio.Queue()
        self._error: Exception | None = None
        self._life: Job[None] = Job(self._live, portal.release)
        self._life.done.add_done_callback(self._over)

    def open(self) -> T:
        """Enter the context manager and return its value.

        Raises:
            UsageError: The portal is over, or this thread may not wait for it.
        """
        self.portal.check()
        begin = partial(self.portal.begin, self._life)
        try:
            return self.portal.wait(self._life, begin, self._opened)
        except BaseException:
            self.forget()
            self.portal.join()
            raise

    def call(self, work: Callable[[], Awaitable[R]]) -> R:
        """Return what `work` returns inside the block, or raise what it, or else the block, raises.

        Raises:
            UsageError: The block has ended, or this thread may not wait for it.
        """
        self.portal.check()
        job = Job(work, self.portal.release)
        take = partial(self.portal.begin, job, partial(self._take, cast("Job[object]", job)))
        try:
            return self.portal.wait(job, take, job.done)
        except UsageError:
            if not job.done.cancelled():
                raise
            self._life.done.result()
            raise UsageError("the block has ended") from None
        finally:
            del job, take  # they have the exception, which has this frame
            self.portal.join()

    def leave(self, error: BaseException | None = None) -> bool:
        """Leave the context manager and tell whether it has swallowed `error`.

        Args:
            error: What ended the block. What is no Exception, as KeyboardInterrupt, cancels.

        Raises:
            UsageError: This thread may not wait for the portal.
        """
        if not self.portal.of_this_process:
            return False  # the process that forked this one leaves it
        self.portal.check()
        traceback = None if error is None else error.__traceback__
        try:
            self.portal.soon(partial(self._leave, error))
            self._life.done.result()
        except CancelledError:
            return False
        except BaseException as raised:
            if raised is not error:
                raise
            raised.__traceback__ = traceback
            return False
        finally:
            self.portal.join()
            del traceback
        return isinstance(error, Exception)

    def forget(self) -> None:
        """Have it left soon; for the garbage collector, which may be at work in any thread."""
        if self.portal.of_this_process:
            self.portal.soon(partial(self._leave, None))

    async def _live(self) -> None:
        async with self._make() as value:
            self._opened.set_result(value)
            del value
            while (job := await self._jobs.get()) is not None:
                await job.run()
                del job
            if self._error is not None:
                raise self._error

    def _leave(self, error: BaseException | None) -> None:
        if error is None or isinstance(error, Exception):
            self._error = error
            self._jobs.put_nowait(None)
        else:
            self._life.stop()

    def _take(self, job: Job[object]) -> None:
        if self._life.done.done():
            job.drop()
        else:
            self._jobs.put_nowait(job)

    def _over(self, life: Future[None]) -> None:
        """Tell those who still wait, in the portal, that it has ended."""
        if not self._opened.done():
            error = None if life.cancelled() else life.exception()
            if error is None:
                self._opened.cancel()
            else:
                self._opened.set_exception(error)
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is not None:
                job.drop()
        self._error = None


class Block(Generic[T, R]):
    """A context manager for threads without a loop, around an asynchronous one.

    Args:
        portal: Where the asynchronous one runs.
        make: Called in the portal for the asynchronous one.
        present: Makes what `with` gives out of the host and the value of the asynchronous one.
    """

    def __init__(
        self,
        portal: Portal,
        make: Callable[[], Manager[T]],
        present: Callable[[Host[T], T], R],
    ) -> None:
        self._host = Host(portal, make)
        self._present = present

    def __enter__(self) -> R:
        value = self._host.open()
        weakref.finalize(self, self._host.forget).atexit = False
        return self._present(self._host, value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._host.leave(error)


class Stepped(Iterator[T]):
    """An asynchronous iterator, one item after the other, for threads without a loop.

    Args:
        call: Does asynchronous work where the iterator belongs.
        items: The asynchronous iterator.
    """

    def __init__(
        self, call: Callable[[Callable[[], Awaitable[list[T]]]], list[T]], items: AsyncIterator[T]
    ) -> None:
        self._call = call
        self._items = items

    def __next__(self) -> T:
        for item in self._call(self._step):
            return item
        raise StopIteration

    async def _step(self) -> list[T]:
        async for item in self._items:
            return [item]
        return []


class Fed(Iterator[T], Generic[V, T]):
    """The outcomes of a fan-out, read and fed by one thread: it draws an item where it reads.

    Args:
        host: Where the fan-out is.
        outcomes: The outcomes.
        items: What the fan-out works on.
        feed: Takes the items to the fan-out, as `drawn` gives them.
        room: Items that are drawn and whose outcome is not read yet, at most.
    """

    def __init__(
        self,
        host: Host[AsyncIterator[T]],
        outcomes: AsyncIterator[T],
        items: Iterator[V],
        feed: asyncio.Queue[list[V]],
        room: int,
    ) -> None:
        self._portal = host.portal
        self._outcomes = Stepped(host.call, outcomes)
        self._items = items
        self._feed = feed
        self._room = room
        self._ended = False

    def __next__(self) -> T:
        while self._room > 0 and not self._ended:
            item = list(islice(self._items, 1))
            self._ended = not item
            self._room -= 1
            self._portal.soon(partial(self._feed.put_nowait, item))
        outcome = next(self._outcomes)
        self._room += 1
        return outcome


async def drawn(feed: asyncio.Queue[list[V]]) -> AsyncIterator[V]:
    """Give the items of a feed; an empty list is its end."""
    while item := await feed.get():
        yield item[0]
