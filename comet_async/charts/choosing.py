"""Which experiments of a lake an expression wants, as the server would say of these values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast

from comet_async.charts.curves import no_such
from comet_async.comet.common import number
from comet_async.errors import UsageError
from comet_async.lake.drift import quoted
from comet_async.query import Expression, read_expression
from comet_async.query.expressions import Comparison, Joined
from comet_async.query.literals import Value

if TYPE_CHECKING:
    import duckdb

__all__ = ["wanted_keys"]

_Values: TypeAlias = Mapping[str, Mapping[str, object]]
"""Values of one column, or of all tags, by experiment key and name."""

_LAST = (
    "SELECT experiment_key, metric, arg_max(value, place) FROM (SELECT *, row_number() OVER ()"
    " AS place FROM metrics) WHERE value IS NOT NULL GROUP BY ALL"
)
_SUMMARIES = (
    "SELECT experiment_key, metric, coalesce(last_text, last::VARCHAR) FROM metric_summaries"
)
_SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "metrics": (
            "metric_summaries",
            _SUMMARIES,
        ),
        "params": ("parameters", "SELECT experiment_key, name, value FROM parameters"),
        "log_other": ("others", "SELECT experiment_key, name, value FROM others"),
        "tag": ("tags", "SELECT experiment_key, tag, tag FROM tags"),
    }
)
"""For each source of columns: the table, and what asks it for key, name and value."""

_METADATA: Mapping[str, str] = MappingProxyType(
    {
        "experimentKey": "experiment_key",
        "runId": "experiment_key",
        "duration": "duration_ms / 1000",
        "start_server_timestamp": "start_time",
        "end_server_timestamp": "end_time",
        "file_name": "file_name",
        "file_path": "file_path",
        "user_name": "user_name",
        "optimizationId": "optimization_id",
        "runActive": "running",
    }
)
"""Where the table of experiments has what expressions call metadata."""


def wanted_keys(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[str], where: Expression | str
) -> frozenset[str]:
    """Return the keys of the experiments that an expression wants.

    An experiment that lacks a column is wanted by `== None` and by no other comparison.

    Args:
        connection: DuckDB with the tables as views.
        tables: Tables that are there.
        where: The expression, or its text.

    Raises:
        UsageError: It is no expression, or no experiment has such a column; near names are told.
    """
    tree = read_expression(where) if isinstance(where, str) else where
    source = "experiments" if "experiments" in tables else "metrics"
    rows = connection.execute(f"SELECT DISTINCT experiment_key FROM {source}").fetchall()
    keys = [str(row[0]) for row in rows]
    columns = _Columns(connection, tables)
    return frozenset(key for key in keys if columns.wants(tree, key))


class _Columns:
    """The columns that expressions name, each table read once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
        self._connection = connection
        self._tables = tables
        self._known: dict[str, _Values] = {}

    def wants(self, tree: Expression, key: str) -> bool:
        if isinstance(tree, Joined):
            join = all if tree.condition == "AND" else any
            return join([self.wants(side, key) for side in (tree.left, tree.right)])
        (leaf,) = tree.leaves()
        source, name = leaf.variable.source, leaf.variable.name
        if source not in self._known:
            self._known[source] = self._read(source)
        if source == "tag":
            return (name in self._known[source].get(key, {})) == (leaf.operator == "equal")
        if not any(name in values for values in self._known[source].values()):
            known = {one for values in self._known[source].values() for one in values}
            raise no_such(leaf.variable.called.lower(), name, known)
        return _holds(leaf, self._known[source].get(key, {}).get(name))

    def _read(self, source: str) -> _Values:
        if source == "metadata":
            return self._wide("experiments", _METADATA)
        if source == "env_details":
            return self._wide("system_details", None)
        table, query = _SOURCES[source]
        if source == "metrics" and table not in self._tables:
            table, query = "metrics", _LAST
        self._check(table)
        found: dict[str, dict[str, object]] = {}
        for key, name, value in self._connection.execute(query).fetchall():
            found.setdefault(str(key), {})[str(name)] = value
        return found

    def _wide(self, table: str, names: Mapping[str, str] | None) -> _Values:
        self._check(table)
        if names is None:
            relation = self._connection.execute(f"SELECT * FROM {table} LIMIT 0")
            names = {str(one[0]): quoted(str(one[0])) for one in relation.description or ()}
        chosen = ", ".join(names.values())
        rows = self._connection.execute(f"SELECT experiment_key, {chosen} FROM {table}").fetchall()
        return {str(row[0]): dict(zip(names, row[1:], strict=True)) for row in rows}

    def _check(self, table: str) -> None:
        if table not in self._tables:
            raise UsageError(f"this harvest has no table {table}, which the expression needs")


def _holds(leaf: Comparison, found: object) -> bool:
    """Tell whether a comparison holds for a value; None is one that the experiment lacks."""
    if leaf.operator in {"is_null", "is_not_null"}:
        return (found is None) == (leaf.operator == "is_null")
    if found is None:
        return False
    if leaf.operator in {"is_empty", "is_not_empty"}:
        return (found == "") == (leaf.operator == "is_empty")
    negated = leaf.operator.startswith("not_")
    rule = _RULES[leaf.operator.removeprefix("not_")]
    return rule(*_alike(found, leaf.value)) != negated


def _alike(found: object, value: Value) -> tuple[object, object]:
    """Return a value and what it is compared with, both as what the latter is."""
    if isinstance(value, tuple):
        return _number(found), value
    if isinstance(value, bool):
        return str(found).lower(), str(value).lower()
    if isinstance(value, datetime):
        return _moment(found), _moment(value)
    if isinstance(value, (int, float)):
        return _number(found), float(value)
    return str(found), value


def _number(found: object) -> float | None:
    return number(found) if isinstance(found, (str, int, float)) else None


def _moment(found: object) -> datetime | None:
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


_Rule: TypeAlias = Callable[[object, object], bool]


def _ordered(rule: Callable[[float, float], bool]) -> _Rule:
    def compare(found: object, value: object) -> bool:
        if found is None or value is None or isinstance(found, str) != isinstance(value, str):
            return False
        return rule(cast("float", found), cast("float", value))

    return compare


_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "equal": lambda found, value: found == value,
        "less": _ordered(lambda found, value: found < value),
        "less_or_equal": _ordered(lambda found, value: found <= value),
        "greater": _ordered(lambda found, value: found > value),
        "greater_or_equal": _ordered(lambda found, value: found >= value),
        "between": lambda found, value: (
            found is not None
            and cast("tuple[float, float]", value)[0]
            <= cast("float", found)
            <= cast("tuple[float, float]", value)[1]
        ),
        "contains": lambda found, value: str(value) in str(found),
        "begins_with": lambda found, value: str(found).startswith(str(value)),
        "ends_with": lambda found, value: str(found).endswith(str(value)),
    }
)
"""What each operator asks of a value."""
