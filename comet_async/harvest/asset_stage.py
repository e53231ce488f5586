"""What lists files: the assets of experiments, files of artifacts, and archives of models."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import msgspec

from comet_async import comet
from comet_async.errors import CometAsyncError, DecodeError
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.columns import AssetRow, asset_row
from comet_async.harvest.detail_stage import Asking
from comet_async.harvest.file_lists import FileLists, check_rows
from comet_async.harvest.file_readers import LISTERS
from comet_async.harvest.job import Found, Job, failures_of, stops
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.readers import has_models, model_columns
from comet_async.harvest.schema import TABLES

__all__ = ["AssetStage", "ListStage"]

_SECONDS = 600.0
_TABLES = ("assets", "models")


class _Listing(msgspec.Struct, frozen=True):
    """The assets of an experiment, and its models where those were asked for too, or why not."""

    rows: tuple[AssetRow, ...] | None
    models: Batch | None
    problem: CometAsyncError | None = None


class AssetStage:
    """Reads what is planned of `assets` and of `models`, which a list without any need not ask.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lists = FileLists(job, "assets")

    async def run(self) -> None:
        """List everything that is planned.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
        """
        tables = [table for table in _TABLES if table in self._job.plan.tables]
        try:
            await one_by_one(self._job, tables, self._list, self._take)
        finally:
            with anyio.CancelScope(shield=True):
                await self._lists.flush()

    async def _list(self, due: Due) -> _Listing:
        rows: tuple[AssetRow, ...] | None = None
        if "assets" in due.tables:
            request = comet.get_experiment_asset_list(due.subject.key)
            answer = await self._job.ask("assets", request.with_timeout(_SECONDS))
            try:
                rows = tuple(asset_row(asset) for asset in answer.assets)
                check_rows("assets", due.subject.key, rows)
            except DecodeError as error:
                error.request = request
                raise
        if "models" not in due.tables or (rows is not None and not has_models(rows)):
            return _Listing(rows, None)
        try:
            return _Listing(rows, await self._models(due.subject.key))
        except CometAsyncError as error:
            if rows is None or stops(error):
                raise
            return _Listing(rows, None, error)

    async def _models(self, key: str) -> Batch:
        found = await self._job.ask("models", comet.get_experiment_models(key))
        return batch(TABLES["models"], model_columns(key, found))

    async def _take(self, due: Due, listing: _Listing) -> None:
        if "models" in due.tables:
            found = Found(rows=[("models", due.id, listing.models)])
            if listing.problem is not None:
                found = failures_of(("models",), due.id, listing.problem)
            await self._job.take(found)
        if listing.rows is not None:
            await self._lists.add(due, listing.rows)


class ListStage:
    """Reads the lists of another table of files: of artifacts, or archives of models.

    Args:
        job: The run.
        table: `artifact_files`, `model_archives` or `registry_archives`.
    """

    def __init__(self, job: Job, table: str) -> None:
        self._job = job
        self._table = table
        self._lists = FileLists(job, table)

    async def run(self) -> None:
        """List everything that is planned.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
        """
        try:
            await one_by_one(self._job, (self._table,), self._list, self._lists.add)
        finally:
            with anyio.CancelScope(shield=True):
                await self._lists.flush()

    async def _list(self, due: Due) -> Sequence[AssetRow]:
        ask = Asking(self._job, self._table)
        try:
            rows = await LISTERS[self._table](ask, due.subject)
            check_rows(self._table, due.subject.key, rows)
        except DecodeError as error:
            error.request = error.request or ask.last
            raise
        return rows
