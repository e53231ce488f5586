"""The one place that speaks to pyarrow, which has no types: typed functions around it.

pyarrow is an extra. It is looked up when it is first needed, and its lack is said in one line.
"""

from __future__ import annotations

import importlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from comet_async.errors import DecodeError, PartError, UsageError
from comet_async.harvest.schema import SCHEMA_VERSION, Kind, TableSchema
from comet_async.redaction import printable, shortened

__all__ = [
    "Batch",
    "ParquetStream",
    "PartReader",
    "Sink",
    "batch",
    "joined",
    "only",
    "require",
    "rows_in",
    "schema_of",
    "sorted_by",
]

_ROW_GROUP = 64 * 1024
_LEVEL = 3
_FILES_OPEN = 32
_GROUPS_HELD = 3
_BATCHES_HELD = 512


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

    def slice(self, offset: int, length: int, /) -> Batch:
        """Return some of the rows."""
        ...

    def column(self, name: str, /) -> object:
        """Return a column."""
        ...

    def to_pylist(self) -> list[dict[str, object]]:
        """Return the rows as objects; for few."""
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


class _Table(Protocol):
    def combine_chunks(self) -> _Table: ...

    def to_batches(self) -> list[Batch]: ...


def joined(table: TableSchema, batches: Sequence[Batch]) -> Batch:
    """Return all rows of `batches` as one batch."""
    pa = _module("pyarrow")
    rows = pa.Table.from_batches(list(batches), schema=schema_of(table)).unify_dictionaries()
    return _one(table, cast("_Table", rows))


def sorted_by(rows: Batch, column: str) -> Batch:
    """Return rows in the order of a column; those that are equal in it stay in their order."""
    pc = _module("pyarrow.compute")
    arrow: _Indexed = cast("_Indexed", rows)
    order = pc.array_sort_indices(arrow.column(column).cast(_type("string")))
    return arrow.take(order)


def only(rows: Batch, column: str, values: AbstractSet[str]) -> Batch:
    """Return the rows that have one of `values` in a column."""
    pa, pc = _module("pyarrow"), _module("pyarrow.compute")
    arrow: _Indexed = cast("_Indexed", rows)
    wanted = pa.array(sorted(values), pa.string())
    return arrow.filter(pc.is_in(arrow.column(column).cast(pa.string()), value_set=wanted))


class _Column(Protocol):
    def cast(self, kind: object, /) -> object: ...


class _Indexed(Protocol):
    def column(self, name: str, /) -> _Column: ...

    def take(self, indices: object, /) -> Batch: ...

    def filter(self, mask: object, /) -> Batch: ...


def _one(table: TableSchema, rows: _Table) -> Batch:
    batches = rows.combine_chunks().to_batches()
    return batches[0] if batches else batch(table, {c.name: [] for c in table.columns})


class Sink(Protocol):
    """Where a Parquet file goes, piece by piece."""

    def write(self, data: bytes, /) -> int:
        """Take a piece; return its size."""
        ...


class ParquetStream:
    """A Parquet file under way: zstd, statistics, checksums, at most 65,536 rows in a row group.

    Args:
        table: Schema, also of a file without rows.
        sink: Where its bytes go.
    """

    def __init__(self, table: TableSchema, sink: Sink) -> None:
        pa, pq = _module("pyarrow"), _module("pyarrow.parquet")
        self._table = table
        self._schema = schema_of(table)
        self._held: list[Batch] = []
        self._rows = 0
        self._file = pa.PythonFile(_Stream(sink), mode="w")
        self._writer = pq.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            compression_level=_LEVEL,
            store_schema=False,
            write_page_checksum=True,
        )
        self._writer.add_key_value_metadata(
            {
                "comet_async.table": table.name,
                "comet_async.schema_version": str(SCHEMA_VERSION),
            }
        )

    def add(self, rows: Batch) -> None:
        """Append rows; a row group is written when enough have come."""
        self._held.append(rows)
        self._rows += rows.num_rows
        if self._rows >= _ROW_GROUP:
            self._write()
        elif len(self._held) >= _BATCHES_HELD:
            self._held = [joined(self._table, self._held)]

    def _write(self) -> None:
        pa = _module("pyarrow")
        held, self._held, self._rows = self._held, [], 0
        rows = pa.Table.from_batches(held, schema=self._schema).unify_dictionaries()
        self._writer.write_table(rows, row_group_size=_ROW_GROUP)

    def close(self) -> None:
        """Write what is left and the footer."""
        if self._held:
            self._write()
        self._writer.close()
        _module("pyarrow").default_memory_pool().release_unused()


