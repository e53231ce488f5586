"""Rows of one table to Parquet parts: collected in memory, written whole, then told the ledger."""

from __future__ import annotations

from pathlib import Path

from comet_async.engine.part_file import PartFile
from comet_async.harvest.arrow import Batch, parquet
from comet_async.harvest.lake import Lake
from comet_async.harvest.planner import Item
from comet_async.harvest.schema import TABLES

__all__ = ["MAX_BYTES", "MAX_ROWS", "TableWriter", "write_whole"]

MAX_ROWS = 1_000_000
MAX_BYTES = 64 * 1024 * 1024
_SLICE = 8 * 1024 * 1024


class TableWriter:
    """Collects the rows of one table. An item's rows are never split over two parts.

    Args:
        lake: Where they go.
        table: Name of the table.
        max_rows: Rows in memory from which on a part is due.
        max_bytes: Bytes in memory from which on a part is due.
    """

    def __init__(
        self, lake: Lake, table: str, *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._lake = lake
        self._table = table
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._held: list[tuple[Item, Batch | None]] = []
        self._rows = 0
        self._bytes = 0
        self._parts = 0

    def add(self, item: Item, rows: Batch | None) -> bool:
        """Take the rows of an item, None for no more rows; return whether a part is due."""
        self._held.append((item, rows))
        if rows is not None:
            self._rows += rows.num_rows
            self._bytes += rows.nbytes
        return self._rows >= self._max_rows or self._bytes >= self._max_bytes

    def flush(self) -> None:
        """Write what is held as one part, safe from a power loss, and mark its items. Blocks.

        A table without any row gets one part without rows, so that its columns can be read.

        Raises:
            DestinationError: The disk is full or failing.
            PartError: A link stands where the folder should be.
        """
        if not self._held and self._parts:
            return
        held = sorted(self._held, key=lambda entry: entry[0].ordinal)
        data = parquet(TABLES[self._table], [rows for _, rows in held if rows is not None])
        path = self._lake.part_folder(self._table) / f"part-{self._parts:05d}.parquet"
        write_whole(path, data)
        items = [item for item, _ in held]
        self._lake.ledger.stored(self._table, self._parts, items, rows=self._rows, size=data.nbytes)
        self._held, self._rows, self._bytes = [], 0, 0
        self._parts += 1


def write_whole(path: Path, data: memoryview) -> None:
    """Write a file that appears whole or not at all, safe from a power loss. Blocks.

    Raises:
        DestinationError: The disk is full or failing; nothing is left then.
    """
    part = PartFile(path)
    try:
        part.open(data.nbytes)
        for start in range(0, data.nbytes, _SLICE):
            part.write([bytes(data[start : start + _SLICE])])
        part.finish(durable=True)
    except BaseException:
        part.discard()
        raise
