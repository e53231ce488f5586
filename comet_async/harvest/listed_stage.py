"""Tables whose rows the listings have brought already."""

from __future__ import annotations

import msgspec

from comet_async import comet
from comet_async.errors import CometAsyncError, DecodeError
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import experiment_columns
from comet_async.harvest.detail_stage import due_items
from comet_async.harvest.job import Found, Job, failures_of
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
        if _TABLE not in self._job.plan.tables:
            return
        async for due, _ in due_items(self._job, (_TABLE,)):
            problem: CometAsyncError | None = None
            try:
                entry = msgspec.json.decode(due.subject.listed, type=comet.Experiment, strict=False)
                rows = batch(TABLES[_TABLE], experiment_columns([entry]))
            except DecodeError as error:
                problem = error
            if problem is None:
                await self._job.take(Found(rows=[(_TABLE, due.id, rows)]))
            else:
                await self._job.take(failures_of([_TABLE], due.id, problem))
        await self._job.flush()
