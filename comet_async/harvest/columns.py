"""Answers to columns: pure functions from the catalogue's structs to lists of values by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from comet_async import comet
from comet_async.comet.common import Cell, Metadata, number
from comet_async.harvest.links import unsigned

__all__ = [
    "AssetEnd",
    "AssetRow",
    "Columns",
    "asset_columns",
    "asset_row",
    "experiment_columns",
    "metric_columns",
    "summary_columns",
    "system_columns",
    "tag_columns",
    "value_columns",
]

Columns: TypeAlias = Mapping[str, Sequence[object]]


class AssetRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a listing says of one asset, as the ledger keeps it until the table is written.

    Links are kept for remote files only, and without what opens them; `curlDownload` never.
    """

    asset_id: str
    name: str | None = None
    type: str | None = None
    listed_size: int | None = None
    remote: bool | None = None
    link: str | None = None
    context: str | None = None
    step: int | None = None
    created: int | None = None
    dir: str | None = None
    metadata: str | None = None
    tags: tuple[str, ...] = ()
    etag: str | None = None
    version: str | None = None
    version_id: str | None = None


def _cell_text(cell: Cell) -> str | None:
    """Return a value as the server sent it; a JSON float as Python writes it."""
    if cell is None or isinstance(cell, str):
        return cell
    return repr(cell)


def _number_and_text(cell: Cell) -> tuple[float | None, str | None]:
    """Return the number and, where its repr is not what was sent, the text."""
    value, text = number(cell), _cell_text(cell)
    return value, None if value is not None and text == repr(value) else text


def _numbers_and_texts(cells: list[Cell]) -> tuple[list[float | None], list[str | None]]:
    """Return `_number_and_text` of many cells; several times faster where all are plain."""
    try:
        values = list(map(float, cells))  # type: ignore[arg-type]  # a null raises TypeError here
    except (ValueError, TypeError, OverflowError):
        pairs = [_number_and_text(cell) for cell in cells]
        return [value for value, _ in pairs], [text for _, text in pairs]
    if list(map(repr, values)) == cells:
        return list(values), [None] * len(cells)
    pairs = [
        (value, None) if repr(value) == cell else _number_and_text(cell)
        for value, cell in zip(values, cells, strict=True)
    ]
    return [value for value, _ in pairs], [text for _, text in pairs]


def metric_columns(key: str, answer: comet.MetricSeries) -> Columns:
    """Return the rows of `metrics` of one experiment, in the server's order."""
    points = answer.metrics
    values, texts = _numbers_and_texts([point.metric_value for point in points])
    return {
        "experiment_key": [key] * len(points),
        "metric": [point.metric_name for point in points],
        "context": [point.run_context for point in points],
        "step": [point.step for point in points],
        "epoch": [point.epoch for point in points],
        "timestamp": [point.timestamp for point in points],
        "value": values,
        "value_text": texts,
        "offset": [point.offset for point in points],
    }


def summary_columns(key: str, answer: comet.ValueSummaries) -> Columns:
    """Return the rows of `metric_summaries` of one experiment."""
    rows = answer.values
    least = _numbers_and_texts([row.value_min for row in rows])
    most = _numbers_and_texts([row.value_max for row in rows])
    last = _numbers_and_texts([row.value_current for row in rows])
    return {
        "experiment_key": [key] * len(rows),
        "metric": [row.name for row in rows],
        "min": least[0],
        "min_text": least[1],
        "min_timestamp": [row.timestamp_min for row in rows],
        "min_step": [row.step_min for row in rows],
        "min_context": [row.run_context_min for row in rows],
        "max": most[0],
        "max_text": most[1],
        "max_timestamp": [row.timestamp_max for row in rows],
        "max_step": [row.step_max for row in rows],
        "max_context": [row.run_context_max for row in rows],
        "last": last[0],
        "last_text": last[1],
        "last_timestamp": [row.timestamp_current for row in rows],
        "last_step": [row.step_current for row in rows],
        "last_context": [row.run_context_current for row in rows],
        "editable": [row.editable for row in rows],
        "source": ["server"] * len(rows),
    }


