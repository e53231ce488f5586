"""Second phase: the files of assets, then the table that says where they are."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path, PurePosixPath

import anyio

from comet_async import comet
from comet_async.engine.download import Downloaded
from comet_async.engine.fan_out import Failed, Ok, Outcome, fan_out
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import asset_columns
from comet_async.harvest.folders import refuse_link
from comet_async.harvest.job import FAILED, Job, end_of, stops
from comet_async.harvest.lake import FILES
from comet_async.harvest.ledger import FileEnd, Pending
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.planner import Item
from comet_async.harvest.schema import TABLES

__all__ = ["FilePhase"]

_MARKS = 64
_EXPERIMENTS_AT_ONCE = 200


class FilePhase:
    """Fetches the files that the lists name, and writes the table `assets`.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._ends: list[FileEnd] = []

    async def fetch(self) -> None:
        """Fetch every file that is planned.

        Raises:
            AuthenticationError: The key is refused.
            DestinationError: The disk is full or failing; earlier files are whole.
            HarvestError: The ledger is not as it should be.
        """
        job = self._job
        await job.on_disk(partial(job.lake.file_folder, ()))
        remote = await job.on_disk(job.lake.ledger.remote_files)
        job.answered(FILES, remote, 0)
        try:
            async with fan_out(self._download, _Pending(job), concurrency=job.width) as outcomes:
                async for outcome in outcomes:
                    await self._take(outcome)
        finally:
            with anyio.CancelScope(shield=True):
                await self._marks()

    async def write_table(self) -> None:
        """Write the table `assets` from the ledger.

        Raises:
            DestinationError: The disk is full or failing.
            HarvestError: The folder or the ledger is not as it should be.
        """
        job = self._job
        writer = TableWriter(job.lake, "assets")
        items = await job.on_disk(job.lake.ledger.listed_items)
        for start in range(0, len(items), _EXPERIMENTS_AT_ONCE):
            chosen = items[start : start + _EXPERIMENTS_AT_ONCE]
            await job.on_disk(partial(self._add, writer, chosen))
        await job.on_disk(writer.flush)

    def _add(self, writer: TableWriter, items: list[Item]) -> None:
        for item in items:
            ends = self._job.lake.ledger.asset_ends(item)
            rows = batch(TABLES["assets"], asset_columns(ends)) if ends else None
            if writer.add(item, rows):
                writer.flush()

    async def _download(self, pending: Pending) -> Downloaded:
        job = self._job
        job.asks(FILES)
        target = await anyio.to_thread.run_sync(self._place, pending)
        request = comet.get_experiment_asset(
            pending.asset_id, experiment_key=pending.experiment_key
        )
        return await job.session.download(
            request, target, expected_size=pending.listed_size, overwrite=True, durable=True
        )

    def _place(self, pending: Pending) -> Path:
        """Return the file to write, its folder made and no link on the way."""
        parts = PurePosixPath(pending.path).parts
        target = self._job.lake.file_folder(parts[1:-1]) / parts[-1]
        refuse_link(target)
        return target

    async def _take(self, outcome: Outcome[Pending, Downloaded]) -> None:
        match outcome:
            case Ok(pending, done):
                end = FileEnd(pending, "stored", None, done.size, done.sha256)
            case Failed(pending, error):
                if stops(error):
                    raise error
                end = FileEnd(pending, end_of(error), str(error))
        self._ends.append(end)
        if end.state == FAILED:
            self._job.failed(FILES)
        else:
            self._job.answered(FILES, 1, 0)
        if len(self._ends) >= _MARKS:
            await self._marks()

    async def _marks(self) -> None:
        ends, self._ends = self._ends, []
        await self._job.on_disk(partial(self._job.lake.ledger.file_ends, ends))


class _Pending(AsyncIterator[tuple[Pending, Pending]]):
    """The files to fetch, in chunks from the ledger: memory does not grow with their number."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._chunk: deque[Pending] = deque()
        self._last: Pending | None = None

    async def __anext__(self) -> tuple[Pending, Pending]:
        if not self._chunk:
            ledger = self._job.lake.ledger
            self._chunk.extend(await self._job.on_disk(partial(ledger.pending, self._last)))
        if not self._chunk:
            raise StopAsyncIteration
        self._last = self._chunk.popleft()
        return self._last, self._last
