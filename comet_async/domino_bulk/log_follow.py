"""Follow the log of a job while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio

from comet_async import domino
from comet_async.domino import LogLine, has_ended
from comet_async.domino.log_cursor import LOG_LIMIT, LogCursor, advance, next_page
from comet_async.engine.session import Session

__all__ = ["follow_log"]


async def follow_log(
    session: Session,
    job_id: str,
    *,
    log_type: str = "complete",
    limit: int = LOG_LIMIT,
    interval: float = 4.0,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> AsyncIterator[LogLine]:
    """Give the lines of a job's log, each once, from the first one until the job is over.

    Leave the loop, or cancel the task, at any time: nothing is under way between two lines.

    Args:
        session: An open session with the Domino service.
        job_id: Id of the job.
        log_type: Stream, as "stdErr"; "complete" for all.
        limit: Lines of one answer at most, up to 10,000.
        interval: Seconds between two looks when there was nothing new.
        sleep: Waits some seconds.

    Raises:
        LogStuck: More lines bear one time than an answer holds.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, Jobs.
    """
    cursor = LogCursor(limit=limit)
    last_look = False
    while True:
        step = advance(cursor, await session.send(next_page(job_id, cursor, log_type)))
        cursor = step.cursor
        for line in step.lines:
            yield line
        if step.ended or (last_look and step.caught_up):
            return
        if step.caught_up:
            job = (await session.send(domino.get_job_details(job_id))).job
            last_look = has_ended(job.status)
            if not last_look:
                await sleep(interval)
