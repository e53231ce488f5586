"""What an experiment logs: metrics, parameters, other values, text, tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from comet_async.comet.writing import Body, listed, write
from comet_async.request import Effect, Request

__all__ = [
    "NewMetricPoint",
    "NewParameter",
    "OutputLine",
    "ParameterName",
    "add_experiment_tags",
    "delete_experiment_metric",
    "delete_experiment_parameter",
    "delete_experiment_parameters",
    "delete_experiment_tags",
    "log_experiment_html",
    "log_experiment_metric",
    "log_experiment_other",
    "log_experiment_output",
    "log_experiment_parameter",
]

MetricValue: TypeAlias = str | int | float | bool


class NewMetricPoint(Body, frozen=True, kw_only=True):
    """One value of a metric to log.

    Attributes:
        experiment_key: Experiment key.
        metric_name: Name; nested names are joined by "/".
        metric_value: The value; NaN and infinities go as text.
        context: Context as "train" or "val".
        step: Step of the training.
        epoch: Epoch of the training.
        timestamp: Milliseconds since 1970 UTC; default the server's time.
    """

    experiment_key: str
    metric_name: str
    metric_value: MetricValue
    context: str | None = None
    step: int | None = None
    epoch: int | None = None
    timestamp: int | None = None


class NewParameter(Body, frozen=True, kw_only=True):
    """A parameter to log.

    Attributes:
        experiment_key: Experiment key.
        parameter_name: Name; nested names are joined by "|".
        parameter_value: The value; None goes as null.
        step: Step of the training.
        timestamp: Milliseconds since 1970 UTC; default the server's time.
        context: Context as "train" or "val".
    """

    experiment_key: str
    parameter_name: str
    parameter_value: object
    step: int | None = None
    timestamp: int | None = None
    context: str | None = None


class ParameterName(Body, frozen=True, kw_only=True):
    """A parameter of an experiment.

    Attributes:
        experiment_key: Experiment key.
        parameter_name: Name of the parameter.
    """

    experiment_key: str
    parameter_name: str


class OutputLine(Body, frozen=True, kw_only=True):
    """One line that the script printed.

    Attributes:
        output: The text with its line end; the vendor's client splits beyond 5,000,000 characters.
        stderr: Whether it went to standard error.
        local_timestamp: Milliseconds since 1970 UTC.
        offset: Number of the line, from 0.
    """

    output: str
    stderr: bool | None = None
    local_timestamp: int | None = None
    offset: int | None = None


def log_experiment_metric(point: NewMetricPoint) -> Request[None]:
    """Log one value of a metric.

    Appends a point; there is no request for many. NaN and infinities go as the texts "NaN",
    "Infinity" and "-Infinity", which every known server reads.

    Args:
        point: The value.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/metric.

    >>> point = NewMetricPoint(experiment_key="e", metric_name="loss", metric_value=float("nan"))
    >>> log_experiment_metric(point).body
    b'{"experimentKey":"e","metricName":"loss","metricValue":"NaN"}'
    """
    path = "/api/rest/v2/write/experiment/metric"
    return write("POST", path, type(None), Effect.APPEND, json=point, may_be_empty=("metricValue",))


def delete_experiment_metric(experiment_key: str, metric_name: str) -> Request[None]:
    """Delete a metric with all its values.

    Known from one public script only, of no client or page of the vendor. Idempotent.

    Args:
        experiment_key: Experiment key.
        metric_name: Exact name of the metric.

    Returns:
        Nothing.

    Source: a third party's script, write/experiment/metric/delete.
    """
    body = {"experimentKey": experiment_key, "metricName": metric_name}
    path = "/api/rest/v2/write/experiment/metric/delete"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def log_experiment_parameter(parameter: NewParameter) -> Request[None]:
    """Set a parameter.

    Idempotent: the same value under the same name changes nothing but its time. There is no
    request for many.

    Args:
        parameter: The parameter.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/parameter.
    """
    path = "/api/rest/v2/write/experiment/parameter"
    return write(
        "POST",
        path,
        type(None),
        Effect.IDEMPOTENT,
        json=parameter,
        may_be_empty=("parameterValue",),
    )


def delete_experiment_parameter(experiment_key: str, parameter_name: str) -> Request[None]:
    """Delete a parameter.

    Idempotent. Servers before 3.29.724 lack it.

    Args:
        experiment_key: Experiment key.
        parameter_name: Exact name of the parameter.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/experiment/parameter/delete.
    """
    body = {"experimentKey": experiment_key, "parameterName": parameter_name}
    path = "/api/rest/v2/write/experiment/parameter/delete"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def delete_experiment_parameters(parameters: Sequence[ParameterName]) -> Request[None]:
    """Delete several parameters, also of several experiments.

    The body is a list. Idempotent. Servers before 3.29.724 lack it.

    Args:
        parameters: What to delete.

    Returns:
        Nothing.

    Raises:
        UsageError: Nothing is named.

    Source: the vendor's Python client, write/experiments/parameters/delete.
    """
    path = "/api/rest/v2/write/experiments/parameters/delete"
    body = listed(path, "parameters", parameters)
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def log_experiment_other(
    experiment_key: str, key: str, value: object, *, timestamp: int | None = None
) -> Request[None]:
    """Set another value of an experiment; the key "Name" renames the experiment.

    Idempotent: the same value under the same key changes nothing but its time.

    Args:
        experiment_key: Experiment key.
        key: Name of the value.
        value: The value; None goes as null.
        timestamp: Milliseconds since 1970 UTC; default the server's time.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/log-other.
    """
    body = {"experimentKey": experiment_key, "key": key, "value": value, "timestamp": timestamp}
    path = "/api/rest/v2/write/experiment/log-other"
    return write(
        "POST",
        path,
        type(None),
        Effect.IDEMPOTENT,
        json=body,
        may_be_empty=("value",),
        may_be_null=("value",),
    )


def log_experiment_html(
    experiment_key: str,
    html: str,
    *,
    override: bool | None = None,
    timestamp: int | None = None,
) -> Request[None]:
    """Log HTML, after what there is or in its place.

    Idempotent where it takes the place of what there is, appends elsewhere.

    Args:
        experiment_key: Experiment key.
        html: The text.
        override: Whether it replaces what there is; the server's default is false.
        timestamp: Milliseconds since 1970 UTC. The vendor's client sends them times 1000 by
            mistake; servers accept both.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/html.
    """
    body = {
        "experimentKey": experiment_key,
        "html": html,
        "override": override,
        "timestamp": timestamp,
    }
    effect = Effect.IDEMPOTENT if override else Effect.APPEND
    path = "/api/rest/v2/write/experiment/html"
    return write("POST", path, type(None), effect, json=body, may_be_empty=("html",))


def log_experiment_output(
    experiment_key: str,
    output_lines: Sequence[OutputLine],
    *,
    run_context: str | None = None,
    context: str | None = None,
) -> Request[None]:
    """Log lines that the script printed.

    Appends. The vendor's Python client sends them to the same path below /clientlib.

    Args:
        experiment_key: Experiment key.
        output_lines: The lines, in order.
        run_context: Context as "train" or "val", in the words of the Python client.
        context: The same in the words of the page.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no line.

    Source: Comet REST v2, write/experiment/output.
    """
    path = "/api/rest/v2/write/experiment/output"
    body = {
        "experimentKey": experiment_key,
        "runContext": run_context,
        "context": context,
        "outputLines": listed(path, "output_lines", output_lines),
    }
    return write("POST", path, type(None), Effect.APPEND, json=body)


def add_experiment_tags(experiment_key: str, added_tags: Sequence[str]) -> Request[None]:
    """Add tags to an experiment.

    Idempotent: tags are a set. They are `addedTags` here and `tags` where they are deleted.

    Args:
        experiment_key: Experiment key.
        added_tags: The tags.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no tag.

    Source: Comet REST v2, write/experiment/tags.
    """
    path = "/api/rest/v2/write/experiment/tags"
    body = {
        "experimentKey": experiment_key,
        "addedTags": listed(path, "added_tags", added_tags),
    }
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def delete_experiment_tags(experiment_key: str, tags: Sequence[str]) -> Request[None]:
    """Take tags from an experiment.

    Idempotent: tags are a set. Servers before 3.12.26 lack it.

    Args:
        experiment_key: Experiment key.
        tags: The tags.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no tag.

    Source: the vendor's Python client, write/experiment/tags/delete.
    """
    path = "/api/rest/v2/write/experiment/tags/delete"
    body = {"experimentKey": experiment_key, "tags": listed(path, "tags", tags)}
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)
