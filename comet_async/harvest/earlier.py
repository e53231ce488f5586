"""What a folder holds of an earlier harvest, read without changing it: for a forecast."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from comet_async.harvest.ledger_parts import part_name
from comet_async.harvest.subjects import Subject

__all__ = ["Earlier"]


class Earlier:
    """What is there already, and whole. All methods block.

    Args:
        path: The ledger; where it is missing or unreadable, everything is to be read.
        parts: Folder of the parts.
    """

    def __init__(self, path: Path, parts: Path) -> None:
        self._db: sqlite3.Connection | None = None
        self._whole: frozenset[int] = frozenset()
        if path.exists():
            with suppress(sqlite3.Error):
                self._db = sqlite3.connect(
                    f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False
                )
                self._whole = frozenset(_whole(self._db, parts))

    def done(self, subject: Subject) -> Mapping[str, str]:
        """Return the fingerprints of those tables of a subject that need not be read again."""
        if self._db is None:
            return {}
        try:
            rows = self._db.execute(
                "SELECT i.tbl, i.print, i.part FROM subject s JOIN item i ON i.subject = s.id"
                " WHERE s.kind = ? AND s.key = ? AND i.state NOT IN ('planned', 'failed')",
                (subject.kind, subject.key),
            ).fetchall()
        except sqlite3.Error:
            return {}
        return {
            str(table): str(mark)
            for table, mark, part in rows
            if part is None or part in self._whole
        }

    def close(self) -> None:
        """Close the ledger."""
        if self._db is not None:
            self._db.close()


def _whole(database: sqlite3.Connection, folder: Path) -> Iterator[int]:
    """Give the parts that have all their bytes; a run reads what was in the others again."""
    statement = "SELECT id, tbl, bytes FROM part WHERE sha256 IS NOT NULL"
    for number, table, size in database.execute(statement).fetchall():
        with suppress(OSError):
            path = folder / str(table) / part_name(number)
            if path.lstat().st_size == size:
                yield int(number)
