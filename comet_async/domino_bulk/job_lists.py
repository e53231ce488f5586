"""All jobs of many projects, page by page, with filters that the server lacks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import msgspec

from comet_async import domino
from comet_async.domino import Job, JobDetails
from comet_async.engine.fan_out import Outcome, fan_out
from comet_async.engine.session import Session
from comet_async.errors import CometAsyncError, UsageError

__all__ = ["JobFilter", "ListedJob", "list_jobs"]

_CONCURRENCY = 8


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are wanted; what is None asks nothing.

    Attributes:
        state: State as the server groups them: "queued", "running", "completed", "archived",
            "active".
        tag: Exact name of a tag.
        execution_statuses: How the run stands, in any casing, as "Failed".
        started_by: Ids of the users who started it.
        submitted_from: Earliest time of submission, with a zone.
        submitted_before: End of the times of submission, itself excluded, with a zone.
        archived: Whether archived ones come too.
    """

    state: str | None = None
    tag: str | None = None
    execution_statuses: Collection[str] | None = None
    started_by: Collection[str] | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    archived: bool | None = None

    def __post_init__(self) -> None:
        for moment in (self.submitted_from, self.submitted_before):
            if moment is not None and moment.tzinfo is None:
                raise UsageError("times of a filter need a zone, as datetime.now(UTC) has")

    def takes(self, job: Job) -> bool:
        """Tell whether a job is wanted, by what the server does not filter by."""
        status = "" if job.status is None else job.status.execution_status or ""
        wanted = self.execution_statuses
        if wanted is not None and status.casefold() not in {text.casefold() for text in wanted}:
            return False
        if self.started_by is not None and job.started_by_id not in self.started_by:
            return False
        return self._in_time(job)

    def _in_time(self, job: Job) -> bool:
        if self.submitted_from is None and self.submitted_before is None:
            return True
        told = None if job.stage_times is None else job.stage_times.submission_time
        try:
            when = datetime.fromisoformat(told or "")
        except ValueError:
            return False
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        early = self.submitted_from is not None and when < self.submitted_from
        late = self.submitted_before is not None and when >= self.submitted_before
        return not early and not late


class ListedJob(msgspec.Struct, frozen=True):
    """A job of a listing.

    Attributes:
        project_id: The project that it was listed by.
        job: The job as listings have it.
        details: The job in full, where that was asked for: with tags, goals and comments.
    """

    project_id: str
    job: Job
    details: JobDetails | None = None


@asynccontextmanager
async def list_jobs(
    session: Session,
    project_ids: Iterable[str],
    *,
    only: JobFilter | None = None,
    details: bool = False,
    concurrency: int = _CONCURRENCY,
) -> AsyncGenerator[AsyncIterator[Outcome[str, ListedJob]]]:
    """Give the jobs of projects, one project after the other, each by number upwards.

    Details are fetched many at once, and ahead of the reader by no more than are under way.

    Args:
        session: An open session with the Domino service.
        project_ids: Ids, drawn as they are needed; each counts once.
        only: Which jobs.
        details: Whether to fetch each job in full, with a request for each.
        concurrency: Details under way at once, from 1.

    Returns:
        A context manager around an asynchronous iterator of `Ok(job id, listed job)` and
        `Failed(id, error)`: of a job whose details failed, or of a project whose listing did.

    Raises:
        UsageError: `project_ids` is a single text, or an argument is out of range.

    Source: Domino REST API, Jobs.
    """
    if isinstance(project_ids, str):
        raise UsageError("list_jobs needs a list of projects; put a single one into [...]")

    async def work(found: ListedJob | CometAsyncError) -> ListedJob:
        if isinstance(found, CometAsyncError):
            raise found
        if not details:
            return found
        answer = await session.send(domino.get_job_details(found.job.id))
        return msgspec.structs.replace(found, details=answer.job)

    wanted = only or JobFilter()
    async with (
        aclosing(_listed(session, project_ids, wanted)) as pairs,
        fan_out(work, pairs, concurrency=concurrency, ordered=True) as outcomes,
    ):
        yield outcomes


async def _listed(
    session: Session, project_ids: Iterable[str], only: JobFilter
) -> AsyncGenerator[tuple[str, ListedJob | CometAsyncError]]:
    for project_id in dict.fromkeys(project_ids):
        paged = domino.paged_jobs(
            project_id,
            show_archived=only.archived,
            status_filter=only.state,
            tag_filter=only.tag,
        )
        try:
            async for job in session.items(paged):
                if only.takes(job):
                    yield job.id, ListedJob(project_id, job)
        except CometAsyncError as error:
            yield project_id, error
