"""The files of assets, artifacts and models, and the tables that say where they are."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import anyio
import msgspec

from comet_async import comet
from comet_async.engine.fan_out import Failed, Ok, Outcome, fan_out
from comet_async.engine.threads import undivided
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import AssetEnd
from comet_async.harvest.expanding import expand
from comet_async.harvest.file_lists import COLUMNS, is_remote
from comet_async.harvest.folders import guarded, refuse_link, sync
from comet_async.harvest.job import FAILED, STORED, Found, Job, end_of, stops
from comet_async.harvest.lake import FILES
from comet_async.harvest.ledger_files import FileEnd, Pending, Stored
from comet_async.harvest.planner import ARCHIVE_TABLES
from comet_async.harvest.schema import TABLES
from comet_async.harvest.web_files import download_link
from comet_async.request import Blob, Request

__all__ = ["FileStage"]

_MARKS = 64
_SUBJECTS_AT_ONCE = 200
_SECONDS = 3 * 3600.0


class FileStage:
    """Fetches the files that the lists name, and writes the tables that tell of them.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._ends: list[FileEnd] = []
        self._marking = anyio.Lock()
        self._coming: dict[tuple[str, int], anyio.Event] = {}
        self.altered: list[str] = []

    async def fetch(self) -> None:
        """Fetch every file that is planned, and what has gone missing since.

        Raises:
            AuthenticationError: The key is refused.
            DestinationError: The disk is full or failing; earlier files are whole.
            HarvestError: The ledger is not as it should be.
        """
        job = self._job
        await job.on_disk(partial(job.lake.file_folder, ()))
        await self._look()
        counts = await job.on_disk(job.lake.ledger.file_counts)
        remote = counts.get("remote", 0)
        job.progress.planned(FILES, counts.get("planned", 0) + remote)
        job.answered(FILES, remote, 0)
        try:
            async with fan_out(self._download, _Pending(job), concurrency=job.width) as outcomes:
                async for outcome in outcomes:
                    await self._take(outcome)
        finally:
            with anyio.CancelScope(shield=True):
                await self._marks()

    async def _look(self) -> None:
        """See that the stored files are still what they were; plan the missing ones again."""
        ledger, root = self._job.lake.ledger, self._job.lake.root
        after = (-1, "")
        while files := await self._job.on_disk(partial(ledger.stored_files, after)):
            after = files[-1][:2]
            expanding = self._job.plan.selection.expand
            states = await anyio.to_thread.run_sync(_states_of, root, files, expanding)
            missing: list[tuple[int, str]] = []
            for (subject, asset, stored), state in zip(files, states, strict=True):
                if state == "missing":
                    missing.append((subject, asset))
                elif state == "altered":
                    self.altered.append(stored.path)
            if missing:
                await self._job.on_disk(partial(ledger.missing, missing))

    async def write_table(self, table: str) -> None:
        """Write a table of files from the ledger.

        Raises:
            DestinationError: The disk is full or failing.
            HarvestError: The folder or the ledger is not as it should be.
        """
        job, after = self._job, 0
        ledger, columns = job.lake.ledger, COLUMNS[table]
        while chosen := await job.on_disk(
            partial(ledger.listed_items, table, after, _SUBJECTS_AT_ONCE)
        ):
            after = chosen[-1]
            ends = await job.on_disk(partial(ledger.ends_of, table, chosen))
            if table in ARCHIVE_TABLES:
                told = partial(_with_folders, job.lake.root)
                ends = {
                    subject: await anyio.to_thread.run_sync(told, found)
                    for subject, found in ends.items()
                }
            rows = [
                (table, subject, batch(TABLES[table], columns(found)))
                for subject, found in ends.items()
            ]
            await job.take(Found(rows=list(rows)), told=True)
        await job.flush()

    async def _download(self, pending: Pending) -> FileEnd:
        """Return what became of a file; one of two that are alike waits for the other."""
        alike = _content(pending)
        if alike is None:
            end = await self._fetch(pending)
            await self._told(end)
            return end
        while alike in self._coming:
            await self._coming[alike].wait()
        self._coming[alike] = anyio.Event()
        try:
            twin = await self._twin(*alike)
            if twin is None:
                end = await self._fetch(pending)
            else:
                end = await self._copy(pending, twin)
            await self._told(end)
        finally:
            self._coming.pop(alike).set()
        return end

    async def _twin(self, etag: str, size: int) -> Stored | None:
        return await self._job.on_disk(partial(self._job.lake.ledger.twin, etag, size))

    async def _copy(self, pending: Pending, twin: Stored) -> FileEnd:
        """Return a copy of a stored file that is proved to be the same."""
        target = await anyio.to_thread.run_sync(self._place, pending)
        source = self._job.lake.root / twin.path

        def copied() -> int:
            part = target.with_name(f".{pending.subject}-{os.urandom(6).hex()}.part")
            shutil.copyfile(source, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(target)
            sync(target.parent)
            return target.stat().st_mtime_ns

        modified = await self._job.on_disk(lambda: guarded(target, lambda _: copied()))
        return FileEnd(pending, STORED, None, twin.size, twin.sha256, modified)

    async def _fetch(self, pending: Pending) -> FileEnd:
        job = self._job
        job.asks(FILES)
        target = await anyio.to_thread.run_sync(self._place, pending)
        if is_remote(pending.row):
            done = await download_link(pending.row.link or "", target)
        else:
            done = await job.session.download(
                _request(pending),
                target,
                expected_size=pending.row.listed_size,
                overwrite=True,
                durable=True,
                resume=True,
            )
        if pending.table in ARCHIVE_TABLES and job.plan.selection.expand:
            await undivided(partial(expand, target, _expanded(target)))
        modified = await anyio.to_thread.run_sync(lambda: target.stat().st_mtime_ns)
        return FileEnd(pending, STORED, None, done.size, done.sha256, modified)

    def _place(self, pending: Pending) -> Path:
        """Return the file to write, its folder made and no link on the way."""
        parts = PurePosixPath(pending.path).parts
        target = self._job.lake.file_folder(parts[1:-1]) / parts[-1]
        refuse_link(target)
        return target

    async def _take(self, outcome: Outcome[Pending, FileEnd]) -> None:
        match outcome:
            case Ok(_, end):
                pass
            case Failed(pending, error):
                if stops(error):
                    raise error
                end = FileEnd(pending, end_of(error), str(error))
                self._ends.append(end)
        if end.state == FAILED:
            self._job.failed(FILES)
        else:
            self._job.answered(FILES, 1, 0)
        if len(self._ends) >= _MARKS:
            await self._marks()

    async def _told(self, end: FileEnd) -> None:
        """Put an end into the ledger, with those that came while others were put there.

        Once it is there no kill makes the file be fetched again.
        """
        self._ends.append(end)
        async with self._marking:
            await self._marks()

    async def _marks(self) -> None:
        ends, self._ends = self._ends, []
        if not ends:
            return
        try:
            await self._job.on_disk(partial(self._job.lake.ledger.file_ends, ends))
        except BaseException:
            self._ends = [*ends, *self._ends]
            raise


def _request(pending: Pending) -> Request[Blob]:
    """Return what to ask for a file."""
    row = pending.row
    match pending.table:
        case "artifact_files":
            return comet.get_experiment_asset(row.asset_id, artifact_version_id=row.version_id)
        case "model_archives":
            whole = comet.download_experiment_model(pending.key, row.name or "")
            return whole.with_timeout(_SECONDS)
        case "registry_archives":
            whole = comet.download_registry_model_version(
                pending.workspace, pending.key, version=row.version
            )
            return whole.with_timeout(_SECONDS)
        case _:
            return comet.get_experiment_asset(row.asset_id, experiment_key=pending.key)


def _content(pending: Pending) -> tuple[str, int] | None:
    """Return what proves that two files are the same: an ETag that is an MD5, and the size."""
    size, etag = pending.row.listed_size, (pending.row.etag or "").strip('"')
    if size is None or len(etag) != 32 or not etag.isalnum():  # noqa: PLR2004  hex digits of an MD5
        return None
    return pending.row.etag or "", size


def _states_of(
    root: Path,
    files: Sequence[tuple[int, str, Stored]],
    expanding: bool,  # noqa: FBT001  for a thread
) -> list[str]:
    """Return the state of each file: a thread hop for each would take longer than the look."""

    def state(stored: Stored) -> str:
        path = root / stored.path
        if expanding and stored.table in ARCHIVE_TABLES and not _expanded(path).is_dir():
            return "missing"
        return _state_of(path, stored)

    return [state(stored) for _, _, stored in files]


def _expanded(archive: Path) -> Path:
    """Return the folder that an archive is expanded to: no file's own name ends in a bare `~`."""
    return archive.with_name(f"{archive.stem}~")


def _with_folders(root: Path, ends: Sequence[AssetEnd]) -> list[AssetEnd]:
    """Return what is told of archives, and where they were expanded to."""
    folders = [None if end.local_path is None else _expanded(root / end.local_path) for end in ends]
    return [
        end
        if folder is None or not folder.is_dir()
        else msgspec.structs.replace(end, folder=folder.relative_to(root).as_posix())
        for end, folder in zip(ends, folders, strict=True)
    ]


def _state_of(path: Path, stored: Stored) -> str:
    """Return whether a stored file is as it was, "missing" or "altered" by somebody."""
    try:
        found = path.lstat()
    except OSError:
        return "missing"
    same = found.st_size == stored.size and found.st_mtime_ns == stored.modified
    return STORED if same else "altered"


class _Pending(AsyncIterator[tuple[Pending, Pending]]):
    """The files to fetch, in chunks from the ledger: memory does not grow with their number."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._chunk: deque[Pending] = deque()
        self._last: Pending | None = None

    async def __anext__(self) -> tuple[Pending, Pending]:
        if not self._chunk:
            ledger = self._job.lake.ledger
            self._chunk.extend(await self._job.on_disk(partial(ledger.pending, self._last)))
        if not self._chunk:
            raise StopAsyncIteration
        self._last = self._chunk.popleft()
        return self._last, self._last
