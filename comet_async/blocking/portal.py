"""The portal: one event loop on one thread, for as long as anything blocking needs it.

All blocking sessions of a process share it. It begins with the first of them and ends with the last
thing that needs it, so that nothing is left when all are closed.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib.util
import os
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Generic, TypeVar, cast

import anyio
import anyio.abc

from comet_async.errors import UsageError

__all__ = ["Job", "Portal", "leased"]

T = TypeVar("T")
V = TypeVar("V")

_PATIENCE = 5.0
"""Seconds that an interpreter at its end waits for connections to be closed."""
_LOOK = 0.5
"""Seconds after which a thread that waits looks for signals."""


class Job(Generic[T]):
    """Work for the portal: it is begun once, can be stopped at any time, and its end is told.

    Args:
        work: Called in the portal.
        ended: Called in the portal when the work is over, just before `done` is.

    Attributes:
        done: The result; cancelled when the work was stopped.
    """

    def __init__(
        self, work: Callable[[], Awaitable[T]], ended: Callable[[Job[T]], object] | None = None
    ) -> None:
        self.done: Future[T] = Future()
        self._work = work
        self._ended = ended
        self._scope: anyio.CancelScope | None = None
        self._begun = False
        self._stopped = False

    async def run(self) -> None:
        """Do the work, in the portal, unless it was begun already.

        Whatever the work raises goes to the one who waits: the portal serves others as well.
        """
        if self._begun:
            if self.done.done() and self._ended is not None:
                self._ended(self)
            return
        self._begun = True
        settle: Callable[[], object] = self.done.cancel
        try:
            with anyio.CancelScope() as self._scope:
                if self._stopped:
                    self._scope.cancel()
                settle = partial(self.done.set_result, await self._work())
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 raised in the thread that waits
            if error.__traceback__ is not None:  # this frame would keep the error in a cycle
                error.__traceback__ = error.__traceback__.tb_next
            settle = partial(self.done.set_exception, error)
        finally:
            if self._ended is not None:
                self._ended(self)
            settle()
            del settle

    def drop(self) -> None:
        """End without having begun."""
        if self._ended is not None:
            self._ended(self)
        self.done.cancel()

    def stop(self) -> None:
        """Cancel the work, in the portal; what has not begun ends at its first wait."""
        self._stopped = True
        if self._scope is not None:
            self._scope.cancel()


class Portal:
    """An event loop on its own thread, uvloop's where that is installed.

    `anyio.from_thread.BlockingPortal` is not used: an interrupted caller of it may leave a call
    running that it has no handle of, a call costs two exchanges with the thread instead of one, and
    it cannot be ended from its own thread, where the garbage collector may close a session.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._leases: set[object] = set()
        self._over = False
        self._crash: BaseException | None = None
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="comet-async-portal", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._tasks: anyio.abc.TaskGroup
        self._stopping: asyncio.Event

    def start(self) -> None:
        """Start the thread and wait until its loop runs."""
        self._thread.start()
        self._ready.result()

    @property
    def of_this_process(self) -> bool:
        """Whether its thread runs here, and not in the process that forked this one."""
        return self._pid == os.getpid()

    def check(self) -> None:
        """See that this thread may wait for the portal.

        Raises:
            UsageError: It would wait for itself, or the process has forked meanwhile.
        """
        if not self.of_this_process:
            raise UsageError("it was made before this process forked; make another one here")
        if self._thread.ident == threading.get_ident():
            raise UsageError(
                "a blocking call inside the portal's own thread would wait for itself for ever;"
                " callbacks run there: let them take notes, and call when they have returned"
            )

    @property
    def beside_nothing(self) -> bool:
        """Whether nothing of the portal runs while this thread does: it is over, or it is here."""
        here = self._thread.ident == threading.get_ident()
        return self._over or here or not self.of_this_process

    def lease(self, holder: object) -> bool:
        """Keep the portal going until `holder` is released; False if it is over already."""
        with self._lock:
            if not self._over:
                self._leases.add(holder)
            return not self._over

    def release(self, holder: object) -> None:
        """Need the portal no longer; the last one ends it."""
        with self._lock:
            self._leases.discard(holder)
            if self._leases or self._over:
                return
            self._over = True
        self.soon(self._stopping.set)

    def soon(self, act: Callable[[], object]) -> None:
        """Have `act` called in the portal, without waiting; nothing when its loop is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act)

    def begin(self, job: Job[T], start: Callable[[], object] | None = None) -> None:
        """Begin a job that releases itself; it keeps the portal going until it is done.

        Args:
            job: The job.
            start: Called in the portal to start it; default in a task of its own.

        Raises:
            UsageError: The portal is over.
        """
        if not self.lease(job):
            raise UsageError("it is closed; make another one") from self._crash
        self.soon(start or (lambda: self._tasks.start_soon(job.run)))

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns in the portal, or raise what it raises.

        Raises:
            UsageError: The portal is over, or this thread may not wait for it.
        """
        self.check()
        job = Job(work, self.release)
        try:
            return self.wait(job, partial(self.begin, job), job.done)
        finally:
            del job  # it has the exception, which has this frame
            self.join()

    def wait(self, job: Job[T], begin: Callable[[], object], awaited: Future[V]) -> V:
        """Begin a job and return what `awaited` comes to.

        An exception of the waiting thread, as KeyboardInterrupt, stops the job and goes on when
        that has ended; a second one no longer waits for it.

        Args:
            job: The job.
            begin: Begins it; it may be called twice.
            awaited: Comes to its end with the job at the latest.

        Raises:
            UsageError: The portal came to its end first.
        """
        try:
            begin()
            _wait_for(awaited)
            return awaited.result()
        except CancelledError:
            raise UsageError("the portal came to its end meanwhile") from None
        except UsageError:
            raise
        except BaseException:
            if not awaited.done():
                self.soon(job.stop)
                begin()
                _wait_for(job.done)
            raise
        finally:
            del job, begin, awaited

    def join(self) -> None:
        """Wait for the thread if it is ending."""
        if self._over and self._thread.ident != threading.get_ident():
            self._thread.join()

    def end(self) -> None:
        """Cancel all that runs, and wait a few seconds until its connections are closed."""
        self.soon(lambda: self._tasks.cancel_scope.cancel())  # noqa: PLW0108 it may not exist yet
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        options = {"use_uvloop": importlib.util.find_spec("uvloop") is not None}
        try:
            anyio.run(self._main, backend_options=options)
        except BaseException as error:  # noqa: BLE001 told to all who wait
            self._crash = error
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            with self._lock:
                self._over = True
                left = list(self._leases)
            for holder in left:
                if isinstance(holder, Job):
                    cast("Job[object]", holder).done.cancel()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with anyio.create_task_group() as self._tasks:
            self._ready.set_result(None)
            await self._stopping.wait()


