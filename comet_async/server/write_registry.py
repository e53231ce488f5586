"""Writes of the model registry: models, versions, stages, statuses, tags. Some come by GET."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from comet_async.server.bodies import (
    acknowledged,
    boolean,
    given,
    objects,
    optional,
    text,
    texts,
)
from comet_async.server.comet_registry import STATUSES
from comet_async.server.records import Json, JsonObject, Registration, stable_id
from comet_async.server.replies import ApiError, Call, Handler, Reply, Write, json_reply
from comet_async.server.write_experiments import written_key
from comet_async.server.written_registry import RegistryEvent

__all__ = ["ROUTES"]

_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){1,2}")
_ID_LENGTH = 25


def _experiment_model(call: Call, model_id: str) -> tuple[str, str]:
    """Return experiment key and name of a model by its id.

    Raises:
        ApiError: There is no such model.
    """
    for project in call.store.projects():
        for archived in (False, True):
            for run in call.store.runs(project.project_id, archived=archived):
                for name in {asset.group for asset in run.assets() if asset.group}:
                    key = run.facts.key
                    if stable_id("experiment-model", key, name, size=25) == model_id:
                        return key, name
    raise ApiError(400, "No such experiment model", 42008)


def _normal(name: str) -> str:
    """Return a registry name as it is kept: lower case, runs of other characters to one dash."""
    made = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    if not made:
        raise ApiError(400, "registryModelName is required")
    return made


def _checked(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise ApiError(400, "The version must have the form 1.2.3", 42001)
    return version


def _register(call: Call, item: Registration) -> Registration:
    """Add a version to a model, which its first version makes.

    Raises:
        ApiError: The model has that version.
    """
    earlier = call.store.model_versions(item.workspace, item.registry_name)
    if item.version in {known.version for known in earlier}:
        raise ApiError(400, f"Version {item.version} of {item.registry_name} exists")
    store = call.store
    model_id = earlier[0].model_id if earlier else store.new_id()[:_ID_LENGTH]
    shared = earlier[-1] if earlier else item
    kept = replace(
        item,
        description=shared.description,
        public=shared.public,
        own_model_id=model_id,
        own_item_id=store.new_id()[:_ID_LENGTH],
    )
    store.registry.put(kept)
    if kept.status != "None":
        _note_status(call, kept, "None")
    return kept


def _note_status(call: Call, item: Registration, old: str, comment: str | None = None) -> None:
    user = call.store.account()
    new_value: JsonObject = {"changedBy": user, "registryModelStatus": item.status}
    old_value: JsonObject = {"changedBy": user, "registryModelStatus": old}
    now, action = call.store.now_ms(), "MODEL_VERSION_STATUS_CHANGED"
    event = RegistryEvent(now, user, action, new_value, old_value, comment)
    call.store.registry.note(item.item_id, event)


def _made(call: Call, key: str, model: str, name: str, version: str) -> Registration:
    return Registration(
        workspace=call.known_run(key).facts.project.workspace,
        registry_name=_normal(name),
        version=version,
        experiment_key=key,
        model_name=model,
        created_ms=call.store.now_ms(),
        user=call.store.account(),
    )


def _from_model(call: Call) -> Registration:
    """Return the version that a body of the older two endpoints describes."""
    model_id, name = text(call.body, "experimentModelId"), text(call.body, "registryModelName")
    version = _checked(text(call.body, "version"))
    stages = tuple(texts(call.body, "stages") or ())
    comment = optional(call.body, "comment")
    key, model = _experiment_model(call, model_id)
    item = _made(call, key, model, name, version)
    return replace(item, comment=comment, stages=stages)


def _ids(item: Registration) -> Reply:
    return json_reply({"registryModelId": item.model_id, "registryModelItemId": item.item_id})


def _create_model(call: Call) -> Reply:
    item = _from_model(call)
    description, public = optional(call.body, "description"), boolean(call.body, "isPublic")
    if call.store.model_versions(item.workspace, item.registry_name):
        raise ApiError(400, f"Registry model {item.registry_name} exists")
    return _ids(_register(call, replace(item, description=description, public=bool(public))))


def _create_item(call: Call) -> Reply:
    item = _from_model(call)
    if not call.store.model_versions(item.workspace, item.registry_name):
        raise ApiError(400, "No such registry model", 42008)
    return _ids(_register(call, item))


def _create_v2(call: Call) -> Reply:
    """Register a model of an experiment; without a version, the next one."""
    key, model = written_key(call), text(call.body, "experimentModelName")
    name = text(call.body, "registryModelName")
    version, status = optional(call.body, "version"), optional(call.body, "status") or "None"
    tags = tuple(texts(call.body, "tags") or ())
    public, comment = boolean(call.body, "publicModel"), optional(call.body, "versionComment")
    description = optional(call.body, "registryModelDescription")
    _known_status(status)
    if model not in {asset.group for asset in call.known_run(key).assets()}:
        raise ApiError(400, "No such experiment model", 42006)
    item = _made(call, key, model, name, "")
    number = _checked(version) if version else _next_version(call, item)
    described = replace(
        item,
        version=number,
        status=status,
        tags=tags,
        stages=tags,
        comment=comment,
        description=description,
        public=bool(public),
    )
    return json_reply({"registryModelItemId": _register(call, described).item_id})


def _next_version(call: Call, item: Registration) -> str:
    """Return the version after the newest: the next major one."""
    earlier = call.store.model_versions(item.workspace, item.registry_name)
    if not earlier:
        return "1.0.0"
    major = earlier[-1].version.partition(".")[0]
    return f"{int(major) + 1 if major.isdecimal() else 1}.0.0"


def _known_status(status: str) -> None:
    if status not in STATUSES:
        raise ApiError(400, f"status must be one of {', '.join(STATUSES)}")


def _model(call: Call, model_id: str) -> list[Registration]:
    found = [item for item in call.store.registrations() if item.model_id == model_id]
    if not found:
        raise ApiError(400, "No such registry model", 42008)
    return found


def _named(call: Call, workspace: str, name: str) -> list[Registration]:
    found = call.store.model_versions(call.known_workspace(workspace), name)
    if not found:
        raise ApiError(400, "No such registry model", 42008)
    return found


def _item(call: Call, item_id: str) -> Registration:
    found = call.store.model_item(item_id)
    if found is None:
        raise ApiError(400, "No such registry model version", 42006)
    return found


def _edit(
    call: Call, items: list[Registration], edit: Callable[[Registration], Registration]
) -> None:
    now = call.store.now_ms()
    call.store.registry.change(items, lambda item: replace(edit(item), updated_ms=now))


def _update_model(call: Call) -> Reply:
    """Rename or describe a model; its versions go with it."""
    model_id = text(call.body, "registryModelId")
    name, description = (
        optional(call.body, "registryModelName"),
        optional(call.body, "description"),
    )
    public = boolean(call.body, "isPublic")
    items = _model(call, model_id)
    renamed = _normal(name) if name else items[0].registry_name
    taken = call.store.model_versions(items[0].workspace, renamed)
    if taken and taken[0].model_id != model_id:
        raise ApiError(400, f"Registry model {renamed} exists")

    def edit(item: Registration) -> Registration:
        return replace(
            item,
            registry_name=renamed,
            description=item.description if description is None else description,
            public=item.public if public is None else public,
        )

    _edit(call, items, edit)
    return acknowledged()


def _update_item(call: Call) -> Reply:
    item_id = text(call.body, "registryModelItemId")
    comment, stages = optional(call.body, "comment"), texts(call.body, "stages")
    item = _item(call, item_id)
    kept = item.stages if stages is None else tuple(dict.fromkeys(stages))
    said = item.comment if comment is None else comment
    _edit(call, [item], lambda found: replace(found, comment=said, stages=kept))
    return acknowledged()


def _delete_model_by_get(call: Call) -> Reply:
    for item in _named(call, call.need("workspaceName"), call.need("modelName")):
        call.store.registry.delete(item.item_id)
    return acknowledged("Deleted")


def _delete_item_by_get(call: Call) -> Reply:
    call.store.registry.delete(_item(call, call.need("modelItemId")).item_id)
    return acknowledged("Deleted")


def _set_notes(call: Call) -> Reply:
    workspace, name = text(call.body, "workspaceName"), text(call.body, "registryModelName")
    notes = given(call.body, "notes")
    if not isinstance(notes, str):
        raise ApiError(400, "notes must be a text")
    call.store.registry.set_notes(_named(call, workspace, name)[0].model_id, notes)
    return acknowledged()


def _add_stage_by_get(call: Call) -> Reply:
    """Add a stage; newer clients call it a tag, and it is both."""
    item, stage = _item(call, call.need("modelItemId")), call.need("stage")
    stages, tags = dict.fromkeys((*item.stages, stage)), dict.fromkeys((*item.tags, stage))
    _edit(call, [item], lambda found: replace(found, stages=tuple(stages), tags=tuple(tags)))
    return acknowledged()


def _delete_stage_by_get(call: Call) -> Reply:
    item, stage = _item(call, call.need("modelItemId")), call.need("stage")
    if stage not in (*item.stages, *item.tags):
        raise ApiError(400, "No such stage")
    stages = tuple(name for name in item.stages if name != stage)
    tags = tuple(name for name in item.tags if name != stage)
    _edit(call, [item], lambda found: replace(found, stages=stages, tags=tags))
    return acknowledged("Deleted")


def _set_status(call: Call) -> Reply:
    item, status = _item(call, text(call.body, "modelItemId")), text(call.body, "status")
    _change_status(call, item, status, None)
    return acknowledged()


def _change_status(call: Call, item: Registration, status: str, comment: str | None) -> None:
    _known_status(status)
    _edit(call, [item], lambda found: replace(found, status=status))
    if status != item.status:
        _note_status(call, replace(item, status=status), item.status, comment)


def _pairs(call: Call, member: str) -> dict[str, Json]:
    return {text(row, "key"): given(row, "value") for row in objects(call.body, member)}


def _update_metadata(call: Call) -> Reply:
    """Set some metadata of a version; the other members stay."""
    item, pairs = _item(call, call.path["modelItemId"]), _pairs(call, "metadata")
    merged = tuple({**dict(item.metadata), **pairs}.items())
    _edit(call, [item], lambda found: replace(found, metadata=merged))
    return acknowledged()


def _configure_status(call: Call) -> Reply:
    item, status = _item(call, call.path["modelItemId"]), text(call.body, "status")
    review, comment = boolean(call.body, "isReviewRequired"), optional(call.body, "comment")
    pairs = _pairs(call, "statusConfiguration")
    if review is None:
        raise ApiError(400, "isReviewRequired is required")
    _change_status(call, item, status, comment)
    rows: list[Json] = [{"key": key, "value": value} for key, value in pairs.items()]
    configuration: JsonObject = {
        "isReviewRequired": review,
        "statusConfiguration": rows,
        "comment": comment,
    }
    call.store.registry.configure(item.item_id, configuration)
    return acknowledged()


_BASE = "/api/rest/v2/write/registry-model"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", _BASE): Write(_create_model),
    ("POST", f"{_BASE}/item"): Write(_create_item),
    ("POST", f"{_BASE}/item/create"): Write(_create_v2),
    ("POST", f"{_BASE}/update"): Write(_update_model),
    ("POST", f"{_BASE}/item/update"): Write(_update_item),
    ("GET", f"{_BASE}/delete"): Write(_delete_model_by_get),
    ("GET", f"{_BASE}/item/delete"): Write(_delete_item_by_get),
    ("POST", f"{_BASE}/notes"): Write(_set_notes),
    ("GET", f"{_BASE}/item/stage"): Write(_add_stage_by_get),
    ("GET", f"{_BASE}/item/stage/delete"): Write(_delete_stage_by_get),
    ("POST", f"{_BASE}/item/status"): Write(_set_status),
    ("POST", f"{_BASE}/item/{{modelItemId}}/metadata"): Write(_update_metadata),
    ("POST", f"{_BASE}/item/{{modelItemId}}/status-configuration"): Write(_configure_status),
}
