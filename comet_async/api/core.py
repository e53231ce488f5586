"""What every part of `API` stands on: one session, one cache, and requests sent through both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from comet_async import comet
from comet_async.api.cache import ReadCache
from comet_async.api.copying import copied
from comet_async.credentials import Credentials, Secret, without_frames
from comet_async.engine.blocks import AsyncBlock
from comet_async.engine.download import Downloaded
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.session import Session
from comet_async.errors import BadRequestError, NotFoundError, UsageError
from comet_async.events import Observer
from comet_async.redaction import shortened
from comet_async.request import Blob, Effect, Request
from comet_async.service import Limits, Service, service_named

__all__ = ["Core"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_VERSION = "v2"
_NOTED = 20
_CLOSED = "the API is closed; make another one"


class Core(AsyncBlock):
    """A session, opened at the first request, and a cache of reads in front of it.

    Args:
        api_key: The key, or a hook that gives it; default as `comet.service` finds it.
        cache: Whether reads are kept; `do_not_cache` names exceptions.
        version: Version of the REST API; "v2" is the only one.
        url: Root of the server; default as `comet.service` finds it.
        session: A session to use, which stays open; it has its own key and URL.
        limits: How hard the server may be driven; default `comet.DEFAULT_LIMITS`.
        observer: Told of attempts, waits and bytes.

    Raises:
        UsageError: There is no key anywhere; or a session and something that it has already are
            both given; or the version is another.
    """

    def __init__(
        self,
        api_key: str | Secret | Credentials | None = None,
        cache: bool = True,
        version: str = _VERSION,
        *,
        url: str | None = None,
        session: Session | None = None,
        limits: Limits | None = None,
        observer: Observer | Iterable[Observer] | None = None,
    ) -> None:
        others = any(given is not None for given in (url, limits, observer))
        try:
            self._service = _service_of(api_key, version, url, limits, session, others=others)
        finally:
            del api_key  # no frame of an error may show a key
        self._given = session
        self._session = session
        self._observer = observer
        self._cache = ReadCache(enabled=cache)
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.server_url}>"

    async def close(self) -> None:
        """Close the session, unless it was given; nothing can be asked afterwards."""
        self._closed = True
        session, self._session = self._session, None
        self._cache.clear()
        if session is not None and session is not self._given:
            await session.__aexit__(None, None, None)

    @property
    def session(self) -> Session:
        """The session in use, for what has no verb here; its writes are unknown to the cache.

        Raises:
            UsageError: Nothing was asked yet, or it is closed.
        """
        if self._closed:
            raise UsageError(_CLOSED)
        if self._session is None:
            raise UsageError("the API is not open; use `async with API() as api`")
        return self._session

    @property
    def server_url(self) -> str:
        """Root URL of the server."""
        return self._service.base_url

    async def send(self, request: Request[T]) -> T:
        """Return the answer to any request: reads by way of the cache, writes past it.

        Raises:
            CometAsyncError: As `Session.send` does.
        """
        session = await self._opened()
        if request.effect is Effect.READ:
            return await self._cache.read(request, session.send)
        with self._cache.writing():
            return await session.send(request)

    def known(self, request: Request[T]) -> T | None:
        """Return the answer to a read if the cache has it, without a request; else None."""
        found = self._cache.known(request)
        return None if found is None else copied(found)

    async def send_each(self, pairs: Iterable[tuple[K, Request[T]]]) -> dict[K, T]:
        """Return the answers to any number of requests, by key and in order, many at a time.

        The first failure stops the rest.

        Raises:
            CometAsyncError: As `Session.send` does.
        """
        await self._opened()
        found: dict[K, T] = {}
        width = self._service.limits_of("default").concurrency
        async with fan_out(self.send, pairs, concurrency=width, ordered=True) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Failed):
                    raise outcome.error
                found[outcome.key] = outcome.value
        return found

    async def send_all(self, pairs: Iterable[tuple[str, Request[object]]]) -> list[str]:
        """Send any number of writes, many at a time, and return their keys.

        One operation upon thousands of experiments is rather for `comet_async.bulk`, which has a
        ledger, a dry run, and an account of each.

        Raises:
            CometAsyncError: The first failure, when all have been tried; a note tells the others.
        """
        session = await self._opened()
        with self._cache.writing():
            found = await session.collect(
                ((number, key), request) for number, (key, request) in enumerate(pairs)
            )
        failed = [key for _, key in found.failed]
        if failed:
            error = next(iter(found.failed.values()))
            keys = ", ".join(shortened(key, 60) for key in failed[:_NOTED])
            error.add_note(f"{len(failed)} of {len(failed) + len(found.ok)} failed: {keys}")
            raise error
        return [key for _, key in found.ok]

    async def download(
        self, request: Request[Blob], path: Path | str, *, overwrite: bool = False
    ) -> Downloaded:
        """Stream octets to a file, which appears whole or not at all; a large one can go on.

        Raises:
            CometAsyncError: As `Session.download` does.
        """
        session = await self._opened()
        return await session.download(
            request, path, overwrite=overwrite, resume=True, checksum=False
        )

    async def send_or_none(self, request: Request[T]) -> T | None:
        """Return the answer, or None where the server says that there is no such thing.

        Raises:
            CometAsyncError: As `Session.send` does, but for status 404, and for 400 of an
                experiment, by which older servers mean the same.
        """
        try:
            return await self.send(request)
        except NotFoundError:
            return None
        except BadRequestError:
            if request.path != "/api/rest/v2/experiment/metadata":
                raise
            return None

    def use_cache(self, cache: bool | None = None) -> bool:
        """Return whether reads are kept, after switching that on or off if `cache` is given."""
        if cache is not None:
            self._cache.enabled = cache
        return self._cache.enabled

    def do_cache(self, *endpoints: str) -> None:
        """Keep answers of these reads, named by their path as "experiments".

        Raises:
            UsageError: One is no read.
        """
        self._cache.include(endpoints)

    def do_not_cache(self, *endpoints: str) -> None:
        """Keep no answers of these reads, named by their path as "experiment/tags".

        Raises:
            UsageError: One is no read.
        """
        self._cache.exclude(endpoints)

    def clear_cache(self) -> None:
        """Forget all answers."""
        self._cache.clear()

    def update_cache(self) -> None:
        """Forget all answers; the old name of `clear_cache`."""
        self.clear_cache()

    async def _opened(self) -> Session:
        if self._closed:
            raise UsageError(_CLOSED)
        if self._session is None:
            session = Session(self._service, observer=self._observer)
            await session.__aenter__()
            self._session = session
        return self._session


@without_frames
def _service_of(
    api_key: str | Secret | Credentials | None,
    version: str,
    url: str | None,
    limits: Limits | None,
    session: Session | None,
    *,
    others: bool,
) -> Service:
    if version != _VERSION:
        raise UsageError(f"version is {version!r}; only {_VERSION!r} is spoken here")
    if hasattr(api_key, "services"):
        raise UsageError("the first argument is the key; give a session by name, as session=...")
    if session is None:
        return comet.service(api_key, url=url, limits=limits)
    if others or api_key is not None:
        raise UsageError("a session brings its own api_key, url, limits and observer")
    return _comet_of(session)


def _comet_of(session: Session) -> Service:
    service = service_named(session.services, "comet")
    if service is None:
        raise UsageError("the session has no service named comet")
    return service
