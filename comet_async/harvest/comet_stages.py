"""How the tables of a Comet harvest are read: one stage after the other."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.harvest.asset_stage import AssetStage, ListStage
from comet_async.harvest.chart_stage import ChartStage, Names
from comet_async.harvest.columns import experiment_columns
from comet_async.harvest.detail_stage import read_details
from comet_async.harvest.file_stage import FileStage
from comet_async.harvest.job import FAILED, Found, Job
from comet_async.harvest.listed_stage import FromListing, ListedStage
from comet_async.harvest.planner import FILE_TABLES
from comet_async.harvest.query_stage import QueryStage
from comet_async.harvest.schema import TABLES
from comet_async.harvest.series_stage import SeriesStage
from comet_async.harvest.subjects import Columns, Reader, Subject
from comet_async.request import Request

__all__ = ["comet_stages"]


def _experiment(subject: Subject) -> dict[str, Columns]:
    entry = decode(subject.listed, comet.Experiment)
    return {"experiments": experiment_columns([entry])}


def _asked(subject: Subject) -> Request[comet.Experiments]:
    return comet.get_experiments(project_id=subject.project_id)


_EXPERIMENTS = FromListing(("experiments",), _experiment, _asked)


async def comet_stages(job: Job, readers: Sequence[Reader], files: FileStage | None) -> None:
    """Read everything that is planned.

    Args:
        job: The run.
        readers: What reads the tables that charts do not fill.
        files: What fetches files, where they are to be fetched.

    Raises:
        AuthenticationError: The key is refused; what had come is stored.
        DestinationError: The disk is full or failing; earlier parts are whole.
        HarvestError: The folder or the ledger is not as it should be.
    """
    await _Stages(job, readers, files).run()


class _Stages:
    def __init__(self, job: Job, readers: Sequence[Reader], files: FileStage | None) -> None:
        self._job = job
        self._readers = readers
        self._files = files

    async def run(self) -> None:
        """Ask the many-at-once questions first, then one by one what they left."""
        job, tables = self._job, self._job.plan.tables
        await ListedStage(job, _EXPERIMENTS).run()
        if job.plan.charts:
            await ChartStage(job, job.plan.charts, self._names).run()
        if {"metrics", "metric_series"} & set(tables):
            await SeriesStage(job).run()
        await QueryStage(job).run()
        await read_details(job, self._readers)
        if "system_metrics" in tables:
            await self._system_metrics()
        await self._all_files()

    async def _all_files(self) -> None:
        """Ask for the lists of files, then for the files, and tell what became of them."""
        job, tables = self._job, self._job.plan.tables
        if {"assets", "models"} & set(tables):
            await AssetStage(job).run()
        told = [table for table in FILE_TABLES if table in tables]
        for table in told:
            if table != "assets":
                await ListStage(job, table).run()
        if self._files is not None:
            await self._files.fetch()
        for table in told:
            await FileStage(job).write_table(table)

    async def _system_metrics(self) -> None:
        """Ask for the system metrics of those whose details told which they have."""
        job, tables = self._job, ("system_metrics",)
        unknown = await job.on_disk(job.lake.ledger.without_details)
        for subject, why in unknown:
            reason = f"its system details: {why}"
            await job.take(Found(ends=[("system_metrics", subject, FAILED, reason)]))
        await job.flush()
        await ChartStage(job, tables, self._system_names, last=True).run()

    def _names(self, project: str) -> Names | None:
        """Return what to ask; None where the plan thought that there is nothing to be read."""
        facts = self._job.plan.projects.get(project)
        if facts is None:
            return None
        return Names(facts.metrics, facts.parameters, facts.chart_bytes)

    def _system_names(self, project: str) -> Names:
        names = self._job.lake.ledger.remembered(project)
        return Names(names, (), TABLES["system_metrics"].typical_bytes)
