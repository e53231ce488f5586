"""The ledger's file: opened only when it is sound, ours, of this release and of this harvest."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from comet_async.errors import DestinationError, LedgerError
from comet_async.harvest.planner import Plan
from comet_async.redaction import bare_url, printable

__all__ = ["LEDGER_VERSION", "LedgerFile"]

LEDGER_VERSION = 1
_APPLICATION = 0x436F6D41
_SCHEMA = """
CREATE TABLE identity (url TEXT NOT NULL, workspace TEXT NOT NULL, project TEXT);
CREATE TABLE generation (
  id INTEGER PRIMARY KEY, state TEXT NOT NULL, started REAL NOT NULL, ended REAL,
  archived INTEGER NOT NULL);
CREATE TABLE item (
  generation INTEGER NOT NULL, tbl TEXT NOT NULL, ordinal INTEGER NOT NULL,
  experiment TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'planned', reason TEXT, part INTEGER,
  PRIMARY KEY (generation, tbl, ordinal)) WITHOUT ROWID;
CREATE TABLE part (
  generation INTEGER NOT NULL, tbl TEXT NOT NULL, number INTEGER NOT NULL,
  rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (generation, tbl, number)) WITHOUT ROWID;
CREATE TABLE asset (
  generation INTEGER NOT NULL, ordinal INTEGER NOT NULL, id TEXT NOT NULL,
  experiment TEXT NOT NULL, listed BLOB NOT NULL, path TEXT, state TEXT NOT NULL, reason TEXT,
  size INTEGER, sha256 TEXT,
  PRIMARY KEY (generation, ordinal, id)) WITHOUT ROWID;
CREATE TABLE published (
  unit TEXT PRIMARY KEY, generation INTEGER NOT NULL, failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE publishing (
  unit TEXT PRIMARY KEY, generation INTEGER NOT NULL, failed INTEGER NOT NULL) WITHOUT ROWID;
"""


class LedgerFile:
    """The ledger's file and its transactions.

    Args:
        path: The file; made when it is not there.
        plan: What it must be of.

    Raises:
        LedgerError: It is damaged, of another version, or of another harvest.
        DestinationError: It cannot be made or written.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        with self._guarded():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            with self._guarded():
                self._open(plan)
        except BaseException:
            self._db.close()
            raise

    def _open(self, plan: Plan) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        (application,) = self._row("PRAGMA application_id")
        if application == 0 and self._row("SELECT count(*) FROM sqlite_master") == (0,):
            self._make(plan)
        elif application != _APPLICATION:
            raise self._refusal("is no ledger of a harvest")
        (version,) = self._row("PRAGMA user_version")
        if version != LEDGER_VERSION:
            raise self._refusal(f"is of version {version}, this release writes {LEDGER_VERSION}")
        if self._row("PRAGMA quick_check(1)") != ("ok",):
            raise self._refusal("is damaged")
        self._check_identity(plan)

    def _make(self, plan: Plan) -> None:
        with self._transaction():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {LEDGER_VERSION}")
            identity = (plan.url, plan.scope.workspace, plan.scope.project)
            self._db.execute("INSERT INTO identity VALUES (?, ?, ?)", identity)

    def _check_identity(self, plan: Plan) -> None:
        url, workspace, project = self._row("SELECT url, workspace, project FROM identity")
        if (url, workspace, project) != (plan.url, plan.scope.workspace, plan.scope.project):
            of = str(workspace) if project is None else f"{workspace}/{project}"
            raise self._refusal(f"is of {printable(of)} at {bare_url(str(url))}")

    def _refusal(self, what: str) -> LedgerError:
        return LedgerError(
            f"{printable(str(self._path))} {what}; harvest into another folder, or move it away"
        )

    def close(self) -> None:
        """Close the file; what is committed stays."""
        self._db.close()

    def _row(self, statement: str, values: tuple[object, ...] = ()) -> tuple[object, ...]:
        found: tuple[object, ...] | None = self._db.execute(statement, values).fetchone()
        if found is None:
            raise self._refusal("is damaged")
        return found

    @contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        self._db.execute("BEGIN IMMEDIATE")
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
                problem = self._refusal("is damaged")
        except (sqlite3.Error, msgspec.DecodeError):
            problem = self._refusal("is damaged")
        else:
            return
        raise problem
