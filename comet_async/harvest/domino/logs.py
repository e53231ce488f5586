"""Logs of jobs: every line once, past what one answer holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import anyio
import msgspec

from comet_async import domino
from comet_async.domino import LogLine, LogsEnvelope
from comet_async.domino.log_cursor import LOG_LIMIT, nanoseconds
from comet_async.domino.log_pages import LogReader
from comet_async.engine.threads import undivided
from comet_async.harvest.arrow import Batch, batch, joined
from comet_async.harvest.domino.values import entry_of
from comet_async.harvest.folders import remove_file
from comet_async.harvest.job import Found, Job
from comet_async.harvest.ledger import Due
from comet_async.harvest.ledger_parts import Part, Placed
from comet_async.harvest.links import unsigned
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.parts import OpenPart
from comet_async.harvest.rows import columns_of
from comet_async.harvest.schema import TABLES

__all__ = ["LOG_TABLES", "LogStage"]

_LINES = "domino_job_logs"
_STATES = "domino_job_log_states"
_AT_ONCE = 8
_MOST_BYTES = 4 * 1024 * 1024
LOG_TABLES = (_LINES, _STATES)
"""Tables that a log fills."""


class _Log(msgspec.Struct, frozen=True):
    """A log as it was read.

    Attributes:
        count: Its lines.
        lines: Those that are held in memory: all of them, or none.
        part: The part on disk that has them all, where there were many.
        state: The row of its state.
        complete: Whether no line will follow.
    """

    count: int
    lines: Batch
    part: Part | None
    state: Batch
    complete: bool


class LogStage:
    """Reads the logs of all jobs that are planned, a few at once.

    A log of many lines goes to a part of its own as it comes, so memory does not grow with it. One
    that the server calls incomplete is asked for again by the next run, though its job is over and
    its entry as it was.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    async def run(self) -> None:
        """Fill the tables of logs.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
            HarvestError: The folder or the ledger is not as it should be.
        """
        tables = [table for table in LOG_TABLES if table in self._job.plan.tables]
        if tables:
            width = min(self._job.width, _AT_ONCE)
            await one_by_one(self._job, tables, self._read, self._take, width=width)

    async def _read(self, due: Due) -> _Log:
        held = _Held(self._job)
        try:
            return await self._whole(due, held)
        except BaseException:
            await undivided(held.discard)
            raise

    async def _whole(self, due: Due, held: _Held) -> _Log:
        """Read a log to its end; of a job that runs to where it is now, not on and on behind it."""
        over = domino.has_ended(entry_of(due.subject, domino.Job).status)
        reader, count = LogReader(due.subject.key), 0
        while True:
            page = await self._job.ask(max(due.tables), reader.request)
            lines = reader.take(page)
            if lines and _LINES in due.tables:
                await held.add(partial(_rows, due.subject.key, count, lines))
            count += len(lines)
            if reader.caught_up or not (over or _is_full(page)):
                break
        rows, part = await held.finish()
        complete = page.logs.is_complete is not False or not over
        return _Log(count, rows, part, _state(due.subject.key, count, page), complete)

    async def _take(self, due: Due, log: _Log) -> None:
        if not log.complete:
            # First: a kill in between must not let the rest of the log be forgotten.
            again = partial(self._job.lake.ledger.ask_again, LOG_TABLES, due.id)
            await self._job.on_disk(again)
        if log.part is not None:  # the ledger is about to say that it is stored
            await self._job.keep_answers(now=True)
        fresh: list[tuple[str, int, Batch | None]] = []
        for table in sorted(due.tables):
            if await self._job.on_disk(partial(self._settled, table, due.id, log)):
                self._job.answered(table, 1, log.count if table == _LINES else 1)
            else:
                fresh.append((table, due.id, log.lines if table == _LINES else log.state))
        await self._job.take(Found(rows=fresh))

    def _settled(self, table: str, subject: int, log: _Log) -> bool:
        """Tell whether the rows of an item are where they should be, and if so record it. Blocks.

        A log only grows, so its number of lines tells whether it has those that it had.
        """
        lake = self._job.lake
        store, place = lake.store(table), lake.ledger.place(table, subject)
        same = place.rows == log.count > 0 if table == _LINES else store.has(place, log.state)
        if same:
            lake.ledger.unchanged(table, subject)
        if table != _LINES or log.part is None:
            return same
        if same:
            remove_file(store.path(log.part.id))
            return True
        lake.ledger.stored(log.part, [Placed(subject, log.part.id, 0, log.count)])
        return True


class _Held:
    """The lines of one log: in memory while they are few, else in a part under way.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pages: list[Batch] = []
        self._bytes = 0
        self._part: OpenPart | None = None

    async def add(self, make: Callable[[], Batch]) -> None:
        """Take the lines of a page."""
        rows = await anyio.to_thread.run_sync(make, limiter=self._job.converting)
        self._pages.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= _MOST_BYTES:
            await self._job.on_disk(self._write)

    async def finish(self) -> tuple[Batch, Part | None]:
        """Return the lines that are in memory, and the part if they are on disk."""
        if self._part is not None:
            await self._job.on_disk(self._write)
            part = await undivided(self._part.finish)
            self._part = None
            return batch(TABLES[_LINES], columns_of(_LINES, [])), part
        whole = partial(joined, TABLES[_LINES], self._pages)
        return await anyio.to_thread.run_sync(whole, limiter=self._job.converting), None

    def discard(self) -> None:
        """Remove a part under way. Blocks."""
        if self._part is not None:
            self._part.discard()

    def _write(self) -> None:
        if self._part is None:
            self._part = self._job.lake.store(_LINES).begin()
        for rows in self._pages:
            self._part.add(rows)
        self._pages, self._bytes = [], 0


def _rows(job: str, before: int, lines: Sequence[LogLine]) -> Batch:
    """Return lines as rows, `before` lines of the job having come already."""
    times = [nanoseconds(line.timestamp) for line in lines]
    return batch(
        TABLES[_LINES],
        {
            "job_id": [job] * len(lines),
            "line": range(before + 1, before + len(lines) + 1),
            "time_ns": times,
            "log_type": [line.log_type for line in lines],
            "text": [line.log for line in lines],
            "size": [line.size for line in lines],
            "time_text": [
                line.timestamp if time is None else None
                for time, line in zip(times, lines, strict=True)
            ],
        },
    )


def _is_full(page: LogsEnvelope) -> bool:
    """Tell whether a page may have left lines out that were there."""
    pagination = None if page.metadata is None else page.metadata.pagination
    used = None if pagination is None else pagination.limit
    return len(page.logs.log_content) >= min(LOG_LIMIT, used or LOG_LIMIT)


def _state(job: str, lines: int, page: LogsEnvelope) -> Batch:
    row = {
        "job_id": job,
        "lines": lines,
        "is_complete": page.logs.is_complete,
        "problem": page.logs.problem,
        "help_link": unsigned(page.logs.help_link),
    }
    return batch(TABLES[_STATES], columns_of(_STATES, [row]))
