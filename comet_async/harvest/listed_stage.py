"""Tables whose rows the listings have brought already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat

import anyio
import msgspec

from comet_async.errors import DecodeError
from comet_async.harvest.arrow import batch
from comet_async.harvest.job import Found, Job, failures_of
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import due_chunks
from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Columns, Subject
from comet_async.request import Request

__all__ = ["FromListing", "ListedStage"]


class FromListing(msgspec.Struct, frozen=True):
    """Tables of one kind of subject that its entry in a listing fills.

    Attributes:
        tables: Their names.
        columns: Returns the rows of them that an entry tells; raises DecodeError.
        asked: Returns the request that listed a subject; None where whole listings are kept with
            the answers.
    """

    tables: tuple[str, ...]
    columns: Callable[[Subject], Mapping[str, Columns]]
    asked: Callable[[Subject], Request[object]] | None = None


class ListedStage:
    """Writes tables from the listing.

    Args:
        job: The run.
        source: Which tables, and how.
    """

    def __init__(self, job: Job, source: FromListing) -> None:
        self._job = job
        self._source = source

    async def run(self) -> None:
        """Write the rows of all subjects that are new or have changed.

        Raises:
            DestinationError: The disk is full or failing.
        """
        job, asked = self._job, self._source.asked
        tables = [table for table in self._source.tables if table in job.plan.tables]
        if not tables:
            return
        async for chunk in due_chunks(job, tables):
            if asked is not None:
                await job.keep_listed(tables[0], [due.subject for due in chunk], asked)
            await job.take(await anyio.to_thread.run_sync(self._rows, chunk))
        await job.flush()

    def _rows(self, chunk: Sequence[Due]) -> Found:
        """Return the rows of some subjects, each with batches of its own."""
        found = Found(rows=[], ends=[])
        for due in chunk:
            wanted = sorted(due.tables)
            try:
                columns = self._source.columns(due.subject)
                rows = [batch(TABLES[table], columns[table]) for table in wanted]
                found.rows.extend(zip(wanted, repeat(due.id), rows, strict=False))
            except DecodeError as error:
                found.ends.extend(failures_of(wanted, due.id, error).ends)
        return found