def value_columns(key: str, answer: comet.ValueSummaries) -> Columns:
    """Return the rows of `parameters` or `others` of one experiment."""
    rows = answer.values
    return {
        "experiment_key": [key] * len(rows),
        "name": [row.name for row in rows],
        "value": [_cell_text(row.value_current) for row in rows],
        "number": [number(row.value_current) for row in rows],
        "timestamp": [row.timestamp_current for row in rows],
        "step": [row.step_current for row in rows],
        "context": [row.run_context_current for row in rows],
        "value_min": [_cell_text(row.value_min) for row in rows],
        "value_min_timestamp": [row.timestamp_min for row in rows],
        "value_max": [_cell_text(row.value_max) for row in rows],
        "value_max_timestamp": [row.timestamp_max for row in rows],
        "editable": [row.editable for row in rows],
        "value_min_step": [row.step_min for row in rows],
        "value_min_context": [row.run_context_min for row in rows],
        "value_max_step": [row.step_max for row in rows],
        "value_max_context": [row.run_context_max for row in rows],
    }


def tag_columns(key: str, answer: comet.Tags) -> Columns:
    """Return the rows of `tags` of one experiment."""
    return {"experiment_key": [key] * len(answer.tags), "tag": answer.tags}


def system_columns(key: str, answer: comet.SystemDetails) -> Columns:
    """Return the one row of `system_details` of one experiment."""
    gpus = [
        {
            "gpu_index": gpu.gpu_index,
            "name": gpu.name,
            "uuid": gpu.uuid,
            "total_memory": gpu.total_memory,
            "power_limit": gpu.power_limit,
        }
        for gpu in answer.gpu_static_info_list
    ]
    facts = [
        {"key": fact.key, "value": fact.value} for fact in answer.log_additional_system_info_list
    ]
    return {
        "experiment_key": [key],
        "user": [answer.user],
        "hostname": [answer.hostname],
        "ip": [answer.ip],
        "network_interface_ips": [answer.network_interface_ips],
        "os": [answer.os],
        "os_type": [answer.os_type],
        "os_release": [answer.os_release],
        "machine": [answer.machine],
        "processor": [answer.processor],
        "total_ram": [answer.total_ram],
        "max_total_memory": [answer.max_total_memory],
        "gpus": [gpus],
        "python_version": [answer.python_version],
        "python_version_verbose": [answer.python_version_verbose],
        "pid": [answer.pid],
        "executable": [answer.executable],
        "command": [answer.command],
        "env_json": [_json(answer.env) if answer.env else None],
        "os_packages": [answer.os_packages],
        "installed_packages": [answer.installed_packages],
        "system_metric_names": [answer.system_metric_names],
        "additional_info": [facts],
    }


def experiment_columns(experiments: Sequence[comet.Experiment]) -> Columns:
    """Return the rows of `experiments`."""
    return {
        "experiment_key": [row.experiment_key for row in experiments],
        "experiment_name": [row.experiment_name for row in experiments],
        "workspace_name": [row.workspace_name for row in experiments],
        "project_id": [row.project_id for row in experiments],
        "project_name": [row.project_name for row in experiments],
        "user_name": [row.user_name for row in experiments],
        "optimization_id": [row.optimization_id for row in experiments],
        "file_path": [row.file_path for row in experiments],
        "file_name": [row.file_name for row in experiments],
        "start_time": [row.start_time_millis for row in experiments],
        "end_time": [row.end_time_millis for row in experiments],
        "duration_ms": [row.duration_millis for row in experiments],
        "archived": [row.archived for row in experiments],
        "running": [row.running for row in experiments],
        "has_crashed": [row.has_crashed for row in experiments],
        "throttled": [row.throttle for row in experiments],
    }


