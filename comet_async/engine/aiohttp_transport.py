"""Single HTTP hops over aiohttp.

What aiohttp raises ends here: its errors hold the request's headers, so the key, and must not
travel on as cause, context or traceback. Every wait has its limit here, and every body its cap.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec
from aiohttp import abc as aiohttp_abc

from comet_async.engine import by_connection
from comet_async.engine.addresses import is_private
from comet_async.engine.aiohttp_errors import (
    PrivateAddressError,
    mapped,
    mapped_in_body,
)
from comet_async.engine.by_client import ByClient, read_proxy
from comet_async.engine.by_connection import ByConnection
from comet_async.engine.connections import Connector, Opened
from comet_async.engine.deadlines import Deadline, Deadlines
from comet_async.engine.handover import Intake, taken_over
from comet_async.engine.speed import SpeedWatch
from comet_async.engine.transport import (
    HttpAnswer,
    HttpRequest,
    HttpStream,
    Timeouts,
    filled_by_pieces,
)
from comet_async.engine.upload_body import UploadBody
from comet_async.engine.whole_answer import first_wait, whole_answer, whole_body
from comet_async.errors import (
    CometAsyncError,
    ProtocolError,
    RequestTimeout,
    UsageError,
)
from comet_async.service import Tls

__all__ = ["AiohttpTransport", "ssl_context"]

_READ_BUFFER = 256 * 1024
_FOREVER = float("inf")
_SUCCESS = range(200, 300)
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
        return _system_context() if tls is None else ssl.create_default_context(cafile=tls)
    except (OSError, ssl.SSLError):
        raise UsageError(f"cannot read the CA bundle {tls}; give a PEM file") from None


@functools.cache
def _system_context() -> ssl.SSLContext:
    """Return one context for all: loading the system's CAs takes longer than a request."""
    return ssl.create_default_context()


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
        way = None if proxy is None else read_proxy(proxy)
        unusable = proxy is not None and way is None
        del proxy  # no frame of an error may show its password
        if unusable:
            raise UsageError("the proxy's URL is unusable; use http://HOST:PORT")
        self._proxied = way is not None
        self._by_client = ByClient(way, _READ_BUFFER)
        self._by_connection = (
            ByConnection(_READ_BUFFER) if way is None and by_connection.is_possible() else None
        )
        self._deadlines: Deadlines | None = None
        self._ssl = ssl_context(tls)
        self._private = private
        self._resolver = resolver
        self._connectors: dict[tuple[bool, bool], Connector] = {}
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
        if request.upload is not None:
            return await self._uploaded(request, UploadBody(request.upload, request.sent))
        with self._limit(first_wait(request.timeouts)) as deadline:
            opened = await self._send(request)
            try:
                body = await whole_body(opened, request, deadline)
            except BaseException:
                opened.held.close()
                raise
            opened.held.release()
        return await whole_answer(opened, body, request.max_body_bytes)

    async def _uploaded(self, request: HttpRequest, upload: UploadBody) -> HttpAnswer:
        """Send a body that is read meanwhile; its file is closed on every way out."""
        try:
            await upload.open()
            return await self._exchanged(request, upload)
        except aiohttp.ClientError:
            if upload.failure is None:
                raise
            failure = upload.failure
        finally:
            await upload.aclose()
        raise failure

    async def _exchanged(self, request: HttpRequest, upload: UploadBody) -> HttpAnswer:
        timeouts = request.timeouts
        clock = asyncio.get_running_loop().time
        total = _FOREVER if timeouts.total is None else timeouts.total
        end = clock() + total
        with self._limit(min(timeouts.connect + timeouts.idle, total)) as deadline:

            def moved() -> None:
                wait = timeouts.stored if upload.whole else timeouts.idle
                deadline.move(min(clock() + wait, end))

            upload.moved = moved
            opened = await self._send(request, upload)
            early = upload.unfinished
            try:
                body = await whole_body(opened, request, deadline)
            except BaseException:
                opened.held.close()
                raise
            if early:
                opened.held.close()
            else:
                opened.held.release()
        if early and opened.status in _SUCCESS:
            raise ProtocolError("success was answered before the whole upload had left")
        found = await whole_answer(opened, body, request.max_body_bytes)
        # What had not left as the answer began may have arrived by the time it ended.
        return msgspec.structs.replace(found, early=early and not upload.whole)

    async def _stream(self, request: HttpRequest) -> HttpStream:
        with self._limit(request.timeouts.headers):
            opened = await self._send(request)
        return _AiohttpStream(opened, request.timeouts, self._limit)

    def _limit(self, seconds: float) -> Deadline:
        if self._deadlines is None:
            self._deadlines = Deadlines()
        return self._deadlines.after(seconds)

    def _clean(self, error: BaseException, request: HttpRequest) -> BaseException:
        """Return what to raise for `error`: our own error, or itself free of aiohttp's frames."""
        if isinstance(error, (aiohttp.ClientError, OSError, ValueError)) and not isinstance(
            error, CometAsyncError
        ):
            return mapped(error, request, proxied=self._proxied)
        error.__context__ = None
        return error.with_traceback(None)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._deadlines is not None:
            self._deadlines.close()
        await self._by_client.aclose()
        connectors, self._connectors = self._connectors, {}
        for connector in connectors.values():
            await connector.close()

    def _connector(self, *, public_only: bool, fresh: bool) -> Connector:
        found = self._connectors.get((public_only, fresh))
        if found is None:
            inner = self._resolver()
            # Behind a proxy the only name resolved here is the proxy's own.
            guarded = public_only and not self._proxied
            resolver = _PublicResolver(self._private, inner) if guarded else inner
            found = Connector(self._ssl, resolver, keep=not fresh)
            self._connectors[public_only, fresh] = found
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

    def _send(self, request: HttpRequest, upload: UploadBody | None = None) -> Awaitable[Opened]:
        connector = self._connector(public_only=request.public_only, fresh=request.fresh)
        patience = self._patience(request.timeouts)
        if self._by_connection is None or upload is not None or by_connection.takes_part():
            return self._by_client.send(request, connector, patience, upload)
        return self._by_connection.send(request, connector, patience)


