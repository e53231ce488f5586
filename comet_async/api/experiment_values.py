"""Metrics, parameters, others and tags of an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.api.frames import full_series
from comet_async.api.short_forms import (
    Extremes,
    MetricColumns,
    PlainValue,
    extremes_of,
    metric_columns,
    plain_values,
)
from comet_async.errors import NotFoundError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExperimentValues"]

_FULL_METRIC = "ASSET_TYPE_FULL_METRIC"


class ExperimentValues(ExperimentBase):
    """What changes while an experiment runs, and what it was started with."""

    async def get_metadata(self) -> comet.Experiment:
        """Return the metadata as the server has it now; the properties tell of it from then on."""
        self._metadata = await self._send(comet.get_experiment_metadata(self.key))
        return self._metadata

    async def get_name(self) -> str | None:
        """Return the present name."""
        named = await self.get_others_summary("Name")
        return str(named[0]) if len(named) == 1 and named[0] is not None else None

    async def get_state(self) -> str:
        """Return "running", "crashed" or "finished"."""
        found = await self.get_metadata()
        if found.running:
            return "running"
        return "crashed" if found.has_crashed else "finished"

    async def get_tags(self) -> list[str]:
        """Return the tags."""
        return list((await self._send(comet.get_experiment_tags(self.key))).tags)

    async def get_metrics(self, metric: str | None = None) -> list[comet.MetricPoint]:
        """Return the stored points of one metric, or of all.

        Args:
            metric: Exact, case-sensitive name; None for all, in one request (a server older than
                that endpoint is asked for each metric).
        """
        if metric is not None:
            series = await self._send(comet.get_experiment_metric(self.key, metric))
            return list(series.metrics)
        try:
            return list((await self._send(comet.get_all_experiment_metrics(self.key))).metrics)
        except NotFoundError:
            names = [entry.name for entry in await self.get_metrics_summary()]
        found = await self._api.send_each(
            (name, comet.get_experiment_metric(self.key, name)) for name in names
        )
        return [point for series in found.values() for point in series.metrics]

    @overload
    async def get_metrics_summary(self, metric: None = None) -> list[comet.ValueSummary]: ...

    @overload
    async def get_metrics_summary(self, metric: str) -> comet.ValueSummary | None: ...

    async def get_metrics_summary(
        self, metric: str | None = None
    ) -> list[comet.ValueSummary] | comet.ValueSummary | None:
        """Return the largest, smallest and last value of one metric, or of all.

        Args:
            metric: Exact name; its entry is None when there is no such metric.
        """
        found = await self._send(comet.get_experiment_metrics_summary(self.key))
        return _one_or_all(found, metric)

    @overload
    async def get_parameters_summary(self, parameter: None = None) -> list[comet.ValueSummary]: ...

    @overload
    async def get_parameters_summary(self, parameter: str) -> comet.ValueSummary | None: ...

    async def get_parameters_summary(
        self, parameter: str | None = None
    ) -> list[comet.ValueSummary] | comet.ValueSummary | None:
        """Return one parameter, or all; `parameters` is shorter.

        Args:
            parameter: Exact name; its entry is None when there is no such parameter.
        """
        found = await self._send(comet.get_experiment_parameters(self.key))
        return _one_or_all(found, parameter)

    @overload
    async def get_others_summary(self, other: None = None) -> list[comet.ValueSummary]: ...

    @overload
    async def get_others_summary(self, other: str) -> list[str | int | float | None]: ...

    async def get_others_summary(
        self, other: str | None = None
    ) -> list[comet.ValueSummary] | list[str | int | float | None]:
        """Return all other values, or the last values of one name; `others` is shorter.

        Args:
            other: Exact name.
        """
        found = await self._send(comet.get_experiment_others(self.key))
        if other is None:
            return list(found.values)
        return [entry.value_current for entry in found.values if entry.name == other]

    async def parameters(self) -> dict[str, PlainValue]:
        """Return every parameter by name, numbers and booleans as such."""
        return plain_values((await self._send(comet.get_experiment_parameters(self.key))).values)

    async def others(self) -> dict[str, PlainValue]:
        """Return every other value by name, numbers and booleans as such."""
        return plain_values((await self._send(comet.get_experiment_others(self.key))).values)

    async def metric(self, name: str) -> MetricColumns:
        """Return one metric in columns: step, epoch, time, value. Ready to plot."""
        return metric_columns(name, await self.get_metrics(name))

    async def metric_extremes(self) -> dict[str, Extremes]:
        """Return minimum, maximum and last value of every metric by name, as floats."""
        found = await self._send(comet.get_experiment_metrics_summary(self.key))
        return extremes_of(found.values)

    async def get_metric_total_df(
        self,
        metric_name: str,
        fallback_to_sampled_data: bool = True,
    ) -> pd.DataFrame | None:
        """Return a metric whole, of the assets that hold what the server thinned out.

        Args:
            metric_name: Exact, case-sensitive name.
            fallback_to_sampled_data: Whether the stored points will do where there is no asset.

        Returns:
            Columns value, timestamp (seconds since 1970 UTC), step, epoch, datetime, and duration
            (seconds since the row before); None when there is nothing.

        Raises:
            UsageError: pandas is not installed.
            DecodeError: An asset is damaged.
        """
        listed = await self._send(
            comet.get_experiment_asset_list(self.key, type=_FULL_METRIC).with_timeout(600)
        )
        return await full_series(
            self._api, self.key, metric_name, listed.assets, fallback=fallback_to_sampled_data
        )


def _one_or_all(
    found: comet.ValueSummaries, name: str | None
) -> list[comet.ValueSummary] | comet.ValueSummary | None:
    if name is None:
        return list(found.values)
    return next((entry for entry in found.values if entry.name == name), None)
