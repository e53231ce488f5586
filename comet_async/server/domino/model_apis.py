"""Operations on model APIs, their versions, tokens, members and volumes."""

from __future__ import annotations

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.facts import Operation
from comet_async.server.domino.ids import Kind, made_id, place_of
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.shapes import example, fitted
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.table import Table
from comet_async.server.domino.world import Rows, World
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS", "NEWER"]

_MS = 1000.0
_NANO = 1_000_000_000
_LINES = 5


def _filled(model: str, at: int, changes: JsonObject) -> JsonObject:
    base = example(model, at)
    return fitted(model, base if isinstance(base, dict) else {}, changes)


def _made_api(project: int, at: int) -> JsonObject:
    created = EPOCH * _MS
    changes: JsonObject = {
        "id": made_id(Kind.MODEL_API, project, at),
        "name": f"api-{project + 1}-{at + 1}",
        "description": f"Made-up model API {at + 1}",
        "environmentId": made_id(Kind.ENVIRONMENT, 0),
        "isArchived": False,
        "isAsync": False,
        "replicas": 1,
        "volumes": [],
        "collaborators": [],
        "access": {"isPublic": False, "accessTokens": []},
        "activeVersion": {
            "id": made_id(Kind.MODEL_VERSION, project, at),
            "number": 1,
            "dataPlaneId": made_id(Kind.OTHER, 0),
            "deployment": {"isPending": False, "status": "Running"},
        },
        "metadata": {"created": created, "createdBy": "user-1", "lastModified": created},
    }
    return _filled("ModelApi", at, changes)


def _apis(world: World) -> Rows:
    each, count = world.spec.model_apis, world.spec.model_apis * world.spec.projects

    def make(at: int) -> tuple[str, JsonObject]:
        row = _made_api(*divmod(at, each))
        return str(row["id"]), row

    def position(row_id: str) -> int | None:
        place = place_of(Kind.MODEL_API, row_id)
        return place[0] * each + place[1] if place is not None and place[1] < each else None

    return world.rows("model apis", make=lambda: Table(count, make, position))


def _now_ms(call: Call) -> float:
    return call.world.clock.now() * _MS


def _stamp(call: Call) -> JsonObject:
    now = _now_ms(call)
    return {"created": now, "createdBy": "user-1", "lastModified": now}


_APIS = Kept(
    "Model API",
    "ModelApi",
    lambda call: _apis(call.world),
    members="items",
    parameter="modelApiId",
    made=lambda call: {
        "metadata": _stamp(call),
        "access": {"isPublic": False, "accessTokens": []},
        "collaborators": [],
        "volumes": [],
        "isArchived": False,
        "replicas": 1,
        "routingMode": "Basic",
    },
)


def _api_id(call: Call) -> str:
    return str(_APIS.find(call)["id"])


_TOKENS = Kept(
    "Access token",
    "ModelApiAccessToken",
    lambda call: call.world.rows("access tokens", _api_id(call)),
    parameter="accessTokenId",
    made=lambda call: {
        "created": _now_ms(call),
        "createdBy": "user-1",
        "lastGenerated": _now_ms(call),
        "lastGeneratedBy": "user-1",
    },
)
_MEMBERS = Kept(
    "Collaborator",
    "ModelApiCollaboratorRole",
    lambda call: call.world.rows("model api members", _api_id(call)),
    parameter="collaborator",
    key="collaborator",
)
_VOLUMES = Kept(
    "Volume",
    "ModelApiVolume",
    lambda call: call.world.rows("model api volumes", _api_id(call)),
    parameter="volumeName",
    key="name",
)


def _version_row(call: Call, api: JsonObject, version: Json, number: int) -> JsonObject:
    """Return a new version of what a body says."""
    row = _VERSIONS.new(call, version if isinstance(version, dict) else {})
    return row | {"modelApiId": api["id"], "number": number}


def _made_versions(call: Call) -> Rows:
    api, table = _APIS.find(call), Rows()
    active = api.get("activeVersion")
    if isinstance(active, dict):
        source: JsonObject = {"type": "File", "file": "model.py", "function": "predict"}
        place = place_of(Kind.MODEL_API, str(api["id"]))
        changes: JsonObject = {
            "id": active["id"],
            "modelApiId": api["id"],
            "number": 1,
            "source": source,
            "projectId": made_id(Kind.PROJECT, place[0] if place else 0),
            "metadata": {"created": EPOCH * _MS, "createdBy": "user-1"},
            "deployment": {"isPending": False, "status": "Running"},
            "labels": [],
        }
        table.put(str(active["id"]), _filled("ModelApiVersion", 0, changes))
    return table


_VERSIONS = Kept(
    "Version",
    "ModelApiVersion",
    lambda call: call.world.rows("model api versions", _api_id(call), lambda: _made_versions(call)),
    parameter="modelApiVersionId",
    made=lambda call: {
        "metadata": {"created": _now_ms(call), "createdBy": "user-1"},
        "deployment": {"isPending": True, "status": "Building"},
        "labels": [],
        "recordInvocation": False,
    },
)


