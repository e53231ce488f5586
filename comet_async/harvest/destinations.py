"""A harvest copied to where others read it: any store that fsspec knows, as s3:// or gs://.

The destination gets `tables/`, `files/`, `snapshots/` and a manifest of what was put there. Only
what is new or has changed is sent. Order keeps readers whole: files and snapshots first, then new
parts, then the manifest, and only then parts that no table shows any more are taken away, and of
those only what the manifest says came from here. Stores of objects put a file whole or not at all;
elsewhere it goes to a name of its own first and is moved into place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, cast

import anyio
import msgspec

from comet_async.engine.threads import undivided
from comet_async.errors import CometAsyncError, DestinationError, PartError
from comet_async.harvest.remote import Store
from comet_async.lake.layout import refuse_other
from comet_async.redaction import printable

__all__ = ["FOLDERS", "MANIFEST", "UploadProgress", "UploadReport", "upload"]

MANIFEST = "_manifest.json"
"""What was put where, at the destination's root."""

FOLDERS = ("files", "snapshots", "tables")
"""What is copied, in this order: nobody finds a table whose files are not there yet."""

_AT_ONCE = 8
_CHECKPOINT = 500


class UploadProgress(Protocol):
    """Told of a copy's progress, from its event loop; return quickly."""

    def planned(self, files: int, size: int) -> None:
        """Take note that `files` of together `size` bytes are to be sent."""

    def sent(self, name: str, size: int) -> None:
        """Take note that a file of `size` bytes is there."""


class UploadReport(msgspec.Struct, frozen=True):
    """What a copy did.

    Attributes:
        url: Where to, without credentials.
        sent: Files that were sent.
        sent_bytes: Their bytes.
        kept: Files that were there already.
        removed: Files taken away, which no table shows any more.
    """

    url: str
    sent: int = 0
    sent_bytes: int = 0
    kept: int = 0
    removed: int = 0


class _Entry(msgspec.Struct, frozen=True):
    size: int
    sha256: str
    mtime_ns: int


class _Manifest(msgspec.Struct, frozen=True):
    """What is there from here: whole files, and names that a copy broken off may have left."""

    version: int = 1
    files: dict[str, _Entry] = {}
    pending: tuple[str, ...] = ()

    def ours(self) -> set[str]:
        return {*self.files, *self.pending}


class _Nobody:
    def planned(self, files: int, size: int) -> None:
        """Do nothing."""

    def sent(self, name: str, size: int) -> None:
        """Do nothing."""


async def upload(
    lake_folder: Path, url: str, *, progress: UploadProgress | None = None
) -> UploadReport:
    """Bring a destination up to the state of a harvest. Only the difference is sent.

        report = await harvest.upload(Path("lake"), "s3://bucket/team/lake")

    Run it after the harvest, not during. Broken off, it goes on where it was. Two copies to one
    destination at a time are not supported.

    Args:
        lake_folder: The folder of a harvest.
        url: As fsspec takes it; credentials come from where the store's own tools look.
        progress: Told what is sent.

    Raises:
        UsageError: The folder holds no harvest, or a package is missing: `comet_async[remote]`.
        DestinationError: The store refuses or cannot be reached, or holds a file of another's under
            a name that is needed.
        PartError: A file went while it was copied, or a link stands among them.
    """
    refuse_other(lake_folder)
    store = await undivided(partial(Store, url))
    copy = _Copy(lake_folder, store, progress or _Nobody())
    return await copy.run()


