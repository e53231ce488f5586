"""Projects: listings, notes and share links."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from comet_async.comet.common import (
    NullableList,
    Wire,
    page_numbers,
    project_address,
    read,
)
from comet_async.errors import UsageError
from comet_async.paging import Paged, offset_pages
from comet_async.request import Request

__all__ = [
    "Notes",
    "Project",
    "ProjectRow",
    "ProjectShareLinks",
    "Projects",
    "ProjectsPage",
    "get_project",
    "get_project_notes",
    "get_project_share_links",
    "get_projects",
    "get_projects_page",
    "paged_projects",
]


class Project(Wire, frozen=True, kw_only=True):
    """One project.

    Attributes:
        project_id: Its id, 32 hex digits.
        project_name: Its name, unique in the workspace.
        owner_user_name: User who owns it.
        project_description: Free text.
        workspace_name: Workspace that holds it.
        workspace_id: Id of that workspace; older servers only.
        number_of_experiments: Experiments in it.
        last_updated: Milliseconds since 1970 UTC.
        public: The flag under the name that servers send.
        is_public: The flag under the name that the vendor's page prints.
    """

    project_id: str
    project_name: str | None = None
    owner_user_name: str | None = None
    project_description: str | None = None
    workspace_name: str | None = None
    workspace_id: str | None = None
    number_of_experiments: int | None = None
    last_updated: int | None = None
    public: bool | None = None
    is_public: bool | None = None

    @property
    def open_to_all(self) -> bool | None:
        """Whether everybody can read it, under whichever name the server told."""
        return self.is_public if self.public is None else self.public


class Projects(Wire, frozen=True, kw_only=True):
    """All projects of a workspace.

    Attributes:
        projects: One entry for each project.
    """

    projects: NullableList[Project]


class ProjectRow(Wire, frozen=True, kw_only=True):
    """One project as the paged listing shows it.

    Attributes:
        project_id: Its id, 32 hex digits.
        user_name: User who owns it.
        project_name: Its name.
        project_desc: Free text.
        general_project: Whether it is the workspace's default project.
        total_row_count: Projects in the workspace; the wire repeats it in each row, as text.
        filtered_row_count: Projects that match the filter; repeated as above.
        experiment_count: Experiments in it.
        image_path: URL of its picture.
        is_public: Whether everybody can read it.
        team_id: Id of the workspace.
        team_name: Name of the workspace.
        created_at: Milliseconds since 1970 UTC.
        last_updated: Milliseconds since 1970 UTC.
        last_updated_by_user: Milliseconds since 1970 UTC.
        is_starter_project: Whether the service made it as an example.
        is_in_project_team: Whether the caller belongs to its team.
        owner: Whether the caller owns it.
        can_edit: Whether the caller may change it.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"image_path"})

    project_id: str
    user_name: str | None = None
    project_name: str | None = None
    project_desc: str | None = None
    general_project: bool | None = None
    total_row_count: int | None = None
    filtered_row_count: int | None = None
    experiment_count: int | None = None
    image_path: str | None = None
    is_public: bool | None = None
    team_id: str | None = None
    created_at: int | None = field(name="created_at", default=None)
    last_updated: int | None = None
    last_updated_by_user: int | None = None
    is_starter_project: bool | None = None
    team_name: str | None = None
    is_in_project_team: bool | None = None
    owner: bool | None = None
    can_edit: bool | None = None


class ProjectsPage(Wire, frozen=True, kw_only=True):
    """One page of projects.

    Attributes:
        rows: At most `count` projects.
        filtered_row_count: Projects that match the filter, over all pages.
        total_row_count: Projects in the workspace.
    """

    rows: NullableList[ProjectRow]
    filtered_row_count: int | None = None
    total_row_count: int | None = None


class Notes(Wire, frozen=True, kw_only=True):
    """Notes written on the web page.

    Attributes:
        notes: Markdown; None or "" when there are none.
    """

    notes: str | None = None