def create_model_api(call: Call) -> JsonObject:
    """Add a model API with its first version."""
    row = _APIS.new(call)
    version = _version_row(call, row, call.body["version"], 1)
    versions = Rows()
    versions.put(str(version["id"]), version)
    call.world.rows("model api versions", str(row["id"]), lambda: versions)
    active: JsonObject = {
        "id": version["id"],
        "number": 1,
        "dataPlaneId": version["dataPlaneId"],
        "deployment": version["deployment"],
    }
    row["activeVersion"] = active
    return _APIS.put(call, row)


def create_model_api_version(call: Call) -> JsonObject:
    """Add a version to a model API."""
    number = len(_VERSIONS.rows(call)) + 1
    return _VERSIONS.put(call, _version_row(call, _APIS.find(call), call.body, number))


def _is_wanted(call: Call, row: JsonObject) -> bool:
    name, environment = call.text("name"), call.text("environmentId")
    if name and row["name"] != name:
        return False
    if environment and row["environmentId"] != environment:
        return False
    return _is_of_project(call, row)


def _is_of_project(call: Call, row: JsonObject) -> bool:
    wanted = call.text("projectId")
    place = place_of(Kind.MODEL_API, str(row["id"]))
    if not wanted or (place is not None and made_id(Kind.PROJECT, place[0]) == wanted):
        return True
    versions = call.world.rows("model api versions", str(row["id"]))
    return any(version["projectId"] == wanted for version in versions)


def _log_lines(call: Call) -> list[Json]:
    """Return the lines of a version's log, after the time that is asked for."""
    since = int(call.text("sinceTimeNano") or 0)
    begin = int(EPOCH) * _NANO
    lines: list[Json] = []
    for at in range(_LINES):
        nanos = begin + at * _NANO
        if nanos > since:
            line: Json = {
                "log": f"line {at + 1}",
                "streamType": "stdout",
                "tags": [],
                "timeNano": nanos,
                "timestamp": nanos / _NANO * _MS,
            }
            lines.append(line)
    return lines


def _version_log(call: Call) -> JsonObject:
    """Return a log of a version."""
    version, lines = _VERSIONS.find(call), _log_lines(call)
    last = lines[-1] if lines else None
    names: JsonObject = {
        "logs": lines,
        "modelId": version["modelApiId"],
        "modelVersionId": version["id"],
        "status": "Complete",
        "buildId": "build-1",
        "maxResults": 1000,
    }
    if isinstance(last, dict):
        names["sinceTimeNano"] = str(last["timeNano"])
    return fitted(call.operation.answer, {}, names)


def update_model_api_version_production_label(call: Call) -> JsonObject:
    """Label a version as the one in production, or take the label away."""
    labels: list[Json] = ["prod"] if call.body.get("isProd") else []
    _VERSIONS.put(call, {**_VERSIONS.find(call), "labels": labels})
    return call.body


def update_model_api_version_target_state(call: Call) -> JsonObject:
    """Start or stop a version."""
    state = "Running" if call.body.get("isRunning") else "Stopped"
    deployment: JsonObject = {"isPending": False, "status": state}
    _VERSIONS.put(call, {**_VERSIONS.find(call), "deployment": deployment})
    return call.body


def delete_model_api_environment_variable(call: Call) -> Answered:
    """Take an environment variable away."""
    _APIS.find(call)
    return None


HANDLERS: dict[str, Handler] = {
    "list_model_apis": _APIS.lists(_is_wanted),
    "create_model_api": create_model_api,
    "update_model_api": _APIS.changes(),
    "list_model_api_access_tokens": _TOKENS.lists(),
    "create_model_api_access_token": _TOKENS.creates(),
    "get_model_api_access_token": _TOKENS.fetches(),
    "update_model_api_access_token": _TOKENS.changes(),
    "delete_model_api_access_token": _TOKENS.drops(),
    "list_model_api_collaborators": _MEMBERS.lists(),
    "add_model_api_collaborator": _MEMBERS.creates(),
    "get_model_api_collaborator": _MEMBERS.fetches(),
    "update_model_api_collaborator": _MEMBERS.changes(),
    "remove_model_api_collaborator": _MEMBERS.drops(),
    "delete_model_api_environment_variable": delete_model_api_environment_variable,
    "list_model_api_volumes": _VOLUMES.lists(),
    "create_model_api_volume": _VOLUMES.creates(),
    "delete_model_api_volume": _VOLUMES.drops(),
    "list_model_api_versions": _VERSIONS.lists(),
    "create_model_api_version": create_model_api_version,
    "get_model_api_version": _VERSIONS.fetches(),
    "get_model_api_version_build_logs": _version_log,
    "get_model_api_version_deployment_logs": _version_log,
    "get_model_api_version_export_logs": _version_log,
    "get_model_api_version_instance_logs": _version_log,
    "update_model_api_version_production_label": update_model_api_version_production_label,
    "update_model_api_version_target_state": update_model_api_version_target_state,
}
"""Handler of each operation."""

_PATH = "/api/modelServing/v1/modelApis/{modelApiId}"

NEWER: tuple[tuple[Operation, Handler], ...] = (
    (Operation("get_model_api", "GET", _PATH, answer="ModelApi"), _APIS.fetches()),
    (Operation("delete_model_api", "DELETE", _PATH, status=204), _APIS.drops()),
)
"""Operations that only later releases document."""
