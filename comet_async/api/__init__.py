"""The names that code on `comet_ml.API` knows, over a session."""

from __future__ import annotations

from comet_async.query import Environment, Metadata, Metric, Other, Parameter, Tag

__all__ = ["Environment", "Metadata", "Metric", "Other", "Parameter", "Tag"]
