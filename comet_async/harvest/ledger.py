"""The ledger: a SQLite file with every planned item of a harvest and its end.

An item is one table of one subject. It is marked stored when its rows are safely on disk, never
before, and keeps the fingerprint of what the listing said then: a later run asks again only where
that differs, where the item failed, or where it was not reached. All methods block; call them in a
worker thread, one at a time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from comet_async import comet, domino
from comet_async.engine.observing import Counters
from comet_async.harvest.ledger_parts import ANSWERS_KIND, PartLedger
from comet_async.harvest.planner import Plan, always_read, options_of
from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Subject, SubjectKind

__all__ = [
    "Change",
    "Count",
    "Due",
    "Ledger",
    "Unfinished",
    "print_of",
]

_CHUNK = 1000


class Count(msgspec.Struct, frozen=True):
    """How many items of a table are in a state."""

    table: str
    state: str
    items: int


class Due(msgspec.Struct, frozen=True):
    """A subject with the tables that are to be read of it."""

    id: int
    subject: Subject
    tables: frozenset[str]


class Change(msgspec.Struct, frozen=True):
    """A subject that was added, changed or deleted since the snapshot before."""

    what: str
    kind: str
    key: str


class Unfinished(msgspec.Struct, frozen=True):
    """An item that did not come to a good end; a line of `failures.jsonl`."""

    table: str
    key: str
    reason: str
    asset_id: str | None = None
    name: str | None = None


class Ledger(PartLedger):
    """The ledger of one folder, and the run that is under way in it."""

    def begin(self, plan: Plan, *, files: bool) -> None:
        """Start a run: take in the listings, and plan what is new, changed, failed or left over."""
        kinds = sorted({TABLES[table].subject for table in plan.tables} - {ANSWERS_KIND})
        with self._guarded(), self._transaction():
            self.run = self._claimed()
            self._take_in(plan)
            self._compare(kinds)
            for table in plan.tables:
                options = options_of(plan.selection, table, files=files, answers=plan.keeps_answers)
                self._plan_table(table, options)
            if files:
                self._plan_files_again()

    def _take_in(self, plan: Plan) -> None:
        self._db.execute(
            "CREATE TEMP TABLE IF NOT EXISTS incoming (kind TEXT, key TEXT, workspace TEXT,"
            " project TEXT, listed BLOB, print TEXT, PRIMARY KEY (kind, key))"
        )
        self._db.execute("DELETE FROM incoming")
        self._db.executemany(
            "INSERT OR IGNORE INTO incoming VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    subject.kind,
                    subject.key,
                    subject.workspace,
                    subject.project_id,
                    subject.listed,
                    print_of(subject, self.run),
                )
                for subject in plan.listed
            ),
        )

    def _compare(self, kinds: Sequence[str]) -> None:
        """Record what the listings have added, changed and no longer show."""
        marks = ", ".join("?" * len(kinds))
        self._db.execute(
            "INSERT OR REPLACE INTO change SELECT ?, i.kind, i.key, CASE WHEN s.id IS NULL"
            " THEN 'added' ELSE 'changed' END FROM incoming i LEFT JOIN subject s"
            " ON s.kind = i.kind AND s.key = i.key WHERE s.id IS NULL OR s.print <> i.print",
            (self.run,),
        )
        self._db.execute(
            "INSERT INTO subject (kind, key, workspace, project, listed, print, seen)"
            " SELECT kind, key, workspace, project, listed, print, ? FROM incoming WHERE true"
            " ORDER BY rowid"
            " ON CONFLICT (kind, key) DO UPDATE SET workspace = excluded.workspace, project ="
            " excluded.project, listed = excluded.listed, print = excluded.print, seen ="
            " excluded.seen",
            (self.run,),
        )
        gone = f"FROM subject WHERE seen <> ? AND kind IN ({marks})"
        which = (self.run, *kinds)
        self._db.execute(
            f"INSERT OR REPLACE INTO change SELECT ?, kind, key, 'deleted' {gone}",
            (self.run, *which),
        )
        for table in ("item", "file"):
            self._db.execute(
                f"DELETE FROM {table} WHERE subject IN (SELECT id {gone})",  # noqa: S608
                which,
            )
        self._db.execute(f"DELETE {gone}", which)
        self._db.execute("DELETE FROM incoming")

    def _plan_table(self, table: str, options: str) -> None:
        self._db.execute(
            "INSERT INTO item (tbl, subject, state, print)"
            " SELECT ?, id, 'planned', print || ? FROM subject WHERE kind = ? AND seen = ?"
            " ON CONFLICT (tbl, subject) DO UPDATE SET state = 'planned', reason = NULL,"
            " print = excluded.print WHERE item.state = 'failed' OR ? OR"
            " NOT up_to_date(item.print, excluded.print)",
            (table, options, TABLES[table].subject, self.run, always_read(table)),
        )

    def _plan_files_again(self) -> None:
        self._db.execute("UPDATE file SET state = 'planned', reason = NULL WHERE state = 'failed'")
        self._db.execute(
            "UPDATE item SET state = 'listed' WHERE state = 'stored' AND EXISTS (SELECT 1 FROM file"
            " f WHERE f.subject = item.subject AND f.tbl = item.tbl AND f.state = 'planned')"
            " AND tbl IN (SELECT DISTINCT tbl FROM file)"
        )

    def due(
        self,
        tables: Sequence[str],
        after: int,
        limit: int = _CHUNK,
        *,
        project: str | None = None,
    ) -> list[Due]:
        """Return the next subjects of which one of `tables` is planned, in the plan's order.

        Args:
            tables: Names of tables.
            after: Id of the last subject that was given, 0 at the beginning.
            limit: How many at most.
            project: Id of the project to which they belong; None for all.
        """
        marks = ", ".join(f"?{number}" for number in range(4, 4 + len(tables)))
        with self._guarded():
            rows = self._db.execute(
                "SELECT s.id, s.kind, s.key, s.workspace, s.project, s.listed,"  # noqa: S608
                " group_concat(i.tbl) FROM item i JOIN subject s ON s.id = i.subject"
                f" WHERE i.state = 'planned' AND i.subject > ?1 AND i.tbl IN ({marks})"
                " AND (?2 IS NULL OR s.project = ?2)"
                " GROUP BY i.subject ORDER BY i.subject LIMIT ?3",
                (after, project, limit, *tables),
            ).fetchall()
        return [
            Due(number, Subject(*entry), frozenset(str(names).split(",")))
            for number, *entry, names in rows
        ]

    def planned(self, table: str) -> int:
        """Return how many items of a table are to be read."""
        return self._number(
            "SELECT count(*) FROM item WHERE state = 'planned' AND tbl = ?", (table,)
        )

    def without_details(self) -> list[tuple[int, str]]:
        """Return the experiments whose system metrics are planned and whose names are not known.

        The names come with the system details: each is told with what became of these.
        """
        with self._guarded():
            return self._db.execute(
                "SELECT m.subject, coalesce(d.reason, 'not read') FROM item m JOIN item d"
                " ON d.subject = m.subject AND d.tbl = 'system_details'"
                " WHERE m.tbl = 'system_metrics' AND m.state = 'planned'"
                " AND d.state NOT IN ('stored', 'absent') ORDER BY m.subject"
            ).fetchall()

    def ended(self, ends: Sequence[tuple[str, int, str, str | None]]) -> None:
        """Record items without new rows: table, subject, state and reason of each.

        An item that is stored or absent has no rows then; one that failed keeps those that an
        earlier run has stored.
        """
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE item SET state = ?1, reason = ?2,"
                " part = CASE ?1 WHEN 'failed' THEN part END,"
                " rows = CASE ?1 WHEN 'failed' THEN rows ELSE 0 END"
                " WHERE tbl = ?3 AND subject = ?4",
                [(state, reason, table, subject) for table, subject, state, reason in ends],
            )

    def plan_again(self, tables: Sequence[str], subject: int) -> None:
        """Plan tables of a subject anew, for another has changed that they follow."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE item SET state = 'planned', reason = NULL WHERE tbl = ? AND subject = ?",
                [(table, subject) for table in tables],
            )

    def ask_again(self, tables: Sequence[str], subject: int) -> None:
        """Let the next run read tables of a subject again, whatever its entry says then."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "UPDATE item SET print = '' WHERE tbl = ? AND subject = ?",
                [(table, subject) for table in tables],
            )

    def remember(self, project: str, names: Iterable[str]) -> None:
        """Keep names of system metrics that experiments of a project have."""
        with self._guarded(), self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO name VALUES (?, ?)", [(project, name) for name in names]
            )

    def remembered(self, project: str) -> list[str]:
        """Return the names that were kept of a project, sorted."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT name FROM name WHERE project = ? ORDER BY name", (project,)
            ).fetchall()
        return [str(name) for (name,) in rows]

    def counts(self, tables: Sequence[str]) -> list[Count]:
        """Return how many items are in which state, files under the table `files`."""
        marks = ", ".join("?" * len(tables))
        with self._guarded():
            rows = self._db.execute(
                f"SELECT tbl, state, count(*) FROM item WHERE tbl IN ({marks}) GROUP BY 1, 2"  # noqa: S608
                " UNION ALL SELECT 'files', state, count(*) FROM file"
                " WHERE state NOT IN ('listed', 'gone') GROUP BY 2",
                tuple(tables),
            ).fetchall()
        return [Count(table, state, items) for table, state, items in rows]

    def unfinished(self, tables: Sequence[str], unreached: str) -> Iterator[Unfinished]:
        """Give every item that failed or was not reached; `unreached` is the latter's reason."""
        marks = ", ".join(f"'{table}'" for table in tables)
        with self._guarded():
            cursor = self._db.execute(
                "SELECT i.tbl, s.key, coalesce(i.reason, ?1), NULL, NULL"  # noqa: S608
                " FROM item i JOIN subject s ON s.id = i.subject"
                f" WHERE i.tbl IN ({marks}) AND i.state NOT IN ('stored', 'absent')"
                " UNION ALL SELECT 'files', s.key, coalesce(f.reason, ?1), f.id,"
                " json_extract(f.listed, '$.name') FROM file f JOIN subject s ON s.id = f.subject"
                " WHERE f.state IN ('failed', 'planned')",
                (unreached,),
            )
            for row in cursor:
                yield Unfinished(*row)

    def changes(self) -> Iterator[Change]:
        """Give what was added, changed or deleted since the last complete snapshot."""
        with self._guarded():
            for row in self._db.execute(
                "SELECT what, kind, key FROM change WHERE run > coalesce((SELECT max(run)"
                " FROM snapshot WHERE complete = 1), 0) ORDER BY kind, key, run"
            ):
                yield Change(*row)

    def new_snapshot(self) -> int:
        """Return the number of the snapshot to make: a new one, or that which broke off."""
        with self._guarded(), self._transaction():
            found = self._db.execute("SELECT number FROM snapshot WHERE complete = 0").fetchone()
            if found is not None:
                return int(found[0])
            cursor = self._db.execute(
                "INSERT INTO snapshot (run, created) VALUES (?, ?)", (self.run, time.time())
            )
            return cursor.lastrowid or 0

    def snapshot_made(self, number: int) -> None:
        """Record that a snapshot is whole."""
        with self._guarded(), self._transaction():
            self._db.execute(
                "UPDATE snapshot SET complete = 1, run = ? WHERE number = ?", (self.run, number)
            )

    def snapshot_open(self) -> bool:
        """Tell whether the making of a snapshot broke off."""
        return self._number("SELECT count(*) FROM snapshot WHERE complete = 0", ()) > 0

    def asked(self, options: Sequence[str]) -> None:
        """Record what the run was asked for, as options of the command."""
        with self._guarded(), self._transaction():
            # Ledgers of earlier releases lack the table, and those take no harm from it.
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS about"
                " (run INTEGER PRIMARY KEY, asked TEXT NOT NULL, spent TEXT)"
            )
            told = msgspec.json.encode(options).decode()
            self._db.execute("INSERT OR REPLACE INTO about VALUES (?, ?, NULL)", (self.run, told))

    def spent(self, counters: Counters) -> None:
        """Record what the run has taken, where it was recorded what it was asked for."""
        told = msgspec.json.encode(counters).decode()
        with self._guarded(), self._transaction():
            self._db.execute("UPDATE about SET spent = ? WHERE run = ?", (told, self.run))

    def end(self, state: str) -> None:
        """Record that the run is over: `published`, `stopped` or `interrupted`."""
        with self._guarded(), self._transaction():
            self._db.execute(
                "UPDATE run SET state = ?, ended = ? WHERE id = ? AND state = 'running'",
                (state, time.time(), self.run),
            )
        self.over = True

    def _number(self, statement: str, values: tuple[object, ...]) -> int:
        with self._guarded():
            (found,) = self._row(statement, values)
        return int(str(found))


def print_of(subject: Subject, run: int) -> str:
    """Return what tells whether a subject has changed; what still runs always has."""
    digest = hashlib.blake2b(subject.listed, digest_size=16).hexdigest()
    running = _RUNNING.get(subject.kind)
    return f"{digest}.{run}" if running is not None and running(subject.listed) else digest


def _experiment_runs(listed: bytes) -> bool:
    return bool(msgspec.json.decode(listed, type=comet.Experiment, strict=False).running)


def _job_runs(listed: bytes) -> bool:
    return not domino.has_ended(msgspec.json.decode(listed, type=domino.Job, strict=False).status)


_RUNNING: Mapping[SubjectKind, Callable[[bytes], bool]] = MappingProxyType(
    {"experiment": _experiment_runs, "domino_job": _job_runs}
)
