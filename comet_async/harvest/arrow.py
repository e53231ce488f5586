"""The one place that speaks to pyarrow, which has no types: typed functions around it.

pyarrow is an extra. It is looked up when it is first needed, and its lack is said in one line.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Protocol, cast

from comet_async.errors import DecodeError, UsageError
from comet_async.harvest.schema import SCHEMA_VERSION, Kind, TableSchema
from comet_async.redaction import shortened

__all__ = ["Batch", "batch", "parquet", "require"]

_ROW_GROUP = 256 * 1024
_LEVEL = 3


class Batch(Protocol):
    """Rows of one table in columns: a pyarrow record batch."""

    @property
    def num_rows(self) -> int:
        """Rows."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        ...


def require() -> None:
    """See that pyarrow is there.

    Raises:
        UsageError: It is not installed.
    """
    _module("pyarrow")
    _module("pyarrow.parquet")


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError("a harvest needs pyarrow: pip install 'comet_async[harvest]'") from None


def _type(kind: Kind) -> object:
    pa = _module("pyarrow")
    text = pa.string()
    if kind == "gpus":
        number = pa.float64()
        members = [("gpu_index", pa.int64()), ("name", text), ("uuid", text)]
        more = [("total_memory", number), ("power_limit", number)]
        return cast("object", pa.list_(pa.struct(members + more)))
    if kind == "facts":
        return cast("object", pa.list_(pa.struct([("key", text), ("value", text)])))
    simple: Mapping[str, object] = {
        "string": text,
        "name": pa.dictionary(pa.int32(), text),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("ms", "UTC"),
        "strings": pa.list_(text),
    }
    return simple[kind]


def batch(table: TableSchema, columns: Mapping[str, Sequence[object]]) -> Batch:
    """Return columns of Python values as typed columns.

    Args:
        table: Schema; `columns` must hold exactly its columns, all of one length.
        columns: Values by column name; None is null.

    Raises:
        DecodeError: A value does not fit its column, as an integer beyond 64 bits.
    """
    pa = _module("pyarrow")
    arrays: list[object] = []
    for column in table.columns:
        kind = _type(column.kind)
        values = columns[column.name]
        problem = ""
        try:
            arrays.append(pa.array(values, kind))
        except (ValueError, OverflowError, TypeError) as error:
            problem = shortened(str(error), 200)
        if problem:
            raise DecodeError(f"{table.name}.{column.name}: {problem}")
    names = [column.name for column in table.columns]
    return cast("Batch", pa.RecordBatch.from_arrays(arrays, names=names))


def parquet(table: TableSchema, batches: Sequence[Batch]) -> memoryview:
    """Return a whole Parquet file: zstd, statistics, at most 262,144 rows in a row group.

    Args:
        table: Schema, also of a file without rows.
        batches: Rows, in order.
    """
    pa, pq = _module("pyarrow"), _module("pyarrow.parquet")
    schema = pa.schema([(column.name, _type(column.kind)) for column in table.columns])
    rows = pa.Table.from_batches(list(batches), schema=schema).unify_dictionaries()
    out = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        out, schema, compression="zstd", compression_level=_LEVEL, store_schema=False
    )
    writer.add_key_value_metadata(
        {
            "comet_async.table": table.name,
            "comet_async.schema_version": str(SCHEMA_VERSION),
        }
    )
    writer.write_table(rows, row_group_size=_ROW_GROUP)
    writer.close()
    return memoryview(cast("bytes", out.getvalue()))
