"""`DominoServer`: a Domino-compatible server on a loopback port."""

from __future__ import annotations

import ssl
from collections.abc import Collection
from contextlib import AsyncExitStack

from comet_async.server.domino import (
    costs,
    datasets,
    jobs,
    machines,
    model_apis,
    people,
    project_parts,
    projects,
    registered,
    serving,
    sources,
)
from comet_async.server.domino.access import Access
from comet_async.server.domino.calls import Handler
from comet_async.server.domino.clock import Clock
from comet_async.server.domino.facts import facts
from comet_async.server.domino.ids import Names
from comet_async.server.domino.pages import PagingStyle
from comet_async.server.domino.private import PRIVATE
from comet_async.server.domino.refusing import Refusing
from comet_async.server.domino.routes import Routes
from comet_async.server.domino.spec import DominoSpec
from comet_async.server.domino.world import World
from comet_async.server.faults import Faults
from comet_async.server.front import Front, FrontSettings, Served
from comet_async.server.hosting import Host
from comet_async.server.rate_limit import RateLimit
from comet_async.server.request_log import RequestLog

__all__ = ["HANDLERS", "DominoServer"]

HANDLERS: dict[str, Handler] = {
    **projects.HANDLERS,
    **project_parts.HANDLERS,
    **people.HANDLERS,
    **jobs.HANDLERS,
    **datasets.HANDLERS,
    **machines.HANDLERS,
    **sources.HANDLERS,
    **costs.HANDLERS,
    **registered.HANDLERS,
    **model_apis.HANDLERS,
    **serving.HANDLERS,
}


class DominoServer(Host):
    """A Domino-compatible server on a loopback port.

    Enter it with `async with`; it listens while the block runs. `world` holds what there is and
    the plan of jobs that are started, `clock` its time, `access` the valid keys, `paging` the look
    of listings, `faults` what goes wrong and `log` what was asked; all may be changed meanwhile.

    Examples:
        >>> async with DominoServer(DominoSpec(projects=2, jobs=100)) as server:
        ...     print(server.url)
    """

    def __init__(
        self,
        spec: DominoSpec | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_keys: Collection[str] | None = None,
        tokens: Collection[str] | None = None,
        readers: Collection[str] = (),
        proxy: bool = False,
        writable: bool = True,
        clock: Clock | None = None,
        paging: PagingStyle | None = None,
        error_shape: str = "failure",
        newest: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        rate_limit: RateLimit | None = None,
        seed: int = 0,
        log_limit: int = 100_000,
        max_body: int = 8 << 20,
        header_timeout: float = 10.0,
        body_timeout: float = 10.0,
        keep_alive: float = 75.0,
        compression: bool = True,
    ) -> None:
        """Describe the server; nothing is opened yet.

        Args:
            spec: What to make up; a few of everything when None.
            host: Loopback address to listen on.
            port: Port, 0 for any free one.
            api_keys: Valid API keys; None accepts any key but none at all.
            tokens: Valid bearer tokens; None accepts any.
            readers: Keys and tokens that may read but not write.
            proxy: Whether to be as the proxy within a run: credentials may be missing, and
                `/access-token` gives fresh tokens.
            writable: Whether anything can be written; if not, every write is answered with 403.
            clock: The server's time; that of the machine when None.
            paging: How listings look.
            error_shape: Usual document of an error: failure, error, message or html.
            newest: Whether it answers as release 6.3 does: what that has no more with 404, listings
                of model APIs and deployments from the 25th row on unless `offset` is given, and
                costs of GPUs under other names.
            ssl_context: Serves https.
            rate_limit: May also be set and changed while the server runs.
            seed: Of the faults' chance.
            log_limit: Requests to keep in the log.
            max_body: Largest request body in bytes.
            header_timeout: Seconds for the headers of a request.
            body_timeout: Seconds for the body of a request.
            keep_alive: Seconds after which an idle connection is closed.
            compression: Whether JSON over 1 KiB is sent in gzip form to clients that accept it.

        Raises:
            ValueError: `host` is not a loopback address.
        """
        self.clock = clock or Clock()
        self.access = Access(api_keys, tokens=tokens, readers=readers, proxy=proxy)
        self.world = World(spec or DominoSpec(), self.clock)
        request_ids = Names("request")
        self._refusing = Refusing(request_ids, error_shape)
        settings = FrontSettings(
            max_body=max_body, body_timeout=body_timeout, compression=compression
        )
        log = RequestLog(log_limit)
        self._routes = Routes(
            self.world,
            settings,
            log,
            self.access,
            request_ids,
            paging or PagingStyle(),
            writable,
            newest,
        )
        super().__init__(
            Front(settings, log, Faults(seed), self._routes, self._refusing, rate_limit),
            host=host,
            port=port,
            ssl_context=ssl_context,
            header_timeout=header_timeout,
            keep_alive=keep_alive,
        )

    @property
    def paging(self) -> PagingStyle:
        """How listings look; assign another at any time."""
        return self._routes.paging

    @paging.setter
    def paging(self, style: PagingStyle) -> None:
        self._routes.paging = style

    async def _open(self, stack: AsyncExitStack) -> None:
        """Listen."""
        listener = self._listener(self._served(), "api", self._port)
        self.url = await stack.enter_async_context(listener)

    def _served(self) -> dict[tuple[str, str], Served]:
        route = self._routes.route
        more = (*PRIVATE, *model_apis.NEWER)
        served = {(item.verb, item.path): route(item, handler) for item, handler in more}
        served["GET", "/access-token"] = Served(self._routes.token)
        for operation in facts().operations:
            handler = HANDLERS[operation.name]
            served[operation.verb, operation.path] = route(operation, handler)
            if operation.newer:
                served[operation.verb, operation.newer] = route(operation, handler, newer=True)
        return served
