"""Logs of jobs: every line once, past what one answer holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
import msgspec

from comet_async.domino import Job as DominoJob
from comet_async.domino import LogLine, LogsEnvelope
from comet_async.domino_bulk.job_runs import has_ended
from comet_async.domino_bulk.log_cursor import (
    MOST_LINES,
    LogCursor,
    advance,
    nanoseconds,
    next_page,
)
from comet_async.harvest.arrow import Batch, batch, joined
from comet_async.harvest.domino.values import entry_of
from comet_async.harvest.job import Found, Job
from comet_async.harvest.ledger import Due
from comet_async.harvest.links import unsigned
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.rows import columns_of
from comet_async.harvest.schema import TABLES

__all__ = ["LOG_TABLES", "LogStage"]

_LINES = "domino_job_logs"
_STATES = "domino_job_log_states"
LOG_TABLES = (_LINES, _STATES)
"""Tables that a log fills."""


class _Log(msgspec.Struct, frozen=True):
    """A log as it was read: lines and state as rows, and whether no line will follow."""

    lines: Batch
    state: Batch
    complete: bool


class LogStage:
    """Reads the logs of all jobs that are planned, many at once; each is held in memory.

    A log that the server calls incomplete is asked for again by the next run, though its job is
    over and its entry as it was.

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
            await one_by_one(self._job, tables, self._read, self._take)

    async def _read(self, due: Due) -> _Log:
        """Read a log to its end; of a job that runs to where it is now, not on and on behind it."""
        over = has_ended(entry_of(due.subject, DominoJob).status)
        cursor, pages, count = LogCursor(), list[Batch](), 0
        while True:
            request = next_page(due.subject.key, cursor, "complete")
            page = await self._job.ask(_LINES, request)
            step = advance(cursor, page)
            cursor = step.cursor
            if step.lines:
                rows = partial(_rows, due.subject.key, count, step.lines)
                pages.append(await anyio.to_thread.run_sync(rows, limiter=self._job.converting))
                count += len(step.lines)
            if step.ended or step.caught_up or not (over or _is_full(page)):
                break
        whole = partial(joined, TABLES[_LINES], pages)
        lines = await anyio.to_thread.run_sync(whole, limiter=self._job.converting)
        state = _state(due.subject.key, count, page)
        return _Log(lines, state, complete=page.logs.is_complete is not False or not over)

    async def _take(self, due: Due, log: _Log) -> None:
        rows = {_LINES: log.lines, _STATES: log.state}
        fresh: list[tuple[str, int, Batch | None]] = []
        for table in sorted(due.tables):
            if await self._job.on_disk(partial(self._settled, table, due.id, rows[table])):
                self._job.answered(table, 1, rows[table].num_rows)
            else:
                fresh.append((table, due.id, rows[table]))
        if not log.complete:
            # First: a kill in between must not let the rest of the log be forgotten.
            again = partial(self._job.lake.ledger.ask_again, LOG_TABLES, due.id)
            await self._job.on_disk(again)
        await self._job.take(Found(rows=fresh))

    def _settled(self, table: str, subject: int, rows: Batch) -> bool:
        """Tell whether an item has the rows that it had, and if so record it: it is not moved.

        A log only grows, so its number of lines tells.
        """
        lake = self._job.lake
        place = lake.ledger.place(table, subject)
        same = place.rows == rows.num_rows > 0
        if table == _STATES:
            same = lake.store(table).has(place, rows)
        if same:
            lake.ledger.unchanged(table, subject)
        return same


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
    return len(page.logs.log_content) >= min(MOST_LINES, used or MOST_LINES)


def _state(job: str, lines: int, page: LogsEnvelope) -> Batch:
    row = {
        "job_id": job,
        "lines": lines,
        "is_complete": page.logs.is_complete,
        "problem": page.logs.problem,
        "help_link": unsigned(page.logs.help_link),
    }
    return batch(TABLES[_STATES], columns_of(_STATES, [row]))
