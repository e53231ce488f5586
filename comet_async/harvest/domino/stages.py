"""How the tables of a Domino harvest are read: one stage after the other."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.harvest.detail_stage import read_details
from comet_async.harvest.domino.listed import FROM_LISTINGS
from comet_async.harvest.domino.logs import LogStage
from comet_async.harvest.file_stage import FileStage
from comet_async.harvest.job import Job
from comet_async.harvest.listed_stage import ListedStage
from comet_async.harvest.subjects import Reader

__all__ = ["domino_stages"]


async def domino_stages(job: Job, readers: Sequence[Reader], files: FileStage | None) -> None:
    """Read everything that is planned: what listings brought, details, then logs.

    Args:
        job: The run.
        readers: What reads the tables that no listing fills.
        files: Nothing: no table of Domino tells of files.

    Raises:
        AuthenticationError: The key is refused; what had come is stored.
        DestinationError: The disk is full or failing; earlier parts are whole.
        HarvestError: The folder or the ledger is not as it should be.
    """
    del files
    for source in FROM_LISTINGS:
        await ListedStage(job, source).run()
    await read_details(job, readers)
    await LogStage(job).run()
