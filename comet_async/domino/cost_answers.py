"""What requests on cost send and receive."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from comet_async.wire import Flat, NullableDict, NullableList, Shared, Wire, no_members

__all__ = [
    "AthenaBillingConfigs",
    "CostAllocation",
    "CostAllocationEnvelope",
    "CostAsset",
    "CostAssetLabels",
    "CostAssetProperties",
    "CostAssetsEnvelope",
    "CostLabels",
    "CostVolumes",
    "CostWindow",
    "KubecostLicenseResponse",
]


class CostLabels(Flat, frozen=True, kw_only=True, rename=None):
    """What a row of cost belongs to.

    Attributes:
        billing_tag: Billing tag.
        organization_id: Id of the organization.
        organization_name: Name of the organization.
        project_id: Id of the project.
        project_name: Name of the project.
        project_owner_id: Id of the project's owner.
        project_owner_name: Name of the project's owner.
        starting_user_id: Id of the user who started it.
        starting_user_name: Name of the user who started it.
        workload_id: Id of what ran.
        workload_type: Kind of what ran.
    """

    billing_tag: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_owner_id: str | None = None
    project_owner_name: str | None = None
    starting_user_id: str | None = None
    starting_user_name: str | None = None
    workload_id: str | None = None
    workload_type: str | None = None


class CostVolumes(Wire, frozen=True, kw_only=True):
    """Cost of persistent volumes.

    Attributes:
        pv_byte_hours: Bytes times hours.
        pv_bytes: Bytes.
        pv_cost: Cost.
        pv_cost_adjustment: Adjustment of it.
        pvs: `byteHours` and `cost` of each volume, by its name.
    """

    pv_byte_hours: float | None = None
    pv_bytes: float | None = None
    pv_cost: float | None = None
    pv_cost_adjustment: float | None = None
    pvs: NullableDict[object] = no_members()


class CostAllocation(Flat, frozen=True, kw_only=True):
    """Cost of one group, in the deployment's currency.

    Attributes:
        cpu_core_hours: Hours of CPU cores.
        cpu_core_request_average: Cores asked for on average.
        cpu_core_usage_average: Cores used on average.
        cpu_cores: Cores.
        cpu_cost: Cost of CPUs.
        cpu_cost_adjustment: Adjustment of it.
        cpu_efficincy: Share of the CPU in use; the wire spells it this way.
        discount: Discount.
        gpu_count: GPUs.
        gpu_hours: Hours of GPUs.
        gpucost: Cost of GPUs; newer servers write `gpuCost`.
        gpucost_adjustment: Adjustment of it; newer servers write `gpuCostAdjustment`.
        labels: What it belongs to.
        load_balancer_cost: Cost of load balancers.
        load_balancer_cost_adjustment: Adjustment of it.
        name: Its name.
        node_type: Kind of node.
        pv: Cost of persistent volumes.
        ram_cost: Cost of memory.
        ram_cost_adjustment: Adjustment of it.
        total_cost: Cost of everything.
        window: The time that it covers.
        gpu_cost: Cost of GPUs.
        gpu_cost_adjustment: Adjustment of it.

    Wire model: CostAllocationV1.
    """

    cpu_core_hours: float | None = None
    cpu_core_request_average: float | None = None
    cpu_core_usage_average: float | None = None
    cpu_cores: float | None = None
    cpu_cost: float | None = None
    cpu_cost_adjustment: float | None = None
    cpu_efficincy: float | None = None
    discount: float | None = None
    gpu_count: float | None = None
    gpu_hours: float | None = None
    gpucost: float | None = None
    gpucost_adjustment: float | None = None
    labels: CostLabels | None = None
    load_balancer_cost: float | None = None
    load_balancer_cost_adjustment: float | None = None
    name: str | None = None
    node_type: str | None = None
    pv: CostVolumes | None = None
    ram_cost: float | None = None
    ram_cost_adjustment: float | None = None
    total_cost: float | None = None
    window: CostWindow | None = None
    gpu_cost: float | None = None
    gpu_cost_adjustment: float | None = None


class CostAllocationEnvelope(Wire, frozen=True, kw_only=True):
    """Cost of what ran in a window.

    Attributes:
        data: One entry for each row.

    Wire model: CostAllocationEnvelopeV1.
    """

    data: NullableList[CostAllocation]


class CostWindow(Flat, frozen=True, kw_only=True):
    """The time that a row covers.

    Attributes:
        end: Its end.
        minutes: Its length in minutes.
        start: Its start.

    Wire model: CostAssetsV1Window.
    """

    end: str | None = None
    minutes: float | None = None
    start: str | None = None


class CostAssetLabels(Flat, frozen=True, kw_only=True, rename=None):
    """Labels of an asset.

    Attributes:
        instance: Instance.
        job: Job that it was measured by.
        label_dominodatalab_com_domino_node: Label of the node.
        label_dominodatalab_com_node_pool: Label of the node pool.
    """

    instance: str | None = None
    job: str | None = None
    label_dominodatalab_com_domino_node: str | None = None
    label_dominodatalab_com_node_pool: str | None = None


class CostAssetProperties(Flat, frozen=True, kw_only=True):
    """Where an asset is, and what for.

    Attributes:
        category: Category of the asset.
        cluster: Cluster that it is in.
        provider: Provider of the cloud.
        provider_id: Id at the provider.
        service: Service that it is for.
    """

    category: str | None = None
    cluster: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    service: str | None = None


class CostAsset(Flat, frozen=True, kw_only=True):
    """Cost of one asset, in the deployment's currency.

    Attributes:
        cpu_cost: Cost of CPUs.
        gpu_cost: Cost of GPUs.
        labels: Its labels.
        name: Its name.
        properties: Where it runs, and what for.
        ram_cost: Cost of memory.
        total_cost: Cost of everything.
        type: Its kind.
        window: The time that it covers.

    Wire model: CostAssetsV1.
    """

    cpu_cost: float | None = None
    gpu_cost: float | None = None
    labels: CostAssetLabels | None = None
    name: str | None = None
    properties: CostAssetProperties | None = None
    ram_cost: float | None = None
    total_cost: float | None = None
    type: str | None = None
    window: CostWindow | None = None


class CostAssetsEnvelope(Wire, frozen=True, kw_only=True):
    """Cost of assets in a window.

    Attributes:
        data: One entry for each row.

    Wire model: CostAssetsEnvelopeV1.
    """

    data: NullableList[CostAsset]


class AthenaBillingConfigs(Shared, frozen=True, kw_only=True):
    """Where Athena keeps the bill of AWS.

    Attributes:
        athena_bucket_name: S3 bucket of the Athena results.
        athena_database: Athena database.
        athena_region: AWS region.
        athena_table: Athena table.
        project_id: Id of the AWS account, which Kubecost calls so; `projectID` on the wire.
        service_key_name: Id of the access key.
        service_key_secret: Secret of the access key. A secret: the repr hides it.

    Wire model: AthenaBillingConfigsV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"service_key_secret"})
    needed: ClassVar[frozenset[str]] = frozenset(
        {
            "athena_bucket_name",
            "athena_database",
            "athena_region",
            "athena_table",
            "project_id",
            "service_key_name",
            "service_key_secret",
        }
    )

    athena_bucket_name: str | None = None
    athena_database: str | None = None
    athena_region: str | None = None
    athena_table: str | None = None
    project_id: str | None = msgspec.field(default=None, name="projectID")
    service_key_name: str | None = None
    service_key_secret: str | None = None


class KubecostLicenseResponse(Flat, frozen=True, kw_only=True):
    """A licence of Kubecost.

    Attributes:
        description: Free text.
        key: License key. A secret: the repr hides it.

    Wire model: KubecostLicenseResponseV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"key"})

    description: str | None = None
    key: str | None = None
