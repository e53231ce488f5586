"""Projects, collaborators, goals and repositories."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.metadata import DeleteEnvelope
from comet_async.domino.project_copies import CopyProjectSpec, CopyProjectSpecBeta
from comet_async.domino.projects_answers import (
    NewProject,
    ProjectCollaboratorEnvelope,
    ProjectCopyResultEnvelope,
    ProjectEnvelope,
    ProjectResultsSettingsEnvelope,
    ProjectsPage,
    ProjectStatusEnvelope,
)
from comet_async.request import Effect, Request

__all__ = [
    "add_collaborator_to_project",
    "archive_project",
    "copy_project",
    "copy_project_beta",
    "create_project",
    "get_project_by_id",
    "get_project_result_settings",
    "get_projects",
    "remove_collaborator_from_project",
    "update_project_result_settings",
    "update_project_status",
]


def get_projects(*, offset: int | None = None, limit: int | None = None) -> Request[ProjectsPage]:
    """Return the projects that the caller can see.

    Beta.

    Needs the permission ListProject.

    Args:
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Projects.
    """
    return read(
        "/api/projects/beta/projects", ProjectsPage, query={"offset": offset, "limit": limit}
    )


def create_project(project: NewProject) -> Request[ProjectEnvelope]:
    """Create a project.

    Appends: it is not repeated where the server may have acted.

    Beta.

    Needs the permissions CreateProject, UseFileStorage.

    Args:
        project: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/beta/projects",
        ProjectEnvelope,
        Effect.APPEND,
        json=project,
        may_be_empty=("description",),
    )


def archive_project(project_id: str) -> Request[DeleteEnvelope]:
    """Archive a project.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Beta.

    Needs the permission ArchiveProject.

    Args:
        project_id: Id of the project.

    Returns:
        Whether it worked.

    Source: Domino REST API, Projects.
    """
    return write(
        "DELETE",
        "/api/projects/beta/projects/{projectId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id},
    )


def copy_project_beta(
    project_id: str, copy: CopyProjectSpecBeta
) -> Request[ProjectCopyResultEnvelope]:
    """Copy a project, by the older operation.

    Appends: it is not repeated where the server may have acted.

    Beta. Deprecated. Gone from servers of 6.3.0 and later, which answer 404.

    Args:
        project_id: Id of the project.
        copy: What is copied, and where to.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/beta/projects/{projectId}/copy-project",
        ProjectCopyResultEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json=copy,
    )


def get_project_result_settings(project_id: str) -> Request[ProjectResultsSettingsEnvelope]:
    """Return where results of a project go.

    Beta.

    Args:
        project_id: Id of the project.

    Returns:
        One object.

    Source: Domino REST API, Projects.
    """
    return read(
        "/api/projects/beta/projects/{projectId}/results-settings",
        ProjectResultsSettingsEnvelope,
        path_params={"projectId": project_id},
    )


def update_project_result_settings(
    project_id: str, branch: str
) -> Request[ProjectResultsSettingsEnvelope]:
    """Set where results of a project go.

    Idempotent.

    Beta.

    Args:
        project_id: Id of the project.
        branch: Branch that results go to: "isolated", "main".

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "PUT",
        "/api/projects/beta/projects/{projectId}/results-settings",
        ProjectResultsSettingsEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id},
        json={"branch": branch},
    )


def get_project_by_id(project_id: str) -> Request[ProjectEnvelope]:
    """Return one project.

    Needs the permission ListProject.

    Args:
        project_id: Id of the project.

    Returns:
        One object.

    Source: Domino REST API, Projects.
    """
    return read(
        "/api/projects/v1/projects/{projectId}",
        ProjectEnvelope,
        path_params={"projectId": project_id},
    )


def add_collaborator_to_project(
    project_id: str, id: str, role: str
) -> Request[ProjectCollaboratorEnvelope]:
    """Add a collaborator to a project.

    Appends: it is not repeated where the server may have acted.

    Needs the permission ManageCollaborators.

    Args:
        project_id: Id of the project.
        id: Id of the user or organization.
        role: The role: "contributor", "launcherUser", "resultsConsumer", "projectImporter".

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/v1/projects/{projectId}/collaborators",
        ProjectCollaboratorEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json={"id": id, "role": role},
    )


def remove_collaborator_from_project(
    project_id: str, collaborator_id: str
) -> Request[DeleteEnvelope]:
    """Remove a collaborator from a project.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission ManageCollaborators.

    Args:
        project_id: Id of the project.
        collaborator_id: Id of the user or organization.

    Returns:
        Whether it worked.

    Source: Domino REST API, Projects.
    """
    return write(
        "DELETE",
        "/api/projects/v1/projects/{projectId}/collaborators/{collaboratorId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id, "collaboratorId": collaborator_id},
    )


def copy_project(project_id: str, copy: CopyProjectSpec) -> Request[ProjectCopyResultEnvelope]:
    """Copy a project, with changes if wanted.

    Appends: it is not repeated where the server may have acted.

    Servers may answer 429.

    Args:
        project_id: Id of the project.
        copy: What is copied, and where to.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/v1/projects/{projectId}/copy-project",
        ProjectCopyResultEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json=copy,
    )


def update_project_status(
    project_id: str,
    status: str,
    *,
    is_blocked: bool,
    blocked_reason: str | None = None,
    completed_message: str | None = None,
) -> Request[ProjectStatusEnvelope]:
    """Set the state of a project.

    Idempotent.

    Needs the permission Edit.

    Args:
        project_id: Id of the project.
        status: Its state: "active", "complete".
        is_blocked: Whether it is blocked.
        blocked_reason: Why it is blocked.
        completed_message: Closing note.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "PUT",
        "/api/projects/v1/projects/{projectId}/status",
        ProjectStatusEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id},
        json={
            "blockedReason": blocked_reason,
            "completedMessage": completed_message,
            "isBlocked": is_blocked,
            "status": status,
        },
        may_be_empty=("blockedReason", "completedMessage"),
    )