class _AiohttpStream:
    def __init__(
        self, opened: Opened, timeouts: Timeouts, limit: Callable[[float], Deadline]
    ) -> None:
        self._opened = opened
        self._idle = timeouts.idle
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._watch = SpeedWatch(
            timeouts.low_speed_bytes, timeouts.low_speed_seconds, self._loop.time()
        )
        self.status = opened.status
        self.headers: Mapping[str, str] = opened.headers
        self.peer = opened.peer
        self._intake: Intake | None = None
        self._asked = False
        self._rest = memoryview(b"")

    async def read_some(self) -> bytes:
        failure: BaseException
        try:
            with self._limit(self._idle):
                piece = await self._opened.content.readany()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = mapped_in_body(error)
        except BaseException as error:  # noqa: BLE001 raised again below, without frames that hold a key
            failure = error.with_traceback(None)
        else:
            if piece and self._watch.too_slow(len(piece), self._loop.time()):
                raise RequestTimeout("the body came too slowly")
            return piece
        raise failure

    async def read_into(self, buffer: memoryview) -> int:
        if self._intake is None:
            self._intake = self._take_over()
        if self._intake is None:
            filled, self._rest = await filled_by_pieces(self.read_some, buffer, self._rest)
            return filled
        failure: BaseException
        try:
            with self._limit(self._idle) as deadline:
                return await self._intake.fill(buffer, functools.partial(self._came, deadline))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = mapped_in_body(error)
        except BaseException as error:  # noqa: BLE001 as above
            failure = error.with_traceback(None)
        raise failure

    def _take_over(self) -> Intake | None:
        """Take the connection over at the first call; later ones find the body as it was."""
        if self._asked:
            return None
        self._asked = True
        return taken_over(self._opened)

    def _came(self, deadline: Deadline, received: int) -> bool:
        now = self._loop.time()
        deadline.move(now + self._idle)
        return self._watch.too_slow(received, now)

    async def aclose(self) -> None:
        if self._opened.content.at_eof():
            self._opened.held.release()
        else:
            self._opened.held.close()
