"""Routes of the model registry."""

from __future__ import annotations

from datetime import UTC, datetime

from comet_async.server.asset_rows import asset_row
from comet_async.server.comet_assets import model_files
from comet_async.server.records import Asset, Json, JsonObject, Registration, stable_id
from comet_async.server.replies import ApiError, Call, Handler, Reply, StreamReply, json_reply
from comet_async.server.written_registry import RegistryEvent
from comet_async.server.zip_stream import zip_chunks

__all__ = ["ROUTES", "STATUSES"]

STATUSES = ("None", "Development", "QA", "Production", "Archived")
"""Statuses that a version can have."""
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _versions(call: Call) -> list[Registration]:
    """Return the versions of the model that the query names, lowest first."""
    found = call.store.model_versions(call.workspace(), call.need("modelName"))
    if not found:
        raise ApiError(404, "No such registry model", 42008)
    return found


def _chosen(call: Call) -> Registration:
    """Return the version that the query names by number or stage; without either, the newest."""
    found = _versions(call)
    number, stage = call.query.get("version"), call.query.get("stage")
    if number and stage:
        raise ApiError(400, "version and stage exclude each other")
    kept = [
        item
        for item in found
        if (not number or item.version == number) and (not stage or stage in item.stages)
    ]
    if not kept:
        raise ApiError(404, "No such registry model version", 42006)
    return kept[-1]


def _item(call: Call, item_id: str) -> Registration:
    found = call.store.model_item(item_id)
    if found is None:
        raise ApiError(404, "No such registry model version", 42006)
    return found


def _experiment_model(item: Registration) -> JsonObject:
    key = item.experiment_key
    return {
        "experimentModelId": stable_id("experiment-model", key, item.model_name, size=25),
        "experimentModelName": item.model_name,
        "experimentKey": key,
    }


def _version_row(call: Call, item: Registration) -> JsonObject:
    return {
        "registryModelItemId": item.item_id,
        "experimentModel": _experiment_model(item),
        "version": item.version,
        "comment": item.comment,
        "stages": [*item.stages],
        "userName": item.user,
        "createdAt": item.created_ms,
        "lastUpdated": item.updated_ms or item.created_ms,
        "restApiUrl": f"{call.root}/api/rest/v2/registry-model/item/download"
        f"?workspaceName={item.workspace}&modelName={item.registry_name}&version={item.version}",
    }


def _model_row(call: Call, versions: list[Registration]) -> JsonObject:
    newest = versions[-1]
    return {
        "registryModelId": newest.model_id,
        "modelName": newest.registry_name,
        "description": newest.description,
        "isPublic": newest.public,
        "createdAt": versions[0].created_ms,
        "lastUpdated": max(item.updated_ms or item.created_ms for item in versions),
        "userName": newest.user,
        "numberOfVersions": len(versions),
        "imagePath": f"{call.root}/images/model/{newest.model_id}.png",
        "workspaceId": stable_id("workspace", newest.workspace),
    }


def _names(call: Call) -> list[str]:
    items = call.store.registrations(call.workspace())
    return list(dict.fromkeys(item.registry_name for item in items))


def _models(call: Call) -> Reply:
    rows: list[Json] = []
    for name in _names(call):
        versions = call.store.model_versions(call.need("workspaceName"), name)
        latest = _version_row(call, versions[-1])
        latest["metadata"] = [key for key, _value in versions[-1].metadata]
        row = _model_row(call, versions)
        row["latestVersion"] = latest
        rows.append(row)
    return json_reply({"registryModels": rows})


def _count(call: Call) -> Reply:
    return json_reply({"registryModelCount": len(_names(call))})


def _with_assets(call: Call, item: Registration) -> JsonObject:
    return _version_row(call, item) | {"assets": _asset_rows(call, item)}


def _asset_rows(call: Call, item: Registration) -> Json:
    run = call.store.run(item.experiment_key)
    assets: list[Asset] = [] if run is None else [*run.assets()]
    found = (asset for asset in assets if asset.group == item.model_name)
    return [asset_row(call, item.experiment_key, asset) for asset in found]


def _details(call: Call) -> Reply:
    versions = _versions(call)
    rows: list[Json] = [_with_assets(call, item) for item in reversed(versions)]
    row = _model_row(call, versions)
    row["versions"] = rows
    return json_reply(row)


def _latest(call: Call) -> Reply:
    versions = _versions(call)
    parts = (call.integer("versionMajor"), call.integer("versionMinor"))
    stage = call.query.get("stage")
    kept = [
        item
        for item in versions
        if (not stage or stage in item.stages) and _has_parts(item.version, parts)
    ]
    if not kept:
        raise ApiError(404, "No such registry model version", 42006)
    row = _model_row(call, versions)
    row["versions"] = [_with_assets(call, kept[-1])]
    return json_reply(row)


def _has_parts(version: str, parts: tuple[int | None, ...]) -> bool:
    numbers = version.split(".")
    return all(
        part is None or (at < len(numbers) and numbers[at] == str(part))
        for at, part in enumerate(parts)
    )


