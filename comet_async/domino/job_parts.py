"""What a job is made of."""

from __future__ import annotations

import msgspec

from comet_async.wire import Flat

__all__ = [
    "CommitDetails",
    "DatasetMount",
    "DominoStat",
    "ExternalVolumeMount",
    "JobStatus",
    "JobUsage",
    "MountedProject",
    "QueuedJobStatusDetails",
    "StageTimes",
    "Tag",
    "has_ended",
]

_ENDS = frozenset({"succeeded", "failed", "stopped", "error"})


class CommitDetails(Flat, frozen=True, kw_only=True):
    """Commits of the project's files before and after a run.

    Attributes:
        input_commit_id: Commit when the run began.
        output_commit_id: Commit when the run ended; None if nothing changed.

    Wire model: CommitDetailsV1.
    """

    input_commit_id: str | None = None
    output_commit_id: str | None = None


class DatasetMount(Flat, frozen=True, kw_only=True):
    """A dataset in a run.

    Attributes:
        container_path: Mount path inside the run.
        dataset_name: Name of the dataset.
        id: Id of the dataset.
        is_input: True where the run reads it, false where the run produces it.
        project_id: Id of its project.
        snapshot_id: Snapshot mounted.
        snapshot_version: Snapshot number.

    Wire model: DatasetMountV1.
    """

    id: str
    container_path: str | None = None
    dataset_name: str | None = None
    is_input: bool | None = None
    project_id: str | None = None
    snapshot_id: str | None = None
    snapshot_version: int | None = None


class DominoStat(Flat, frozen=True, kw_only=True):
    """One statistic of a run.

    Attributes:
        name: Its name.
        value: Its value, as text.

    Wire model: DominoStatsV1.
    """

    name: str | None = None
    value: str | None = None


class ExternalVolumeMount(Flat, frozen=True, kw_only=True):
    """An external volume in a run.

    Attributes:
        mount_path: Mount path.
        name: Name of the volume.
        read_only: Whether it is mounted read-only.
        sub_path: Path inside the volume; None for the whole volume.

    Wire model: ExternalVolumeMountV1.
    """

    mount_path: str | None = None
    name: str | None = None
    read_only: bool | None = None
    sub_path: str | None = None


class MountedProject(Flat, frozen=True, kw_only=True):
    """A project in a run.

    Attributes:
        commit_id: Id of the commit.
        project_id: Id of its project.

    Wire model: MountedProjectV1.
    """

    commit_id: str | None = None
    project_id: str | None = None


class QueuedJobStatusDetails(Flat, frozen=True, kw_only=True):
    """Why a job waits.

    Attributes:
        expected_wait: Expected wait.
        explanation: Reason for the wait.
        help_text: What happens next.

    Wire model: QueuedJobStatusDetailsV1.
    """

    expected_wait: str | None = None
    explanation: str | None = None
    help_text: str | None = None


class StageTimes(Flat, frozen=True, kw_only=True):
    """When a job reached its stages, RFC 3339 texts.

    Attributes:
        completed_time: When it ended, an RFC 3339 text.
        start_time: When it began, an RFC 3339 text.
        submission_time: When it was submitted, an RFC 3339 text.

    Wire model: StageTimesV1.
    """

    completed_time: str | None = None
    start_time: str | None = None
    submission_time: str | None = None


class JobStatus(Flat, frozen=True, kw_only=True):
    """How a job stands; completed is not succeeded.

    Attributes:
        execution_status: How the run stands: seen are "Succeeded", "Failed", "Stopped" and "Error".
        is_archived: Whether it is archived.
        is_completed: Whether the run has ended; look at `execution_status` for how.
        is_scheduled: Whether a schedule started it.

    Wire model: JobStatusV1.
    """

    execution_status: str | None = None
    is_archived: bool | None = None
    is_completed: bool | None = None
    is_scheduled: bool | None = None


def has_ended(status: JobStatus | None) -> bool:
    """Tell whether a job is over, with success or without; one that tells nothing is not.

    >>> has_ended(JobStatus(execution_status="Failed")), has_ended(None)
    (True, False)
    """
    if status is None:
        return False
    return status.is_completed is True or (status.execution_status or "").casefold() in _ENDS


class Tag(Flat, frozen=True, kw_only=True):
    """A tag of a job.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        creator_id: Id of the user who created it.
        id: Its id.
        name: Its name.

    Wire model: TagV1.
    """

    id: str
    created_at: str | None = None
    creator_id: str | None = None
    name: str | None = None


class JobUsage(Flat, frozen=True, kw_only=True):
    """Most that a job used.

    Attributes:
        cpu_percentage: Peak CPU use in percent of what is available.
        memory_gib: Peak memory use in GiB.

    Wire model: JobUsageV1.
    """

    cpu_percentage: float | None = None
    memory_gib: float | None = msgspec.field(default=None, name="memoryGiB")
