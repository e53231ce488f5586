"""Start jobs and wait for them; completed is not succeeded."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from comet_async import domino
from comet_async.domino import JobDetails, JobEnvelope, JobStatus, NewJob, has_ended
from comet_async.domino_bulk.waiting import Polling, poll
from comet_async.engine.session import Session
from comet_async.engine.threads import to_its_end
from comet_async.errors import CometAsyncError
from comet_async.redaction import printable, shortened
from comet_async.request import Request

__all__ = ["JobFailed", "JobStopped", "run_job", "wait_for_job"]

_SUCCEEDED = "succeeded"
_STOPPED = "stopped"
_STOP_SECONDS = 30.0


class JobFailed(CometAsyncError):
    """A job has ended without success.

    Args:
        job: The job as it ended.
    """

    remedy = "look at its logs"

    def __init__(self, job: JobDetails) -> None:
        status = "" if job.status is None else job.status.execution_status or ""
        told = f"as {shortened(printable(status), 40)!r}" if status else "and nothing tells how"
        number = "" if job.number is None else f" ({job.number})"
        super().__init__(f"the job {printable(job.id)}{number} ended {told}")
        self.job = job


class JobStopped(JobFailed):
    """A job was stopped by somebody."""

    remedy = "start it again"


def _word(status: JobStatus | None) -> str:
    return "" if status is None else (status.execution_status or "").casefold()


async def run_job(
    session: Session,
    job: NewJob,
    *,
    polling: Polling | None = None,
    progress: Callable[[JobDetails], None] | None = None,
    on_cancel: Callable[[JobDetails], Request[object]] | None = None,
) -> JobDetails:
    """Start a job, wait for it, and return it as it ended.

    It is started once: where no answer comes, and the server may have started it, `OutcomeUnknown`
    is raised.

    Args:
        session: An open session with the Domino service.
        job: What to start.
        polling: How patiently to wait.
        progress: Called with the job as it was accepted, and at each look.
        on_cancel: Request that is sent when the wait is cancelled, as to stop the job; its answer
            is waited for, 30 s at most, and failures of it are passed over. Without it the job
            goes on: the public API has no operation that stops a job.

    Raises:
        JobStopped: Somebody stopped it.
        JobFailed: It ended in any other way than with success.
        WaitedTooLong: The deadline has passed; the job goes on.
        OutcomeUnknown: Nobody knows whether it was started.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, Jobs.
    """
    started = (await session.send(domino.start_job(job))).job
    if progress is not None:
        progress(started)
    try:
        return await wait_for_job(session, started.id, polling=polling, progress=progress)
    except anyio.get_cancelled_exc_class():
        if on_cancel is not None:
            await to_its_end(_last_words(session, on_cancel(started)))
        raise


async def _last_words(session: Session, request: Request[object]) -> None:
    """Send a request whose fate changes nothing."""
    with anyio.move_on_after(_STOP_SECONDS, shield=True):
        try:
            await session.send(request)
        except CometAsyncError:
            return


async def wait_for_job(
    session: Session,
    job_id: str,
    *,
    polling: Polling | None = None,
    progress: Callable[[JobDetails], None] | None = None,
) -> JobDetails:
    """Wait for a job and return it as it ended: with success.

    Looks that fail in passing ways, as while the deployment restarts, do not end the wait.

    Args:
        session: An open session with the Domino service.
        job_id: Id of the job.
        polling: How patiently to wait.
        progress: Called with the job at each look.

    Raises:
        JobStopped: Somebody stopped it.
        JobFailed: It ended in any other way than with success.
        WaitedTooLong: The deadline has passed; the job goes on.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, Jobs.
    """

    def over(answer: JobEnvelope) -> bool:
        if progress is not None:
            progress(answer.job)
        return has_ended(answer.job.status)

    request = domino.get_job_details(job_id)
    answer = await poll(session, request, over, polling or Polling(), what=f"the job {job_id}")
    ended = _word(answer.job.status)
    if ended == _SUCCEEDED:
        return answer.job
    raise (JobStopped if ended == _STOPPED else JobFailed)(answer.job)
