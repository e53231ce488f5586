"""Files on their way to an experiment: which ones, in which order, and what became of each."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from comet_async import comet
from comet_async.errors import AuthenticationError, CometAsyncError, UsageError, may_have_acted
from comet_async.redaction import printable, shortened
from comet_async.request import Request

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Details", "Gathered", "Item", "State", "Uploads", "gathered"]

_AT_ONCE = 8


class Item(msgspec.Struct, frozen=True):
    """A file to upload.

    Attributes:
        path: Where it is.
        name: Name of the asset.
        size: Bytes.
    """

    path: Path
    name: str
    size: int


class Gathered(msgspec.Struct, frozen=True):
    """What the command line names.

    Attributes:
        items: The files, in order.
        left_out: What lies in folders and is no file of theirs: links that lead outside, devices.
    """

    items: Sequence[Item]
    left_out: Sequence[Path]


class State(Enum):
    """What became of a file."""

    WAITING = "not sent"
    UNDER_WAY = "under way"
    UPLOADED = "uploaded"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What all files of one upload have in common.

    Attributes:
        type: Type of asset.
        step: Step of the training.
        overwrite: Whether assets of the same name are replaced.
        metadata: Data of the user's own.
    """

    type: str | None = None
    step: int | None = None
    overwrite: bool = False
    metadata: dict[str, object] | None = None


def gathered(sources: Iterable[Path], name: str | None) -> Gathered:
    """Return the files that are named, and those in the folders that are named. Blocks.

    Args:
        sources: Files and folders; a folder gives all files in it, named by their path there. A
            link in a folder counts as the file that it leads to, if that lies in the folder too.
        name: Name of the asset for a single file; what comes before the names for a folder.

    Raises:
        UsageError: Two files would have one name; or several are to have one.
        OSError: A folder cannot be read.
    """
    found, left_out = [*sources], list[Path]()
    if name is not None and len(found) > 1:
        raise UsageError("--name is for one file or one folder")
    items: list[Item] = []
    for source in found:
        if source.is_dir():
            before = "" if name is None else name.rstrip("/") + "/"
            items += [
                _item(path, before + path.relative_to(source).as_posix())
                for path in _files_in(source, left_out)
            ]
        else:
            items.append(_item(source, name or source.name))
            if not stat.S_ISREG(source.stat().st_mode):
                raise UsageError(f"{printable(str(source))} is no regular file")
    _check_names(items)
    return Gathered(items, left_out)


def _item(path: Path, name: str) -> Item:
    return Item(path, name, path.stat().st_size)


def _files_in(root: Path, left_out: list[Path]) -> Iterator[Path]:
    """Give the files of a folder in order; note what is not taken."""
    home = root.resolve()
    for folder, folders, files in os.walk(root, onerror=_raise):
        folders.sort()
        left_out += [path for name in folders if (path := Path(folder, name)).is_symlink()]
        for name in sorted(files):
            path = Path(folder, name)
            if _is_taken(path, home):
                yield path
            else:
                left_out.append(path)


def _raise(error: OSError) -> None:
    raise error


def _is_taken(path: Path, home: Path) -> bool:
    """Tell whether a path is a file, and if by a link one of the same folder."""
    try:
        real = path.resolve(strict=True) if path.is_symlink() else path
        return stat.S_ISREG(real.stat().st_mode) and (real is path or real.is_relative_to(home))
    except (OSError, RuntimeError):
        return False


def _check_names(items: Iterable[Item]) -> None:
    by_name: dict[str, Path] = {}
    for item in items:
        other = by_name.setdefault(item.name, item.path)
        if other is not item.path:
            both = f"{printable(str(other))} and {printable(str(item.path))}"
            raise UsageError(f"two files would have the name {printable(item.name)}: {both}")


