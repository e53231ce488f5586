"""Uploads to experiments: assets whole or in parts, remote ones, models, git patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from comet_async.server.asset_forms import asset_of, remote_asset
from comet_async.server.asset_rows import signature
from comet_async.server.bodies import (
    acknowledged,
    boolean,
    objects,
    optional,
    text,
    whole,
)
from comet_async.server.records import Asset, Content, Json, JsonObject
from comet_async.server.replies import (
    ApiError,
    Call,
    Handler,
    JsonReply,
    Reply,
    Takes,
    Write,
    json_reply,
)
from comet_async.server.store import Store
from comet_async.server.uploads import PendingUpload
from comet_async.server.write_artifacts import put_artifact_file
from comet_async.server.write_experiments import written_key

__all__ = [
    "PART_PATH",
    "PART_ROUTE",
    "ROUTES",
    "complete_upload",
    "put_asset",
    "put_upload",
    "start_upload",
    "uploaded",
]

PART_PATH = "/uploads/{request}/{part}"
"""Address of one part of an upload; the signature in its query is the permission."""

_MAX_PARTS = 10_000
_TRUE = {"true", "1", "yes"}


def put_asset(
    store: Store, key: str, asset: Asset, content: Content | None, *, overwrite: bool
) -> None:
    """Add an asset to an experiment.

    Args:
        store: Where the experiment is.
        key: Experiment key.
        asset: The asset.
        content: Its bytes; None for a remote one.
        overwrite: Whether it takes the place of those of its name and type.
    """
    store.changes.write(key, lambda run: run.put_asset(asset, content, overwrite=overwrite))


def put_upload(call: Call, key: str, query: Mapping[str, str]) -> Asset:
    """Store what a form brings: a file, or the link of a remote asset.

    Args:
        call: The request.
        key: Experiment key.
        query: Its query; metadata counts in the form alone, as the service has it.

    Raises:
        ApiError: The form has neither, or a member is wrong.
    """
    members: dict[str, Json] = {name: value for name, value in query.items() if value}
    members.pop("metadata", None)
    members |= {"metadata": call.form.text("metadata")}
    link = call.form.text("link")
    content = call.form.files.get("file")
    remote = query.get("isRemote", "").lower() in _TRUE or (link is not None and content is None)
    if remote and not link:
        raise ApiError(400, "link is required")
    if not remote and content is None:
        raise ApiError(400, "file is required")
    if not members.get("fileName") and not members.get("figName"):
        members["fileName"] = _own_name(call.form.names.get("file", ""))
    size = 0 if content is None or remote else content.size
    etag = None if content is None or remote else content.etag
    asset = asset_of(call.store, members, size=size, etag=etag)
    tags = tuple(call.form.fields.get("tags", ()))
    asset = replace(asset, link=link if remote else None, tags=tags)
    stored = None if remote else content
    version_id = query.get("artifactVersionId", "")
    if version_id:
        return put_artifact_file(call.store, version_id, asset, stored)
    overwrite = query.get("overwrite", "").lower() in _TRUE
    put_asset(call.store, key, asset, stored, overwrite=overwrite)
    return asset


def _own_name(name: str) -> str | None:
    """Return the file name of a part, None when it is one that clients put there for none."""
    return None if name in {"", "file", "filename"} else name


def _upload(call: Call) -> Reply:
    key = written_key(call)
    return uploaded(call, key, put_upload(call, key, call.query))


def uploaded(call: Call, key: str, asset: Asset) -> JsonReply:
    """Return the answer to an upload, with the asset's id and link."""
    address = f"experimentKey={quote(key)}&assetId={quote(asset.asset_id)}"
    link = asset.link or f"{call.root}/api/asset/download?{address}"
    ids: JsonObject = {"assetId": asset.asset_id, "link": link}
    if asset.type == "image":
        ids["imageId"] = asset.asset_id
    return acknowledged("Saved", **ids)


def _delete_by_get(call: Call) -> Reply:
    key, asset_id = written_key(call), call.need("assetId")
    if asset_id not in {item.asset_id for item in call.known_run(key).assets()}:
        raise ApiError(400, "No such asset")
    call.store.changes.write(key, lambda run: run.remove_asset(asset_id))
    return acknowledged("Deleted")


def _set_patch(call: Call) -> Reply:
    key, content = written_key(call), call.form.files.get("file")
    if content is None:
        raise ApiError(400, "file is required")
    call.store.changes.write(key, lambda run: run.set_patch(content))
    return acknowledged()


def _start(call: Call) -> Reply:
    return start_upload(call, written_key(call), call.body)


