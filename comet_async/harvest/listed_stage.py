"""Tables whose rows the listings have brought already."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import experiment_columns
from comet_async.harvest.job import Found, Job, failures_of
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import due_chunks
from comet_async.harvest.schema import TABLES

__all__ = ["ListedStage"]

_TABLE = "experiments"


class ListedStage:
    """Writes `experiments` from the listing.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    async def run(self) -> None:
        """Write the rows of all experiments that are new or have changed.

        Raises:
            DestinationError: The disk is full or failing.
        """
        job = self._job
        if _TABLE not in job.plan.tables:
            return
        async for chunk in due_chunks(job, (_TABLE,)):
            await job.keep_listed(_TABLE, [due.subject for due in chunk])
            await job.take(await anyio.to_thread.run_sync(_rows, chunk))
        await job.flush()


def _rows(chunk: Sequence[Due]) -> Found:
    """Return the rows of some experiments, each with a batch of its own."""
    found = Found(rows=[], ends=[])
    for due in chunk:
        try:
            entry = decode(due.subject.listed, comet.Experiment)
            rows = batch(TABLES[_TABLE], experiment_columns([entry]))
            found.rows.append((_TABLE, due.id, rows))
        except DecodeError as error:
            found.ends.extend(failures_of([_TABLE], due.id, error).ends)
    return found
