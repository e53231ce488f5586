"""What the engine asks of an HTTP client: one hop, read whole or as a stream.

Everything above speaks this protocol, so tests and users can put another transport in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

import msgspec

from comet_async.credentials import Secret
from comet_async.errors import ConnectionLost
from comet_async.redaction import bare_url
from comet_async.upload import Upload

__all__ = [
    "HeaderPairs",
    "HttpAnswer",
    "HttpRequest",
    "HttpStream",
    "StaleConnection",
    "Timeouts",
    "Transport",
    "filled_by_pieces",
]

HeaderPairs: TypeAlias = tuple[tuple[str, "str | Secret"], ...]


class StaleConnection(ConnectionLost):
    """A kept connection that the server had closed by the time a request left on it.

    Not the server's trouble: whatever may be repeated is sent again at once, on a fresh connection.
    """


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Patience, in seconds. Durations bound silence and slowness, not the size of an answer.

    Attributes:
        connect: To establish a connection, TLS included.
        headers: From sending to the last header byte.
        idle: Between two pieces of a body, in either direction.
        stored: From the last byte of an upload to the first of the answer: the server stores it.
        total: For a whole exchange that is held in memory; streams and uploads have none.
        low_speed_bytes: Fewer bytes a second than this ...
        low_speed_seconds: ... over this long end the exchange.
    """

    connect: float = 10.0
    headers: float = 60.0
    idle: float = 60.0
    stored: float = 300.0
    total: float | None = 300.0
    low_speed_bytes: float = 1024.0
    low_speed_seconds: float = 30.0


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One hop: method, encoded URL, headers (a key stays a `Secret` here) and body.

    Attributes:
        method: HTTP method.
        url: Absolute URL, percent-encoded as it goes on the wire.
        headers: In order; secrets are revealed by the transport, at the last moment.
        body: Encoded body, if any.
        upload: A body that is read as it is sent, in place of `body`.
        sent: Told of the bytes of the upload that have left, from 0 again if it starts anew.
        timeouts: Patience for this hop.
        max_body_bytes: Cap on a body read whole, after decompression.
        public_only: Refuse to connect to a private, loopback or link-local address.
        fresh: Use a connection of its own, not one kept from an earlier request.
        before_large: Awaited before a body that is read whole and has grown to `LARGE` bytes is
            read on, once for each such body; no limit but that of the whole exchange runs then.
    """

    method: str
    url: str
    headers: HeaderPairs
    body: bytes | None = None
    upload: Upload | None = None
    sent: Callable[[int], None] | None = None
    timeouts: Timeouts = Timeouts()
    max_body_bytes: int = 256 * 1024 * 1024
    public_only: bool = False
    fresh: bool = False
    before_large: Callable[[], Awaitable[None]] | None = None

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {bare_url(self.url)}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("method", self.method), ("url", bare_url(self.url))]


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer: status, headers to be looked up by lower-case names, body decompressed.

    `received` counts body bytes on the wire. `peer` is the address that answered a redirect, None
    otherwise and behind a proxy. `early` tells that it came before the request's body had left
    whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received: int = 0
    peer: str | None = None
    early: bool = False

    def __repr__(self) -> str:
        return f"<HttpAnswer {self.status}, {len(self.body)} bytes>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("status", self.status), ("bytes", len(self.body))]


class HttpStream(Protocol):
    """An answer whose body is still on its way."""

    status: int
    headers: Mapping[str, str]
    peer: str | None

    async def read_some(self) -> bytes:
        """Return the next piece of the body as sent, empty at its end.

        Raises:
            TransportError: The body broke off, or came too slowly.
        """
        ...

    async def read_into(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes of the body, as sent; once used, `read_some` is not.

        `filled_by_pieces` does it for a stream that has nothing better.

        Returns:
            Bytes received: fewer than there is room for only at the body's end.

        Raises:
            TransportError: The body broke off, or came too slowly.
        """
        ...

    async def aclose(self) -> None:
        """Give the connection back, or close it when the body was not read to its end."""
        ...


class Transport(Protocol):
    """An HTTP client for single hops: no redirects, no retries, no cookies."""

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        """Return the whole answer.

        Raises:
            TransportError: No usable HTTP answer arrived.
        """
        ...

    async def open(self, request: HttpRequest) -> HttpStream:
        """Return an answer to be read in pieces; the caller closes it.

        Raises:
            TransportError: No usable HTTP answer arrived.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


async def filled_by_pieces(
    read_some: Callable[[], Awaitable[bytes]], buffer: memoryview, rest: memoryview
) -> tuple[int, memoryview]:
    """Fill a buffer from a stream's pieces.

    Args:
        read_some: Gives the next piece.
        buffer: Where to.
        rest: What the last call had left.

    Returns:
        Bytes copied, and what there was no room for.

    Raises:
        TransportError: As `read_some` does.
    """
    filled = 0
    while filled < len(buffer):
        if not rest:
            rest = memoryview(await read_some())
            if not rest:
                break
        piece, rest = rest[: len(buffer) - filled], rest[len(buffer) - filled :]
        buffer[filled : filled + len(piece)] = piece
        filled += len(piece)
    return filled, rest
