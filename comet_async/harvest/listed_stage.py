"""Tables whose rows the listings have brought already."""

from __future__ import annotations

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
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
            try:
                entry = decode(due.subject.listed, comet.Experiment)
                found = Found(
                    rows=[(_TABLE, due.id, batch(TABLES[_TABLE], experiment_columns([entry])))]
                )
            except DecodeError as error:
                found = failures_of([_TABLE], due.id, error)
            await self._job.take(found)
        await self._job.flush()
