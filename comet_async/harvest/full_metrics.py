"""Series as they were logged, from the assets that hold them where the stored ones are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comet_async import comet
from comet_async.harvest.subjects import Columns

__all__ = ["full_metric_parts", "full_metric_rows"]


def full_metric_parts(assets: Sequence[comet.Asset]) -> Mapping[str, list[str]]:
    """Return the ids of the parts of each metric, in order."""
    del assets
    return {}


def full_metric_rows(key: str, metric: str, parts: Sequence[bytes]) -> Columns:
    """Return the rows of `metrics` of one metric."""
    del key, metric, parts
    return {}
