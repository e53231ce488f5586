"""One JSON document as Arrow arrays, parsed without a Python object per value and without the GIL.

Arrow's reader is laxer than ours in some places and stricter in others. What it refuses, and what
it may have read in another way, is None here: the caller then decodes in the usual way.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Protocol, cast

from comet_async.harvest.arrow import batch, require
from comet_async.harvest.schema import TableSchema

__all__ = ["Array", "ArrowType", "arrow", "column_types", "compute", "document"]

_BOM = b"\xef\xbb\xbf"
_LONGEST = 2**31 - 2
"""Bytes of the longest document that Arrow's reader takes as one block."""


class ArrowType(Protocol):
    """A pyarrow data type."""

    @property
    def num_fields(self) -> int:
        """Types inside it."""
        ...


class Array(Protocol):
    """A pyarrow array."""

    @property
    def null_count(self) -> int:
        """Nulls in it."""
        ...

    @property
    def type(self) -> ArrowType:
        """Type of its values."""
        ...

    def __len__(self) -> int: ...

    def field(self, index: str, /) -> Array:
        """Return the member of an array of structs."""
        ...

    def flatten(self) -> Array:
        """Return the elements of an array of lists, one list after the other."""
        ...

    def slice(self, offset: int, length: int) -> Array:
        """Return a part of it, without a copy."""
        ...

    def dictionary_encode(self) -> Array:
        """Return each different value once, and codes."""
        ...

    def take(self, indices: Array) -> Array:
        """Return the values at these places."""
        ...

    def cast(self, target_type: ArrowType) -> Array:
        """Return the values as another type."""
        ...

    def to_pylist(self) -> list[object]:
        """Return the values as Python's; null is None."""
        ...


@functools.cache
def arrow() -> ModuleType:
    """Return pyarrow.

    Raises:
        UsageError: It is not installed.
    """
    require()
    return importlib.import_module("pyarrow")


@functools.cache
def compute() -> ModuleType:
    """Return pyarrow.compute.

    Raises:
        UsageError: pyarrow is not installed.
    """
    require()
    return importlib.import_module("pyarrow.compute")


@functools.cache
def column_types(table: TableSchema) -> Mapping[str, ArrowType]:
    """Return the Arrow type of each column of a table, in order."""
    empty = batch(table, {column.name: () for column in table.columns})
    columns = cast("_Columns", empty).columns
    names = [column.name for column in table.columns]
    return {name: column.type for name, column in zip(names, columns, strict=True)}


class _Columns(Protocol):
    @property
    def columns(self) -> Sequence[Array]: ...


def document(
    body: bytes, members: Mapping[str, ArrowType], *, only_known: bool
) -> Mapping[str, Array] | None:
    """Return members of the one object that `body` holds, each as an array of length 1.

    A member that is null or missing is null; members inside it likewise. Parsing holds no GIL, and
    is safe for any nesting: the types given bound what is built.

    Args:
        body: A JSON document; a byte order mark is passed over.
        members: Type by name; integers, floats and texts must come as just that.
        only_known: Refuse members that `members` does not name, at any depth; else skip them.
            What is skipped is hardly checked: see first that it is JSON.

    Returns:
        The arrays, or None where the reader refuses, or the body is not exactly one object, or a
        text in it is no UTF-8. Bare NaN and Infinity come as floats; a member that comes twice is
        refused.
    """
    pa = arrow()
    if len(body) > _LONGEST or b"\0" in body:  # Arrow ends a document at a NUL
        return None
    reader = importlib.import_module("pyarrow.json")
    whole = pa.py_buffer(body)
    source = whole.slice(len(_BOM)) if body.startswith(_BOM) else whole
    try:
        table = reader.read_json(
            pa.BufferReader(source),
            read_options=reader.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=reader.ParseOptions(
                explicit_schema=pa.schema(list(members.items())),
                newlines_in_values=True,
                unexpected_field_behavior="error" if only_known else "ignore",
            ),
            # The default pool keeps what was freed: twice the peak, for 5 % of the time.
            memory_pool=pa.system_memory_pool(),
        )
        if table.num_rows != 1:
            return None
        table.validate(full=True)
    except pa.ArrowException:
        return None
    return {name: cast("Array", table.column(name).chunk(0)) for name in members}
