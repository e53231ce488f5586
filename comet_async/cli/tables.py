"""Answers as tables: fitted to the width of a terminal, aligned columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from comet_async.cli.output import is_terminal, put
from comet_async.progress import can_move, terminal_width
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Table", "cell", "column_widths", "nested", "put_sentence", "put_table", "table_of"]

_NESTED = 60
_LONGEST = 120
_GAP = 2
_NARROWEST = 8


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
    """Return a value as the text of a cell: null is empty, nested values are JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return nested(msgspec.json.encode(value).decode("utf-8", "replace"))
    return printable(str(value))


def nested(text: str) -> str:
    """Return JSON as the text of a cell: cut short where a person reads it."""
    return shortened(text, _NESTED) if is_terminal(sys.stdout) else printable(text)


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
    """Write a table to standard output; on a terminal no line is wider than it."""
    if is_terminal(sys.stdout):
        _put_fitted(table, terminal_width(sys.stdout))
        return
    for line in plain_lines(table):
        put(line)


def put_sentence(text: str) -> None:
    """Write a sentence to standard output: one line, but broken between words on a terminal."""
    if not is_terminal(sys.stdout):
        put(text)
        return
    from rich.console import Console  # noqa: PLC0415 rich is slow to import
    from rich.text import Text  # noqa: PLC0415

    width = terminal_width(sys.stdout)
    console = Console(file=sys.stdout, width=width, force_terminal=False, no_color=True)
    console.print(Text(printable(text)))


def plain_lines(table: Table) -> list[str]:
    """Return a table as lines of aligned columns, the heads first; nothing is cut."""
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


def column_gap(table: Table, width: int) -> int:
    """Return the blanks between two columns: two where there is room for them, else one."""
    whole = sum(_natural(table)) + _GAP * (len(table.columns) - 1)
    return _GAP if whole <= width else 1


def _natural(table: Table) -> list[int]:
    """Return how wide each column would like to be."""
    from rich.cells import cell_len  # noqa: PLC0415 as above

    return [
        max(map(cell_len, (name, *(row[at] for row in table.rows))))
        for at, name in enumerate(table.columns)
    ]


def column_widths(table: Table, width: int) -> list[int] | None:
    """Return widths of columns that fit into `width` cells; None where they would be too narrow.

    The first column and numbers are as wide as they are, if that leaves room; the others share the
    rest, none wider than it needs.
    """
    natural = _natural(table)
    room = width - column_gap(table, width) * (len(natural) - 1)
    kept = [
        at
        for at, name in enumerate(table.columns)
        if (at == 0 and natural[0] <= room * 2 // 3) or name in table.numeric
    ]
    others = [wide for at, wide in enumerate(natural) if at not in kept]
    left = room - sum(natural[at] for at in kept)
    limit = _shared(others, left)
    if left < 0 or any(limit < min(wide, _NARROWEST) for wide in others):
        return None
    return [wide if at in kept else min(wide, limit) for at, wide in enumerate(natural)]


def _shared(widths: Sequence[int], room: int) -> int:
    """Return the greatest limit at which columns that are no wider than it fit into `room`."""
    rising, limit = sorted(widths), room
    for at, wide in enumerate(rising):
        limit = room // (len(rising) - at)
        if wide > limit:
            return limit
        room -= wide
    return max(widths, default=limit)


def _put_fitted(table: Table, width: int) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 as above
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    moving = can_move(sys.stdout)
    widths = column_widths(table, width)
    console = Console(
        file=sys.stdout, width=width, force_terminal=moving, no_color=not moving, highlight=False
    )
    if widths is None:
        _put_records(table, console)
        return
    gap = column_gap(table, width) - moving  # a box has a blank of its own
    grid = Grid(
        box=SIMPLE_HEAD if moving else None,
        pad_edge=False,
        show_edge=False,
        padding=(0, gap, 0, 0),
    )
    for name, wide in zip(table.columns, widths, strict=True):
        justify = "right" if name in table.numeric else "left"
        grid.add_column(Text(printable(name)), justify=justify, overflow="fold", width=wide)  # type: ignore[arg-type]  # one of two literals
    for row in table.rows:
        grid.add_row(*(Text(printable(text)) for text in row))
    console.print(grid)


def _put_records(table: Table, console: Console) -> None:
    """Write each row as lines of its own, a head and a cell on each, a blank line between rows."""
    from rich.table import Table as Grid  # noqa: PLC0415 as above
    from rich.text import Text  # noqa: PLC0415

    for number, row in enumerate(table.rows):
        if number:
            console.print()
        grid = Grid(box=None, pad_edge=False, show_header=False)
        grid.add_column(style="bold", overflow="fold", max_width=console.width // 2)
        grid.add_column(overflow="fold")
        for name, text in zip(table.columns, row, strict=True):
            grid.add_row(Text(printable(name)), Text(printable(text)))
        console.print(grid)
