"""Connections of the server: deadlines for slow requests, and raw answers for byte faults."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_protocol import RequestHandler

__all__ = ["RawResponse", "TimedRequestHandler", "Wire"]

_HIGH_WATER = 256 * 1024
_POLL = 0.002
_LOG = logging.getLogger("comet_async.server")


class TimedRequestHandler(RequestHandler):
    """A connection that is cut when a request's headers take too long to arrive.

    aiohttp has no such deadline: a client that sends one byte a minute would hold a connection
    for ever.
    """

    header_timeout: float = 10.0
    _deadline: asyncio.TimerHandle | None = None
    _busy: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock: a connection is opened to ask for something."""
        super().connection_made(transport)
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Start the clock with the first byte of a request; no later byte sets it back."""
        self._start_clock()
        try:
            super().data_received(data)
        except Exception as error:  # noqa: BLE001  asyncio would log it, and it quotes the bytes
            _LOG.error("unreadable request: %s", type(error).__name__)
            if self.transport is not None:
                self.transport.abort()

    def _start_clock(self) -> None:
        if not self._busy and self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self.header_timeout, self._expire)

    def request_begun(self) -> None:
        """Stop the clock: the headers are complete."""
        self._busy = True
        self._stop_clock()

    def request_ended(self) -> None:
        """Let the next byte start the clock again."""
        self._busy = False

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clock with the connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        if self.transport is not None and not self._busy:
            self.transport.abort()


class Wire:
    """The raw connection under a response."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over a connection.

        Args:
            transport: Of the request that is answered.
        """
        self._transport = transport

    @property
    def gone(self) -> bool:
        """Whether the client or the server has closed the connection."""
        return self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send bytes and wait while the client is slow to take them."""
        if self.gone:
            return
        self._transport.write(data)
        await self._below(_HIGH_WATER)

    async def flushed(self) -> None:
        """Wait until all bytes were handed to the operating system."""
        await self._below(0)

    async def _below(self, size: int) -> None:
        # A transport tells its protocol when it has drained, which is aiohttp's, so this polls.
        while self._transport.get_write_buffer_size() > size and not self.gone:  # noqa: ASYNC110
            await asyncio.sleep(_POLL)

    async def pause(self, seconds: float) -> None:
        """Wait, at most until the connection is closed."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not self.gone and (left := deadline - clock()) > 0:  # noqa: ASYNC110  no such event
            await asyncio.sleep(min(left, 0.05))

    async def reset(self) -> None:
        """Send what was written, then reset the connection (TCP RST)."""
        await self.flushed()
        peer = self._transport.get_extra_info("socket")
        if peer is not None and not self.gone:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        """Close the connection in good order."""
        self._transport.close()


Script = Callable[[Wire], Awaitable[None]]


class RawResponse(web.StreamResponse):
    """A response whose bytes a script writes, valid HTTP or not."""

    def __init__(self, script: Script, *, status: int = 200, stay_open: bool = False) -> None:
        """Remember the script.

        Args:
            script: Writes all bytes.
            status: For the log only.
            stay_open: Whether the connection may serve the next request.
        """
        super().__init__(status=status)
        self._script = script
        self._stay_open = stay_open
        self._done = False

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open."""
        return self._stay_open

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Run the script instead of sending headers."""
        if not self._done and request.transport is not None:
            self._done = True
            wire = Wire(request.transport)
            await self._script(wire)
            if not self._stay_open:
                wire.close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the script has written everything."""
