"""How true a series is to what was logged: never silently sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from comet_async.harvest.subjects import Columns

__all__ = ["SAMPLED_AT_MOST", "STORED_AT_MOST", "Fidelity", "Reading", "fidelity", "series_columns"]

Fidelity: TypeAlias = Literal["full", "downsampled", "sampled", "unknown"]

STORED_AT_MOST = 15_000
"""Points that the service keeps of a series; of a longer one it keeps so many."""
SAMPLED_AT_MOST = 550
"""A sampled series has about 500 points, and not more than this."""
_SAMPLED_FROM = 450


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How the series of an experiment were read.

    Attributes:
        source: "chart", "get-all", "get-metric" or "full-metric asset".
        points: Points by metric.
        whole: Whether the answer is known not to be sampled.
        full: Metrics that were read from their full-metric asset.
    """

    source: str
    points: Mapping[str, int]
    whole: bool
    full: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether every series is as it was logged."""
        return all(self.fidelity(metric) == "full" for metric in self.points)

    def fidelity(self, metric: str) -> Fidelity:
        """Return how true the series of a metric is."""
        if metric in self.full:
            return "full"
        return fidelity(self.points[metric], whole=self.whole)


def fidelity(points: int, *, whole: bool) -> Fidelity:
    """Return what the number of points tells of a series that was asked for in full.

    So many points as the service keeps at most mean that there were more. About as many as a sample
    has may be one, from a server that does not know how to send all: unless another series of the
    same answer is longer than any sample.

    Args:
        points: Points that came.
        whole: Whether the answer is known not to be sampled.

    >>> fidelity(1000, whole=False), fidelity(500, whole=False), fidelity(500, whole=True)
    ('full', 'unknown', 'full')
    >>> fidelity(15_000, whole=True)
    'downsampled'
    """
    if points >= STORED_AT_MOST:
        return "downsampled"
    if not whole and _SAMPLED_FROM <= points <= SAMPLED_AT_MOST:
        return "unknown"
    return "full"


def series_columns(key: str, reading: Reading) -> Columns:
    """Return the rows of `metric_series` of one experiment."""
    metrics = list(reading.points)
    return {
        "experiment_key": [key] * len(metrics),
        "metric": metrics,
        "points": [reading.points[metric] for metric in metrics],
        "fidelity": [reading.fidelity(metric) for metric in metrics],
        "source": [
            "full-metric asset" if metric in reading.full else reading.source for metric in metrics
        ],
    }