def start_upload(call: Call, key: str, asset: Mapping[str, Json]) -> Reply:
    """Hand out one address for each part of an upload; each takes one PUT without a key.

    Args:
        call: The request.
        key: Experiment key.
        asset: Members that say what the asset will be, and `startUploadParams`.

    Raises:
        ApiError: A member is missing or wrong.
    """
    params = asset.get("startUploadParams")
    if not isinstance(params, dict):
        raise ApiError(400, "startUploadParams is required")
    count = whole(params, "numOfFileParts")
    if count is None or not 1 <= count <= _MAX_PARTS:
        raise ApiError(400, f"numOfFileParts must be 1 to {_MAX_PARTS}")
    asset_of(call.store, asset, size=0, etag=None)
    request = call.store.new_id()
    members = {**asset, "experimentKey": key}
    call.store.pending.by_id[request] = PendingUpload(members, count)
    origin = call.storage or call.root
    urls: list[Json] = [
        f"{origin}/uploads/{request}/{part}?X-Amz-Signature={signature(request, str(part))}"
        for part in range(1, count + 1)
    ]
    return json_reply({"requestId": request, "preSignUrl": urls})


def _put_part(call: Call) -> Reply:
    request, part = call.path["request"], call.path["part"]
    upload = call.store.pending.by_id.get(request)
    if upload is None or not part.isdecimal() or not 1 <= int(part) <= upload.count:
        raise ApiError(404, "No such upload")
    if call.query.get("X-Amz-Signature") != signature(request, part):
        raise ApiError(403, "The signature does not match")
    if call.file is None:
        raise ApiError(400, "body is required")
    earlier = upload.parts.get(int(part))
    upload.parts[int(part)] = call.file
    if earlier is not None:
        call.store.uploads.remove(earlier)
    return JsonReply(b"", {"ETag": f'"{call.file.etag}"'})


def complete_upload(call: Call) -> Reply:
    """Make an asset of the parts, or give them up.

    Raises:
        ApiError: A part is missing or is not what was told of it.
    """
    request = text(call.body, "requestId")
    succeed, size = boolean(call.body, "succeed"), whole(call.body, "fileSize")
    upload = call.store.pending.by_id.get(request)
    if upload is None:
        raise ApiError(400, "No such upload")
    if succeed is None or size is None:
        raise ApiError(400, "succeed and fileSize are required")
    if not succeed:
        del call.store.pending.by_id[request]
        for part in upload.parts.values():
            call.store.uploads.remove(part)
        return acknowledged("Aborted")
    parts = upload.whole()
    if parts is None:
        raise ApiError(400, "parts of the file are missing")
    _check_tags(call, parts)
    if sum(part.size for part in parts) != size:
        raise ApiError(400, "fileSize does not match the parts")
    members = upload.asset
    key = written_key(call, text(members, "experimentKey"))
    content = call.store.uploads.joined(parts)
    asset = asset_of(call.store, members, size=content.size, etag=content.etag)
    del call.store.pending.by_id[request]
    version_id = optional(members, "artifactVersionId")
    if version_id:
        put_artifact_file(call.store, version_id, asset, content)
    else:
        overwrite = members.get("overwrite") in (True, "true", "True")
        put_asset(call.store, key, asset, content, overwrite=overwrite)
    return uploaded(call, key, asset)


def _check_tags(call: Call, parts: Sequence[Content]) -> None:
    """Compare the entity tags that the caller was given for its parts."""
    rows = objects(call.body, "uploadedFileParts")
    for row in rows:
        tag = row.get("ETag", row.get("eTag", row.get("etag")))
        number = row.get("PartNumber", row.get("partNumber"))
        at = number if isinstance(number, int) else 0
        if not 1 <= at <= len(parts) or parts[at - 1].etag != str(tag).strip('"'):
            raise ApiError(400, "uploadedFileParts do not match the parts")


def _log_remote_model(call: Call) -> Reply:
    key, name = written_key(call), text(call.body, "modelName")
    rows = objects(call.body, "remoteEntities")
    assets = [remote_asset(call.store, {**row, "groupingName": name}) for row in rows]
    for asset in assets:
        put_asset(call.store, key, asset, None, overwrite=True)
    return acknowledged()


PART_ROUTE = Write(_put_part, Takes.FILE, keyless=True)
"""Takes one part of an upload, at the API and at the object storage."""

_BASE = "/api/rest/v2/write/experiment"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/upload-asset"): Write(_upload, Takes.FORM),
    ("POST", f"{_BASE}/upload-asset-start"): Write(_start),
    ("POST", f"{_BASE}/upload-asset-complete"): Write(complete_upload),
    ("PUT", PART_PATH): PART_ROUTE,
    ("GET", f"{_BASE}/asset/delete"): Write(_delete_by_get),
    ("POST", f"{_BASE}/git/patch"): Write(_set_patch, Takes.FORM),
    ("POST", "/clientlib/asset/log-remote-model"): Write(_log_remote_model),
}
