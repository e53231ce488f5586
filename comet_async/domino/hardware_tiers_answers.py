"""What requests on hardware tiers send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.wire import Body, Flat, NullableList, Open, Shared, Wire

__all__ = [
    "Amount",
    "CapacityLevel",
    "HardwareTier",
    "HardwareTierCapacity",
    "HardwareTierComputeClusterRestrictions",
    "HardwareTierEnvelope",
    "HardwareTierFlags",
    "HardwareTierGpuConfiguration",
    "HardwareTierOverProvisioning",
    "HardwareTierPodCustomization",
    "HardwareTierResources",
    "HardwareTiersPage",
    "NewHardwareTier",
    "NewHardwareTierFlags",
    "Units",
]


class CapacityLevel(Open):
    """How much room a hardware tier has."""

    CAN_EXECUTE_WITH_CURRENT_INSTANCES = "CanExecuteWithCurrentInstances"
    REQUIRES_LAUNCHING_INSTANCE = "RequiresLaunchingInstance"
    FULL = "Full"
    UNKNOWN = "Unknown"


class HardwareTierCapacity(Shared, frozen=True, kw_only=True):
    """What a hardware tier can take at the moment.

    Attributes:
        available_capacity_without_launching: Runs that fit without a new instance.
        capacity_level: How much room there is.
        executing_runs: Runs under way.
        max_available_capacity: Runs that fit at most.
        max_concurrent_runs: Most runs at once.
        max_number_of_executors: Most executors.
        number_of_executors: Executors.
        queued_runs: Runs that wait.

    Wire model: HardwareTierCapacityV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {
            "available_capacity_without_launching",
            "capacity_level",
            "executing_runs",
            "max_available_capacity",
            "max_concurrent_runs",
            "max_number_of_executors",
            "number_of_executors",
            "queued_runs",
        }
    )

    available_capacity_without_launching: int | None = None
    capacity_level: CapacityLevel | None = None
    executing_runs: int | None = None
    max_available_capacity: int | None = None
    max_concurrent_runs: int | None = None
    max_number_of_executors: int | None = None
    number_of_executors: int | None = None
    queued_runs: int | None = None


class HardwareTierComputeClusterRestrictions(Shared, frozen=True, kw_only=True):
    """Kinds of clusters that a hardware tier is kept for.

    Attributes:
        restrict_to_dask: Kept for Dask.
        restrict_to_mpi: Kept for MPI.
        restrict_to_ray: Kept for Ray.
        restrict_to_spark: Kept for Spark.

    Wire model: HardwareTierComputeClusterRestrictionsV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"restrict_to_dask", "restrict_to_mpi", "restrict_to_ray", "restrict_to_spark"}
    )

    restrict_to_dask: bool | None = None
    restrict_to_mpi: bool | None = None
    restrict_to_ray: bool | None = None
    restrict_to_spark: bool | None = None


class HardwareTierFlags(Shared, frozen=True, kw_only=True):
    """Switches of a hardware tier.

    Attributes:
        is_archived: Whether it is archived.
        is_data_analyst_tier: Whether it is for data analysts.
        is_default: Whether it is the default.
        is_default_for_model_api: Whether it is the default of model APIs.
        is_global: Whether everyone can use it.
        is_model_api_tier: Whether it is for model APIs.
        is_visible: Whether it is shown.

    Wire model: HardwareTierFlagsV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"is_archived", "is_data_analyst_tier", "is_default", "is_global", "is_visible"}
    )

    is_archived: bool | None = None
    is_data_analyst_tier: bool | None = None
    is_default: bool | None = None
    is_default_for_model_api: bool | None = None
    is_global: bool | None = None
    is_model_api_tier: bool | None = None
    is_visible: bool | None = None


class HardwareTierGpuConfiguration(Shared, frozen=True, kw_only=True):
    """GPUs of a hardware tier.

    Attributes:
        gpu_key: GPU resource key.
        number_of_gpus: Number of GPUs.

    Wire model: HardwareTierGpuConfigurationV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"gpu_key", "number_of_gpus"})

    gpu_key: str | None = None
    number_of_gpus: int | None = None


class HardwareTierOverProvisioning(Shared, frozen=True, kw_only=True):
    """Instances that stand by.

    Attributes:
        days_of_week: Days active.
        from_time: Time of day when it begins.
        instances: Standby instances.
        scheduling_enabled: Whether it follows the schedule.
        timezone: Time zone.
        to_time: Time of day when it ends.

    Wire model: HardwareTierOverProvisioningV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"days_of_week", "from_time", "instances", "scheduling_enabled", "timezone", "to_time"}
    )

    days_of_week: list[str] | None = None
    from_time: str | None = None
    instances: int | None = None
    scheduling_enabled: bool | None = None
    timezone: str | None = None
    to_time: str | None = None


class HardwareTierPodCustomization(Shared, frozen=True, kw_only=True):
    """Settings of the pods.

    Attributes:
        additional_annotations: Further annotations by name.
        additional_labels: Further labels by name.
        additional_limits: Further limits by name.
        additional_requests: Further requests by name.
        capabilities: Further capabilities.
        hugepages: Huge pages by size.

    Wire model: HardwareTierPodCustomizationV1.
    """

    additional_annotations: dict[str, str | None] | None = None
    additional_labels: dict[str, str | None] | None = None
    additional_limits: dict[str, str | None] | None = None
    additional_requests: dict[str, str | None] | None = None
    capabilities: list[str] | None = None
    hugepages: dict[str, str | None] | None = None


class Units(Open):
    """Units of memory."""

    MB = "MB"
    MI_B = "MiB"
    GB = "GB"
    GI_B = "GiB"


