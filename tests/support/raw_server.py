"""A bare TCP server on loopback that answers with scripted bytes, HTTP or not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from anyio.from_thread import start_blocking_portal

__all__ = [
    "Action",
    "Heard",
    "RawServer",
    "answer",
    "raw_server",
    "raw_server_in_thread",
    "reset",
]


class Heard:
    """One request as it came: head and body bytes."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head = head
        self.body = body

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}


Action = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = b"{}",
    *,
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (),
    length: int | None = None,
    close: bool = False,
) -> Action:
    """Answer with a Content-Length, a wrong one if `length` says so."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body, close=close)


def raw(data: bytes, *, close: bool = True) -> Action:
    """Answer with these bytes as they stand."""

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return act


async def reset(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Answer with a TCP reset."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Never answer; the client has to give up."""
    await asyncio.Event().wait()


def stall(data: bytes) -> Action:
    """Send these bytes, then nothing more."""

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return act


class RawServer:
    """What the server heard, and where it listens; the last action repeats."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self.actions = list(actions)
        self.heard: list[Heard] = []
        self.connections = 0
        self.port = 0
        self.reached = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                heard = Heard(head, b"")
                length = int(heard.headers.get("content-length", "0"))
                heard.body = await reader.readexactly(length)
                self.heard.append(heard)
                self.reached.set()
                index = min(len(self.heard), len(self.actions)) - 1
                await self.actions[index](heard, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def raw_server(
    *actions: Action, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Listen on a free loopback port; the n-th request gets the n-th action."""
    script = RawServer(actions)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=tls)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        await script.stop()


@contextmanager
def raw_server_in_thread(*actions: Action) -> Iterator[RawServer]:
    """The same for callers without an event loop."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(raw_server(*actions)) as script,
    ):
        yield script
