"""Files of projects."""

from __future__ import annotations

from comet_async.domino.common import blob
from comet_async.request import Blob, Request

__all__ = ["get_project_file_contents", "get_project_file_contents_deprecated"]


def get_project_file_contents_deprecated(
    project_id: str, commit_id: str, path: str
) -> Request[Blob]:
    """Return a file of a project at a commit, by the older operation.

    Beta. Deprecated.

    Args:
        project_id: Id of the project.
        commit_id: Id of a commit of the project's files.
        path: Path of the file inside the project, case-sensitive; its slashes are sent as %2F.

    Returns:
        The octets; the media type is guessed from the name of the file.

    Source: Domino REST API, ProjectsFiles.
    """
    return blob(
        "/api/projects/beta/projects/{projectId}/files/{commitId}/{path}/content",
        path_params={"projectId": project_id, "commitId": commit_id, "path": path},
    )


def get_project_file_contents(project_id: str, commit_id: str, path: str) -> Request[Blob]:
    """Return a file of a project at a commit.

    Args:
        project_id: Id of the project.
        commit_id: Id of a commit of the project's files.
        path: Path of the file inside the project, case-sensitive; its slashes are sent as %2F.

    Returns:
        The octets; the media type is guessed from the name of the file.

    Source: Domino REST API, ProjectsFiles.
    """
    return blob(
        "/api/projects/v1/projects/{projectId}/files/{commitId}/{path}/content",
        path_params={"projectId": project_id, "commitId": commit_id, "path": path},
    )