class Amount(Shared, frozen=True, kw_only=True):
    """An amount of memory.

    Attributes:
        units: Unit.
        value: Amount in that unit.

    Wire model: InformationV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"units", "value"})

    units: Units | None = None
    value: float | None = None


class HardwareTierResources(Shared, frozen=True, kw_only=True):
    """Cores and memory of a hardware tier.

    Attributes:
        allow_shared_memory_to_exceed_default: Whether shared memory may exceed the default.
        cores: Number of cores.
        cores_limit: Most cores.
        memory: Memory.
        memory_limit: Memory limit.
        memory_swap_limit: Most swap.
        shared_memory_limit: Most shared memory.

    Wire model: HardwareTierResourcesV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"allow_shared_memory_to_exceed_default", "cores", "memory"}
    )

    allow_shared_memory_to_exceed_default: bool | None = None
    cores: float | None = None
    cores_limit: float | None = None
    memory: Amount | None = None
    memory_limit: Amount | None = None
    memory_swap_limit: Amount | None = None
    shared_memory_limit: Amount | None = None


class HardwareTier(Shared, frozen=True, kw_only=True):
    """A hardware tier; as a body it replaces the tier of its id.

    Attributes:
        availability_zones: Its availability zones.
        capacity: Live capacity figures.
        cents_per_minute: Price of a minute in cents.
        compute_cluster_restrictions: Cluster kinds it is kept for.
        creation_time: When it was created, an RFC 3339 text.
        data_plane_id: Id of the data plane.
        flags: Switches.
        gpu_configuration: GPU settings.
        id: Its id.
        max_simultaneous_executions: Most runs at once.
        metadata: Further members, all texts.
        name: Its name.
        node_pool: Node pool.
        over_provisioning: Standby instances.
        pod_customization: Pod settings.
        resources: CPU and memory.
        tags: Its tags.
        update_time: When it was last changed.

    Wire model: HardwareTierV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {
            "cents_per_minute",
            "creation_time",
            "flags",
            "id",
            "metadata",
            "name",
            "pod_customization",
            "resources",
            "update_time",
        }
    )

    availability_zones: list[str] | None = None
    capacity: HardwareTierCapacity | None = None
    cents_per_minute: float | None = None
    compute_cluster_restrictions: HardwareTierComputeClusterRestrictions | None = None
    creation_time: str | None = None
    data_plane_id: str | None = None
    flags: HardwareTierFlags | None = None
    gpu_configuration: HardwareTierGpuConfiguration | None = None
    id: str | None = None
    max_simultaneous_executions: int | None = None
    metadata: dict[str, str | None] | None = None
    name: str | None = None
    node_pool: str | None = None
    over_provisioning: HardwareTierOverProvisioning | None = None
    pod_customization: HardwareTierPodCustomization | None = None
    resources: HardwareTierResources | None = None
    tags: list[str] | None = None
    update_time: str | None = None


class HardwareTiersPage(Wire, frozen=True, kw_only=True):
    """One page of hardware tiers.

    Attributes:
        hardware_tiers: One entry for each hardware tier.
        metadata: Request id and notices.

    Wire model: PaginatedHardwareTierEnvelopeV1.
    """

    hardware_tiers: NullableList[HardwareTier]
    metadata: PageMetadata | None = None


class NewHardwareTierFlags(Body, frozen=True, kw_only=True):
    """Switches of a new hardware tier.

    Attributes:
        is_data_analyst_tier: Whether it is for data analysts.
        is_default: Whether it is the default.
        is_default_for_model_api: Whether it is the default of model APIs.
        is_global: Whether everyone can use it.
        is_model_api_tier: Whether it is for model APIs.
        is_visible: Whether it is shown.

    Wire model: NewHardwareTierFlagsV1.
    """

    is_data_analyst_tier: bool | None = None
    is_default: bool | None = None
    is_default_for_model_api: bool | None = None
    is_global: bool | None = None
    is_model_api_tier: bool | None = None
    is_visible: bool | None = None


class NewHardwareTier(Body, frozen=True, kw_only=True):
    """A hardware tier to create.

    Attributes:
        availability_zones: Its availability zones.
        cents_per_minute: Price of a minute in cents.
        compute_cluster_restrictions: Cluster kinds it is kept for.
        data_plane_id: Id of the data plane.
        flags: Switches.
        gpu_configuration: GPU settings.
        id: Its id.
        max_simultaneous_executions: Most runs at once.
        name: Its name.
        node_pool: Node pool.
        over_provisioning: Standby instances.
        pod_customization: Pod settings.
        resources: CPU and memory.
        tags: Its tags.

    Wire model: NewHardwareTierV1.
    """

    id: str
    name: str
    node_pool: str
    resources: HardwareTierResources
    availability_zones: list[str] | None = None
    cents_per_minute: float | None = None
    compute_cluster_restrictions: HardwareTierComputeClusterRestrictions | None = None
    data_plane_id: str | None = None
    flags: NewHardwareTierFlags | None = None
    gpu_configuration: HardwareTierGpuConfiguration | None = None
    max_simultaneous_executions: int | None = None
    over_provisioning: HardwareTierOverProvisioning | None = None
    pod_customization: HardwareTierPodCustomization | None = None
    tags: list[str] | None = None


class HardwareTierEnvelope(Flat, frozen=True, kw_only=True):
    """A hardware tier, as single answers have it.

    Attributes:
        hardware_tier: Hardware tier.
        metadata: Request id and notices.

    Wire model: HardwareTierEnvelopeV1.
    """

    hardware_tier: HardwareTier
    metadata: RequestMetadata | None = None
