"""Goals and git repositories of projects."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.metadata import DeleteEnvelope
from comet_async.domino.projects_answers import (
    NewProjectGitRepository,
    ProjectGitRepositoriesPage,
    ProjectGitRepositoryEnvelope,
    ProjectGoalEnvelope,
    ProjectGoalsEnvelope,
)
from comet_async.request import Effect, Request

__all__ = [
    "add_goal_to_project",
    "add_repo_to_project",
    "delete_project_goal",
    "get_imported_repos",
    "get_project_goals",
    "remove_repo_from_project",
    "update_project_goal",
]


def get_project_goals(project_id: str) -> Request[ProjectGoalsEnvelope]:
    """Return the goals of a project.

    Needs the permission ListProject.

    Args:
        project_id: Id of the project.

    Returns:
        All goals, unpaged.

    Source: Domino REST API, Projects.
    """
    return read(
        "/api/projects/v1/projects/{projectId}/goals",
        ProjectGoalsEnvelope,
        path_params={"projectId": project_id},
    )


def add_goal_to_project(
    project_id: str, title: str, *, description: str | None = None
) -> Request[ProjectGoalEnvelope]:
    """Add a goal to a project.

    Appends: it is not repeated where the server may have acted.

    Needs the permission Edit.

    Args:
        project_id: Id of the project.
        title: Its title.
        description: Free text.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/v1/projects/{projectId}/goals",
        ProjectGoalEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json={"description": description, "title": title},
        may_be_empty=("description",),
    )


def update_project_goal(
    project_id: str, goal_id: str, *, is_complete: bool
) -> Request[ProjectGoalEnvelope]:
    """Set whether a goal is done.

    Idempotent.

    Needs the permission Edit.

    Args:
        project_id: Id of the project.
        goal_id: Id of the goal.
        is_complete: Whether it is done.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "PATCH",
        "/api/projects/v1/projects/{projectId}/goals/{goalId}",
        ProjectGoalEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id, "goalId": goal_id},
        json={"isComplete": is_complete},
    )


def delete_project_goal(project_id: str, goal_id: str) -> Request[DeleteEnvelope]:
    """Delete a goal of a project.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission Edit.

    Args:
        project_id: Id of the project.
        goal_id: Id of the goal.

    Returns:
        Whether it worked.

    Source: Domino REST API, Projects.
    """
    return write(
        "DELETE",
        "/api/projects/v1/projects/{projectId}/goals/{goalId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id, "goalId": goal_id},
    )


def get_imported_repos(
    project_id: str, *, offset: int | None = None, limit: int | None = None
) -> Request[ProjectGitRepositoriesPage]:
    """Return the git repositories that a project imports.

    Needs the permission ListProject.

    Args:
        project_id: Id of the project.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Projects.
    """
    return read(
        "/api/projects/v1/projects/{projectId}/repositories",
        ProjectGitRepositoriesPage,
        path_params={"projectId": project_id},
        query={"offset": offset, "limit": limit},
    )


def add_repo_to_project(
    project_id: str, repository: NewProjectGitRepository
) -> Request[ProjectGitRepositoryEnvelope]:
    """Import a git repository into a project.

    Appends: it is not repeated where the server may have acted.

    Needs the permission ChangeProjectSettings.

    Args:
        project_id: Id of the project.
        repository: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, Projects.
    """
    return write(
        "POST",
        "/api/projects/v1/projects/{projectId}/repositories",
        ProjectGitRepositoryEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json=repository,
    )


def remove_repo_from_project(project_id: str, repository_id: str) -> Request[DeleteEnvelope]:
    """Remove an imported git repository from a project.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission ChangeProjectSettings.

    Args:
        project_id: Id of the project.
        repository_id: Id of the repository.

    Returns:
        Whether it worked.

    Source: Domino REST API, Projects.
    """
    return write(
        "DELETE",
        "/api/projects/v1/projects/{projectId}/repositories/{repositoryId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id, "repositoryId": repository_id},
    )
