"""Lists of files on their way into the ledger: which to fetch, and where to put each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import urlsplit

from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import (
    AssetEnd,
    AssetRow,
    Columns,
    artifact_file_columns,
    asset_columns,
    model_archive_columns,
    registry_archive_columns,
)
from comet_async.harvest.files import asset_paths, file_folder
from comet_async.harvest.job import STORED, Job
from comet_async.harvest.lake import FILES
from comet_async.harvest.ledger import Due
from comet_async.harvest.ledger_files import file_id
from comet_async.harvest.schema import TABLES

__all__ = ["ARCHIVE", "COLUMNS", "FileLists", "check_rows", "is_remote"]

ARCHIVE = "archive"
"""Type of a row that stands for a zip archive that the server makes."""
COLUMNS: Mapping[str, Callable[[Sequence[AssetEnd]], Columns]] = MappingProxyType(
    {
        "assets": asset_columns,
        "model_archives": model_archive_columns,
        "registry_archives": registry_archive_columns,
        "artifact_files": artifact_file_columns,
    }
)
"""Tables that tell of files, and what makes their rows of these."""

_AT_A_TIME = 64
_REMOTE = "remote"


class FileLists:
    """The lists of one table, put into the ledger many at once.

    Args:
        job: The run.
        table: Name of the table.
    """

    def __init__(self, job: Job, table: str) -> None:
        self._job = job
        self._table = table
        self._waiting: list[tuple[Due, Sequence[AssetRow]]] = []

    async def add(self, due: Due, rows: Sequence[AssetRow]) -> None:
        """Take the list of a subject."""
        self._waiting.append((due, rows))
        if len(self._waiting) >= _AT_A_TIME:
            await self.flush()

    async def flush(self) -> None:
        """Put the lists that have come into the ledger.

        Raises:
            DestinationError: The disk is full or failing.
        """
        lists, self._waiting = self._waiting, []
        if not lists:
            return

        def put() -> None:
            with self._job.lake.ledger.together():
                for due, rows in lists:
                    self._put(due, rows)

        await self._job.keep_answers(now=True)
        await self._job.on_disk(put)
        self._job.answered(self._table, len(lists), sum(len(rows) for _, rows in lists))

    def _put(self, due: Due, rows: Sequence[AssetRow]) -> None:
        """Put a list into the ledger; what is as it was keeps its file."""
        ledger, table = self._job.lake.ledger, self._table
        if not self._job.plan.files:
            ledger.listed(table, due.id, [(row, None, _unfetched(row)) for row in rows])
            return
        before = ledger.listed_before(table, due.id)
        folder = FILES / file_folder(table, due.subject)
        given = {
            name: PurePosixPath(path).relative_to(folder)
            for name, path in ledger.paths_of(due.id).items()
            if PurePosixPath(path).is_relative_to(folder)
        }
        same = {file_id(row) for row in rows if _alike(row, before.get(file_id(row)))}
        kept = {name: path for name, path in given.items() if name not in before or name in same}
        there = same & given.keys()
        fetched = [row for row in rows if file_id(row) in there or self._fetches(row)]
        paths = asset_paths({file_id(row): row for row in fetched}, kept, given.values())

        def place(row: AssetRow) -> tuple[AssetRow, str | None, str]:
            name = file_id(row)
            if name not in paths:
                return row, None, _REMOTE
            return row, str(folder / paths[name]), STORED if name in there else "planned"

        ledger.listed(table, due.id, map(place, rows))

    def _fetches(self, row: AssetRow) -> bool:
        if not is_remote(row):
            return True
        return self._job.plan.selection.remote and _on_the_web(row.link)


def is_remote(row: AssetRow) -> bool:
    """Tell whether the octets lie outside the service.

    Older servers do not tell it of a file of an artifact: a link says so then.
    """
    if row.remote is None and row.version_id is not None:
        return row.link is not None
    return bool(row.remote)


def check_rows(table: str, key: str, rows: Sequence[AssetRow]) -> None:
    """See now that a list fits its table, which is written when the files are done.

    Raises:
        DecodeError: It does not.
    """
    ends = [AssetEnd(key=key, workspace="", row=row, state="listed") for row in rows]
    batch(TABLES[table], COLUMNS[table](ends))


def _alike(row: AssetRow, before: AssetRow | None) -> bool:
    """Tell whether a file has the content that it had: tags and metadata say nothing of it."""
    if before is None or (row.type == ARCHIVE and row.created is None):
        return False
    facts = (row.listed_size, row.etag, row.created, row.remote, row.link)
    return facts == (before.listed_size, before.etag, before.created, before.remote, before.link)


def _unfetched(row: AssetRow) -> str:
    return _REMOTE if is_remote(row) else "listed"


def _on_the_web(link: str | None) -> bool:
    try:
        parts = urlsplit(link or "")
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
