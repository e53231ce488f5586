"""The ledger's part about files: what was listed of each, where it is, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from comet_async.harvest.columns import AssetEnd, AssetRow
from comet_async.harvest.ledger_file import LedgerFile

__all__ = ["FileEnd", "FileLedger", "Pending", "Stored", "file_id"]

_CHUNK = 1000


class Pending(msgspec.Struct, frozen=True):
    """A file to fetch.

    Attributes:
        subject: Number of the subject that it belongs to.
        key: Key of that subject.
        workspace: Workspace of that subject.
        table: Table that tells of it.
        id: What names it among the files of its subject.
        path: Where it goes, below the folder.
        row: What was listed of it.
    """

    subject: int
    key: str
    workspace: str
    table: str
    id: str
    path: str
    row: AssetRow


class Stored(msgspec.Struct, frozen=True):
    """A file that is there: where, and what it was when it came."""

    path: str
    size: int
    sha256: str
    modified: int
    table: str = "assets"


class FileEnd(msgspec.Struct, frozen=True):
    """What became of a file: its state, stored, absent or failed, and why or how."""

    file: Pending
    state: str
    reason: str | None = None
    size: int | None = None
    sha256: str | None = None
    modified: int | None = None


class FileLedger(LedgerFile):
    """What the ledger knows of files."""

    def paths_of(self, subject: int) -> dict[str, str]:
        """Return the paths that the files of a subject have, by id, over all tables."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT id, path FROM file WHERE subject = ? AND path IS NOT NULL", (subject,)
            ).fetchall()
        return {str(asset): str(path) for asset, path in rows}

    def listed_before(self, table: str, subject: int) -> dict[str, AssetRow]:
        """Return what was listed of the stored files that a table tells of a subject, by id."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT id, listed FROM file WHERE tbl = ? AND subject = ? AND state = 'stored'",
                (table, subject),
            ).fetchall()
            return {str(asset): _row(listed) for asset, listed in rows}

    def listed(
        self, table: str, subject: int, rows: Iterable[tuple[AssetRow, str | None, str]]
    ) -> int:
        """Record the files that a table is to tell of a subject: each one's path and state.

        A file that is stored under that path already and listed with the state `stored` stays; one
        that is no longer listed is gone: its path stays taken, for earlier snapshots show it.

        Returns:
            How many files are to be fetched; an id that comes twice counts once.
        """
        found = list({file_id(row): (row, path, state) for row, path, state in rows}.values())
        with self._guarded(), self._transaction():
            self._db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS listing (id TEXT PRIMARY KEY, listed BLOB,"
                " path TEXT, state TEXT, etag TEXT)"
            )
            self._db.execute("DELETE FROM listing")
            self._db.executemany(
                "INSERT INTO listing VALUES (?, ?, ?, ?, ?)",
                [
                    (file_id(row), msgspec.json.encode(row), path, state, row.etag)
                    for row, path, state in found
                ],
            )
            self._db.execute(
                "UPDATE file SET state = 'gone' WHERE tbl = ? AND subject = ?"
                " AND id NOT IN (SELECT id FROM listing)",
                (table, subject),
            )
            self._db.execute(
                "INSERT INTO file (subject, tbl, id, listed, path, state, etag)"
                " SELECT ?, ?, id, listed, path, state, etag FROM listing WHERE true"
                " ON CONFLICT (subject, id) DO UPDATE SET listed = excluded.listed,"
                " path = excluded.path, etag = excluded.etag, reason = NULL,"
                " size = CASE excluded.state WHEN 'stored' THEN size END,"
                " sha256 = CASE excluded.state WHEN 'stored' THEN sha256 END,"
                " state = excluded.state",
                (subject, table),
            )
            self._db.execute(
                "UPDATE item SET state = 'listed' WHERE tbl = ? AND subject = ?", (table, subject)
            )
        return sum(state == "planned" for _, _, state in found)

    def file_counts(self) -> dict[str, int]:
        """Return how many files are in which state."""
        with self._guarded():
            rows = self._db.execute("SELECT state, count(*) FROM file GROUP BY 1").fetchall()
        return {str(state): int(count) for state, count in rows}

    def pending(self, after: Pending | None) -> list[Pending]:
        """Return the next files to fetch, at most 1,000, in the plan's order."""
        place = (-1, "") if after is None else (after.subject, after.id)
        with self._guarded():
            rows = self._db.execute(
                "SELECT f.subject, s.key, s.workspace, f.tbl, f.id, f.path, f.listed FROM file f"
                " JOIN subject s ON s.id = f.subject WHERE (f.subject, f.id) > (?, ?)"
                " AND f.state = 'planned' ORDER BY f.subject, f.id LIMIT ?",
                (*place, _CHUNK),
            ).fetchall()
            return [
                Pending(subject, key, workspace, table, name, path, _row(listed))
                for subject, key, workspace, table, name, path, listed in rows
            ]

    def twin(self, etag: str, size: int) -> Stored | None:
        """Return a stored file of the same ETag and size, if there is one."""
        with self._guarded():
            row = self._db.execute(
                "SELECT path, size, sha256, modified FROM file WHERE etag = ? AND size = ?"
                " AND state = 'stored' LIMIT 1",
                (etag, size),
            ).fetchone()
        return None if row is None else Stored(*row)

    def stored_files(self, after: tuple[int, str] = (-1, "")) -> list[tuple[int, str, Stored]]:
        """Return the next stored files, at most 1,000: subject, id and file of each."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT subject, id, path, size, sha256, modified, tbl FROM file"
                " WHERE (subject, id) > (?, ?) AND state = 'stored' ORDER BY subject, id LIMIT ?",
                (*after, _CHUNK),
            ).fetchall()
        return [(row[0], row[1], Stored(*row[2:])) for row in rows]

    def paths_ending(self, suffixes: Sequence[str]) -> set[str]:
        """Return the paths of files that end in one of `suffixes`."""
        found: set[str] = set()
        with self._guarded():
            for suffix in suffixes:
                rows = self._db.execute(
                    "SELECT path FROM file WHERE substr(path, -length(?1)) = ?1", (suffix,)
                )
                found.update(str(path) for (path,) in rows)
        return found

    def missing(self, files: Sequence[tuple[int, str]]) -> None:
        """Plan files anew that are no longer there, and the rows that tell of them."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE file SET state = 'planned', size = NULL, sha256 = NULL"
                " WHERE subject = ? AND id = ?",
                files,
            )
            self._db.executemany(
                "UPDATE item SET state = 'listed' WHERE state = 'stored' AND subject = ?1"
                " AND tbl = (SELECT tbl FROM file WHERE subject = ?1 AND id = ?2)",
                files,
            )

    def file_ends(self, ends: Sequence[FileEnd]) -> None:
        """Record what became of files."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE file SET state = ?, reason = ?, size = ?, sha256 = ?, modified = ?"
                " WHERE subject = ? AND id = ?",
                [
                    (
                        end.state,
                        end.reason,
                        end.size,
                        end.sha256,
                        end.modified,
                        end.file.subject,
                        end.file.id,
                    )
                    for end in ends
                ],
            )

    def ends_of(self, table: str, subjects: Sequence[int]) -> Mapping[int, list[AssetEnd]]:
        """Return what a table tells of the files of some subjects, nothing for one without."""
        found: dict[int, list[AssetEnd]] = {subject: [] for subject in subjects}
        marks = ", ".join("?" * len(subjects))
        with self._guarded():
            rows = self._db.execute(
                "SELECT f.subject, s.key, s.workspace, f.listed, f.state, f.path, f.size, f.sha256,"  # noqa: S608
                " f.reason FROM file f JOIN subject s ON s.id = f.subject"
                f" WHERE f.tbl = ? AND f.subject IN ({marks}) AND f.state <> 'gone'"
                " ORDER BY f.subject, f.id",
                (table, *subjects),
            ).fetchall()
        for subject, key, workspace, listed, state, path, size, sha256, reason in rows:
            found[subject].append(
                AssetEnd(
                    key=key,
                    workspace=workspace,
                    row=_row(listed),
                    state=state if state != "planned" else "failed",
                    local_path=path if state == "stored" else None,
                    size=size,
                    sha256=sha256,
                    reason=reason,
                )
            )
        return found

    def listed_items(self, table: str, after: int, limit: int = _CHUNK) -> list[int]:
        """Return the next subjects whose files are known but not yet in the table."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT subject FROM item WHERE tbl = ? AND state = 'listed'"
                " AND subject > ? ORDER BY subject LIMIT ?",
                (table, after, limit),
            ).fetchall()
        return [int(subject) for (subject,) in rows]


def file_id(row: AssetRow) -> str:
    """Return what names a file among all of its subject: an asset may be in several versions."""
    return row.asset_id if row.version_id is None else f"{row.version_id}/{row.asset_id}"


def _row(listed: bytes) -> AssetRow:
    return msgspec.json.decode(listed, type=AssetRow)
