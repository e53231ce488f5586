"""The folder of a harvest: lock, ledger, parts, what the tables show, and earlier snapshots.

    tables/<table>/part-000001.parquet   the current tables; all files of a folder are one table
    files/<project>/<experiment>/<name>  the files that tables/assets lists
    snapshots/<n>/                       each earlier state of the tables, and what had changed
    failures.jsonl                       what the last run did not get, with reasons
    ledger.sqlite                        every planned item and its end
    parts/<table>/                       the same parts, and those of a run that is not at its end

A run writes to `parts/` and `files/` only. At its end each table that has changed is made anew of
links to its parts and takes its place by a rename; then a snapshot is made of more links. A part is
never changed once it is there. A run that was stopped or killed leaves its finished parts and
files; the next one goes on from them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from comet_async.errors import CometAsyncError, LedgerError
from comet_async.harvest import seals
from comet_async.harvest.compaction import compact
from comet_async.harvest.folders import (
    guarded,
    link,
    remove,
    remove_file,
    safe_folder,
    sole_name,
    swap,
    sync,
)
from comet_async.harvest.ledger import Ledger
from comet_async.harvest.ledger_file import DamagedLedger
from comet_async.harvest.ledger_parts import Part
from comet_async.harvest.lock import FolderLock
from comet_async.harvest.parts import Store
from comet_async.harvest.planner import FILES, Plan
from comet_async.harvest.schema import TABLES
from comet_async.harvest.snapshots import SNAPSHOTS_FOLDER, complete_snapshot
from comet_async.redaction import printable

__all__ = [
    "CONTENTS",
    "FAILURES",
    "FILES",
    "LEDGER",
    "LOCK",
    "PARTS_FOLDER",
    "TABLES_FOLDER",
    "Lake",
]

FAILURES = "failures.jsonl"
LEDGER = "ledger.sqlite"
TABLES_FOLDER = "tables"
LOCK = ".lock"
PARTS_FOLDER = "parts"
_STAGED = "staged"
_REPLACED = "replaced"
_UNFINISHED = (".part", ".record")
_BACKUP = "ledger.backup.sqlite"

CONTENTS = (
    *(TABLES_FOLDER, FILES, PARTS_FOLDER, SNAPSHOTS_FOLDER, _STAGED, _REPLACED),
    *(LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm", f"{LEDGER}.sha256", FAILURES, LOCK),
    *(_BACKUP, f"{_BACKUP}.sha256", "ledger.damaged.sqlite"),
)
"""Names of all folders and files that a harvest makes in its own."""


class Lake:
    """The folder of one harvest, locked and with a new run begun. All methods block.

    Args:
        root: The folder; made where it is missing.
        plan: What is to be harvested into it.
        files: Whether the files of assets are to be fetched.

    Raises:
        LedgerError: The folder is of another harvest or in use, or its ledger is damaged.
        PartError: A link stands where a folder should.
        DestinationError: The folder cannot be written.
    """

    def __init__(self, root: Path, plan: Plan, *, files: bool) -> None:
        guarded(root, lambda path: path.mkdir(parents=True, exist_ok=True))
        self.root = root.resolve()
        self.restored = False
        self._plan = plan
        self._whole = False
        self._lock = FolderLock(self.root / LOCK)
        try:
            self.ledger = self._opened(plan)
        except BaseException:
            self._lock.release()
            raise
        try:
            self.ledger.begin(plan, files=files)
            self._tidy()
            if self.ledger.took_over:
                self._tidy_files()
            self._check_parts()
        except BaseException:
            self.close()
            raise

    def _opened(self, plan: Plan) -> Ledger:
        """Return the ledger; a damaged one is replaced by the copy of the last whole run."""
        path = self.root / LEDGER
        for suffix in ("", "-wal", "-shm", "-journal"):
            sole_name(path.with_name(path.name + suffix))
        if not path.exists() and not seals.restore(path):
            self._refuse_foreign()
        try:
            if seals.broken(path):
                raise DamagedLedger(f"{printable(str(path))} is damaged")
            seals.unseal(path)
            return Ledger(path, plan)
        except DamagedLedger:
            if not seals.restore(path):
                raise
            self.restored = True
        return Ledger(path, plan)

    def _refuse_foreign(self) -> None:
        """Touch no folder with our names that no ledger vouches for."""
        for name in (TABLES_FOLDER, FILES, PARTS_FOLDER, SNAPSHOTS_FOLDER, _STAGED, _REPLACED):
            if (self.root / name).exists():
                raise LedgerError(
                    f"{printable(str(self.root / name))} is there, but no {LEDGER}:"
                    " harvest into another folder"
                )

    def close(self) -> None:
        """Close the ledger, sealed after a run that came to its end, and give the lock back."""
        try:
            with suppress(CometAsyncError):
                self.ledger.end("interrupted")
            self.ledger.close()
            if self._whole:
                seals.seal(self.root / LEDGER)
        finally:
            self._lock.release()

    def store(self, table: str) -> Store:
        """Return the parts of a table."""
        folder = partial(safe_folder, self.root, (PARTS_FOLDER, table))
        return Store(folder, TABLES[table], self.ledger.new_part)

    def file_folder(self, parts: Sequence[str]) -> Path:
        """Return the folder for files, `parts` being folders below `files`.

        Raises:
            PartError: A link stands where a folder should.
            DestinationError: It cannot be made.
        """
        return safe_folder(self.root, (FILES, *parts))

    def _tidy(self) -> None:
        """Remove what a killed run left that no ledger knows; put back what it had moved away."""
        for table in TABLES:
            moved, place = self.root / _REPLACED / table, self.root / TABLES_FOLDER / table
            if guarded(moved, os.path.isdir) and not guarded(place, os.path.lexists):
                guarded(moved, partial(Path.rename, target=place))
        for name in (_STAGED, _REPLACED):
            remove(self.root / name)
        known = {(part.table, part.id) for part in self.ledger.parts()}
        for table in TABLES:
            folder = self.root / PARTS_FOLDER / table
            if not guarded(folder, os.path.isdir):
                continue
            for path in guarded(folder, lambda found: sorted(found.iterdir())) or []:
                number = path.stem.removeprefix("part-")
                if not number.isdecimal() or (table, int(number)) not in known:
                    remove_file(path)

    def _tidy_files(self) -> None:
        """Remove what a killed run was writing among the files, but for parts to go on with."""
        found = [
            Path(folder) / name
            for folder, _, names in os.walk(self.root / FILES)
            for name in names
            if name.startswith(".") and name.endswith(_UNFINISHED)
        ]
        known = self.ledger.paths_ending(_UNFINISHED) if found else set[str]()
        for path in found:
            other = path.with_suffix(".record" if path.suffix == ".part" else ".part")
            if other not in found and path.relative_to(self.root).as_posix() not in known:
                remove_file(path)

    def _check_parts(self) -> None:
        """Plan anew what was in parts that are gone or cut short."""
        lost: list[int] = []
        for part in self.ledger.parts():
            if part.table not in TABLES:  # somebody's own, which this process does not know
                continue
            path = self.store(part.table).path(part.id)
            size = guarded(path, lambda found: found.lstat(), missing_ok=FileNotFoundError)
            if size is None or not stat.S_ISREG(size.st_mode) or size.st_size != part.bytes:
                lost.append(part.id)
        self.ledger.lost(lost)

    def publish(self, tables: Sequence[str]) -> int | None:
        """Let `tables` show what the ledger has of them now.

        Whatever it breaks off at, doing it again completes it.

        Returns:
            The number of the snapshot that was made, None where nothing had changed.

        Raises:
            PartError: A part is damaged, or a link stands where a folder should.
            DestinationError: A folder cannot be written.
        """
        dead: list[Part] = []
        changed = self.ledger.snapshot_open()
        for table in tables:
            store = self.store(table)
            living = compact(store, self.ledger)
            if not living:
                living = [self._empty(store)]
            names = {part.name for part in living}
            if self._names(table) != names:
                if not changed:
                    self.ledger.new_snapshot()
                    changed = True
                self._show(table, [store.path(part.id) for part in living])
            alive = {part.id for part in living}
            dead += [part for part in self.ledger.parts(table) if part.id not in alive]
        number = self.ledger.new_snapshot() if changed else None
        if number is not None:
            complete_snapshot(self.root, number, str(self._plan.scope), self.ledger)
            self.ledger.snapshot_made(number)
        for part in dead:
            remove_file(self.store(part.table).path(part.id))
        self.ledger.forget(part.id for part in dead)
        self._whole = True
        return number

    def _empty(self, store: Store) -> Part:
        """Return a part without rows, so that the table can be read."""
        found = [part for part in self.ledger.parts(store.table.name) if not part.rows]
        if found:
            return found[0]
        part = store.write(())
        self.ledger.moved(part, ())
        return part

    def _names(self, table: str) -> set[str]:
        folder = self.root / TABLES_FOLDER / table
        if not guarded(folder, os.path.isdir):
            return set()
        return {path.name for path in guarded(folder, lambda found: list(found.iterdir())) or []}

    def _show(self, table: str, paths: Sequence[Path]) -> None:
        """Make the table's folder anew of links to its parts."""
        staged = self.root / _STAGED / table
        remove(staged)
        safe_folder(self.root, (_STAGED, table))
        for path in paths:
            link(path, staged / path.name)
        sync(staged)
        safe_folder(self.root, (TABLES_FOLDER,))
        swap(staged, self.root / TABLES_FOLDER / table, self.root / _REPLACED / table)
        remove(self.root / _REPLACED)
        remove(self.root / _STAGED)
