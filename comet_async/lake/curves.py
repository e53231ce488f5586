"""Curves of metrics out of a lake, in the long form and in the form that is plotted."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import msgspec

from comet_async.arrow_shapes import ArrowTable
from comet_async.errors import UsageError
from comet_async.lake.drift import literal, quoted
from comet_async.redaction import printable

if TYPE_CHECKING:
    import duckdb

__all__ = ["By", "Curves"]

By: TypeAlias = Literal["step", "epoch", "timestamp"]
"""What the rows of the wide form are."""

_AXES = ("step", "epoch", "timestamp")
_GLOB = re.compile(r"[*?\[]")
_SHORT_KEY = 9


class _Curve(msgspec.Struct, frozen=True):
    """One curve: whose, of what."""

    key: str
    name: str | None
    metric: str
    context: str | None


class Curves:
    """The curves of metrics by these names.

    Args:
        connection: DuckDB with the tables as views.
        tables: Tables that are there.
        names: Names or globs of metrics; a name that is there wins over what it is as a glob.
        keys: Experiment keys; None for all.
        context: Only this context; None for all.

    Raises:
        UsageError: There is no table of metrics, or no such metric.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Sequence[str],
        names: Sequence[str],
        keys: Sequence[str] | None,
        context: str | None,
    ) -> None:
        self._connection = connection
        if "metrics" not in tables:
            raise UsageError("this harvest has no table metrics")
        where = [f"m.metric IN ({_list(self._matching(names))})"]
        if keys is not None:
            where.append(f"m.experiment_key IN ({_list(keys)})")
        if context is not None:
            where.append(f"m.context = {literal(context)}")
        named = "e.experiment_name" if "experiments" in tables else "NULL::VARCHAR"
        join = (
            "LEFT JOIN experiments e ON e.experiment_key = m.experiment_key"
            if "experiments" in tables
            else ""
        )
        self._points = (
            f"SELECT m.*, {named} AS experiment_name FROM metrics m {join}"
            f" WHERE {' AND '.join(where)}"
        )

    def _matching(self, names: Sequence[str]) -> list[str]:
        found = self._connection.execute("SELECT DISTINCT metric FROM metrics").fetchall()
        known = sorted(str(row[0]) for row in found if row[0] is not None)
        chosen: dict[str, None] = {}
        for name in names:
            exact = name in known
            globs = not exact and _GLOB.search(name)
            matched = fnmatch.filter(known, name) if globs else [name] * exact
            if not matched:
                near = printable(", ".join(known[:20])) or "none"
                raise UsageError(f"no metric matches {printable(name)}; there are: {near}")
            chosen.update(dict.fromkeys(matched))
        return [*chosen]

    def long(self) -> ArrowTable:
        """Return all points, by experiment, metric and context in the order of steps."""
        return self._read(
            "SELECT experiment_key, experiment_name, metric, context, step, epoch,"
            f" timestamp, value FROM ({self._points})"
            ' ORDER BY experiment_key, metric, context, step, timestamp, "offset"'
        )

    def wide(self, by: By) -> ArrowTable:
        """Return one row for each value of `by`, and one column for each curve.

        Raises:
            UsageError: `by` is none of its three values.
        """
        if by not in _AXES:
            raise UsageError(f"by is one of {', '.join(_AXES)}, not {printable(str(by))}")
        axis = quoted(by)
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE curves_to_plot AS SELECT row_number() OVER"
            " (ORDER BY experiment_name, experiment_key, metric, context) - 1 AS curve, *"
            " FROM (SELECT DISTINCT experiment_key, experiment_name, metric, context"
            f" FROM ({self._points}) WHERE {axis} IS NOT NULL)"
        )
        found = self._connection.execute(
            "SELECT experiment_key, experiment_name, metric, context FROM curves_to_plot"
            " ORDER BY curve"
        ).fetchall()
        curves = [_Curve(str(k), n, str(m), c) for k, n, m, c in found]
        if not curves:
            return self._read(f"SELECT {axis} FROM ({self._points}) WHERE false")
        numbers = ", ".join(str(number) for number in range(len(curves)))
        self._connection.execute(f"SET pivot_limit = {max(100_000, len(curves) + 1)}")
        rows = self._read(
            f"SELECT * FROM (SELECT p.{axis}, c.curve, p.value"
            f" FROM ({self._points}) p JOIN curves_to_plot c ON c.experiment_key = p.experiment_key"
            " AND c.metric = p.metric AND c.context IS NOT DISTINCT FROM p.context"
            f" WHERE p.{axis} IS NOT NULL QUALIFY row_number() OVER (PARTITION BY c.curve,"
            f' p.{axis} ORDER BY p."offset" DESC NULLS LAST, p.timestamp DESC NULLS LAST) = 1)'
            f" PIVOT (any_value(value) FOR curve IN ({numbers}) GROUP BY {axis}) ORDER BY {axis}"
        )
        return rows.rename_columns([by, *_labels(curves, by)])

    def _read(self, query: str) -> ArrowTable:
        found = self._connection.sql(query)
        # DuckDB has renamed it on the way from 1.1 to 2.0, and warns of the older name.
        read = getattr(found, "to_arrow_table", None) or found.fetch_arrow_table
        return cast("ArrowTable", read())


def _list(texts: Sequence[str]) -> str:
    return ", ".join(map(literal, texts)) or "NULL"


def _labels(curves: Sequence[_Curve], axis: str) -> list[str]:
    """Return one heading for each curve: short, and no two the same."""
    owners: dict[str, set[str]] = {}
    for curve in curves:
        owners.setdefault(curve.name or curve.key, set()).add(curve.key)
    several = len({curve.metric for curve in curves}) > 1
    contexts = Counter((curve.key, curve.metric) for curve in curves)
    labels = [axis]
    for curve in curves:
        shared = len(owners[curve.name or curve.key]) > 1
        short = f"{curve.name} ({curve.key[:_SHORT_KEY]})" if shared else curve.name
        parts = [short or curve.key]
        parts += [curve.metric] * several
        parts += [curve.context or "-"] * (contexts[curve.key, curve.metric] > 1)
        label = " | ".join(parts)
        if label in labels:
            label = " | ".join([curve.key, curve.metric, curve.context or ""])
        labels.append(label)
    return labels[1:]
