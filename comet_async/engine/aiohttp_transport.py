"""The one place that imports aiohttp's client.

What aiohttp raises ends here: its errors hold the request's headers, so the key, and must not
travel on as cause, context or traceback. What it does on its own is kept from happening: redirects,
a second try after a dropped connection, cookies, netrc, unbounded decompression.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp import abc as aiohttp_abc
from yarl import URL

from comet_async.credentials import Secret
from comet_async.engine.addresses import is_private
from comet_async.engine.aiohttp_errors import (
    PrivateAddressError,
    mapped,
    mapped_in_body,
)
from comet_async.engine.connections import Connector, KnowingRequest, KnowingResponse, send_once
from comet_async.engine.inflate import inflated
from comet_async.engine.speed import SpeedWatch
from comet_async.engine.transport import HttpAnswer, HttpRequest, HttpStream, Timeouts
from comet_async.errors import BodyTooLarge, CometAsyncError, RequestTimeout, UsageError
from comet_async.service import Tls

__all__ = ["AiohttpTransport", "ssl_context"]

_READ_BUFFER = 256 * 1024
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class _PublicResolver(aiohttp_abc.AbstractResolver):
    """Resolves names and refuses those that lead into a private network.

    aiohttp connects to exactly the addresses given here, so the check is on what is connected to.
    """

    def __init__(self, private: Callable[[str], bool], inner: aiohttp_abc.AbstractResolver) -> None:
        self._private = private
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp_abc.ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(self._private(result["host"]) for result in found):
            raise PrivateAddressError(0, "resolves into a private network")
        return found

    async def close(self) -> None:
        await self._inner.close()


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return a context that verifies, from a CA bundle's path, a ready context or the system's CAs.

    Raises:
        UsageError: The bundle cannot be read, or the context does not verify.
    """
    if isinstance(tls, ssl.SSLContext):
        if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
            raise UsageError("the SSL context does not verify the server; name a CA bundle instead")
        return tls
    try:
        return ssl.create_default_context(cafile=tls)
    except (OSError, ssl.SSLError):
        raise UsageError(f"cannot read the CA bundle {tls}; give a PEM file") from None


