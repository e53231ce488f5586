"""What two harvests, or two states of one, do not have in common.

Tables are compared as bags of rows: order and files do not matter, repeated rows count. A row that
only one side has is added or removed; where both have such rows under one key, they are changed.
Parts that both sides share, as snapshots do, are not read. Columns are matched by name and brought
to one type first, so a column that is new and null changes no row.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from comet_async.errors import UsageError
from comet_async.extras import extra
from comet_async.lake.drift import literal, quoted
from comet_async.lake.layout import Part
from comet_async.lake.reader import LakeReader
from comet_async.lake.table import EXPERIMENT, LakeTable

if TYPE_CHECKING:
    import duckdb

__all__ = ["ExperimentsDiff", "LakeDiff", "RowDiff", "TableDiff", "diff", "key_of"]

_MEMORY = "1GB"
_MORE = '"more than before"'
_NTH = '"number within its key"'
"""Columns beside a table's own, under names that none of these has."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "experiments": (EXPERIMENT,),
    "metrics": (EXPERIMENT, "metric", "context", "step"),
    "system_metrics": (EXPERIMENT, "metric", "context", "step", "timestamp"),
    "metric_series": (EXPERIMENT, "metric"),
    "metric_summaries": (EXPERIMENT, "metric"),
    "parameters": (EXPERIMENT, "name", "context"),
    "others": (EXPERIMENT, "name", "context"),
    "tags": (EXPERIMENT, "tag"),
    "system_details": (EXPERIMENT,),
    "assets": (EXPERIMENT, "asset_id"),
    "domino_goals": ("project_id", "goal_id"),
    "domino_jobs": ("job_id",),
    "domino_job_statistics": ("job_id", "name"),
    "domino_job_tags": ("job_id", "tag_id"),
    "domino_job_goals": ("job_id", "goal_id"),
    "domino_job_logs": ("job_id", "line"),
    "domino_environments": ("environment_id",),
    "domino_environment_revisions": ("environment_id", "revision_id"),
    "domino_datasets": ("dataset_id",),
    "domino_snapshots": ("dataset_id", "snapshot_id"),
    "domino_registered_models": ("model_name",),
    "domino_model_versions": ("model_name", "version"),
}
_OWNERS = (EXPERIMENT, "workspace_name", "project_id", "model_name", "artifact_id")
_NAMES = ("asset_id", "version_id", "version", "metric", "context", "step", "name", "id")

What = Literal["added", "removed", "changed"]


class RowDiff(msgspec.Struct, frozen=True):
    """One row that differs.

    Attributes:
        what: "added", "removed" or "changed".
        key: What the row is of, by column.
        before: Columns that differ as the first side has them; the whole row if it was removed.
        after: The same of the second side; the whole row if it was added.
    """

    what: What
    key: Mapping[str, object]
    before: Mapping[str, object] = {}
    after: Mapping[str, object] = {}


class TableDiff(msgspec.Struct, frozen=True):
    """How one table differs.

    Attributes:
        name: Its name.
        rows_before: Rows of the first side.
        rows_after: Rows of the second side.
        added: Rows under keys that only the second has.
        removed: Rows under keys that only the first has.
        changed: Rows under keys of both whose values differ.
        columns_added: Columns that only the second has.
        columns_removed: Columns that only the first has.
        key: Columns that tell which row is which.
        rows: The rows that differ, as many as were asked for.
    """

    name: str
    rows_before: int
    rows_after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    rows: tuple[RowDiff, ...] = ()

    @property
    def same(self) -> bool:
        """Whether no row differs and the columns are the same."""
        return not (
            self.added or self.removed or self.changed or self.columns_added or self.columns_removed
        )


class ExperimentsDiff(msgspec.Struct, frozen=True):
    """Keys of experiments, in order.

    Attributes:
        added: Those that only the second side has.
        removed: Those that only the first side has.
        changed: Others of which some row differs, in whatever table.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class LakeDiff(msgspec.Struct, frozen=True):
    """How two lakes differ.

    Attributes:
        tables: Every table that one of them has, in order of names.
        experiments: Experiments that came, went and changed.
        tables_added: Tables that only the second has.
        tables_removed: Tables that only the first has.
    """

    tables: tuple[TableDiff, ...]
    experiments: ExperimentsDiff
    tables_added: tuple[str, ...] = ()
    tables_removed: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both hold the same rows in the same tables."""
        told = self.tables_added or self.tables_removed
        return not told and all(table.same for table in self.tables)


