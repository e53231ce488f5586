"""Handing a lake over to other trackers: MLflow, and the tools that read neptune-exporter's files.

    report = handover.export_to_mlflow(open_lake("lake"), "sqlite:///mlflow.db")
    report.lost

MLflow is an extra, imported when something is handed over to it.
"""

from __future__ import annotations

from comet_async.handover.mlflow_names import decoded, encoded
from comet_async.handover.mlflow_places import MLFLOW_PLACES
from comet_async.handover.mlflow_target import NameOfExperiment, checked_names, export_to_mlflow
from comet_async.handover.neptune_places import NEPTUNE_PLACES
from comet_async.handover.neptune_target import export_to_neptune
from comet_async.handover.places import LostField, Place, Places, places_as_markdown
from comet_async.handover.report import (
    ALTERED,
    HandoverError,
    HandoverProgress,
    HandoverReport,
)

__all__ = [
    "ALTERED",
    "MLFLOW_PLACES",
    "NEPTUNE_PLACES",
    "HandoverError",
    "HandoverProgress",
    "HandoverReport",
    "LostField",
    "NameOfExperiment",
    "Place",
    "Places",
    "checked_names",
    "decoded",
    "encoded",
    "export_to_mlflow",
    "export_to_neptune",
    "places_as_markdown",
]