def asset_row(asset: comet.Asset) -> AssetRow:
    """Return what is kept of one listed asset."""
    return AssetRow(
        asset_id=asset.asset_id,
        name=asset.file_name,
        type=asset.type,
        listed_size=_size(asset.file_size),
        remote=asset.remote,
        link=unsigned(asset.link) if asset.remote else None,
        context=asset.run_context,
        step=asset.step,
        created=asset.created_at,
        dir=asset.dir,
        metadata=_metadata(asset.metadata),
        tags=tuple(asset.tags),
        etag=asset.etag,
    )


class AssetEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A listed asset and what became of its file.

    Attributes:
        key: Its experiment, artifact or registered model.
        workspace: Workspace of that.
        row: What the listing says.
        state: As the column `state`.
        local_path: File below the harvest's folder, for a stored one.
        size: Bytes on disk, for a stored one.
        sha256: Hash of the file, for a stored one.
        reason: Why there is no file.
        folder: Where it was expanded to, for an archive.
    """

    key: str
    workspace: str
    row: AssetRow
    state: str
    local_path: str | None = None
    size: int | None = None
    sha256: str | None = None
    reason: str | None = None
    folder: str | None = None


def asset_columns(ends: Sequence[AssetEnd]) -> Columns:
    """Return the rows of `assets`."""
    rows = [end.row for end in ends]
    return {
        "experiment_key": [end.key for end in ends],
        "asset_id": [row.asset_id for row in rows],
        "name": [row.name for row in rows],
        "type": [row.type for row in rows],
        "state": [end.state for end in ends],
        "local_path": [end.local_path for end in ends],
        "size": [end.size for end in ends],
        "sha256": [end.sha256 for end in ends],
        "listed_size": [row.listed_size for row in rows],
        "reason": [end.reason for end in ends],
        "remote": [row.remote for row in rows],
        "link": [row.link for row in rows],
        "context": [row.context for row in rows],
        "step": [row.step for row in rows],
        "created": [row.created for row in rows],
        "dir": [row.dir for row in rows],
        "metadata": [row.metadata for row in rows],
        "tags": [row.tags for row in rows],
        "etag": [row.etag for row in rows],
    }


def artifact_file_columns(ends: Sequence[AssetEnd]) -> Columns:
    """Return the rows of `artifact_files`."""
    rows = [end.row for end in ends]
    return {
        "artifact_id": [end.key for end in ends],
        "artifact_version_id": [row.version_id for row in rows],
        "version": [row.version for row in rows],
        "asset_id": [row.asset_id for row in rows],
        "name": [row.name for row in rows],
        "dir": [row.dir for row in rows],
        "type": [row.type for row in rows],
        "size": [row.listed_size for row in rows],
        "remote": [row.remote for row in rows],
        "link": [row.link for row in rows],
        "metadata": [row.metadata for row in rows],
        "state": [end.state for end in ends],
        "local_path": [end.local_path for end in ends],
        "stored_size": [end.size for end in ends],
        "sha256": [end.sha256 for end in ends],
        "reason": [end.reason for end in ends],
    }


def _archive_columns(ends: Sequence[AssetEnd]) -> Columns:
    return {
        "model_name": [end.row.name for end in ends],
        "state": [end.state for end in ends],
        "local_path": [end.local_path for end in ends],
        "size": [end.size for end in ends],
        "sha256": [end.sha256 for end in ends],
        "reason": [end.reason for end in ends],
        "folder": [end.folder for end in ends],
    }


def model_archive_columns(ends: Sequence[AssetEnd]) -> Columns:
    """Return the rows of `model_archives`."""
    return {"experiment_key": [end.key for end in ends], **_archive_columns(ends)}


def registry_archive_columns(ends: Sequence[AssetEnd]) -> Columns:
    """Return the rows of `registry_archives`."""
    return {
        "workspace_name": [end.workspace for end in ends],
        "version": [end.row.version for end in ends],
        **_archive_columns(ends),
    }


def _size(told: float | None) -> int | None:
    """Return a size in whole bytes; what is no such number counts as not told."""
    return None if told is None or not math.isfinite(told) else int(told)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _metadata(value: Metadata) -> str | None:
    return value if value is None or isinstance(value, str) else _json(value)