def _notes(call: Call) -> Reply:
    newest = _versions(call)[-1]
    text = call.store.registry.notes(newest.model_id)
    if text is None and call.store.extras:
        text = f"Notes of {newest.registry_name}.\n"
    return json_reply({"notes": text})


def _compact(call: Call) -> Reply:
    newest = _versions(call)[-1]
    return json_reply({"registryModelId": newest.model_id, "modelName": newest.registry_name})


def _items(call: Call) -> Reply:
    tag, status = call.query.get("tag"), call.query.get("status")
    prefix = call.query.get("versionPrefix", "")
    rows: list[Json] = [
        _item_row(item)
        for item in reversed(_versions(call))
        if item.version.startswith(prefix)
        and (not tag or tag in item.tags)
        and (not status or status == item.status)
    ]
    return json_reply({"items": rows})


def _item_row(item: Registration) -> JsonObject:
    return {
        "registryModelItemId": item.item_id,
        "version": item.version,
        "status": item.status,
        "tags": [*item.tags],
        "comment": item.comment,
        "experimentKey": item.experiment_key,
        "createdAt": item.created_ms,
    }


def _item_details(call: Call) -> Reply:
    call.need("version")
    return json_reply(_item_row(_chosen(call)))


def _item_metadata(call: Call) -> Reply:
    item = _item(call, call.path["modelItemId"])
    return json_reply({"metadata": [{"key": key, "value": text} for key, text in item.metadata]})


def _status_configuration(call: Call) -> Reply:
    item = _item(call, call.path["modelItemId"])
    document: JsonObject = {
        "modelItemId": item.item_id,
        "status": item.status,
        "isReviewRequired": item.status == "Production",
        "statusConfiguration": [{"key": "reviewer", "value": item.user}],
        "comment": item.comment,
    }
    return json_reply(document | (call.store.registry.configuration(item.item_id) or {}))


def _instructions(call: Call) -> Reply:
    item = _chosen(call)
    return json_reply(
        {
            "versions": [{"assets": _asset_rows(call, item)}],
            "s3DownloadEnabled": call.storage is not None,
        }
    )


def _statuses(call: Call) -> Reply:
    call.workspace()
    return json_reply({"allowedStatus": [*STATUSES]})


def _history(call: Call) -> Reply:
    wanted = call.body.get("registryModelItemId")
    item = _item(call, wanted if isinstance(wanted, str) else "")
    days: dict[str, list[Json]] = {}
    first = call.store.registry.first(item)
    for event in reversed([*_origin(first), *call.store.registry.events(item.item_id)]):
        days.setdefault(_day(event.when_ms), []).append(_event_row(item, event))
    return json_reply({**days})


def _origin(item: Registration) -> list[RegistryEvent]:
    """Return the history of a version before anything was written of it."""
    shared = (item.created_ms, item.user)
    events = [RegistryEvent(*shared, "MODEL_VERSION_CREATED", {}, {})]
    if item.status != "None" and not item.own_item_id:
        new: JsonObject = {"changedBy": item.user, "registryModelStatus": item.status}
        old: JsonObject = {"changedBy": item.user, "registryModelStatus": "None"}
        events.append(RegistryEvent(*shared, "MODEL_VERSION_STATUS_CHANGED", new, old))
    return events


def _day(when_ms: int) -> str:
    moment = datetime.fromtimestamp(when_ms / 1000, UTC)
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def _event_row(item: Registration, event: RegistryEvent) -> JsonObject:
    return {
        "actionType": event.action,
        "comment": event.comment,
        "newValue": event.new,
        "previousValue": event.old,
        "registryModelId": item.model_id,
        "registryModelItemActualPathParams": None,
        "registryModelItemId": item.item_id,
        "registryModelItemVersion": item.version,
        "registryModelName": item.registry_name,
        "userAvatarLink": "https://avatars.example.com/user.png?size=30",
        "userName": event.user,
    }


def _download(call: Call) -> Reply:
    item = _chosen(call)
    run = call.store.run(item.experiment_key)
    return StreamReply(zip_chunks(model_files(run, item.model_name) if run else []))


_BASE = "/api/rest/v2/registry-model"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", _BASE): _models,
    ("GET", f"{_BASE}/count"): _count,
    ("GET", f"{_BASE}/details"): _details,
    ("GET", f"{_BASE}/latest_version"): _latest,
    ("GET", f"{_BASE}/notes"): _notes,
    ("GET", f"{_BASE}/compact-details"): _compact,
    ("GET", f"{_BASE}/items"): _items,
    ("GET", f"{_BASE}/item/details"): _item_details,
    ("GET", f"{_BASE}/item/download"): _download,
    ("GET", f"{_BASE}/item/download-instructions"): _instructions,
    ("GET", f"{_BASE}/item/{{modelItemId}}/metadata"): _item_metadata,
    ("GET", f"{_BASE}/item/{{modelItemId}}/status-configuration"): _status_configuration,
    ("GET", f"{_BASE}/allowed_status_values"): _statuses,
    ("POST", f"{_BASE}/history/item"): _history,
}
