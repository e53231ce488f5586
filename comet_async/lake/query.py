"""Questions in SQL by whoever asks: they read the tables of a lake, and reach nothing else."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import msgspec

from comet_async.errors import HarvestError
from comet_async.extras import extra
from comet_async.lake.drift import literal
from comet_async.lake.reader import LakeReader
from comet_async.redaction import shortened

if TYPE_CHECKING:
    import duckdb

__all__ = ["Answer", "QueryError", "ask", "sealed"]

_BATCH = 2_000
_CARETS = re.compile(r"\n[ ^]+$")


class QueryError(HarvestError):
    """DuckDB refuses a query, or cannot carry it out."""


class Answer(msgspec.Struct, frozen=True):
    """What a query gives.

    Attributes:
        columns: Names, no two the same.
        rows: Rows, read as they are drawn.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]


@contextmanager
def sealed(lake: LakeReader) -> Generator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB whose queries read the tables of a lake and reach nothing else.

    No file, no network, no extension, no setting. The tables are handed over as Arrow: DuckDB's
    own reader would need the right to open the files, and that is the right to overwrite them.

    Raises:
        UsageError: DuckDB is missing.
        PartError: A part is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="comet_async-") as scratch:
        made = cast("duckdb.DuckDBPyConnection", extra("duckdb").connect())
        try:
            made.execute("SET TimeZone = 'UTC'")
            made.execute(f"SET temp_directory = {literal(scratch)}")
            for name in lake:
                made.register(name, lake[name].dataset())
            made.execute("SET python_enable_replacements = false")
            made.execute("SET enable_external_access = false")
            made.execute("SET lock_configuration = true")
            yield made
        finally:
            made.close()


def ask(connection: duckdb.DuckDBPyConnection, text: str) -> Answer:
    """Return what a query gives.

    Raises:
        QueryError: It is no SQL, names what is not there, or reaches for what it must not.
    """
    with _told():
        found = connection.execute(text)
        columns = [str(column[0]) for column in found.description or ()]
    return Answer(tuple(_distinct(columns)), _rows(found))


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while True:
        with _told():
            batch = cast("list[tuple[object, ...]]", found.fetchmany(_BATCH))
        if not batch:
            return
        yield from batch


@contextmanager
def _told() -> Generator[None]:
    """Let DuckDB's errors be one line of ours."""
    problem = ""
    try:
        yield
    except extra("duckdb").Error as error:
        problem = shortened(_CARETS.sub("", str(error)), 400)
    if problem:
        raise QueryError(problem)


def _distinct(names: list[str]) -> Iterator[str]:
    """Give names with a number after those that are taken."""
    taken = set(names)
    given: set[str] = set()
    for name in names:
        number, chosen = 1, name
        while chosen in given or (number > 1 and chosen in taken):
            number += 1
            chosen = f"{name}_{number}"
        given.add(chosen)
        yield chosen
