"""The ledger's part about parts: which are on disk, and which rows of them are whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from comet_async.harvest.ledger_files import FileLedger
from comet_async.harvest.subjects import SubjectKind

__all__ = ["ANSWERS_KIND", "Part", "PartLedger", "Placed", "part_name"]

ANSWERS_KIND: SubjectKind = "answers"
"""Kind of the subjects that stand for parts of answers."""
_CHUNK = 1000


def part_name(number: int) -> str:
    """Return the name of a part's file."""
    return f"part-{number:06d}.parquet"


class Placed(msgspec.Struct, frozen=True):
    """Where the rows of an item are: `rows` of a part from `first` on."""

    subject: int
    part: int
    first: int
    rows: int


class Part(msgspec.Struct, frozen=True):
    """A part on disk: its rows, those of them that items still point to, its bytes."""

    id: int
    table: str
    rows: int
    live: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Name of its file."""
        return part_name(self.id)


class PartLedger(FileLedger):
    """What the ledger knows of parts."""

    def new_part(self, table: str) -> int:
        """Return the number of a part that is about to be written."""
        with self._guarded(), self._transaction():
            return self._db.execute("INSERT INTO part (tbl) VALUES (?)", (table,)).lastrowid or 0

    def answered(self, part: Part) -> None:
        """Record a part of answers that is safely on disk: it is a subject and an item itself."""
        with self._guarded(), self._transaction():
            self._part(part)
            cursor = self._db.execute(
                "INSERT INTO subject (kind, key, workspace, listed, print, seen)"
                " VALUES (?, ?, '', '{}', '', ?)",
                (ANSWERS_KIND, str(part.id), self.run),
            )
            self._db.execute(
                "INSERT INTO item (tbl, subject, state, print, part, rows)"
                " VALUES (?, ?, 'stored', '', ?, ?)",
                (ANSWERS_KIND, cursor.lastrowid, part.id, part.rows),
            )

    def stored(self, part: Part, items: Iterable[Placed]) -> None:
        """Record a part that is safely on disk, and all items in it."""
        with self._guarded(), self._transaction():
            self._part(part)
            self._db.executemany(
                "UPDATE item SET state = 'stored', reason = NULL, part = ?, first = ?, rows = ?"
                " WHERE tbl = ? AND subject = ?",
                [
                    (
                        item.part if item.rows else None,
                        item.first,
                        item.rows,
                        part.table,
                        item.subject,
                    )
                    for item in items
                ],
            )

    def moved(self, part: Part, items: Iterable[Placed]) -> None:
        """Record a part that holds rows of other parts now; the state of its items stays."""
        with self._guarded(), self._transaction():
            self._part(part)
            self._db.executemany(
                "UPDATE item SET part = ?, first = ? WHERE tbl = ? AND subject = ?",
                ((item.part, item.first, part.table, item.subject) for item in items),
            )

    def _part(self, part: Part) -> None:
        self._db.execute(
            "UPDATE part SET rows = ?, bytes = ?, sha256 = ? WHERE id = ?",
            (part.rows, part.bytes, part.sha256, part.id),
        )

    def place(self, table: str, subject: int) -> Placed:
        """Return where the rows of an item are."""
        with self._guarded():
            part, first, rows = self._row(
                "SELECT coalesce(part, 0), first, rows FROM item WHERE tbl = ? AND subject = ?",
                (table, subject),
            )
        return Placed(subject, int(str(part)), int(str(first)), int(str(rows)))

    def unchanged(self, table: str, subject: int) -> None:
        """Record that an item was read again and has the rows that it had."""
        with self._guarded(), self._transaction():
            self._db.execute(
                "UPDATE item SET state = 'stored', reason = NULL WHERE tbl = ? AND subject = ?",
                (table, subject),
            )

    def placed(self, table: str, parts: Sequence[int]) -> Iterator[Placed]:
        """Give the items of a table whose rows are in one of `parts`, in the plan's order.

        They may be moved meanwhile, those that were given.
        """
        after, chosen = 0, msgspec.json.encode(parts).decode()
        while True:
            with self._guarded():
                rows = self._db.execute(
                    "SELECT subject, part, first, rows FROM item WHERE tbl = ? AND subject > ?"
                    " AND part IN (SELECT value FROM json_each(?)) ORDER BY subject LIMIT ?",
                    (table, after, chosen, _CHUNK),
                ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield from (Placed(*row) for row in rows)

    def parts(self, table: str | None = None) -> list[Part]:
        """Return the parts of a table, or all, with the rows in them that items point to."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT p.id, p.tbl, p.rows, coalesce((SELECT sum(i.rows) FROM item i"
                " WHERE i.part = p.id), 0), p.bytes, p.sha256 FROM part p"
                " WHERE p.sha256 IS NOT NULL AND (?1 IS NULL OR p.tbl = ?1) ORDER BY p.id",
                (table,),
            ).fetchall()
        return [Part(*row) for row in rows]

    def lost(self, parts: Sequence[int]) -> None:
        """Plan anew what was in parts that are no longer whole, and forget these."""
        with self._guarded(), self._transaction():
            marks = [(part,) for part in parts]
            self._db.executemany(
                "UPDATE item SET state = 'planned', part = NULL, rows = 0 WHERE part = ?", marks
            )
            self._db.executemany("DELETE FROM part WHERE id = ?", marks)

    def forget(self, parts: Iterable[int]) -> None:
        """Forget parts to which no item points any more."""
        with self._guarded(), self._transaction():
            self._db.executemany("DELETE FROM part WHERE id = ?", [(part,) for part in parts])

    def sizes(self) -> dict[str, tuple[int, int, int]]:
        """Return rows, bytes and files on disk by table."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT p.tbl, (SELECT coalesce(sum(i.rows), 0) FROM item i WHERE i.tbl = p.tbl"
                " AND i.part IS NOT NULL), sum(p.bytes), count(*) FROM part p"
                " WHERE p.sha256 IS NOT NULL GROUP BY 1"
                " UNION ALL SELECT 'files', 0, coalesce(sum(size), 0), count(*)"
                " FROM file WHERE state = 'stored'"
            ).fetchall()
        return {table: (count, size, files) for table, count, size, files in rows}
