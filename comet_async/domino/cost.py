"""Cost of what runs, from Kubecost."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.cost_answers import (
    AthenaBillingConfigs,
    CostAllocationEnvelope,
    CostAssetsEnvelope,
    KubecostLicenseResponse,
)
from comet_async.request import Effect, Request

__all__ = [
    "add_kubecost_license_key",
    "get_cost_allocation",
    "get_cost_assets",
    "set_athena_configs",
]


def get_cost_allocation(
    window: str,
    *,
    aggregate: str | None = None,
    start: str | None = None,
    end: str | None = None,
    accumulate: bool | None = None,
    filter: str | None = None,
    share_idle: bool | None = None,
    share_namespaces: str | None = None,
    share_split: str | None = None,
    share_cost: str | None = None,
    share_labels: str | None = None,
    reconcile: bool | None = None,
    share_tenancy_costs: bool | None = None,
    idle: bool | None = None,
    external: bool | None = None,
) -> Request[CostAllocationEnvelope]:
    """Return what ran in a window and what it cost.

    Without Kubecost a deployment answers 404 or a server error.

    Args:
        window: A word ("today", "week", "month", "yesterday", "lastweek", "lastmonth"), a duration
            ("30m", "12h", "7d") or "START,END".
        aggregate: What Kubecost groups by. One of "cluster", "namespace", "pod", "deployment",
            "service", "daemonset", "statefulset", "job", "cronjob", "replicaset", "node",
            "container", "pv", "pvc", "storageclass".
        start: Range start, RFC 3339, within window.
        end: Range end, RFC 3339, within window.
        accumulate: Whether the whole range is summed into one row; default false.
        filter: Filter of Kubecost.
        share_idle: Whether idle cost is shared out.
        share_namespaces: Namespaces to share out.
        share_split: How shared cost is split.
        share_cost: Cost to share out.
        share_labels: Labels to share out.
        reconcile: Whether it is reconciled with the bill.
        share_tenancy_costs: Whether tenancy cost is shared out.
        idle: Whether idle cost is computed.
        external: Whether external cost is computed.

    Returns:
        All rows, unpaged; labels tell project, user and billing tag.

    Source: Domino REST API, Cost.
    """
    return read(
        "/api/cost/v1/allocation",
        CostAllocationEnvelope,
        query={
            "window": window,
            "aggregate": aggregate,
            "start": start,
            "end": end,
            "accumulate": accumulate,
            "filter": filter,
            "shareIdle": share_idle,
            "shareNamespaces": share_namespaces,
            "shareSplit": share_split,
            "shareCost": share_cost,
            "shareLabels": share_labels,
            "reconcile": reconcile,
            "shareTenancyCosts": share_tenancy_costs,
            "idle": idle,
            "external": external,
        },
    )


def get_cost_assets(
    window: str,
    *,
    aggregate: str | None = None,
    start: str | None = None,
    end: str | None = None,
    accumulate: bool | None = None,
    filter: str | None = None,
) -> Request[CostAssetsEnvelope]:
    """Return the assets of a window and what they cost.

    Without Kubecost a deployment answers 404 or a server error.

    Args:
        window: A word ("today", "week", "month", "yesterday", "lastweek", "lastmonth"), a duration
            ("30m", "12h", "7d") or "START,END".
        aggregate: What Kubecost groups by. One of "cluster", "namespace", "pod", "deployment",
            "service", "daemonset", "statefulset", "job", "cronjob", "replicaset", "node",
            "container", "pv", "pvc", "storageclass".
        start: Range start, RFC 3339, within window.
        end: Range end, RFC 3339, within window.
        accumulate: Whether the whole range is summed into one row; default false.
        filter: Filter of Kubecost.

    Returns:
        All rows, unpaged.

    Source: Domino REST API, Cost.
    """
    return read(
        "/api/cost/v1/asset",
        CostAssetsEnvelope,
        query={
            "window": window,
            "aggregate": aggregate,
            "start": start,
            "end": end,
            "accumulate": accumulate,
            "filter": filter,
        },
    )


def set_athena_configs(configs: AthenaBillingConfigs) -> Request[AthenaBillingConfigs]:
    """Set where Athena keeps the bill of AWS.

    Idempotent.

    Args:
        configs: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, Cost.
    """
    return write(
        "PUT", "/api/cost/v1/athenaConfigs", AthenaBillingConfigs, Effect.IDEMPOTENT, json=configs
    )


def add_kubecost_license_key(key: str) -> Request[KubecostLicenseResponse]:
    """Set the licence key of Kubecost.

    Idempotent.

    Args:
        key: License key.

    Returns:
        The object as it is now.

    Source: Domino REST API, Cost.
    """
    return write(
        "PUT",
        "/api/cost/v1/licenseKey",
        KubecostLicenseResponse,
        Effect.IDEMPOTENT,
        json={"key": key},
    )