class Uploads:
    """Sends files to an experiment, several at once, and knows what became of each.

    A file is sent once: what failed after its bytes had left is told as of unknown outcome, except
    that one which replaces its namesakes may be sent again.

    Args:
        key: Experiment key.
        items: The files.
        details: What they have in common.

    Attributes:
        states: What became of each file.
        asset_ids: Ids by the number of the file, of those that were uploaded.
        problems: Reasons by the number of the file, of those that were not.
    """

    def __init__(self, key: str, items: Sequence[Item], details: Details) -> None:
        self.states = [State.WAITING for _ in items]
        self.asset_ids: dict[int, str | None] = {}
        self.problems: dict[int, str] = {}
        self._key = key
        self._items = items
        self._details = details
        self._sent: dict[int, int] = {}
        self._total = 0

    def skip(self, there: Iterable[comet.Asset]) -> None:
        """Leave out what is there already under the same name with the same size."""
        known = {(asset.file_name, asset.file_size) for asset in there if not asset.remote}
        for number, item in enumerate(self._items):
            if (item.name, item.size) in known:
                self.states[number] = State.SKIPPED

    async def run(self, session: Session, progress: Callable[[int, int], None]) -> None:
        """Send what is not left out.

        Args:
            session: An open session with the Comet service.
            progress: Called with the bytes that have left, of all files, and the total.

        Raises:
            AuthenticationError: The key was refused: no file can be sent.
        """
        from comet_async.engine.fan_out import Ok, fan_out  # noqa: PLC0415 slow to import

        waiting = [n for n, state in enumerate(self.states) if state is State.WAITING]
        total = sum(self._items[number].size for number in waiting)

        async def work(number: int) -> comet.UploadedAsset:
            def told(sent: int, size: int | None) -> None:
                del size
                self._total += sent - self._sent.get(number, 0)
                self._sent[number] = sent
                progress(self._total, total)

            request = self._request(self._items[number])
            self.states[number] = State.UNDER_WAY
            return await session.send(request, progress=told)

        progress(0, total)
        numbered = ((number, number) for number in waiting)
        async with fan_out(work, numbered, concurrency=_AT_ONCE) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Ok):
                    self.states[outcome.key] = State.UPLOADED
                    self.asset_ids[outcome.key] = outcome.value.asset_id
                else:
                    self._failed(outcome.key, outcome.error)

    def _request(self, item: Item) -> Request[comet.UploadedAsset]:
        details = self._details
        return comet.upload_experiment_asset(
            self._key,
            file=item.path,
            file_name=item.name,
            type=details.type,
            step=details.step,
            overwrite=True if details.overwrite else None,
            metadata=details.metadata,
        )

    def _failed(self, number: int, error: CometAsyncError) -> None:
        unknown = not self._details.overwrite and may_have_acted(error)
        self.states[number] = State.UNKNOWN if unknown else State.FAILED
        self.problems[number] = shortened(str(error))
        if isinstance(error, AuthenticationError):
            raise error

    def stopped(self) -> None:
        """Take note that no more is heard of what is under way: its outcome is not known."""
        for number, state in enumerate(self.states):
            if state is State.UNDER_WAY:
                self.states[number] = State.UNKNOWN
                self.problems[number] = "stopped while it was sent"

    def summary(self) -> str:
        """Return how many files came to which end, in words."""
        counts: Mapping[State, int] = {state: self.states.count(state) for state in State}
        size = sum(
            item.size
            for item, state in zip(self._items, self.states, strict=True)
            if state is State.UPLOADED
        )
        parts = [f"{counts[State.UPLOADED]:,} uploaded ({size:,} bytes)"]
        parts += [f"{counts[state]:,} {told}" for state, told in _TOLD.items() if counts[state]]
        return ", ".join(parts)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Give name, size, state, asset id, path and problem of each file."""
        for number, (item, state) in enumerate(zip(self._items, self.states, strict=True)):
            asset_id, problem = self.asset_ids.get(number), self.problems.get(number)
            yield (
                item.name,
                item.size,
                state.value,
                asset_id,
                str(item.path),
                problem,
            )


_TOLD = {
    State.SKIPPED: "skipped, for they are there",
    State.FAILED: "failed",
    State.UNKNOWN: "of unknown outcome",
    State.WAITING: "not sent",
}
