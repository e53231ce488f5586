"""The lines of a job's log, page by page: each once, none lost where two pages meet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from comet_async.domino.job_logs import LogLine, LogsEnvelope
from comet_async.domino.jobs import get_job_logs
from comet_async.errors import ResponseError
from comet_async.paging import Paged, query_number, with_query
from comet_async.request import Request

__all__ = ["LOG_LIMIT", "LogReader", "nanoseconds", "paged_job_logs"]

LOG_LIMIT = 10_000
"""Most lines of one answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = "latestTimeNano"
_STARTS = 8


class LogReader:
    """Reads one log to its present end, or on and on while its job runs.

    Ask `request`, give the answer to `take`, and go on until `caught_up`. For a running job wait
    then, and ask `request` again, until `finished`.

    A server may read from the cursor or after it, and the lines of its very instant may have been
    cut off by the page's end. So the next page is asked from just before the last line's instant,
    as its timestamp shows it, or as the cursor does where that is earlier: lines that have come are
    told by repeating at its beginning, as the longest end of what came that it begins with. Equal
    lines of one instant all come, as often as the server has them.

    That holds where the server adds lines in the order of their time, and shortens timestamps
    rather than rounding them up.

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
        self.request = get_job_logs(job_id, log_type=log_type, limit=limit)
        self.caught_up = False
        self.finished = False
        self._latest: str | None = None
        self._tail: list[LogLine] = []
        self._start: list[LogLine] = []
        self._count = 0

    def take(self, page: LogsEnvelope) -> list[LogLine]:
        """Return the lines of an answer that have not come before, in the server's order.

        Raises:
            ResponseError: One instant has more lines than a page can hold.
        """
        lines = page.logs.log_content
        pagination = page.metadata.pagination if page.metadata is not None else None
        if pagination is not None and pagination.latest_time_nano:
            self._latest = pagination.latest_time_nano
        fresh = list(lines[self._repeated(lines) :])
        asked = query_number(self.request.query, "limit")
        used = asked if pagination is None or not pagination.limit else pagination.limit
        if not fresh and lines and len(lines) >= used:
            self._widen(asked, used)
            return fresh
        self._keep(fresh)
        self.caught_up = not fresh
        self.finished = not fresh and page.logs.is_complete is True
        cursor = self._cursor()
        if cursor is not None:
            self.request = with_query(self.request, **{_CURSOR: cursor})
        return fresh

    def _repeated(self, lines: Sequence[LogLine]) -> int:
        """Return how many lines at the beginning of an answer have come before."""
        repeated = _overlap(self._tail, lines)
        same_start = list(lines[: len(self._start)]) == self._start
        if (
            not repeated
            and same_start
            and list(lines[self._count - 1 : self._count]) == self._tail[-1:]
        ):
            repeated = self._count  # the server begins anew, whatever it is asked from
        self._start, self._count = list(lines[:_STARTS]), len(lines)
        return repeated

    def _widen(self, asked: int, used: int) -> None:
        """Ask for more lines at once: a full page of known lines hides what follows."""
        if used < asked or asked >= LOG_LIMIT:
            raise ResponseError(
                f"{self.request.path}: more than {used} lines of one instant; the server can show "
                "no further ones"
            )
        self.request = with_query(self.request, limit=min(LOG_LIMIT, asked * 4))

    def _keep(self, fresh: Sequence[LogLine]) -> None:
        """Keep the lines that the next page may repeat: those of the last two instants.

        It is asked from just before the last one, where lines of the one before can be.
        """
        if not fresh:
            return
        known = [*self._tail, *fresh]
        before = _group_start(known, len(known))
        self._tail = known[_group_start(known, before) :]

    def _cursor(self) -> str | None:
        """Return the instant just before the last line, in nanoseconds since 1970 UTC."""
        if self._latest is None or not self._latest.isdecimal():
            return self._latest
        latest = int(self._latest)
        shown = nanoseconds(self._tail[-1].timestamp) if self._tail else None
        return str(max(0, (latest if shown is None else min(latest, shown)) - 1))


def _group_start(lines: Sequence[LogLine], end: int) -> int:
    """Return where the lines begin that share the timestamp of the one before `end`."""
    start = end
    while start > 0 and lines[start - 1].timestamp == lines[end - 1].timestamp:
        start -= 1
    return start


def nanoseconds(timestamp: str | None) -> int | None:
    """Return the nanoseconds since 1970 UTC of a timestamp, digits below a microsecond included."""
    if timestamp is None:
        return None
    whole, point, rest = timestamp.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :]
    try:
        when = datetime.fromisoformat(whole + zone if point else timestamp)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    seconds = (when - _EPOCH) // timedelta(seconds=1)
    return seconds * 1_000_000_000 + int(f"{digits[:9]:0<9}")


def _overlap(tail: Sequence[LogLine], lines: Sequence[LogLine]) -> int:
    """Return how many lines at the end of `tail` are those at the beginning of `lines`."""
    for size in range(min(len(tail), len(lines)), 0, -1):
        if tail[-size] == lines[0] and list(tail[-size:]) == list(lines[:size]):
            return size
    return 0


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
