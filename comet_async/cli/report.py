"""`comet-async report`: one page about a harvest that opens offline."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from comet_async.cli.commands import Command
from comet_async.cli.output import put, say
from comet_async.shown import told_size

__all__ = ["report"]

_TOP = 20
_MOST = 500


@click.command(cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    metavar="FILE",
    help="File to write; one that is there is replaced.",
)
@click.option(
    "--metric", metavar="NAME", help="Metric that the best runs are ranked by. Default: a guess."
)
@click.option(
    "--best",
    type=click.Choice(["lowest", "highest"]),
    help="Which value is the best one. Default: a guess by the metric's name.",
)
@click.option(
    "--top",
    type=click.IntRange(1, _MOST),
    default=_TOP,
    show_default=True,
    metavar="N",
    help="How many of the best runs.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
def report(
    folder: Path,
    *,
    target: Path,
    metric: str | None,
    best: Literal["lowest", "highest"] | None,
    top: int,
    opens: bool,
    quiet: bool,
) -> None:
    """Write one page about a harvest: what is there, what failed, top runs.

    Curves, parameters, sizes and how true the series are stand there too. The page is a single
    file that needs no network and runs no script. The folder DIR may be half harvested, or still
    be written: nothing in it is changed.

    Exit codes: 0 written, 1 a table is damaged, 2 DIR is no harvest or has no such metric, 5 the
    file cannot be written.
    """
    from comet_async.report_page import write_report  # noqa: PLC0415 only this command needs it

    written = write_report(folder, target, metric=metric, best=best, top=top)
    if not quiet:
        put(f"{written}: {told_size(written.stat().st_size)}")
    if opens and click.launch(written.absolute().as_uri()) != 0:
        say(f"no browser was found; open {written} in one")


report.examples = (
    "comet-async report lake",
    "comet-async report lake -o report.html --open",
    "comet-async report lake --metric loss --best lowest --top 50",
    "comet-async report domino-lake -o jobs.html --metric accuracy",
)
