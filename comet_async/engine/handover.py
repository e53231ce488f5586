"""A body straight from its connection into a buffer, past aiohttp's parser and reader.

Once the head of an answer was read, the rest of a plain body of known length needs no parser. Its
connection is given a protocol that receives into the caller's buffer, without an object for each
piece, and gets its own protocol back when the body has ended exactly there. While nobody asks for
bytes nothing is received, so one buffer bounds what is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from comet_async.engine.connections import Opened

__all__ = ["Intake", "taken_over"]


def taken_over(opened: Opened) -> Intake | None:
    """Take the rest of a body over; None where it has to be read through aiohttp.

    That is so for a body without a length, in chunks, compressed, or here already.
    """
    held, headers, content = opened.held, opened.headers, opened.content
    length = headers.get("Content-Length", "")
    plain = headers.get("Content-Encoding", "identity") == "identity"
    if not length.isdecimal() or not plain or "Transfer-Encoding" in headers:
        return None
    if not isinstance(held, Connection) or content.is_eof() or content.exception() is not None:
        return None
    protocol, transport = held.protocol, held.transport
    if protocol is None or transport is None or transport.is_closing():
        return None
    begun: list[bytes] = []
    while content.exception() is None and (piece := content.read_nowait()):
        begun.append(piece)  # the parser may give more now that there is room
    left = 0 if content.is_eof() else int(length) - content.total_bytes
    return Intake(transport, protocol, content, begun, left)


class Intake(asyncio.BufferedProtocol):
    """Receives one body into the buffers that it is given.

    Args:
        transport: The connection.
        protocol: aiohttp's protocol, which gets the connection back.
        content: The body as aiohttp knows it.
        begun: Pieces that aiohttp had received.
        left: Bytes that are still to come.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: ResponseHandler,
        content: aiohttp.StreamReader,
        begun: list[bytes],
        left: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._protocol = protocol
        self._content = content
        self._begun = [memoryview(piece) for piece in begun]
        self._left = left
        self._room = memoryview(b"")
        self._waiter: asyncio.Future[None] | None = None
        self._came: Callable[[int], bool] = bool
        self._lost = False
        if left:
            transport.pause_reading()
            transport.set_protocol(self)

    async def fill(self, buffer: memoryview, came: Callable[[int], bool]) -> int:
        """Receive into `buffer` until it is full or the body ends; return the number of bytes.

        Args:
            buffer: Where to.
            came: Told of the bytes of each receipt; True gives up.

        Raises:
            ClientPayloadError: The connection ended before the body did.
            TimeoutError: `came` said so.
        """
        filled = self._take_begun(buffer)
        room = buffer[filled:]
        size = min(len(room), self._left)
        if size:
            if self._lost:
                raise aiohttp.ClientPayloadError("the connection was closed")
            self._room, self._came = room[:size], came
            self._waiter = self._loop.create_future()
            self._transport.resume_reading()
            try:
                await self._waiter
            finally:
                self._waiter, self._room = None, memoryview(b"")
                if self._left and not self._lost:
                    self._transport.pause_reading()
        return filled + size

    def _take_begun(self, buffer: memoryview) -> int:
        filled = 0
        while self._begun and filled < len(buffer):
            piece = self._begun[0][: len(buffer) - filled]
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._begun[0] = self._begun[0][len(piece) :]
            if not self._begun[0]:
                del self._begun[0]
        return filled

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        del sizehint
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Count received bytes; stop when there is no room left, and at the body's end."""
        self._room = self._room[nbytes:]
        self._left -= nbytes
        slow = self._came(nbytes)
        if not self._room:
            self._transport.pause_reading()
        if not self._left:
            self._give_back()
        elif slow:
            self._wake(TimeoutError())
        if not self._room:
            self._wake(None)

    def _give_back(self) -> None:
        """Let aiohttp's protocol be as after a body that it has read itself.

        With a parser of its own, whatever comes unasked makes it close the connection.
        """
        self._transport.set_protocol(self._protocol)
        self._protocol.set_response_params(read_until_eof=True, auto_decompress=False)
        self._content.feed_eof()  # resumes reading

    def eof_received(self) -> None:
        """Let the transport close: the body has not ended yet."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, and aiohttp's protocol."""
        self._lost = True
        self._protocol.connection_lost(exc)
        self._wake(aiohttp.ClientPayloadError("the connection was closed"))

    def _wake(self, error: Exception | None) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
