"""Listings of jobs, projects, data, environments, tiers and people, page by page.

Each may change while it is read: every row that stays comes once. Their order must not change
meanwhile, which is so for creation, number and name; see `overlapping_pages` for the proof and the
cost. `limit` is from 2 and may be capped by the server; `offset` is always sent, as 0 at first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from comet_async.domino.data_sources import get_accessible_and_active_data_sources
from comet_async.domino.data_sources_answers import DataSource, DataSourcesPage
from comet_async.domino.datasets import get_datasets, get_datasets_v2
from comet_async.domino.datasets_answers import (
    DatasetDetails,
    DatasetsPage,
    DatasetsPageV2,
    DatasetWithProject,
    SnapshotDetails,
    SnapshotsPage,
)
from comet_async.domino.environments import get_environments
from comet_async.domino.environments_answers import Environment, EnvironmentsPage
from comet_async.domino.hardware_tiers import get_all_hardware_tiers
from comet_async.domino.hardware_tiers_answers import HardwareTier, HardwareTiersPage
from comet_async.domino.jobs import get_jobs
from comet_async.domino.jobs_answers import Job, JobsPage
from comet_async.domino.organizations import (
    Organization,
    OrganizationsPage,
    get_all_orgs,
    get_user_orgs,
)
from comet_async.domino.paged import LIMIT, by_offset
from comet_async.domino.project_details import get_imported_repos
from comet_async.domino.projects import get_projects
from comet_async.domino.projects_answers import (
    Project,
    ProjectGitRepositoriesPage,
    ProjectGitRepository,
    ProjectsPage,
)
from comet_async.domino.snapshots import get_dataset_snapshots
from comet_async.domino.users import User, UsersPage, get_visible_users
from comet_async.paging import Paged

__all__ = [
    "paged_all_orgs",
    "paged_data_sources",
    "paged_dataset_snapshots",
    "paged_datasets",
    "paged_datasets_v2",
    "paged_environments",
    "paged_hardware_tiers",
    "paged_imported_repos",
    "paged_jobs",
    "paged_projects",
    "paged_user_orgs",
    "paged_visible_users",
]


def paged_jobs(
    project_id: str,
    *,
    show_archived: bool | None = None,
    status_filter: str | None = None,
    tag_filter: str | None = None,
    limit: int = LIMIT,
) -> Paged[JobsPage, Job]:
    """Return the listing of all jobs of a project, by number upwards.

    A job that changes state while it is read may leave or enter a listing by state, as if it were
    removed or added.

    Args:
        project_id: Id of the project.
        show_archived: Whether archived ones come too; default false.
        status_filter: State of the jobs, as for `get_jobs`; default "all".
        tag_filter: Exact name of a tag.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Jobs.
    """
    first = get_jobs(
        project_id,
        offset=0,
        limit=limit,
        show_archived=show_archived,
        status_filter=status_filter,
        tag_filter=tag_filter,
        sort_by="number",
        ascending=True,
    )
    return by_offset(first, lambda page: page.jobs, lambda row: row.id)


def paged_projects(
    *,
    limit: int = LIMIT,
) -> Paged[ProjectsPage, Project]:
    """Return the listing of all projects that the caller may see.

    Args:
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Projects.
    """
    first = get_projects(
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.projects, lambda row: row.id)


def paged_imported_repos(
    project_id: str,
    *,
    limit: int = LIMIT,
) -> Paged[ProjectGitRepositoriesPage, ProjectGitRepository]:
    """Return the listing of all repositories imported by a project.

    Args:
        project_id: Id of the project.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Projects.
    """
    first = get_imported_repos(
        project_id,
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.repositories, lambda row: row.id)


def paged_datasets(
    *,
    project_id: str | None = None,
    limit: int = LIMIT,
) -> Paged[DatasetsPage, DatasetDetails]:
    """Return the listing of all datasets.

    Args:
        project_id: Id of the project; default all.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, DatasetRw.
    """
    first = get_datasets(
        offset=0,
        limit=limit,
        project_id=project_id,
    )
    return by_offset(first, lambda page: page.datasets, lambda row: row.id)


def paged_datasets_v2(
    *,
    minimum_permission: str | None = None,
    project_ids_to_exclude: Sequence[str] | None = None,
    project_ids_to_include: Sequence[str] | None = None,
    include_project_info: bool | None = None,
    include_archived_projects: bool | None = None,
    limit: int = LIMIT,
) -> Paged[DatasetsPageV2, DatasetWithProject]:
    """Return the listing of datasets by permission and project.

    Args:
        minimum_permission: Least permission that the caller must hold.
        project_ids_to_exclude: No datasets of these projects.
        project_ids_to_include: Only datasets of these projects; a server may send more.
        include_project_info: Whether each row tells its project.
        include_archived_projects: Whether archived projects count; since 6.3.0.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, DatasetRw.
    """
    first = get_datasets_v2(
        offset=0,
        limit=limit,
        minimum_permission=minimum_permission,
        project_ids_to_exclude=project_ids_to_exclude,
        project_ids_to_include=project_ids_to_include,
        include_project_info=include_project_info,
        include_archived_projects=include_archived_projects,
    )
    return by_offset(first, lambda page: page.datasets, _identity)


def paged_dataset_snapshots(
    dataset_id: str,
    *,
    limit: int = LIMIT,
) -> Paged[SnapshotsPage, SnapshotDetails]:
    """Return the listing of all snapshots of a dataset.

    Args:
        dataset_id: Id of the dataset.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, DatasetRw.
    """
    first = get_dataset_snapshots(
        dataset_id,
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.snapshots, lambda row: row.id)


def paged_data_sources(
    *,
    data_source_names: Sequence[str] | None = None,
    limit: int = LIMIT,
) -> Paged[DataSourcesPage, DataSource]:
    """Return the listing of the active data sources that the caller may use.

    Args:
        data_source_names: Only those of these names.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, DataSource.
    """
    first = get_accessible_and_active_data_sources(
        offset=0,
        limit=limit,
        data_source_names=data_source_names,
    )
    return by_offset(first, lambda page: page.data_sources, lambda row: row.id)


def paged_environments(
    *,
    limit: int = LIMIT,
) -> Paged[EnvironmentsPage, Environment]:
    """Return the listing of all environments that the caller may see.

    Args:
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Environments.
    """
    first = get_environments(
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.environments, lambda row: row.id)


def paged_hardware_tiers(
    *,
    include_archived: bool | None = None,
    limit: int = LIMIT,
) -> Paged[HardwareTiersPage, HardwareTier]:
    """Return the listing of all hardware tiers.

    Args:
        include_archived: Whether archived ones come too.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, HardwareTiers.
    """
    first = get_all_hardware_tiers(
        offset=0,
        limit=limit,
        include_archived=include_archived,
    )
    return by_offset(first, lambda page: page.hardware_tiers, lambda row: row.id)


def paged_user_orgs(
    *,
    name_filter: str | None = None,
    limit: int = LIMIT,
) -> Paged[OrganizationsPage, Organization]:
    """Return the listing of the organizations of the caller.

    Args:
        name_filter: Exact name.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Organizations.
    """
    first = get_user_orgs(
        offset=0,
        limit=limit,
        name_filter=name_filter,
    )
    return by_offset(first, lambda page: page.orgs, lambda row: row.id)


def paged_all_orgs(
    *,
    name_filter: str | None = None,
    limit: int = LIMIT,
) -> Paged[OrganizationsPage, Organization]:
    """Return the listing of all organizations.

    Args:
        name_filter: Name to look for.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Organizations.
    """
    first = get_all_orgs(
        offset=0,
        limit=limit,
        name_filter=name_filter,
    )
    return by_offset(first, lambda page: page.orgs, lambda row: row.id)


def paged_visible_users(
    *,
    limit: int = LIMIT,
) -> Paged[UsersPage, User]:
    """Return the listing of all users that the caller may see.

    Args:
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, Users.
    """
    first = get_visible_users(
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.users, lambda row: row.id)


def _identity(row: DatasetWithProject) -> Hashable:
    return repr(row) if row.dataset is None else row.dataset.id