class AiohttpTransport:
    """Single hops over aiohttp.

    Args:
        tls: CA bundle or context.
        proxy: Proxy URL with optional credentials; None for none. Environment and netrc are not
            read.
        private: Tells private addresses; the default is right outside tests.
        resolver: Resolves names; None for the system's.
    """

    def __init__(
        self,
        *,
        tls: Tls = None,
        proxy: str | None = None,
        private: Callable[[str], bool] = is_private,
        resolver: Callable[[], aiohttp_abc.AbstractResolver] = aiohttp.ThreadedResolver,
    ) -> None:
        parts = _proxy_parts(proxy)
        del proxy  # no frame of an error may show its password
        if parts is None:
            raise UsageError("the proxy's URL is unusable; use http://HOST:PORT")
        self._proxy, self._proxy_headers = parts
        self._ssl = ssl_context(tls)
        self._private = private
        self._resolver = resolver
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}
        self._last_timeouts: tuple[Timeouts | None, aiohttp.ClientTimeout] = (None, _NO_TIMEOUT)

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        """Return the whole answer, decompressed within the caps.

        Raises:
            TransportError: No usable HTTP answer arrived.
        """
        try:
            return await self._whole(request)
        except BaseException as error:  # noqa: BLE001 raised again below, without frames that hold a key
            failure = self._clean(error, request)
        try:
            raise failure
        finally:
            del failure

    async def open(self, request: HttpRequest) -> HttpStream:
        """Return an answer to be read in pieces; the caller closes it.

        Raises:
            TransportError: No usable HTTP answer arrived.
        """
        try:
            return await self._stream(request)
        except BaseException as error:  # noqa: BLE001 as above
            failure = self._clean(error, request)
        try:
            raise failure
        finally:
            del failure

    async def _whole(self, request: HttpRequest) -> HttpAnswer:
        async with asyncio.timeout(_first_wait(request.timeouts)) as deadline:
            response = await self._send(request)
            try:
                body = await _whole_body(response, request, deadline)
            except BaseException:
                response.close()
                raise
            response.release()
        return _answer(response, body, request.max_body_bytes)

    async def _stream(self, request: HttpRequest) -> HttpStream:
        async with asyncio.timeout(request.timeouts.headers):
            response = await self._send(request)
        return _AiohttpStream(response, request.timeouts)

    def _clean(self, error: BaseException, request: HttpRequest) -> BaseException:
        """Return what to raise for `error`: our own error, or itself free of aiohttp's frames."""
        if isinstance(error, CometAsyncError):
            return error.with_traceback(None)
        if isinstance(error, (aiohttp.ClientError, OSError, ValueError)):
            return mapped(error, request, proxied=self._proxy is not None)
        error.__context__ = None
        return error.with_traceback(None)

    async def aclose(self) -> None:
        """Close every connection."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def _session(self, *, public_only: bool, fresh: bool) -> aiohttp.ClientSession:
        found = self._sessions.get((public_only, fresh))
        if found is None:
            inner = self._resolver()
            # Behind a proxy the only name resolved here is the proxy's own.
            guarded = public_only and self._proxy is None
            resolver = _PublicResolver(self._private, inner) if guarded else inner
            found = self._sessions[public_only, fresh] = aiohttp.ClientSession(
                connector=Connector(self._ssl, resolver, keep=not fresh),
                connector_owner=True,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=_READ_BUFFER,
                middlewares=(send_once,),
                request_class=KnowingRequest,
                response_class=KnowingResponse,
            )
        return found

    def _patience(self, timeouts: Timeouts) -> aiohttp.ClientTimeout:
        known, found = self._last_timeouts
        if known is not timeouts:
            found = aiohttp.ClientTimeout(
                total=None,
                connect=timeouts.connect,
                sock_connect=timeouts.connect,
                sock_read=None,
            )
            self._last_timeouts = (timeouts, found)
        return found

    def _send(self, request: HttpRequest) -> Awaitable[aiohttp.ClientResponse]:
        url = URL(request.url, encoded=True)
        headers = [
            (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in request.headers
        ]
        if self._proxy_headers is not None and url.scheme == "http":
            # aiohttp sends proxy_headers with CONNECT only, so not on the way to a plain server.
            headers.append(("Proxy-Authorization", self._proxy_headers.reveal()))
        return self._session(public_only=request.public_only, fresh=request.fresh).request(
            request.method,
            url,
            headers=headers,
            data=request.body,
            allow_redirects=False,
            timeout=self._patience(request.timeouts),
            proxy=self._proxy.reveal() if self._proxy is not None else None,
            proxy_headers=(
                None
                if self._proxy_headers is None
                else {"Proxy-Authorization": self._proxy_headers.reveal()}
            ),
        )


class _AiohttpStream:
    def __init__(self, response: aiohttp.ClientResponse, timeouts: Timeouts) -> None:
        self._response = response
        self._idle = timeouts.idle
        self._loop = asyncio.get_running_loop()
        self._watch = SpeedWatch(
            timeouts.low_speed_bytes, timeouts.low_speed_seconds, self._loop.time()
        )
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.peer = _peer(response)

    async def read_some(self) -> bytes:
        failure: BaseException
        try:
            async with asyncio.timeout(self._idle):
                piece = await self._response.content.readany()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = mapped_in_body(error)
        except BaseException as error:  # noqa: BLE001 raised again below, without frames that hold a key
            failure = error.with_traceback(None)
        else:
            if piece and self._watch.too_slow(len(piece), self._loop.time()):
                raise RequestTimeout("the body came too slowly")
            return piece
        raise failure

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def _whole_body(
    response: aiohttp.ClientResponse, request: HttpRequest, deadline: asyncio.Timeout
) -> bytes:
    """Read to the end; most answers came with their headers and need no timer of their own."""
    content = response.content
    piece = await content.readany()
    if content.at_eof():
        return _within_cap(piece, request)
    loop = asyncio.get_running_loop()
    timeouts = request.timeouts
    end = None if timeouts.total is None else loop.time() + timeouts.total
    watch = SpeedWatch(timeouts.low_speed_bytes, timeouts.low_speed_seconds, loop.time())
    pieces: list[bytes] = []
    size = 0
    while piece:
        pieces.append(piece)
        size += len(piece)
        if size > request.max_body_bytes:
            raise BodyTooLarge(f"the body is over the cap of {request.max_body_bytes} bytes")
        now = loop.time()
        if watch.too_slow(len(piece), now):
            raise RequestTimeout("the body came too slowly")
        patience = now + timeouts.idle
        deadline.reschedule(patience if end is None else min(patience, end))
        piece = await content.readany()
    return b"".join(pieces)


def _within_cap(body: bytes, request: HttpRequest) -> bytes:
    if len(body) > request.max_body_bytes:
        raise BodyTooLarge(f"the body is over the cap of {request.max_body_bytes} bytes")
    return body


def _first_wait(timeouts: Timeouts) -> float:
    """Return the seconds until the first byte of the body must be there."""
    return timeouts.headers if timeouts.total is None else min(timeouts.headers, timeouts.total)


def _peer(response: aiohttp.ClientResponse) -> str | None:
    return response.peer if isinstance(response, KnowingResponse) else None


def _answer(response: aiohttp.ClientResponse, body: bytes, max_body_bytes: int) -> HttpAnswer:
    headers = response.headers
    encoding = headers.get("Content-Encoding")
    return HttpAnswer(
        status=response.status,
        headers=headers,
        body=body if encoding is None else inflated(body, encoding, max_body_bytes),
        received=len(body),
        peer=_peer(response),
    )


def _proxy_parts(proxy: str | None) -> tuple[Secret | None, Secret | None] | None:
    """Return the proxy's URL without credentials, and the header that carries them.

    None when the URL is unusable.
    """
    if proxy is None:
        return None, None
    try:
        url = URL(proxy)
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or not url.host:
        return None
    plain = Secret(str(url.with_user(None)), origin="the proxy URL")
    if url.user is None:
        return plain, None
    login = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode("ascii")
    return plain, Secret.header(f"Basic {login}")
