"""Snapshots of datasets."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.building import listed
from comet_async.domino.common import read, write
from comet_async.domino.datasets_answers import SnapshotEnvelope, SnapshotsPage
from comet_async.request import Effect, Request

__all__ = ["create_snapshot", "get_dataset_snapshots", "get_snapshot"]


def get_dataset_snapshots(
    dataset_id: str, *, offset: int | None = None, limit: int | None = None
) -> Request[SnapshotsPage]:
    """Return the snapshots of a dataset.

    Needs the permission dataset:List.

    Args:
        dataset_id: Id of the dataset.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v1/datasets/{datasetId}/snapshots",
        SnapshotsPage,
        path_params={"datasetId": dataset_id},
        query={"offset": offset, "limit": limit},
    )


def create_snapshot(
    dataset_id: str, relative_file_paths: Sequence[str]
) -> Request[SnapshotEnvelope]:
    """Take a snapshot of a dataset.

    Appends: it is not repeated where the server may have acted.

    Needs the permission dataset:Read. Needs access to the project.

    Args:
        dataset_id: Id of the dataset.
        relative_file_paths: Paths to include.

    Returns:
        The snapshot, pending; poll it until it is active or failed.

    Source: Domino REST API, DatasetRw.
    """
    path = "/api/datasetrw/v1/datasets/{datasetId}/snapshots"
    return write(
        "POST",
        path,
        SnapshotEnvelope,
        Effect.APPEND,
        path_params={"datasetId": dataset_id},
        json={"relativeFilePaths": listed(path, "relativeFilePaths", relative_file_paths, least=0)},
    )


def get_snapshot(snapshot_id: str) -> Request[SnapshotEnvelope]:
    """Return one snapshot.

    Needs the permission dataset:List.

    Args:
        snapshot_id: Id of the snapshot.

    Returns:
        One snapshot; a new one is usable once its status is active.

    Source: Domino REST API, DatasetRw.
    """
    return read(
        "/api/datasetrw/v1/snapshots/{snapshotId}",
        SnapshotEnvelope,
        path_params={"snapshotId": snapshot_id},
    )
