"""The upload messages of an archive as assets."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from comet_async.server.numbers_text import text_of
from comet_async.server.records import Asset, Json, JsonObject, stable_id

__all__ = ["Upload", "directory_of", "remote_of", "spatial_of", "upload_of"]

_LISTED_AS = {"visualization": "image", "notebook": "notebook"}
_FOLDERS = {
    "asset": "others",
    "audio": "media",
    "confusion-matrix": "confusion-matrices",
    "curve": "curves",
    "dataframe": "dataframes",
    "histogram3d": "histograms",
    "image": "media",
    "notebook": "notebooks",
    "source_code": "source-code",
    "text-sample": "text-samples",
    "video": "media",
    "3d-image": "media",
}
_BACKEND_NAME = "auto-generated-in-the-backend"


@dataclass(frozen=True, slots=True)
class Upload:
    """An asset and the archive member that holds its bytes, None for a remote one."""

    asset: Asset
    member: str | None


def _params(payload: JsonObject) -> JsonObject:
    params = payload.get("additional_params")
    return params if isinstance(params, dict) else payload


def _metadata(value: Json) -> str | None:
    """Return metadata as the wire has it: JSON inside a text, "" when empty, null when none."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""


def directory_of(kind: str, group: str | None) -> str:
    """Return the folder that the site shows an asset in."""
    return f"models/{group}" if group else _FOLDERS.get(kind, "others")


def _name(params: JsonObject, kind: str, asset_id: str) -> str:
    """Return the listed name; a text sample is named by the server, an image by its figure."""
    name = params.get("fileName") or params.get("figName")
    if isinstance(name, str) and name != _BACKEND_NAME:
        return name
    return f"{kind}-{asset_id[:8]}.txt" if kind == "text-sample" else f"{kind}-{asset_id[:8]}"


def _asset(payload: JsonObject, created_ms: int, group: str | None) -> Asset:
    params = _params(payload)
    kind = str(params.get("type") or payload.get("upload_type") or "asset")
    kind = _LISTED_AS.get(kind, kind)
    found = params.get("assetId") or params.get("imageId")
    asset_id = str(found) if found else stable_id(json.dumps(payload, sort_keys=True))
    grouping = params.get("groupingName")
    group = group or (str(grouping) if grouping else None)
    step, context = params.get("step"), params.get("context")
    return Asset(
        asset_id=asset_id,
        file_name=_name(params, kind, asset_id),
        size=0,
        type="model-element" if group else kind,
        created_ms=created_ms,
        directory=directory_of(kind, group),
        step=step if isinstance(step, int) else None,
        context=context if isinstance(context, str) else None,
        metadata=_metadata(payload.get("metadata")),
        group=group,
    )


def upload_of(payload: JsonObject, created_ms: int) -> Upload:
    """Return a stored asset; its size is known when its bytes are read.

    Args:
        payload: Of a file_upload message.
        created_ms: When it was logged, ms since 1970 UTC.
    """
    return Upload(_asset(payload, created_ms, None), text_of(payload.get("file_path")))


def remote_of(payload: JsonObject, created_ms: int, group: str | None = None) -> Upload:
    """Return a remote asset.

    Args:
        payload: Of a remote_file message, or one entry of a remote_model message.
        created_ms: When it was logged, ms since 1970 UTC.
        group: Experiment model that the asset belongs to.
    """
    link = payload.get("remote_uri") or payload.get("remoteAssetUri") or payload.get("uri") or ""
    return Upload(replace(_asset(payload, created_ms, group), link=str(link)), None)


def spatial_of(payload: JsonObject, created_ms: int) -> list[Upload]:
    """Return one asset per item of a 3d-image message.

    Args:
        payload: Of a 3d-image message.
        created_ms: When it was logged, ms since 1970 UTC.
    """
    items = payload.get("items")
    step = payload.get("step")
    uploads: list[Upload] = []
    for position, item in enumerate(items if isinstance(items, list) else []):
        if not isinstance(item, dict):
            continue
        asset = Asset(
            asset_id=stable_id(payload.get("asset_id"), position),
            file_name=text_of(item.get("file_name") or payload.get("name")),
            size=0,
            type="3d-image",
            created_ms=created_ms,
            directory=directory_of("3d-image", None),
            step=step if isinstance(step, int) else None,
            metadata=_metadata(payload.get("metadata")),
        )
        uploads.append(Upload(asset, text_of(item.get("file_path"))))
    return uploads
