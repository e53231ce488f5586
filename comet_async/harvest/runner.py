"""`run`: carry out a plan, put everything on disk, account for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
import msgspec

from comet_async.engine.observing import Counters
from comet_async.engine.part_file import write_whole
from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    UsageError,
)
from comet_async.harvest.arrow import require
from comet_async.harvest.asked import options_asked
from comet_async.harvest.file_stage import FileStage
from comet_async.harvest.job import Job
from comet_async.harvest.lake import FAILURES, FILES, Lake
from comet_async.harvest.planner import FILE_TABLES, Plan
from comet_async.harvest.progress import HarvestProgress, Silent
from comet_async.harvest.readers import READERS
from comet_async.harvest.report import (
    Failure,
    Report,
    exit_code,
    failure_lines,
    table_reports,
)
from comet_async.harvest.scope import service_of
from comet_async.harvest.sinks import Sink, SinkReport
from comet_async.harvest.sources import source_of
from comet_async.harvest.subjects import Reader
from comet_async.redaction import bare_url

__all__ = ["run"]

_SHOWN = 1000
_UNREACHED = "not reached: the run was stopped before"


async def run(
    session: Session,
    plan: Plan,
    path: Path | str,
    *,
    progress: HarvestProgress | None = None,
    assets: bool = True,
    readers: Sequence[Reader] = READERS,
    sinks: Sequence[Sink] = (),
) -> Report:
    """Carry out a plan: tables to Parquet, assets to files, every item accounted for.

    A folder that holds an earlier harvest of the same scope is brought up to date: what the
    listings show unchanged is not asked again, what failed or was not reached is, what is gone from
    the listings goes from the tables. The tables change when the run is at its end, and each
    earlier state stays readable in `snapshots/`.

    Cancelling it leaves no temporary file of a table: finished parts and files stay, the ledger
    says which, and the next run goes on from there. So it does after a kill.

    Args:
        session: An open session with the service that the plan was made from.
        plan: What to harvest.
        path: The folder; made where it is missing.
        progress: Told of every step.
        assets: Whether to fetch the files, where the plan has a table that tells of them.
        readers: What reads the tables that charts do not fill.
        sinks: What takes the finished state elsewhere, one after the other.

    Returns:
        Counts that add up, failures and the exit code. One item's failure stops nothing; a refused
        key or a full disk stops the run, which the report says.

    Raises:
        UsageError: pyarrow is missing, or the session is of another service.
        LedgerError: The folder is of another harvest, in use, or its ledger is damaged.
        PartError: A link stands where a folder of the harvest should, or a part is damaged.
        DestinationError: The folder cannot be written to begin with.
    """
    require()
    if service_of(session, plan.scope.service).base_url != plan.url:
        raise UsageError(f"the plan is of {bare_url(plan.url)}, the session of another server")
    files = assets and not set(FILE_TABLES).isdisjoint(plan.tables)
    plan = msgspec.structs.replace(plan, files=files)
    lake = await _opened(Path(path), plan, files=files)
    try:
        job = Job(session, plan, lake, progress or Silent())
        return await _Run(job, readers, sinks, files=files).report()
    finally:
        await undivided(lake.close)


async def _opened(path: Path, plan: Plan, *, files: bool) -> Lake:
    """Return the folder, locked; when cancelled meanwhile, unlocked again."""
    opened: list[Lake] = []
    try:
        await undivided(lambda: opened.append(Lake(path, plan, files=files)))
    except asyncio.CancelledError:
        for lake in opened:
            await undivided(lake.close)
        raise
    return opened[0]


class _Run:
    """One run, from its first request to its report."""

    def __init__(
        self, job: Job, readers: Sequence[Reader], sinks: Sequence[Sink], *, files: bool
    ) -> None:
        self._job = job
        self._source = source_of(job.plan.scope)
        self._readers = readers
        self._sinks = sinks
        self._brought: list[SinkReport] = []
        self._files = FileStage(job) if files else None
        self._before = msgspec.structs.replace(job.session.counters)
        self._began = asyncio.get_running_loop().time()

    async def report(self) -> Report:
        """Do it all and say what was done."""
        job = self._job
        stopped: CometAsyncError | None = None
        snapshot: int | None = None
        try:
            await job.on_disk(partial(job.lake.ledger.asked, options_asked(job.plan)))
            await self._plan_told()
            await self._source.stages(job, self._readers, self._files)
            snapshot = await job.on_disk(partial(job.lake.publish, job.plan.tables))
            await job.on_disk(partial(self._end, "published"))
            await self._bring()
        except (AuthenticationError, DestinationError) as error:
            stopped = error
            with suppress(CometAsyncError):
                await job.on_disk(partial(self._end, "stopped"))
        except BaseException:
            with anyio.CancelScope(shield=True), suppress(CometAsyncError):
                await job.on_disk(partial(self._end, "interrupted"))
            raise
        seconds = asyncio.get_running_loop().time() - self._began
        told = partial(self._told, stopped, snapshot, self._spent(), seconds)
        return await job.on_disk(told)

    def _end(self, state: str) -> None:
        """Record how the run ended, and what it has taken."""
        ledger = self._job.lake.ledger
        with ledger.together():
            ledger.spent(self._spent())
            ledger.end(state)

    async def _bring(self) -> None:
        """Let the sinks take what is published; one that cannot stops no other."""
        for sink in self._sinks:
            problem: str | None = None
            try:
                await sink.bring(self._job.lake.root, self._job.progress)
            except CometAsyncError as error:
                problem = str(error)
            self._brought.append(SinkReport(sink.name, problem))

    async def _plan_told(self) -> None:
        """Tell what is to be read."""
        job = self._job
        for table in job.plan.tables:
            job.progress.planned(table, await job.on_disk(partial(job.lake.ledger.planned, table)))

    def _spent(self) -> Counters:
        now, before = self._job.session.counters, self._before
        return Counters(
            requests=now.requests - before.requests + self._job.plan.requests,
            retries=now.retries - before.retries,
            throttled=now.throttled - before.throttled,
            bytes_received=now.bytes_received - before.bytes_received,
            seconds_waiting=now.seconds_waiting - before.seconds_waiting,
        )

    def _told(
        self,
        stopped: CometAsyncError | None,
        snapshot: int | None,
        spent: Counters,
        seconds: float,
    ) -> Report:
        job = self._job
        tables = (*job.plan.tables, *((FILES,) if self._files is not None else ()))
        if self._source.main in tables:
            job.effort(self._source.main).requests = job.plan.requests
        reports = table_reports(job.lake.ledger, tables, job.efforts)
        return Report(
            path=job.lake.root,
            scope=str(job.plan.scope),
            tables=reports,
            failures=self._failures(tables),
            altered=() if self._files is None else tuple(self._files.altered),
            restored=job.lake.restored,
            snapshot=snapshot,
            stopped=None if stopped is None else str(stopped),
            sinks=tuple(self._brought),
            exit_code=exit_code(sum(table.failed for table in reports), stopped, self._brought),
            requests=spent.requests,
            retries=spent.retries,
            throttled=spent.throttled,
            bytes_received=spent.bytes_received,
            seconds=seconds,
        )

    def _failures(self, tables: Sequence[str]) -> tuple[Failure, ...]:
        """Write `failures.jsonl` and return its beginning."""
        first: list[Failure] = []
        lines = bytearray()
        for failure, line in failure_lines(self._job.lake.ledger.unfinished(tables, _UNREACHED)):
            if len(first) < _SHOWN:
                first.append(failure)
            lines += line
        with suppress(DestinationError):
            write_whole(self._job.lake.root / FAILURES, memoryview(bytes(lines)))
        return tuple(first)
