"""The SQLite database of archived runs: its tables, and one connection shared by threads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Database", "Row", "SqlValue"]

SqlValue: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[SqlValue, ...]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS project (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, workspace TEXT NOT NULL, updated INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS run (
    key TEXT PRIMARY KEY, project TEXT NOT NULL REFERENCES project (id), name TEXT,
    start INTEGER NOT NULL, stop INTEGER, user TEXT, file_path TEXT, optimization TEXT,
    crashed INTEGER NOT NULL, system TEXT NOT NULL, git TEXT NOT NULL, cloud TEXT);
CREATE INDEX IF NOT EXISTS run_by_project ON run (project, start, key);
CREATE TABLE IF NOT EXISTS tag (run TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (run, name))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS text (
    run TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, kind))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS value (
    run TEXT NOT NULL, source TEXT NOT NULL, ordinal INTEGER NOT NULL, name TEXT NOT NULL,
    max TEXT NOT NULL, max_time INTEGER, max_step INTEGER, max_context TEXT,
    min TEXT NOT NULL, min_time INTEGER, min_step INTEGER, min_context TEXT,
    last TEXT NOT NULL, last_time INTEGER, last_step INTEGER, last_context TEXT,
    PRIMARY KEY (run, source, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS point (
    run TEXT NOT NULL, metric TEXT NOT NULL, ordinal INTEGER NOT NULL, value TEXT NOT NULL,
    step INTEGER, epoch INTEGER, time INTEGER NOT NULL, context TEXT, offset INTEGER NOT NULL,
    PRIMARY KEY (run, metric, ordinal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asset (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, asset TEXT NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, type TEXT NOT NULL, created INTEGER NOT NULL, directory TEXT,
    step INTEGER, context TEXT, metadata TEXT, link TEXT, model TEXT, md5 TEXT, body BLOB,
    UNIQUE (run, asset));
CREATE TABLE IF NOT EXISTS registration (
    workspace TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, run TEXT NOT NULL,
    model TEXT NOT NULL, created INTEGER NOT NULL, user TEXT NOT NULL, public INTEGER NOT NULL,
    description TEXT, comment TEXT, status TEXT NOT NULL, tags TEXT NOT NULL,
    stages TEXT NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (workspace, name, version));
"""


class Database:
    """One SQLite connection behind a lock, usable from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or create the database.

        Args:
            path: A file, or None for a database in memory.
        """
        target = ":memory:" if path is None else str(path)
        self._connection = sqlite3.connect(target, check_same_thread=False)
        self._lock = threading.RLock()
        self._connection.executescript(_SCHEMA)

    def rows(self, statement: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def insert(self, table: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Insert rows into a table, replacing those with the same primary key.

        Args:
            table: Name of a table of the schema.
            rows: All columns, in the order of the schema.
        """
        for row in rows:
            marks = ",".join("?" * len(row))
            statement = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"  # noqa: S608  own names
            self._connection.execute(statement, row)

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Hold the lock; commit at the end, or roll back on an error."""
        with self._lock, self._connection:
            yield

    def blob(self, row: int, start: int, stop: int) -> bytes:
        """Return a range of the body of the asset with a row number."""
        with self._lock, self._connection.blobopen("asset", "body", row, readonly=True) as body:
            body.seek(start)
            return body.read(stop - start)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
