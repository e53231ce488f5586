"""For tests, yours and ours: a transport without a network, and the embedded servers.

`examples/test_service.py` is a whole file of such tests.

Without a network you script the answers, and look at what would have been sent:

>>> import asyncio
>>> from comet_async import RetryPolicy, Session, comet
>>> fake = FakeTransport()
>>> _ = fake.on("GET", "/api/rest/v2/workspaces", reply(json={"workspaceNames": ["team"]}))
>>> async def workspaces(session: Session) -> list[str]:  # the code under test
...     return (await session.send(comet.get_workspaces())).workspace_names
>>> async def main() -> list[str]:
...     async with Session(comet.service("any-key"), transport=fake) as session:
...         return await workspaces(session)
>>> asyncio.run(main())
['team']
>>> fake.paths
['GET /api/rest/v2/workspaces']

The embedded servers answer over real sockets, with all that the engine does on the way: `log` has
every request, `faults` what goes wrong, and for Comet `changes` adds, changes and deletes
experiments. The session's own counters tell what it took:

>>> async def main() -> None:
...     async with local_server() as server:
...         server.faults.add("status", {"status": 429, "retry_after": 0.01}, times=1)
...         server.faults.add("rst_before", times=1)
...         hasty = RetryPolicy(base=0.001)
...         async with Session(local_service(server), retry=hasty) as session:
...             print(await workspaces(session))
...             print(session.counters.requests, session.counters.throttled)
...         print([(entry.path, entry.status, entry.fault) for entry in server.log][0])
>>> asyncio.run(main())
['synthetic']
3 1
('/api/rest/v2/workspaces', 429, 'status')

`faults.add(name, argument, match, ...)` strikes requests whose path and query hold `match`, or are
found by it as a regular expression; `times`, `per_key` and `probability` bound it, and
`faults.hits(rule)` counts. The names that tests of a service need most:

| fault | argument | what the client meets |
|---|---|---|
| `status` | 503, or `{"status": 429, "retry_after": 1}` | a status, and how long to wait |
| `storm429` | 0.3 | 429 for that share of requests |
| `slow_start`, `stall_body` | seconds | an answer that comes late, or stops in the middle |
| `rst_before`, `rst_mid_body`, `truncate_length` | | a connection that breaks |
| `html_login`, `truncated_json`, `error_200` | | an answer that is not what it says |

`FAULT_NAMES` of `comet_async.server.faults` has them all. No test needs to wait for its retries:
`Session(..., retry=RetryPolicy(base=0.001))` waits milliseconds; a wait that the server asks for is
kept as it is, so ask for a short one.

As a fixture of pytest, `from comet_async.testing import comet_server` in a `conftest.py` or a test
module gives each test an embedded Comet on a thread of its own, for asynchronous and blocking code
alike; `-p comet_async.testing` on the command line does the same. An indirect parameter has the
options of `local_server`. Nothing else here needs pytest.

    @pytest.mark.parametrize("comet_server", [{"sample": True}], indirect=True)
    async def test_mine(comet_server: LocalServer) -> None:
        async with Session(local_service(comet_server)) as session: ...

`domino_server()` gives an embedded Domino in the same way, with `server.clock`, `server.access`
and `server.world` to move time, revoke keys and stop jobs. A fixture of it, for blocking code too:

    @pytest.fixture
    def domino_host() -> Iterator[DominoServer]:
        with serve_in_thread(domino_server()) as server:  # of comet_async.server
            yield server
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from comet_async.service import Limits, Service
from comet_async.testing.transport import (
    Answer,
    FakeStream,
    FakeTransport,
    Reply,
    Scripted,
    reply,
)

if TYPE_CHECKING:
    import pytest

    from comet_async.server import LocalServer, RateLimit, Source, SyntheticSpec
    from comet_async.server.domino import Clock, DominoServer, DominoSpec, PagingStyle

__all__ = [
    "LOCAL_KEY",
    "Answer",
    "FakeStream",
    "FakeTransport",
    "Reply",
    "Scripted",
    "demo_server",
    "domino_server",
    "local_server",
    "local_service",
    "reply",
]

LOCAL_KEY = "local-server-takes-any-key"
"""A key for the embedded server; it takes any, unless `api_keys` says otherwise."""

_FIXTURE = "comet_server"


def local_server(
    archives: Sequence[str | Path] = (),
    *,
    synthetic: SyntheticSpec | None = None,
    sources: Sequence[Source] = (),
    sample: bool = False,
    api_keys: Collection[str] | None = None,
    storage: bool = False,
    writable: bool = True,
    rate_limit: RateLimit | None = None,
    seed: int = 0,
    compression: bool = True,
    chart_points: int | None = None,
    chart_refusal: int = 413,
    chart_seconds_per_million: float = 0.0,
) -> LocalServer:
    """Return an embedded Comet, to be entered with `async with`, on a free loopback port.

    Args:
        archives: Offline archives to serve.
        synthetic: Synthetic data; 10 small experiments when nothing at all is given.
        sources: Further data, as `MemorySource` or `Changes`.
        sample: Whether to serve the real runs that come with the package.
        api_keys: Valid keys; None accepts any.
        storage: Whether to open a second port as object storage for redirects.
        writable: Whether writes are done; if not, each is answered with 403.
        rate_limit: The server's own limit.
        seed: Of the faults' chance.
        compression: Whether JSON is sent in gzip form to clients that accept it.
        chart_points: Most points in the answer of a multi-metric chart; None for any number.
        chart_refusal: Status for a chart of more points: 400, 413 or 504.
        chart_seconds_per_million: Delay of a chart's answer for each million points of it.

    Raises:
        ValueError: A limit of charts makes no sense.
        ArchiveError: On entering, when an archive is missing or not usable.

    Examples:
        >>> import asyncio
        >>> from comet_async import Session, comet
        >>> from comet_async.server import SyntheticSpec
        >>> async def main() -> None:
        ...     async with local_server(synthetic=SyntheticSpec(experiments=3)) as server:
        ...         async with Session(local_service(server)) as session:
        ...             found = await session.send(comet.get_projects("synthetic"))
        ...             print(found.projects[0].number_of_experiments)
        ...         (request,) = server.log
        ...         print(request.method, request.path, request.query, request.status)
        >>> asyncio.run(main())
        3
        GET /api/rest/v2/projects workspaceName=synthetic 200
    """
    from comet_async.server import LocalServer, SyntheticSpec  # noqa: PLC0415 slow to import

    if synthetic is None and not archives and not sources and not sample:
        synthetic = SyntheticSpec()
    return LocalServer(
        archives,
        synthetic=synthetic,
        sources=sources,
        sample=sample,
        api_keys=api_keys,
        storage=storage,
        writable=writable,
        rate_limit=rate_limit,
        seed=seed,
        compression=compression,
        chart_points=chart_points,
        chart_refusal=chart_refusal,
        chart_seconds_per_million=chart_seconds_per_million,
    )


def demo_server() -> LocalServer:
    """Return an embedded Comet with the package's real runs, which listens until the process ends.

    For notebooks: it has a thread of its own, so a cell may ask it with `await`, or without by way
    of `comet_async.blocking`. `API(LOCAL_KEY, url=demo_server().url)` is its client.
    """
    from comet_async.server import serve_until_exit  # noqa: PLC0415 slow to import

    return serve_until_exit(local_server(sample=True))


def domino_server(
    spec: DominoSpec | None = None,
    *,
    api_keys: Collection[str] | None = None,
    tokens: Collection[str] | None = None,
    writable: bool = True,
    clock: Clock | None = None,
    paging: PagingStyle | None = None,
    newest: bool = False,
    rate_limit: RateLimit | None = None,
    seed: int = 0,
) -> DominoServer:
    """Return an embedded Domino, to be entered with `async with`, on a free loopback port.

    Args:
        spec: What to make up; a few of everything when None.
        api_keys: Valid API keys; None accepts any.
        tokens: Valid bearer tokens; None accepts any.
        writable: Whether writes are done; if not, each is answered with 403.
        clock: The server's time; that of this machine when None.
        paging: How listings tell of their pages.
        newest: Whether it answers as release 6.3 does.
        rate_limit: The server's own limit.
        seed: Of the faults' chance.

    Examples:
        >>> import asyncio
        >>> from comet_async import Session, domino
        >>> from comet_async.server import DominoSpec
        >>> async def main() -> None:
        ...     async with domino_server(DominoSpec(projects=2)) as server:
        ...         async with Session(local_service(server)) as session:
        ...             me = await session.send(domino.get_current_user())
        ...             print(me.user.user_name)
        ...         print(server.log[0].template)
        >>> asyncio.run(main())
        user-1
        /api/users/v1/self
    """
    from comet_async.server.domino import DominoServer  # noqa: PLC0415 slow to import

    return DominoServer(
        spec,
        api_keys=api_keys,
        tokens=tokens,
        writable=writable,
        clock=clock,
        paging=paging,
        newest=newest,
        rate_limit=rate_limit,
        seed=seed,
    )


def local_service(server: LocalServer | DominoServer, *, api_key: str = LOCAL_KEY) -> Service:
    """Return the profile of an embedded server that listens, without quota or smoothing.

    Give limits of your own by `local_service(server).with_limits(Limits(concurrency=2))`.

    Args:
        server: An embedded Comet or Domino.
        api_key: The key to come with.

    Examples:
        >>> import asyncio
        >>> from comet_async import Session, comet
        >>> from comet_async.errors import AuthenticationError
        >>> async def main() -> None:
        ...     async with local_server(api_keys=["right"]) as server:
        ...         async with Session(local_service(server, api_key="wrong")) as session:
        ...             try:
        ...                 await session.send(comet.get_workspaces())
        ...             except AuthenticationError as error:
        ...                 print(error.status)
        >>> asyncio.run(main())
        401
    """
    # Here, for those who only want a FakeTransport load neither server nor catalogue.
    from comet_async.server import DominoServer  # noqa: PLC0415

    if isinstance(server, DominoServer):
        from comet_async import domino  # noqa: PLC0415

        return domino.service(api_key, host=server.url, limits=Limits())
    from comet_async import comet  # noqa: PLC0415

    return comet.service(api_key, url=server.url, limits=Limits())


@functools.cache
def _fixture() -> object:
    import pytest  # noqa: PLC0415 only those who ask for the fixture need it

    from comet_async.server import serve_in_thread  # noqa: PLC0415 slow to import

    @pytest.fixture(name=_FIXTURE)
    def comet_server(request: pytest.FixtureRequest) -> Generator[LocalServer, None, None]:
        """An embedded Comet on its own thread; an indirect parameter is `local_server` options."""
        options: Mapping[str, object] = getattr(request, "param", {})
        with serve_in_thread(local_server(**options)) as server:  # type: ignore[arg-type]  # the test's own options
            yield server

    return comet_server


def __getattr__(name: str) -> object:
    if name == _FIXTURE:
        return _fixture()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    shown = [*globals()]
    return [*shown, _FIXTURE] if "pytest" in sys.modules else shown
