"""Exchanges over aiohttp's connections and its parser alone, past `ClientSession`.

That class builds a request, its URL, headers and a response from scratch for every exchange, which
is most of what a small one costs. Here the head of a request is written as bytes, and the answer
is read as the parser gives it. Pool, name resolution, TLS and parsing are aiohttp's.

aiohttp does not promise these parts, so they are used in the versions that this was tested with
and while they have the expected form; `ByClient` serves in any other case.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
from collections.abc import Callable

import aiohttp
from aiohttp import http_exceptions
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from comet_async.credentials import Secret
from comet_async.engine.aiohttp_errors import DROPS, dropped, unreadable
from comet_async.engine.connections import Connector, Opened, peer_of
from comet_async.engine.redirects import REDIRECTS
from comet_async.engine.transport import HeaderPairs, HttpRequest

__all__ = ["ByConnection", "is_possible", "takes_part"]

_TESTED = (3, 12), (3, 15)
"""Versions of aiohttp: from the first one on, below the second."""
_SPLIT = re.compile(r"([a-z]+://[^/?#]+)([^#]*)")
_MOST_ORIGINS = 64
_SWITCHING = 101
_FINAL = 200
_TARGET = re.compile(r"[\x21-\x7e]+")
_LINE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def is_possible() -> bool:
    """Tell whether this aiohttp has the parts that are used here, in the expected form."""
    return _fits(aiohttp.__version__, ResponseHandler)


@functools.cache
def _fits(version: str, protocol: type) -> bool:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if not _TESTED[0] <= numbers < _TESTED[1]:
        return False
    setter = getattr(protocol, "set_response_params", None)
    wanted = {"skip_payload", "read_until_eof", "auto_decompress", "read_bufsize"}
    return (
        callable(setter)
        and wanted <= set(inspect.signature(setter).parameters)
        and inspect.iscoroutinefunction(getattr(protocol, "read", None))
        and isinstance(getattr(protocol, "should_close", None), property)
    )


def _request() -> Callable[..., object]:
    return aiohttp.ClientSession._request  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what mocks replace


def _original() -> Callable[..., object] | None:
    """Return aiohttp's own `ClientSession._request`; None when it is somebody else's already."""
    function = _request()
    code = getattr(function, "__code__", None)
    own = inspect.getsourcefile(aiohttp.ClientSession)
    return function if code is not None and code.co_filename == own else None


_ORIGINAL = _original()


def takes_part() -> bool:
    """Tell whether something, as a mock, has taken the place of aiohttp's own client."""
    return _request() is not _ORIGINAL


class _Origin:
    """Scheme, host and port: what a connection is asked for with, and the Host line."""

    __slots__ = ("host", "request")

    def __init__(self, url: str) -> None:
        loop = asyncio.get_running_loop()
        self.request = aiohttp.ClientRequest("GET", URL(url, encoded=True), loop=loop)
        self.host = self.request.headers["Host"]


class ByConnection:
    """Writes requests to connections and reads the answers.

    Args:
        read_buffer: Bytes of a body that may wait to be read.
    """

    def __init__(self, read_buffer: int) -> None:
        self._read_buffer = read_buffer
        self._origins: dict[str, _Origin] = {}
        self._last_headers: tuple[HeaderPairs, bytes] | None = None

    async def send(
        self, request: HttpRequest, connector: Connector, patience: aiohttp.ClientTimeout
    ) -> Opened:
        """Send a request and return its answer as soon as the headers are there.

        Raises:
            aiohttp.ClientError: There is no usable answer.
            ValueError: The request has no form in HTTP.
        """
        parts = _SPLIT.fullmatch(request.url)
        if parts is None:
            raise ValueError("the URL has no host")
        origin = self._origin(parts[1])
        try:
            connection = await connector.connect(origin.request, [], patience)
        except TimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        try:
            return await self._exchange(request, parts[2], origin, connector, connection)
        except BaseException:
            connection.close()
            raise

    async def _exchange(
        self,
        request: HttpRequest,
        target: str,
        origin: _Origin,
        connector: Connector,
        connection: Connection,
    ) -> Opened:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ClientConnectionResetError("the connection is closed")
        watch = connector.watch(protocol)
        protocol.set_response_params(
            skip_payload=request.method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_bufsize=self._read_buffer,
        )
        try:
            transport.write(self._head(request, target, origin, close=connector.force_close))
            message, content = await protocol.read()
            while message.code < _FINAL and message.code != _SWITCHING:
                message, content = await protocol.read()
        except DROPS as error:
            raise dropped(error, reused=watch.reused) from None
        except http_exceptions.HttpProcessingError as error:
            raise unreadable(error.message) from None
        watch.body = None if content.is_eof() else content
        peer = peer_of(transport) if message.code in REDIRECTS else None
        return Opened(connection, message.code, message.headers, content, peer)

    def _origin(self, url: str) -> _Origin:
        found = self._origins.get(url)
        if found is None:
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins.clear()
            found = self._origins[url] = _Origin(url)
        return found

    def _head(self, request: HttpRequest, target: str, origin: _Origin, *, close: bool) -> bytes:
        """Return the request as it goes out; never kept in a frame, since it holds the key."""
        if not _TARGET.fullmatch(target or "/"):
            raise ValueError("the target has characters that no request line can carry")
        body = request.body
        length = ""
        if body is not None:
            length = f"Content-Length: {len(body)}\r\n"
        elif request.method in _WITH_BODY:
            length = "Content-Length: 0\r\n"
        ending = "Connection: close\r\n\r\n" if close else "\r\n"
        path = target if target.startswith("/") else f"/{target}"
        start = f"{request.method} {path} HTTP/1.1\r\nHost: {origin.host}\r\n"
        return b"".join(
            (start.encode(), self._lines(request.headers), (length + ending).encode(), body or b"")
        )

    def _lines(self, headers: HeaderPairs) -> bytes:
        """Return the header lines; those of the last request are kept, which is nearly all."""
        last = self._last_headers
        if last is None or last[0] is not headers:
            last = self._last_headers = (headers, _lines(headers))
        return last[1]


def _lines(headers: HeaderPairs) -> bytes:
    lines: list[str] = []
    for name, value in headers:
        text = value.reveal() if isinstance(value, Secret) else value
        if not _LINE.fullmatch(text) or not _TARGET.fullmatch(name) or ":" in name:
            raise ValueError("a header has characters that no header line can carry")
        lines.append(f"{name}: {text}\r\n")
    return "".join(lines).encode()
