"""What requests on datasets send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.wire import (
    Body,
    Flat,
    NullableDict,
    NullableList,
    Open,
    Shared,
    Wire,
    no_items,
    no_members,
)

__all__ = [
    "DatasetDetails",
    "DatasetEnvelope",
    "DatasetGrant",
    "DatasetGrantDetails",
    "DatasetGrantDetailsEnvelope",
    "DatasetGrantEnvelope",
    "DatasetPermission",
    "DatasetProject",
    "DatasetRole",
    "DatasetWithProject",
    "DatasetsPage",
    "DatasetsPageV2",
    "NewDataset",
    "SnapshotDetails",
    "SnapshotEnvelope",
    "SnapshotStatus",
    "SnapshotsPage",
]


class DatasetDetails(Wire, frozen=True, kw_only=True):
    """A dataset.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        description: Free text.
        id: Its id.
        name: Its name.
        project_id: Id of its project.
        snapshot_ids: Ids of snapshots.
        tags: Ids of snapshots by tag.

    Wire model: DatasetRwDetailsV1.
    """

    id: str
    created_at: str | None = None
    description: str | None = None
    name: str | None = None
    project_id: str | None = None
    snapshot_ids: NullableList[str] = no_items()
    tags: NullableDict[str | None] = no_members()


class DatasetEnvelope(Flat, frozen=True, kw_only=True):
    """A dataset, as single answers have it.

    Attributes:
        dataset: The dataset.
        metadata: Request id and notices.

    Wire model: DatasetRwEnvelopeV1.
    """

    dataset: DatasetDetails
    metadata: RequestMetadata | None = None


class DatasetRole(Open):
    """Roles on a dataset; an organization cannot be owner.

    Wire model: DatasetRwRoleV1.
    """

    DATASET_RW_OWNER = "DatasetRwOwner"
    DATASET_RW_EDITOR = "DatasetRwEditor"
    DATASET_RW_READER = "DatasetRwReader"


class DatasetGrantDetails(Flat, frozen=True, kw_only=True):
    """One grant on a dataset, with names.

    Attributes:
        is_organization: Whether the grantee is an organization.
        target_id: Id of the grantee.
        target_name: Name of the grantee.
        target_role: Role that is granted.

    Wire model: DatasetRwGrantDetailsV1.
    """

    is_organization: bool | None = None
    target_id: str | None = None
    target_name: str | None = None
    target_role: DatasetRole | None = None


class DatasetGrantDetailsEnvelope(Wire, frozen=True, kw_only=True):
    """Who may do what with a dataset.

    Attributes:
        grant_details: One entry for each grant.
        metadata: Request id and notices.

    Wire model: DatasetRwGrantDetailsEnvelopeV1.
    """

    grant_details: NullableList[DatasetGrantDetails]
    metadata: RequestMetadata | None = None


class DatasetGrant(Shared, frozen=True, kw_only=True):
    """A role on a dataset for a user or an organization.

    Attributes:
        target_id: Id of the grantee.
        target_role: Role that is granted.

    Wire model: DatasetRwGrantV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"target_id", "target_role"})

    target_id: str | None = None
    target_role: DatasetRole | None = None


class DatasetGrantEnvelope(Wire, frozen=True, kw_only=True):
    """Grants on a dataset after a change.

    Attributes:
        grants: One entry for each grant.
        metadata: Request id and notices.

    Wire model: DatasetRwGrantEnvelopeV1.
    """

    grants: NullableList[DatasetGrant]
    metadata: RequestMetadata | None = None


class DatasetProject(Flat, frozen=True, kw_only=True):
    """The project of a dataset.

    Attributes:
        project_id: Id of its project.
        project_name: Name of the project.
        project_owner_username: Name of the project's owner.

    Wire model: DatasetRwProjectInfoDtoV1.
    """

    project_id: str | None = None
    project_name: str | None = None
    project_owner_username: str | None = None


