"""Folders of a harvest: made without following links, swapped into place, removed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from comet_async.errors import DestinationError, PartError
from comet_async.redaction import printable

__all__ = [
    "guarded",
    "link",
    "refuse_link",
    "remove",
    "remove_file",
    "safe_folder",
    "sole_name",
    "swap",
    "sync",
]

T = TypeVar("T")

_TWO = 2


def safe_folder(root: Path, parts: Iterable[str]) -> Path:
    """Return the folder `root/parts...`, made where it is missing.

    Raises:
        PartError: A link or a file stands where a folder should: nothing is written through it.
        DestinationError: A folder cannot be made.
    """
    folder = root
    for part in parts:
        folder /= part
        guarded(folder, lambda path: path.mkdir(exist_ok=True), missing_ok=FileExistsError)
        mode = guarded(folder, lambda path: path.lstat().st_mode)
        if mode is None or not stat.S_ISDIR(mode):
            raise PartError(f"{printable(str(folder))} is no folder of this harvest; remove it")
    return folder


def refuse_link(path: Path) -> None:
    """See that a file may be put at `path`: nothing is there, or a plain file.

    Raises:
        PartError: A link, a folder or a device stands there.
    """
    mode = guarded(path, lambda found: found.lstat().st_mode, missing_ok=FileNotFoundError)
    if mode is not None and not stat.S_ISREG(mode):
        raise PartError(f"{printable(str(path))} is not a plain file; remove it")


def sole_name(path: Path) -> None:
    """See that a file which is changed in place, if it is there, is plain and has no other name.

    What has another name, as in a copy made of hard links, is copied: that keeps what it shows.

    Raises:
        PartError: A link, a folder or a device stands there.
        DestinationError: The disk is full or failing.
    """
    refuse_link(path)
    names = guarded(path, lambda found: found.lstat().st_nlink, missing_ok=FileNotFoundError)
    if names is None or names < _TWO:
        return
    beside = path.with_name(f".{path.name}.copy")
    remove_file(beside)
    guarded(beside, lambda target: shutil.copyfile(path, target))
    guarded(path, beside.replace)


def swap(staged: Path, final: Path, replaced: Path) -> None:
    """Move `staged` to `final`, what stands there to `replaced`.

    Doing it again after it broke off anywhere completes it; when `staged` is gone it is done.

    Raises:
        DestinationError: A folder cannot be moved.
    """
    if not guarded(staged, os.path.lexists):
        return
    if guarded(final, os.path.lexists):
        guarded(replaced.parent, lambda path: path.mkdir(parents=True, exist_ok=True))
        guarded(final, lambda path: path.rename(replaced))
    guarded(final.parent, lambda path: path.mkdir(parents=True, exist_ok=True))
    guarded(staged, lambda path: path.rename(final))
    for folder in (staged.parent, final.parent, final.parent.parent):
        sync(folder)


def sync(folder: Path) -> None:
    """Make names in a folder safe from a power loss, where the system knows how.

    Raises:
        DestinationError: The disk is failing.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return

    def flush(path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    guarded(folder, flush)


def remove(folder: Path) -> None:
    """Remove a folder of ours with all that is in it; a link is removed, not followed.

    Raises:
        DestinationError: It cannot be removed.
    """

    def away(path: Path) -> None:
        if path.is_symlink():
            path.unlink()
            return
        with suppress(FileNotFoundError):
            shutil.rmtree(path)

    guarded(folder, away)


def link(source: Path, target: Path) -> None:
    """Let a file appear under a second name; as a copy where the disk knows no links.

    Raises:
        DestinationError: It cannot be made.
    """

    def make(path: Path) -> None:
        try:
            os.link(source, path)
        except (OSError, NotImplementedError):
            shutil.copyfile(source, path)

    guarded(target, make)


def remove_file(path: Path) -> None:
    """Remove a file of ours, if it is there.

    Raises:
        DestinationError: It cannot be removed.
    """
    guarded(path, lambda found: found.unlink(missing_ok=True))


def guarded(
    path: Path, act: Callable[[Path], T], *, missing_ok: type[OSError] | None = None
) -> T | None:
    """Return `act(path)`, None where it raises `missing_ok`.

    Raises:
        DestinationError: The system refuses.
    """
    try:
        return act(path)
    except OSError as error:
        if missing_ok is not None and isinstance(error, missing_ok):
            return None
        reason = error.strerror or type(error).__name__
    raise DestinationError(f"cannot write {printable(str(path))}: {reason}")
