"""Where a reader of a job's log stands: every line exactly once, over any number of pages.

A page begins where the one before ended, but servers differ on whether the line at the cursor comes
again, and the lines tell their time more coarsely than the cursor does. So each page is asked for
from a little before: from the beginning of the last line's unit of time. Both kinds of servers
send all lines of that unit then, and those that are known are counted off.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from comet_async import domino
from comet_async.domino import LogLine, LogsEnvelope
from comet_async.errors import ResponseError
from comet_async.request import Request

__all__ = ["MOST_LINES", "LogCursor", "LogStuck", "Step", "advance", "nanoseconds", "next_page"]

MOST_LINES = 10_000
"""Lines that a server sends with one answer at most."""

_RECENT = 200
_OLDER = 100
_DIGITS = 9
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\d*([Zz]|[+-]\d\d:?\d\d)"
)
_Known: TypeAlias = tuple[int, int]


class LogStuck(ResponseError):
    """The log has more lines of one moment than an answer holds: the rest cannot be asked for."""


class LogCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a log was read.

    Attributes:
        time: The server's cursor, as it came; None at the beginning.
        unit: Nanoseconds that the lines' times are exact to; 0 where they do not agree with the
            cursor.
        known: Time in nanoseconds and digest of the lines that the next page may repeat.
        limit: Most lines of the next page.
    """

    time: str | None = None
    unit: int = 0
    known: tuple[_Known, ...] = ()
    limit: int = MOST_LINES

    @property
    def asked(self) -> str | None:
        """What the next page is asked for from."""
        if self.time is None or not self.time.isdecimal():
            return self.time
        found = int(self.time)
        return str(max(0, found - found % max(1, self.unit) - 1))


class Step(msgspec.Struct, frozen=True):
    """What a page of a log came to.

    Attributes:
        lines: Those that are new, in order.
        cursor: Where the reader stands now.
        ended: Whether the log is complete and wholly read.
        caught_up: Whether there is nothing more to read at the moment.
    """

    lines: Sequence[LogLine]
    cursor: LogCursor
    ended: bool
    caught_up: bool


def next_page(job_id: str, cursor: LogCursor, log_type: str) -> Request[LogsEnvelope]:
    """Return the request for what follows.

    Args:
        job_id: Id of the job.
        cursor: Where the reader stands.
        log_type: Stream, as "complete".
    """
    return domino.get_job_logs(
        job_id, log_type=log_type, limit=cursor.limit, latest_time_nano=cursor.asked
    )


def advance(cursor: LogCursor, page: LogsEnvelope) -> Step:
    """Return the new lines of a page, and where the reader stands after it.

    Args:
        cursor: Where it stood when it asked for the page.
        page: The answer.

    Raises:
        LogStuck: More lines bear one time than an answer holds, or the server tells no cursor.
    """
    lines = page.logs.log_content
    fresh = _new_lines(cursor, lines)
    pagination = None if page.metadata is None else page.metadata.pagination
    told = None if pagination is None else pagination.latest_time_nano
    used = None if pagination is None else pagination.limit
    if not fresh:
        full = len(lines) >= min(cursor.limit, used or cursor.limit)
        if full and cursor.known:
            return Step((), _finer(cursor), ended=False, caught_up=False)
        return Step((), cursor, ended=page.logs.is_complete is True, caught_up=True)
    return Step(fresh, _after(cursor, fresh, told), ended=False, caught_up=False)


def _finer(cursor: LogCursor) -> LogCursor:
    """Return how to ask for more than a page that was full of what is known.

    Raises:
        LogStuck: There is no other way.
    """
    if cursor.limit < MOST_LINES:
        return msgspec.structs.replace(cursor, limit=min(MOST_LINES, cursor.limit * 8))
    if cursor.unit:
        return msgspec.structs.replace(cursor, unit=0)
    raise LogStuck(f"more than {cursor.limit:,} lines of the log bear one time")


