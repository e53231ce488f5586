"""Jobs: start, list, logs, tags and goals."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.job_logs import LogsEnvelope
from comet_async.domino.jobs_answers import (
    JobEnvelope,
    JobsPage,
    LinkedGoalEnvelope,
    LinkedGoalsEnvelope,
    NewJob,
    TagEnvelope,
)
from comet_async.domino.metadata import DeleteEnvelope
from comet_async.request import Effect, Request

__all__ = [
    "add_job_tag",
    "get_job_details",
    "get_job_logs",
    "get_jobs",
    "get_linked_goals_for_job",
    "link_job_to_goal",
    "remove_job_tag",
    "start_job",
    "unlink_job_from_goal",
]


def get_jobs(
    project_id: str,
    *,
    offset: int | None = None,
    limit: int | None = None,
    sort_by: str | None = None,
    domino_stats_sort_field_name: str | None = None,
    ascending: bool | None = None,
    show_archived: bool | None = None,
    status_filter: str | None = None,
    tag_filter: str | None = None,
) -> Request[JobsPage]:
    """Return the jobs of a project.

    Beta.

    Needs the permission ViewJobs.

    Args:
        project_id: Id of the project.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        sort_by: What to sort by. One of "number", "title", "command", "startedTime", "duration",
            "status", "user", "commentCount", "dominoStatsField"; default "number".
        domino_stats_sort_field_name: Statistic to sort by, with `sort_by` "dominoStatsField".
        ascending: Whether to sort upwards; default false.
        show_archived: Whether archived ones come too; default false.
        status_filter: State of the jobs. One of "all", "queued", "running", "completed",
            "archived", "active"; default "all".
        tag_filter: Exact name of a tag.

    Returns:
        One page. `sort_by` "number" with `ascending` stays stable while jobs are added; step by the
        rows received.

    Source: Domino REST API, Jobs.
    """
    return read(
        "/api/jobs/beta/jobs",
        JobsPage,
        query={
            "projectId": project_id,
            "offset": offset,
            "limit": limit,
            "sortBy": sort_by,
            "dominoStatsSortFieldName": domino_stats_sort_field_name,
            "ascending": ascending,
            "showArchived": show_archived,
            "statusFilter": status_filter,
            "tagFilter": tag_filter,
        },
    )


def get_job_details(job_id: str) -> Request[JobEnvelope]:
    """Return one job in full.

    Beta.

    Needs the permission ViewJobs.

    Args:
        job_id: Id of the job.

    Returns:
        One object.

    Source: Domino REST API, Jobs.
    """
    return read("/api/jobs/beta/jobs/{jobId}", JobEnvelope, path_params={"jobId": job_id})


def get_job_logs(
    job_id: str,
    *,
    log_type: str | None = None,
    limit: int | None = None,
    latest_time_nano: str | None = None,
) -> Request[LogsEnvelope]:
    """Return lines of a job's logs.

    Beta.

    The first call sends no `latest_time_nano`, each later one that of the answer before; a page
    without lines has none, so keep the old one. Lines may repeat where two pages meet.

    Needs the permission ViewJobs.

    Args:
        job_id: Id of the job.
        log_type: Stream, in any casing; default all of them. One of "stdOut", "stdErr",
            "prepareOutput", "complete".
        limit: Most lines of the answer, up to 10,000.
        latest_time_nano: Nanoseconds since 1970 UTC to read from, as text; none for the beginning.

    Returns:
        Up to 10,000 lines and the next cursor; done when `logs.is_complete` and no new line came.

    Source: Domino REST API, Jobs.
    """
    return read(
        "/api/jobs/beta/jobs/{jobId}/logs",
        LogsEnvelope,
        path_params={"jobId": job_id},
        query={"logType": log_type, "limit": limit, "latestTimeNano": latest_time_nano},
    )


def get_linked_goals_for_job(job_id: str) -> Request[LinkedGoalsEnvelope]:
    """Return the goals that a job is linked to.

    Needs the permission ViewJobs.

    Args:
        job_id: Id of the job.

    Returns:
        All goals, unpaged.

    Source: Domino REST API, Jobs.
    """
    return read("/api/jobs/v1/goals", LinkedGoalsEnvelope, query={"jobId": job_id})


def link_job_to_goal(
    job_id: str, goal_id: str, *, project_id: str | None = None
) -> Request[LinkedGoalEnvelope]:
    """Link a job to a goal.

    Appends: it is not repeated where the server may have acted.

    Needs the permissions ViewJobs, Edit.

    Args:
        job_id: Id of the job.
        goal_id: Id of the goal.
        project_id: Id of its project.

    Returns:
        The object as it is now.

    Source: Domino REST API, Jobs.
    """
    return write(
        "POST",
        "/api/jobs/v1/goals",
        LinkedGoalEnvelope,
        Effect.APPEND,
        query={"jobId": job_id},
        json={"goalId": goal_id, "projectId": project_id},
    )


def unlink_job_from_goal(
    goal_id: str, job_id: str, *, project_id: str | None = None
) -> Request[DeleteEnvelope]:
    """Unlink a job from a goal.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permissions ViewJobs, Edit.

    Args:
        goal_id: Id of the goal.
        job_id: Id of the job.
        project_id: Id of the project.

    Returns:
        Whether it worked.

    Source: Domino REST API, Jobs.
    """
    return write(
        "DELETE",
        "/api/jobs/v1/goals/{goalId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"goalId": goal_id},
        query={"jobId": job_id, "projectId": project_id},
    )


def start_job(job: NewJob) -> Request[JobEnvelope]:
    """Start a job.

    Appends: it is not repeated where the server may have acted.

    Needs the permissions StartJob, UseGlobalCompute.

    Args:
        job: What is wanted.

    Returns:
        The job as it was accepted.

    Source: Domino REST API, Jobs.
    """
    return write("POST", "/api/jobs/v1/jobs", JobEnvelope, Effect.APPEND, json=job)


def add_job_tag(job_id: str, project_id: str, tag_name: str) -> Request[TagEnvelope]:
    """Tag a job.

    Appends: it is not repeated where the server may have acted.

    Needs the permission ViewJobs.

    Args:
        job_id: Id of the job.
        project_id: Id of its project.
        tag_name: Name of the tag.

    Returns:
        The object as it is now.

    Source: Domino REST API, Jobs.
    """
    return write(
        "POST",
        "/api/jobs/v1/jobs/{jobId}/tags",
        TagEnvelope,
        Effect.APPEND,
        path_params={"jobId": job_id},
        json={"projectId": project_id, "tagName": tag_name},
    )


def remove_job_tag(job_id: str, tag_id: str, project_id: str) -> Request[DeleteEnvelope]:
    """Remove a tag from a job.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission ViewJobs.

    Args:
        job_id: Id of the job.
        tag_id: Id of the tag.
        project_id: Id of the project.

    Returns:
        Whether it worked.

    Source: Domino REST API, Jobs.
    """
    return write(
        "DELETE",
        "/api/jobs/v1/jobs/{jobId}/tags/{tagId}",
        DeleteEnvelope,
        Effect.IDEMPOTENT,
        path_params={"jobId": job_id, "tagId": tag_id},
        query={"projectId": project_id},
    )
