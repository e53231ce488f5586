"""One table of a lake, not yet read: as Arrow, Polars, pandas, or a relation of DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from comet_async.arrow_shapes import ArrowDataset, ArrowSchema, ArrowTable
from comet_async.errors import PartError, UsageError
from comet_async.extras import extra
from comet_async.lake.drift import literal, quoted, sql_type, unified, widened
from comet_async.lake.layout import Part
from comet_async.redaction import printable, shortened
from comet_async.tabular import Dtypes, duckdb_connection, pandas_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl

__all__ = ["EXPERIMENT", "LakeTable"]

EXPERIMENT = "experiment_key"
"""The column that says whose a row is."""


class LakeTable:
    """A table of a lake, or some of its columns and experiments; read when it is asked for.

    Where parts differ in their columns these are matched by name; `widened` tells of types.

    Args:
        name: Its name.
        parts: Its files.
        columns: Columns to read, in this order; None for all.
        keys: Experiment keys to read; None for all.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Part],
        columns: Sequence[str] | None = None,
        keys: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.parts = tuple(parts)
        self._chosen = None if columns is None else tuple(columns)
        self._keys = None if keys is None else tuple(keys)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files."""
        return tuple(part.path for part in self.parts)

    @property
    def rows(self) -> int:
        """Rows of the whole table, as the footers say."""
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes on disk of the whole table."""
        return sum(part.bytes for part in self.parts)

    @cached_property
    def schema(self) -> ArrowSchema:
        """The columns that are read, a pyarrow schema.

        Raises:
            UsageError: A chosen column is not there.
            PartError: A part is damaged.
        """
        whole = self._whole
        if self._chosen is None:
            return whole
        for name in self._chosen:
            self._check(name)
        chosen = [whole.field(name) for name in self._chosen]
        return cast("ArrowSchema", extra("pyarrow").schema(chosen))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(self.schema.names)

    @cached_property
    def widened(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that parts hold in different types, with these; read as one that holds all."""
        return widened(self.parts)

    @cached_property
    def _whole(self) -> ArrowSchema:
        return unified(self.parts)

    def _check(self, name: str) -> None:
        if name not in self._whole.names:
            told = f"{printable(self.name)} has no column {printable(name)}"
            raise UsageError(f"{told}; it has {printable(', '.join(self._whole.names))}")

    def dataset(self) -> ArrowDataset:
        """Return a pyarrow dataset over the files, with the chosen experiments.

        It has all columns: choose those to read as you read.

        Raises:
            UsageError: The table knows no experiments, or pyarrow is missing.
            PartError: A part is damaged.
        """
        paths = [str(path) for path in self.paths]
        made = extra("pyarrow.dataset").dataset(paths, schema=self._whole, format="parquet")
        if self._keys is not None:
            self._check(EXPERIMENT)
            made = made.filter(extra("pyarrow.compute").field(EXPERIMENT).isin([*self._keys]))
        return cast("ArrowDataset", made)

    def to_arrow(self) -> ArrowTable:
        """Read into a pyarrow table.

        Raises:
            UsageError: A column is not there, or pyarrow is missing.
            PartError: A part is damaged.
        """
        problem = ""
        try:
            return self.dataset().to_table(columns=self.schema.names)
        except UsageError:
            raise
        except (OSError, ValueError) as error:
            problem = shortened(str(error), 200)
        raise PartError(f"{printable(self.name)} cannot be read: {problem}")

    def to_pandas(self, *, dtypes: Dtypes = "arrow") -> pd.DataFrame:
        """Read into a pandas frame.

        Args:
            dtypes: "arrow" keeps each type, and tells NaN from null; "nullable" are pandas' own
                types with a null, to which NaN is null; "numpy" makes integers beside nulls floats.

        Raises:
            UsageError: A column is not there, pandas is missing, or `dtypes` is none of its values.
            PartError: A part is damaged.
        """
        extra("pandas")
        return pandas_of(self.to_arrow(), dtypes)

    def to_polars(self) -> pl.LazyFrame:
        """Return a lazy Polars frame over the files.

        Raises:
            UsageError: A column is not there, or Polars is missing.
            PartError: A part is damaged.
        """
        scan: Callable[..., pl.LazyFrame] = extra("polars").scan_parquet
        if len(self._groups) > 1:
            scanned: pl.LazyFrame = extra("polars").scan_pyarrow_dataset(self.dataset())
        else:
            scanned = scan([*self.paths], glob=False, hive_partitioning=False)
            if self._keys is not None:
                self._check(EXPERIMENT)
                scanned = scanned.filter(extra("polars").col(EXPERIMENT).is_in([*self._keys]))
        return scanned if self._chosen is None else scanned.select(self.schema.names)

    def to_duckdb(
        self, connection: duckdb.DuckDBPyConnection | None = None
    ) -> duckdb.DuckDBPyRelation:
        """Return a relation of DuckDB over the files.

        Args:
            connection: Where it belongs; None for a new connection in memory, with times in UTC.

        Raises:
            UsageError: A column is not there, or DuckDB is missing.
            PartError: A part is damaged.
        """
        joined = duckdb_connection() if connection is None else connection
        return joined.sql(self.sql())

    def sql(self, parts: Sequence[Part] | None = None) -> str:
        """Return the query that reads it, for DuckDB.

        Args:
            parts: Only these of its parts, in the types of all; None for all.

        Raises:
            UsageError: A column is not there.
            PartError: A part is damaged.
        """
        columns = "*" if self._chosen is None else ", ".join(map(quoted, self.schema.names))
        chosen = self.parts if parts is None else parts
        source = _read(chosen) if len(self._groups) == 1 else f"({self._united(chosen)})"
        where = ""
        if self._keys is not None:
            self._check(EXPERIMENT)
            keys = ", ".join(map(literal, self._keys)) or "NULL"
            where = f" WHERE {quoted(EXPERIMENT)} IN ({keys})"
        return f"SELECT {columns} FROM {source}{where}"

    def _united(self, parts: Sequence[Part]) -> str:
        """Return a query over parts that have different columns."""
        wanted = {part.path for part in parts}
        found = [[p for p in group if p.path in wanted] for group in self._groups.values()]
        whole = self._whole
        # Each arm adds columns that it has; this one has all, in case that no other has them.
        nothing = ", ".join(
            f"NULL::{sql_type(field.type) or 'VARCHAR'} AS {quoted(field.name)}" for field in whole
        )
        arms = [f"SELECT {nothing} WHERE false", *(self._cast(group) for group in found if group)]
        names = ", ".join(map(quoted, whole.names))
        return f"SELECT {names} FROM ({' UNION ALL BY NAME '.join(arms)})"

    @cached_property
    def _groups(self) -> dict[tuple[tuple[str, str], ...], list[Part]]:
        """Parts by their columns."""
        found: dict[tuple[tuple[str, str], ...], list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.shape, []).append(part)
        return found

    def _cast(self, group: Sequence[Part]) -> str:
        """Return a query over parts that have the same columns, in the types of the whole."""
        told: list[str] = []
        for field in group[0].schema:
            kind = sql_type(self._whole.field(field.name).type)
            name = quoted(field.name)
            told.append(name if kind is None else f"CAST({name} AS {kind}) AS {name}")
        return f"SELECT {', '.join(told)} FROM {_read(group)}"

    def __repr__(self) -> str:
        return f"<LakeTable {printable(self.name)}: {self.rows:,} rows, {len(self.parts)} files>"


def _read(parts: Sequence[Part]) -> str:
    paths = ", ".join(literal(str(part.path)) for part in parts)
    return f"read_parquet([{paths}], hive_partitioning = false)"
