"""Logs of thousands of jobs to files: every line once, in flat memory, resumed after a kill."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import anyio
import msgspec

from comet_async import domino
from comet_async.domino import has_ended
from comet_async.domino.log_cursor import LOG_LIMIT, LogCursor, advance, next_page
from comet_async.domino_bulk.log_file import LogEntry, LogFile, LogForm, log_name
from comet_async.domino_bulk.servers import url_of
from comet_async.engine.entry_file import EntryFile
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.session import Session
from comet_async.errors import AuthenticationError, DestinationError, UsageError
from comet_async.redaction import mask, printable

__all__ = ["LEDGER_NAME", "LogsReport", "save_logs"]

LEDGER_NAME = ".logs.jsonl"
"""Name of the ledger in the folder of the logs, unless another file is given."""

_CONCURRENCY = 8
_LEAST_LINES = 2


class LogsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the logs; the numbers add up.

    Attributes:
        jobs: How many jobs there were, each counted once.
        already: Whole from an earlier run, and left alone.
        done: Whole now.
        growing: Read as far as they go: their jobs run, and the next run goes on.
        failed: Why a log is not whole, by the job's id; the next run goes on where it broke off.
        lines: Lines that this run has written.
        size: Bytes that this run has written.
        seconds: Time that it took.
    """

    jobs: int
    already: int
    done: int
    growing: int
    failed: Mapping[str, str]
    lines: int
    size: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when all logs are there as far as they go, else 3."""
        return 3 if self.failed else 0

    def __str__(self) -> str:
        told = [f"logs of {self.done:,} of {self.jobs:,} jobs"]
        for number, what in (
            (self.already, "done earlier"),
            (self.growing, "still growing"),
            (len(self.failed), "failed"),
        ):
            if number:
                told.append(f"{number:,} {what}")
        return f"{', '.join(told)}; {self.lines:,} lines, {self.size:,} B, {self.seconds:.1f} s"


async def save_logs(
    session: Session,
    job_ids: Iterable[str] | AsyncIterable[str],
    folder: Path | str,
    *,
    ledger: Path | str | None = None,
    log_type: str = "complete",
    form: LogForm = "text",
    limit: int = LOG_LIMIT,
    concurrency: int = _CONCURRENCY,
    durable: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> LogsReport:
    """Write the logs of jobs to files, a file for each job, complete however long they are.

    A file appears when its log is whole. The same call again, after a failure or a kill, goes on
    after the last page that was written: no line is lost, and none comes twice. The logs of jobs
    that still run are read as far as they go, and continued by the next call.

    Args:
        session: An open session with the Domino service.
        job_ids: Ids, drawn as they are needed; each counts once.
        folder: Where the files go, as `JOB.log`; made where it is missing.
        ledger: File that remembers how far each log was read; default `.logs.jsonl` in the folder.
        log_type: Stream, as "stdErr"; "complete" for all.
        form: "text" for the lines alone, "ndjson" for an object each with time and stream.
        limit: Lines of one answer at most, from 2 to 10,000; each log under way holds one answer.
        concurrency: Logs under way at once, from 1.
        durable: Whether to wait until each page is safe from a power loss.
        progress: Called with the job and its lines so far, after each page.

    Returns:
        What became of each log.

    Raises:
        UsageError: An argument is out of range, `job_ids` is a single text, or the session has no
            Domino service; nothing was sent.
        AuthenticationError: The key is refused; what was read stays.
        LedgerError: The ledger is of something else, damaged, or in use.
        DestinationError: The folder or the ledger cannot be written.

    Source: Domino REST API, Jobs.
    """
    if isinstance(job_ids, str):
        raise UsageError("save_logs needs a list of jobs; put a single one into [...]")
    if not _LEAST_LINES <= limit <= LOG_LIMIT:
        raise UsageError(f"limit must be from {_LEAST_LINES} to {LOG_LIMIT:,}, not {limit:,}")
    began = time.perf_counter()
    target = anyio.Path(folder)
    try:
        await target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        shown = printable(str(folder))
        raise DestinationError(f"cannot make the folder {shown}: {error.strerror}") from None
    book = EntryFile(
        Path(folder, LEDGER_NAME) if ledger is None else Path(ledger),
        kind="logs",
        url=url_of(session, "logs"),
        operation="logs",
        arguments={"log_type": log_type, "form": form},
        entry=LogEntry,
    )
    async with book:
        run = _Run(session, book, Path(folder), log_type, form, limit, durable, progress)
        await run.all(job_ids, concurrency)
    return run.report(time.perf_counter() - began)


class _Run:
    """One run over many logs."""

    def __init__(  # noqa: PLR0917 built in one place, by the order of what it is made of
        self,
        session: Session,
        book: EntryFile[LogEntry],
        folder: Path,
        log_type: str,
        form: LogForm,
        limit: int,
        durable: bool,  # noqa: FBT001 as above
        progress: Callable[[str, int], None] | None,
    ) -> None:
        self._session = session
        self._book = book
        self._folder = folder
        self._log_type = log_type
        self._form: LogForm = form
        self._limit = limit
        self._durable = durable
        self._progress = progress
        self._seen: set[str] = set()
        self._already = 0
        self._done = 0
        self._growing = 0
        self._failed: dict[str, str] = {}
        self._lines = 0
        self._size = 0

    async def all(self, job_ids: Iterable[str] | AsyncIterable[str], concurrency: int) -> None:
        """Read every log."""
        pairs = ((job_id, job_id) async for job_id in self._each_once(job_ids))
        async with fan_out(self._one, pairs, concurrency=concurrency) as outcomes:
            async for outcome in outcomes:
                if not isinstance(outcome, Failed):
                    continue
                if isinstance(outcome.error, AuthenticationError):
                    raise outcome.error
                self._failed[outcome.key] = mask(str(outcome.error))

    async def _each_once(self, job_ids: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[str]:
        if isinstance(job_ids, AsyncIterable):
            async for job_id in job_ids:
                if self._fresh(job_id):
                    yield job_id
        else:
            for job_id in job_ids:
                if self._fresh(job_id):
                    yield job_id

    def _fresh(self, job_id: str) -> bool:
        fresh = job_id not in self._seen
        self._seen.add(job_id)
        return fresh

    async def _one(self, job_id: str) -> None:
        """Read one log to its end, or as far as it goes."""
        path = self._folder / log_name(job_id, self._form)
        entry = self._book.entries.get(job_id)
        if entry is not None and entry.state == "done":
            if await _is_whole(path, entry.size):
                self._already += 1
                return
            entry = LogEntry(job_id)
        file = LogFile(path, self._form, durable=self._durable)
        try:
            kept = await file.begin(entry)
            if kept is None:
                kept = LogEntry(job_id, cursor=LogCursor(limit=self._limit))
                await self._book.append([kept])
            entry, whole = await self._pages(file, kept)
            if whole:
                await file.finish()
                done = msgspec.structs.replace(entry, state="done", cursor=LogCursor())
                await self._book.append([done], durable=self._durable)
                self._done += 1
            else:
                self._growing += 1
        finally:
            await file.leave()

    async def _pages(self, file: LogFile, entry: LogEntry) -> tuple[LogEntry, bool]:
        """Write what there is of a log; tell whether that is all that there will be."""
        last_look = False
        while True:
            request = next_page(entry.item, entry.cursor, self._log_type)
            step = advance(entry.cursor, await self._session.send(request))
            if step.lines:
                size = await file.write(step.lines)
                entry = LogEntry(
                    entry.item,
                    size=entry.size + size,
                    lines=entry.lines + len(step.lines),
                    cursor=step.cursor,
                )
                await self._book.append([entry], durable=self._durable)
                self._lines += len(step.lines)
                self._size += size
                if self._progress is not None:
                    self._progress(entry.item, entry.lines)
            else:
                entry = msgspec.structs.replace(entry, cursor=step.cursor)
            if step.ended or (last_look and step.caught_up):
                return entry, True
            if step.caught_up:
                job = (await self._session.send(domino.get_job_details(entry.item))).job
                last_look = has_ended(job.status)
                if not last_look:
                    return entry, False

    def report(self, seconds: float) -> LogsReport:
        """Return what became of all logs."""
        return LogsReport(
            jobs=len(self._seen),
            already=self._already,
            done=self._done,
            growing=self._growing,
            failed=MappingProxyType(self._failed),
            lines=self._lines,
            size=self._size,
            seconds=seconds,
        )


async def _is_whole(path: Path, size: int) -> bool:
    try:
        found = await anyio.Path(path).stat()
    except OSError:
        return False
    return found.st_size == size
