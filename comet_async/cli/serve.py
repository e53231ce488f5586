"""`comet-async serve`: the embedded Comet on a loopback port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async.cli.commands import Command
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import flush, put, say
from comet_async.cli.running import run

if TYPE_CHECKING:
    from comet_async.server import LocalServer

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
    help="Serve N made-up experiments as well.",
)
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
    read_only: bool,
    chart_points: int | None,
    chart_refusal: str,
    chart_seconds_per_million: float,
) -> int:
    """Serve Comet's API from offline archives, sample runs or made-up data.

    What is written to it is there until it ends; your files are never changed.

    Prints the URL, and what to set so that clients use it. Without archives and options the sample
    runs are served. Nobody but this machine can connect. Ctrl-C ends it.
    """
    from comet_async.server import (  # noqa: PLC0415 aiohttp's server is slow to import
        ArchiveError,
        LocalServer,
        SyntheticSpec,
        serve_forever,
    )

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

    async def work() -> int:
        await serve_forever(server, started=_tell)
        return Exit.OK

    try:
        code = run(work)
    except ArchiveError as error:
        raise Quit(str(error), Exit.USAGE) from None
    except OSError as error:
        raise Quit(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return Exit.OK if code == Exit.INTERRUPTED else code


serve.examples = (
    "comet-async serve",
    "comet-async serve offline/ run.zip --port 8080",
    "comet-async serve --synthetic 1000",
    "comet-async serve --synthetic 1000 --chart-points 200000",
)


def _tell(server: LocalServer) -> None:
    put(f"Comet at {server.url}")
    put(f"export COMET_URL_OVERRIDE={server.url}")
    put("export COMET_API_KEY=anything")
    flush()
    say("Ctrl-C ends it")
