"""Logging to an experiment that exists: metrics, parameters, others, tags, text, state."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = ["ExperimentLogging"]

_DEEPEST = 10
_LONGEST_LINE = 5_000_000
_STATES = ("running", "finished", "crashed")
_NAME = "Name"
_NESTED = "hasNestedParams"


class ExperimentLogging(ExperimentBase):
    """Writes of what changes while an experiment runs.

    A timestamp is in seconds since 1970 UTC, as the vendor's client takes it, and defaults to the
    server's time. What takes several requests sends them at the same time and raises the first
    error only when all have been tried.
    """

    async def log_metric(
        self,
        metric: str,
        value: float | str,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log one value of a metric; NaN and infinities are values too.

        Args:
            metric: Its name.
            value: The value.
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """
        await self._send(self._point(metric, value, step, epoch, timestamp))

    async def log_metrics(
        self,
        metric_dict: Mapping[str, object],
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log one value of each of several metrics.

        Args:
            metric_dict: Values by name; names of nested dicts are joined by "/".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """
        flat = dict(_flattened(metric_dict, "/"))
        await self._api.send_all(
            (name, self._point(name, cast("float", value), step, epoch, timestamp))
            for name, value in flat.items()
        )

    async def log_parameter(
        self,
        parameter: str,
        value: object,
        step: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Set one parameter.

        Args:
            parameter: Its name.
            value: The value; None goes as null.
            step: Step of the training.
            timestamp: Seconds since 1970 UTC.
        """
        await self._send(self._parameter(parameter, value, step, timestamp))

    async def log_parameters(
        self,
        param_dict: Mapping[str, object],
        step: int | None = None,
        timestamp: float | None = None,
        nested_support: bool = True,
    ) -> None:
        """Set several parameters.

        Args:
            param_dict: Values by name.
            step: Step of the training.
            timestamp: Seconds since 1970 UTC.
            nested_support: Whether names of nested dicts are joined by "|", ten deep; the
                experiment is then marked as having such parameters.
        """
        nested = nested_support and any(isinstance(v, Mapping) for v in param_dict.values())
        flat = dict(_flattened(param_dict, "|")) if nested else dict(param_dict)
        if nested:
            await self.log_other(_NESTED, value=True)
        await self._api.send_all(
            (name, self._parameter(name, value, step, timestamp)) for name, value in flat.items()
        )

    async def log_other(self, key: str, value: object, timestamp: float | None = None) -> None:
        """Set another value; the key "Name" renames the experiment.

        Args:
            key: Its name.
            value: The value; None goes as null.
            timestamp: Seconds since 1970 UTC.
        """
        asked = comet.log_experiment_other(self.key, key, value, timestamp=_millis(timestamp))
        await self._send(asked)
        if key == _NAME:
            self._learn(experiment_name=None if value is None else str(value))

    async def set_name(self, name: str) -> None:
        """Rename the experiment."""
        await self.log_other(_NAME, name)

    async def delete_parameter(self, parameter: str) -> bool:
        """Delete one parameter and return True."""
        await self._send(comet.delete_experiment_parameter(self.key, parameter))
        return True

    async def delete_parameters(self, parameters: Sequence[str]) -> bool:
        """Delete several parameters in one request and return True."""
        names = [
            comet.ParameterName(experiment_key=self.key, parameter_name=name) for name in parameters
        ]
        await self._send(comet.delete_experiment_parameters(names))
        return True

    async def add_tag(self, tag: str) -> None:
        """Add one tag."""
        await self.add_tags([tag])

    async def add_tags(self, tags: Sequence[str]) -> None:
        """Add several tags in one request."""
        await self._send(comet.add_experiment_tags(self.key, tags))

    async def delete_tags(self, tags: Sequence[str]) -> None:
        """Delete several tags in one request."""
        await self._send(comet.delete_experiment_tags(self.key, tags))

    async def log_html(
        self, html: str, clear: bool = False, timestamp: float | None = None
    ) -> None:
        """Log HTML after what there is, or in its place.

        Args:
            html: The text.
            clear: Whether it replaces what there is.
            timestamp: Seconds since 1970 UTC.
        """
        await self._send(
            comet.log_experiment_html(
                self.key, html, override=clear or None, timestamp=_millis(timestamp)
            )
        )

    async def log_output(
        self,
        output: str,
        context: str | None = None,
        stderr: bool = False,
        timestamp: float | None = None,
    ) -> None:
        """Log what a script printed, after what there is.

        Args:
            output: One or more lines, in one request.
            context: Context as "train" or "val".
            stderr: Whether it went to standard error.
            timestamp: Seconds since 1970 UTC; default now.
        """
        at = _millis(time.time() if timestamp is None else timestamp)
        lines = [
            comet.OutputLine(output=text, stderr=stderr, local_timestamp=at, offset=offset)
            for offset, text in enumerate(_lines(output))
        ]
        await self._send(comet.log_experiment_output(self.key, lines, run_context=context))

    async def log_cpu_metrics(
        self,
        cpu_metrics: Sequence[int],
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the load of the processors.

        Args:
            cpu_metrics: Percent, one number for each processor.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """
        found = comet.CpuMetrics(
            experiment_key=self.key,
            cpu_percent_utilization=list(cpu_metrics),
            context=context,
            step=step,
            epoch=epoch,
            timestamp=_millis(timestamp),
        )
        await self._send(comet.log_experiment_cpu_metrics(found))

    async def log_gpu_metrics(self, gpu_metrics: Sequence[Mapping[str, int]]) -> None:
        """Log the load of the GPUs.

        Args:
            gpu_metrics: For each GPU gpuId, freeMemory, usedMemory, gpuUtilization, totalMemory.

        Raises:
            UsageError: One of the five is missing.
        """
        names = ("gpuId", "freeMemory", "usedMemory", "gpuUtilization", "totalMemory")
        for gpu in gpu_metrics:
            missing = [name for name in names if name not in gpu]
            if missing:
                raise UsageError(f"an entry of gpu_metrics lacks {', '.join(missing)}")
        gpus = [
            comet.GpuMetrics(
                gpu_id=gpu["gpuId"],
                free_memory=gpu["freeMemory"],
                used_memory=gpu["usedMemory"],
                gpu_utilization=gpu["gpuUtilization"],
                total_memory=gpu["totalMemory"],
            )
            for gpu in gpu_metrics
        ]
        await self._send(comet.log_experiment_gpu_metrics(self.key, gpus))

    async def log_load_metrics(
        self,
        load_avg: float,
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the load average of the machine.

        Args:
            load_avg: The average.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """
        found = comet.LoadMetrics(
            experiment_key=self.key,
            load_average=load_avg,
            context=context,
            step=step,
            epoch=epoch,
            timestamp=_millis(timestamp),
        )
        await self._send(comet.log_experiment_load_metrics(found))

    async def log_ram_metrics(
        self,
        total_ram: int,
        used_ram: int,
        context: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Log the use of memory.

        Args:
            total_ram: Bytes in all.
            used_ram: Bytes in use.
            context: Context as "train" or "val".
            step: Step of the training.
            epoch: Epoch of the training.
            timestamp: Seconds since 1970 UTC.
        """
        found = comet.RamMetrics(
            experiment_key=self.key,
            total_ram=total_ram,
            used_ram=used_ram,
            context=context,
            step=step,
            epoch=epoch,
            timestamp=_millis(timestamp),
        )
        await self._send(comet.log_experiment_ram_metrics(found))

    async def set_state(self, state: str) -> None:
        """Set the state.

        Args:
            state: "running", "finished" or "crashed".

        Raises:
            UsageError: `state` is another.
        """
        if state not in _STATES:
            raise UsageError(f"state is one of {', '.join(_STATES)}, not {state!r}")
        running, crashed = state == "running", state == "crashed"
        await self._send(
            comet.update_experiment_status(self.key, is_alive=running, has_crashed=crashed)
        )
        self._learn(running=running, has_crashed=crashed)

    async def set_start_time(self, start_server_timestamp: int) -> None:
        """Set when it began, in milliseconds since 1970 UTC, and read the metadata anew."""
        asked = comet.set_experiment_start_end(self.key, start_time_millis=start_server_timestamp)
        await self._send(asked)
        self._metadata = await self._send(comet.get_experiment_metadata(self.key))

    async def set_end_time(self, end_server_timestamp: int) -> None:
        """Set when it ended, in milliseconds since 1970 UTC, and read the metadata anew."""
        asked = comet.set_experiment_start_end(self.key, end_time_millis=end_server_timestamp)
        await self._send(asked)
        self._metadata = await self._send(comet.get_experiment_metadata(self.key))

    async def update_status(self) -> comet.Heartbeat:
        """Say that it is still running, and return how often to say so."""
        return await self._send(comet.set_experiment_alive(self.key))

    async def archive(self) -> None:
        """Move the experiment to the archive of its project."""
        await self._send(comet.archive_experiment(self.key))
        self._learn(archived=True)

    async def create_symlink(self, project_name: str) -> str | None:
        """Link the experiment into another project of its workspace, and return the link."""
        return (await self._send(comet.create_experiment_symlink(self.key, project_name))).link

    def _point(
        self,
        metric: str,
        value: float | str,
        step: int | None,
        epoch: int | None,
        timestamp: float | None,
    ) -> Request[None]:
        return comet.log_experiment_metric(
            comet.NewMetricPoint(
                experiment_key=self.key,
                metric_name=metric,
                metric_value=value,
                step=step,
                epoch=epoch,
                timestamp=_millis(timestamp),
            )
        )

    def _parameter(
        self, parameter: str, value: object, step: int | None, timestamp: float | None
    ) -> Request[None]:
        return comet.log_experiment_parameter(
            comet.NewParameter(
                experiment_key=self.key,
                parameter_name=parameter,
                parameter_value=value,
                step=step,
                timestamp=_millis(timestamp),
            )
        )


def _millis(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _flattened(
    values: Mapping[str, object], separator: str, depth: int = 1
) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value and depth < _DEEPEST:
            inner = cast("Mapping[str, object]", value)
            for below, found in _flattened(inner, separator, depth + 1):
                yield f"{name}{separator}{below}", found
        else:
            yield name, value


def _lines(text: str) -> Iterable[str]:
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), _LONGEST_LINE):
            yield line[start : start + _LONGEST_LINE]
