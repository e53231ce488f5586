"""The ledger's file: opened only when it is sound, ours, of this release and of this harvest."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from comet_async.errors import DestinationError, LedgerError
from comet_async.harvest.owners import owner_lives, this_owner
from comet_async.harvest.planner import Plan, up_to_date
from comet_async.harvest.scope import scope_text
from comet_async.redaction import bare_url, printable, shortened

__all__ = ["LEDGER_VERSION", "DamagedLedger", "LedgerFile"]

LEDGER_VERSION = 3
_DAMAGED = "is damaged"
_APPLICATION = 0x436F6D41
_TRIES = 50
_PAUSE = 0.1
_SCHEMA = """
CREATE TABLE identity (url TEXT NOT NULL, workspace TEXT NOT NULL, project TEXT);
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, began REAL NOT NULL, ended REAL,
  owner TEXT NOT NULL, pulse REAL NOT NULL);
CREATE TABLE subject (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, workspace TEXT NOT NULL,
  project TEXT, listed BLOB NOT NULL, print TEXT NOT NULL, seen INTEGER NOT NULL,
  UNIQUE (kind, key));
CREATE TABLE item (
  tbl TEXT NOT NULL, subject INTEGER NOT NULL, state TEXT NOT NULL, print TEXT NOT NULL,
  reason TEXT, part INTEGER, first INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tbl, subject)) WITHOUT ROWID;
CREATE INDEX item_planned ON item (subject, tbl) WHERE state = 'planned';
CREATE INDEX item_part ON item (part) WHERE part IS NOT NULL;
CREATE TABLE part (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0, sha256 TEXT);
CREATE TABLE file (
  subject INTEGER NOT NULL, id TEXT NOT NULL, tbl TEXT NOT NULL, listed BLOB NOT NULL, path TEXT,
  state TEXT NOT NULL, reason TEXT, size INTEGER, sha256 TEXT, modified INTEGER, etag TEXT,
  PRIMARY KEY (subject, id)) WITHOUT ROWID;
CREATE INDEX file_planned ON file (subject, id) WHERE state = 'planned';
CREATE INDEX file_etag ON file (etag) WHERE etag IS NOT NULL AND state = 'stored';
CREATE TABLE name (project TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (project, name))
  WITHOUT ROWID;
CREATE TABLE change (
  run INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, what TEXT NOT NULL,
  PRIMARY KEY (run, kind, key)) WITHOUT ROWID;
CREATE TABLE snapshot (
  number INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, created REAL NOT NULL,
  complete INTEGER NOT NULL DEFAULT 0);
