"""Listings: a table on a terminal, plain columns in a pipe, JSON lines on demand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias, cast

import click
import msgspec

from comet_async.cli.completing import complete_folders
from comet_async.cli.output import is_terminal, note, put_bytes, put_json, safe_json
from comet_async.cli.records import plain, put_rows
from comet_async.cli.tables import Table, cell, put_table
from comet_async.errors import UsageError
from comet_async.redaction import printable

__all__ = [
    "Column",
    "Row",
    "counted",
    "document_option",
    "folder_option",
    "joined",
    "json_option",
    "limit_option",
    "minutes",
    "moment",
    "put_fields",
    "put_listing",
    "put_record",
    "sorted_rows",
]

Row: TypeAlias = Sequence[object]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = 50


def _same(value: object) -> object:
    return value


class Column(msgspec.Struct, frozen=True):
    """One column of a listing.

    Attributes:
        name: Its head, and the member in JSON.
        told: Turns a value into what a table shows.
        falling: Whether it is sorted from the greatest, or newest, down.
    """

    name: str
    told: Callable[[object], object] = _same
    falling: bool = False


folder_option = click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    shell_complete=complete_folders,
    help="Folder to write to; made where it is missing.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, an object for each."
)
document_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Rows to print; 0 for all. Default: {_ROWS} on a terminal, all elsewhere.",
)


def moment(millis: float | None) -> datetime | None:
    """Return a time of the service, None where it has none that a calendar knows."""
    try:
        return None if millis is None else _EPOCH + timedelta(milliseconds=millis)
    except OverflowError:
        return None


def minutes(value: object) -> object:
    """Return a moment as a table shows it: to the minute, UTC."""
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "file"), counted(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def joined(value: object) -> object:
    """Return a list as a table shows it: its items with commas between."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in cast("Sequence[object]", value))
    return value


def sorted_rows(
    columns: Sequence[Column], rows: Sequence[Row], by: str, *, reverse: bool = False
) -> list[Row]:
    """Return rows in the order of one column; what has no value there comes last.

    Raises:
        UsageError: There is no such column.
    """
    names = [column.name for column in columns]
    if by not in names:
        raise UsageError(f"--sort {printable(by)} is no column here; use {', '.join(names)}")
    at = names.index(by)
    known = [row for row in rows if row[at] is not None]
    falling = columns[at].falling != reverse
    known.sort(key=lambda row: _rank(row[at]), reverse=falling)
    return [*known, *(row for row in rows if row[at] is None)]


def _rank(value: object) -> tuple[float, str]:
    if isinstance(value, datetime):
        return value.timestamp(), ""
    if isinstance(value, (int, float)):
        return float(value), ""
    return 0.0, str(value).casefold()


def put_listing(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    as_json: bool,
    what: str,
    limit: int | None = None,
) -> None:
    """Write rows to standard output, and say how many more there are.

    Args:
        columns: The columns.
        rows: As many values in each.
        as_json: A JSON object on a line for each.
        what: What they are, in the plural.
        limit: Rows to write; 0 for all, None for 50 in a table on a terminal and all elsewhere.
    """
    if limit is None:
        limit = _ROWS if is_terminal(sys.stdout) and not as_json else 0
    shown = rows[: limit or None]
    if as_json:
        for row in shown:
            put_record(dict(zip([column.name for column in columns], row, strict=True)))
    else:
        cells = (
            [column.told(value) for column, value in zip(columns, row, strict=True)]
            for row in shown
        )
        put_rows([column.name for column in columns], cells, limit=0)
    more = len(rows) - len(shown)
    if more > 0:
        note(f"{more:,} more of {len(rows):,} {what}; --limit 0 shows all")


def put_record(record: Mapping[str, object]) -> None:
    """Write one JSON object on one line; octets of a file's name that are no text are escapes."""
    texts = {name: _text(value) for name, value in record.items()}
    put_bytes(safe_json(msgspec.json.encode(plain(texts))).encode() + b"\n")


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def put_fields(columns: Sequence[Column], values: Row, *, as_json: bool) -> None:
    """Write one object: its members in two columns, or as JSON.

    Args:
        columns: Its members.
        values: As many values.
        as_json: As JSON.
    """
    named = zip(columns, values, strict=True)
    if as_json:
        put_json(plain({column.name: value for column, value in named}))
        return
    rows = [[column.name, cell(plain(joined(column.told(value))))] for column, value in named]
    put_table(Table(("name", "value"), rows))
