"""`comet-async query`: the experiments of a project that an expression wants."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async import comet
from comet_async.cli.addresses import project_of
from comet_async.cli.asking import nothing_kept, passing_on
from comet_async.cli.commands import Command
from comet_async.cli.context import connection
from comet_async.cli.output import is_terminal, note, put, put_bytes, safe_json
from comet_async.cli.records import plain, put_rows
from comet_async.cli.running import run
from comet_async.errors import UsageError
from comet_async.query import Resolved, read_expression
from comet_async.query.expressions import VARIABLES
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.api.query import Selected
    from comet_async.engine.session import Session

__all__ = ["query"]

_ROWS = 50


class _Project(msgspec.Struct, frozen=True):
    workspace: str
    name: str

    @property
    def address(self) -> dict[str, str]:
        return {"workspace_name": self.workspace, "project_name": self.name}


@click.command(cls=Command)
@click.argument("project", metavar="WORKSPACE/PROJECT")
@click.argument("expression")
@click.option(
    "--table",
    "form",
    flag_value="table",
    help="Print key, name, and the columns of the expression. Default on a terminal.",
)
@click.option(
    "--json", "form", flag_value="json", help="Print the same as JSON lines, an object for each."
)
@click.option(
    "--keys", "form", flag_value="keys", help="Print keys, a line for each. Default in a pipe."
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_ROWS,
    show_default=True,
    metavar="N",
    help="Rows of a table; 0 for all.",
)
@click.option("--archived", is_flag=True, help="Ask the archived experiments instead.")
@click.option(
    "--no-strict",
    is_flag=True,
    help="Let columns be unknown: no experiment has them then.",
)
@click.pass_context
def query(
    ctx: click.Context,
    /,
    *,
    project: str,
    expression: str,
    form: str | None,
    limit: int,
    archived: bool,
    no_strict: bool,
) -> int:
    """Find the experiments of a project that an expression wants.

    An expression compares columns: Metric("loss") by its last value, Parameter, Other, Metadata,
    Environment; Tag("best") stands alone. Signs are == != < <= > >=; None is for what is not
    there; methods are between(low, high), contains, startswith, endswith. Join them by and, or,
    not, with parentheses. Times are datetime("2024-01-31T12:00:00").

    An experiment that lacks a column is found by == None alone.
    """
    from comet_async.api.query import query as find  # noqa: PLC0415 aiohttp is slow to import

    wanted = read_expression(expression)
    asked = _project(project)
    options = connection(ctx)
    settings = options.settings()
    service = options.service(settings)
    chosen = form or ("table" if is_terminal(sys.stdout) else "keys")

    shown = passing_on(ctx)

    async def work() -> int:
        columns, rows = list[str](), list[list[object]]()
        async with options.session(service, settings, observers=[shown]) as session:
            with shown:
                found = await find(
                    session, wanted, archived=archived, strict=not no_strict, **asked.address
                )
                if chosen != "keys":
                    limit_of = limit if chosen == "table" else 0
                    columns, rows = await _rows(session, asked, found, limit_of, archived=archived)
        _say_notes(found.asked)
        if chosen == "keys":
            for key in found.keys:
                put(key)
        else:
            _PUT[chosen](columns, rows)
        if chosen == "table":
            _say_count(found, limit)
        return 0

    return run(work, lambda: nothing_kept(ctx))


query.examples = (
    'comet-async query team/resnet \'Metric("loss") < 0.1 and Tag("best")\'',
    "comet-async query team/resnet '0.1 < Parameter(\"lr\") <= 0.5' --table --limit 0",
    'comet-async query team/resnet \'not Parameter("optimizer").contains("ada")\' --json',
    "comet-async query team/resnet 'Metadata(\"duration\") > 3600' > keys.txt",
)


def _project(text: str) -> _Project:
    named = project_of(text)
    if named is None:
        raise UsageError(f"{printable(text)!r} is no project; use WORKSPACE/PROJECT")
    return _Project(*named)


async def _rows(
    session: Session, project: _Project, found: Selected, limit: int, *, archived: bool
) -> tuple[list[str], list[list[object]]]:
    """Return heads and rows of the first experiments, or of all."""
    from comet_async.api.query import experiments_of  # noqa: PLC0415 as above
    from comet_async.api.values import column_values  # noqa: PLC0415

    keys = found.keys[: limit or None]
    columns = found.asked.columns
    entries = await experiments_of(session, keys, archived=archived, **project.address)
    values = await column_values(session, entries, columns)
    heads = ["key", "name", *(_head(column) for column in columns)]
    rows: list[list[object]] = []
    for entry in entries:
        of = values[entry.experiment_key]
        cells = [of[column.id] for column in columns]
        rows.append([entry.experiment_key, entry.experiment_name, *cells])
    return heads, rows


def _head(column: comet.Column) -> str:
    return str(VARIABLES[column.source or ""](column.name or ""))


def _put_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    put_rows(columns, iter(rows), limit=0)


def _put_json(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        record = {name: plain(value) for name, value in zip(columns, row, strict=True)}
        put_bytes(safe_json(msgspec.json.encode(record)).encode() + b"\n")


_PUT = {"table": _put_table, "json": _put_json}


def _say_count(found: Selected, limit: int) -> None:
    count, total = len(found.keys), found.experiments_in_project
    told = f"{count:,} experiments" if total is None else f"{count:,} of {total:,} experiments"
    more = f"; these are the first {limit:,}, --limit 0 shows all" if 0 < limit < count else ""
    note(told + more)


def _say_notes(asked: Resolved) -> None:
    """Say what may explain that nothing is found."""
    for column in asked.unknown:
        note(f"note: the project has no {shortened(_head(column))}")
    for tag in asked.unknown_tags:
        near = difflib.get_close_matches(tag, asked.tags, n=1)
        advice = f"; did you mean {shortened(near[0])}?" if near else ""
        note(f"note: no experiment of the project has the tag {shortened(tag)}{advice}")
