"""`comet-async diff`: what two harvests, or two states of one, do not have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async.cli.commands import Command
from comet_async.cli.completing import complete_folders
from comet_async.cli.exits import Exit, Quit, code_of
from comet_async.cli.output import put, put_json
from comet_async.cli.records import csv_cell, plain
from comet_async.cli.tables import Table, put_table
from comet_async.errors import CometAsyncError
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.harvest.diffing import ExperimentsDiff, LakeDiff, RowDiff, TableDiff
    from comet_async.lake import LakeReader

__all__ = ["diff"]

_SHOWN = 20
_LIMIT = 20
_CELL = 40
_TROUBLE = Exit.USAGE
_SIDES = 2
_STATES = 3


@click.command(cls=Command)
@click.argument("sides", nargs=-1, metavar="A B", shell_complete=complete_folders)
@click.option("--rows", is_flag=True, help="Show the rows that differ, changed ones first.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_LIMIT,
    show_default=True,
    metavar="N",
    help="Rows of each table that --rows shows.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def diff(sides: tuple[str, ...], *, rows: bool, limit: int, as_json: bool) -> int:
    """Compare two harvests, or two states of one.

    A and B are folders, or states of them as `lake@3`; `DIR 1 2` compares two snapshots of DIR.
    Rows are compared by value: which files hold them does not matter. A row counts as changed when
    both sides have its key, as experiment, metric, context and step.

    Exit codes, as diff has them: 0 the same, 1 different, 2 trouble.
    """
    from comet_async.harvest.diffing import diff as compare  # noqa: PLC0415 it is slow to import

    try:
        before, after = _opened(sides)
        found = compare(before, after, rows=limit if rows else 0)
    except CometAsyncError as error:
        code = code_of(error)
        raise Quit(str(error), _TROUBLE if code is Exit.FAILED else code) from None
    if as_json:
        put_json({"same": found.same, **_builtins(found)})
    else:
        _put(found)
    return Exit.OK if found.same else Exit.FAILED


diff.examples = (
    "comet-async diff old-lake new-lake",
    "comet-async diff lake@3 lake",
    "comet-async diff lake 1 2 --rows --limit 50",
    "comet-async diff lake@1 lake@2 --json",
)


def _opened(sides: tuple[str, ...]) -> tuple[LakeReader, LakeReader]:
    if len(sides) == _STATES and sides[1].isdecimal() and sides[2].isdecimal():
        return _side(f"{sides[0]}@{sides[1]}"), _side(f"{sides[0]}@{sides[2]}")
    if len(sides) != _SIDES:
        raise click.UsageError("give two sides, as `lake@1 lake`, or a folder and two snapshots.")
    return _side(sides[0]), _side(sides[1])


def _side(text: str) -> LakeReader:
    """Open a folder, or a snapshot of one."""
    from comet_async.lake import open_lake  # noqa: PLC0415 only this command needs it

    folder, at, number = text.rpartition("@")
    if at and number.isdecimal() and not Path(text).exists():
        return open_lake(folder, snapshot=int(number))
    return open_lake(text)


def _builtins(found: LakeDiff) -> dict[str, object]:
    """Return a comparison as JSON holds it, whatever values its rows have."""
    told = {name: getattr(found, name) for name in found.__struct_fields__}
    told["tables"] = [
        {
            **{name: getattr(table, name) for name in table.__struct_fields__},
            "rows": [plain(_members(row)) for row in table.rows],
        }
        for table in found.tables
    ]
    return told


def _members(row: RowDiff) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def _put(found: LakeDiff) -> None:
    if found.same:
        put("no difference")
        return
    numbers = ("before", "after", "added", "removed", "changed")
    lines = [
        [printable(t.name)]
        + [f"{n:,}" for n in (t.rows_before, t.rows_after, t.added, t.removed, t.changed)]
        + [_columns(t, found)]
        for t in found.tables
        if not t.same or t.name in {*found.tables_added, *found.tables_removed}
    ]
    put_table(Table(("table", *numbers, "columns"), lines, frozenset(numbers)))
    _put_experiments(found.experiments)
    for table in found.tables:
        if table.rows:
            _put_rows(table)


def _columns(table: TableDiff, found: LakeDiff) -> str:
    if table.name in found.tables_added:
        return "new table"
    if table.name in found.tables_removed:
        return "no longer there"
    told = [f"+{name}" for name in table.columns_added]
    told += [f"-{name}" for name in table.columns_removed]
    return shortened(" ".join(told), _CELL)


def _put_experiments(experiments: ExperimentsDiff) -> None:
    for what in ("added", "removed", "changed"):
        keys: tuple[str, ...] = getattr(experiments, what)
        if keys:
            more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
            put(f"experiments {what}: {', '.join(keys[:_SHOWN])}{more}")


def _put_rows(table: TableDiff) -> None:
    put()
    put(f"{table.name}:")
    lines = [
        [_SIGNS[row.what], *(_cell(row.key[name]) for name in table.key), _values(row)]
        for row in table.rows
    ]
    put_table(Table(("", *(printable(name) for name in table.key), "values"), lines))


_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def _cell(value: object) -> str:
    return shortened(csv_cell(value, raw=True), _CELL)


def _values(row: RowDiff) -> str:
    if row.what == "changed":
        return ", ".join(
            f"{printable(name)}: {_cell(row.before[name])} -> {_cell(row.after[name])}"
            for name in row.after
        )
    values = row.after or row.before
    return ", ".join(f"{printable(name)}={_cell(value)}" for name, value in values.items())