def _after(cursor: LogCursor, fresh: Sequence[LogLine], told: str | None) -> LogCursor:
    """Return where a reader stands after new lines.

    Raises:
        LogStuck: Neither the page nor its last line tells that.
    """
    last = nanoseconds(fresh[-1].timestamp)
    time = told or (cursor.time if last is None else str(last))
    if time is None:
        raise LogStuck("the server sent lines of a log without saying how to go on")
    unit = _unit(fresh, time)
    if unit:
        since = int(time) - int(time) % unit
        kept = [known for known in cursor.known if known[0] >= since]
        found = _since(fresh, since)
    else:
        kept = list(cursor.known[-_RECENT:]) if time == cursor.time else []
        found = [(nanoseconds(line.timestamp) or 0, digest(line)) for line in fresh[-_RECENT:]]
    return msgspec.structs.replace(cursor, time=time, unit=unit, known=(*kept, *found))


def _unit(fresh: Sequence[LogLine], time: str) -> int:
    """Return the unit of the lines' times, where the last one agrees with the cursor; else 0."""
    last = nanoseconds(fresh[-1].timestamp)
    if last is None or not time.isdecimal():
        return 0
    digits = 0
    for line in fresh[-_RECENT:]:
        found = _TIME.fullmatch(line.timestamp or "")
        digits = max(digits, len(found[2] or "") if found else 0)
    unit: int = 10 ** (_DIGITS - digits)
    return unit if int(time) - int(time) % unit == last else 0


def _since(fresh: Sequence[LogLine], since: int) -> list[_Known]:
    found: list[_Known] = []
    older = 0
    for line in reversed(fresh):
        time = nanoseconds(line.timestamp)
        if time is None or time >= since:
            found.append((since if time is None else time, digest(line)))
        else:
            older += 1
            if older > _OLDER:
                break
    return found[::-1]


def _new_lines(cursor: LogCursor, lines: Sequence[LogLine]) -> Sequence[LogLine]:
    """Return the lines of a page without those that earlier pages had."""
    if not cursor.known:
        return lines
    if not cursor.unit or cursor.time is None:
        return lines[_overlap([known for _, known in cursor.known], lines) :]
    since = int(cursor.time) - int(cursor.time) % cursor.unit
    last = max(time for time, _ in cursor.known)
    left = Counter(known for _, known in cursor.known)
    fresh: list[LogLine] = []
    for index, line in enumerate(lines):
        time = nanoseconds(line.timestamp)
        if time is not None and time > last:
            return [*fresh, *lines[index:]]
        if time is not None and time < since:
            continue
        told = digest(line)
        if left[told]:
            left[told] -= 1
        else:
            fresh.append(line)
    return fresh


def _overlap(known: Sequence[int], lines: Sequence[LogLine]) -> int:
    """Return how many lines at the beginning are the last ones that are known.

    The least such number: the server was asked for what follows the last line but one moment.
    """
    begun = [digest(line) for line in lines[: len(known)]]
    for count in range(1, len(begun) + 1):
        if begun[:count] == list(known[-count:]):
            return count
    return 0


def digest(line: LogLine) -> int:
    """Return a number of 53 bits that lines of other content, time or stream hardly share."""
    told: Iterable[str] = (line.timestamp or "", line.log_type or "", line.log or "")
    raw = "\0".join(told).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest()) >> 11


def nanoseconds(text: str | None) -> int | None:
    """Return a time in ns since 1970 UTC; None where the text is no RFC 3339 time.

    >>> nanoseconds("1970-01-01T00:00:01.5Z"), nanoseconds("yesterday")
    (1500000000, None)
    """
    found = _TIME.fullmatch(text or "")
    if found is None:
        return None
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(whole.upper() + zone.upper())
    except ValueError:
        return None
    second: int = 10**_DIGITS
    return int(moment.timestamp()) * second + int((fraction or "0").ljust(_DIGITS, "0"))
