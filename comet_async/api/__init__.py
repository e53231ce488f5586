"""The names that people know from `comet_ml.API`, with `await`.

    async with API() as api:
        for run in await api.get_experiments("team", "resnet"):
            print(run.name, (await run.metric_extremes())["loss"].minimum)

The guide "Coming from `comet_ml.API`" tells for each name of the vendor's client what became of it.
"""

from __future__ import annotations

from comet_async.api.api import API
from comet_async.api.experiment import APIExperiment
from comet_async.api.experiments import Experiments
from comet_async.api.model import Model
from comet_async.api.short_forms import Curve, Extremes, Image, MetricColumns
from comet_async.query import Environment, Metadata, Metric, Other, Parameter, Tag

__all__ = [
    "API",
    "APIExperiment",
    "Curve",
    "Environment",
    "Experiments",
    "Extremes",
    "Image",
    "Metadata",
    "Metric",
    "MetricColumns",
    "Model",
    "Other",
    "Parameter",
    "Tag",
]
