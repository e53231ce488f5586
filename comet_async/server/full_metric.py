"""The zipped CSV file that holds every value of a metric of which fewer points are stored."""

from __future__ import annotations

import csv
import io
import re
import zipfile

from comet_async.server.records import Asset, Series, stable_id
from comet_async.server.small_content import SmallContent

__all__ = ["full_metric"]


def full_metric(key: str, series: Series) -> tuple[Asset, SmallContent]:
    """Return the asset with all points of a series, and its bytes.

    Args:
        key: Experiment key.
        series: Every point, not sampled, in logging order.
    """
    stem = re.sub("[^a-zA-Z0-9-+]+", "_", series.name)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{stem}_0.csv", (2025, 1, 1, 0, 0, 0))
        archive.writestr(entry, _csv(series), zipfile.ZIP_DEFLATED)
    content = SmallContent(sink.getvalue())
    asset = Asset(
        asset_id=stable_id("full", key, series.name),
        file_name=f"{stem}_0.csv.zip",
        size=content.size,
        type="ASSET_TYPE_FULL_METRIC",
        created_ms=series.timestamps[-1],
        directory="full-metrics",
        etag=content.etag,
    )
    return asset, content


def _csv(series: Series) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("value", "timestamp", "step", "epoch"))
    seconds = (time / 1000 for time in series.timestamps)
    writer.writerows(zip(series.values, seconds, series.steps, series.epochs, strict=True))
    return sink.getvalue()
