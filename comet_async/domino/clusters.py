"""Compute clusters."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from comet_async.wire import Open, Shared

__all__ = ["ClusterType", "ComputeClusterConfig"]


class ClusterType(Open):
    """Kinds of compute clusters.

    Wire model: ClusterTypeV1.
    """

    DASK = "dask"
    MPI = "mpi"
    RAY = "ray"
    SPARK = "spark"


class ComputeClusterConfig(Shared, frozen=True, kw_only=True):
    """The cluster of a run.

    Attributes:
        cluster_type: Kind of cluster.
        compute_environment_id: Id of the environment of its nodes.
        compute_environment_revision_spec: Which revision of it: "ActiveRevision", "LatestRevision"
            or "SomeRevision(ID)".
        master_hardware_tier_id: Id of the hardware tier of the head node.
        max_worker_count: Most workers; giving it turns autoscaling on.
        worker_count: Number of workers, the fewest of them when autoscaling.
        worker_hardware_tier: Id of the hardware tier of the workers.
        worker_storage_mb: Disk of each worker in MB.

    Wire model: ComputeClusterConfigV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"cluster_type", "compute_environment_id", "worker_count", "worker_hardware_tier"}
    )

    cluster_type: ClusterType | None = None
    compute_environment_id: str | None = None
    compute_environment_revision_spec: str | None = None
    master_hardware_tier_id: str | None = None
    max_worker_count: int | None = None
    worker_count: int | None = None
    worker_hardware_tier: str | None = None
    worker_storage_mb: float | None = msgspec.field(default=None, name="workerStorageMB")
