"""Environments and their revisions."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.environments_answers import (
    EnvironmentEnvelope,
    EnvironmentRevisionEnvelope,
    EnvironmentRevisionUpdateEnvelope,
    EnvironmentsPage,
)
from comet_async.domino.new_environments import NewEnvironment, NewEnvironmentRevision
from comet_async.request import Effect, Request

__all__ = [
    "archive_environment",
    "create_environment",
    "create_environment_revision",
    "get_environment",
    "get_environments",
    "update_environment_revision_is_restricted",
]


def get_environments(
    *, offset: int | None = None, limit: int | None = None
) -> Request[EnvironmentsPage]:
    """Return the environments that the caller can see.

    Beta.

    Args:
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Environments.
    """
    return read(
        "/api/environments/beta/environments",
        EnvironmentsPage,
        query={"offset": offset, "limit": limit},
    )


def create_environment(environment: NewEnvironment) -> Request[EnvironmentEnvelope]:
    """Create an environment with its first revision.

    Appends: it is not repeated where the server may have acted.

    Beta.

    Needs the permissions CreateEnvironment, EditEnvironment, UseFileStorage.

    Args:
        environment: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, Environments.
    """
    return write(
        "POST",
        "/api/environments/beta/environments",
        EnvironmentEnvelope,
        Effect.APPEND,
        json=environment,
        may_be_empty=("description",),
    )


def create_environment_revision(
    environment_id: str, revision: NewEnvironmentRevision
) -> Request[EnvironmentRevisionEnvelope]:
    """Add a revision to an environment.

    Appends: it is not repeated where the server may have acted.

    Beta.

    Needs the permissions ManageEnvironments, EditEnvironment, UseFileStorage.

    Args:
        environment_id: Id of the environment.
        revision: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, Environments.
    """
    return write(
        "POST",
        "/api/environments/beta/environments/{environmentId}/revisions",
        EnvironmentRevisionEnvelope,
        Effect.APPEND,
        path_params={"environmentId": environment_id},
        json=revision,
        may_be_empty=("summary",),
    )


def update_environment_revision_is_restricted(
    environment_id: str, revision_id: str, *, is_restricted: bool
) -> Request[EnvironmentRevisionUpdateEnvelope]:
    """Set whether a revision is restricted.

    Idempotent.

    Beta.

    Needs the permission ClassifyEnvironments.

    Args:
        environment_id: Id of the environment.
        revision_id: Id of the environment revision.
        is_restricted: Whether it is restricted; needs a classifier's permission.

    Returns:
        The object as it is now.

    Source: Domino REST API, Environments.
    """
    return write(
        "PATCH",
        "/api/environments/beta/environments/{environmentId}/revisions/{revisionId}",
        EnvironmentRevisionUpdateEnvelope,
        Effect.IDEMPOTENT,
        path_params={"environmentId": environment_id, "revisionId": revision_id},
        json={"isRestricted": is_restricted},
    )


def get_environment(environment_id: str) -> Request[EnvironmentEnvelope]:
    """Return one environment.

    Needs the permission ViewEnvironment.

    Args:
        environment_id: Id of the environment.

    Returns:
        One object.

    Source: Domino REST API, Environments.
    """
    return read(
        "/api/environments/v1/environments/{environmentId}",
        EnvironmentEnvelope,
        path_params={"environmentId": environment_id},
    )


def archive_environment(environment_id: str) -> Request[EnvironmentEnvelope]:
    """Archive an environment.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permissions ManageEnvironments, EditEnvironment.

    Args:
        environment_id: Id of the environment.

    Returns:
        What was removed.

    Source: Domino REST API, Environments.
    """
    return write(
        "DELETE",
        "/api/environments/v1/environments/{environmentId}",
        EnvironmentEnvelope,
        Effect.IDEMPOTENT,
        path_params={"environmentId": environment_id},
    )
