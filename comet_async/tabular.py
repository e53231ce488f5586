"""Results that are tables: as Arrow, Polars, pandas, or a relation of DuckDB.

Arrow is what the other three are made of, without a copy where their memory is alike. Types stay
what they are: integers beside nulls remain integers, NaN is a number and no null, times are in UTC.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import msgspec

from comet_async.arrow_shapes import ArrowTable
from comet_async.errors import UsageError
from comet_async.extras import extra
from comet_async.redaction import printable

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl

__all__ = [
    "Dtypes",
    "Tabular",
    "arrow_of_rows",
    "duckdb_connection",
    "duckdb_of",
    "pandas_of",
    "polars_of",
    "tables_by_key",
]

Dtypes: TypeAlias = Literal["arrow", "nullable", "numpy"]
"""What the columns of a pandas frame are: `arrow` keeps each type, and tells NaN from null;
`nullable` are pandas' own Int64, boolean, string and Float64, to which NaN is null; `numpy` is what
NumPy has: integers beside nulls become floats, and null is NaN or None."""

_DTYPES = ("arrow", "nullable", "numpy")


class Tabular:
    """A result that is a table. `to_arrow` is what the other forms are made of."""

    __slots__ = ()

    @abstractmethod
    def to_arrow(self) -> ArrowTable:
        """Return the rows as a pyarrow table.

        Raises:
            UsageError: pyarrow is missing; the message says what to install.
        """
        raise NotImplementedError

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a Polars frame, which shares the memory of the Arrow table.

        Raises:
            UsageError: Polars or pyarrow is missing; the message says what to install.
        """
        extra("polars")
        return polars_of(self.to_arrow())

    def to_pandas(self, *, dtypes: Dtypes = "arrow") -> pd.DataFrame:
        """Return the rows as a pandas frame.

        Args:
            dtypes: "arrow" keeps each type, and tells NaN from null; "nullable" are pandas' own
                types with a null, to which NaN is null; "numpy" makes integers beside nulls floats.

        Raises:
            UsageError: pandas or pyarrow is missing, or `dtypes` is none of its three values.
        """
        extra("pandas")
        return pandas_of(self.to_arrow(), dtypes)

    def to_duckdb(
        self, connection: duckdb.DuckDBPyConnection | None = None
    ) -> duckdb.DuckDBPyRelation:
        """Return the rows as a relation of DuckDB, which reads the Arrow table where it is.

        Args:
            connection: Where it belongs; None for a new connection in memory, with times in UTC.

        Raises:
            UsageError: DuckDB or pyarrow is missing; the message says what to install.
        """
        extra("duckdb")
        return duckdb_of(self.to_arrow(), connection)


def polars_of(table: ArrowTable) -> pl.DataFrame:
    """Return an Arrow table as a Polars frame.

    Raises:
        UsageError: Polars is missing.
    """
    return cast("pl.DataFrame", extra("polars").from_arrow(table))


def pandas_of(table: ArrowTable, dtypes: Dtypes) -> pd.DataFrame:
    """Return an Arrow table as a pandas frame.

    Raises:
        UsageError: pandas is missing, or `dtypes` is none of its three values.
    """
    frames = extra("pandas")
    if dtypes not in _DTYPES:
        told = printable(str(dtypes))
        raise UsageError(f"dtypes is one of {', '.join(_DTYPES)}, not {told}")
    if dtypes == "arrow":
        return table.to_pandas(types_mapper=frames.ArrowDtype)
    if dtypes == "nullable":
        return table.to_pandas(types_mapper=_nullable().get)
    return table.to_pandas()


