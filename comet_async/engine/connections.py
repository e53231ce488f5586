"""aiohttp's kept connections, made honest.

Three habits of aiohttp 3.14 end here. A server may close a kept connection just as the next request
leaves on it: a drop on a reused connection says nothing of the request and is told apart. Bytes
that came while a connection was idle belong to no request, but would be read as the answer to the
next one: such a connection is closed. A chunk without a size closes the connection but leaves its
reader waiting: whoever reads is told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import abc as aiohttp_abc
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from comet_async.engine.aiohttp_errors import Dropped, ProxyFailed
from comet_async.engine.redirects import REDIRECTS

__all__ = ["Connector", "KnowingRequest", "KnowingResponse", "send_once"]

_PROXY_LOGIN_WANTED = 407


class _Watch:
    """Sees that whoever reads from a connection learns of its end."""

    __slots__ = ("body",)

    def __init__(self) -> None:
        self.body: aiohttp.StreamReader | None = None

    def closed(self, future: asyncio.Future[None]) -> None:
        """End a body that still waits: whatever was to come has come."""
        if not future.cancelled():
            future.exception()
        body, self.body = self.body, None
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the connection was closed"))


class KnowingRequest(aiohttp.ClientRequest):
    """A request that knows its connection, and whether that had served another one before."""

    reused = False
    watch: _Watch | None = None
    way: asyncio.BaseTransport | None = None


class KnowingResponse(aiohttp.ClientResponse):
    """A response that knows which address a redirect came from; None behind a proxy.

    aiohttp gives a connection back with the last byte of a body, an empty one at once.
    """

    peer: str | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}>"


class Connector(aiohttp.TCPConnector):
    """Connections without a limit of their own, checked before they are used again.

    Args:
        context: TLS settings.
        resolver: Resolves names.
        keep: Whether connections are kept for further requests.
    """

    def __init__(
        self, context: ssl.SSLContext, resolver: aiohttp_abc.AbstractResolver, *, keep: bool
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  # aiohttp leaves one untyped
            limit=0, ssl=context, resolver=resolver, force_close=not keep
        )
        self._watches: dict[object, _Watch] = {}

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 the overridden signature
    ) -> Connection:
        """Return a connection on which nothing waits to be read."""
        while True:
            try:
                connection = await super().connect(req, traces, timeout)
            except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
                raise
            except (
                aiohttp.ClientOSError,
                aiohttp.ServerDisconnectedError,
                aiohttp.ClientResponseError,
            ) as error:
                if req.proxy is None:
                    raise
                # So far only the proxy was spoken to: it was CONNECT that failed.
                raise ProxyFailed(type(error).__name__) from None
            protocol = connection.protocol
            if protocol is None:
                return connection
            watch = self._watches.get(protocol)
            new = watch is None
            if watch is None:
                watch = self._watched(protocol)
            if new or not protocol.should_close:
                if isinstance(req, KnowingRequest):
                    req.reused = not new
                    req.watch = watch
                    req.way = connection.transport
                return connection
            connection.close()

    def _watched(self, protocol: ResponseHandler) -> _Watch:
        """Watch a new connection until it is closed."""
        watch = _Watch()
        if protocol.closed is not None:
            self._watches[protocol] = watch
            protocol.closed.add_done_callback(watch.closed)
            protocol.closed.add_done_callback(lambda _: self._watches.pop(protocol, None))
        return watch


async def send_once(
    request: aiohttp.ClientRequest,
    handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
) -> aiohttp.ClientResponse:
    """Send once: aiohttp repeats a dropped GET unseen, without a switch to stop it."""
    try:
        response = await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (
        aiohttp.ClientOSError,
        aiohttp.ClientConnectionResetError,
        aiohttp.ServerDisconnectedError,
    ) as error:
        begun = isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(
            error.message, str
        )
        reused = isinstance(request, KnowingRequest) and request.reused
        raise Dropped(type(error).__name__, stale=reused and not begun) from None
    if response.status == _PROXY_LOGIN_WANTED and request.proxy is not None:
        response.close()
        raise ProxyFailed(f"it answered {response.status}")
    if response.status in REDIRECTS and isinstance(response, KnowingResponse):
        response.peer = _peer(request)
    if isinstance(request, KnowingRequest) and request.watch is not None:
        request.watch.body = None if response.content.is_eof() else response.content
    return response


def _peer(request: aiohttp.ClientRequest) -> str | None:
    if request.proxy is not None or not isinstance(request, KnowingRequest) or request.way is None:
        return None
    peer: tuple[object, ...] | None = request.way.get_extra_info("peername")
    return str(peer[0]) if peer else None
