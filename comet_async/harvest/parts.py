"""Rows of one table to Parquet parts: collected in memory, written whole, then told the ledger."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from comet_async.engine.part_file import PartFile
from comet_async.harvest.arrow import Batch, ParquetStream, PartReader
from comet_async.harvest.ledger_parts import Part, Placed, part_name
from comet_async.harvest.schema import TableSchema

__all__ = ["MAX_BYTES", "MAX_ROWS", "OpenPart", "Store", "TableWriter"]

MAX_ROWS = 1_000_000
MAX_BYTES = 16 * 1024 * 1024
MAX_SECONDS = 5.0
MAX_ITEMS = 1000
"""Items in memory from which on a part is due: a batch of few rows takes kilobytes all the same."""


class Store:
    """The parts of one table on disk.

    Args:
        folder: Makes sure of the folder, and returns it.
        table: Schema of the table.
        new_part: Gives the number of a part that is about to be written.
    """

    def __init__(
        self,
        folder: Callable[[], Path],
        table: TableSchema,
        new_part: Callable[[str], int],
    ) -> None:
        self._folder = folder
        self._new_part = new_part
        self.table = table

    def path(self, part: int) -> Path:
        """Return the file of a part."""
        return self._folder() / part_name(part)

    def has(self, place: Placed, rows: Batch | None) -> bool:
        """Tell whether the rows at a place are these, None for no rows. Blocks; for few rows.

        Raises:
            PartError: The part is damaged.
        """
        count = 0 if rows is None else rows.num_rows
        if not place.rows or rows is None or place.rows != count:
            return place.rows == count
        reader = PartReader(self.table)
        try:
            batches = list(reader.batches(self.path(place.part), place.first, place.rows))
        finally:
            reader.close()
        return [row for batch in batches for row in batch.to_pylist()] == rows.to_pylist()

    def write(self, batches: Iterable[Batch]) -> Part:
        """Write rows as one part, safe from a power loss. Blocks.

        Raises:
            DestinationError: The disk is full or failing; nothing is left then.
            PartError: A link stands where the folder should be.
        """
        part = self.begin()
        try:
            for batch in batches:
                part.add(batch)
            return part.finish()
        except BaseException:
            part.discard()
            raise

    def begin(self) -> OpenPart:
        """Begin a part to which rows are added bit by bit. Blocks.

        Raises:
            DestinationError: The disk is full or failing.
            PartError: A link stands where the folder should be.
        """
        number = self._new_part(self.table.name)
        return OpenPart(self.table, number, self.path(number))


class OpenPart:
    """A part under way; discard it where it comes to no end. All methods block.

    Args:
        table: Schema of the table.
        number: Number of the part.
        path: Its file, there once it is finished.

    Raises:
        DestinationError: The disk is full or failing.
    """

    def __init__(self, table: TableSchema, number: int, path: Path) -> None:
        self._table = table.name
        self._number = number
        self._file = _Hashed(path)
        self._rows = 0
        try:
            self._stream = ParquetStream(table, self._file)
        except BaseException:
            self._file.discard()
            raise

    def add(self, rows: Batch) -> None:
        """Write rows behind those that are there."""
        self._stream.add(rows)
        self._rows += rows.num_rows

    def finish(self) -> Part:
        """Make the part safe from a power loss, and return it."""
        self._stream.close()
        self._file.finish()
        rows = self._rows
        return Part(self._number, self._table, rows, rows, self._file.size, self._file.sha256)

    def discard(self) -> None:
        """Remove what was written; for a part that is not finished."""
        self._file.discard()


class _Hashed:
    """A part file that counts and hashes what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = PartFile(path)
        self._file.open(None)
        self._hash = hashlib.sha256()
        self._given_up = False
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        if self._given_up:  # a writer that goes away still writes its footer
            return len(data)
        self._hash.update(data)
        self._file.write([data])
        self.size += len(data)
        return len(data)

    def finish(self) -> None:
        self._file.finish(durable=True)

    def discard(self) -> None:
        self._given_up = True
        self._file.discard()


class TableWriter:
    """Collects the rows of one table. An item's rows are never split over two parts.

    Args:
        store: Where they go.
        stored: Told of each part that is on disk, with the items in it.
        max_rows: Rows in memory from which on a part is due.
        max_bytes: Bytes in memory from which on a part is due.
        max_seconds: Seconds after which what came first should be on disk.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        store: Store,
        stored: Callable[[Part | None, list[Placed]], None],
        *,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._stored = stored
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._clock = clock
        self._held: list[tuple[int, Batch | None]] = []
        self._rows = 0
        self._bytes = 0
        self._since = 0.0

    def add(self, subject: int, rows: Batch | None) -> bool:
        """Take the rows of an item, None for no more rows; return whether a part is due."""
        if not self._held:
            self._since = self._clock()
        self._held.append((subject, rows))
        if rows is not None:
            self._rows += rows.num_rows
            self._bytes += rows.nbytes
        return self.due

    @property
    def due(self) -> bool:
        """Whether a part should be written now."""
        if not self._held:
            return False
        full = self._rows >= self._max_rows or self._bytes >= self._max_bytes
        return (
            full or len(self._held) >= MAX_ITEMS or self._clock() - self._since >= self._max_seconds
        )

    def flush(self) -> None:
        """Write what is held as one part, safe from a power loss, and mark its items. Blocks.

        Raises:
            DestinationError: The disk is full or failing.
            PartError: A link stands where the folder should be.
        """
        if not self._held:
            return
        held = sorted(self._held, key=lambda entry: entry[0])
        part = None
        if self._rows:
            part = self._store.write(rows for _, rows in held if rows is not None)
        self._stored(part, list(_placed(held, part)))
        self._held, self._rows, self._bytes = [], 0, 0


def _placed(held: list[tuple[int, Batch | None]], part: Part | None) -> Iterable[Placed]:
    first = 0
    for subject, rows in held:
        count = 0 if rows is None else rows.num_rows
        yield Placed(subject, 0 if part is None else part.id, first, count)
        first += count
