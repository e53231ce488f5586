"""Workspaces."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.building import listed
from comet_async.domino.common import write
from comet_async.domino.metadata import RequestMetadata
from comet_async.request import Effect, Request
from comet_async.wire import Flat

__all__ = ["WorkspaceSessionCreated", "WorkspaceSessionCreatedEnvelope", "create_workspace_session"]


class WorkspaceSessionCreated(Flat, frozen=True, kw_only=True):
    """A session of a workspace that was started.

    Attributes:
        execution_id: Execution serving the session.
        id: Id of the session.

    Wire model: WorkspaceSessionCreatedV1.
    """

    id: str
    execution_id: str | None = None


class WorkspaceSessionCreatedEnvelope(Flat, frozen=True, kw_only=True):
    """A session, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        workspace_session: The session.

    Wire model: WorkspaceSessionCreatedEnvelopeV1.
    """

    workspace_session: WorkspaceSessionCreated
    metadata: RequestMetadata | None = None


def create_workspace_session(
    project_id: str, workspace_id: str, external_volume_mounts: Sequence[str]
) -> Request[WorkspaceSessionCreatedEnvelope]:
    """Start a session of a workspace.

    Appends: it is not repeated where the server may have acted.

    Needs the permissions OpenWorkspace, UseGlobalCompute.

    Args:
        project_id: Id of the project.
        workspace_id: Id of the workspace.
        external_volume_mounts: External volume ids to mount.

    Returns:
        The object as it is now.

    Source: Domino REST API, Workspaces.
    """
    path = "/api/projects/v1/projects/{projectId}/workspaces/{workspaceId}/sessions"
    return write(
        "POST",
        path,
        WorkspaceSessionCreatedEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id, "workspaceId": workspace_id},
        json={
            "externalVolumeMounts": listed(
                path, "externalVolumeMounts", external_volume_mounts, least=0
            )
        },
    )
