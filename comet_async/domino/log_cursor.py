"""Where a reader of a log stands: every line exactly once, over any number of answers.

A server may read from the cursor or after it, and the lines of its very instant may have been cut
off by the answer's end. So the next answer is asked from just before the last line's instant, as
its timestamp shows it, or as the cursor does where that is earlier: lines that have come are told
by repeating at its beginning, as the longest end of what came that it begins with. Equal lines of
one instant all come, as often as the server has them.

That holds where the server adds lines in the order of their time, and shortens timestamps rather
than rounding them up. A server that begins anew whatever it is asked is found by its first lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from comet_async.domino.job_logs import LogLine, LogsEnvelope
from comet_async.domino.jobs import get_job_logs
from comet_async.errors import ResponseError
from comet_async.request import Request

__all__ = ["LOG_LIMIT", "LogCursor", "LogStep", "LogStuck", "advance", "nanoseconds", "next_page"]

LOG_LIMIT = 10_000
"""Most lines of one answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STARTS = 8
_WIDER = 4
_Known: TypeAlias = tuple[str | None, int]


class LogStuck(ResponseError):
    """The log has more lines of one instant than an answer holds: the rest cannot be asked for."""


class LogCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a log was read; it can be stored, to go on later.

    Attributes:
        latest: The server's cursor, as it came; None at the beginning.
        tail: Timestamp and digest of the lines of the last two instants, which may come again.
        start: Digests of the first lines of the last answer.
        count: How many lines it had.
        limit: Most lines of the next answer.
    """

    latest: str | None = None
    tail: tuple[_Known, ...] = ()
    start: tuple[int, ...] = ()
    count: int = 0
    limit: int = LOG_LIMIT

    @property
    def asked(self) -> str | None:
        """The instant just before the last line, in nanoseconds since 1970 UTC."""
        if self.latest is None or not self.latest.isdecimal():
            return self.latest
        latest = int(self.latest)
        shown = nanoseconds(self.tail[-1][0]) if self.tail else None
        return str(max(0, (latest if shown is None else min(latest, shown)) - 1))


class LogStep(msgspec.Struct, frozen=True):
    """What an answer came to.

    Attributes:
        lines: Those that are new, in the server's order.
        cursor: Where the reader stands now.
        caught_up: Whether there was nothing new.
        ended: Whether there was nothing new and the server says that the log is complete.
    """

    lines: Sequence[LogLine]
    cursor: LogCursor
    caught_up: bool
    ended: bool


def next_page(job_id: str, cursor: LogCursor, log_type: str | None) -> Request[LogsEnvelope]:
    """Return the request for what follows.

    Args:
        job_id: Id of the job.
        cursor: Where the reader stands.
        log_type: Stream, as "complete"; None for the server's default.
    """
    return get_job_logs(
        job_id, log_type=log_type, limit=cursor.limit, latest_time_nano=cursor.asked
    )


def advance(cursor: LogCursor, page: LogsEnvelope) -> LogStep:
    """Return the new lines of an answer, and where the reader stands after it.

    Args:
        cursor: Where it stood when it asked.
        page: The answer.

    Raises:
        LogStuck: One instant has more lines than an answer can hold.
    """
    lines = page.logs.log_content
    pagination = None if page.metadata is None else page.metadata.pagination
    told = None if pagination is None else pagination.latest_time_nano
    used = None if pagination is None else pagination.limit
    fresh = lines[_repeated(cursor, lines) :]
    full = bool(lines) and len(lines) >= (used or cursor.limit)
    hidden = full and not fresh
    after = LogCursor(
        latest=told or cursor.latest,
        tail=_kept(cursor.tail, fresh),
        start=tuple(_digest(line) for line in lines[:_STARTS]),
        count=len(lines),
        limit=_wider(cursor.limit, used or cursor.limit) if hidden else cursor.limit,
    )
    caught_up = not fresh and not hidden
    return LogStep(fresh, after, caught_up, caught_up and page.logs.is_complete is True)


def _wider(asked: int, used: int) -> int:
    """Return how many lines to ask for: a full answer of known lines hides what follows.

    Raises:
        LogStuck: There is no larger answer.
    """
    if used < asked or asked >= LOG_LIMIT:
        raise LogStuck(
            f"the log has more than {used:,} lines of one instant; the server can show no further "
            "ones"
        )
    return min(LOG_LIMIT, asked * _WIDER)


def _repeated(cursor: LogCursor, lines: Sequence[LogLine]) -> int:
    """Return how many lines at the beginning of an answer have come before."""
    told = [_digest(line) for line in lines[: max(len(cursor.tail), len(cursor.start))]]
    tail = [known for _, known in cursor.tail]
    for size in range(min(len(tail), len(told)), 0, -1):
        if tail[-size] == told[0] and tail[-size:] == told[:size]:
            return size
    anew = bool(tail) and 0 < cursor.count <= len(lines)
    if anew and told[: len(cursor.start)] == list(cursor.start):
        last = _digest(lines[cursor.count - 1])
        return cursor.count if last == tail[-1] else 0
    return 0


def _kept(tail: Sequence[_Known], fresh: Sequence[LogLine]) -> tuple[_Known, ...]:
    """Return the lines that the next answer may repeat: those of the last two instants.

    It is asked from just before the last one, where lines of the one before can be.
    """
    if not fresh:
        return tuple(tail)
    times = [*(time for time, _ in tail), *(line.timestamp for line in fresh)]
    start = _group_start(times, _group_start(times, len(times)))
    from_fresh = max(0, start - len(tail))
    return (
        *tail[start:],
        *((line.timestamp, _digest(line)) for line in fresh[from_fresh:]),
    )


def _group_start(times: Sequence[str | None], end: int) -> int:
    """Return where the lines begin that share the timestamp of the one before `end`."""
    start = end
    while start > 0 and times[start - 1] == times[end - 1]:
        start -= 1
    return start


def _digest(line: LogLine) -> int:
    """Return a number of 63 bits that lines of other content, time or stream hardly share."""
    told = (line.timestamp or "", line.log_type or "", line.log or "")
    raw = "\0".join(told).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest()) >> 1


def nanoseconds(timestamp: str | None) -> int | None:
    """Return the ns since 1970 UTC of a timestamp, digits below a microsecond included.

    >>> nanoseconds("1970-01-01T00:00:01.5Z"), nanoseconds("yesterday")
    (1500000000, None)
    """
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
