"""`comet-async harvest`: a workspace or a project into Parquet tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from comet_async.cli.asking import nothing_kept, shown_on
from comet_async.cli.commands import Command, same_command
from comet_async.cli.completing import complete_folders, complete_tables
from comet_async.cli.context import connection
from comet_async.cli.harvesting import (
    Order,
    checked_folder,
    harvest_into,
    put_report,
    show_plan,
)
from comet_async.cli.running import run
from comet_async.cli.tables import Table, put_table
from comet_async.errors import UsageError

__all__ = ["harvest"]

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


def _names(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    del ctx, param
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _predicates(
    ctx: click.Context, param: click.Parameter, given: str | None
) -> tuple[Mapping[str, object], ...]:
    del ctx, param
    if given is None:
        return ()
    try:
        return msgspec.json.decode(given, type=tuple[dict[str, object], ...])
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"it is no JSON list of predicates: {error}") from None


def _expression(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    del ctx, param
    if given is None:
        return None
    from comet_async.query import read_expression  # noqa: PLC0415 only this option needs it

    try:
        return str(read_expression(given))
    except UsageError as error:
        raise click.BadParameter(error.message) from None


def _list_tables(ctx: click.Context, param: click.Parameter, given: bool) -> None:  # noqa: FBT001  click's
    del param
    if not given or ctx.resilient_parsing:
        return
    from comet_async.harvest.schema import TABLES  # noqa: PLC0415 it is slow to import

    rows = [[table.name, table.subject, table.meaning] for table in TABLES.values()]
    put_table(Table(("table", "of", "what"), rows))
    ctx.exit()


@click.command(cls=Command)
@click.argument("scope", metavar="WORKSPACE[/PROJECT] | domino:PROJECT")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    shell_complete=complete_folders,
    help="Folder to write to; made where it is missing.",
)
@click.option(
    "--tables",
    multiple=True,
    callback=_names,
    metavar="NAMES",
    shell_complete=complete_tables,
    help="Tables, by commas or repeated; `comet-async harvest --list-tables` names them."
    " Default: all, for a project those of its experiments.",
)
@click.option(
    "--keys", multiple=True, callback=_names, metavar="KEYS", help="These experiments or jobs."
)
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Experiments or jobs with all these tags."
)
@click.option("--since", type=_MOMENT, metavar="TIME", help="Started at this time (UTC) or later.")
@click.option("--until", type=_MOMENT, metavar="TIME", help="Started before this time (UTC).")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["running", "finished", "crashed"]),
    help="Experiments or jobs in one of these states.",
)
@click.option(
    "--query",
    "predicates",
    callback=_predicates,
    metavar="JSON",
    help="Experiments that meet predicates of the query endpoint, a JSON list.",
)
@click.option(
    "--where",
    callback=_expression,
    metavar="EXPRESSION",
    help="Experiments that an expression wants, as `comet-async query` reads it.",
)
@click.option(
    "--metrics",
    multiple=True,
    callback=_names,
    metavar="GLOBS",
    help="Series of metrics that match, as 'val/*,loss'.",
)
@click.option(
    "--remote",
    is_flag=True,
    help="Fetch remote files that have an http(s) link, too: without the key, and not from private"
    " networks.",
)
@click.option(
    "--archives",
    is_flag=True,
    help="Fetch each model and each version of a registered one as a zip, too: the tables"
    " model_archives and registry_archives. The pieces of models are assets and come anyway.",
)
@click.option(
    "--expand",
    is_flag=True,
    help="As --archives, and expand each beside itself; an archive that leads outside is refused.",
)
@click.option("--exact", is_flag=True, help="Ask each experiment for all there is of it.")
@click.option("--plan", "only_plan", is_flag=True, help="Say what it would take, and stop.")
@click.option("--no-assets", is_flag=True, help="List assets and other files, but fetch none.")
@click.option(
    "--answers", is_flag=True, help="Keep each answer as it came, too, in the table `answers`."
)
@click.option(
    "--copy-to",
    "copies",
    multiple=True,
    metavar="URL",
    help="Copy the finished state to a store that fsspec knows, as s3://bucket/lake; only what has"
    " changed is sent.",
)
@click.option("--archived", is_flag=True, help="Harvest archived experiments or jobs as well.")
@click.option(
    "--list-tables",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_tables,
    help="Name the tables, and stop.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, the report or plan."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@click.pass_context
def harvest(
    ctx: click.Context,
    /,
    *,
    scope: str,
    folder: Path | None,
    tables: tuple[str, ...],
    only_plan: bool,
    no_assets: bool,
    archives: bool,
    answers: bool,
    copies: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **chosen: object,
) -> int:
    """Write a workspace or a project to Parquet tables and files.

    `domino:PROJECT` is a project of Domino by name, OWNER/NAME or id, `domino:*` all projects that
    the key sees; host and key come from DOMINO_API_HOST and DOMINO_USER_API_KEY, DOMINO_TOKEN_FILE
    or DOMINO_API_PROXY.

    Run it again to bring a folder up to date: only what is new, changed, failed or missing is
    fetched. It goes on where it was stopped or killed, within large files too.

    Progress goes to standard error, the final table to standard output. Ctrl-C finishes what is
    being written and stops; a second one stops at once.

    Exit codes: 0 all is there, 3 some items failed, 4 the key was refused, 5 the disk is full or
    failing or a copy is not up to date, 130 and 143 stopped by a signal, 1 anything else.
    """
    from comet_async.harvest.arrow import require  # noqa: PLC0415 it is slow to import

    require()
    if folder is None and not only_plan:
        raise click.UsageError("Missing option '-o' / '--output': the folder to write to.")
    order = Order(
        scope=scope,
        folder=folder,
        tables=tables or None,
        assets=not no_assets,
        answers=answers,
        archives=archives or bool(chosen["expand"]),
        copies=copies,
        chosen=chosen,
        only_plan=only_plan,
        quiet=quiet,
        as_json=as_json,
        again=f"to go on: {same_command(ctx)}",
    )
    if folder is not None and not only_plan:
        checked_folder(folder)
    options = connection(ctx)
    settings = options.settings()
    of_domino = scope.startswith("domino:")
    service = options.domino() if of_domino else options.service(settings)

    shown = shown_on(ctx, quiet=quiet)

    async def work() -> int:
        async with options.session(service, settings, observers=[shown.watch]) as session:
            if order.only_plan:
                await show_plan(session, order, shown)
                return 0
            report = await harvest_into(session, order, shown)
        put_report(report, order, shown)
        return report.exit_code

    return run(work, (lambda: nothing_kept(ctx)) if only_plan else None)


harvest.examples = (
    "comet-async harvest team -o lake",
    "comet-async harvest team/resnet -o lake --tables metrics,parameters",
    "comet-async harvest team/resnet --plan --since 2026-01-01",
    'comet-async harvest team/resnet -o lake --where \'Metric("loss") < 0.1 and Tag("best")\'',
    "comet-async harvest team/resnet -o lake --no-assets --json > report.json",
    "comet-async harvest domino:forecasting -o lake",
)