class _Stream:
    """A sink in the form of a file for pyarrow."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        return self._sink.write(bytes(data))

    def flush(self) -> None:
        """Do nothing: the sink keeps nothing back."""

    def close(self) -> None:
        """Do nothing: whoever made the sink closes it."""


def schema_of(table: TableSchema) -> object:
    """Return the Arrow schema of a table."""
    pa = _module("pyarrow")
    columns = [(column.name, _type(column.kind)) for column in table.columns]
    return cast("object", pa.schema(columns))


def rows_in(path: Path) -> int:
    """Return how many rows the footer of a Parquet file tells of.

    Raises:
        PartError: It is no Parquet file, or cut short.
    """
    pq = _module("pyarrow.parquet")
    problem = ""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError) as error:
        problem = shortened(str(error), 200)
    raise PartError(f"{printable(str(path))} is damaged: {problem}")


class PartReader:
    """Slices of the rows of Parquet parts, with the last few row groups in memory.

    Args:
        table: Schema of the parts.
    """

    def __init__(self, table: TableSchema) -> None:
        self._schema = schema_of(table)
        self._files: OrderedDict[Path, _Parquet] = OrderedDict()
        self._groups: OrderedDict[tuple[Path, int], _Rows] = OrderedDict()

    def batches(self, path: Path, first: int, rows: int) -> Iterator[Batch]:
        """Give `rows` rows from row `first` on.

        Raises:
            PartError: The part is damaged, or has fewer rows.
        """
        problem = ""
        try:
            yield from self._batches(path, first, rows)
        except (OSError, ValueError, LookupError) as error:
            problem = shortened(str(error), 200)
        if problem:
            raise PartError(f"{printable(str(path))} is damaged: {problem}")

    def _batches(self, path: Path, first: int, rows: int) -> Iterator[Batch]:
        starts = self._file(path).starts
        number = bisect_right(starts, first) - 1
        while rows > 0:
            group = self._group(path, number)
            begin = first - starts[number]
            part = group.slice(begin, min(rows, group.num_rows - begin))
            if not part.num_rows:
                raise ValueError("rows are missing")
            yield from part.to_batches()
            first, rows, number = first + part.num_rows, rows - part.num_rows, number + 1

    def _file(self, path: Path) -> _Parquet:
        found = self._files.get(path)
        if found is None:
            found = self._files[path] = _Parquet(path)
            if len(self._files) > _FILES_OPEN:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(path)
        return found

    def _group(self, path: Path, number: int) -> _Rows:
        found = self._groups.get((path, number))
        if found is None:
            found = self._file(path).group(number, self._schema)
            self._groups[path, number] = found
            if len(self._groups) > _GROUPS_HELD:
                self._groups.popitem(last=False)
        self._groups.move_to_end((path, number))
        return found

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._groups.clear()


class _Field(Protocol):
    name: str
    type: object


class _Rows(Protocol):
    num_rows: int

    def slice(self, offset: int, length: int) -> _Rows: ...

    def to_batches(self) -> list[Batch]: ...


class _Parquet:
    """An open Parquet file and where its row groups begin."""

    def __init__(self, path: Path) -> None:
        pq = _module("pyarrow.parquet")
        self._file = pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)
        self.starts = [0]
        meta = self._file.metadata
        for number in range(meta.num_row_groups):
            self.starts.append(self.starts[-1] + meta.row_group(number).num_rows)

    def group(self, number: int, schema: object) -> _Rows:
        """Return rows in the form of `schema`; a column that is newer than the part is null."""
        rows = self._file.read_row_group(number)
        for field in cast("Iterable[_Field]", schema):
            if field.name not in rows.column_names:
                nothing = _module("pyarrow").nulls(rows.num_rows, field.type)
                rows = rows.append_column(field, nothing)
        return cast("_Rows", rows.select(schema.names).cast(schema))  # type: ignore[attr-defined]  # as above

    def close(self) -> None:
        self._file.close()
