"""`LocalServer`: the listeners of a local server, from start to stop."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from importlib import resources
from pathlib import Path

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
from comet_async.server.answers import refused_by_comet
from comet_async.server.changes import Changes
from comet_async.server.database import Database
from comet_async.server.faults import Faults
from comet_async.server.front import Front, Served
from comet_async.server.hosting import Host, serve_forever
from comet_async.server.ingest import invent_sweeps, load
from comet_async.server.limits import ChartLimits
from comet_async.server.pipeline import Pipeline, Settings
from comet_async.server.rate_limit import RateLimit
from comet_async.server.records import Source
from comet_async.server.replies import Handler
from comet_async.server.request_log import RequestLog
from comet_async.server.sqlite_source import SqliteSource
from comet_async.server.storage import OBJECT_PATH, storage_route
from comet_async.server.store import Store
from comet_async.server.synthetic import SyntheticSource
from comet_async.server.synthetic_spec import SyntheticSpec
from comet_async.server.upload_folder import UploadFolder
from comet_async.server.write_assets import PART_PATH, PART_ROUTE

__all__ = ["COMET_ROUTES", "LOGGING_ROUTES", "LocalServer", "serve_forever"]

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


class LocalServer(Host):
    """A Comet-compatible server on a loopback port.

    Enter it with `async with`; it listens while the block runs.

    Examples:
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
        self._archives = [Path(item) for item in archives]
        self._synthetic = synthetic
        self._sources = tuple(sources)
        self._sample = sample
        self._with_storage = storage
        self._extras = extras
        self._database_path = None if database is None else Path(database)
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
        log = RequestLog(log_limit)
        self._pipeline = Pipeline(Store(()), self._settings, log)
        super().__init__(
            Front(self._settings, log, Faults(seed), self._pipeline, refused_by_comet, rate_limit),
            host=host,
            port=port,
            ssl_context=ssl_context,
            header_timeout=header_timeout,
        )

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

    async def _open(self, stack: AsyncExitStack) -> None:
        """Read the archives and listen.

        Raises:
            ArchiveError: An archive is missing or not usable.
        """
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
            self.storage_url = await stack.enter_async_context(self._listener(routes, "storage", 0))
            self._settings.storage_url = self.storage_url
        api = {key: self._pipeline.api_route(item) for key, item in COMET_ROUTES.items()}
        self.url = await stack.enter_async_context(self._listener(api, "api", self._port))

    def _read_archives(self, database: Database) -> None:
        load(database, self._archives)
        if self._sample:
            samples = resources.files("comet_async.server").joinpath("samples")
            with resources.as_file(samples) as folder:
                if folder.is_dir():
                    load(database, [folder])
        if self._extras:
            invent_sweeps(database)
