"""Who sees a project, who works on it, how it stands."""

from __future__ import annotations

from comet_async.wire import Flat, Open

__all__ = [
    "CollaboratorRole",
    "ProjectCollaborator",
    "ProjectState",
    "ProjectStatus",
    "ProjectVisibility",
]


class ProjectVisibility(Open):
    """Who can see a project; servers answer them capitalized.

    Wire model: ProjectVisibilityV1.
    """

    PUBLIC = "public"
    SEARCHABLE = "searchable"
    PRIVATE = "private"


class CollaboratorRole(Open):
    """Roles in a project."""

    CONTRIBUTOR = "contributor"
    LAUNCHER_USER = "launcherUser"
    RESULTS_CONSUMER = "resultsConsumer"
    PROJECT_IMPORTER = "projectImporter"


class ProjectCollaborator(Flat, frozen=True, kw_only=True):
    """Someone who works on a project.

    Attributes:
        id: Id of the user or organization.
        role: The role.

    Wire model: ProjectCollaboratorV1.
    """

    id: str
    role: CollaboratorRole | None = None


class ProjectState(Open):
    """States of a project."""

    ACTIVE = "active"
    COMPLETE = "complete"


class ProjectStatus(Flat, frozen=True, kw_only=True):
    """How a project stands.

    Attributes:
        blocked_reason: Why it is blocked.
        completed_message: Closing note.
        is_blocked: Whether it is blocked.
        status: Its state.

    Wire model: ProjectStatusV1.
    """

    blocked_reason: str | None = None
    completed_message: str | None = None
    is_blocked: bool | None = None
    status: ProjectState | None = None
