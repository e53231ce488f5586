"""Which endpoint feeds which table: a request for one experiment, and its answer as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar, cast

import msgspec

from comet_async import comet
from comet_async.harvest.columns import (
    Columns,
    metric_columns,
    summary_columns,
    system_columns,
    tag_columns,
    value_columns,
)
from comet_async.request import Request

__all__ = ["SOURCES", "Source"]

A = TypeVar("A")


class Source(msgspec.Struct, frozen=True):
    """One endpoint that is asked once for each experiment.

    Attributes:
        request: Makes the request for an experiment key.
        columns: Turns a key and the answer to that request into columns.
    """

    request: Callable[[str], Request[object]]
    columns: Callable[[str, object], Columns]


def _source(request: Callable[[str], Request[A]], columns: Callable[[str, A], Columns]) -> Source:
    """Return a source whose two halves are known to fit each other."""
    return Source(request, cast("Callable[[str, object], Columns]", columns))


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "metrics": _source(comet.get_all_experiment_metrics, metric_columns),
        "metric_summaries": _source(comet.get_experiment_metrics_summary, summary_columns),
        "parameters": _source(comet.get_experiment_parameters, value_columns),
        "others": _source(comet.get_experiment_others, value_columns),
        "tags": _source(comet.get_experiment_tags, tag_columns),
        "system_details": _source(comet.get_experiment_system_details, system_columns),
    }
)
"""By table. `experiments` comes with the plan; `assets` is written when the files are done."""
