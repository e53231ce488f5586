"""`LocalServer`: the listeners of a local server, from start to stop."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from comet_async.server import (
    comet_assets,
    comet_boards,
    comet_experiments,
    comet_projects,
    comet_registry,
    logging_routes,
    write_artifacts,
    write_assets,
    write_boards,
    write_experiments,
    write_projects,
    write_registry,
    write_values,
)
from comet_async.server.answers import Answer
from comet_async.server.changes import Changes
from comet_async.server.connection import TimedRequestHandler
from comet_async.server.database import Database
from comet_async.server.faults import Faults
from comet_async.server.guard import LOOPBACK
from comet_async.server.ingest import invent_sweeps, load
from comet_async.server.limits import ChartLimits
from comet_async.server.pipeline import Incoming, Pipeline, Respond, Served, Settings
from comet_async.server.rate_limit import RateLimit
from comet_async.server.records import Source
from comet_async.server.replies import ApiError, Handler
from comet_async.server.request_log import RequestLog
from comet_async.server.sqlite_source import SqliteSource
from comet_async.server.storage import OBJECT_PATH, storage_route
from comet_async.server.store import Store
from comet_async.server.synthetic import SyntheticSource
from comet_async.server.synthetic_spec import SyntheticSpec
from comet_async.server.upload_folder import UploadFolder
from comet_async.server.write_assets import PART_PATH, PART_ROUTE

__all__ = ["COMET_ROUTES", "LOGGING_ROUTES", "LocalServer", "serve_forever"]

_BACKLOG = 1024
_SHUTDOWN = 0.2
_KEEP_ALIVE = 75.0

LOGGING_ROUTES: dict[tuple[str, str], Handler] = logging_routes.ROUTES
"""Routes outside the REST API that live logging needs."""

COMET_ROUTES: dict[tuple[str, str], Handler] = {
    **comet_projects.ROUTES,
    **comet_experiments.ROUTES,
    **comet_assets.ROUTES,
    **comet_registry.ROUTES,
    **comet_boards.ROUTES,
    **write_experiments.ROUTES,
    **write_values.ROUTES,
    **write_assets.ROUTES,
    **write_projects.ROUTES,
    **write_registry.ROUTES,
    **write_artifacts.ROUTES,
    **write_boards.ROUTES,
    **LOGGING_ROUTES,
}
"""Every route: method and path template to its handler."""


class LocalServer:
    """A Comet-compatible server on a loopback port.

    Enter it with `async with`; it listens while the block runs.

    Example:
        >>> async with LocalServer(synthetic=SyntheticSpec(experiments=100)) as server:
        ...     print(server.url)
    """

    def __init__(
        self,
        archives: Sequence[str | Path] = (),
        *,
        synthetic: SyntheticSpec | None = None,
        sources: Sequence[Source] = (),
        sample: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        api_keys: Collection[str] | None = None,
        storage: bool = False,
        extras: bool = True,
        writable: bool = True,
        readers: Collection[str] = (),
        clock: Callable[[], float] = time.time,
        database: str | Path | None = None,
        ssl_context: ssl.SSLContext | None = None,
        rate_limit: RateLimit | None = None,
        seed: int = 0,
        log_limit: int = 100_000,
        max_body: int = 8 << 20,
        header_timeout: float = 10.0,
        body_timeout: float = 10.0,
        compression: bool = True,
        chart_points: int | None = None,
        chart_refusal: int = 413,
        chart_seconds_per_million: float = 0.0,
    ) -> None:
        """Describe the server; nothing is read or opened yet.

        Args:
            archives: Offline archives: zip files and directories of them.
            synthetic: Synthetic data to serve, None for none.
            sources: Further data to serve, as `MemorySource` or `Changes`.
            sample: Whether to serve the archives that come with the package.
            host: Loopback address to listen on.
            port: Port, 0 for any free one.
            api_keys: Valid keys; None accepts any key but none at all.
            storage: Whether to open a second port as object storage for `allow301`.
            extras: Whether to invent what no archive holds: artifacts, panels, views and so on.
            writable: Whether anything can be written; if not, every write is answered with 403.
            readers: Keys that may read but not write.
            clock: Returns seconds since 1970 UTC, for the times of what is written.
            database: File for the archived runs; in memory when None. Uploaded bytes are in a
                folder beside it while the server runs, or else in a temporary one.
            ssl_context: Serves https on both ports.
            rate_limit: May also be set and changed while the server runs.
            seed: Of the faults' chance.
            log_limit: Requests to keep in the log.
            max_body: Largest request body in bytes, except of files that are uploaded.
            header_timeout: Seconds for the headers of a request.
            body_timeout: Seconds for the body of a request; of an upload, for its next bytes.
            compression: Whether JSON over 1 KiB is sent in gzip form to clients that accept it.
            chart_points: Most points in the answer of a multi-metric chart; None for any number.
            chart_refusal: Status for a chart of more points: 400, 413 or 504.
            chart_seconds_per_million: Delay of a chart's answer for each million points of it.

        Raises:
            ValueError: `host` is not a loopback address, or a limit of charts makes no sense.
        """
        if host not in LOOPBACK:
            raise ValueError("a local server listens on a loopback address only")
        self._archives = [Path(item) for item in archives]
        self._synthetic = synthetic
        self._sources = tuple(sources)
        self._sample = sample
        self._host, self._port = host, port
        self._with_storage = storage
        self._extras = extras
        self._database_path = None if database is None else Path(database)
        self._ssl = ssl_context
        self._header_timeout = header_timeout
        self.log = RequestLog(log_limit)
        self.faults = Faults(seed)
        self._settings = Settings(
            api_keys=api_keys,
            max_body=max_body,
            body_timeout=body_timeout,
            compression=compression,
            chart=ChartLimits(chart_points, chart_refusal, chart_seconds_per_million),
            writable=writable,
            readers=frozenset(readers),
        )
        self._clock = clock
        self._pipeline = Pipeline(Store(()), self._settings, self.log, self.faults, rate_limit)
        self._stack = AsyncExitStack()
        self.url = ""
        self.storage_url: str | None = None

    @property
    def store(self) -> Store:
        """What the server answers from."""
        return self._pipeline.store

    @property
    def changes(self) -> Changes:
        """Adds, changes and deletes experiments while the server listens.

        Raises:
            RuntimeError: The server was not started; change a source instead, see `Changes`.
        """
        if not self.url:
            raise RuntimeError("the server was not started")
        return self.store.changes

    @property
    def rate_limit(self) -> RateLimit | None:
        """The server's own limit; assign another or None at any time."""
        return self._pipeline.rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: RateLimit | None) -> None:
        self._pipeline.rate_limit = limit

    @property
    def ports(self) -> list[int]:
        """The ports in use: api, then storage."""
        urls = [self.url, self.storage_url or ""]
        return [int(url.rpartition(":")[2]) for url in urls if url]

    async def __aenter__(self) -> Self:
        """Read the archives and listen.

        Raises:
            ArchiveError: An archive is missing or not usable.
            OSError: The port is taken.
        """
        async with AsyncExitStack() as stack:
            database = Database(self._database_path)
            stack.callback(database.close)
            await asyncio.to_thread(self._read_archives, database)
            sources: list[Source] = [SqliteSource(database), *self._sources]
            if self._synthetic is not None:
                sources.append(SyntheticSource(self._synthetic))
            uploads = UploadFolder(self._database_path and self._database_path.parent)
            stack.callback(uploads.close)
            self._pipeline.store = Store(
                sources, extras=self._extras, uploads=uploads, clock=self._clock
            )
            if self._with_storage:
                routes = {
                    ("GET", OBJECT_PATH): Served(storage_route(self.store)),
                    ("PUT", PART_PATH): self._pipeline.api_route(PART_ROUTE),
                }
                self.storage_url = await stack.enter_async_context(
                    self._listener(routes, "storage", 0)
                )
                self._settings.storage_url = self.storage_url
            api = {key: self._pipeline.api_route(item) for key, item in COMET_ROUTES.items()}
            self.url = await stack.enter_async_context(self._listener(api, "api", self._port))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all connections and the database."""
        await self._stack.aclose()

    def _read_archives(self, database: Database) -> None:
        load(database, self._archives)
        if self._sample:
            samples = resources.files("comet_async.server").joinpath("samples")
            with resources.as_file(samples) as folder:
                if folder.is_dir():
                    load(database, [folder])
        if self._extras:
            invent_sweeps(database)

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
            keepalive_timeout=_KEEP_ALIVE,
            access_log=None,  # type: ignore[arg-type]  # the documented way to switch it off
            auto_decompress=False,
        )
        handler.header_timeout = self._header_timeout
        return handler

    async def _serve(
        self, served: Served, listener: str, request: web.Request
    ) -> web.StreamResponse:
        return await self._pipeline.serve(request, served, listener)

    def __repr__(self) -> str:
        return f"<LocalServer {self.url or 'not started'}>"


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


async def serve_forever(
    server: LocalServer, *, started: Callable[[LocalServer], None] | None = None
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
