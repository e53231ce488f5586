"""`Session`: sends requests to any number of services, one at a time or thousands at once."""

from __future__ import annotations

import asyncio
import random
import warnings
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from comet_async.engine.addresses import is_private
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.blocks import AsyncBlock
from comet_async.engine.collected import Collected
from comet_async.engine.download import Downloaded, Progress, download
from comet_async.engine.fan_out import Ok, Outcome, fan_out
from comet_async.engine.kept_part import KEPT_FROM
from comet_async.engine.lane import Lane, Options
from comet_async.engine.observing import Counters
from comet_async.engine.part_file import checked_folder
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.threads import to_its_end
from comet_async.engine.throttle import Throttle
from comet_async.engine.transport import Timeouts, Transport
from comet_async.errors import CometAsyncError, DestinationError, UsageError
from comet_async.events import Observer
from comet_async.paging import Paged
from comet_async.redaction import bare_url, printable
from comet_async.request import Blob, Request
from comet_async.service import Service
from comet_async.shown import Shown, Table, facts, told_size

__all__ = ["MAX_BODY_BYTES", "Collected", "Session", "default_transport"]

K = TypeVar("K")
T = TypeVar("T")
Page = TypeVar("Page")
Item = TypeVar("Item")

MAX_BODY_BYTES = 256 * 1024 * 1024
"""Cap on an answer in memory, unless a session says otherwise."""


def default_transport(service: Service) -> Transport:
    """Return the HTTP client of a service, unless a session says otherwise: aiohttp."""
    return AiohttpTransport(tls=service.tls, proxy=service.proxy)


