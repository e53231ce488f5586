"""What requests on jobs send and receive."""

from __future__ import annotations

from comet_async.domino.clusters import ComputeClusterConfig
from comet_async.domino.git import GitRef, MountedGitRepo
from comet_async.domino.job_parts import (
    CommitDetails,
    DatasetMount,
    DominoStat,
    ExternalVolumeMount,
    JobStatus,
    JobUsage,
    MountedProject,
    QueuedJobStatusDetails,
    StageTimes,
    Tag,
)
from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.wire import Body, Flat, NullableList, Wire, no_items

__all__ = [
    "Job",
    "JobDetails",
    "JobEnvelope",
    "JobsPage",
    "LinkedGoal",
    "LinkedGoalEnvelope",
    "LinkedGoalsEnvelope",
    "NewJob",
    "TagEnvelope",
]


class LinkedGoal(Flat, frozen=True, kw_only=True):
    """A goal and the job that is linked to it.

    Attributes:
        current_stage: Stage that it is in.
        description: Free text.
        goal_id: Id of the goal.
        job_id: Id of the job.
        project_id: Id of its project.
        title: Its title.

    Wire model: LinkedGoalV1.
    """

    current_stage: str | None = None
    description: str | None = None
    goal_id: str | None = None
    job_id: str | None = None
    project_id: str | None = None
    title: str | None = None


class LinkedGoalEnvelope(Flat, frozen=True, kw_only=True):
    """A goal that a job was linked to.

    Attributes:
        goal: The goal.
        metadata: Request id and notices.

    Wire model: GoalEnvelopeV1.
    """

    goal: LinkedGoal
    metadata: RequestMetadata | None = None


class JobDetails(Wire, frozen=True, kw_only=True):
    """A job in full; only this form has tags, goals and the number of comments.

    Attributes:
        comments_count: Number of comments.
        commit_details: Commits before and after.
        compute_cluster: The cluster, if any.
        dataset_mounts: One entry for each mounted dataset.
        domino_stats: One entry for each statistic.
        external_volume_mounts: One entry for each mounted volume.
        git_repos: One entry for each mounted repository.
        goal_ids: Ids of the linked goals.
        id: Its id.
        main_repo_git_ref: Reference of the main repository, in git-based projects.
        number: Sequence number.
        projects: One entry for each mounted project.
        queued_job_status_details: Why it waits.
        run_command: Command line.
        run_launcher_id: Id of the launcher, if one was used.
        stage_times: When it was submitted, began and ended.
        started_by_id: Id of the user who started it.
        status: How it stands.
        tags: One entry for each tag.
        title: Its title.
        usage: Peak resource use.

    Wire model: JobDetailsV1.
    """

    id: str
    comments_count: int | None = None
    commit_details: CommitDetails | None = None
    compute_cluster: ComputeClusterConfig | None = None
    dataset_mounts: NullableList[DatasetMount] = no_items()
    domino_stats: NullableList[DominoStat] = no_items()
    external_volume_mounts: NullableList[ExternalVolumeMount] = no_items()
    git_repos: NullableList[MountedGitRepo] = no_items()
    goal_ids: NullableList[str] = no_items()
    main_repo_git_ref: GitRef | None = None
    number: int | None = None
    projects: NullableList[MountedProject] = no_items()
    queued_job_status_details: QueuedJobStatusDetails | None = None
    run_command: str | None = None
    run_launcher_id: str | None = None
    stage_times: StageTimes | None = None
    started_by_id: str | None = None
    status: JobStatus | None = None
    tags: NullableList[Tag] = no_items()
    title: str | None = None
    usage: JobUsage | None = None


class JobEnvelope(Flat, frozen=True, kw_only=True):
    """A job, as single answers have it.

    Attributes:
        job: The job.
        metadata: Request id and notices.

    Wire model: JobEnvelopeV1.
    """

    job: JobDetails
    metadata: RequestMetadata | None = None


class Job(Wire, frozen=True, kw_only=True):
    """A job in a listing.

    Attributes:
        commit_details: Commits before and after.
        compute_cluster: The cluster, if any.
        dataset_mounts: One entry for each mounted dataset.
        domino_stats: One entry for each statistic.
        external_volume_mounts: One entry for each mounted volume.
        git_repos: One entry for each mounted repository.
        id: Its id.
        main_repo_git_ref: Reference of the main repository, in git-based projects.
        number: Sequence number.
        projects: One entry for each mounted project.
        run_command: Command line.
        run_launcher_id: Id of the launcher, if one was used.
        stage_times: When it was submitted, began and ended.
        started_by_id: Id of the user who started it.
        status: How it stands.
        title: Its title.
        usage: Peak resource use.

    Wire model: JobV1.
    """

    id: str
    commit_details: CommitDetails | None = None
    compute_cluster: ComputeClusterConfig | None = None
    dataset_mounts: NullableList[DatasetMount] = no_items()
    domino_stats: NullableList[DominoStat] = no_items()
    external_volume_mounts: NullableList[ExternalVolumeMount] = no_items()
    git_repos: NullableList[MountedGitRepo] = no_items()
    main_repo_git_ref: GitRef | None = None
    number: int | None = None
    projects: NullableList[MountedProject] = no_items()
    run_command: str | None = None
    run_launcher_id: str | None = None
    stage_times: StageTimes | None = None
    started_by_id: str | None = None
    status: JobStatus | None = None
    title: str | None = None
    usage: JobUsage | None = None


class NewJob(Body, frozen=True, kw_only=True):
    """A job to start.

    Attributes:
        commit_id: Commit of the project's own files, default the head; git-based projects take
            `main_repo_git_ref`.
        compute_cluster: The cluster, if any.
        environment_id: Id of the environment, default the project's.
        environment_revision_spec: Which revision of it: "ActiveRevision", "LatestRevision" or
            "SomeRevision(ID)".
        external_volume_mount_ids: Ids of external volumes.
        hardware_tier: Id of the hardware tier, default the project's.
        main_repo_git_ref: Reference of the main repository, in git-based projects.
        project_id: Id of its project.
        run_command: Command line.
        snapshot_datasets_on_completion: Whether snapshots of the mounted datasets are taken at the
            end.
        title: Job title.

    Wire model: NewJobV1.
    """

    project_id: str
    run_command: str
    commit_id: str | None = None
    compute_cluster: ComputeClusterConfig | None = None
    environment_id: str | None = None
    environment_revision_spec: str | None = None
    external_volume_mount_ids: list[str] | None = None
    hardware_tier: str | None = None
    main_repo_git_ref: GitRef | None = None
    snapshot_datasets_on_completion: bool | None = None
    title: str | None = None


class LinkedGoalsEnvelope(Wire, frozen=True, kw_only=True):
    """Goals of a job; despite the model's name there are no pages.

    Attributes:
        goals: One entry for each goal.
        metadata: Request id and notices.

    Wire model: PaginatedGoalEnvelopeV1.
    """

    goals: NullableList[LinkedGoal]
    metadata: RequestMetadata | None = None


class JobsPage(Wire, frozen=True, kw_only=True):
    """One page of jobs.

    Attributes:
        jobs: One entry for each job.
        metadata: Request id and notices.

    Wire model: PaginatedJobEnvelopeV1.
    """

    jobs: NullableList[Job]
    metadata: PageMetadata | None = None


class TagEnvelope(Flat, frozen=True, kw_only=True):
    """A tag, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        tag: The tag.

    Wire model: TagEnvelopeV1.
    """

    tag: Tag
    metadata: RequestMetadata | None = None