def key_of(table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that tell which row of a table is which.

    Tables that this version does not know are told by their columns: whose they are, and names.

    >>> key_of("tags", ["experiment_key", "tag"])
    ('experiment_key', 'tag')
    >>> key_of("new", ["project_id", "name", "value"])
    ('project_id', 'name')
    """
    known = _KEYS.get(table, (*_OWNERS, *_NAMES))
    return tuple(name for name in known if name in columns) or tuple(columns[:1])


def diff(before: LakeReader, after: LakeReader, *, rows: int = 0) -> LakeDiff:
    """Return how two lakes differ. Blocks; DuckDB holds at most 1 GB and goes to disk beyond.

        lake = comet_async.open_lake("lake")
        harvest.diff(lake.at(1), lake).experiments.added

    Args:
        before: The first side.
        after: The second side.
        rows: How many differing rows of each table to give, changed ones first.

    Raises:
        UsageError: `rows` is negative, or DuckDB is missing.
        PartError: A part is damaged.
    """
    if rows < 0:
        raise UsageError("rows is a number of rows, not negative")
    names = sorted({*before.tables, *after.tables})
    with _connected() as connection:
        connection.execute("CREATE TABLE touched (key VARCHAR)")
        tables = [_Comparison(connection, name, before, after).told(rows) for name in names]
        experiments = _experiments(connection, before, after)
    return LakeDiff(
        tables=tuple(tables),
        experiments=experiments,
        tables_added=tuple(name for name in names if name not in before),
        tables_removed=tuple(name for name in names if name not in after),
    )


@contextmanager
def _connected() -> Generator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="comet_async-") as scratch:
        made = cast("duckdb.DuckDBPyConnection", extra("duckdb").connect())
        try:
            made.execute("SET TimeZone = 'UTC'")
            made.execute("SET preserve_insertion_order = false")
            made.execute(f"SET memory_limit = '{_MEMORY}'")
            made.execute(f"SET temp_directory = {literal(scratch)}")
            yield made
        finally:
            made.close()


class _Comparison:
    """One table of both sides."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        before: LakeReader,
        after: LakeReader,
    ) -> None:
        self._connection = connection
        self._name = name
        self._sides = [
            before[name].parts if name in before else (),
            after[name].parts if name in after else (),
        ]
        self._whole = LakeTable(name, [*self._sides[0], *self._sides[1]])
        self._columns = self._whole.columns
        self._key = key_of(name, self._columns)

    def told(self, rows: int) -> TableDiff:
        """Return how the table differs."""
        counts = [sum(part.rows for part in side) for side in self._sides]
        columns = [
            {field.name: None for part in side for field in part.schema} for side in self._sides
        ]
        whole = all(self._sides)
        added = removed = changed = 0
        found: tuple[RowDiff, ...] = ()
        if self._compare():
            added, removed, changed = self._counted()
            found = tuple(self._rows(rows)) if rows else ()
            self._connection.execute("DROP TABLE delta")
        return TableDiff(
            name=self._name,
            rows_before=counts[0],
            rows_after=counts[1],
            added=added,
            removed=removed,
            changed=changed,
            columns_added=tuple(n for n in columns[1] if n not in columns[0]) if whole else (),
            columns_removed=tuple(n for n in columns[0] if n not in columns[1]) if whole else (),
            key=self._key,
            rows=found,
        )

    def _compare(self) -> bool:
        """Make the table `delta`: each row that differs, and how many more of it the second has."""
        alone = [_without(self._sides[0], self._sides[1]), _without(self._sides[1], self._sides[0])]
        if not any(alone):
            return False
        columns = ", ".join(map(quoted, self._columns))
        arms = [
            f"SELECT {columns}, {sign} AS {_MORE} FROM ({self._whole.sql(parts)})"
            for sign, parts in zip((-1, 1), alone, strict=True)
            if parts
        ]
        self._connection.execute(
            f"CREATE TEMP TABLE delta AS SELECT {columns}, sum({_MORE})::BIGINT AS {_MORE}"
            f" FROM ({' UNION ALL BY NAME '.join(arms)}) GROUP BY {columns}"
            f" HAVING sum({_MORE}) <> 0"
        )
        if EXPERIMENT in self._columns:
            self._connection.execute(
                f"INSERT INTO touched SELECT DISTINCT {EXPERIMENT} FROM delta"
                f" WHERE {EXPERIMENT} IS NOT NULL"
            )
        return True

    def _counted(self) -> tuple[int, int, int]:
        """Return how many rows were added, removed and changed."""
        key = ", ".join(map(quoted, self._key))
        found = self._connection.execute(
            "SELECT coalesce(sum(a - least(a, r)), 0)::BIGINT,"
            " coalesce(sum(r - least(a, r)), 0)::BIGINT,"
            " coalesce(sum(least(a, r)), 0)::BIGINT FROM ("
            f"SELECT sum(greatest({_MORE}, 0)) AS a, sum(greatest(-{_MORE}, 0)) AS r"
            f" FROM delta GROUP BY {key})"
        ).fetchall()
        added, removed, changed = found[0]
        return int(added), int(removed), int(changed)

    def _rows(self, limit: int) -> Iterable[RowDiff]:
        """Give rows that differ: changed ones, then added ones, then removed ones, by key."""
        key = ", ".join(map(quoted, self._key))
        columns = ", ".join(map(quoted, self._columns))
        match = " AND ".join(
            f"b.{n} IS NOT DISTINCT FROM a.{n}" for n in (*map(quoted, self._key), _NTH)
        )
        numbered = (
            f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {columns}) AS {_NTH}"
            f" FROM delta WHERE {_MORE}"
        )
        halves = ", ".join(
            f"{side}.{quoted(name)}" for side in ("b", "a") for name in self._columns
        )
        order = ", ".join(f"coalesce(b.{quoted(n)}, a.{quoted(n)})" for n in self._key)
        cursor = self._connection.execute(
            f"SELECT b.{_NTH} IS NOT NULL, a.{_NTH} IS NOT NULL, {halves}"
            f" FROM ({numbered} < 0) b FULL JOIN ({numbered} > 0) a ON {match}"
            f" ORDER BY (b.{_NTH} IS NULL)::INT + 2 * (a.{_NTH} IS NULL)::INT, {order}"
            f" LIMIT {limit}"
        )
        for was, now, *values in cast("list[tuple[object, ...]]", cursor.fetchall()):
            width = len(self._columns)
            before = dict(zip(self._columns, values[:width], strict=True)) if was else None
            after = dict(zip(self._columns, values[width:], strict=True)) if now else None
            yield self._row(before, after)

    def _row(
        self, before: Mapping[str, object] | None, after: Mapping[str, object] | None
    ) -> RowDiff:
        key = {name: (after or before or {})[name] for name in self._key}
        if before is None:
            return RowDiff("added", key, {}, _rest(after or {}, key))
        if after is None:
            return RowDiff("removed", key, _rest(before, key), {})
        differing = [name for name in self._columns if not _equal(before[name], after[name])]
        return RowDiff(
            "changed",
            key,
            {name: before[name] for name in differing},
            {name: after[name] for name in differing},
        )


