"""What objects show of themselves: one short table, as text for a terminal and as HTML.

Every text is made printable, cut short and, in HTML, escaped here; no caller does it. A table is
bounded: of a thousand rows it shows the first twenty, and says how many there are besides.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeAlias

import msgspec

from comet_async.redaction import shortened

__all__ = [
    "ROWS",
    "Cell",
    "Link",
    "Shown",
    "Table",
    "facts",
    "short_table",
    "told_duration",
    "told_millis",
    "told_size",
    "told_time",
]

Cell: TypeAlias = str | float | bool | None
"""What stands in a cell; None is empty."""

ROWS = 20
"""Rows that a table shows."""

_LONGEST = 100
_TITLE = 200
_ADDRESS = 300
_HOUR = 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEFT = ' style="text-align:left"'
_RIGHT = ' style="text-align:right"'


class Shown:
    """Base of what shows itself in a notebook as a table."""

    __slots__ = ()

    def _table(self) -> Table:
        """Return what it shows; only what is known already, without a request."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return self._table().to_html()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of texts that are fit to be shown, not yet escaped.

    Attributes:
        title: What it is of, a line above it.
        columns: Heads; none for a table of names and values.
        rows: As many cells in each as there are columns.
        flush_right: Places of the columns that are set flush right.
        more: Rows that there are besides.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    flush_right: frozenset[int]
    more: int

    def to_html(self) -> str:
        """Return it as an HTML table, every text escaped."""
        head = _row("th", self.columns, self.flush_right) if self.columns else ""
        body = "".join(_row("td", row, self.flush_right) for row in self.rows)
        rest = f'<tr><td colspan="{len(self.columns)}"{_LEFT}>{_rest(self.more)}</td></tr>'
        caption = f"<caption{_LEFT}>{html.escape(self.title)}</caption>"
        return f"<table>{caption}{head}{body}{rest if self.more else ''}</table>"

    def to_text(self) -> str:
        """Return it as aligned lines, the first of them `<title>`."""
        shown = [*([self.columns] if self.columns else []), *self.rows]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = [f"<{self.title}>"]
        for row in shown:
            cells = (
                text.rjust(width) if place in self.flush_right else text.ljust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            lines.append(f"  {'  '.join(cells)}".rstrip())
        return "\n".join([*lines, *([f"  {_rest(self.more)}"] if self.more else [])])


def short_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    total: int | None = None,
    limit: int = ROWS,
) -> Table:
    """Return a table of the first rows.

    Columns of numbers, sizes and durations are set flush right.

    Args:
        title: What it is of.
        columns: Heads.
        rows: As many cells in each as there are columns; those past the limit are not drawn.
        total: How many rows there are; None if there are no more than are shown.
        limit: How many are shown.
    """
    drawn = [*islice(rows, limit)]
    return Table(
        title=shortened(title, _TITLE),
        columns=tuple(shortened(name, _LONGEST) for name in columns),
        rows=tuple(tuple(_told(cell) for cell in row) for row in drawn),
        flush_right=frozenset(
            place for place in range(len(columns)) if all(_is_figure(row[place]) for row in drawn)
        ),
        more=0 if total is None else total - len(drawn),
    )


def facts(title: str, pairs: Iterable[tuple[str, Cell]]) -> Table:
    """Return a table of names and values; what is None or empty is left out.

    Args:
        title: What it is of.
        pairs: Names and values.
    """
    known = [(name, value) for name, value in pairs if value not in (None, "")]
    return msgspec.structs.replace(
        short_table(title, ("", ""), known, limit=len(known)), columns=(), flush_right=frozenset()
    )


class Link(str):
    """The text of a cell that is a web address; in HTML it can be followed if it is of http."""

    __slots__ = ()


class _Figure(str):
    """A number with its unit."""

    __slots__ = ()


def told_size(size: float) -> str:
    """Return a number of bytes in words, as "1.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 decimal prefixes
            return _Figure(f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}")
        size /= 1000
    return _Figure(f"{size:.1f} TB")


def told_duration(seconds: float | None) -> str | None:
    """Return a number of seconds in words; None stays None.

    >>> told_duration(0.042), told_duration(75.2), told_duration(3601)
    ('0.04 s', '1:15 min', '1:00:01 h')
    """
    if seconds is None or not math.isfinite(seconds):
        return None
    if seconds < 60:  # noqa: PLR2004 a minute
        return _Figure(f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s")
    left, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(left, 60)
    return _Figure(f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min")


def told_millis(millis: float | None) -> str | None:
    """Return a number of milliseconds in words, as `told_duration` does."""
    return None if millis is None else told_duration(millis / 1000)


def told_time(millis: float | None) -> str | None:
    """Return a time in milliseconds since 1970 as a day and minute, UTC; None if there is none.

    >>> told_time(0), told_time(1e18)
    ('1970-01-01 00:00', None)
    """
    try:
        return (
            None if millis is None else f"{_EPOCH + timedelta(milliseconds=millis):%Y-%m-%d %H:%M}"
        )
    except OverflowError:
        return None


def _told(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:.4g}"
        case Link():
            return Link(shortened(cell, _ADDRESS))
        case _:
            return shortened(cell, _LONGEST)


def _is_figure(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, (int, float, _Figure)) and not isinstance(cell, bool))


def _row(kind: str, cells: Sequence[str], flush_right: frozenset[int]) -> str:
    shown = (
        f"<{kind}{_RIGHT if place in flush_right else _LEFT}>{_escaped(text)}</{kind}>"
        for place, text in enumerate(cells)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _escaped(text: str) -> str:
    escaped = html.escape(text)
    if isinstance(text, Link) and text.startswith(("http://", "https://")):
        return f'<a href="{escaped}" target="_blank" rel="noopener noreferrer">{escaped}</a>'
    return escaped


def _rest(more: int) -> str:
    return f"… and {more:,} more"
