"""Answers as tables: boxes on a terminal that can show them, aligned columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from comet_async.cli.output import put
from comet_async.progress import can_move
from comet_async.redaction import printable, shortened

__all__ = ["Table", "cell", "put_table", "table_of"]

_NESTED = 60
_LONGEST = 120


class Table(msgspec.Struct, frozen=True):
    """Rows of printable texts.

    Attributes:
        columns: Heads.
        rows: As many cells in each as there are columns.
        numeric: Columns that are set flush right.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[str] = frozenset()


def cell(value: object) -> str:
    """Return a value as the text of a cell: null is empty, nested values are JSON, cut short."""
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return shortened(msgspec.json.encode(value).decode("utf-8", "replace"), _NESTED)
    return printable(str(value))


def table_of(answer: object) -> Table:
    """Return an answer as a table under its wire names.

    A listing gives one row for each of its items, any other object one row for each member.
    """
    value: object = msgspec.to_builtins(answer)
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        listings = [name for name, item in members.items() if isinstance(item, list)]
        if len(listings) != 1:
            return _members(members)
        value = members[listings[0]]
    if isinstance(value, list):
        return _listing(cast("list[object]", value))
    return Table(("value",), [[cell(value)]])


def _members(members: Mapping[str, object]) -> Table:
    return Table(("name", "value"), [[printable(k), cell(v)] for k, v in members.items()])


def _listing(items: Sequence[object]) -> Table:
    rows = [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
    if len(rows) < len(items):
        return Table(("value",), [[cell(item)] for item in items])
    names = dict.fromkeys(name for row in rows for name in row)
    filled = [name for name in names if any(row.get(name) not in (None, [], {}) for row in rows)]
    numeric = frozenset(
        printable(name) for name in filled if all(_is_number(row.get(name)) for row in rows)
    )
    cells = [[cell(row.get(name)) for name in filled] for row in rows]
    return Table([printable(name) for name in filled], cells, numeric)


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def put_table(table: Table) -> None:
    """Write a table to standard output."""
    if can_move(sys.stdout):
        _put_boxes(table)
        return
    for line in plain_lines(table):
        put(line)


def plain_lines(table: Table) -> list[str]:
    """Return a table as lines of aligned columns, the heads first."""
    from rich.cells import cell_len  # noqa: PLC0415 rich is slow to import

    shown = [list(table.columns), *(list(row) for row in table.rows)]
    widths = [
        min(_LONGEST, max((cell_len(row[at]) for row in shown), default=0))
        for at in range(len(table.columns))
    ]
    lines: list[str] = []
    for row in shown:
        padded = [
            _padded(text, width - cell_len(text), right=name in table.numeric)
            for text, width, name in zip(row, widths, table.columns, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _padded(text: str, missing: int, *, right: bool) -> str:
    blanks = " " * missing
    return blanks + text if right else text + blanks


def _put_boxes(table: Table) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 as above
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as Boxes  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    boxes = Boxes(box=SIMPLE_HEAD, pad_edge=False)
    for name in table.columns:
        justify = "right" if name in table.numeric else "left"
        is_first = name == table.columns[0]
        boxes.add_column(Text(name), justify=justify, overflow="fold", no_wrap=is_first)  # type: ignore[arg-type]  # one of two literals
    for row in table.rows:
        boxes.add_row(*(Text(text) for text in row))
    Console(highlight=False).print(boxes)
