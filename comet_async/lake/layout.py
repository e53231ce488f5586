"""Where a lake keeps what: the parts of each table, and its snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

import msgspec

from comet_async.arrow_shapes import ArrowSchema
from comet_async.errors import PartError, UsageError
from comet_async.extras import extra
from comet_async.redaction import printable, shortened

__all__ = [
    "Part",
    "Snapshot",
    "SnapshotTable",
    "found_parts",
    "found_snapshots",
    "refuse_other",
    "snapshot_folder",
    "steady",
]

_TABLES = "tables"
_SNAPSHOTS = "snapshots"
_SIGNS = (_TABLES, _SNAPSHOTS, "ledger.sqlite")


class SnapshotTable(msgspec.Struct, frozen=True):
    """A table as a snapshot counts it.

    Attributes:
        rows: Its rows.
        files: Its parts.
    """

    rows: int = 0
    files: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """An earlier state of a lake.

    Attributes:
        number: Its number, from 1 up.
        created: When it was made, ISO 8601.
        scope: What was harvested, as `team/resnet`.
        tables: Its tables by name.
        added: Experiments that were new in it.
        changed: Experiments that had changed since the one before.
        deleted: Experiments that were gone.
    """

    number: int
    created: str = ""
    scope: str = ""
    tables: Mapping[str, SnapshotTable] = {}
    added: int = 0
    changed: int = 0
    deleted: int = 0


class _Statistics(Protocol):
    has_min_max: bool
    null_count: int | None
    min: int
    max: int


class _Chunk(Protocol):
    path_in_schema: str
    statistics: _Statistics | None


class _RowGroup(Protocol):
    num_rows: int
    num_columns: int

    def column(self, index: int, /) -> _Chunk: ...


class _ParquetSchema(Protocol):
    def to_arrow_schema(self) -> ArrowSchema: ...


class _Footer(Protocol):
    num_rows: int
    num_row_groups: int
    schema: _ParquetSchema

    def row_group(self, index: int, /) -> _RowGroup: ...


class Part:
    """One Parquet file of a table; its footer is read when it is first asked for.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def identity(self) -> tuple[int, int, int]:
        """What tells this file from every other: device, inode and size; links share it."""
        found = self.path.stat()
        return found.st_dev, found.st_ino, found.st_size

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return self.identity[2]

    @property
    def rows(self) -> int:
        """Rows, as the footer says."""
        return self._footer.num_rows

    @cached_property
    def schema(self) -> ArrowSchema:
        """Columns, as the footer says."""
        return self._footer.schema.to_arrow_schema()

    @cached_property
    def shape(self) -> tuple[tuple[str, str], ...]:
        """Names and types of its columns as text, to compare."""
        return tuple((field.name, str(field.type)) for field in self.schema)

    def extent(self, column: str) -> tuple[int, int] | None:
        """Return smallest and largest value of a column of integers; None where nothing tells.

        A column of nulls counts as zeros.
        """
        ends = [0, 0]
        for number in range(self._footer.num_row_groups):
            group = self._footer.row_group(number)
            told = _statistics(group, column)
            if told is None:
                return None
            if told.has_min_max:
                ends = [min(ends[0], told.min), max(ends[1], told.max)]
            elif told.null_count != group.num_rows:
                return None
        return ends[0], ends[1]

    @cached_property
    def _footer(self) -> _Footer:
        problem = ""
        try:
            return cast("_Footer", extra("pyarrow.parquet").read_metadata(self.path))
        except FileNotFoundError:
            problem = "gone: a newer harvest has replaced it, open the lake anew"
        except (OSError, ValueError) as error:
            problem = f"damaged: {shortened(str(error), 200)}"
        raise PartError(f"{printable(str(self.path))} is {problem}")


def _statistics(group: _RowGroup, column: str) -> _Statistics | None:
    for index in range(group.num_columns):
        chunk = group.column(index)
        if chunk.path_in_schema == column:
            return chunk.statistics
    return None


def refuse_other(root: Path) -> None:
    """See that a folder is a lake.

    Raises:
        UsageError: It is missing, no folder, or holds no harvest.
    """
    told = printable(str(root))
    if not root.is_dir():
        raise UsageError(f"{told}: no such folder")
    if not any((root / sign).exists() for sign in _SIGNS):
        raise UsageError(f"{told} holds no harvest: it has no folder `tables`")


def found_parts(root: Path) -> dict[str, tuple[Part, ...]]:
    """Return the parts of each table below `root/tables`, by the tables' names in order."""
    folder = root / _TABLES
    found: dict[str, tuple[Part, ...]] = {}
    for table in sorted(folder.iterdir()) if folder.is_dir() else ():
        paths = sorted(table.glob("*.parquet")) if table.is_dir() else []
        if paths:
            found[table.name] = tuple(Part(path) for path in paths)
    return found


def found_snapshots(root: Path) -> list[Snapshot]:
    """Return what the snapshots of a lake say of themselves, the first one first.

    Raises:
        PartError: A `snapshot.json` is damaged.
    """
    folder = root / _SNAPSHOTS
    numbers = [p.name for p in folder.iterdir() if p.name.isdecimal()] if folder.is_dir() else []
    return [_snapshot(folder / name) for name in sorted(numbers, key=int)]


def _snapshot(folder: Path) -> Snapshot:
    path = folder / "snapshot.json"
    problem = ""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except FileNotFoundError:
        return Snapshot(int(folder.name))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = shortened(str(error), 200)
    raise PartError(f"{printable(str(path))} is damaged: {problem}")


def snapshot_folder(root: Path, number: int) -> Path:
    """Return the folder of a snapshot.

    Raises:
        UsageError: There is no such snapshot.
    """
    folder = root / _SNAPSHOTS / str(number)
    if folder.is_dir():
        return folder
    known = ", ".join(str(snapshot.number) for snapshot in found_snapshots(root)) or "none"
    raise UsageError(f"{printable(str(root))} has no snapshot {number}; there are: {known}")


def steady(root: Path, parts: dict[str, tuple[Part, ...]]) -> dict[str, tuple[Part, ...]]:
    """Return the same parts under names that stay while a newer harvest swaps its tables.

    They are those of the newest snapshot, where it shows exactly the current tables.
    """
    folder = root / _SNAPSHOTS
    numbers = [p.name for p in folder.iterdir() if p.name.isdecimal()] if folder.is_dir() else []
    if not numbers:
        return parts
    newest = found_parts(folder / max(numbers, key=int))
    return newest if _identities(newest) == _identities(parts) else parts


def _identities(tables: Mapping[str, Iterable[Part]]) -> dict[str, set[tuple[int, int, int]]]:
    return {name: {part.identity for part in parts} for name, parts in tables.items()}
