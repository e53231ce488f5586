"""Optimizer results, webhooks and the server's version."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.common import (
    Cell,
    Flat,
    NullableDict,
    NullableList,
    Wire,
    no_members,
    number,
    read,
)
from comet_async.request import Request

__all__ = [
    "BackendVersion",
    "BestExperiment",
    "Webhook",
    "WebhookConfig",
    "get_backend_version",
    "get_best_experiment",
    "get_webhook_config",
]


class BestExperiment(Flat, frozen=True, kw_only=True):
    """The best experiment of an optimizer run.

    Attributes:
        experiment_key: Its key; None when there is none yet.
        metric_value: Its value, a JSON number here; `value` is the float.
        experiment_count: Experiments of the run.
    """

    experiment_key: str | None = None
    metric_value: Cell = None
    experiment_count: int | None = None

    @property
    def value(self) -> float | None:
        """The value as a float; None when there is none."""
        return number(self.metric_value)


class Webhook(Wire, frozen=True, kw_only=True):
    """One URL that the service calls; repr hides both members, for both can hold secrets.

    Attributes:
        url: Where the service calls.
        header: Headers that it sends.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"url", "header"})

    url: str | None = None
    header: NullableDict[str | None] = no_members()


class WebhookConfig(Wire, frozen=True, kw_only=True):
    """Webhooks of a workspace or of one of its registered models.

    Attributes:
        workspace_name: Name of the workspace.
        model_name: Name of the registered model, if asked for one.
        webhook_urls: One entry for each URL.
    """

    webhook_urls: NullableList[Webhook]
    workspace_name: str | None = None
    model_name: str | None = None


class BackendVersion(Flat, frozen=True, kw_only=True):
    """Version of the server.

    Attributes:
        version: As "4.40.0"; the vendor's client accepts 1.2.78 and later.
        msg: A sentence beside it, if any.
    """

    version: str | None = None
    msg: str | None = None


def get_best_experiment(
    optimization_id: str, metric_name: str, goal: str
) -> Request[BestExperiment]:
    """Return the best experiment of an optimizer run.

    Args:
        optimization_id: Id of the run.
        metric_name: Exact, case-sensitive name.
        goal: "MIN" or "MAX"; whether lower case works is not documented.

    Returns:
        One object; the value is a JSON number here, unlike everywhere else.

    Source: Comet REST v2, get-best-experiment.
    """
    return read(
        "/api/rest/v2/get-best-experiment",
        BestExperiment,
        query={"optimizationId": optimization_id, "metricName": metric_name, "goal": goal},
    )


def get_webhook_config(
    workspace_name: str, *, model_name: str | None = None
) -> Request[WebhookConfig]:
    """Return the webhooks of a workspace or of one of its registered models.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the registered model.

    Returns:
        All URLs with their headers, which can hold secrets.

    Source: Comet REST v2, webhooks/config.
    """
    return read(
        "/api/rest/v2/webhooks/config",
        WebhookConfig,
        query={"workspaceName": workspace_name, "modelName": model_name},
    )


def get_backend_version() -> Request[BackendVersion]:
    """Return the version of the server.

    Returns:
        One object. It stands outside the REST prefix and is the first request of the vendor's
        client.

    Source: the vendor's Python client, isAlive/ver.
    """
    return read("/clientlib/isAlive/ver", BackendVersion)
