"""A harvest opened to be read: its tables, its curves, its earlier states.

lake = comet_async.open_lake("lake")
lake["parameters"].to_pandas()
lake.metrics("loss").plot()
lake.duckdb().sql("select * from experiments")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from comet_async.arrow_shapes import ArrowSchema, ArrowTable
from comet_async.errors import UsageError
from comet_async.extras import extra
from comet_async.lake.curves import By, Curves
from comet_async.lake.drift import quoted
from comet_async.lake.layout import (
    Part,
    Snapshot,
    found_parts,
    found_snapshots,
    refuse_other,
    snapshot_folder,
    steady,
)
from comet_async.lake.table import EXPERIMENT, LakeTable
from comet_async.redaction import printable
from comet_async.shown import Shown, Table, short_table, told_size
from comet_async.tabular import duckdb_connection, duckdb_of, pandas_of, polars_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    from duckdb import DuckDBPyRelation

__all__ = ["LakeReader", "open_lake"]

_FORMS = ("pandas", "polars", "arrow", "duckdb")


def open_lake(folder: str | os.PathLike[str], *, snapshot: int | None = None) -> LakeReader:
    """Open the folder of a harvest to read it. Nothing but file names is read yet.

    A harvest may go on in it meanwhile: what was opened stays as it was.

    >>> open_lake("no/such/folder")
    Traceback (most recent call last):
    comet_async.errors.UsageError: no/such/folder: no such folder

    Args:
        folder: The folder.
        snapshot: Number of an earlier state; None for the newest.

    Raises:
        UsageError: It is no such folder, or has no such snapshot.
    """
    root = Path(folder).absolute()
    try:
        refuse_other(root)
    except UsageError as error:
        raise UsageError(
            error.message.replace(printable(str(root)), printable(str(folder)))
        ) from None
    if snapshot is None:
        return LakeReader(root, steady(root, found_parts(root)), None)
    return LakeReader(root, found_parts(snapshot_folder(root, snapshot)), snapshot)


class LakeReader(Shown):
    """The tables of a harvest, by name. `open_lake` makes it.

    Args:
        folder: The folder of the harvest.
        parts: The files of each table.
        snapshot: Which earlier state it is, None for the newest.
    """

    def __init__(
        self, folder: Path, parts: Mapping[str, Sequence[Part]], snapshot: int | None
    ) -> None:
        self.folder = folder
        self.snapshot = snapshot
        self._tables = {name: LakeTable(name, found) for name, found in parts.items()}

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are there."""
        return tuple(self._tables)

    def table(
        self,
        name: str,
        *,
        columns: Sequence[str] | None = None,
        experiments: Sequence[str] | None = None,
    ) -> LakeTable:
        """Return a table, not yet read.

        Args:
            name: Its name.
            columns: Columns to read; None for all.
            experiments: Keys or names of experiments to read; None for all.

        Raises:
            UsageError: There is no such table, or no such experiment.
        """
        found = self._tables.get(name)
        if found is None:
            known = ", ".join(self.tables) or "none yet"
            raise UsageError(f"no table {printable(name)}; there are: {printable(known)}")
        if columns is None and experiments is None:
            return found
        keys = None if experiments is None else self._keys(experiments)
        return LakeTable(name, found.parts, columns, keys)

    def _keys(self, wanted: Sequence[str]) -> list[str]:
        """Return the keys of experiments that are named by key or by name."""
        if isinstance(wanted, str):
            wanted = [wanted]
        if "experiments" not in self._tables:
            return list(wanted)
        known: dict[str, dict[str, None]] = {}
        listed = self.table("experiments", columns=[EXPERIMENT, "experiment_name"]).to_arrow()
        for row in listed.to_pylist():
            key, name = str(row[EXPERIMENT]), row["experiment_name"]
            known.setdefault(key, {})[key] = None
            if isinstance(name, str):
                known.setdefault(name, {})[key] = None
        missing = [text for text in wanted if text not in known]
        if missing:
            raise UsageError(f"no experiment has the key or name {printable(', '.join(missing))}")
        return list(dict.fromkeys(key for text in wanted for key in known[text]))

    def schema(self, name: str) -> ArrowSchema:
        """Return the columns of a table, a pyarrow schema.

        Raises:
            UsageError: There is no such table, or pyarrow is missing.
            PartError: A part is damaged.
        """
        return self.table(name).schema

    def __getitem__(self, name: str) -> LakeTable:
        return self.table(name)

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def snapshots(self) -> list[Snapshot]:
        """Return the earlier states, the first one first; the last is the newest state.

        Raises:
            PartError: What one says of itself is damaged.
        """
        return found_snapshots(self.folder)

    def at(self, number: int) -> LakeReader:
        """Return the lake as a snapshot shows it.

        Raises:
            UsageError: There is no such snapshot.
        """
        return open_lake(self.folder, snapshot=number)

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """Return a connection to a DuckDB in memory with one view per table. Times are in UTC.

        Raises:
            UsageError: DuckDB is missing.
            PartError: A part is damaged.
        """
        made = duckdb_connection()
        for name, table in self._tables.items():
            made.execute(f"CREATE VIEW {quoted(name)} AS {table.sql()}")
        return made

    @overload
    def metrics(
        self,
        name: str | Sequence[str],
        *,
        wide: bool = True,
        as_: Literal["pandas"] = "pandas",
        by: By = "step",
        experiments: Sequence[str] | None = None,
        context: str | None = None,
    ) -> pd.DataFrame: ...

    @overload
    def metrics(
        self,
        name: str | Sequence[str],
        *,
        wide: bool = True,
        as_: Literal["polars"],
        by: By = "step",
        experiments: Sequence[str] | None = None,
        context: str | None = None,
    ) -> pl.DataFrame: ...

    @overload
    def metrics(
        self,
        name: str | Sequence[str],
        *,
        wide: bool = True,
        as_: Literal["arrow"],
        by: By = "step",
        experiments: Sequence[str] | None = None,
        context: str | None = None,
    ) -> ArrowTable: ...

    @overload
    def metrics(
        self,
        name: str | Sequence[str],
        *,
        wide: bool = True,
        as_: Literal["duckdb"],
        by: By = "step",
        experiments: Sequence[str] | None = None,
        context: str | None = None,
    ) -> DuckDBPyRelation: ...

    def metrics(
        self,
        name: str | Sequence[str],
        *,
        wide: bool = True,
        as_: Literal["pandas", "polars", "arrow", "duckdb"] = "pandas",
        by: By = "step",
        experiments: Sequence[str] | None = None,
        context: str | None = None,
    ) -> pd.DataFrame | pl.DataFrame | ArrowTable | DuckDBPyRelation:
        """Return the curves of metrics, as they are plotted.

        The wide form has one row for each step, in order, and one column for each curve, under the
        experiment's name; its key joins the name where several share it, the metric where there
        are several, the context where a metric has several. Of points at one step the one stored
        last counts; points without a step are left out. The long form has all points, in the
        columns experiment_key, experiment_name, metric, context, step, epoch, timestamp and value.

        Args:
            name: Name of a metric, or a glob as `val/*`, or several of these.
            wide: Whether to return the wide form.
            as_: "pandas" (the steps are the index), "polars", "arrow" or "duckdb" (the first
                column). pandas gets NumPy's floats in the wide form, whose gaps are NaN, and the
                types of Arrow in the long form.
            by: What the rows of the wide form are: "step", "epoch" or "timestamp".
            experiments: Keys or names; None for all.
            context: Only points in this context, as `train`.

        Raises:
            UsageError: No metric has such a name, there is no such table or experiment, or a
                package is missing; the message says what to install.
            PartError: A part is damaged.
        """
        if as_ not in _FORMS:
            raise UsageError(f"as_ is one of {', '.join(_FORMS)}, not {printable(str(as_))}")
        extra("pyarrow" if as_ == "arrow" else as_)
        keys = None if experiments is None else self._keys(experiments)
        names = (name,) if isinstance(name, str) else tuple(name)
        curves = Curves(self.duckdb(), self.tables, names, keys, context)
        rows = curves.wide(by) if wide else curves.long()
        if as_ == "arrow":
            return rows
        if as_ == "polars":
            return polars_of(rows)
        if as_ == "duckdb":
            return duckdb_of(rows, None)
        return pandas_of(rows, "numpy").set_index(by) if wide else pandas_of(rows, "arrow")

    def __repr__(self) -> str:
        return self._table().to_text()

    def _table(self) -> Table:
        at = "" if self.snapshot is None else f" at snapshot {self.snapshot}"
        return short_table(
            f"LakeReader {_told(self.folder)}{at}, {len(self)} tables",
            ("table", "rows", "size"),
            [(name, own.rows, told_size(own.bytes)) for name, own in self._tables.items()],
            limit=len(self),
        )


def _told(folder: Path) -> Path:
    """Return a folder as one would name it here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
