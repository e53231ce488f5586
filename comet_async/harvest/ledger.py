"""The ledger: a SQLite file with every planned item of a harvest and its end.

An item is marked stored when its rows or its file are safely on disk, never before. All methods
block; call them in a worker thread, one at a time.

A run is one generation. Its rows stay until a later generation has replaced all that it published.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from comet_async.harvest.columns import AssetEnd, AssetRow
from comet_async.harvest.ledger_file import LedgerFile
from comet_async.harvest.planner import Item, Plan

__all__ = ["Count", "FileEnd", "Ledger", "Pending", "Published", "Unfinished"]

_CHUNK = 1000


class Count(msgspec.Struct, frozen=True):
    """How many items of a table are in a state."""

    table: str
    state: str
    items: int


class Published(msgspec.Struct, frozen=True):
    """A table in its place: the generation that it is of, and how many items it lacks."""

    unit: str
    generation: int
    failed: int


class Pending(msgspec.Struct, frozen=True):
    """A file to fetch."""

    ordinal: int
    experiment_key: str
    asset_id: str
    path: str
    listed_size: int | None


class FileEnd(msgspec.Struct, frozen=True):
    """What became of a file: its state, stored, absent or failed, and why or how."""

    file: Pending
    state: str
    reason: str | None = None
    size: int | None = None
    sha256: str | None = None


class Unfinished(msgspec.Struct, frozen=True):
    """An item that did not come to a good end; a line of `failures.jsonl`."""

    table: str
    experiment_key: str
    reason: str
    asset_id: str | None = None
    name: str | None = None


class Ledger(LedgerFile):
    """The ledger of one folder, and the generation that is under way in it."""

    generation: int = 0

    def interrupted(self) -> list[Published]:
        """Return what a publishing that broke off was to put into its place."""
        with self._guarded():
            rows = self._db.execute("SELECT unit, generation, failed FROM publishing").fetchall()
        return [Published(*row) for row in rows]

    def published(self) -> dict[str, Published]:
        """Return what is in its place, by unit."""
        with self._guarded():
            rows = self._db.execute("SELECT unit, generation, failed FROM published").fetchall()
        return {row[0]: Published(*row) for row in rows}

    def begin(self, plan: Plan) -> None:
        """Start a generation with every item of the plan, and forget what nothing refers to."""
        with self._guarded(), self._transaction():
            self._db.execute("UPDATE generation SET state = 'ended' WHERE state = 'running'")
            self._forget()
            cursor = self._db.execute(
                "INSERT INTO generation (state, started, archived) VALUES ('running', ?, ?)",
                (time.time(), plan.archived),
            )
            self.generation = cursor.lastrowid or 0
            self._db.executemany(
                "INSERT INTO item (generation, tbl, ordinal, experiment) VALUES (?, ?, ?, ?)",
                _planned(self.generation, plan),
            )

    def _forget(self) -> None:
        for table in ("item", "part", "asset"):
            self._db.execute(
                f"DELETE FROM {table} WHERE generation NOT IN"  # noqa: S608 names of our own
                " (SELECT generation FROM published)"
            )

    def stored(self, table: str, number: int, items: Sequence[Item], rows: int, size: int) -> None:
        """Record a part that is safely on disk, and all items in it."""
        marks = [(number, self.generation, table, item.ordinal) for item in items]
        with self._guarded(), self._transaction():
            self._db.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?, ?)",
                (self.generation, table, number, rows, size),
            )
            self._db.executemany(
                "UPDATE item SET state = 'stored', part = ?"
                " WHERE generation = ? AND tbl = ? AND ordinal = ?",
                marks,
            )

    def ended(self, ends: Sequence[tuple[Item, str, str]]) -> None:
        """Record items that have no data: each with its state, absent or failed, and the reason."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE item SET state = ?, reason = ?"
                " WHERE generation = ? AND tbl = ? AND ordinal = ?",
                [
                    (state, reason, self.generation, item.table, item.ordinal)
                    for item, state, reason in ends
                ],
            )

    def listed(self, item: Item, rows: Iterable[tuple[AssetRow, str | None, str]]) -> int:
        """Record the assets of an experiment: what is listed, local path and state of each.

        Returns:
            How many there are; an id that comes twice counts once.
        """
        with self._guarded(), self._transaction():
            cursor = self._db.executemany(
                "INSERT OR IGNORE INTO asset (generation, ordinal, id, experiment, listed, path,"
                " state) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        self.generation,
                        item.ordinal,
                        row.asset_id,
                        item.experiment_key,
                        msgspec.json.encode(row),
                        path,
                        state,
                    )
                    for row, path, state in rows
                ],
            )
            self._db.execute(
                "UPDATE item SET state = 'listed' WHERE generation = ? AND tbl = ? AND ordinal = ?",
                (self.generation, item.table, item.ordinal),
            )
            return cursor.rowcount

    def remote_files(self) -> int:
        """Return how many listed files lie outside the service."""
        with self._guarded():
            (items,) = self._row(
                "SELECT count(*) FROM asset WHERE generation = ? AND state = 'remote'",
                (self.generation,),
            )
        return int(str(items))

    def pending(self, after: Pending | None) -> list[Pending]:
        """Return the next files to fetch, at most 1,000, in the plan's order."""
        place = (-1, "") if after is None else (after.ordinal, after.asset_id)
        with self._guarded():
            rows = self._db.execute(
                "SELECT ordinal, experiment, id, path, listed FROM asset WHERE generation = ?"
                " AND (ordinal, id) > (?, ?) AND state = 'planned' ORDER BY ordinal, id LIMIT ?",
                (self.generation, *place, _CHUNK),
            ).fetchall()
            return [
                Pending(ordinal, key, asset_id, path, _row(listed).listed_size)
                for ordinal, key, asset_id, path, listed in rows
            ]

    def file_ends(self, ends: Sequence[FileEnd]) -> None:
        """Record what became of files."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE asset SET state = ?, reason = ?, size = ?, sha256 = ?"
                " WHERE generation = ? AND ordinal = ? AND id = ?",
                [
                    (
                        end.state,
                        end.reason,
                        end.size,
                        end.sha256,
                        self.generation,
                        end.file.ordinal,
                        end.file.asset_id,
                    )
                    for end in ends
                ],
            )

    def asset_ends(self, item: Item) -> list[AssetEnd]:
        """Return the rows of `assets` of one experiment."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT listed, state, path, size, sha256, reason FROM asset"
                " WHERE generation = ? AND ordinal = ? ORDER BY id",
                (self.generation, item.ordinal),
            ).fetchall()
        return [
            AssetEnd(
                experiment_key=item.experiment_key,
                row=_row(listed),
                state=state if state != "planned" else "failed",
                local_path=path if state == "stored" else None,
                size=size,
                sha256=sha256,
                reason=reason,
            )
            for listed, state, path, size, sha256, reason in rows
        ]

    def listed_items(self) -> list[Item]:
        """Return the experiments whose assets are known but not yet in the table."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT ordinal, experiment FROM item WHERE generation = ? AND tbl = 'assets'"
                " AND state = 'listed' ORDER BY ordinal",
                (self.generation,),
            ).fetchall()
        return [Item("assets", ordinal, key) for ordinal, key in rows]

    def counts(self) -> list[Count]:
        """Return how many items are in which state, files under the table `files`."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT tbl, state, count(*) FROM item WHERE generation = :g GROUP BY 1, 2"
                " UNION ALL SELECT 'files', state, count(*) FROM asset WHERE generation = :g"
                " AND state <> 'listed' GROUP BY 2",
                {"g": self.generation},
            ).fetchall()
        return [Count(table, state, items) for table, state, items in rows]

    def sizes(self) -> dict[str, tuple[int, int, int]]:
        """Return rows, bytes and files on disk by table."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT tbl, sum(rows), sum(bytes), count(*) FROM part WHERE generation = :g"
                " GROUP BY 1 UNION ALL SELECT 'files', 0, coalesce(sum(size), 0), count(*)"
                " FROM asset WHERE generation = :g AND state = 'stored'",
                {"g": self.generation},
            ).fetchall()
        return {table: (count, size, files) for table, count, size, files in rows}

    def unfinished(self, unreached: str) -> Iterator[Unfinished]:
        """Give every item that failed or was not reached; `unreached` is the latter's reason."""
        with self._guarded():
            cursor = self._db.execute(
                "SELECT tbl, experiment, coalesce(reason, :r), NULL, NULL FROM item"
                " WHERE generation = :g AND state NOT IN ('stored', 'absent')"
                " UNION ALL SELECT 'files', experiment, coalesce(reason, :r), id, listed"
                " FROM asset WHERE generation = :g AND state IN ('failed', 'planned')",
                {"g": self.generation, "r": unreached},
            )
            for table, key, reason, asset_id, listed in cursor:
                name = None if listed is None else _row(listed).name
                yield Unfinished(table, key, reason, asset_id, name)

    def publishing(self, units: Sequence[Published]) -> None:
        """Record that these units are about to be moved into their places."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "INSERT INTO publishing VALUES (?, ?, ?)",
                [(found.unit, found.generation, found.failed) for found in units],
            )

    def published_all(self, units: Sequence[Published]) -> None:
        """Record that these units are in their places."""
        with self._guarded(), self._transaction():
            self._db.execute("INSERT OR REPLACE INTO published SELECT * FROM publishing")
            self._db.execute("DELETE FROM publishing")
            self._db.executemany(
                "UPDATE generation SET state = 'published' WHERE id = ?",
                [(found.generation,) for found in units],
            )

    def end(self, state: str) -> None:
        """Record that the generation is over: `published`, `stopped` or `interrupted`."""
        with self._guarded(), self._transaction():
            self._db.execute(
                "UPDATE generation SET state = ?, ended = ? WHERE id = ?",
                (state, time.time(), self.generation),
            )

    def failed_of(self, generation: int, table: str) -> int:
        """Return how many items of a table have no good end, with the files of `assets`."""
        with self._guarded():
            (items,) = self._row(
                "SELECT count(*) FROM item WHERE generation = ? AND tbl = ?"
                " AND state NOT IN ('stored', 'absent')",
                (generation, table),
            )
            (files,) = self._row(
                "SELECT count(*) FROM asset WHERE generation = ? AND ? = 'assets'"
                " AND state IN ('failed', 'planned')",
                (generation, table),
            )
        return int(str(items)) + int(str(files))


def _planned(generation: int, plan: Plan) -> Iterator[tuple[int, str, int, str]]:
    for ordinal, experiment in enumerate(plan.experiments):
        if "experiments" in plan.tables:
            yield generation, "experiments", ordinal, experiment.experiment_key
    for item in plan.items():
        yield generation, item.table, item.ordinal, item.experiment_key


def _row(listed: bytes) -> AssetRow:
    return msgspec.json.decode(listed, type=AssetRow)
