"""Files that a command leaves in a folder: each whole or not at all, none replaced unasked."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from comet_async.engine.threads import undivided
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    UsageError,
)
from comet_async.redaction import printable, shortened
from comet_async.request import Blob, Request

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Saved", "Wanted", "make_folder", "save_all", "what_stands"]

_AT_ONCE = 16
_OTHER = "something else stands in its place; --force replaces it"


class Wanted(msgspec.Struct, frozen=True):
    """A file to fetch.

    Attributes:
        place: Where it goes in the folder.
        size: Bytes that a listing promised, None where it did not.
        request: What asks for it.
    """

    place: PurePosixPath
    size: int | None
    request: Request[Blob]


class Saved(msgspec.Struct, frozen=True):
    """What became of a file.

    Attributes:
        state: "stored", "whole" for one that was there, "failed".
        size: Bytes.
        sha256: Hash of the content, of a stored one.
        problem: Why it failed.
    """

    state: str
    size: int | None = None
    sha256: str | None = None
    problem: str | None = None


def what_stands(path: Path, size: int | None) -> str:
    """Return "nothing", "whole" or "another": what stands where a file of `size` is to be. Blocks.

    Raises:
        DestinationError: It cannot be told.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    except OSError as error:
        raise _failed(path, error) from None
    whole = stat.S_ISREG(found.st_mode) and found.st_size == size
    return "whole" if whole else "another"


def make_folder(folder: Path) -> None:
    """Make a folder with those above it. Blocks.

    Raises:
        UsageError: A file stands in its way.
        DestinationError: It cannot be made.
    """
    problem = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        problem = f"a file stands where the folder {printable(str(folder))} is to be"
    except OSError as error:
        raise _failed(folder, error) from None
    if problem:
        raise UsageError(problem)


def _failed(path: Path, error: OSError) -> DestinationError:
    reason = error.strerror or type(error).__name__
    return DestinationError(f"cannot write {printable(str(path))}: {reason}")


async def save_all(
    session: Session,
    root: Path,
    wanted: Sequence[Wanted],
    *,
    force: bool,
    progress: Callable[[int, int], None],
) -> Mapping[int, Saved]:
    """Fetch files into a folder, several at once; a large one goes on where it was stopped.

    Args:
        session: An open session with the Comet service.
        root: The folder.
        wanted: The files.
        force: Whether all are fetched, and what stands in their places is replaced.
        progress: Called with the bytes received, of all files, and those that are expected.

    Returns:
        What became of each, by its number.

    Raises:
        AuthenticationError: The key was refused.
        DestinationError: The disk is full or failing.
    """
    from comet_async.engine.fan_out import Ok, fan_out  # noqa: PLC0415 slow to import

    ends = await undivided(partial(_prepared, root, wanted, force=force))
    left = [number for number in range(len(wanted)) if number not in ends]
    total = sum(wanted[number].size or 0 for number in left)
    come: dict[int, int] = {}
    all_come = 0

    async def work(number: int) -> Saved:
        item = wanted[number]

        def told(received: int, size: int | None) -> None:
            nonlocal all_come
            del size
            all_come += received - come.get(number, 0)
            come[number] = received
            progress(all_come, total)

        done = await session.download(
            item.request,
            root / item.place,
            expected_size=item.size,
            overwrite=force,
            resume=True,
            progress=told,
        )
        return Saved("stored", done.size, done.sha256)

    progress(0, total)
    numbers = ((number, number) for number in left)
    async with fan_out(work, numbers, concurrency=_AT_ONCE) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Ok):
                ends[outcome.key] = outcome.value
            else:
                ends[outcome.key] = _end(outcome.error)
    return ends


def _prepared(root: Path, wanted: Sequence[Wanted], *, force: bool) -> dict[int, Saved]:
    """Return the ends of files that are not fetched; make the folders of the others. Blocks.

    Raises:
        DestinationError: The disk is full or failing.
    """
    ends: dict[int, Saved] = {}
    taken = _taken(wanted)
    for number, item in enumerate(wanted):
        target = root / item.place
        standing = "nothing" if force else what_stands(target, item.size)
        if number in taken:
            ends[number] = Saved("failed", problem="another file of these has its place")
        elif standing == "whole":
            ends[number] = Saved("whole", item.size)
        elif standing == "another":
            ends[number] = Saved("failed", problem=_OTHER)
        elif problem := _without_folder(target.parent):
            ends[number] = Saved("failed", problem=problem)
    return ends


def _without_folder(folder: Path) -> str | None:
    """Make a folder; return what stands in its way, None where it is made."""
    try:
        make_folder(folder)
    except UsageError as error:
        return error.message
    return None


def _taken(wanted: Sequence[Wanted]) -> frozenset[int]:
    """Return the numbers of files whose place, or a folder above it, is another file's."""
    places: set[str] = set()
    found: set[int] = set()
    for number, item in enumerate(wanted):
        place = os.path.normcase(item.place)
        if place in places:
            found.add(number)
        places.add(place)
    for number, item in enumerate(wanted):
        if any(os.path.normcase(above) in places for above in item.place.parents):
            found.add(number)
    return frozenset(found)


def _end(error: CometAsyncError) -> Saved:
    if isinstance(error, (AuthenticationError, DestinationError)):
        raise error
    return Saved("failed", problem=shortened(str(error)))
