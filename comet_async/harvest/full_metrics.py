"""Series as they were logged, from the assets that hold them where the stored ones are cut.

The service keeps the whole series of such a metric in assets of type `ASSET_TYPE_FULL_METRIC`,
`<metric>_<n>.csv.zip`: each a zip with one CSV file of value, timestamp (s), step and epoch. In the
file's name, what is no letter, digit, `-` or `+` of the metric's name is `_`.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

from comet_async import comet
from comet_async.comet.common import number
from comet_async.errors import DecodeError
from comet_async.harvest.subjects import Columns
from comet_async.redaction import shortened

__all__ = ["full_metric_parts", "full_metric_rows"]

_PART = re.compile(r"(.*)_(\d{1,9})\.csv\.zip", re.DOTALL)
_NOT_KEPT = re.compile(r"[^a-zA-Z0-9\-+]+")
_MOST = 256 * 1024 * 1024
_HEADER = ("value", "timestamp", "step", "epoch")


def full_metric_parts(
    assets: Sequence[comet.Asset], metrics: Iterable[str]
) -> Mapping[str, list[str]]:
    """Return the ids of the parts of each metric, in numeric order of their names.

    A metric is left out when it has no parts, when one between is missing, or when another metric
    of the experiment has the same name in the names of files: a wrong series would be worse.

    Args:
        assets: Assets of one experiment.
        metrics: Names of all its metrics.
    """
    by_stem: dict[str, list[str]] = {}
    for metric in metrics:
        by_stem.setdefault(_NOT_KEPT.sub("_", metric), []).append(metric)
    parts: dict[str, dict[int, str]] = {}
    for asset in assets:
        found = _PART.fullmatch(asset.file_name or "")
        if found is not None:
            parts.setdefault(found[1], {})[int(found[2])] = asset.asset_id
    return {
        by_stem[stem][0]: [numbered[at] for at in sorted(numbered)]
        for stem, numbered in parts.items()
        if len(by_stem.get(stem, ())) == 1 and max(numbered) - min(numbered) < len(numbered)
    }


def full_metric_rows(key: str, metric: str, parts: Sequence[bytes]) -> Columns:
    """Return the rows of `metrics` of one metric from its parts.

    Args:
        key: Experiment key.
        metric: Name of the metric.
        parts: Zip files, in order.

    Raises:
        DecodeError: A part is no such file, or has a line that is none.
    """
    rows = [row for part in parts for row in _lines(metric, part)]
    values = [number(row[0]) for row in rows]
    return {
        "experiment_key": [key] * len(rows),
        "metric": [metric] * len(rows),
        "context": [None] * len(rows),
        "step": [_integer(metric, row[2]) for row in rows],
        "epoch": [_integer(metric, row[3]) for row in rows],
        "timestamp": [_millis(metric, row[1]) for row in rows],
        "value": values,
        "value_text": [
            None if value is not None and repr(value) == row[0] else row[0]
            for row, value in zip(rows, values, strict=True)
        ],
        "offset": [None] * len(rows),
    }


def _lines(metric: str, part: bytes) -> list[list[str]]:
    problem = ""
    try:
        with (
            zipfile.ZipFile(io.BytesIO(part)) as archive,
            archive.open(archive.namelist()[0]) as member,
        ):
            text = member.read(_MOST + 1).decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        if len(text) > _MOST or not rows or tuple(rows[0]) != _HEADER:
            problem = "it is no series"
        elif any(len(row) != len(_HEADER) for row in rows):
            problem = "a line is cut"
        else:
            return rows[1:]
    except (
        *(zipfile.BadZipFile, zlib.error, csv.Error, UnicodeDecodeError),
        *(OSError, LookupError, RuntimeError),
    ) as error:
        problem = type(error).__name__
    raise _odd(metric, problem)


def _integer(metric: str, text: str) -> int | None:
    if text in ("", "None"):
        return None
    value = _number(metric, text)
    if not value.is_integer():
        raise DecodeError(
            f"the full series of {shortened(metric)}: {shortened(text, 40)} is no integer"
        )
    return int(text) if text.lstrip("+-").isdecimal() else int(value)


def _millis(metric: str, text: str) -> int | None:
    return None if text in ("", "None") else round(_number(metric, text) * 1000)


def _number(metric: str, text: str) -> float:
    value = number(text)
    if value is None or not math.isfinite(value):
        raise DecodeError(
            f"the full series of {shortened(metric)}: {shortened(text, 40)} is no number"
        )
    return value


def _odd(metric: str, problem: str) -> DecodeError:
    return DecodeError(f"the full series of {shortened(metric)}: {problem}")
