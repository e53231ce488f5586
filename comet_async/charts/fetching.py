"""Curves from a server, many experiments in one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from comet_async import comet
from comet_async.charts.curves import Curve, Curves, as_names, chosen_metrics, is_glob, no_such
from comet_async.errors import DecodeError, UsageError
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.api.api import API
    from comet_async.api.experiment import APIExperiment
    from comet_async.query.expressions import Expression

__all__ = ["fetch_curves"]

_MS = 1000.0
_SAMPLE = 500


async def fetch_curves(
    api: API,
    experiments: str | Sequence[APIExperiment | str],
    metrics: str | Sequence[str],
    *,
    where: Expression | str | None = None,
    parameters: Sequence[str] = (),
    full: bool = False,
    limit: int | None = None,
) -> Curves:
    """Return curves from a server: one request for the list, one for each 250 experiments.

    Args:
        api: The API to ask.
        experiments: A project as "workspace/project", or experiments, or their keys.
        metrics: Names of metrics, or in a project also globs as "val/*".
        where: Only those experiments of a project that an expression wants.
        parameters: Names of parameters to bring along, to group by or to compare.
        full: All stored points (at most 15,000) of each metric, not a sample of about 500.
        limit: At most so many experiments, the first ones of the list; None for all.

    Returns:
        The curves, experiments in the order of the list; those without any of the metrics have
        none. Values are as the server sent them: a chart tells no contexts.

    Raises:
        UsageError: No experiment has such a metric, or no experiment of the project such a
            parameter; near names are told. Or there is no project of the form
            "workspace/project", or `where` is given with a list.
        CometAsyncError: As `Session.send` does.

    Source: Comet REST v2, experiments/multi-metric-chart.
    """
    names = as_names(metrics, "metric")
    project = _project(experiments) if isinstance(experiments, str) else None
    if project is None:
        if where is not None:
            raise UsageError("`where` chooses among the experiments of a project, not of a list")
        keys = [one if isinstance(one, str) else one.key for one in experiments]
    else:
        keys, names = await _of_project(api, project, names, where)
    keys = [*dict.fromkeys(keys)][:limit]
    charts = await api.get_metrics_for_chart(keys, names, tuple(parameters) or None, full=full)
    curves = _curves([charts[key] for key in keys if key in charts], names, parameters)
    await _check_all_found(api, project, keys, names, curves)
    await _check_parameters(api, project, parameters, curves)
    return Curves(curves, not full and any(len(curve) >= _SAMPLE for curve in curves))


def _project(text: str) -> tuple[str, str]:
    workspace, _, name = text.partition("/")
    if not workspace.strip() or not name.strip():
        raise UsageError(f"{shortened(text, 80)!r} is no project; use 'WORKSPACE/PROJECT'")
    return workspace, name


async def _of_project(
    api: API,
    project: tuple[str, str],
    names: tuple[str, ...],
    where: Expression | str | None,
) -> tuple[list[str], tuple[str, ...]]:
    """Return the keys of a project's experiments, and the names of metrics, globs expanded."""
    if any(map(is_glob, names)):
        names = tuple(chosen_metrics(names, await _known(api, project)))
    if where is None:
        return [one.key for one in await api.get_experiments(*project)], names
    return [one.key for one in await api.query(*project, where)], names


async def _known(api: API, project: tuple[str, str], source: str = "metrics") -> list[str]:
    """Return the names of a project's metrics, or of columns of another source."""
    asked = comet.get_project_columns(workspace_name=project[0], project_name=project[1])
    columns = (await api.send(asked)).columns
    return [column.name for column in columns if column.source == source and column.name]


async def _check_parameters(
    api: API, project: tuple[str, str] | None, names: Sequence[str], curves: Iterable[Curve]
) -> None:
    """See that each parameter is one of the project's, where no curve has it.

    Raises:
        UsageError: One is none.
    """
    found = {name for curve in curves for name in curve.parameters}
    missing = [name for name in names if name not in found]
    if not missing or project is None:
        return
    known = await _known(api, project, "params")
    for name in missing:
        if name not in known:
            raise no_such("parameter", name, known)


async def _check_all_found(
    api: API,
    project: tuple[str, str] | None,
    keys: Sequence[str],
    names: Sequence[str],
    curves: Iterable[Curve],
) -> None:
    """See that each metric has a curve, else tell what there is.

    Raises:
        UsageError: One has none.
    """
    found = {curve.metric for curve in curves}
    missing = [name for name in names if name not in found]
    if not missing:
        return
    if not keys:
        raise UsageError("no experiment was found: nothing to draw")
    if project is not None:
        known = await _known(api, project)
    else:
        asked = comet.get_experiment_metrics_summary(keys[0])
        known = [row.name for row in (await api.send(asked)).values]
    if missing[0] not in known:
        raise no_such("metric", missing[0], known)
    raise UsageError(f"none of these experiments has the metric {shortened(missing[0], 60)}")


def _curves(
    charts: Iterable[comet.ChartExperiment], names: Sequence[str], parameters: Sequence[str]
) -> tuple[Curve, ...]:
    found: list[Curve] = []
    for chart in charts:
        known = {
            name: text
            for name in parameters
            if (text := comet.parameter_text(chart.params.get(name))) is not None
        }
        metrics = sorted(
            (metric for metric in chart.metrics if metric.metric_name in names),
            key=lambda metric: names.index(metric.metric_name),
        )
        found += (_curve(chart, metric, known) for metric in metrics)
    return tuple(found)


def _curve(
    chart: comet.ChartExperiment, metric: comet.ChartMetric, parameters: Mapping[str, str]
) -> Curve:
    problem = ""
    durations = tuple(None if ms is None else ms / _MS for ms in metric.durations)
    try:
        return Curve(
            experiment_key=chart.experiment_key,
            experiment_name=chart.experiment_name,
            metric=metric.metric_name,
            parameters=parameters,
            steps=tuple(metric.steps),
            epochs=tuple(metric.epochs),
            timestamps=tuple(metric.timestamps),
            durations=durations,
            values=tuple(metric.numbers),
        )
    except UsageError as error:
        problem = error.message
    raise DecodeError(f"experiment {printable(chart.experiment_key)}: {problem}")
