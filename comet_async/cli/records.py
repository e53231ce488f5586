"""Rows of a query on standard output: as a table, as JSON, as CSV; one record for each row."""

from __future__ import annotations

import base64
import csv
import io
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import cast

import msgspec

from comet_async.cli.output import is_terminal, note, put_bytes, safe_json
from comet_async.cli.tables import Table, cell, nested, put_table
from comet_async.redaction import printable

__all__ = ["csv_cell", "plain", "put_csv", "put_json_rows", "put_rows"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 2**63
_JSON = msgspec.json.Encoder(decimal_format="number")


def plain(value: object) -> object:
    """Return a value as JSON can hold it: moments as ISO 8601, octets as base64.

    NaN and the infinities become the texts that Comet sends for them.

    >>> plain({"at": [float("nan"), 2.5]})
    {'at': ['NaN', 2.5]}
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_WIDEST <= value < 2 * _WIDEST else Decimal(value)
    for kinds, told in _PLAIN:
        if isinstance(value, kinds):
            return told(value)
    return str(value)


def _number(value: object) -> object:
    """Return a float or a decimal, as text where JSON has no such number."""
    number = cast("float | Decimal", value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def _object(value: object) -> object:
    members = cast("dict[object, object]", value)
    return {k if isinstance(k, str) else str(k): plain(v) for k, v in members.items()}


def _items(value: object) -> object:
    return [plain(item) for item in cast("Sequence[object]", value)]


def _moment(value: object) -> object:
    return cast("datetime", value).isoformat().replace("+00:00", "Z")


def _octets(value: object) -> object:
    return base64.b64encode(cast("bytes", value)).decode("ascii")


def _seconds(value: object) -> object:
    return cast("timedelta", value).total_seconds()


_PLAIN: tuple[tuple[tuple[type, ...], Callable[[object], object]], ...] = (
    ((float, Decimal), _number),
    ((dict,), _object),
    ((list, tuple), _items),
    ((datetime, date, time), _moment),
    ((bytes, bytearray, memoryview), _octets),
    ((timedelta,), _seconds),
)


def put_json_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a JSON list with one object, and one line, for each."""
    first = True
    for row in rows:
        record = {name: plain(value) for name, value in zip(columns, row, strict=True)}
        put_bytes(b"[\n" if first else b",\n")
        put_bytes(safe_json(_JSON.encode(record)).encode())
        first = False
    put_bytes(b"[]\n" if first else b"\n]\n")


def csv_cell(value: object, *, raw: bool = False) -> str:
    r"""Return a value as a cell of CSV: null is empty, nested values are JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, and control
    characters are escapes, so each row stays on its line.

    >>> csv_cell("=1+1"), csv_cell(-1.5), csv_cell("a\nb"), csv_cell("=1+1", raw=True)
    ("'=1+1", '-1.5', 'a\\nb', '=1+1')

    Args:
        value: Any value.
        raw: Whether the text is left as it is.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return str(value if isinstance(value, int) else plain(value))
    simple = plain(value)
    text = simple if isinstance(simple, str) else _JSON.encode(simple).decode()
    if raw:
        return text
    return ("'" if text.startswith(_FORMULA) else "") + printable(text)


def put_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], *, raw: bool) -> None:
    """Write rows as CSV under a line of heads.

    Args:
        columns: Heads.
        rows: As many values in each.
        raw: Whether texts are left as they are; never so on a terminal's screen.
    """
    raw = raw and not is_terminal(sys.stdout)
    put_bytes(_csv_line(columns, raw=raw))
    for row in rows:
        put_bytes(_csv_line(row, raw=raw))


def _csv_line(row: Sequence[object], *, raw: bool) -> bytes:
    line = io.StringIO()
    # Python before 3.13 quotes a CR only where it is part of the end of a line.
    csv.writer(line, lineterminator="\r\n").writerow([csv_cell(value, raw=raw) for value in row])
    return (line.getvalue().removesuffix("\r\n") + "\n").encode("utf-8", "surrogateescape")


def put_rows(columns: Sequence[str], rows: Iterator[Sequence[object]], *, limit: int) -> None:
    """Write rows as a table, and say so where there are more than the limit.

    Args:
        columns: Heads.
        rows: As many values in each.
        limit: Rows to show; 0 for all.
    """
    shown = list(islice(rows, limit or None))
    numeric = frozenset(
        printable(name)
        for at, name in enumerate(columns)
        if any(_is_number(row[at]) for row in shown)
        and all(row[at] is None or _is_number(row[at]) for row in shown)
    )
    cells = [[_shown(value) for value in row] for row in shown]
    put_table(Table([printable(name) for name in columns], cells, numeric))
    if limit and next(rows, None) is not None:
        note(f"these are the first {limit:,} rows; --limit 0 shows all")


def _shown(value: object) -> str:
    if _is_number(value):
        return csv_cell(value)
    simple = plain(value)
    if isinstance(simple, (list, dict)):
        return nested(_JSON.encode(simple).decode())
    return cell(simple)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
