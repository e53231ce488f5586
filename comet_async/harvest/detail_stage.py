"""Tables that are read of one subject at a time, by readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

from comet_async.errors import DecodeError
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.job import Found, Job
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.planner import FOLLOWS
from comet_async.harvest.readers import system_metric_names
from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Columns, Reader, listing_tells
from comet_async.request import Request

__all__ = ["Asking", "DetailStage", "read_details"]

T = TypeVar("T")


async def read_details(job: Job, readers: Sequence[Reader]) -> None:
    """Ask each reader for what is planned of its tables, one reader after the other.

    Raises:
        AuthenticationError: The key is refused; what had come is stored.
        DestinationError: The disk is full or failing; earlier parts are whole.
        HarvestError: The folder or the ledger is not as it should be.
    """
    for reader in readers:
        wanted = [table for table in reader.tables if table in job.plan.tables]
        if wanted:
            await DetailStage(job, reader, wanted).run()


class DetailStage:
    """Asks a reader for every subject of which one of its tables is planned.

    Args:
        job: The run.
        reader: What to ask.
        tables: Tables of the reader that are wanted.
    """

    def __init__(self, job: Job, reader: Reader, tables: Sequence[str]) -> None:
        self._job = job
        self._reader = reader
        self._tables = tuple(tables)

    async def run(self) -> None:
        """Read everything that is planned.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
            HarvestError: The folder or the ledger is not as it should be.
        """
        await one_by_one(self._job, self._tables, self._read, self._take)

    async def _take(self, due: Due, found: Found) -> None:
        if listing_tells(due.subject.kind):
            await self._job.take(found)
            return
        for table, subject, rows in found.rows:
            if await self._job.on_disk(partial(self._settled, table, subject, rows)):
                self._job.answered(table, 1, 0 if rows is None else rows.num_rows)
                continue
            # First: a kill in between must not leave them as they are.
            followers = [name for name, other in FOLLOWS.items() if other == table]
            await self._job.on_disk(partial(self._job.lake.ledger.plan_again, followers, subject))
            await self._job.take(Found(rows=[(table, subject, rows)]))

    def _settled(self, table: str, subject: int, rows: Batch | None) -> bool:
        """Tell whether an item has the rows that it had, and if so record it: it is not moved."""
        lake = self._job.lake
        if not lake.store(table).has(lake.ledger.place(table, subject), rows):
            return False
        lake.ledger.unchanged(table, subject)
        return True

    async def _read(self, due: Due) -> Found:
        ask = Asking(self._job, min(due.tables))
        try:
            columns = await self._reader.read(ask, due.subject, due.tables)
            rows = {table: _batch(table, columns) for table in due.tables}
        except DecodeError as error:
            error.request = error.request or ask.last
            raise
        await self._remember(due, columns)
        return Found(rows=[(table, due.id, rows[table]) for table in sorted(due.tables)])

    async def _remember(self, due: Due, columns: Mapping[str, Columns]) -> None:
        """Keep the names of system metrics, of which charts will be asked later."""
        if "system_metrics" not in self._job.plan.tables:
            return
        names = system_metric_names(columns)
        if names:
            project = due.subject.project_id or ""
            await self._job.remember(project, names)


def _batch(table: str, columns: Mapping[str, Columns]) -> Batch | None:
    found = columns.get(table)
    return None if found is None else batch(TABLES[table], found)


class Asking:
    """Sends the requests of a reader, and remembers the last.

    Args:
        job: The run.
        table: For which table they count.
    """

    def __init__(self, job: Job, table: str) -> None:
        self._job = job
        self._table = table
        self.last: Request[object] | None = None

    async def __call__(self, request: Request[T], /) -> T:
        """Return the answer to a request, which is counted for the table."""
        self.last = cast("Request[object]", request)
        return await self._job.ask(self._table, request)
