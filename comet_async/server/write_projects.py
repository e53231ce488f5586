"""Writes of projects, share links, workspaces and members. Share links come and go by GET."""

from __future__ import annotations

from dataclasses import replace

from comet_async.server.bodies import acknowledged, boolean, given, optional, text
from comet_async.server.comet_projects import share_codes
from comet_async.server.records import Project, stable_id
from comet_async.server.replies import ApiError, Call, Handler, Reply, Write, json_reply
from comet_async.server.write_experiments import home_of

__all__ = ["GENERAL", "ROUTES"]

GENERAL = "general"
"""Project of a workspace that takes the experiments of a deleted one."""
_NAME_LIMIT = 255
_CODE_LENGTH = 25


def _new_name(call: Call, workspace: str, name: str) -> str:
    """Return a name that no project of the workspace has.

    Raises:
        ApiError: It is too long, or taken.
    """
    if len(name) > _NAME_LIMIT:
        raise ApiError(400, "Project name is too long", 1341241)
    if call.store.named_project(workspace, name) is not None:
        raise ApiError(400, f"Project {name} exists")
    return name


def _create(call: Call) -> Reply:
    workspace = call.known_workspace(text(call.body, "workspaceName"))
    if not optional(call.body, "projectName"):
        raise ApiError(400, "Project name is missing", 98219)
    name = _new_name(call, workspace, text(call.body, "projectName"))
    description, public = optional(call.body, "projectDescription"), boolean(call.body, "isPublic")
    project = replace(
        home_of(call.store, workspace, name), description=description, public=bool(public)
    )
    call.store.changes.put_project(project)
    return json_reply({"projectId": project.project_id})


def _update(call: Call) -> Reply:
    project = _named(call)
    name = optional(call.body, "newProjectName")
    description = optional(call.body, "newProjectDescription")
    public = boolean(call.body, "isPublic")
    if name and name != project.name:
        project = replace(project, name=_new_name(call, project.workspace, name))
    if description is not None:
        project = replace(project, description=description)
    if public is not None:
        project = replace(project, public=public)
    call.store.changes.put_project(project)
    return acknowledged()


def _named(call: Call) -> Project:
    """Return the project that the body names, its time as it was before all changes."""
    return call.store.changes.original(call.project(call.body))


def _delete(call: Call) -> Reply:
    """Delete a project; its experiments go with it, or to the general project."""
    project, everything = _named(call), boolean(call.body, "deleteAllExperiments")
    if not everything:
        if project.name == GENERAL:
            raise ApiError(400, "The general project cannot be deleted")
        for archived in (False, True):
            for run in call.store.runs(project.project_id, archived=archived):
                if run.facts.project.project_id == project.project_id:
                    general = home_of(call.store, project.workspace, GENERAL)
                    call.store.changes.move(run.facts.key, general)
    call.store.changes.delete_project(project.project_id)
    return acknowledged("Deleted")


def _set_notes(call: Call) -> Reply:
    project = call.project({"projectId": text(call.body, "projectId")})
    notes = given(call.body, "notes")
    if not isinstance(notes, str):
        raise ApiError(400, "notes must be a text")
    call.store.accounts.notes[project.project_id] = notes
    return acknowledged("saved")


def _set_owner(call: Call) -> Reply:
    project = call.project({"projectId": text(call.body, "projectId")})
    call.store.accounts.owners[project.project_id] = text(call.body, "userName")
    return acknowledged()


def _add_share_link_by_get(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    code = call.store.new_id()[:_CODE_LENGTH]
    codes = [*share_codes(call.store, project), code]
    call.store.accounts.share_codes[project.project_id] = codes
    return json_reply({"shareCode": code})


def _delete_share_link_by_get(call: Call) -> Reply:
    project, code = call.project({"projectId": call.need("projectId")}), call.need("shareCode")
    codes = share_codes(call.store, project)
    if code not in codes:
        raise ApiError(400, "No such share link")
    kept = [item for item in codes if item != code]
    call.store.accounts.share_codes[project.project_id] = kept
    return acknowledged("Deleted")


def _create_workspace(call: Call) -> Reply:
    name = text(call.body, "name")
    optional(call.body, "plan")
    if call.store.has_workspace(name):
        raise ApiError(400, f"Workspace {name} exists")
    made = stable_id("workspace", name)
    call.store.accounts.workspaces[name] = made
    return json_reply({"msg": "saved", "workspace_name": name, "workspace_id": made, "code": 200})


def _add_member(call: Call) -> Reply:
    workspace = call.known_workspace(text(call.body, "workspaceName"))
    address, admin = text(call.body, "userEmail"), boolean(call.body, "admin")
    members = call.store.accounts.members.setdefault(workspace, {})
    if address in members:
        raise ApiError(400, f"{address} is already member of {workspace}")
    members[address] = bool(admin)
    return acknowledged()


_BASE = "/api/rest/v2/write"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/project/create"): Write(_create),
    ("POST", f"{_BASE}/project/update"): Write(_update),
    ("POST", f"{_BASE}/project/delete"): Write(_delete),
    ("POST", f"{_BASE}/project/notes"): Write(_set_notes),
    ("POST", f"{_BASE}/project/update-owner"): Write(_set_owner),
    ("GET", f"{_BASE}/project/add-share-link"): Write(_add_share_link_by_get),
    ("GET", f"{_BASE}/project/delete-project-share-link"): Write(_delete_share_link_by_get),
    ("POST", f"{_BASE}/workspace/new"): Write(_create_workspace),
    ("POST", f"{_BASE}/add-workspace-member"): Write(_add_member),
}
