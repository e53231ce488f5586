"""What requests on projects send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.git import GitServiceProvider, ProjectRepositoryReference
from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.domino.project_copies import DatasetNotCopied
from comet_async.domino.project_state import ProjectCollaborator, ProjectStatus, ProjectVisibility
from comet_async.wire import Body, Flat, NullableList, Open, Wire, no_items

__all__ = [
    "NewProject",
    "NewProjectGitRepository",
    "Project",
    "ProjectCollaboratorEnvelope",
    "ProjectCopyResultEnvelope",
    "ProjectEnvelope",
    "ProjectGitRepositoriesPage",
    "ProjectGitRepository",
    "ProjectGitRepositoryEnvelope",
    "ProjectGoal",
    "ProjectGoalEnvelope",
    "ProjectGoalsEnvelope",
    "ProjectResultsSettings",
    "ProjectResultsSettingsEnvelope",
    "ProjectStatusEnvelope",
    "ProjectsPage",
    "ResultsBranch",
]


class NewProjectGitRepository(Body, frozen=True, kw_only=True):
    """A git repository to import.

    Attributes:
        default_ref: Default reference.
        git_credential_id: Id of the credential; it serves the caller only.
        name: Its name.
        service_provider: Git provider.
        uri: Address of the repository.

    Wire model: NewProjectGitRepositoryV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"uri"})

    uri: str
    default_ref: ProjectRepositoryReference | None = None
    git_credential_id: str | None = None
    name: str | None = None
    service_provider: GitServiceProvider | None = None


class NewProject(Body, frozen=True, kw_only=True):
    """A project to create.

    Attributes:
        description: Free text.
        is_restricted: Whether it is restricted; needs a classifier's permission.
        main_repository: Main git repository.
        name: Unique, no white space.
        owner_id: Id of the owner, default the caller; no organization.
        visibility: Who can see it.

    Wire model: NewProjectV1.
    """

    description: str
    name: str
    visibility: ProjectVisibility
    is_restricted: bool | None = None
    main_repository: NewProjectGitRepository | None = None
    owner_id: str | None = None


class ProjectGitRepository(Flat, frozen=True, kw_only=True):
    """A git repository of a project.

    Attributes:
        default_ref: Default reference.
        id: Its id.
        name: Its name.
        service_provider: Git provider.
        uri: Address of the repository.

    Wire model: ProjectGitRepositoryV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"uri"})

    id: str
    default_ref: ProjectRepositoryReference | None = None
    name: str | None = None
    service_provider: GitServiceProvider | None = None
    uri: str | None = None


class ProjectGitRepositoriesPage(Wire, frozen=True, kw_only=True):
    """One page of imported repositories.

    Attributes:
        metadata: Request id and notices.
        repositories: One entry for each repository.

    Wire model: PaginatedGitRepositoriesEnvelopeV1.
    """

    repositories: NullableList[ProjectGitRepository]
    metadata: PageMetadata | None = None


class Project(Wire, frozen=True, kw_only=True):
    """A project.

    Attributes:
        collaborators: One entry for each collaborator.
        description: Free text.
        id: Its id.
        internal_tags: Internal tags.
        main_repository: Main git repository.
        name: Its name.
        owner_id: Id of the owner.
        owner_username: Name of the owner.
        visibility: Who can see it.

    Wire model: ProjectV1.
    """

    id: str
    collaborators: NullableList[ProjectCollaborator] = no_items()
    description: str | None = None
    internal_tags: NullableList[str] = no_items()
    main_repository: ProjectGitRepository | None = None
    name: str | None = None
    owner_id: str | None = None
    owner_username: str | None = None
    visibility: ProjectVisibility | None = None


class ProjectsPage(Wire, frozen=True, kw_only=True):
    """One page of projects.

    Attributes:
        metadata: Request id and notices.
        projects: One entry for each project.

    Wire model: PaginatedProjectsEnvelopeV1.
    """

    projects: NullableList[Project]
    metadata: PageMetadata | None = None


class ProjectCollaboratorEnvelope(Flat, frozen=True, kw_only=True):
    """A collaborator, as single answers have it.

    Attributes:
        collaborator: The collaborator.
        metadata: Request id and notices.

    Wire model: ProjectCollaboratorEnvelopeV1.
    """

    collaborator: ProjectCollaborator
    metadata: RequestMetadata | None = None


class ProjectCopyResultEnvelope(Wire, frozen=True, kw_only=True):
    """The copy of a project, and what it lacks.

    Attributes:
        datasets_not_copied: Datasets left out.
        metadata: Request id and notices.
        project: The project.

    Wire model: ProjectCopyResultEnvelopeV1.
    """

    project: Project
    datasets_not_copied: NullableList[DatasetNotCopied] = no_items()
    metadata: RequestMetadata | None = None


class ProjectEnvelope(Flat, frozen=True, kw_only=True):
    """A project, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        project: The project.

    Wire model: ProjectEnvelopeV1.
    """

    project: Project
    metadata: RequestMetadata | None = None


class ProjectGitRepositoryEnvelope(Flat, frozen=True, kw_only=True):
    """A repository, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        repository: The repository.

    Wire model: ProjectGitRepositoryEnvelopeV1.
    """

    repository: ProjectGitRepository
    metadata: RequestMetadata | None = None


class ProjectGoal(Flat, frozen=True, kw_only=True):
    """A goal of a project.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        creator_id: Id of the user who created it.
        description: Free text.
        id: Its id.
        is_complete: Whether it is done.
        project_id: Id of its project.
        title: Its title.

    Wire model: ProjectGoalV1.
    """

    id: str
    created_at: str | None = None
    creator_id: str | None = None
    description: str | None = None
    is_complete: bool | None = None
    project_id: str | None = None
    title: str | None = None


class ProjectGoalEnvelope(Flat, frozen=True, kw_only=True):
    """A goal, as single answers have it.

    Attributes:
        goal: The goal.
        metadata: Request id and notices.

    Wire model: ProjectGoalEnvelopeV1.
    """

    goal: ProjectGoal
    metadata: RequestMetadata | None = None


class ProjectGoalsEnvelope(Wire, frozen=True, kw_only=True):
    """All goals of a project.

    Attributes:
        goals: One entry for each goal.
        metadata: Request id and notices.

    Wire model: ProjectGoalsEnvelopeV1.
    """

    goals: NullableList[ProjectGoal]
    metadata: RequestMetadata | None = None


class ResultsBranch(Open):
    """Branches that results go to."""

    ISOLATED = "isolated"
    MAIN = "main"


class ProjectResultsSettings(Flat, frozen=True, kw_only=True):
    """Where results go.

    Attributes:
        branch: Branch that results go to.

    Wire model: ProjectResultsSettingsV1.
    """

    branch: ResultsBranch | None = None


class ProjectResultsSettingsEnvelope(Flat, frozen=True, kw_only=True):
    """Where results go, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        results_settings: Where results go.

    Wire model: ProjectResultsSettingsEnvelopeV1.
    """

    results_settings: ProjectResultsSettings
    metadata: RequestMetadata | None = None


class ProjectStatusEnvelope(Flat, frozen=True, kw_only=True):
    """State of a project, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        status: Its state.

    Wire model: ProjectStatusEnvelopeV1.
    """

    status: ProjectStatus
    metadata: RequestMetadata | None = None
