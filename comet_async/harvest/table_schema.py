"""What a table is: names, columns, types, and what each column says."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from comet_async.harvest.subjects import SubjectKind

__all__ = ["SCHEMA_VERSION", "Column", "Kind", "TableSchema"]

SCHEMA_VERSION = 2
"""Raised when a column changes its name, type or meaning; a new column alone does not raise it."""

Kind: TypeAlias = Literal[
    "string",
    "name",
    "int64",
    "float64",
    "bool",
    "timestamp",
    "strings",
    "gpus",
    "facts",
]
"""Arrow types: "name" is a string that repeats a lot (coded by dictionary in memory and on disk),
"timestamp" is timestamp[ms, UTC], "strings" list<string>, "gpus" and "facts" lists of structs."""


class Column(msgspec.Struct, frozen=True):
    """One column.

    Attributes:
        name: Its name.
        kind: Its type.
        meaning: What it says, with unit.
    """

    name: str
    kind: Kind
    meaning: str


class TableSchema(msgspec.Struct, frozen=True):
    """One table.

    Attributes:
        name: Its name, and its folder's.
        meaning: What a row is.
        columns: Its columns, in order.
        typical_bytes: Rough size of one subject's answer on the wire, for forecasts.
        subject: What an item of it is: one experiment, or else.
        listed: Whether the subject's entry in a listing holds all of it.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    typical_bytes: int
    subject: SubjectKind = "experiment"
    listed: bool = False
