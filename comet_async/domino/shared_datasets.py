"""Datasets that are shared with a project."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.metadata import DeleteEnvelope, RequestMetadata
from comet_async.request import Effect, Request
from comet_async.wire import Flat, NullableList, Wire, no_items

__all__ = [
    "SharedDatasets",
    "SharedDatasetsEnvelope",
    "link_project_to_dataset",
    "list_project_shared_datasets",
    "unlink_dataset_from_project",
]


class SharedDatasets(Wire, frozen=True, kw_only=True):
    """Datasets that are shared with a project.

    Attributes:
        project_id: Id of its project.
        shared_dataset_ids: Ids of shared datasets.

    Wire model: SharedDatasetRwEntryV1.
    """

    project_id: str | None = None
    shared_dataset_ids: NullableList[str] = no_items()


class SharedDatasetsEnvelope(Flat, frozen=True, kw_only=True):
    """Shared datasets, as single answers have them.

    Attributes:
        dataset: The dataset.
        metadata: Request id and notices.

    Wire model: SharedDatasetsEnvelopeV1.
    """

    dataset: SharedDatasets
    metadata: RequestMetadata | None = None


def list_project_shared_datasets(project_id: str) -> Request[SharedDatasetsEnvelope]:
    """Return the datasets that are shared with a project.

    Needs the permission GetDatasetsRw.

    Args:
        project_id: Id of the project.

    Returns:
        One object.

    Source: Domino REST API, ProjectSharedDatasets.
    """
    return read(
        "/api/projects/v1/projects/{projectId}/shared-datasets",
        SharedDatasetsEnvelope,
        path_params={"projectId": project_id},
    )


def link_project_to_dataset(project_id: str, dataset_id: str) -> Request[SharedDatasetsEnvelope]:
    """Share a dataset with a project.

    Appends: it is not repeated where the server may have acted.

    Needs the permissions ManageDatasetsRw, UseFileStorage.

    Args:
        project_id: Id of the project.
        dataset_id: Id of the dataset.

    Returns:
        The object as it is now.

    Source: Domino REST API, ProjectSharedDatasets.
    """
    return write(
        "POST",
        "/api/projects/v1/projects/{projectId}/shared-datasets",
        SharedDatasetsEnvelope,
        Effect.APPEND,
        path_params={"projectId": project_id},
        json={"datasetId": dataset_id},
    )


def unlink_dataset_from_project(project_id: str, dataset_id: str) -> Request[DeleteEnvelope]:
    """Stop sharing a dataset with a project.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permissions ManageDatasetsRw, UseFileStorage.

    Args:
        project_id: Id of the project.
        dataset_id: Id of the dataset.

    Returns:
        Whether it worked.

    Source: Domino REST API, ProjectSharedDatasets.
    """
    return write(
        "DELETE",
        "/api/projects/v1/projects/{projectId}/shared-datasets/{datasetId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id, "datasetId": dataset_id},
    )
