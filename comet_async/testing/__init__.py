"""For tests, yours and ours: a transport without a network, and the embedded servers.

>>> fake = FakeTransport()
>>> _ = fake.on("GET", "/api/rest/v2/workspaces", reply(json={"workspaceNames": ["team"]}))

`Session(comet.service(...), transport=fake)` then sends nothing anywhere, and `fake.sent` holds
what it would have sent.

`async with local_server() as server` listens on a loopback port; `server.faults` takes scripted
faults, `server.log` has every request, and `server.changes` adds, changes and deletes experiments.
`domino_server()` gives an embedded Domino in the same way, with `server.clock`, `server.access`
and `server.world` to move time, revoke keys and stop jobs.
In a `conftest.py`, `from comet_async.testing import comet_server` gives the same as a fixture of
pytest, which nothing else here needs.
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
"""A key for the embedded server."""

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

    Args:
        server: An embedded Comet or Domino.
        api_key: The key to come with.
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
