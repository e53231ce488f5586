"""Curves out of the folder of a harvest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from comet_async.charts.choosing import wanted_keys
from comet_async.charts.curves import Curve, Curves, as_names, chosen_metrics, no_such
from comet_async.errors import UsageError
from comet_async.lake.drift import literal
from comet_async.lake.reader import LakeReader

if TYPE_CHECKING:
    import duckdb

    from comet_async.query.expressions import Expression

__all__ = ["read_curves"]

_POINTS = """
WITH points AS (
    SELECT experiment_key, metric, context, step, epoch, value,
        epoch_ms("timestamp") AS logged, row_number() OVER () AS place
    FROM metrics WHERE metric IN ({metrics})
)
SELECT experiment_key, metric, context,
    list(step ORDER BY place), list(epoch ORDER BY place), list(logged ORDER BY place),
    list(value ORDER BY place)
FROM points GROUP BY ALL ORDER BY min(place)
"""


def read_curves(
    lake: LakeReader,
    metrics: str | Sequence[str],
    *,
    where: Expression | str | None = None,
    parameters: Sequence[str] = (),
    limit: int | None = None,
) -> Curves:
    """Return the curves of metrics out of a lake, all their points.

    Args:
        lake: The lake, as `open_lake` gives it.
        metrics: Names or globs, as "val/*".
        where: Only those experiments that an expression wants; metrics count by their last value.
        parameters: Names of parameters to bring along, to group by or to compare.
        limit: At most so many experiments, the first ones of the lake; None for all.

    Returns:
        The curves, experiments in the order of the lake, points in the server's. Durations count
        from the experiment's start, or from the curve's first point where the lake knows no start.

    Raises:
        UsageError: There is no such metric or parameter (near names are told), or no table of
            them; or DuckDB is missing.
        PartError: A part is damaged.
    """
    names = as_names(metrics, "metric")
    if "metrics" not in lake:
        raise UsageError("this harvest has no table metrics")
    with lake.duckdb() as connection:
        known = connection.execute("SELECT DISTINCT metric FROM metrics").fetchall()
        chosen = chosen_metrics(names, (str(row[0]) for row in known if row[0] is not None))
        experiments = _experiments(connection, lake)
        keys = None if where is None else wanted_keys(connection, lake.tables, where)
        told = _parameters(connection, lake, parameters)
        rows = connection.execute(
            _POINTS.format(metrics=", ".join(map(literal, chosen)))
        ).fetchall()
    found = _curves(rows, experiments, told, chosen)
    if keys is not None:
        found = [curve for curve in found if curve.experiment_key in keys]
    if not found:
        raise UsageError("no experiment was found: nothing to draw")
    allowed = {*dict.fromkeys(curve.experiment_key for curve in found)}
    if limit is not None:
        allowed = {*[*dict.fromkeys(curve.experiment_key for curve in found)][:limit]}
    return Curves(tuple(curve for curve in found if curve.experiment_key in allowed))


def _experiments(
    connection: duckdb.DuckDBPyConnection, lake: LakeReader
) -> dict[str, tuple[str | None, int | None]]:
    """Return name and start of each experiment, in the order of the lake."""
    if "experiments" not in lake:
        return {}
    rows = connection.execute(
        "SELECT experiment_key, experiment_name, epoch_ms(start_time) FROM experiments"
    ).fetchall()
    return {str(key): (name, start) for key, name, start in rows}


def _parameters(
    connection: duckdb.DuckDBPyConnection, lake: LakeReader, names: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return the values of parameters by experiment."""
    found: dict[str, dict[str, str]] = {}
    if not names:
        return found
    if "parameters" not in lake:
        raise UsageError("this harvest has no table parameters")
    wanted = ", ".join(map(literal, names))
    rows = connection.execute(
        "SELECT experiment_key, name, value FROM parameters"
        f" WHERE name IN ({wanted}) AND value IS NOT NULL"
    ).fetchall()
    for key, name, value in rows:
        found.setdefault(str(key), {})[str(name)] = str(value)
    told = {name for values in found.values() for name in values}
    for missing in (name for name in names if name not in told):
        known = connection.execute("SELECT DISTINCT name FROM parameters").fetchall()
        raise no_such("parameter", missing, (str(row[0]) for row in known))
    return found


def _curves(
    rows: Iterable[tuple[object, ...]],
    experiments: Mapping[str, tuple[str | None, int | None]],
    parameters: Mapping[str, Mapping[str, str]],
    metrics: Sequence[str],
) -> list[Curve]:
    order = {key: place for place, key in enumerate(experiments)}
    found: list[Curve] = []
    for row in rows:
        key, metric, context = cast("tuple[str, str, str | None]", row[:3])
        steps, epochs, logged = cast("tuple[list[int | None], ...]", row[3:6])
        name, start = experiments.get(key, (None, None))
        first = start if start is not None else next((ms for ms in logged if ms is not None), 0)
        found.append(
            Curve(
                experiment_key=key,
                experiment_name=name,
                metric=metric,
                context=context,
                parameters=parameters.get(key, {}),
                steps=tuple(steps),
                epochs=tuple(epochs),
                timestamps=tuple(logged),
                durations=tuple(None if ms is None else (ms - first) / 1000 for ms in logged),
                values=tuple(cast("list[float | None]", row[6])),
            )
        )
    found.sort(
        key=lambda one: (order.get(one.experiment_key, len(order)), metrics.index(one.metric))
    )
    return found
