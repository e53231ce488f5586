"""Experiments that match an expression, and the charts of many experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from comet_async import comet
from comet_async.api.frames import chart_frame
from comet_async.api.listing import ExperimentReads
from comet_async.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QueryReads"]

_CHART_KEYS = 250
_FULL_CHART_KEYS = 25
_AXES = ("step", "epoch", "duration")


class QueryReads(ExperimentReads):
    """Reads over many experiments at once."""

    async def get_metrics_for_chart(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        independent: bool = True,
        full: bool = False,
    ) -> dict[str, comet.ChartExperiment]:
        """Return metrics and parameters of many experiments by key.

        Any number of keys goes in batches of 250 (25 if `full`), many at a time.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics.
            parameters: Names of parameters.
            independent: Each metric with its own steps.
            full: Up to 15,000 points for each metric instead of a sample of about 500.
        """
        keys = list(dict.fromkeys(experiment_keys))
        if not keys or not (metrics or parameters):
            return {}
        size = _FULL_CHART_KEYS if full else _CHART_KEYS
        found = await self.send_each(
            (
                start,
                comet.get_multi_metric_chart(
                    keys[start : start + size],
                    metrics=metrics,
                    params=parameters,
                    independent_metrics=independent,
                    fetch_full=full,
                ),
            )
            for start in range(0, len(keys), size)
        )
        return {
            key: chart for answer in found.values() for key, chart in answer.experiments.items()
        }

    async def get_metrics_df(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str],
        x_axis: str = "step",
        interpolate: bool = True,
    ) -> pd.DataFrame | None:
        """Return metrics of many experiments as a frame of pandas.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics, which become columns.
            x_axis: "step", "epoch" or "duration".
            interpolate: Whether gaps are filled linearly, at the places of all experiments.

        Returns:
            Columns experiment_key, experiment_name, the axis and the metrics; None when there is
            nothing.

        Raises:
            UsageError: pandas is not installed, or there is no such axis.
        """
        if x_axis not in _AXES:
            raise UsageError(f"x_axis is one of {', '.join(_AXES)}, not {x_axis!r}")
        charts = await self.get_metrics_for_chart(experiment_keys, metrics)
        if not charts:
            return None
        return chart_frame(charts, metrics, x_axis, interpolate=interpolate)
