"""Questions to the tables of a lake, whichever of them are there and whatever columns they lack."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeAlias, cast

from comet_async.errors import PartError
from comet_async.extras import extra
from comet_async.lake.drift import quoted
from comet_async.lake.reader import LakeReader
from comet_async.redaction import shortened

__all__ = ["Questions", "Row"]

Row: TypeAlias = tuple[object, ...]


class Questions:
    """A DuckDB over a lake, for as long as a page is made.

    Args:
        lake: The lake.

    Raises:
        UsageError: DuckDB is missing.
        PartError: A part is damaged.
    """

    def __init__(self, lake: LakeReader) -> None:
        self.lake = lake
        with _told():
            self._connection = lake.duckdb()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def has(self, table: str) -> bool:
        """Tell whether a table is there."""
        return table in self.lake

    def rows(self, query: str, *values: object) -> list[Row]:
        """Return the rows of an answer.

        Raises:
            PartError: A part is damaged or gone.
        """
        with _told():
            found = self._connection.execute(query, list(values)).fetchall()
        return cast("list[Row]", found)

    def count(self, query: str, *values: object) -> int:
        """Return the number that is the only value of an answer; 0 where it is null."""
        return int(str(self.rows(query, *values)[0][0] or 0))

    def view(self, name: str, query: str) -> None:
        """Give a query a name."""
        with _told():
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {query}")

    def keep(self, name: str, query: str) -> None:
        """Keep the answer to a query as a table."""
        with _told():
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {query}")

    def some(self, table: str, columns: Mapping[str, str]) -> str:
        """Return a query for columns of a table; those that it lacks are null.

        Args:
            table: Its name; where it is missing there are no rows.
            columns: Names with their types, as DuckDB calls these.
        """
        known: Sequence[str] = self.lake.schema(table).names if self.has(table) else ()
        told = ", ".join(
            f"CAST({quoted(name) if name in known else 'NULL'} AS {kind}) AS {quoted(name)}"
            for name, kind in columns.items()
        )
        return f"SELECT {told} FROM {quoted(table)}" if known else f"SELECT {told} WHERE false"


@contextmanager
def _told() -> Generator[None]:
    """Let DuckDB's errors about files be ours."""
    problem = ""
    try:
        yield
    except extra("duckdb").Error as error:
        problem = shortened(str(error), 300)
    if problem:
        raise PartError(f"the tables cannot be read: {problem}")
