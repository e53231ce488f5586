"""First phase: one answer for each table of each experiment, into parts and asset lists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
import msgspec

from comet_async import comet
from comet_async.engine.fan_out import Failed, Ok, fan_out
from comet_async.errors import AuthenticationError, DecodeError
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.columns import (
    AssetEnd,
    AssetRow,
    asset_columns,
    asset_row,
    experiment_columns,
)
from comet_async.harvest.files import asset_paths, experiment_folder
from comet_async.harvest.job import FAILED, Job, end_of, stops
from comet_async.harvest.lake import FILES
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.planner import Item
from comet_async.harvest.schema import TABLES
from comet_async.harvest.sources import SOURCES

__all__ = ["TablePhase"]

_LIST_SECONDS = 600.0
_FIRST_AT_ONCE = 2
_POINTS_AT_ONCE = 150_000
_MARKS = 256
_EXPERIMENTS = 10_000


class _Listing(msgspec.Struct, frozen=True):
    """The assets of an experiment, each with its file, None where none is to be fetched."""

    rows: tuple[AssetRow, ...]
    files: tuple[str | None, ...]


class TablePhase:
    """Fetches every table but `assets`, of which it records the lists.

    Args:
        job: The run.
        files: Whether the assets' files will be fetched.
    """

    def __init__(self, job: Job, *, files: bool) -> None:
        self._job = job
        self._files = files
        self._writers = {
            table: TableWriter(job.lake, table) for table in job.plan.tables if table != "assets"
        }
        self._ends: list[tuple[Item, str, str]] = []
        self._large = anyio.CapacityLimiter(_FIRST_AT_ONCE)
        self._most = 1
        self._converting = anyio.CapacityLimiter(1)

    async def run(self) -> None:
        """Fetch and store everything.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
            HarvestError: The folder or the ledger is not as it should be.
        """
        job = self._job
        await self._experiments()
        pairs = ((item, item) for item in job.plan.items())
        try:
            async with fan_out(self._fetch, pairs, concurrency=job.width, buffer=0) as outcomes:
                async for outcome in outcomes:
                    match outcome:
                        case Ok(item, found):
                            await self._take(item, found)
                        case Failed(item, error):
                            if stops(error):
                                raise error
                            await self._mark(item, end_of(error), str(error))
        except AuthenticationError:
            await self._flush()
            raise
        await self._flush()

    async def _experiments(self) -> None:
        """Write the listing, which came with the plan."""
        writer = self._writers.get("experiments")
        if writer is None:
            return
        rows = self._job.plan.experiments
        for ordinal, row in enumerate(rows):
            item = Item("experiments", ordinal, row.experiment_key)
            try:
                due = writer.add(item, batch(TABLES["experiments"], experiment_columns([row])))
            except DecodeError as error:
                await self._mark(item, FAILED, str(error))
                continue
            self._job.answered("experiments", 1, 1)
            if due or ordinal % _EXPERIMENTS == _EXPERIMENTS - 1:
                await self._job.on_disk(writer.flush)
        await self._job.on_disk(writer.flush)

    async def _fetch(self, item: Item) -> Batch | _Listing:
        self._job.asks(item.table)
        if item.table == "assets":
            return await self._list(item)
        source, session = SOURCES[item.table], self._job.session
        request = source.request(item.experiment_key)

        def converted(answer: object) -> Batch:
            return batch(TABLES[item.table], source.columns(item.experiment_key, answer))

        try:
            if item.table != "metrics":
                return converted(await session.send(request))
            async with self._large:
                answer = await session.send(request)
                rows = await anyio.to_thread.run_sync(converted, answer, limiter=self._converting)
        except DecodeError as error:
            error.request = error.request or request
            raise
        self._adapt(rows.num_rows)
        return rows

    def _adapt(self, points: int) -> None:
        """Bound the points in memory: fewer series at once where one was large.

        A point takes some 300 bytes while it is turned into columns; two answers are asked for
        until the first is known.
        """
        self._most = max(self._most, points)
        fitting = _POINTS_AT_ONCE // self._most
        self._large.total_tokens = max(1, min(self._job.width, fitting))

    async def _list(self, item: Item) -> _Listing:
        request = comet.get_experiment_asset_list(item.experiment_key)
        answer = await self._job.session.send(request.with_timeout(_LIST_SECONDS))
        try:
            rows = tuple(asset_row(asset) for asset in answer.assets)
            _check(item, rows)
        except DecodeError as error:
            error.request = request
            raise
        if not self._files:
            return _Listing(rows, (None,) * len(rows))
        folder = experiment_folder(self._job.plan.experiments[item.ordinal])
        paths = asset_paths(row for row in rows if not row.remote)
        return _Listing(
            rows,
            tuple(
                None if row.remote else str(FILES / folder / paths[row.asset_id]) for row in rows
            ),
        )

    async def _take(self, item: Item, found: Batch | _Listing) -> None:
        job = self._job
        if isinstance(found, _Listing):
            ends = [
                (row, path, self._state(row))
                for row, path in zip(found.rows, found.files, strict=True)
            ]
            fresh = await job.on_disk(partial(job.lake.ledger.listed, item, ends))
            if self._files:
                job.progress.planned(FILES, fresh)
            job.answered(item.table, 1, len(found.rows))
            return
        due = self._writers[item.table].add(item, found if found.num_rows else None)
        job.answered(item.table, 1, found.num_rows)
        if due:
            await job.on_disk(self._writers[item.table].flush)

    def _state(self, row: AssetRow) -> str:
        if row.remote:
            return "remote"
        return "planned" if self._files else "listed"

    async def _mark(self, item: Item, state: str, reason: str) -> None:
        self._ends.append((item, state, reason))
        if state == FAILED:
            self._job.failed(item.table)
        else:
            self._job.answered(item.table, 1, 0)
        if len(self._ends) >= _MARKS:
            await self._marks()

    async def _marks(self) -> None:
        ends, self._ends = self._ends, []
        await self._job.on_disk(partial(self._job.lake.ledger.ended, ends))

    async def _flush(self) -> None:
        await self._marks()
        for writer in self._writers.values():
            await self._job.on_disk(writer.flush)


def _check(item: Item, rows: Sequence[AssetRow]) -> None:
    """See now that a list fits its table, which is written when the files are done."""
    ends = [AssetEnd(experiment_key=item.experiment_key, row=row, state="listed") for row in rows]
    batch(TABLES["assets"], asset_columns(ends))
