"""`comet-async harvest`: a workspace or a project into Parquet tables and files."""

from __future__ import annotations

from pathlib import Path

import click

from comet_async.cli.commands import Command
from comet_async.cli.context import connection
from comet_async.cli.harvesting import (
    Order,
    checked_folder,
    harvest_into,
    pauses_to,
    put_report,
    view,
)
from comet_async.cli.running import run

__all__ = ["harvest"]


def _names(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    del ctx, param
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


@click.command(cls=Command)
@click.argument("scope", metavar="WORKSPACE[/PROJECT]")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    required=True,
    help="Folder to write to; made where it is missing.",
)
@click.option(
    "--tables",
    multiple=True,
    callback=_names,
    metavar="NAMES",
    help="Tables, by commas or repeated: experiments, metrics, metric_summaries, parameters,"
    " others, tags, system_details, assets. Default: all.",
)
@click.option("--no-assets", is_flag=True, help="List the assets, but do not fetch their files.")
@click.option("--archived", is_flag=True, help="Harvest archived experiments as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@click.pass_context
def harvest(
    ctx: click.Context,
    /,
    scope: str,
    folder: Path,
    tables: tuple[str, ...],
    **flags: bool,
) -> int:
    """Write a workspace or a project to Parquet tables and files.

    Progress goes to standard error, the final table to standard output. Ctrl-C finishes what is
    being written and stops; a second one stops at once.

    Exit codes: 0 all is there, 3 some items failed, 4 the key was refused, 5 the disk is full or
    failing, 130 and 143 stopped by a signal, 1 anything else.
    """
    from comet_async.harvest.arrow import require  # noqa: PLC0415 it is slow to import

    require()
    order = Order(
        scope=scope,
        folder=folder,
        tables=tables or None,
        assets=not flags["no_assets"],
        archived=flags["archived"],
        quiet=flags["quiet"],
        as_json=flags["as_json"],
    )
    checked_folder(folder)
    options = connection(ctx)
    settings = options.settings()
    service = options.service(settings)

    async def work() -> int:
        shown = view(order, verbose=options.verbose)
        observers = [pauses_to(shown)]
        async with options.session(service, settings, observers=observers) as session:
            report = await harvest_into(session, order, shown)
        put_report(report, order)
        return report.exit_code

    return run(work)


harvest.examples = (
    "comet-async harvest team -o lake",
    "comet-async harvest team/resnet -o lake --tables metrics,parameters",
    "comet-async harvest team/resnet -o lake --no-assets --json > report.json",
)
