"""A lake as the other tracker is filled from it: experiment by experiment, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self, TypeAlias, cast

import msgspec

from comet_async.errors import UsageError
from comet_async.handover.places import LostField, Place, Places, place_of
from comet_async.lake.drift import literal, quoted
from comet_async.lake.query import ask, sealed
from comet_async.lake.reader import LakeReader
from comet_async.lake.table import EXPERIMENT

__all__ = ["Row", "Source"]

Row: TypeAlias = dict[str, object]

_BATCH = 5_000
_FILE_SIZES = {
    "assets": "size",
    "model_archives": "size",
    "artifact_files": "stored_size",
    "registry_archives": "size",
}
"""The column of each table of files that is null where there is no file."""
_NOT_DECIDED = "this version does not know it"


class Source:
    """What is handed over of a lake. Use it as a context manager.

    Args:
        lake: The lake.
        where: Condition in SQL on the columns of `experiments`; None for all experiments.

    Raises:
        UsageError: The lake has no experiments, or DuckDB is missing.
        QueryError: The condition cannot be understood.
        PartError: A part is damaged.
    """

    def __init__(self, lake: LakeReader, where: str | None) -> None:
        if "experiments" not in lake:
            raise UsageError("this harvest has no table experiments: there is nothing to hand over")
        self.lake = lake
        keys = None if where is None else _chosen(lake, where)
        self._connection = lake.duckdb()
        self._connection.execute("CREATE TABLE handed_over (experiment_key VARCHAR)")
        if keys is None:
            self._connection.execute(
                "INSERT INTO handed_over SELECT DISTINCT experiment_key FROM experiments"
            )
        else:
            for key in keys:
                self._connection.execute("INSERT INTO handed_over VALUES (?)", [key])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are there."""
        return self.lake.tables

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table."""
        return self.lake[table].columns

    def experiments(self) -> list[Row]:
        """Return the rows of `experiments` that are handed over, by project and start."""
        return list(
            self._query(
                "SELECT DISTINCT ON (experiment_key) * FROM experiments"
                " WHERE experiment_key IN (SELECT experiment_key FROM handed_over)"
                " ORDER BY workspace_name, project_name, start_time, experiment_key"
                if {"workspace_name", "project_name", "start_time"}
                <= set(self.columns("experiments"))
                else "FROM experiments ORDER BY experiment_key"
            )
        )

    def rows(
        self,
        table: str,
        key: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        order: str = "",
    ) -> Iterator[Row]:
        """Give the rows of a table, a few at a time; nothing where there is no such table.

        Args:
            table: Its name.
            key: Only those of this experiment.
            columns: Only these columns; None for all.
            order: What follows ORDER BY.
        """
        if table not in self.lake:
            return
        chosen = "*" if columns is None else ", ".join(map(quoted, columns))
        where = "" if key is None else f" WHERE {EXPERIMENT} = {literal(key)}"
        ordered = f" ORDER BY {order}" if order else ""
        yield from self._query(f"SELECT {chosen} FROM {quoted(table)}{where}{ordered}")

    def series(self, table: str, key: str) -> list[tuple[str, list[str | None]]]:
        """Return the metrics of an experiment in one table, each with its contexts in order."""
        if table not in self.lake:
            return []
        found: dict[str, list[str | None]] = {}
        query = (
            f"SELECT DISTINCT metric, context FROM {quoted(table)}"
            f" WHERE {EXPERIMENT} = {literal(key)} AND metric IS NOT NULL"
            " ORDER BY metric, context NULLS FIRST"
        )
        for row in self._query(query):
            found.setdefault(str(row["metric"]), []).append(cast("str | None", row["context"]))
        return [*found.items()]

    def count(self, table: str, what: str = "*") -> int:
        """Return how many rows of a table, or values of a column of it, are handed over."""
        if table not in self.lake:
            return 0
        counted = what if what == "*" else quoted(what)
        where = (
            f" WHERE {EXPERIMENT} IN (SELECT experiment_key FROM handed_over)"
            if EXPERIMENT in self.columns(table)
            else ""
        )
        return self._number(f"SELECT count({counted}) AS number FROM {quoted(table)}{where}")

    def totals(self) -> dict[str, int]:
        """Return how much there is to hand over: points, parameters, tags and files."""
        return {
            "points": self.count("metrics") + self.count("system_metrics"),
            "parameters": self.count("parameters"),
            "tags": self.count("tags") + self.count("others"),
            "files": sum(self.count(table, size) for table, size in _FILE_SIZES.items()),
        }

    def digest(self, experiment: Mapping[str, object]) -> str:
        """Return what tells a state of an experiment from others: its entry, its rows by table."""
        key = str(experiment[EXPERIMENT])
        counts = {table: found.get(key, 0) for table, found in self._row_counts.items()}
        told = msgspec.json.encode([dict(experiment), counts], order="sorted")
        return hashlib.sha256(told).hexdigest()[:32]

    def file(self, local_path: object) -> Path | None:
        """Return a file that the lake lists, None where it is not there."""
        if not isinstance(local_path, str):
            return None
        path = self.lake.folder / local_path
        inside = path.resolve().is_relative_to(self.lake.folder.resolve())
        return path if inside and path.is_file() else None

    def lost(self, places: Places) -> tuple[LostField, ...]:
        """Return the fields that hold values and have no place, with how many these are."""
        found: list[LostField] = []
        for table in self.lake:
            whole = place_of(places, table, "*")
            if isinstance(whole, Place):
                rows = 0 if whole.why is None else self.count(table)
                found += [LostField(table, "*", rows, whole.why or "")] * bool(rows)
                continue
            for column in self.columns(table):
                place = place_of(places, table, column) or Place(why=_NOT_DECIDED)
                values = 0 if place.why is None else self.count(table, column)
                found += [LostField(table, column, values, place.why or "")] * bool(values)
        return tuple(found)

    @cached_property
    def _row_counts(self) -> dict[str, dict[str, int]]:
        """How many rows each table has of each experiment, asked once for all of them."""
        return {
            table: {
                str(row[EXPERIMENT]): cast("int", row["number"])
                for row in self._query(
                    f"SELECT {EXPERIMENT}, count(*) AS number FROM {quoted(table)} GROUP BY ALL"
                )
            }
            for table in self.lake
            if EXPERIMENT in self.columns(table) and table != "answers"
        }

    def _number(self, query: str) -> int:
        return sum(cast("int", row["number"]) for row in self._query(query))

    def _query(self, query: str) -> Iterator[Row]:
        cursor = self._connection.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            answer = cursor.execute(query)
            names = [str(column[0]) for column in answer.description or ()]
            while batch := answer.fetchmany(_BATCH):
                for values in batch:
                    yield dict(zip(names, values, strict=True))
        finally:
            cursor.close()


def _chosen(lake: LakeReader, where: str) -> list[str]:
    """Return the keys of the experiments for which a condition is true."""
    with sealed(lake) as connection:
        query = f"SELECT DISTINCT {EXPERIMENT} FROM experiments WHERE ({where}\n)"
        return [str(row[0]) for row in ask(connection, query).rows]
