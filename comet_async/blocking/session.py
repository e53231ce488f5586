"""`Session` for synchronous code."""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from comet_async.blocking.block import Block, Fed, Host, Stepped, drawn
from comet_async.blocking.facade import Facade
from comet_async.blocking.portal import Portal, leased
from comet_async.engine.addresses import is_private
from comet_async.engine.blocks import PlainBlock
from comet_async.engine.download import Downloaded, Progress
from comet_async.engine.fan_out import Outcome
from comet_async.engine.observing import Counters
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.session import MAX_BODY_BYTES, Collected, default_transport
from comet_async.engine.session import Session as AsyncSession
from comet_async.engine.throttle import Throttle
from comet_async.engine.transport import Timeouts, Transport
from comet_async.events import Observer
from comet_async.paging import Paged
from comet_async.request import Blob, Request
from comet_async.service import Service

__all__ = ["Session"]

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
Page = TypeVar("Page")
Item = TypeVar("Item")


class Session(Facade, PlainBlock):
    """Sends requests to services, within their limits, and waits for the answers.

    Use it as `with Session(...)`, or call `close` in the end; one that was forgotten is closed with
    the interpreter. Any number of threads may use it at once. Observers are called in the portal's
    thread and must not wait for the session.

    Args:
        services: One or more profiles with different names.
        observer: Told of attempts, waits, pauses and bytes; one or several.
        retry: When to try again.
        timeouts: Patience with a slow server.
        max_body_bytes: Cap on an answer held in memory, after decompression.
        throttle: Limits to share with another blocking session.
        transport: Makes the HTTP client of a service.
        user_agent: What the session calls itself.
        private: Tells private addresses, which no redirect from a public service may lead to.
        draw: Draws from [0, 1) for jitter.

    Raises:
        UsageError: No service, or two of one name.
    """

    def __init__(
        self,
        *services: Service,
        observer: Observer | Iterable[Observer] | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        throttle: Throttle | None = None,
        transport: Callable[[Service], Transport] = default_transport,
        user_agent: str | None = None,
        private: Callable[[str], bool] = is_private,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._session = AsyncSession(
            *services,
            observer=observer,
            retry=retry,
            timeouts=timeouts,
            max_body_bytes=max_body_bytes,
            throttle=throttle,
            transport=transport,
            user_agent=user_agent,
            private=private,
            draw=draw,
        )
        with leased() as portal:
            super().__init__(self._session, portal)
            session = self._session
            host = Host(portal, lambda: session)
            host.open()
        self._host: Host[AsyncSession] | None = host
        self._owner: object = None
        weakref.finalize(self, host.forget).atexit = False

    @classmethod
    def over(cls, session: AsyncSession, portal: Portal, owner: object) -> Self:
        """Return the blocking form of an open session; whoever has opened it closes it.

        Args:
            session: An open session.
            portal: Where it lives.
            owner: What is to last as long as this.
        """
        self = cls.__new__(cls)
        Facade.__init__(self, session, portal)
        self._session, self._owner, self._host = session, owner, None
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; nothing can be sent afterwards. A second time does nothing.

        Raises:
            UsageError: It is called by a callback, in the portal's thread.
        """
        if self._host is not None:
            self._host.leave()

    @property
    def asynchronous(self) -> AsyncSession:
        """The session that does the work, for coroutine functions that `blocking.call` runs."""
        return self._session

    @property
    def counters(self) -> Counters:
        """What was sent and received so far."""
        return self._session.counters

    @property
    def services(self) -> tuple[Service, ...]:
        """The profiles, in the order given."""
        return self._session.services

    @property
    def concurrency(self) -> int:
        """How many requests a fan-out has under way unless it is told: the services' limit."""
        return self._session.concurrency

    def send(self, request: Request[T], *, progress: Progress | None = None) -> T:
        """Return the answer of one request.

        Args:
            request: What to send. A file is read meanwhile, in constant memory.
            progress: Called in the portal's thread with the bytes of an upload that have left and
                the total; an upload that starts anew begins at 0 again.

        Raises:
            UsageError: The session is closed, or has no such service.
            TransportError: No usable HTTP answer arrived.
            StatusError: The server said no.
            ResponseError: The answer is not what the endpoint promises.
            SourceError: A file to upload vanished or changed meanwhile.
            OutcomeUnknown: A write failed after its bytes had left.
        """
        return self._portal.call(lambda: self._session.send(request, progress=progress))

    def fan_out(
        self,
        pairs: Iterable[tuple[K, Request[T]]],
        *,
        concurrency: int | None = None,
        buffer: int | None = None,
        ordered: bool = False,
    ) -> AbstractContextManager[Iterator[Outcome[K, T]]]:
        """Send any number of requests and give the outcomes as they come, under your own keys.

        Args:
            pairs: Key and request, drawn as they are needed, in the thread that reads the outcomes;
                they may come from this session.
            concurrency: Requests under way at once; the default is the services' limit.
            buffer: Outcomes that may wait for you, besides those under way.
            ordered: Whether outcomes come in the order of `pairs`.

        Returns:
            A context manager around an iterator of `Ok(key, value)` and `Failed(key, error)`.
            Leaving the block cancels what is under way.

        Raises:
            UsageError: On entering: the session is closed, or an argument is out of range.
        """
        width = self.concurrency if concurrency is None else concurrency
        return self._fed(
            lambda session, feed: session.fan_out(
                feed, concurrency=width, buffer=buffer, ordered=ordered
            ),
            pairs,
            width + (width if buffer is None else buffer),
        )

    def collect(
        self, pairs: Iterable[tuple[K, Request[T]]], *, concurrency: int | None = None
    ) -> Collected[K, T]:
        """Send any number of requests and return all outcomes, in memory and in order.

        Raises:
            UsageError: The session is closed, or a key comes twice.
        """
        asked = list(pairs)  # drawn here: they may come from this session
        return self._portal.call(lambda: self._session.collect(asked, concurrency=concurrency))

    def items(self, paged: Paged[Page, Item]) -> Iterator[Item]:
        """Give the items of a listing, page after page, each identity once.

        Raises:
            CometAsyncError: As `send` does.
        """
        return chain.from_iterable(self.pages(paged))

    def pages(self, paged: Paged[Page, Item]) -> Iterator[list[Item]]:
        """Give the items of each page of a listing that no earlier page had; at least one item.

        Raises:
            CometAsyncError: As `send` does.
        """
        return Stepped(self._portal.call, self._session.pages(paged))

    def download(
        self,
        request: Request[Blob],
        path: Path | str,
        *,
        expected_size: int | None = None,
        overwrite: bool = False,
        durable: bool = False,
        resume: bool = False,
        checksum: bool = True,
        progress: Progress | None = None,
    ) -> Downloaded:
        """Stream a blob to a file, which appears whole or not at all.

        `comet_async.Session.download` documents the arguments. `progress` is called in the portal's
        thread.

        Raises:
            UsageError: The session is closed.
            DestinationError: The file exists, or cannot be written.
            TransportError: It did not arrive whole.
            StatusError: The server said no.
            ResponseError: A message or a login page came in place of octets.
        """
        return self._portal.call(
            lambda: self._session.download(
                request,
                path,
                expected_size=expected_size,
                overwrite=overwrite,
                durable=durable,
                resume=resume,
                checksum=checksum,
                progress=progress,
            )
        )

    def download_many(
        self,
        pairs: Iterable[tuple[Path, Request[Blob]]],
        *,
        concurrency: int | None = None,
        overwrite: bool = False,
        durable: bool = False,
        checksum: bool = True,
    ) -> AbstractContextManager[Iterator[Outcome[Path, Downloaded]]]:
        """Stream any number of blobs to files; outcomes come under their paths.

        Args:
            pairs: File and request, drawn as for `fan_out`.
            concurrency: Downloads under way at once; the default is the services' limit.
            overwrite: Whether existing files may be replaced.
            durable: Whether to wait until each file is safe from a power loss.
            checksum: Whether to compute the SHA-256 of each file.

        Raises:
            UsageError: On entering: the session is closed, or an argument is out of range.
        """
        width = self.concurrency if concurrency is None else concurrency
        return self._fed(
            lambda session, feed: session.download_many(
                feed, concurrency=width, overwrite=overwrite, durable=durable, checksum=checksum
            ),
            pairs,
            2 * width,
        )

    def _fed(
        self,
        make: Callable[
            [AsyncSession, AsyncIterable[V]], AbstractAsyncContextManager[AsyncIterator[T]]
        ],
        items: Iterable[V],
        room: int,
    ) -> Block[AsyncIterator[T], Iterator[T]]:
        feed: asyncio.Queue[list[V]] = asyncio.Queue()
        session = self._session  # the portal keeps it; who is kept so is never forgotten
        return Block(
            self._portal,
            lambda: make(session, drawn(feed)),
            lambda host, outcomes: Fed(host, outcomes, iter(items), feed, room),
        )