class _Copy:
    """One copy under way."""

    def __init__(self, folder: Path, store: Store, progress: UploadProgress) -> None:
        self._folder = folder
        self._store = store
        self._progress = progress
        self._done: dict[str, _Entry] = {}

    async def run(self) -> UploadReport:
        known = await undivided(self._manifest)
        there = await undivided(self._store.sizes)
        entries = await undivided(partial(_entries, self._folder, known.files))
        kept = {n: e for n, e in entries.items() if _is_there(n, e, known, there)}
        send = [name for name in entries if name not in kept]
        self._refuse_foreign(send, known, there)
        stale = sorted(known.ours() - entries.keys())
        self._done = {n: e for n, e in known.files.items() if n in kept or n in stale}
        self._progress.planned(len(send), sum(entries[name].size for name in send))
        await self._send(send, entries, stale)
        await self._each(stale, self._store.remove)
        if send or stale or known.files != kept:
            await undivided(partial(self._write, _Manifest(files=entries)))
        sizes = sum(entries[name].size for name in send)
        return UploadReport(self._store.url, len(send), sizes, len(kept), len(stale))

    async def _send(
        self, names: Sequence[str], entries: Mapping[str, _Entry], stale: Sequence[str]
    ) -> None:
        """Send files, by folder, and write down how far it is now and then."""

        async def one(name: str) -> None:
            await undivided(partial(self._store.put, self._folder / name, name))
            self._done[name] = entries[name]
            self._progress.sent(name, entries[name].size)

        for start in range(0, len(names), _CHECKPOINT):
            pending = (*names[start:], *stale)
            await undivided(partial(self._write, _Manifest(files=self._done, pending=pending)))
            chunk = names[start : start + _CHECKPOINT]
            for folder in FOLDERS:
                await _at_once(one, [name for name in chunk if name.startswith(f"{folder}/")])

    async def _each(self, names: Sequence[str], act: Callable[[str], None]) -> None:
        async def one(name: str) -> None:
            await undivided(partial(act, name))

        await _at_once(one, names)

    def _refuse_foreign(
        self, names: Iterable[str], known: _Manifest, there: Mapping[str, int]
    ) -> None:
        foreign = sorted(set(names) & there.keys() - known.ours())
        if foreign:
            raise DestinationError(
                f"{self._store.url} has a file {printable(foreign[0])} that was not put there from"
                f" a harvest ({len(foreign)} such files): choose another place"
            )

    def _manifest(self) -> _Manifest:
        raw = self._store.read(MANIFEST)
        if raw is None:
            return _Manifest()
        try:
            return msgspec.json.decode(raw, type=_Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        raise DestinationError(f"{self._store.url}/{MANIFEST} is damaged, or no manifest of ours")

    def _write(self, manifest: _Manifest) -> None:
        self._store.write(MANIFEST, msgspec.json.encode(manifest, order="sorted"))


async def _at_once(act: Callable[[str], Awaitable[None]], names: Sequence[str]) -> None:
    """Carry out `act` for each name, a few at a time."""
    left = iter(names)

    async def worker() -> None:
        for name in left:
            await act(name)

    try:
        async with anyio.create_task_group() as group:
            for _ in range(min(_AT_ONCE, len(names))):
                group.start_soon(worker)
    except BaseExceptionGroup as errors:
        first = _first(errors)
    else:
        return
    raise first


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that says most: a bug before errors of ours."""
    flat: list[BaseException] = []
    waiting: list[BaseException] = [errors]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", error).exceptions
        else:
            flat.append(error)
    return min(flat, key=lambda error: isinstance(error, CometAsyncError))


def _is_there(name: str, entry: _Entry, known: _Manifest, there: Mapping[str, int]) -> bool:
    found = known.files.get(name)
    return (
        found is not None
        and (found.size, found.sha256) == (entry.size, entry.sha256)
        and there.get(name) == entry.size
    )


def _entries(folder: Path, known: Mapping[str, _Entry]) -> dict[str, _Entry]:
    """Return size and hash of every file, by its name below the folder.

    A file whose size and time are those in the manifest is not read again, nor is a link to one.
    """
    hashes: dict[tuple[int, int], str] = {}
    found: dict[str, _Entry] = {}
    for name, path in _files(folder):
        try:
            about = path.stat()
            before = known.get(name)
            same = (about.st_dev, about.st_ino)
            if before and (before.size, before.mtime_ns) == (about.st_size, about.st_mtime_ns):
                hashes[same] = before.sha256
            elif same not in hashes:
                with path.open("rb") as file:
                    hashes[same] = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise PartError(f"{printable(str(path))} went meanwhile; run again") from None
        found[name] = _Entry(about.st_size, hashes[same], about.st_mtime_ns)
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give the files that are copied, with their names below the folder, `/` between parts."""
    for top in FOLDERS:
        for place, folders, names in os.walk(folder / top):
            if top == "snapshots" and Path(place) == folder / top:
                folders[:] = [name for name in folders if name.isdecimal()]  # others are not whole
            for name in sorted((*folders, *names)):
                path = Path(place, name)
                if path.is_symlink():
                    raise PartError(f"{printable(str(path))} is a link; remove it")
            for name in sorted(names):
                path = Path(place, name)
                yield path.relative_to(folder).as_posix(), path
