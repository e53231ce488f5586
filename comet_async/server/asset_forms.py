"""Assets as uploads describe them, in a query, a form or a body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from comet_async.server.bodies import json_text, optional, whole
from comet_async.server.problems import ApiError
from comet_async.server.records import Asset, Json
from comet_async.server.replay_assets import directory_of
from comet_async.server.store import Store

__all__ = ["asset_of", "remote_asset"]

_LISTED_AS = {"visualization": "image"}
_BACKEND_NAME = "auto-generated-in-the-backend"


def asset_of(store: Store, members: Mapping[str, Json], *, size: int, etag: str | None) -> Asset:
    """Return the asset that the members of a query or a body describe.

    Args:
        store: Supplies ids and the time.
        members: By wire name; numbers may be texts.
        size: Bytes.
        etag: MD5 of the bytes, None for a remote asset.

    Raises:
        ApiError: A member has the wrong type.
    """
    asset_id = optional(members, "assetId") or optional(members, "imageId") or store.new_id()
    group = optional(members, "groupingName") or None
    kind = optional(members, "type") or "asset"
    kind = "model-element" if group else _LISTED_AS.get(kind, kind)
    name = optional(members, "fileName") or optional(members, "figName")
    if not name or name == _BACKEND_NAME:
        ending = (optional(members, "extension") or "").lstrip(".")
        name = f"{kind}-{asset_id[:8]}" + (f".{ending}" if ending else "")
    metadata = json_text(members, "metadata")
    return Asset(
        asset_id=asset_id,
        file_name=name,
        size=size,
        type=kind,
        created_ms=store.now_ms(),
        directory=directory_of(kind, group),
        step=whole(members, "step"),
        context=optional(members, "context") or None,
        metadata="" if metadata == "{}" else metadata,
        group=group,
        etag=etag,
    )


def remote_asset(store: Store, row: Mapping[str, Json]) -> Asset:
    """Return the remote asset that an object describes.

    Raises:
        ApiError: It has no link.
    """
    names = ("remoteUrl", "remoteAssetUri", "remoteUri", "uri", "link", "remote_uri")
    found = (optional(row, name) for name in names)
    link = next((value for value in found if value), None)
    if link is None:
        raise ApiError(400, "remoteAssetUri is required")
    metadata = row.get("metadata")
    members = {**row, "metadata": json.dumps(metadata) if isinstance(metadata, dict) else metadata}
    named = optional(row, "fileName") or re.split(r"[/\\]", link.rstrip("/"))[-1]
    asset = asset_of(store, {**members, "fileName": named}, size=0, etag=None)
    return replace(asset, link=link)
