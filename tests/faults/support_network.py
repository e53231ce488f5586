"""Parts of a hostile network: stub resolvers, tripwires, certificates and a small proxy."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import trustme
from aiohttp import abc as aiohttp_abc

from comet_async.engine.addresses import is_private
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.transport import Transport
from comet_async.service import Service
from tests.support.raw_server import Heard, RawServer

__all__ = [
    "Proxy",
    "Resolver",
    "certificate",
    "inner_only",
    "over",
    "proxy_server",
    "server_context",
    "tripwire",
]

Answer = list[str] | OSError


class Resolver(aiohttp_abc.AbstractResolver):
    """Resolves a host by a script; the last answer repeats, other hosts are loopback.

    It is its own factory, as `AiohttpTransport(resolver=...)` wants one.
    """

    def __init__(self, **script: Sequence[Answer]) -> None:
        self.script = {name.replace("_", "."): list(found) for name, found in script.items()}
        self.asked: list[str] = []

    def __call__(self) -> Resolver:
        return self

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp_abc.ResolveResult]:
        self.asked.append(host)
        answers: list[Answer] = self.script.get(host, [["127.0.0.1"]])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, OSError):
            raise found
        return [
            aiohttp_abc.ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        return None


def unknown_host() -> OSError:
    return socket.gaierror(errno.ENOENT, "Name or service not known")


def inner_only(host: str) -> bool:
    """Take 127.0.0.1 for a public address, and all else as it is."""
    return host != "127.0.0.1" and is_private(host)


def over(
    resolver: Resolver | None = None, private: Callable[[str], bool] = is_private
) -> Callable[[Service], Transport]:
    """Return a session's transport factory with stubs in it."""

    def make(service: Service) -> Transport:
        if resolver is None:
            return AiohttpTransport(tls=service.tls, proxy=service.proxy, private=private)
        return AiohttpTransport(
            tls=service.tls, proxy=service.proxy, private=private, resolver=resolver
        )

    return make


@asynccontextmanager
async def tripwire(host: str = "127.0.0.1") -> AsyncIterator[RawServer]:
    """Listen at an address where nothing is supposed to connect; `connections` counts."""
    script = RawServer([])

    def touched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script.connections += 1
        writer.close()

    server = await asyncio.start_server(touched, host, 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()


def certificate(
    ca: trustme.CA, name: str = "127.0.0.1", *, expired: bool = False
) -> ssl.SSLContext:
    """Return a server's context with a certificate for `name`."""
    if not expired:
        return server_context(ca.issue_cert(name))
    now = datetime.now(UTC)
    old = ca.issue_cert(name, not_before=now - timedelta(days=9), not_after=now - timedelta(days=2))
    return server_context(old)


def server_context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    return context


class Proxy:
    """What a proxy heard, and how it treats its clients.

    Attributes:
        mode: "tunnel" works, "407" asks for a login, "dies" hangs up on a CONNECT, "resets" with
            a TCP reset, "garbage" answers with bytes that are no HTTP.
        heard: Request heads, as they came.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.heard: list[Heard] = []
        self.connections = 0
        self.port = 0
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
            heard = Heard((await reader.readuntil(b"\r\n\r\n"))[:-4], b"")
            self.heard.append(heard)
            if self.mode == "tunnel":
                await self._forward(heard, reader, writer)
            elif self.mode == "407":
                writer.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b'Proxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n'
                )
                await writer.drain()
            elif self.mode == "garbage":
                writer.write(b"SSH-2.0-not a proxy\r\n" * 4)
                await writer.drain()
            elif self.mode == "resets":
                writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _forward(
        self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, _version = heard.line.split(" ")
        place = target if method == "CONNECT" else target.split("/")[2]
        port = int(place.rpartition(":")[2])
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            lines = heard.head.split(b"\r\n")[1:]
            kept = [line for line in lines if not line.lower().startswith(b"proxy-")]
            path = "/" + target.split("/", 3)[3]
            first = f"{method} {path} HTTP/1.1".encode()
            far_writer.write(b"\r\n".join([first, *kept]) + b"\r\n\r\n")
        await asyncio.wait(
            [
                asyncio.ensure_future(_copy(reader, far_writer)),
                asyncio.ensure_future(_copy(far_reader, writer)),
            ]
        )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


@asynccontextmanager
async def proxy_server(mode: str = "tunnel") -> AsyncIterator[Proxy]:
    """Run a proxy on a free loopback port."""
    proxy = Proxy(mode)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.stop()
