"""The ledger's part about files: what was listed of each, where it is, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from comet_async.harvest.columns import AssetEnd, AssetRow
from comet_async.harvest.ledger_file import LedgerFile

__all__ = ["FileEnd", "FileLedger", "Pending", "Stored"]

_CHUNK = 1000


class Pending(msgspec.Struct, frozen=True):
    """A file to fetch."""

    subject: int
    experiment_key: str
    asset_id: str
    path: str
    listed_size: int | None
    etag: str | None


class Stored(msgspec.Struct, frozen=True):
    """A file that is there: where, and what it was when it came."""

    path: str
    size: int
    sha256: str
    modified: int


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
        """Return the paths that the files of an experiment have, by asset id."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT id, path FROM file WHERE subject = ? AND path IS NOT NULL", (subject,)
            ).fetchall()
        return {str(asset): str(path) for asset, path in rows}

    def listed_before(self, subject: int) -> dict[str, AssetRow]:
        """Return what was listed of the stored files of an experiment, by asset id."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT id, listed FROM file WHERE subject = ? AND state = 'stored'", (subject,)
            ).fetchall()
            return {str(asset): _row(listed) for asset, listed in rows}

    def listed(self, subject: int, rows: Iterable[tuple[AssetRow, str | None, str]]) -> int:
        """Record the assets of an experiment: what is listed, local path and state of each.

        An asset that is stored under that path already and listed with the state `stored` keeps its
        file; one that is no longer listed is gone: its path stays taken, for earlier snapshots show
        it.

        Returns:
            How many files are to be fetched; an id that comes twice counts once.
        """
        found = list({row.asset_id: (row, path, state) for row, path, state in rows}.values())
        with self._guarded(), self._transaction():
            self._db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS listing (id TEXT PRIMARY KEY, listed BLOB,"
                " path TEXT, state TEXT, etag TEXT)"
            )
            self._db.execute("DELETE FROM listing")
            self._db.executemany(
                "INSERT INTO listing VALUES (?, ?, ?, ?, ?)",
                [
                    (row.asset_id, msgspec.json.encode(row), path, state, row.etag)
                    for row, path, state in found
                ],
            )
            self._db.execute(
                "UPDATE file SET state = 'gone' WHERE subject = ?"
                " AND id NOT IN (SELECT id FROM listing)",
                (subject,),
            )
            self._db.execute(
                "INSERT INTO file (subject, id, listed, path, state, etag)"
                " SELECT ?, id, listed, path, state, etag FROM listing WHERE true"
                " ON CONFLICT (subject, id) DO UPDATE SET listed = excluded.listed,"
                " path = excluded.path, etag = excluded.etag, reason = NULL,"
                " size = CASE excluded.state WHEN 'stored' THEN size END,"
                " sha256 = CASE excluded.state WHEN 'stored' THEN sha256 END,"
                " state = excluded.state",
                (subject,),
            )
            self._db.execute(
                "UPDATE item SET state = 'listed' WHERE tbl = 'assets' AND subject = ?", (subject,)
            )
        return sum(state == "planned" for _, _, state in found)

    def file_counts(self) -> dict[str, int]:
        """Return how many files are in which state."""
        with self._guarded():
            rows = self._db.execute("SELECT state, count(*) FROM file GROUP BY 1").fetchall()
        return {str(state): int(count) for state, count in rows}

    def pending(self, after: Pending | None) -> list[Pending]:
        """Return the next files to fetch, at most 1,000, in the plan's order."""
        place = (-1, "") if after is None else (after.subject, after.asset_id)
        with self._guarded():
            rows = self._db.execute(
                "SELECT f.subject, s.key, f.id, f.path, f.listed, f.etag FROM file f"
                " JOIN subject s ON s.id = f.subject WHERE (f.subject, f.id) > (?, ?)"
                " AND f.state = 'planned' ORDER BY f.subject, f.id LIMIT ?",
                (*place, _CHUNK),
            ).fetchall()
            return [
                Pending(subject, key, asset, path, _row(listed).listed_size, etag)
                for subject, key, asset, path, listed, etag in rows
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
        """Return the next stored files, at most 1,000: subject, asset id and file of each."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT subject, id, path, size, sha256, modified FROM file"
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
                "UPDATE item SET state = 'listed' WHERE tbl = 'assets' AND state = 'stored'"
                " AND subject = ?",
                [(subject,) for subject, _ in files],
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
                        end.file.asset_id,
                    )
                    for end in ends
                ],
            )

    def asset_ends(self, subjects: Sequence[int]) -> Mapping[int, list[AssetEnd]]:
        """Return the rows of `assets` of some experiments, none for one without assets."""
        found: dict[int, list[AssetEnd]] = {subject: [] for subject in subjects}
        marks = ", ".join("?" * len(subjects))
        with self._guarded():
            rows = self._db.execute(
                "SELECT f.subject, s.key, f.listed, f.state, f.path, f.size, f.sha256, f.reason"  # noqa: S608
                " FROM file f JOIN subject s ON s.id = f.subject"
                f" WHERE f.subject IN ({marks}) AND f.state <> 'gone' ORDER BY f.subject, f.id",
                tuple(subjects),
            ).fetchall()
        for subject, key, listed, state, path, size, sha256, reason in rows:
            found[subject].append(
                AssetEnd(
                    experiment_key=key,
                    row=_row(listed),
                    state=state if state != "planned" else "failed",
                    local_path=path if state == "stored" else None,
                    size=size,
                    sha256=sha256,
                    reason=reason,
                )
            )
        return found

    def listed_items(self, after: int, limit: int = _CHUNK) -> list[int]:
        """Return the next experiments whose assets are known but not yet in the table."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT subject FROM item WHERE tbl = 'assets' AND state = 'listed'"
                " AND subject > ? ORDER BY subject LIMIT ?",
                (after, limit),
            ).fetchall()
        return [int(subject) for (subject,) in rows]


def _row(listed: bytes) -> AssetRow:
    return msgspec.json.decode(listed, type=AssetRow)