class DatasetWithProject(Flat, frozen=True, kw_only=True):
    """A dataset and its project.

    Attributes:
        dataset: The dataset.
        project_info: The project; None unless asked for.

    Wire model: DatasetRwInfoDtoV1.
    """

    dataset: DatasetDetails | None = None
    project_info: DatasetProject | None = None


class DatasetPermission(Open):
    """What may be done with a dataset.

    Wire model: DatasetRwPermissionV1.
    """

    DELETE_DATASET_RW_V2 = "DeleteDatasetRwV2"
    EDIT_SECURITY_DATASET_RW_V2 = "EditSecurityDatasetRwV2"
    LIST_DATASET_RW_V2 = "ListDatasetRwV2"
    PERFORM_DATASET_RW_ACTIONS_IN_PROJECT_V2 = "PerformDatasetRwActionsInProjectV2"
    PERMANENT_DELETE_DATASET_RW_V2 = "PermanentDeleteDatasetRwV2"
    READ_DATASET_RW_V2 = "ReadDatasetRwV2"
    UPDATE_DATASET_RW_V2 = "UpdateDatasetRwV2"
    PERFORM_DATASET_RW_ACTIONS_AS_ADMIN_V2 = "PerformDatasetRwActionsAsAdminV2"


class NewDataset(Body, frozen=True, kw_only=True):
    """A dataset to create, in a project or from a snapshot.

    Attributes:
        description: Free text.
        grants: Grants to begin with; ignored with `snapshot_id`.
        name: Unique within the project.
        project_id: Id of its project; give it or `snapshot_id`.
        snapshot_id: Id of the snapshot to start from; give it or `project_id`.

    Wire model: NewDatasetRwV1.
    """

    name: str
    description: str | None = None
    grants: list[DatasetGrant] | None = None
    project_id: str | None = None
    snapshot_id: str | None = None


class DatasetsPage(Wire, frozen=True, kw_only=True):
    """One page of datasets.

    Attributes:
        datasets: One entry for each dataset.
        metadata: Request id and notices.

    Wire model: PaginatedDatasetRwEnvelopeV1.
    """

    datasets: NullableList[DatasetDetails]
    metadata: PageMetadata | None = None


class DatasetsPageV2(Wire, frozen=True, kw_only=True):
    """One page of datasets, each with its project if asked for.

    Attributes:
        datasets: One entry for each dataset.
        metadata: Request id and notices.

    Wire model: PaginatedDatasetRwEnvelopeV2.
    """

    datasets: NullableList[DatasetWithProject]
    metadata: PageMetadata | None = None


class SnapshotStatus(Open):
    """How a snapshot stands."""

    ACTIVE = "active"
    MARK_FOR_DELETION = "markForDeletion"
    DELETION_IN_PROGRESS = "deletionInProgress"
    DELETED = "deleted"
    PENDING = "pending"
    FAILED = "failed"
    COPYING = "copying"


class SnapshotDetails(Flat, frozen=True, kw_only=True):
    """A snapshot of a dataset.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        creator_id: Id of the user who created it.
        dataset_id: Id of the dataset.
        description: Free text.
        id: Its id.
        last_mounted: Last mounted.
        status: Its state.

    Wire model: SnapshotDetailsV1.
    """

    id: str
    created_at: str | None = None
    creator_id: str | None = None
    dataset_id: str | None = None
    description: str | None = None
    last_mounted: str | None = None
    status: SnapshotStatus | None = None


class SnapshotsPage(Wire, frozen=True, kw_only=True):
    """One page of snapshots.

    Attributes:
        metadata: Request id and notices.
        snapshots: One entry for each snapshot.

    Wire model: PaginatedSnapshotEnvelopeV1.
    """

    snapshots: NullableList[SnapshotDetails]
    metadata: PageMetadata | None = None


class SnapshotEnvelope(Flat, frozen=True, kw_only=True):
    """A snapshot, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        snapshot: The snapshot.

    Wire model: SnapshotEnvelopeV1.
    """

    snapshot: SnapshotDetails
    metadata: RequestMetadata | None = None
