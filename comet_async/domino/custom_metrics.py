"""Custom metrics of monitored models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from comet_async.building import listed
from comet_async.domino.common import read, write
from comet_async.domino.metadata import RequestMetadata
from comet_async.request import Effect, Request
from comet_async.wire import Body, NullableList, Open, Shared, Wire, no_items

__all__ = [
    "MetricAlertRequest",
    "MetricTag",
    "MetricValue",
    "MetricValuesEnvelope",
    "NewMetricValue",
    "TargetCondition",
    "TargetRange",
    "log_metric_values",
    "retrieve_metric_values",
    "send_metric_alert",
]


class TargetCondition(Open):
    """How a metric is compared with its range."""

    LESS_THAN = "lessThan"
    LESS_THAN_EQUAL = "lessThanEqual"
    GREATER_THAN = "greaterThan"
    GREATER_THAN_EQUAL = "greaterThanEqual"
    BETWEEN = "between"


class TargetRange(Body, frozen=True, kw_only=True):
    """The range that a metric should be in.

    Attributes:
        condition: Comparison used.
        lower_limit: Lower bound; one bound at least.
        upper_limit: Upper bound; one bound at least.

    Wire model: TargetRangeV1.
    """

    condition: TargetCondition
    lower_limit: float | None = None
    upper_limit: float | None = None


class MetricAlertRequest(Body, frozen=True, kw_only=True):
    """A metric that is out of its range.

    Attributes:
        description: Text added to the alert.
        metric: Name of the metric.
        model_monitoring_id: Id of the monitored model.
        target_range: Expected range.
        value: Its value.

    Wire model: MetricAlertRequestV1.
    """

    metric: str
    model_monitoring_id: str
    target_range: TargetRange
    value: float
    description: str | None = None


class MetricTag(Shared, frozen=True, kw_only=True):
    """A tag of a metric value.

    Attributes:
        key: Its name.
        value: Its value.

    Wire model: MetricTagV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"key", "value"})

    key: str | None = None
    value: str | None = None


class MetricValue(Wire, frozen=True, kw_only=True):
    """A value of a metric.

    Attributes:
        reference_timestamp: Time of the value, RFC 3339 with zone.
        tags: Metric tags.
        value: Its value.

    Wire model: MetricValueV1.
    """

    reference_timestamp: str | None = None
    tags: NullableList[MetricTag] = no_items()
    value: float | None = None


class MetricValuesEnvelope(Wire, frozen=True, kw_only=True):
    """Values of one metric.

    Attributes:
        metadata: Request id and notices.
        metric_values: One entry for each metric value.

    Wire model: MetricValuesEnvelopeV1.
    """

    metric_values: NullableList[MetricValue]
    metadata: RequestMetadata | None = None


class NewMetricValue(Body, frozen=True, kw_only=True):
    """A value to log.

    Attributes:
        metric: Name of the metric.
        model_monitoring_id: Id of the monitored model.
        reference_timestamp: Time of the value, RFC 3339 with zone.
        tags: Metric tags.
        value: Its value.

    Wire model: NewMetricValueV1.
    """

    metric: str
    model_monitoring_id: str
    reference_timestamp: str
    value: float
    tags: list[MetricTag] | None = None


def send_metric_alert(alert: MetricAlertRequest) -> Request[None]:
    """Send the alert that a metric is out of its range.

    Appends: it is not repeated where the server may have acted.

    Needs the permission ViewMonitoringResults.

    Args:
        alert: What is wanted.

    Returns:
        Nothing.

    Source: Domino REST API, CustomMetrics.
    """
    return write(
        "POST",
        "/api/metricAlerts/v1",
        type(None),
        Effect.APPEND,
        json=alert,
        may_be_empty=("description",),
    )


def log_metric_values(new_metric_values: Sequence[NewMetricValue]) -> Request[None]:
    """Log values of metrics of monitored models.

    Appends: it is not repeated where the server may have acted.

    Needs the permission RegisterMonitoringDataset.

    Args:
        new_metric_values: Values to log.

    Returns:
        Nothing.

    Source: Domino REST API, CustomMetrics.
    """
    path = "/api/metricValues/v1"
    return write(
        "POST",
        path,
        type(None),
        Effect.APPEND,
        json={"newMetricValues": listed(path, "newMetricValues", new_metric_values, least=0)},
    )


def retrieve_metric_values(
    model_monitoring_id: str,
    metric: str,
    starting_reference_timestamp_inclusive: str,
    ending_reference_timestamp_inclusive: str,
) -> Request[MetricValuesEnvelope]:
    """Return the logged values of one metric.

    Needs the permission UpdateMonitoringSettings.

    Args:
        model_monitoring_id: Id of the monitored model.
        metric: Name of the metric.
        starting_reference_timestamp_inclusive: Earliest time, RFC 3339 with zone.
        ending_reference_timestamp_inclusive: Latest time, RFC 3339 with zone.

    Returns:
        All values in the range, unpaged.

    Source: Domino REST API, CustomMetrics.
    """
    return read(
        "/api/metricValues/v1/{modelMonitoringId}/{metric}",
        MetricValuesEnvelope,
        path_params={"modelMonitoringId": model_monitoring_id, "metric": metric},
        query={
            "startingReferenceTimestampInclusive": starting_reference_timestamp_inclusive,
            "endingReferenceTimestampInclusive": ending_reference_timestamp_inclusive,
        },
    )
