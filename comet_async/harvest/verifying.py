"""`verify`: what is on disk against the ledger: sizes, checksums, row counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import anyio
import msgspec

from comet_async.engine.threads import undivided
from comet_async.errors import LedgerError, PartError
from comet_async.harvest import seals
from comet_async.harvest.arrow import require, rows_in
from comet_async.harvest.lake import LEDGER, LOCK, PARTS_FOLDER, TABLES_FOLDER
from comet_async.harvest.ledger import Ledger
from comet_async.harvest.ledger_parts import Part
from comet_async.harvest.lock import FolderLock
from comet_async.redaction import printable

__all__ = ["Problem", "Verification", "verify"]


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as the ledger says.

    Attributes:
        path: Below the folder of the harvest, printable.
        what: What is wrong, in a few words.
    """

    path: str
    what: str


class Verification(msgspec.Struct, frozen=True):
    """What was looked at, and what is wrong.

    Attributes:
        parts: Parquet files that were checked.
        rows: Rows in those that the tables show.
        files: Files of assets that were checked.
        bytes: Bytes that were read and hashed; 0 for a quick look.
        unfinished: Items without a good end, which the next run will ask for again.
        problems: What is wrong; empty when all is as it should be.
    """

    parts: int
    rows: int
    files: int
    bytes: int
    unfinished: int
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        return plain


async def verify(
    path: Path | str,
    *,
    quick: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Check a harvest's folder against its ledger; nothing is changed.

    Args:
        path: Folder of the harvest.
        quick: Look at sizes and row counts only, and read no content.
        progress: Called with the number of things checked so far, and of all.

    Raises:
        UsageError: pyarrow is missing.
        LedgerError: There is no sound ledger, or a harvest works in the folder.
    """
    require()
    root = Path(path)
    if not (root / LEDGER).is_file():
        raise LedgerError(f"{printable(str(root))} holds no {LEDGER}: it is no harvest")
    lock = await undivided(lambda: FolderLock(root / LOCK))
    try:
        if await undivided(lambda: seals.broken(root / LEDGER)):
            raise LedgerError(
                f"{printable(str(root / LEDGER))} is damaged; the next harvest into this folder"
                " goes on from the copy beside it"
            )
        ledger = await undivided(lambda: Ledger(root / LEDGER, None))
        try:
            return await _Look(root, ledger, quick=quick, progress=progress).all()
        finally:
            await undivided(ledger.close)
    finally:
        lock.release()


class _Look:
    """One look at everything."""

    def __init__(
        self,
        root: Path,
        ledger: Ledger,
        *,
        quick: bool,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._root = root.resolve()
        self._ledger = ledger
        self._quick = quick
        self._progress = progress
        self._done = 0
        self._bytes = 0
        self._problems: list[Problem] = []

    async def all(self) -> Verification:
        """Look at the parts, the tables, and the files."""
        parts = await undivided(self._ledger.parts)
        counts = await undivided(self._ledger.file_counts)
        total = len(parts) + counts.get("stored", 0)
        for part in parts:
            self._problems += await anyio.to_thread.run_sync(self._part, part)
            self._told(total)
        self._problems += await anyio.to_thread.run_sync(self._shown, parts)
        files = 0
        async for found in self._files():
            self._problems += found
            files += 1
            self._told(total)
        tables = sorted({part.table for part in parts})
        left = partial(self._ledger.unfinished, tables, "")
        unfinished = await undivided(lambda: sum(1 for _ in left()))
        rows = sum(part.live for part in parts)
        problems = tuple(self._problems)
        return Verification(len(parts), rows, files, self._bytes, unfinished, problems)

    def _told(self, total: int) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, total)

    def _part(self, part: Part) -> list[Problem]:
        name = f"{PARTS_FOLDER}/{part.table}/{part.name}"
        found = self._file(name, part.bytes, part.sha256)
        if found:
            return found
        try:
            rows = rows_in(self._root / name)
        except PartError as error:
            return [Problem(name, printable(str(error)))]
        if rows != part.rows:
            return [Problem(name, f"{rows} rows, {part.rows} in the ledger")]
        if part.live > part.rows:
            return [Problem(name, f"{part.rows} rows, of which the ledger counts {part.live}")]
        return []

    def _file(self, name: str, size: int, sha256: str) -> list[Problem]:
        """Compare a file with what is known of it."""
        path = self._root / name
        try:
            found = path.lstat().st_size
        except OSError:
            return [Problem(printable(name), "missing")]
        if found != size:
            return [Problem(printable(name), f"{found} bytes, {size} in the ledger")]
        if self._quick:
            return []
        self._bytes += size
        if seals.hash_of(path) != sha256:
            return [Problem(printable(name), "the content is not what was stored")]
        return []

    def _shown(self, parts: list[Part]) -> list[Problem]:
        """Compare the tables with the parts that they should show."""
        problems: list[Problem] = []
        for table in sorted({part.table for part in parts}):
            own = [part for part in parts if part.table == table]
            live = {part.name for part in own if part.live or not part.rows}
            folder = self._root / TABLES_FOLDER / table
            shown = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
            if shown != live:
                what = "does not show all that is stored; run the harvest again"
                problems.append(Problem(f"{TABLES_FOLDER}/{table}", what))
        return problems

    async def _files(self) -> AsyncIterator[list[Problem]]:
        after = (-1, "")
        while chunk := await undivided(partial(self._ledger.stored_files, after)):
            after = chunk[-1][:2]
            for _, _, stored in chunk:
                yield await anyio.to_thread.run_sync(
                    self._file, stored.path, stored.size, stored.sha256
                )