class Session(Shown, AsyncBlock):
    """Sends requests to services, within their limits. Use it as `async with Session(...)`.

    Args:
        services: One or more profiles with different names.
        observer: Told of attempts, waits, pauses and bytes; one or several.
        retry: When to try again.
        timeouts: Patience with a slow server.
        max_body_bytes: Cap on an answer held in memory, after decompression.
        throttle: Limits to share with another session of the same event loop.
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
        names = [service.name for service in services]
        if not names or len(set(names)) < len(names):
            raise UsageError("a session needs at least one service, each with its own name")
        self.counters = Counters()
        self._services = services
        self._throttle = throttle
        self._transport = transport
        self._options = Options(
            retry=retry or RetryPolicy(),
            timeouts=timeouts or Timeouts(),
            max_body_bytes=max_body_bytes,
            user_agent=user_agent or f"comet_async/{version('comet_async')}",
            observers=_observers(observer),
            random=draw,
            private=private,
        )
        self._lanes: dict[str, Lane] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._folder: Path | None = None

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            raise UsageError("a session is entered once; make another one")
        throttle = self._throttle or Throttle()
        try:
            for service in self._services:
                transport = self._transport(service)
                self._lanes[service.name] = Lane(
                    service, transport, throttle, self.counters, self._options
                )
        except BaseException:
            await self._close()
            raise
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        self._closed = True
        await to_its_end(self._close_transports())

    async def _close_transports(self) -> None:
        async with AsyncExitStack() as closing:
            for lane in self._lanes.values():
                closing.push_async_callback(lane.transport.aclose)

    @property
    def services(self) -> tuple[Service, ...]:
        """The profiles, in the order given."""
        return self._services

    @property
    def concurrency(self) -> int:
        """How many requests a fan-out has under way unless it is told: the services' limit."""
        widths = (limits.concurrency for s in self._services for limits in s.limits.values())
        return max(widths, default=1)

    def __del__(self) -> None:
        if getattr(self, "_loop", None) is not None and not self._closed:
            warnings.warn(
                "a Session was not closed; use `async with Session(...)`",
                ResourceWarning,
                stacklevel=2,
            )

    def __repr__(self) -> str:
        buckets = [bucket for lane in self._lanes.values() for bucket in lane.buckets()]
        active = sum(bucket.slots.in_use for bucket in buckets)
        queued = sum(bucket.slots.queued for bucket in buckets)
        names = ", ".join(service.name for service in self._services)
        return f"<Session {names} {active} active, {queued} queued>"

    def _table(self) -> Table:
        told = self.counters
        services = ((service.name, bare_url(service.base_url)) for service in self._services)
        return facts(
            repr(self)[1:-1],
            (
                *services,
                ("requests", told.requests),
                ("retries", told.retries),
                ("answers of 429", told.throttled),
                ("received", told_size(told.bytes_received)),
            ),
        )

    async def send(self, request: Request[T], *, progress: Progress | None = None) -> T:
        """Return the answer of one request.

        Args:
            request: What to send. A file is read meanwhile, in constant memory.
            progress: Called with the bytes of an upload that have left and the total; an upload
                that starts anew begins at 0 again.

        Raises:
            UsageError: The session is not open, belongs to another event loop, or has no such
                service.
            TransportError: No usable HTTP answer arrived.
            StatusError: The server said no.
            ResponseError: The answer is not what the endpoint promises.
            SourceError: A file to upload vanished or changed meanwhile.
            OutcomeUnknown: A write failed after its bytes had left.
        """
        lane = self._lane(request)
        if progress is None or request.upload is None:
            return await lane.send(request)
        size = request.upload.size
        return await lane.send(request, lambda sent: progress(sent, size))

    def fan_out(
        self,
        pairs: Iterable[tuple[K, Request[T]]] | AsyncIterable[tuple[K, Request[T]]],
        *,
        concurrency: int | None = None,
        buffer: int | None = None,
        ordered: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[Outcome[K, T]]]:
        """Send any number of requests and give the outcomes as they come, under your own keys.

        Args:
            pairs: Key and request, drawn as they are needed.
            concurrency: Requests under way at once; the default is the services' limit.
            buffer: Outcomes that may wait for you, besides those under way.
            ordered: Whether outcomes come in the order of `pairs`.

        Returns:
            A context manager around an iterator of `Ok(key, value)` and `Failed(key, error)`.
            Leaving the block cancels what is under way.

        Raises:
            UsageError: The session is not open, or an argument is out of range.
        """
        self._check_open()

        width = self.concurrency if concurrency is None else concurrency
        return fan_out(self.send, pairs, concurrency=width, buffer=buffer, ordered=ordered)

    async def collect(
        self, pairs: Iterable[tuple[K, Request[T]]], *, concurrency: int | None = None
    ) -> Collected[K, T]:
        """Send any number of requests and return all outcomes, in memory and in order.

        Raises:
            UsageError: The session is not open, or a key comes twice.
        """
        ok: dict[K, T] = {}
        failed: dict[K, CometAsyncError] = {}
        async with self.fan_out(pairs, concurrency=concurrency, ordered=True) as outcomes:
            async for outcome in outcomes:
                if outcome.key in ok or outcome.key in failed:
                    raise UsageError(f"the key {printable(repr(outcome.key))} comes twice")
                if isinstance(outcome, Ok):
                    ok[outcome.key] = outcome.value
                else:
                    failed[outcome.key] = outcome.error
        return Collected(ok, failed)

    async def items(self, paged: Paged[Page, Item]) -> AsyncIterator[Item]:
        """Give the items of a listing, page after page, each identity once.

        Raises:
            CometAsyncError: As `send` does.
        """
        async for page in self.pages(paged):
            for item in page:
                yield item

    async def pages(self, paged: Paged[Page, Item]) -> AsyncIterator[list[Item]]:
        """Give the items of each page of a listing that no earlier page had; at least one item.

        Raises:
            CometAsyncError: As `send` does.
        """
        step = paged.begin()
        request: Request[Page] | None = paged.first
        while request is not None:
            fresh, request = step(request, await self.send(request))
            if fresh:
                yield fresh

    async def download(
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

        Redirects to storage are followed without credentials. The length is checked against what
        the server announced and what you expect; an ETag that is an MD5 is checked too.

        Args:
            request: A request for octets.
            path: The file; its folder must exist.
            expected_size: Bytes that a listing promised, if you know.
            overwrite: Whether an existing file may be replaced.
            durable: Whether to wait until the file is safe from a power loss.
            resume: Whether to go on from the part that an earlier attempt has left, also one whose
                process was killed; a part of 1 MiB or more stays then when this one fails. It needs
                a server with strong ETags, and starts anew when the content has changed. A file of
                64 MiB or more comes in four ranges at once then, where the server gives ranges;
                each goes on by itself.
            checksum: Whether to compute the SHA-256 of the content, which takes about as much
                processor time as all the rest. Length and an ETag that is an MD5 are always
                checked.
            progress: Called with the bytes received and the total.

        Raises:
            UsageError: The session is not open.
            DestinationError: The file exists, or cannot be written.
            TransportError: It did not arrive whole.
            StatusError: The server said no.
            ResponseError: A message or a login page came in place of octets.
        """
        lane = self._lane(request)
        target = Path(path)
        if not overwrite or target.parent != self._folder:  # else it was found to be good
            await lane.short.undivided(lambda: _check_target(target, overwrite=overwrite))
            self._folder = target.parent
        small = expected_size is not None and expected_size < KEPT_FROM
        return await download(
            lane,
            request,
            target,
            expected_size=expected_size,
            durable=durable,
            resume=resume and not small,
            checksum=checksum,
            progress=progress,
        )

    def download_many(
        self,
        pairs: Iterable[tuple[Path, Request[Blob]]] | AsyncIterable[tuple[Path, Request[Blob]]],
        *,
        concurrency: int | None = None,
        overwrite: bool = False,
        durable: bool = False,
        checksum: bool = True,
    ) -> AbstractAsyncContextManager[AsyncIterator[Outcome[Path, Downloaded]]]:
        """Stream any number of blobs to files; outcomes come under their paths.

        Args:
            pairs: File and request, drawn as they are needed.
            concurrency: Downloads under way at once; the default is the services' limit.
            overwrite: Whether existing files may be replaced.
            durable: Whether to wait until each file is safe from a power loss.
            checksum: Whether to compute the SHA-256 of each file.

        Raises:
            UsageError: The session is not open, or an argument is out of range.
        """
        self._check_open()

        async def work(target: tuple[Path, Request[Blob]]) -> Downloaded:
            path, request = target
            return await self.download(
                request, path, overwrite=overwrite, durable=durable, checksum=checksum
            )

        width = self.concurrency if concurrency is None else concurrency
        if isinstance(pairs, AsyncIterable):
            later = ((pair[0], pair) async for pair in pairs)
            return fan_out(work, later, concurrency=width)
        return fan_out(work, ((pair[0], pair) for pair in pairs), concurrency=width)

    def _lane(self, request: Request[object]) -> Lane:
        if self._closed or self._loop is not asyncio.get_running_loop():
            self._check_open()
        lane = self._lanes.get(request.service)
        if lane is None:
            known = ", ".join(self._lanes)
            raise UsageError(f"{request.path} is of {request.service}; this session has {known}")
        return lane

    def _check_open(self) -> None:
        if self._loop is None:
            raise UsageError("the session is not open; use `async with Session(...) as session`")
        if self._closed:
            raise UsageError("the session is closed; make another one")
        if self._loop is not asyncio.get_running_loop():
            raise UsageError("the session belongs to another event loop; make one in this loop")


def _observers(observer: Observer | Iterable[Observer] | None) -> tuple[Observer, ...]:
    if observer is None:
        return ()
    if isinstance(observer, Iterable):
        return tuple(observer)
    return (observer,)


def _check_target(path: Path, *, overwrite: bool) -> None:
    checked_folder(path)
    if path.exists() and not overwrite:
        raise DestinationError(f"{printable(str(path))} exists; pass overwrite=True to replace it")
