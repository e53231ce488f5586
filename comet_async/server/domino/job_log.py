"""The log of a job: every line is made from its number, so none is kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.job import Job

__all__ = ["COMPLETE", "Line", "LogPage", "read_log"]

COMPLETE = "complete"
"""Name of all kinds of lines together."""

_NANO = 1_000_000_000
_STREAMS = ("stdOut", "stdErr", "prepareOutput")
_PREPARED = 5
_ERROR_EVERY = 10
_DOT_EVERY = 7


class Line(msgspec.Struct, frozen=True):
    """One line, as an answer has it."""

    log: str
    logType: str  # noqa: N815  as the wire has it
    size: int
    timestamp: str


class LogPage(msgspec.Struct, frozen=True):
    """Lines of a log.

    Attributes:
        lines: In order.
        latest: Time of the last one, in ns since 1970 UTC; None without lines.
    """

    lines: list[Line]
    latest: int | None


def read_log(job: Job, kind: str, since: int | None, limit: int, now: float) -> LogPage:
    """Return lines of a job's log.

    Args:
        job: The job.
        kind: Stream, or `complete` for all of them, in any letter case.
        since: First time that is wanted, in ns; None for the start of the log.
        limit: Most lines.
        now: Lines that are written later are not there yet.

    Raises:
        KeyError: There is no such stream.
    """
    wanted = {name.lower(): name for name in (*_STREAMS, COMPLETE)}[kind.lower()]
    numbers = _numbers(job, since, now)
    chosen = (at for at in numbers if wanted in {COMPLETE, _stream(at)})
    clock = _Texts()
    lines: list[Line] = []
    latest: int | None = None
    for at in islice(chosen, limit):
        latest = _time(job, at)
        text = _text(job, at)
        lines.append(Line(text, _stream(at), len(text.encode()), clock.text(latest)))
    return LogPage(lines, latest)


class _Texts:
    """Writes times of one log: the second is written once for all lines within it."""

    def __init__(self) -> None:
        self._second, self._head = -1, ""

    def text(self, nanos: int) -> str:
        second, rest = divmod(nanos, _NANO)
        if second != self._second:
            self._second, self._head = second, rfc3339(second)[:19]
        return f"{self._head}.{rest:09d}Z"


def _step(job: Job) -> int:
    """Return the ns between two times of a log."""
    groups = max(1, -(-job.plan.log_lines // job.ties))
    return max(1, int(job.plan.running * _NANO) // groups)


def _time(job: Job, at: int) -> int:
    return int(job.started * _NANO) + (at // job.ties) * _step(job)


def _numbers(job: Job, since: int | None, now: float) -> Iterator[int]:
    """Give the numbers of the lines that are there, from a time on."""
    start, step = int(job.started * _NANO), _step(job)
    first = 0 if since is None else max(0, -(-(since - start) // step)) * job.ties
    end = int(min(now, job.completed) * _NANO)
    last = min(job.plan.log_lines, ((end - start) // step + 1) * job.ties) if end >= start else 0
    return iter(range(first, last))


def _stream(at: int) -> str:
    if at < _PREPARED:
        return "prepareOutput"
    return "stdErr" if at % _ERROR_EVERY == 0 else "stdOut"


def _text(job: Job, at: int) -> str:
    """Return the text of a line; some say the same as others, as progress bars do."""
    if at % _DOT_EVERY == 0:
        return "."
    return f"job {job.number} line {at} loss={1 / (at + 1):.6f}"
