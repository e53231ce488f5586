"""Operations on registered models, their versions and reviews."""

from __future__ import annotations

from dataclasses import replace

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.pages import Page, next_token, token_place
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.shapes import example
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.table import Table
from comet_async.server.domino.world import Rows, World
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]

_DAY = 86_400.0
_STAGES = ("None", "Staging", "Production", "Archived")


def _project(project: int) -> JsonObject:
    return {
        "id": made_id(Kind.PROJECT, project),
        "name": f"project-{project + 1}",
        "ownerUsername": "user-1",
    }


def _models(world: World) -> Rows:
    """Return the models by name: those of the first project, then of the second..."""
    each, versions = world.spec.models, world.spec.model_versions
    count = each * world.spec.projects

    def make(at: int) -> tuple[str, JsonObject]:
        name = f"model-{at + 1}"
        row: JsonObject = {
            "name": name,
            "description": f"Made-up model {at + 1}",
            "ownerUsername": "user-1",
            "project": _project(at // each),
            "tags": {"team": f"team-{at % 3 + 1}"},
            "createdAt": rfc3339(EPOCH),
            "updatedAt": rfc3339(EPOCH + _DAY * versions),
        }
        return name, row | ({"latestVersion": versions} if versions else {})

    def position(name: str) -> int | None:
        number = name.removeprefix("model-")
        known = number.isdecimal() and name == f"model-{int(number)}" and int(number) > 0
        return int(number) - 1 if known else None

    return world.rows("models", make=lambda: Table(count, make, position))


def _model(call: Call, name: str = "") -> JsonObject:
    name = name or call.path["modelName"]
    found = _models(call.world).get(name)
    if found is None:
        raise missing("Registered model", name)
    return found


def _version(model: JsonObject, number: int) -> JsonObject:
    return {
        "modelName": model["name"],
        "modelVersion": number,
        "modelVersionDescription": f"version {number}",
        "experimentRunId": made_id(Kind.MODEL_VERSION, number),
        "ownerUsername": model["ownerUsername"],
        "project": model["project"],
        "tags": {},
        "currentStage": "None",
        "createdAt": rfc3339(EPOCH + _DAY * number),
        "updatedAt": rfc3339(EPOCH + _DAY * number),
    }


def _versions(call: Call) -> Rows:
    """Return the versions of a model by their numbers."""
    model = _model(call)
    name, count = str(model["name"]), call.world.spec.model_versions

    def make(at: int) -> tuple[str, JsonObject]:
        return str(at + 1), _version(model, at + 1)

    def position(number: str) -> int | None:
        return int(number) - 1 if number.isdecimal() else None

    made = Table(count, make, position) if "latestVersion" in model else Rows()
    return call.world.rows("versions", name, lambda: made)


def _of_project(call: Call, row: JsonObject) -> bool:
    wanted, project = call.text("projectId"), row["project"]
    words = (call.text("search") or call.text("searchPattern")).strip("%").lower()
    return (not wanted or (isinstance(project, dict) and project["id"] == wanted)) and words in str(
        row["name"]
    ).lower()


def _token_page(call: Call) -> Page:
    """Return the part of a listing that a token stands for.

    Raises:
        ApiError: The token, or the number of rows, is none.
    """
    limit, token = call.integer("maxResults"), call.text("pageToken")
    if call.paging.cap is not None and limit is not None:
        limit = min(limit, call.paging.cap)
    return Page(token_place(token) if token else 0, limit)


def _by_token(call: Call, rows: list[JsonObject]) -> JsonObject:
    """Return a page of rows, with the token of the next one."""
    page = _token_page(call)
    token = next_token(page, len(rows))
    told: JsonObject = {} if token is None else {"nextPageToken": token}
    shown = call.paging.metadata(told) if told else {}
    items: list[Json] = [*rows[page.offset : page.stop(len(rows))]]
    return {"items": items, "metadata": {**call.metadata(), **shown}}


def get_registered_models(call: Call) -> JsonObject:
    """Return a page of the models: by token at the later path or when asked so, else by offset."""
    rows = [row for row in _models(call.world) if _of_project(call, row)]
    by_token = call.newer or any(call.query.get(name) for name in ("pageToken", "maxResults"))
    if by_token:
        return _by_token(call, rows)
    page = call.page()
    return call.listing("items", [*rows[page.offset : page.stop(len(rows))]], page, len(rows))


def get_registered_models_for_ui(call: Call) -> JsonObject:
    """Return a page of the models as their page shows them."""
    rows: list[JsonObject] = []
    for row in _models(call.world):
        if _of_project(call, row):
            more: JsonObject = {"modelApiCount": 0, "discoverable": True}
            rows.append({**row, **more, "latestVersionExperimentMetrics": {"accuracy": 0.9}})
    return _by_token(call, rows)


def get_registered_model_names(call: Call) -> JsonObject:
    """Return a page of the names of the models."""
    names: list[Json] = [row["name"] for row in _models(call.world) if _of_project(call, row)]
    page = call.page()
    return call.listing("items", names[page.offset : page.stop(len(names))], page, len(names))


def create_registered_model_from_run(call: Call) -> JsonObject:
    """Add a model."""
    world, name = call.world, call.member("modelName")
    if _models(world).get(name) is not None:
        raise ApiError(400, f"Registered model {name} exists already")
    row: JsonObject = {
        "name": name,
        "description": call.body.get("description") or "",
        "ownerUsername": "user-1",
        "project": _project(0),
        "tags": call.body.get("tags") or {},
        "createdAt": world.clock.text(),
        "updatedAt": world.clock.text(),
    }
    _models(world).put(name, row)
    return row


def patch_registered_model_by_name(call: Call) -> JsonObject:
    """Change the description of a model."""
    row: JsonObject = {**_model(call), "updatedAt": call.world.clock.text()}
    if "description" in call.body:
        row["description"] = call.body["description"] or ""
    _models(call.world).put(str(row["name"]), row)
    return row


def _found_version(call: Call) -> JsonObject:
    found = _versions(call).get(call.path["version"])
    if found is None:
        raise missing("Version", call.path["version"])
    return found


_OVERVIEW = {
    "createdAt",
    "experimentRunId",
    "modelName",
    "modelVersion",
    "ownerUsername",
    "project",
    "updatedAt",
}


def get_registered_model_versions(call: Call) -> JsonObject:
    """Return a page of the versions of a model, newest first."""
    table, page = _versions(call), call.page()
    size = len(table)
    found = table.part(page.offset, page.stop(size), newest_first=True)
    rows: list[Json] = [
        {name: value for name, value in row.items() if name in _OVERVIEW} for row in found
    ]
    return call.listing("items", rows, page, size)


def create_registered_model_version_from_run(call: Call) -> JsonObject:
    """Add a version to a model."""
    model, table, now = _model(call), _versions(call), call.world.clock.text()
    number = len(table) + 1
    row = _version(model, number) | {
        "modelVersionDescription": call.member("description"),
        "experimentRunId": call.member("experimentRunId"),
        "createdAt": now,
        "updatedAt": now,
    }
    table.put(str(number), row)
    _models(call.world).put(str(model["name"]), {**model, "latestVersion": number})
    return row


def update_registered_model_version(call: Call) -> JsonObject:
    """Change the stage of a version."""
    row: JsonObject = {**_found_version(call), "updatedAt": call.world.clock.text()}
    row["currentStage"] = call.body.get("currentStage") or row["currentStage"]
    _versions(call).put(call.path["version"], row)
    return row


def _model_apis(call: Call) -> JsonObject:
    """Return the model APIs that serve a model."""
    base = example("RegisteredModelVersionModelApiV1")
    row = base if isinstance(base, dict) else {}
    project = _model(call)["project"]
    page = replace(call.page(), limit=None)
    return call.listing("items", [{**row, "project": project}], page, 1)


def get_model_apis_from_registered_model_version(call: Call) -> JsonObject:
    """Return the model APIs that serve a version."""
    _found_version(call)
    return _model_apis(call)


def _stages(call: Call) -> JsonObject:
    return call.one("items", [{"label": name} for name in _STAGES])


def get_project_model_version_stages(call: Call) -> JsonObject:
    """Return the stages of a project."""
    call.world.project(call.path["projectId"])
    return _stages(call)


def get_valid_review_stages(call: Call) -> JsonObject:
    """Return the stages that a version may be moved to."""
    _found_version(call)
    return _stages(call)


def request_project_access(call: Call) -> Answered:
    """Ask for a project."""
    call.world.project(call.path["projectId"])
    return None


def _reviews(call: Call) -> Rows:
    owner = f"{_found_version(call)['modelName']}/{call.path['version']}"
    return call.world.rows("reviews", owner)


def create_registered_model_review(call: Call) -> JsonObject:
    """Ask for a review of a version, and show it on the version."""
    review_id = call.world.new_id()
    row: JsonObject = {
        "modelReviewId": review_id,
        "notes": call.body.get("notes") or "",
        "targetStage": call.body.get("targetStage") or "",
        "status": "Open",
        "reviewerResponses": [],
    }
    return _put_review(call, row)


def _put_review(call: Call, row: JsonObject) -> JsonObject:
    _reviews(call).put(str(row["modelReviewId"]), row)
    _versions(call).put(call.path["version"], {**_found_version(call), "reviewSummary": row})
    return row


def _review(call: Call) -> JsonObject:
    found = _reviews(call).get(call.path["modelReviewId"])
    if found is None:
        raise missing("Review", call.path["modelReviewId"])
    return found


def update_registered_model_review(call: Call) -> Answered:
    """Change a review."""
    changes: JsonObject = {
        name: call.body[name] for name in ("notes", "status") if name in call.body
    }
    _put_review(call, {**_review(call), **changes})
    return None


def create_registered_model_review_response(call: Call) -> JsonObject:
    """Answer a review."""
    row = _review(call)
    responses = row["reviewerResponses"]
    known = responses if isinstance(responses, list) else []
    _put_review(call, {**row, "reviewerResponses": [*known, call.body]})
    return call.body


def validate_model_version_stage(call: Call) -> JsonObject:
    """Say that a stage is valid."""
    _found_version(call)
    return {"isValid": True}


HANDLERS: dict[str, Handler] = {
    "get_registered_models": get_registered_models,
    "get_registered_models_for_ui": get_registered_models_for_ui,
    "get_registered_model_names": get_registered_model_names,
    "create_registered_model_from_run": create_registered_model_from_run,
    "get_registered_model_by_name": _model,
    "patch_registered_model_by_name": patch_registered_model_by_name,
    "get_registered_model_versions": get_registered_model_versions,
    "create_registered_model_version_from_run": create_registered_model_version_from_run,
    "get_registered_model_version": _found_version,
    "update_registered_model_version": update_registered_model_version,
    "get_model_apis_from_registered_model": _model_apis,
    "get_model_apis_from_registered_model_version": get_model_apis_from_registered_model_version,
    "get_project_model_version_stages": get_project_model_version_stages,
    "set_project_model_version_stages": get_project_model_version_stages,
    "get_registered_model_stages": _stages,
    "get_valid_review_stages": get_valid_review_stages,
    "validate_model_version_stage": validate_model_version_stage,
    "request_project_access": request_project_access,
    "create_registered_model_review": create_registered_model_review,
    "update_registered_model_review": update_registered_model_review,
    "create_registered_model_review_response": create_registered_model_review_response,
}
"""Handler of each operation."""