def _nullable() -> Mapping[object, object]:
    """Return pandas' own types with a null by the Arrow types that they stand for."""
    arrow, frames = extra("pyarrow"), extra("pandas")
    found: dict[object, object] = {
        arrow.bool_(): frames.BooleanDtype(),
        arrow.string(): frames.StringDtype(),
        arrow.float32(): frames.Float32Dtype(),
        arrow.float64(): frames.Float64Dtype(),
    }
    for bits in (8, 16, 32, 64):
        found[getattr(arrow, f"int{bits}")()] = getattr(frames, f"Int{bits}Dtype")()
        found[getattr(arrow, f"uint{bits}")()] = getattr(frames, f"UInt{bits}Dtype")()
    return found


def duckdb_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection to a DuckDB in memory that shows times in UTC.

    Raises:
        UsageError: DuckDB is missing.
    """
    made = cast("duckdb.DuckDBPyConnection", extra("duckdb").connect())
    made.execute("SET TimeZone = 'UTC'")
    return made


def duckdb_of(
    table: ArrowTable, connection: duckdb.DuckDBPyConnection | None
) -> duckdb.DuckDBPyRelation:
    """Return an Arrow table as a relation of DuckDB.

    Raises:
        UsageError: DuckDB is missing.
    """
    joined = duckdb_connection() if connection is None else connection
    return joined.from_arrow(table)


def tables_by_key(items: Iterable[tuple[object, object]]) -> ArrowTable:
    """Return keys and values as one table, each row under its key in the column `key`.

    A `Tabular` gives its own rows and types, a list its items, a struct or mapping one row of its
    members, anything else one row with the column `value`. A struct of nothing but a list counts
    as that list. Columns that have no common type hold text, JSON where it was none.

    Raises:
        UsageError: pyarrow is missing.
    """
    arrow = extra("pyarrow")
    found = list(items)
    if found and all(isinstance(value, Tabular) for _, value in found):
        tables: list[object] = []
        keys: list[object] = []
        for key, value in found:
            table = cast("Tabular", value).to_arrow()
            tables.append(table)
            keys += [key] * table.num_rows
        joined = arrow.concat_tables(tables, promote_options="permissive")
        return cast("ArrowTable", joined.add_column(0, "key", _column(keys)))
    return arrow_of_rows({"key": key, **row} for key, value in found for row in _rows(value))


def arrow_of_rows(rows: Iterable[Mapping[str, object]]) -> ArrowTable:
    """Return rows as an Arrow table; a column that a row does not name is null there.

    Raises:
        UsageError: pyarrow is missing.
    """
    arrow = extra("pyarrow")
    found = list(rows)
    names = list(dict.fromkeys(name for row in found for name in row))
    columns = [_column([row.get(name) for row in found]) for name in names]
    return cast("ArrowTable", arrow.table(columns, names=names))


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    """Give the rows that a value stands for."""
    if isinstance(value, Tabular):
        yield from value.to_arrow().to_pylist()
    elif isinstance(value, msgspec.Struct):
        members = {name: cast("object", getattr(value, name)) for name in value.__struct_fields__}
        only = next(iter(members.values())) if len(members) == 1 else None
        if isinstance(only, (list, tuple)):
            yield from _rows(cast("object", only))
        else:
            yield members
    elif isinstance(value, Mapping):
        yield {str(name): member for name, member in cast("Mapping[object, object]", value).items()}
    elif isinstance(value, (list, tuple)):
        for item in cast("Sequence[object]", value):
            yield from _rows(item)
    else:
        yield {"value": value}


def _column(values: Sequence[object]) -> object:
    """Return values as an Arrow array: of the type that holds all, else of texts."""
    arrow = extra("pyarrow")
    plain = [_plain(value) for value in values]
    try:
        return cast("object", arrow.array(plain))
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        return cast("object", arrow.array([_text(value) for value in plain], arrow.string()))


def _plain(value: object) -> object:
    """Return what pyarrow takes: a struct as a dict, text subclasses and the like as they are."""
    if isinstance(value, (msgspec.Struct, Mapping, list, tuple)):
        return cast("object", msgspec.to_builtins(value, builtin_types=(bytes,), str_keys=True))
    return value


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError):
        return str(value)