"""


class DamagedLedger(LedgerError):
    """A ledger that cannot be trusted."""


class LedgerFile:
    """The ledger's file and its transactions.

    Args:
        path: The file; made when it is not there.
        plan: What it must be of; None to read whichever is there.

    Raises:
        LedgerError: It is damaged, of another version, or of another harvest.
        DestinationError: It cannot be made or written.
    """

    def __init__(self, path: Path, plan: Plan | None) -> None:
        self._path = path
        self._owner = this_owner()
        self.run = 0
        self.over = False
        self.took_over = False
        with self._guarded():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.create_function("up_to_date", 2, up_to_date, deterministic=True)
        try:
            with self._guarded():
                self._open(plan)
        except BaseException:
            self._db.close()
            raise

    def _open(self, plan: Plan | None) -> None:
        self._log_writes()
        self._db.execute("PRAGMA synchronous = FULL")
        with self._transaction("BEGIN"):  # another process may be making the file
            (application,) = self._row("PRAGMA application_id")
            empty = application == 0 and self._row("SELECT count(*) FROM sqlite_master") == (0,)
        if empty and plan is not None:
            self._make(plan)
        elif application != _APPLICATION:
            raise self._refusal("is no ledger of a harvest")
        (version,) = self._row("PRAGMA user_version")
        if version != LEDGER_VERSION:
            raise self._refusal(f"is of version {version}, this release writes {LEDGER_VERSION}")
        if self._row("PRAGMA quick_check(1)") != ("ok",):
            raise self._refusal(_DAMAGED)
        if plan is not None:
            self._check_identity(plan)

    def _log_writes(self) -> None:
        """Use a write-ahead log. SQLite itself does not wait here for others that do the same."""
        for _ in range(_TRIES):
            with suppress(sqlite3.OperationalError):
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            time.sleep(_PAUSE)
        self._db.execute("PRAGMA journal_mode = WAL")

    def _make(self, plan: Plan) -> None:
        with self._transaction():
            if self._row("PRAGMA application_id") != (0,):
                return  # another process was first
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {LEDGER_VERSION}")
            identity = (plan.url, plan.scope.workspace, plan.scope.project)
            self._db.execute("INSERT INTO identity VALUES (?, ?, ?)", identity)

    def _check_identity(self, plan: Plan) -> None:
        url, workspace, project = self._row("SELECT url, workspace, project FROM identity")
        if (url, workspace, project) != (plan.url, plan.scope.workspace, plan.scope.project):
            of = scope_text(str(workspace), None if project is None else str(project))
            raise self._refusal(f"is of {printable(of)} at {bare_url(str(url))}")

    def _refusal(self, what: str) -> LedgerError:
        kind = DamagedLedger if what == _DAMAGED else LedgerError
        return kind(
            f"{printable(str(self._path))} {what}; harvest into another folder, or move it away"
        )

    def _claimed(self) -> int:
        """Return the number of a new run; within a transaction.

        The folder's lock keeps others away, where locks work. Where they do not, as on some network
        file systems, a run whose process lives, or that beat less than a minute ago elsewhere, is
        left alone.

        Raises:
            LedgerError: Another run is under way.
        """
        now = time.time()
        for owner, pulse in self._db.execute(
            "SELECT owner, pulse FROM run WHERE state = 'running'"
        ):
            if owner_lives(str(owner), now - float(pulse)):
                raise LedgerError(
                    f"another harvest works in {printable(str(self._path.parent))}"
                    f" ({shortened(str(owner))}); wait for it or use another folder"
                )
        self.took_over = self._row(
            "SELECT count(*) FROM run WHERE id = (SELECT max(id) FROM run) AND state <> 'published'"
        ) == (1,)
        self._db.execute("UPDATE run SET state = 'killed' WHERE state = 'running'")
        cursor = self._db.execute(
            "INSERT INTO run (state, began, owner, pulse) VALUES ('running', ?, ?, ?)",
            (now, self._owner, now),
        )
        return cursor.lastrowid or 0

    def beat(self) -> None:
        """Say that the run is alive, unless it is over.

        Raises:
            LedgerError: Another process has taken the folder over.
        """
        if self.over:
            return
        with self._guarded(), self._transaction():
            cursor = self._db.execute(
                "UPDATE run SET pulse = ? WHERE id = ? AND state = 'running'",
                (time.time(), self.run),
            )
        if not cursor.rowcount:
            raise LedgerError(f"another process took {printable(str(self._path.parent))} over")

    def close(self) -> None:
        """Close the file; what is committed stays, all of it in the file itself."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _row(self, statement: str, values: tuple[object, ...] = ()) -> tuple[object, ...]:
        found: tuple[object, ...] | None = self._db.execute(statement, values).fetchone()
        if found is None:
            raise self._refusal(_DAMAGED)
        return found

    @contextmanager
    def together(self) -> Generator[None, None, None]:
        """Let all changes within become one: all of them are on disk afterwards, or none."""
        with self._guarded(), self._transaction():
            yield

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Generator[None, None, None]:
        if self._db.in_transaction:
            yield
            return
        self._db.execute(begin)
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _guarded(self) -> Generator[None, None, None]:
        """Turn SQLite's errors into ours."""
        problem: Exception
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            problem = DestinationError(f"cannot write {printable(str(self._path))}: {text}")
            if text.startswith("no such"):
                problem = self._refusal(_DAMAGED)
        except (sqlite3.Error, msgspec.DecodeError):
            problem = self._refusal(_DAMAGED)
        else:
            return
        raise problem