class ProjectShareLinks(Wire, frozen=True, kw_only=True):
    """Share links of a project; a code opens the project to whoever has it, so repr hides them.

    Attributes:
        share_codes: One code for each link.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"share_codes"})

    share_codes: NullableList[str]


def get_projects(workspace_name: str) -> Request[Projects]:
    """Return all projects of a workspace.

    Args:
        workspace_name: Name of the workspace.

    Returns:
        All projects in one answer, in no promised order. Servers send `public` where the vendor's
        page prints `isPublic`; `Project.open_to_all` reads both.

    Source: Comet REST v2, projects.
    """
    return read("/api/rest/v2/projects", Projects, query={"workspaceName": workspace_name})


def get_projects_page(
    workspace_name: str,
    *,
    offset: int | None = None,
    count: int | None = None,
    sort: str | None = None,
    order: str | None = None,
    owner: str | None = None,
    public: str | None = None,
    starter_project: str | None = None,
    search: str | None = None,
) -> Request[ProjectsPage]:
    """Return one page of the projects of a workspace.

    Args:
        workspace_name: Name of the workspace.
        offset: Projects to skip, from 0.
        count: Projects on the page, from 1; the server's default is not documented.
        sort: Member to sort by.
        order: Direction, "asc" or "desc".
        owner: Only projects of this user.
        public: Only public ("true") or only private ("false") projects.
        starter_project: Only, or without, the service's own examples ("true", "false").
        search: Only projects whose name holds this text.

    Returns:
        At most `count` rows and the totals. Counters in rows are texts on the wire, those of the
        page are integers; both are int here.

    Raises:
        UsageError: `offset` is below 0 or `count` below 1.

    Source: Comet REST v2, projects/page.
    """
    path = "/api/rest/v2/projects/page"
    page_numbers(path, count=count)
    if offset is not None and offset < 0:
        raise UsageError(f"{path}: offset is {offset}; it counts from 0")
    return read(
        path,
        ProjectsPage,
        query={
            "workspaceName": workspace_name,
            "offset": offset,
            "count": count,
            "sort": sort,
            "order": order,
            "owner": owner,
            "public": public,
            "starterProject": starter_project,
            "search": search,
        },
    )


def paged_projects(
    workspace_name: str,
    *,
    count: int = 100,
    sort: str | None = None,
    order: str | None = None,
    search: str | None = None,
) -> Paged[ProjectsPage, ProjectRow]:
    """Return the listing of all projects of a workspace, page by page.

    Args:
        workspace_name: Name of the workspace.
        count: Projects on a page, from 1.
        sort: Member to sort by.
        order: Direction, "asc" or "desc".
        search: Only projects whose name holds this text.

    Raises:
        UsageError: `count` is below 1.

    Source: Comet REST v2, projects/page.
    """
    first = get_projects_page(
        workspace_name, offset=0, count=count, sort=sort, order=order, search=search
    )
    return offset_pages(first, lambda page: page.rows, lambda row: row.project_id)


def get_project(
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
) -> Request[Project]:
    """Return one project, by its id or by its name and workspace.

    Args:
        project_id: Its id.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.

    Returns:
        The project. Status 404 means that there is none.

    Raises:
        UsageError: The project is named in no way, or in both ways.

    Source: Comet REST v2, project.
    """
    path = "/api/rest/v2/project"
    return read(
        path, Project, query=project_address(path, project_id, project_name, workspace_name)
    )


def get_project_notes(project_id: str) -> Request[Notes]:
    """Return the notes of a project.

    Args:
        project_id: Id of the project; `get_project` finds it by name.

    Returns:
        One text; None or "" when there are no notes.

    Source: Comet REST v2, project/notes.
    """
    return read("/api/rest/v2/project/notes", Notes, query={"projectId": project_id})


def get_project_share_links(project_id: str) -> Request[ProjectShareLinks]:
    """Return the share codes of a project.

    Args:
        project_id: Id of the project.

    Returns:
        All codes in one answer. Treat them as secrets.

    Source: Comet REST v2, project/get-project-share-links.
    """
    return read(
        "/api/rest/v2/project/get-project-share-links",
        ProjectShareLinks,
        query={"projectId": project_id},
    )
