"""The folder of a harvest: lock, ledger, what is in its place and what is on its way there.

    tables/<table>/part-00000.parquet    the newest whole tables
    files/<project>/<experiment>/<name>  the files that tables/assets lists
    failures.jsonl                       what the last run did not get, with reasons
    ledger.sqlite                        every planned item and its end
    unfinished/                          parts and files of a run that is not at its end

A run writes below `unfinished/` only. At its end each table moves into its place by a rename, the
assets together with their files, so a table is always of one run. A run that fails more items of a
table than the one in its place did leaves that one where it is. A run that was stopped or killed
leaves its finished parts in `unfinished/`; the next run starts afresh and removes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comet_async.errors import LedgerError
from comet_async.harvest.folders import guarded, remove, safe_folder, swap
from comet_async.harvest.ledger import Ledger, Published
from comet_async.harvest.lock import FolderLock
from comet_async.harvest.planner import Plan
from comet_async.redaction import printable

__all__ = ["CONTENTS", "FAILURES", "FILES", "Lake"]

FILES = "files"
FAILURES = "failures.jsonl"
_LEDGER = "ledger.sqlite"
_LOCK = ".lock"
_STAGED = "unfinished"
_REPLACED = "replaced"
_TABLES = "tables"

CONTENTS = (
    *(_TABLES, FILES, _STAGED, _REPLACED),
    *(_LEDGER, f"{_LEDGER}-wal", f"{_LEDGER}-shm", FAILURES, _LOCK),
)
"""Names of all folders and files that a harvest makes in its own."""


class Lake:
    """The folder of one harvest, locked and with a new generation begun. All methods block.

    Args:
        root: The folder; made where it is missing.
        plan: What is to be harvested into it.

    Raises:
        LedgerError: The folder is of another harvest or in use, or its ledger is damaged.
        PartError: A link stands where a folder should.
        DestinationError: The folder cannot be written.
    """

    def __init__(self, root: Path, plan: Plan) -> None:
        guarded(root, lambda path: path.mkdir(parents=True, exist_ok=True))
        self.root = root.resolve()
        self._lock = FolderLock(self.root / _LOCK)
        try:
            self._refuse_foreign()
            self.ledger = Ledger(self.root / _LEDGER, plan)
        except BaseException:
            self._lock.release()
            raise
        try:
            self._complete()
            remove(self.root / _REPLACED)
            remove(self.root / _STAGED)
            self.ledger.begin(plan)
        except BaseException:
            self.close()
            raise

    def _refuse_foreign(self) -> None:
        """Touch no folder with our names that no ledger vouches for."""
        if (self.root / _LEDGER).exists():
            return
        for name in (_TABLES, FILES, _STAGED, _REPLACED):
            if (self.root / name).exists():
                raise LedgerError(
                    f"{printable(str(self.root / name))} is there, but no {_LEDGER}:"
                    " harvest into another folder"
                )

    def close(self) -> None:
        """Close the ledger and give the lock back."""
        try:
            self.ledger.close()
        finally:
            self._lock.release()

    def part_folder(self, table: str) -> Path:
        """Return the folder for new parts of a table.

        Raises:
            PartError: A link stands where a folder should.
            DestinationError: It cannot be made.
        """
        return safe_folder(self.root, (_STAGED, _TABLES, table))

    def file_folder(self, parts: Sequence[str]) -> Path:
        """Return the folder for new files, `parts` being folders below `files`.

        Raises:
            PartError: A link stands where a folder should.
            DestinationError: It cannot be made.
        """
        return safe_folder(self.root, (_STAGED, FILES, *parts))

    def publish(self, tables: Sequence[str], *, files: bool) -> tuple[str, ...]:
        """Move what this generation has of `tables` into its place.

        Args:
            tables: Tables that are written to their end.
            files: Whether the files of the assets were fetched and belong to them.

        Returns:
            The tables that were left as they were, for this run failed more of them.

        Raises:
            DestinationError: A folder cannot be moved.
        """
        before = self.ledger.published()
        generation = self.ledger.generation
        fresh: list[Published] = []
        kept: list[str] = []
        for table in tables:
            failed = self.ledger.failed_of(generation, table)
            old = before.get(table)
            if failed and old is not None and old.failed < failed:
                kept.append(table)
                continue
            fresh.append(Published(table, generation, failed))
            if table == "assets" and files:
                fresh.append(Published(FILES, generation, failed))
        self.ledger.publishing(fresh)
        self._move(fresh)
        if not kept:
            remove(self.root / _STAGED)
        return tuple(kept)

    def _complete(self) -> None:
        """Go on with a publishing that broke off."""
        interrupted = self.ledger.interrupted()
        if interrupted:
            self._move(interrupted)

    def _move(self, units: Sequence[Published]) -> None:
        for unit in units:
            place = (FILES,) if unit.unit == FILES else (_TABLES, unit.unit)
            staged, final, replaced = (
                self.root.joinpath(*above, *place) for above in ((_STAGED,), (), (_REPLACED,))
            )
            safe_folder(self.root, place[:-1])
            swap(staged, final, replaced)
        self.ledger.published_all(units)
        remove(self.root / _REPLACED)
