"""`run`: carry out a plan, put everything on disk, account for all of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
import msgspec

from comet_async.engine.observing import Counters
from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    UsageError,
)
from comet_async.harvest.arrow import require
from comet_async.harvest.file_phase import FilePhase
from comet_async.harvest.job import Job
from comet_async.harvest.lake import FAILURES, FILES, Lake
from comet_async.harvest.listing import service_of
from comet_async.harvest.parts import write_whole
from comet_async.harvest.planner import Plan
from comet_async.harvest.progress import HarvestProgress, Silent
from comet_async.harvest.report import (
    Failure,
    Report,
    exit_code,
    failure_lines,
    table_reports,
)
from comet_async.harvest.table_phase import TablePhase
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
) -> Report:
    """Carry out a plan: tables to Parquet, assets to files, every item accounted for.

    A folder that holds an earlier harvest of the same scope is harvested anew: the new tables take
    the place of the old ones when the run is at its end, until then those stay as they are.

    Cancelling it leaves no temporary file: finished parts and files wait in `unfinished/`, the
    ledger says which, and the next run starts afresh.

    Args:
        session: An open session with the service that the plan was made from.
        plan: What to harvest.
        path: The folder; made where it is missing.
        progress: Told of every step.
        assets: Whether to fetch the files of the assets, where the plan has that table.

    Returns:
        Counts that add up, failures and the exit code. One item's failure stops nothing; a refused
        key or a full disk stops the run, which the report says.

    Raises:
        UsageError: pyarrow is missing, or the session is of another service.
        LedgerError: The folder is of another harvest, in use, or its ledger is damaged.
        PartError: A link stands where a folder of the harvest should.
        DestinationError: The folder cannot be written to begin with.
    """
    require()
    if service_of(session).base_url != plan.url:
        raise UsageError(f"the plan is of {bare_url(plan.url)}, the session of another server")
    lake = await _opened(Path(path), plan)
    try:
        job = Job(session, plan, lake, progress or Silent())
        return await _Run(job, files=assets and "assets" in plan.tables).report()
    finally:
        await undivided(lake.close)


async def _opened(path: Path, plan: Plan) -> Lake:
    """Return the folder, locked; when cancelled meanwhile, unlocked again."""
    opened: list[Lake] = []
    try:
        await undivided(lambda: opened.append(Lake(path, plan)))
    except asyncio.CancelledError:
        for lake in opened:
            await undivided(lake.close)
        raise
    return opened[0]


class _Run:
    """One run, from its first request to its report."""

    def __init__(self, job: Job, *, files: bool) -> None:
        self._job = job
        self._files = files
        self._before = msgspec.structs.replace(job.session.counters)
        self._began = asyncio.get_running_loop().time()

    async def report(self) -> Report:
        """Do it all and say what was done."""
        job = self._job
        for table in job.plan.tables:
            job.progress.planned(table, len(job.plan.experiments))
        stopped: CometAsyncError | None = None
        kept: tuple[str, ...] = ()
        try:
            await self._phases()
            kept = await job.on_disk(partial(job.lake.publish, job.plan.tables, files=self._files))
            await job.on_disk(partial(job.lake.ledger.end, "published"))
        except (AuthenticationError, DestinationError) as error:
            stopped = error
            with suppress(CometAsyncError):
                await job.on_disk(partial(job.lake.ledger.end, "stopped"))
        except BaseException:
            with anyio.CancelScope(shield=True), suppress(CometAsyncError):
                await job.on_disk(partial(job.lake.ledger.end, "interrupted"))
            raise
        seconds = asyncio.get_running_loop().time() - self._began
        return await job.on_disk(partial(self._told, stopped, kept, self._spent(), seconds))

    async def _phases(self) -> None:
        await TablePhase(self._job, files=self._files).run()
        if "assets" not in self._job.plan.tables:
            return
        phase = FilePhase(self._job)
        if self._files:
            await phase.fetch()
        await phase.write_table()

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
        kept: tuple[str, ...],
        spent: Counters,
        seconds: float,
    ) -> Report:
        job = self._job
        tables = (*job.plan.tables, *((FILES,) if self._files else ()))
        if "experiments" in tables:
            job.effort("experiments").requests = job.plan.requests
        reports = table_reports(job.lake.ledger, tables, job.efforts)
        return Report(
            path=job.lake.root,
            scope=str(job.plan.scope),
            tables=reports,
            failures=self._failures(),
            kept=kept,
            stopped=None if stopped is None else str(stopped),
            exit_code=exit_code(sum(table.failed for table in reports), stopped),
            requests=spent.requests,
            retries=spent.retries,
            throttled=spent.throttled,
            bytes_received=spent.bytes_received,
            seconds=seconds,
        )

    def _failures(self) -> tuple[Failure, ...]:
        """Write `failures.jsonl` and return its beginning."""
        first: list[Failure] = []
        lines = bytearray()
        for failure, line in failure_lines(self._job.lake.ledger.unfinished(_UNREACHED)):
            if len(first) < _SHOWN:
                first.append(failure)
            lines += line
        with suppress(DestinationError):
            write_whole(self._job.lake.root / FAILURES, memoryview(bytes(lines)))
        return tuple(first)
