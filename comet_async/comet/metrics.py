"""Metrics, parameters and other values of experiments."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.comet.common import (
    Cell,
    Flat,
    NullableDict,
    NullableList,
    Wire,
    no_items,
    no_members,
    number,
    read,
    read_by_post,
)
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = [
    "ChartExperiment",
    "ChartMetric",
    "MetricPoint",
    "MetricSeries",
    "MultiMetricChart",
    "ValueSummaries",
    "ValueSummary",
    "get_all_experiment_metrics",
    "get_experiment_metric",
    "get_experiment_metrics_summary",
    "get_experiment_others",
    "get_experiment_parameters",
    "get_multi_metric_chart",
    "parameter_text",
]


class MetricPoint(Flat, frozen=True, kw_only=True, gc=False):
    """One logged value.

    Attributes:
        metric_name: Name, case-sensitive.
        metric_value: The value as sent, a text in every body seen; `value` is the number.
        timestamp: Milliseconds since 1970 UTC; several points may share one.
        step: Step given by the training code, if any.
        epoch: Epoch, if any.
        run_context: Context as "train" or "val", if any.
        offset: The server's own order, a signed 64-bit integer: never make a float of it.
    """

    metric_name: str
    metric_value: Cell = None
    timestamp: int | None = None
    step: int | None = None
    epoch: int | None = None
    run_context: str | None = None
    offset: int | None = None

    @property
    def value(self) -> float | None:
        """The number, NaN and infinities included; None when the value is other text."""
        return number(self.metric_value)


class MetricSeries(Wire, frozen=True, kw_only=True):
    """Points of one metric or of several.

    Attributes:
        metrics: The points, in no promised order.
    """

    metrics: NullableList[MetricPoint]


class ValueSummary(Flat, frozen=True, kw_only=True, gc=False):
    """Largest, smallest and last value of one name, as text also for numbers.

    Attributes:
        name: Name; nested parameters are joined by "|".
        value_max: Largest value as sent; `maximum` is the number.
        value_min: Smallest value as sent; `minimum` is the number.
        value_current: Last value as sent; `current` is the number.
        timestamp_max: When the largest was logged, milliseconds since 1970 UTC.
        timestamp_min: When the smallest was logged.
        timestamp_current: When the last was logged.
        run_context_max: Context of the largest, as "train".
        run_context_min: Context of the smallest.
        run_context_current: Context of the last.
        step_max: Step of the largest.
        step_min: Step of the smallest.
        step_current: Step of the last.
        editable: Whether the web page lets users change it.
    """

    name: str
    value_max: Cell = None
    value_min: Cell = None
    value_current: Cell = None
    timestamp_max: int | None = None
    timestamp_min: int | None = None
    timestamp_current: int | None = None
    run_context_max: str | None = None
    run_context_min: str | None = None
    run_context_current: str | None = None
    step_max: int | None = None
    step_min: int | None = None
    step_current: int | None = None
    editable: bool | None = None

    @property
    def maximum(self) -> float | None:
        """The largest value as a number; None when it is other text."""
        return number(self.value_max)

    @property
    def minimum(self) -> float | None:
        """The smallest value as a number; None when it is other text."""
        return number(self.value_min)

    @property
    def current(self) -> float | None:
        """The last value as a number; None when it is other text."""
        return number(self.value_current)


class ValueSummaries(Wire, frozen=True, kw_only=True):
    """Summaries of one experiment.

    Attributes:
        values: One entry for each name.
    """

    values: NullableList[ValueSummary]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]  # the wire's


class ChartMetric(Wire, frozen=True, kw_only=True):
    """One metric of one experiment, in parallel lists.

    Attributes:
        metric_name: Name, case-sensitive.
        values: Values as sent: numbers, or text of metrics that are no numbers.
        steps: Step of each value.
        epochs: Epoch of each value.
        timestamps: Milliseconds since 1970 UTC of each value.
        durations: Milliseconds since the experiment's start of each value.
    """

    metric_name: str
    values: NullableList[Cell]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]  # the wire's
    steps: NullableList[int | None] = no_items()
    epochs: NullableList[int | None] = no_items()
    timestamps: NullableList[int | None] = no_items()
    durations: NullableList[int | None] = no_items()

    @property
    def numbers(self) -> list[float | None]:
        """The values as numbers; None where a value is no number."""
        return [number(value) for value in self.values]


class ChartExperiment(Wire, frozen=True, kw_only=True):
    """Metrics and parameters of one experiment.

    Attributes:
        experiment_key: Its key.
        experiment_name: Its name, if it has one.
        steps: All steps of the metrics below.
        epochs: All epochs, where the server tells them.
        metrics: One entry for each metric asked for and found.
        params: Parameters asked for, as text; empty when none was.
    """

    experiment_key: str
    experiment_name: str | None = None
    steps: NullableList[int | None] = no_items()
    epochs: NullableList[int | None] = no_items()
    metrics: NullableList[ChartMetric] = no_items()
    params: NullableDict[Cell | bool] = no_members()


class MultiMetricChart(Wire, frozen=True, kw_only=True):
    """Metrics of several experiments.

    Attributes:
        experiments: By experiment key; keys without any of the metrics are missing.
        empty: Whether nothing was found.
    """

    experiments: NullableDict[ChartExperiment]
    empty: bool | None = None


def get_experiment_metric(experiment_key: str, metric_name: str) -> Request[MetricSeries]:
    """Return the stored values of one metric of one experiment.

    Args:
        experiment_key: Experiment key.
        metric_name: Exact, case-sensitive name.

    Returns:
        At most 15,000 points (the server thins out longer series) in no promised order. Values
        come as text and may be "NaN", "Infinity" or "-Infinity"; timestamps are in ms.

    Source: Comet REST v2, experiment/metrics/get-metric.

    >>> get_experiment_metric("exp1", "loss").target
    '/api/rest/v2/experiment/metrics/get-metric?experimentKey=exp1&metricName=loss'
    """
    return read(
        "/api/rest/v2/experiment/metrics/get-metric",
        MetricSeries,
        query={"experimentKey": experiment_key, "metricName": metric_name},
    )


def get_all_experiment_metrics(experiment_key: str) -> Request[MetricSeries]:
    """Return the stored values of all metrics of one experiment, names mixed.

    Servers before 3.20.60 lack it: ask there for each metric by itself.

    Args:
        experiment_key: Experiment key.

    Returns:
        At most 15,000 points for each name, in no promised order.

    Source: Comet REST v2, experiment/metrics/get-all.
    """
    return read(
        "/api/rest/v2/experiment/metrics/get-all",
        MetricSeries,
        query={"experimentKey": experiment_key},
    )


def get_experiment_metrics_summary(experiment_key: str) -> Request[ValueSummaries]:
    """Return the largest, smallest and last value of every metric of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One entry for each metric, in no promised order. Every value is text, at times in Java's
        notation ("8.63E-4"); members without a value are left out by the server.

    Source: Comet REST v2, experiment/metrics/summary.
    """
    return read(
        "/api/rest/v2/experiment/metrics/summary",
        ValueSummaries,
        query={"experimentKey": experiment_key},
    )


def get_experiment_parameters(experiment_key: str) -> Request[ValueSummaries]:
    """Return the parameters of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One entry for each parameter, in no promised order; `value_current` is the parameter.
        Every value is text, booleans too ("true"); nested names are joined by "|".

    Source: Comet REST v2, experiment/parameters. Version 1 called the member `results`.
    """
    return read(
        "/api/rest/v2/experiment/parameters",
        ValueSummaries,
        query={"experimentKey": experiment_key},
    )


def get_experiment_others(experiment_key: str) -> Request[ValueSummaries]:
    """Return the other logged values of one experiment, its name among them.

    Args:
        experiment_key: Experiment key.

    Returns:
        One entry for each name, in no promised order; the experiment's name is the entry "Name".
        Every value is text.

    Source: Comet REST v2, experiment/log-other. Version 1 called the member `logOtherList`.
    """
    return read(
        "/api/rest/v2/experiment/log-other",
        ValueSummaries,
        query={"experimentKey": experiment_key},
    )


def get_multi_metric_chart(
    targeted_experiments: Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    params: Sequence[str] | None = None,
    independent_metrics: bool | None = None,
    fetch_full: bool | None = None,
) -> Request[MultiMetricChart]:
    """Return metrics and parameters of several experiments in one answer.

    A read that uses POST, and by far the cheapest one in requests: hundreds of keys fit into one.
    All five members are sent, as the vendor's client does.

    Args:
        targeted_experiments: Experiment keys; 250 in one request are known to work.
        metrics: Names of metrics; none by default, which is sent as an empty list.
        params: Names of parameters; none by default, which is sent as null.
        independent_metrics: Each metric with its own steps; default true.
        fetch_full: Up to 15,000 points for each metric instead of a sample of about 500; default
            false.

    Returns:
        By experiment key; nothing found is an empty object with `empty` true.

    Raises:
        UsageError: No experiment is named.

    Source: Comet REST v2, experiments/multi-metric-chart.
    """
    path = "/api/rest/v2/experiments/multi-metric-chart"
    if not targeted_experiments or isinstance(targeted_experiments, str):
        raise UsageError(f"{path}: targeted_experiments needs a list of at least one key")
    return read_by_post(
        path,
        MultiMetricChart,
        json={
            "targetedExperiments": list(targeted_experiments),
            "metrics": list(metrics or ()),
            "params": None if params is None else list(params),
            "independentMetrics": True if independent_metrics is None else independent_metrics,
            "fetchFull": bool(fetch_full),
        },
    )


def parameter_text(cell: Cell | bool) -> str | None:  # noqa: FBT001 a value, not a flag
    """Return a parameter of a chart as text, booleans in small letters as Comet writes them.

    >>> parameter_text(True), parameter_text("1.0E-5"), parameter_text(0.5)
    ('true', '1.0E-5', '0.5')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell if cell is None or isinstance(cell, str) else repr(cell)
