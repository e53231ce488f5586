"""A bare TCP server that takes uploads in its own way, and tells how much came of each."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

__all__ = [
    "Arrival",
    "Receiver",
    "answers",
    "answers_early",
    "receiver",
    "resets",
    "stops_reading",
    "take_body",
]

_PIECE = 64 * 1024


class Arrival:
    """One request: its head, and of its body the size, the hash and the beginning."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.size = 0
        self.beginning = b""
        self.hash = hashlib.sha256()
        self.whole = False

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}

    def take(self, data: bytes) -> None:
        self.size += len(data)
        self.hash.update(data)
        self.beginning = (self.beginning + data)[:4096]


Way = Callable[[Arrival, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def take_body(
    arrival: Arrival, reader: asyncio.StreamReader, most: int | None = None
) -> None:
    """Read the body, or `most` bytes of it."""
    length = int(arrival.headers.get("content-length", "0"))
    wanted = length if most is None else min(most, length)
    while arrival.size < wanted:
        data = await reader.read(min(_PIECE, wanted - arrival.size))
        if not data:
            raise ConnectionError
        arrival.take(data)
    arrival.whole = arrival.size == length


def answers(data: bytes = b"{}", *, status: str = "200 OK", extra: str = "") -> Way:
    """Take all of it, then answer."""

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
        writer.write(head.encode() + data)
        await writer.drain()

    return way


def answers_early(after: int, *, status: str, extra: str = "") -> Way:
    """Answer after some bytes of the body, then read on until the other side is gone."""

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader, after)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{extra}\r\n{{}}".encode())
        await writer.drain()
        while data := await reader.read(_PIECE):
            arrival.take(data)
        raise ConnectionError

    return way


def resets(after: int | None = None) -> Way:
    """Take some of the body, or all of it, and end with a TCP reset."""

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader, after)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return way


def stops_reading(after: int | None) -> Way:
    """Take some of the body, or all of it, and do nothing more."""

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader, after)
        await asyncio.Event().wait()

    return way


class Receiver:
    """What came, and where it listens; the last way repeats."""

    def __init__(self, ways: tuple[Way, ...]) -> None:
        self.ways = list(ways)
        self.arrivals: list[Arrival] = []
        self.reached = asyncio.Event()
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def whole(self) -> list[Arrival]:
        """Requests of which all came."""
        return [arrival for arrival in self.arrivals if arrival.whole]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            while not writer.is_closing():
                arrival = Arrival((await reader.readuntil(b"\r\n\r\n"))[:-4])
                self.arrivals.append(arrival)
                self.reached.set()
                way = self.ways[min(len(self.arrivals), len(self.ways)) - 1]
                await way(arrival, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def receiver(*ways: Way) -> AsyncIterator[Receiver]:
    """Listen on a free loopback port; the n-th request is taken in the n-th way."""
    found = Receiver(ways)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        await found.stop()
