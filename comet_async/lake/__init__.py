"""Reading a harvest: tables for pyarrow, Polars, pandas and DuckDB, curves, and earlier states."""

from __future__ import annotations

from comet_async.arrow_shapes import ArrowDataset, ArrowField, ArrowSchema, ArrowTable
from comet_async.lake.layout import Part, Snapshot, SnapshotTable
from comet_async.lake.reader import LakeReader, open_lake
from comet_async.lake.table import LakeTable
from comet_async.tabular import Dtypes, Tabular

__all__ = [
    "ArrowDataset",
    "ArrowField",
    "ArrowSchema",
    "ArrowTable",
    "Dtypes",
    "LakeReader",
    "LakeTable",
    "Part",
    "Snapshot",
    "SnapshotTable",
    "Tabular",
    "open_lake",
]