def _without(parts: Sequence[Part], others: Sequence[Part]) -> list[Part]:
    """Return the parts that are no links to files of the other side."""
    known = {part.identity for part in others}
    return [part for part in parts if part.identity not in known]


def _rest(row: Mapping[str, object], key: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in key and value is not None}


def _equal(one: object, two: object) -> bool:
    """Tell whether two values are the same; NaN is NaN."""
    return one == two or (one != one and two != two)  # noqa: PLR0124 NaN alone differs from itself


def _experiments(
    connection: duckdb.DuckDBPyConnection, before: LakeReader, after: LakeReader
) -> ExperimentsDiff:
    known = [_keys(connection, lake) for lake in (before, after)]
    rows = cast("list[tuple[str]]", connection.execute("FROM touched").fetchall())
    touched = {key for (key,) in rows}
    return ExperimentsDiff(
        added=tuple(sorted(known[1] - known[0])),
        removed=tuple(sorted(known[0] - known[1])),
        changed=tuple(sorted(touched - (known[0] ^ known[1]))),
    )


def _keys(connection: duckdb.DuckDBPyConnection, lake: LakeReader) -> set[str]:
    """Return the keys of a lake's experiments; without their table, of all that have rows."""
    tables = ["experiments"] if "experiments" in lake else [*lake]
    found: set[str] = set()
    for name in tables:
        if EXPERIMENT in lake[name].columns:
            query = lake.table(name, columns=[EXPERIMENT]).sql()
            told = connection.execute(
                f"SELECT DISTINCT * FROM ({query}) WHERE {EXPERIMENT} IS NOT NULL"
            ).fetchall()
            rows = cast("list[tuple[str]]", told)
            found.update(key for (key,) in rows)
    return found
