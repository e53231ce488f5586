"""Load of the machine on which an experiment runs."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.comet.writing import Body, listed, write
from comet_async.request import Effect, Request

__all__ = [
    "CpuMetrics",
    "GpuMetrics",
    "LoadMetrics",
    "RamMetrics",
    "log_experiment_cpu_metrics",
    "log_experiment_gpu_metrics",
    "log_experiment_load_metrics",
    "log_experiment_ram_metrics",
]


class CpuMetrics(Body, frozen=True, kw_only=True):
    """Load of the processors.

    Attributes:
        experiment_key: Experiment key.
        cpu_percent_utilization: Percent, one number for each processor.
        context: Context as "train" or "val".
        step: Step of the training.
        epoch: Epoch of the training.
        timestamp: Milliseconds since 1970 UTC; default the server's time.
    """

    experiment_key: str
    cpu_percent_utilization: list[int]
    context: str | None = None
    step: int | None = None
    epoch: int | None = None
    timestamp: int | None = None


class GpuMetrics(Body, frozen=True, kw_only=True):
    """Load of one GPU.

    Attributes:
        gpu_id: Its number, from 0.
        free_memory: As the driver tells it.
        used_memory: As the driver tells it.
        gpu_utilization: Percent.
        total_memory: As the driver tells it.
    """

    gpu_id: int
    free_memory: int | None = None
    used_memory: int | None = None
    gpu_utilization: int | None = None
    total_memory: int | None = None


class LoadMetrics(Body, frozen=True, kw_only=True):
    """Load average of the machine.

    Attributes:
        experiment_key: Experiment key.
        load_average: The average.
        context: Context as "train" or "val".
        step: Step of the training.
        epoch: Epoch of the training.
        timestamp: Milliseconds since 1970 UTC; default the server's time.
    """

    experiment_key: str
    load_average: float
    context: str | None = None
    step: int | None = None
    epoch: int | None = None
    timestamp: int | None = None


class RamMetrics(Body, frozen=True, kw_only=True):
    """Memory of the machine.

    Attributes:
        experiment_key: Experiment key.
        total_ram: Bytes in all.
        used_ram: Bytes in use.
        context: Context as "train" or "val".
        step: Step of the training.
        epoch: Epoch of the training.
        timestamp: Milliseconds since 1970 UTC; default the server's time.
    """

    experiment_key: str
    total_ram: int
    used_ram: int
    context: str | None = None
    step: int | None = None
    epoch: int | None = None
    timestamp: int | None = None


def log_experiment_cpu_metrics(metrics: CpuMetrics) -> Request[None]:
    """Log the load of the processors.

    Appends values.

    Args:
        metrics: The load.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/cpu-metrics.
    """
    path = "/api/rest/v2/write/experiment/cpu-metrics"
    return write("POST", path, type(None), Effect.APPEND, json=metrics)


def log_experiment_gpu_metrics(experiment_key: str, gpus: Sequence[GpuMetrics]) -> Request[None]:
    """Log the load of the GPUs.

    Appends values.

    Args:
        experiment_key: Experiment key.
        gpus: One entry for each GPU.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no entry.

    Source: Comet REST v2, write/experiment/gpu-metrics.
    """
    path = "/api/rest/v2/write/experiment/gpu-metrics"
    body = {"experimentKey": experiment_key, "gpus": listed(path, "gpus", gpus)}
    return write("POST", path, type(None), Effect.APPEND, json=body)


def log_experiment_load_metrics(metrics: LoadMetrics) -> Request[None]:
    """Log the load average of the machine.

    Appends a value.

    Args:
        metrics: The load.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/load-metrics.
    """
    path = "/api/rest/v2/write/experiment/load-metrics"
    return write("POST", path, type(None), Effect.APPEND, json=metrics)


def log_experiment_ram_metrics(metrics: RamMetrics) -> Request[None]:
    """Log the use of memory of the machine.

    Appends values.

    Args:
        metrics: The memory.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/ram-metrics.
    """
    path = "/api/rest/v2/write/experiment/ram-metrics"
    return write("POST", path, type(None), Effect.APPEND, json=metrics)
