"""Datasets, their grants, tags and snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.domino.common import read, write
from comet_async.domino.datasets_answers import (
    DatasetEnvelope,
    DatasetGrantDetailsEnvelope,
    DatasetGrantEnvelope,
    DatasetsPage,
    DatasetsPageV2,
    NewDataset,
)
from comet_async.request import Effect, Request

__all__ = [
    "add_dataset_grant",
    "add_dataset_tag",
    "create_dataset",
    "delete_dataset",
    "get_dataset",
    "get_dataset_grants",
    "get_datasets",
    "get_datasets_v2",
    "remove_dataset_grant",
    "remove_dataset_tag",
    "update_dataset",
]


def get_datasets(
    *, project_id: str | None = None, offset: int | None = None, limit: int | None = None
) -> Request[DatasetsPage]:
    """Return datasets that the caller can see.

    Deprecated.

    Args:
        project_id: Id of the project.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v1/datasets",
        DatasetsPage,
        query={"projectId": project_id, "offset": offset, "limit": limit},
    )


def create_dataset(dataset: NewDataset) -> Request[DatasetEnvelope]:
    """Create a dataset.

    Appends: it is not repeated where the server may have acted.

    Needs access to the project.

    Args:
        dataset: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "POST",
        "/api/datasetrw/v1/datasets",
        DatasetEnvelope,
        Effect.APPEND,
        json=dataset,
        may_be_empty=("description",),
    )


def get_dataset(dataset_id: str) -> Request[DatasetEnvelope]:
    """Return one dataset.

    Needs the permission dataset:List.

    Args:
        dataset_id: Id of the dataset.

    Returns:
        One object.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v1/datasets/{datasetId}",
        DatasetEnvelope,
        path_params={"datasetId": dataset_id},
    )


def update_dataset(
    dataset_id: str, *, description: str | None = None, name: str | None = None
) -> Request[DatasetEnvelope]:
    """Change name or description of a dataset.

    Idempotent.

    Needs the permission dataset:Update.

    Args:
        dataset_id: Id of the dataset.
        description: Free text.
        name: New name, unique within the project.

    Returns:
        The object as it is now.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "PATCH",
        "/api/datasetrw/v1/datasets/{datasetId}",
        DatasetEnvelope,
        Effect.IDEMPOTENT,
        path_params={"datasetId": dataset_id},
        json={"description": description, "name": name},
        may_be_empty=("description",),
    )


def delete_dataset(dataset_id: str) -> Request[DatasetEnvelope]:
    """Delete a dataset for good.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission dataset:PermanentDelete.

    Args:
        dataset_id: Id of the dataset.

    Returns:
        What was removed.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "DELETE",
        "/api/datasetrw/v1/datasets/{datasetId}",
        DatasetEnvelope,
        Effect.IDEMPOTENT,
        path_params={"datasetId": dataset_id},
    )


def get_dataset_grants(dataset_id: str) -> Request[DatasetGrantDetailsEnvelope]:
    """Return who may do what with a dataset.

    Needs the permission dataset:List.

    Args:
        dataset_id: Id of the dataset.

    Returns:
        All grants, unpaged.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v1/datasets/{datasetId}/grants",
        DatasetGrantDetailsEnvelope,
        path_params={"datasetId": dataset_id},
    )


def add_dataset_grant(
    dataset_id: str, target_id: str, target_role: str
) -> Request[DatasetGrantEnvelope]:
    """Grant a role on a dataset.

    Appends: it is not repeated where the server may have acted.

    Needs the permission dataset:EditSecurity.

    Args:
        dataset_id: Id of the dataset.
        target_id: Id of the grantee.
        target_role: Role that is granted: "DatasetRwOwner", "DatasetRwEditor", "DatasetRwReader".

    Returns:
        The object as it is now.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "POST",
        "/api/datasetrw/v1/datasets/{datasetId}/grants",
        DatasetGrantEnvelope,
        Effect.APPEND,
        path_params={"datasetId": dataset_id},
        json={"targetId": target_id, "targetRole": target_role},
    )


def remove_dataset_grant(
    dataset_id: str, target_id: str, target_role: str
) -> Request[DatasetGrantEnvelope]:
    """Take a role on a dataset back.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    A DELETE that has a body.

    Needs the permission dataset:EditSecurity.

    Args:
        dataset_id: Id of the dataset.
        target_id: Id of the grantee.
        target_role: Role that is granted: "DatasetRwOwner", "DatasetRwEditor", "DatasetRwReader".

    Returns:
        What was removed.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "DELETE",
        "/api/datasetrw/v1/datasets/{datasetId}/grants",
        DatasetGrantEnvelope,
        Effect.IDEMPOTENT,
        path_params={"datasetId": dataset_id},
        json={"targetId": target_id, "targetRole": target_role},
    )


def add_dataset_tag(dataset_id: str, snapshot_id: str, tag_name: str) -> Request[DatasetEnvelope]:
    """Point a tag of a dataset at a snapshot.

    Idempotent.

    Needs the permission dataset:Update.

    Args:
        dataset_id: Id of the dataset.
        snapshot_id: Id of the snapshot.
        tag_name: Name of the tag.

    Returns:
        The object as it is now.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "POST",
        "/api/datasetrw/v1/datasets/{datasetId}/tags",
        DatasetEnvelope,
        Effect.IDEMPOTENT,
        path_params={"datasetId": dataset_id},
        json={"snapshotId": snapshot_id, "tagName": tag_name},
    )


def remove_dataset_tag(dataset_id: str, tag_name: str) -> Request[DatasetEnvelope]:
    """Remove a tag of a dataset.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission dataset:Update.

    Args:
        dataset_id: Id of the dataset.
        tag_name: Name of the tag.

    Returns:
        What was removed.

    Source: Domino REST API, DatasetRw.
    """
    return write(
        "DELETE",
        "/api/datasetrw/v1/datasets/{datasetId}/tags/{tagName}",
        DatasetEnvelope,
        Effect.IDEMPOTENT,
        path_params={"datasetId": dataset_id, "tagName": tag_name},
    )


def get_datasets_v2(
    *,
    minimum_permission: str | None = None,
    project_ids_to_exclude: Sequence[str] | None = None,
    project_ids_to_include: Sequence[str] | None = None,
    include_project_info: bool | None = None,
    offset: int | None = None,
    limit: int | None = None,
    include_archived_projects: bool | None = None,
) -> Request[DatasetsPageV2]:
    """Return datasets by permission and project.

    Servers ignore `projectId` here, so there is no such argument; keep only the rows of the
    projects that you asked for, for a server may send more.

    Args:
        minimum_permission: Least permission that the caller must hold, a `DatasetPermission`.
        project_ids_to_exclude: No datasets of these projects.
        project_ids_to_include: Only datasets of these projects; excludes `project_ids_to_exclude`.
        include_project_info: Whether each row tells its project.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        include_archived_projects: Whether archived projects count; since 6.3.0.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v2/datasets",
        DatasetsPageV2,
        query={
            "minimumPermission": minimum_permission,
            "projectIdsToExclude": project_ids_to_exclude,
            "projectIdsToInclude": project_ids_to_include,
            "includeProjectInfo": include_project_info,
            "offset": offset,
            "limit": limit,
            "includeArchivedProjects": include_archived_projects,
        },
    )
