"""Operations on projects."""

from __future__ import annotations

from comet_async.server.domino.calls import Call, Handler
from comet_async.server.domino.shapes import fitted
from comet_async.server.problems import ApiError
from comet_async.server.records import JsonObject

__all__ = ["HANDLERS"]


def get_projects(call: Call) -> JsonObject:
    """Return a page of all projects."""
    page, table = call.page(), call.world.projects
    size = len(table)
    return call.listing("projects", [*table.part(page.offset, page.stop(size))], page, size)


def get_project_by_id(call: Call) -> JsonObject:
    """Return one project."""
    return call.one("project", call.world.project(call.path["projectId"]))


def create_project(call: Call) -> JsonObject:
    """Create a project."""
    world, name = call.world, call.member("name")
    if any(row["name"] == name for row in world.projects):
        raise ApiError(400, f"Project {name} exists already")
    base: JsonObject = {
        "id": world.new_id(),
        "ownerId": world.caller,
        "collaborators": [],
        "internalTags": [],
    }
    owner = world.users.get(str(call.body.get("ownerId") or world.caller))
    if owner is None:
        raise ApiError(400, "There is no such owner")
    row = fitted("ProjectV1", base, call.body)
    row["ownerUsername"] = owner["userName"]
    world.projects.put(str(row["id"]), row)
    return call.one("project", row)


def archive_project(call: Call) -> JsonObject:
    """Archive a project: it is there no more."""
    project_id = str(call.world.project(call.path["projectId"])["id"])
    call.world.projects.drop(project_id)
    return call.done()


HANDLERS: dict[str, Handler] = {
    "get_projects": get_projects,
    "get_project_by_id": get_project_by_id,
    "create_project": create_project,
    "archive_project": archive_project,
}
"""Handler of each operation."""
