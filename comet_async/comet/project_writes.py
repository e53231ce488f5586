"""Projects and workspaces: create, change, delete, share."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from comet_async.comet.common import Flat, project_address
from comet_async.comet.writing import Body, write
from comet_async.request import Effect, Request

__all__ = [
    "CreatedProject",
    "CreatedShareLink",
    "CreatedWorkspace",
    "ProjectUpdate",
    "add_workspace_member",
    "create_project",
    "create_project_share_link",
    "create_workspace",
    "delete_project",
    "delete_project_share_link",
    "set_project_notes",
    "set_project_owner",
    "update_project",
]


class ProjectUpdate(Body, frozen=True, kw_only=True):
    """What to change of a project; what is not given stays.

    Attributes:
        project_id: Its id.
        workspace_name: Workspace that holds it.
        project_name: Its name; needs `workspace_name`.
        new_project_name: Another name.
        new_project_description: Another description.
        is_public: Whether everybody can read it.
    """

    project_id: str | None = None
    workspace_name: str | None = None
    project_name: str | None = None
    new_project_name: str | None = None
    new_project_description: str | None = None
    is_public: bool | None = None


class CreatedProject(Flat, frozen=True, kw_only=True):
    """A project that was created.

    Attributes:
        project_id: Its id.
    """

    project_id: str


class CreatedShareLink(Flat, frozen=True, kw_only=True):
    """A way into a project for whoever knows the code.

    Attributes:
        share_code: The code. Treat it as a secret: the repr hides it.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"share_code"})

    share_code: str


class CreatedWorkspace(Flat, frozen=True, kw_only=True):
    """A workspace that was created.

    Attributes:
        workspace_name: Its name.
        workspace_id: Its id.
    """

    workspace_name: str = msgspec.field(name="workspace_name")
    workspace_id: str | None = msgspec.field(default=None, name="workspace_id")


def create_project(
    workspace_name: str,
    project_name: str,
    *,
    project_description: str | None = None,
    is_public: bool | None = None,
) -> Request[CreatedProject]:
    """Create a project.

    Appends: a repetition would be refused, for the name is in use, and hide the success.

    Args:
        workspace_name: Workspace that holds it.
        project_name: Its name.
        project_description: Free text.
        is_public: Whether everybody can read it.

    Returns:
        Its id.

    Source: Comet REST v2, write/project/create.
    """
    body = {
        "workspaceName": workspace_name,
        "projectName": project_name,
        "projectDescription": project_description,
        "isPublic": is_public,
    }
    return write(
        "POST",
        "/api/rest/v2/write/project/create",
        CreatedProject,
        Effect.APPEND,
        json=body,
        may_be_empty=("projectDescription",),
    )


def update_project(update: ProjectUpdate) -> Request[None]:
    """Change name, description or visibility of a project.

    Idempotent, but counts as one that appends where it renames a project that is named by its old
    name: a repetition would not find it, or find another.

    Args:
        update: The project and what changes.

    Returns:
        Nothing.

    Raises:
        UsageError: The project is named in no way, or in both ways.

    Source: Comet REST v2, write/project/update.
    """
    path = "/api/rest/v2/write/project/update"
    project_address(path, update.project_id, update.project_name, update.workspace_name)
    renamed = update.project_name is not None and update.new_project_name is not None
    effect = Effect.APPEND if renamed else Effect.IDEMPOTENT
    empty = ("newProjectDescription",)
    return write("POST", path, type(None), effect, json=update, may_be_empty=empty)


def delete_project(
    *,
    project_id: str | None = None,
    workspace_name: str | None = None,
    project_name: str | None = None,
    delete_all_experiments: bool | None = None,
) -> Request[None]:
    """Delete a project for good.

    Idempotent: a repetition after a lost answer may be told that there is no such project any
    more.

    Args:
        project_id: Its id.
        workspace_name: Workspace that holds it.
        project_name: Its name; needs `workspace_name`.
        delete_all_experiments: Delete its experiments too; the vendor's client sends false unless
            told otherwise.

    Returns:
        Nothing.

    Raises:
        UsageError: The project is named in no way, or in both ways.

    Source: Comet REST v2, write/project/delete.
    """
    path = "/api/rest/v2/write/project/delete"
    body: dict[str, object] = {
        **project_address(path, project_id, project_name, workspace_name),
        "deleteAllExperiments": delete_all_experiments,
    }
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def set_project_notes(project_id: str, notes: str) -> Request[None]:
    """Set the notes of a project.

    Idempotent.

    Args:
        project_id: Id of the project; `get_project` finds it by name.
        notes: The text, "" for none.

    Returns:
        Nothing.

    Source: Comet REST v2, write/project/notes.
    """
    body = {"projectId": project_id, "notes": notes}
    path = "/api/rest/v2/write/project/notes"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=("notes",))


def set_project_owner(project_id: str, user_name: str) -> Request[None]:
    """Give a project to another user.

    For administrators of the workspace. Idempotent. Servers before 4.35.0 lack it.

    Args:
        project_id: Id of the project.
        user_name: Name of the user.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/project/update-owner.
    """
    body = {"projectId": project_id, "userName": user_name}
    path = "/api/rest/v2/write/project/update-owner"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def create_project_share_link(project_id: str) -> Request[CreatedShareLink]:
    """Make a code with which anybody can read a project.

    A GET that changes state. Appends: each call makes another code.

    Args:
        project_id: Id of the project.

    Returns:
        The code.

    Source: Comet REST v2, write/project/add-share-link.
    """
    return write(
        "GET",
        "/api/rest/v2/write/project/add-share-link",
        CreatedShareLink,
        Effect.APPEND,
        query={"projectId": project_id},
    )


def delete_project_share_link(project_id: str, share_code: str) -> Request[None]:
    """Take back a code with which anybody can read a project.

    A GET that changes state. Idempotent.

    Args:
        project_id: Id of the project.
        share_code: The code.

    Returns:
        Nothing.

    Source: Comet REST v2, write/project/delete-project-share-link.
    """
    return write(
        "GET",
        "/api/rest/v2/write/project/delete-project-share-link",
        type(None),
        Effect.IDEMPOTENT,
        query={"projectId": project_id, "shareCode": share_code},
    )


def create_workspace(name: str, *, plan: str | None = None) -> Request[CreatedWorkspace]:
    """Create a workspace.

    Appends: a repetition would be refused, for the name is in use, and hide the success.

    Args:
        name: Its name.
        plan: Its plan.

    Returns:
        Its name and id.

    Source: Comet REST v2, write/workspace/new.
    """
    return write(
        "POST",
        "/api/rest/v2/write/workspace/new",
        CreatedWorkspace,
        Effect.APPEND,
        json={"name": name, "plan": plan},
    )


def add_workspace_member(
    user_email: str, workspace_name: str, *, admin: bool | None = None
) -> Request[None]:
    """Make a user a member of a workspace.

    Appends: a repetition is refused with a message that contains "already member of", and would
    hide the success.

    Args:
        user_email: Address of the user.
        workspace_name: Name of the workspace.
        admin: Whether as an administrator.

    Returns:
        Nothing.

    Source: Comet REST v2, write/add-workspace-member.
    """
    body = {"userEmail": user_email, "workspaceName": workspace_name, "admin": admin}
    path = "/api/rest/v2/write/add-workspace-member"
    return write("POST", path, type(None), Effect.APPEND, json=body)
