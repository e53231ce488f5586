"""The lines of a job's log, page by page: each once, none lost where two pages meet."""

from __future__ import annotations

from comet_async.domino.job_logs import LogLine, LogsEnvelope
from comet_async.domino.jobs import get_job_logs
from comet_async.domino.log_cursor import LOG_LIMIT, LogCursor, advance, next_page
from comet_async.paging import Paged
from comet_async.request import Request

__all__ = ["LogReader", "paged_job_logs"]


class LogReader:
    """Reads one log to its present end, or on and on while its job runs.

    Ask `request`, give the answer to `take`, and go on until `caught_up`. For a running job wait
    then, and ask `request` again, until `finished`. How pages are joined is told by `LogCursor`,
    which can also be stored, to go on later.

    Args:
        job_id: Id of the job.
        log_type: Stream; default all of them.
        limit: Most lines of a page, up to 10,000.

    Attributes:
        request: What to ask next.
        caught_up: Whether the last page had no new line.
        finished: Whether it had none and the server says that the log is complete.
    """

    def __init__(
        self, job_id: str, *, log_type: str | None = "complete", limit: int = LOG_LIMIT
    ) -> None:
        self._job_id = job_id
        self._log_type = log_type
        self._cursor = LogCursor(limit=limit)
        self.request = next_page(job_id, self._cursor, log_type)
        self.caught_up = False
        self.finished = False

    def take(self, page: LogsEnvelope) -> list[LogLine]:
        """Return the lines of an answer that have not come before, in the server's order.

        Raises:
            LogStuck: One instant has more lines than an answer can hold.
        """
        step = advance(self._cursor, page)
        self._cursor = step.cursor
        self.caught_up, self.finished = step.caught_up, step.ended
        self.request = next_page(self._job_id, step.cursor, self._log_type)
        return list(step.lines)


def paged_job_logs(
    job_id: str, *, log_type: str | None = "complete", limit: int = LOG_LIMIT
) -> Paged[LogsEnvelope, LogLine]:
    """Return the listing of all lines of a job's log so far, each once, in the server's order.

    It ends at an answer without a new line, full or short, complete or not; `LogReader` tells the
    difference and follows a running job. That last answer costs one request a log.

    Args:
        job_id: Id of the job.
        log_type: Stream, as for `get_job_logs`; default all of them.
        limit: Lines asked for at once, up to 10,000; raised where one instant has more.

    Source: Domino REST API, Jobs.
    """

    def begin() -> _Step:
        return _Step(LogReader(job_id, log_type=log_type, limit=limit))

    return Paged(
        first=get_job_logs(job_id, log_type=log_type, limit=limit),
        items=lambda page: page.logs.log_content,
        next_page=lambda request, page: begin()(request, page)[1],
        key=lambda line: (line.timestamp, line.log_type, line.log),
        walk=begin,
    )


class _Step:
    """A pass over a log, as a session walks it."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def __call__(
        self, request: Request[LogsEnvelope], page: LogsEnvelope
    ) -> tuple[list[LogLine], Request[LogsEnvelope] | None]:
        del request
        fresh = self._reader.take(page)
        return fresh, None if self._reader.caught_up else self._reader.request
