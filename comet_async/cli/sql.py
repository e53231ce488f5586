"""`comet-async sql`: questions to a harvest, answered by DuckDB."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from comet_async.cli.commands import Command
from comet_async.cli.completing import complete_folders
from comet_async.cli.output import note
from comet_async.cli.records import put_csv, put_json_rows, put_rows

__all__ = ["sql"]

_SHOWN = 1_000


@click.command(cls=Command)
@click.argument(
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    shell_complete=complete_folders,
)
@click.argument("query", metavar="QUERY")
@click.option("--snapshot", type=int, metavar="N", help="Ask this earlier state.")
@click.option(
    "--json",
    "form",
    flag_value="json",
    help="Print one JSON document, a list with a line for each row.",
)
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
@click.option(
    "--raw",
    is_flag=True,
    help="With --csv: leave texts as they are. By default those that a spreadsheet takes for"
    " formulas get an apostrophe, and control characters are escaped.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_SHOWN,
    show_default=True,
    metavar="N",
    help="Rows of the table on the screen; 0 for all. JSON and CSV have all.",
)
def sql(
    folder: Path,
    query: str,
    *,
    snapshot: int | None,
    form: str | None,
    raw: bool,
    limit: int,
) -> None:
    """Ask a harvest in SQL.

    Each table of the folder DIR is a table of DuckDB. A query of `-` is read from standard input.
    Queries read these tables and reach nothing else: no other file, no network, no setting.

    Exit codes: 0 answered, 1 the query was refused, 2 there is no such harvest.
    """
    from comet_async.lake import open_lake  # noqa: PLC0415 only this command needs it
    from comet_async.lake.query import ask, sealed  # noqa: PLC0415 as above

    if raw and form != "csv":
        raise click.UsageError("--raw goes with --csv.")
    lake = open_lake(folder, snapshot=snapshot)
    text = sys.stdin.read() if query == "-" else query
    for name in lake:
        for column, types in lake[name].widened.items():
            note(f"note: {name}.{column} is {' and '.join(types)} in different parts")
    with sealed(lake) as connection:
        answer = ask(connection, text)
        if form == "json":
            put_json_rows(answer.columns, answer.rows)
        elif form == "csv":
            put_csv(answer.columns, answer.rows, raw=raw)
        else:
            put_rows(answer.columns, answer.rows, limit=limit)


sql.examples = (
    "comet-async sql lake 'select metric, count(*) from metrics group by all'",
    "comet-async sql lake 'from experiments' --csv > experiments.csv",
    "comet-async sql lake 'from tags' --snapshot 3 --json",
    "comet-async sql lake - < query.sql",
)
