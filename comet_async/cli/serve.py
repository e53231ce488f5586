"""`comet-async serve`: the embedded Comet, or Domino, on a loopback port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async.cli.commands import Command
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import flush, note, put
from comet_async.cli.running import run
from comet_async.errors import UsageError

if TYPE_CHECKING:
    from comet_async.server.hosting import Host

__all__ = ["serve"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MAX_PORT = 65_535
_REFUSALS = ("400", "413", "504")


@click.command(cls=Command)
@click.argument(
    "archives",
    nargs=-1,
    type=click.Path(path_type=Path, exists=True),
    metavar="[ARCHIVE.zip|DIR]...",
)
@click.option(
    "--synthetic",
    type=click.IntRange(min=1),
    metavar="N",
    help="Serve N made-up experiments as well; with --domino, N jobs in each project.",
)
@click.option("--domino", is_flag=True, help="Serve made-up Domino projects and jobs instead.")
@click.option("--sample", is_flag=True, help="Serve the real runs that come with the package.")
@click.option(
    "--port",
    type=click.IntRange(0, _MAX_PORT),
    default=0,
    metavar="P",
    help="Port; default any free one.",
)
@click.option(
    "--host",
    type=click.Choice(_LOOPBACK),
    default="127.0.0.1",
    help="Address to listen on, loopback only.  [default: 127.0.0.1]",
)
@click.option("--read-only", is_flag=True, help="Refuse every write with 403.")
@click.option(
    "--chart-points",
    type=click.IntRange(min=0),
    metavar="N",
    help="Refuse charts of more than N points.",
)
@click.option(
    "--chart-refusal",
    type=click.Choice(_REFUSALS),
    default="413",
    help="Status of that refusal.  [default: 413]",
)
@click.option(
    "--chart-seconds-per-million",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="S",
    help="Wait S seconds for each million points of a chart.",
)
def serve(
    archives: tuple[Path, ...],
    synthetic: int | None,
    sample: bool,  # noqa: FBT001 click passes it by name
    port: int,
    host: str,
    *,
    domino: bool,
    read_only: bool,
    chart_points: int | None,
    chart_refusal: str,
    chart_seconds_per_million: float,
) -> int:
    """Serve Comet's API, or Domino's, from offline archives, sample runs or made-up data.

    What is written to it is there until it ends; your files are never changed.

    Prints the URL, and what to set so that clients use it. Without archives and options the sample
    runs are served. Nobody but this machine can connect. Ctrl-C ends it.
    """
    from comet_async.server import (  # noqa: PLC0415 aiohttp's server is slow to import
        DominoServer,
        DominoSpec,
        LocalServer,
        SyntheticSpec,
    )

    if domino:
        if archives or sample or chart_points is not None:
            raise UsageError("--domino serves made-up data only; leave archives and charts out")
        spec = DominoSpec() if synthetic is None else DominoSpec(jobs=synthetic)
        return _serve(DominoServer(spec, host=host, port=port, writable=not read_only))
    server = LocalServer(
        archives,
        synthetic=None if synthetic is None else SyntheticSpec(experiments=synthetic),
        sample=sample or (synthetic is None and not archives),
        host=host,
        port=port,
        writable=not read_only,
        chart_points=chart_points,
        chart_refusal=int(chart_refusal),
        chart_seconds_per_million=chart_seconds_per_million,
    )
    return _serve(server)


serve.examples = (
    "comet-async serve",
    "comet-async serve offline/ run.zip --port 8080",
    "comet-async serve --synthetic 1000",
    "comet-async serve --synthetic 1000 --chart-points 200000",
    "comet-async serve --domino --synthetic 100",
)


def _serve(server: Host) -> int:
    """Serve until interrupted, and return the exit code."""
    from comet_async.server import ArchiveError, serve_forever  # noqa: PLC0415 slow to import

    async def work() -> int:
        await serve_forever(server, started=_tell)
        return Exit.OK

    try:
        code = run(work)
    except ArchiveError as error:
        raise Quit(str(error), Exit.USAGE) from None
    except OSError as error:
        raise Quit(f"cannot listen on {server.address}: {error.strerror}") from None
    return Exit.OK if code == Exit.INTERRUPTED else code


def _tell(server: Host) -> None:
    from comet_async.server import DominoServer  # noqa: PLC0415 loaded already

    if isinstance(server, DominoServer):
        put(f"Domino at {server.url}")
        put(f"export DOMINO_API_HOST={server.url}")
        put("export DOMINO_USER_API_KEY=anything")
    else:
        put(f"Comet at {server.url}")
        put(f"export COMET_URL_OVERRIDE={server.url}")
        put("export COMET_API_KEY=anything")
    flush()
    note("Ctrl-C ends it")
