"""aiohttp's kept connections, made honest.

Two habits of aiohttp 3.14 end here. Bytes that came while a connection was idle belong to no
request, but would be read as the answer to the next one: such a connection is closed. A chunk
without a size closes the connection but leaves its reader waiting: whoever reads is told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Protocol

import aiohttp
from aiohttp import abc as aiohttp_abc
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from comet_async.engine.aiohttp_errors import ProxyFailed

__all__ = ["Connector", "Held", "KnowingRequest", "Opened", "Watch", "peer_of"]


class Held(Protocol):
    """What holds a connection."""

    def release(self) -> object:
        """Give the connection back; it is closed when the body was not read to its end."""
        ...

    def close(self) -> object:
        """Close the connection."""
        ...


class Opened:
    """An answer whose headers are there and whose body is on its way.

    Args:
        held: Holds the connection until the body was read.
        status: HTTP status.
        headers: Headers, looked up in any case.
        content: The body, as sent.
        peer: The address that a redirect came from; None otherwise, and behind a proxy.
    """

    __slots__ = ("content", "headers", "held", "peer", "status")

    def __init__(
        self,
        held: Held,
        status: int,
        headers: Mapping[str, str],
        content: aiohttp.StreamReader,
        peer: str | None,
    ) -> None:
        self.held = held
        self.status = status
        self.headers = headers
        self.content = content
        self.peer = peer


class Watch:
    """Sees that whoever reads from a connection learns of its end; counts the uses of it.

    Attributes:
        body: The body that is being read.
        uses: Requests that were given the connection.
    """

    __slots__ = ("body", "uses")

    def __init__(self) -> None:
        self.body: aiohttp.StreamReader | None = None
        self.uses = 0

    @property
    def reused(self) -> bool:
        """Whether the connection had served another request before."""
        return self.uses > 1

    def closed(self, future: asyncio.Future[None]) -> None:
        """End a body that still waits: whatever was to come has come."""
        if not future.cancelled():
            future.exception()
        body, self.body = self.body, None
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the connection was closed"))


class KnowingRequest(aiohttp.ClientRequest):
    """A request that knows the connection it was given."""

    watch: Watch | None = None
    way: asyncio.BaseTransport | None = None


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
        self._watches: dict[object, Watch] = {}

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
            watch = self.watch(protocol)
            watch.uses += 1
            if not watch.reused or not protocol.should_close:
                if isinstance(req, KnowingRequest):
                    req.watch, req.way = watch, connection.transport
                return connection
            connection.close()

    def watch(self, protocol: ResponseHandler) -> Watch:
        """Return what watches a connection, until it is closed."""
        found = self._watches.get(protocol)
        if found is None:
            found = Watch()
            if protocol.closed is not None:
                self._watches[protocol] = found
                protocol.closed.add_done_callback(found.closed)
                protocol.closed.add_done_callback(lambda _: self._watches.pop(protocol, None))
        return found


def peer_of(transport: asyncio.BaseTransport | None) -> str | None:
    """Return the address at a connection's other end."""
    if transport is None:
        return None
    peer: tuple[object, ...] | None = transport.get_extra_info("peername")
    return str(peer[0]) if peer else None
