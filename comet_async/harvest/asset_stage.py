"""The lists of assets, into the ledger: which files to fetch, and where to put them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import anyio
import msgspec

from comet_async import comet
from comet_async.errors import CometAsyncError, DecodeError
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.columns import AssetEnd, AssetRow, asset_columns, asset_row
from comet_async.harvest.files import asset_paths, experiment_folder
from comet_async.harvest.job import STORED, Found, Job, failures_of, stops
from comet_async.harvest.lake import FILES
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.readers import has_models, model_columns
from comet_async.harvest.schema import TABLES

__all__ = ["AssetStage"]

_SECONDS = 600.0
_AT_A_TIME = 64
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
        files: Whether the assets' files will be fetched.
    """

    def __init__(self, job: Job, *, files: bool) -> None:
        self._job = job
        self._files = files
        self._lists: list[tuple[Due, tuple[AssetRow, ...]]] = []

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
                await self._record()

    async def _list(self, due: Due) -> _Listing:
        rows: tuple[AssetRow, ...] | None = None
        if "assets" in due.tables:
            request = comet.get_experiment_asset_list(due.subject.key)
            answer = await self._job.ask("assets", request.with_timeout(_SECONDS))
            try:
                rows = tuple(asset_row(asset) for asset in answer.assets)
                _check(due.subject.key, rows)
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
        job = self._job
        if "models" in due.tables:
            found = Found(rows=[("models", due.id, listing.models)])
            if listing.problem is not None:
                found = failures_of(("models",), due.id, listing.problem)
            await job.take(found)
        if listing.rows is not None:
            self._lists.append((due, listing.rows))
        if len(self._lists) >= _AT_A_TIME:
            await self._record()

    async def _record(self) -> None:
        """Put the lists that have come into the ledger, all at once."""
        lists, self._lists = self._lists, []
        if not lists:
            return

        def put() -> None:
            with self._job.lake.ledger.together():
                for due, rows in lists:
                    self._put(due, rows)

        await self._job.keep_answers(now=True)
        await self._job.on_disk(put)
        self._job.answered("assets", len(lists), sum(len(rows) for _, rows in lists))

    def _put(self, due: Due, rows: Sequence[AssetRow]) -> None:
        """Put a list into the ledger; an asset that is as it was keeps its file."""
        ledger = self._job.lake.ledger
        if not self._files:
            ledger.listed(due.id, [(row, None, _unfetched(row)) for row in rows])
            return
        before = ledger.listed_before(due.id)
        folder = FILES / experiment_folder(due.subject)
        given = {
            asset: PurePosixPath(path).relative_to(folder)
            for asset, path in ledger.paths_of(due.id).items()
            if PurePosixPath(path).is_relative_to(folder)
        }
        same = {row.asset_id for row in rows if _alike(row, before.get(row.asset_id))}
        kept = {
            asset: path for asset, path in given.items() if asset not in before or asset in same
        }
        paths = asset_paths((row for row in rows if not row.remote), kept, given.values())

        def place(row: AssetRow) -> tuple[AssetRow, str | None, str]:
            if row.remote:
                return row, None, "remote"
            state = STORED if row.asset_id in same & given.keys() else "planned"
            return row, str(folder / paths[row.asset_id]), state

        ledger.listed(due.id, map(place, rows))


def _alike(row: AssetRow, before: AssetRow | None) -> bool:
    """Tell whether an asset has the content that it had: tags and metadata say nothing of it."""
    return before is not None and (
        (row.listed_size, row.etag, row.created, row.remote)
        == (before.listed_size, before.etag, before.created, before.remote)
    )


def _unfetched(row: AssetRow) -> str:
    return "remote" if row.remote else "listed"


def _check(key: str, rows: Sequence[AssetRow]) -> None:
    """See now that a list fits its table, which is written when the files are done."""
    ends = [AssetEnd(experiment_key=key, row=row, state="listed") for row in rows]
    batch(TABLES["assets"], asset_columns(ends))
