"""`Host`: the listeners of one local server, whatever service it stands for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from comet_async.server.answers import Answer
from comet_async.server.connection import TimedRequestHandler
from comet_async.server.faults import Faults
from comet_async.server.front import Front, Incoming, Respond, Served
from comet_async.server.guard import LOOPBACK
from comet_async.server.problems import ApiError
from comet_async.server.rate_limit import RateLimit
from comet_async.server.request_log import RequestLog

__all__ = ["Host", "serve_forever"]

_BACKLOG = 1024
_SHUTDOWN = 0.2
_KEEP_ALIVE = 75.0


class Host(ABC):
    """A server on a loopback port: it listens while the `async with` block runs.

    Attributes:
        log: What it received and how it answered.
        faults: What is scripted.
        url: Its origin, "" until it listens.
        storage_url: Origin of its object storage, None when there is none.
    """

    def __init__(
        self,
        front: Front,
        *,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext | None,
        header_timeout: float,
        keep_alive: float = _KEEP_ALIVE,
    ) -> None:
        """Describe the listeners; nothing is opened yet.

        Args:
            front: What is done with each request.
            host: Loopback address to listen on.
            port: Port, 0 for any free one.
            ssl_context: Serves https.
            header_timeout: Seconds for the headers of a request.
            keep_alive: Seconds after which an idle connection is closed.

        Raises:
            ValueError: `host` is not a loopback address.
        """
        if host not in LOOPBACK:
            raise ValueError("a local server listens on a loopback address only")
        self._front = front
        self._host, self._port = host, port
        self._ssl = ssl_context
        self._header_timeout = header_timeout
        self._keep_alive = keep_alive
        self._stack = AsyncExitStack()
        self.log: RequestLog = front.log
        self.faults: Faults = front.faults
        self.url = ""
        self.storage_url: str | None = None

    @abstractmethod
    async def _open(self, stack: AsyncExitStack) -> None:
        """Open what is served, and listen."""

    @property
    def rate_limit(self) -> RateLimit | None:
        """The server's own limit; assign another or None at any time."""
        return self._front.rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: RateLimit | None) -> None:
        self._front.rate_limit = limit

    @property
    def address(self) -> str:
        """Host and port to listen on, in words."""
        return f"{self._host} port {self._port}"

    @property
    def ports(self) -> list[int]:
        """The ports in use: api, then storage."""
        urls = [self.url, self.storage_url or ""]
        return [int(url.rpartition(":")[2]) for url in urls if url]

    async def __aenter__(self) -> Self:
        """Read what is served and listen.

        Raises:
            OSError: The port is taken.
        """
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all connections and what was opened."""
        await self._stack.aclose()

    @asynccontextmanager
    async def _listener(
        self, routes: dict[tuple[str, str], Served], name: str, port: int
    ) -> AsyncGenerator[str, None]:
        """Listen on one port and yield its origin."""
        app = web.Application(client_max_size=0)
        for (method, path), served in routes.items():
            app.router.add_route(method, path, partial(self._serve, served, name))
        elsewhere = Served(_elsewhere(routes))
        app.router.add_route("*", "/{path:.*}", partial(self._serve, elsewhere, name))
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN
        )
        await runner.setup()
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                partial(self._connection, runner),
                self._host,
                port,
                ssl=self._ssl,
                backlog=_BACKLOG,
            )
            try:
                bound = server.sockets[0].getsockname()[1]
                host = f"[{self._host}]" if ":" in self._host else self._host
                yield f"{'https' if self._ssl else 'http'}://{host}:{bound}"
            finally:
                server.close()
        finally:
            await runner.cleanup()

    def _connection(self, runner: web.AppRunner) -> TimedRequestHandler:
        if runner.server is None:
            raise ConnectionAbortedError("the server is closing")
        handler = TimedRequestHandler(
            runner.server,
            loop=asyncio.get_running_loop(),
            logger=_silent_logger(),
            lingering_time=1.0,
            keepalive_timeout=self._keep_alive,
            access_log=None,  # type: ignore[arg-type]  # the documented way to switch it off
            auto_decompress=False,
        )
        handler.header_timeout = self._header_timeout
        return handler

    async def _serve(
        self, served: Served, listener: str, request: web.Request
    ) -> web.StreamResponse:
        return await self._front.serve(request, served, listener)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url or 'not started'}>"


def _silent_logger() -> logging.Logger:
    """Return a logger without handlers: aiohttp's messages can quote headers, so the key."""
    return logging.Logger("comet_async.server.http", logging.CRITICAL + 1)  # noqa: LOG001  stays private


def _elsewhere(routes: Collection[tuple[str, str]]) -> Respond:
    """Return the handler of what is no route: 405 when the path is one, else 404."""
    paths = {path for _method, path in routes}

    async def respond(incoming: Incoming) -> Answer:
        if incoming.request.path in paths:
            raise ApiError(405, "Method not allowed")
        raise ApiError(404, "No such path")

    return respond


AnyHost = TypeVar("AnyHost", bound=Host)


async def serve_forever(
    server: AnyHost, *, started: Callable[[AnyHost], None] | None = None
) -> None:
    """Serve until cancelled.

    Args:
        server: Not yet entered.
        started: Called once with the listening server, to show its address.
    """
    async with server:
        if started is not None:
            started(server)
        await asyncio.Event().wait()
