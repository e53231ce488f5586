"""Rows of a table from mappings, for tables with few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Columns

__all__ = ["columns_of", "text_of", "whole"]


def columns_of(table: str, rows: Sequence[Mapping[str, object]]) -> Columns:
    """Return rows as columns; a column that a row does not name is null there."""
    return {column.name: [row.get(column.name) for row in rows] for column in TABLES[table].columns}


def text_of(value: object) -> str | None:
    """Return a text as it is, anything else as JSON, nothing as None."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def whole(size: float | None) -> int | None:
    """Return a number of bytes as an integer; what is no such number counts as not told."""
    try:
        return None if size is None else int(size)
    except (ValueError, OverflowError):
        return None