def _wait_for(future: Future[V]) -> None:
    """Wait until it is done, and look for signals now and then.

    A signal that comes just before a thread falls asleep does not wake it: Python would hear of it
    when the future is done.
    """
    while not future.done():
        with suppress(TimeoutError, CancelledError):
            future.exception(_LOOK)


class _Process:
    """The one portal of this process, if anything needs it now."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a child of fork does: it has neither the thread nor who held the lock."""
        self._lock = threading.Lock()
        self._portal: Portal | None = None

    def leased(self, holder: object) -> Portal:
        """Return the portal, kept going for `holder`; a new one if there is none."""
        with self._lock:
            portal = self._portal
            if portal is None or not portal.lease(holder):
                portal = Portal()
                portal.start()
                portal.lease(holder)
                self._portal = portal
            return portal

    def end(self) -> None:
        """Close what was forgotten, at the end of the interpreter."""
        portal = self._portal
        if portal is not None:
            portal.end()


_PROCESS = _Process()
"""The one place that lasts: whoever opens a session first does not know who will be second."""

atexit.register(_PROCESS.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_PROCESS.forget)


@contextmanager
def leased() -> Generator[Portal]:
    """Give the portal of this process, which stays at least as long as the block runs."""
    holder = object()
    portal = _PROCESS.leased(holder)
    try:
        yield portal
    finally:
        portal.release(holder)
        portal.join()
