"""A file that appears whole or not at all: written beside its place, then renamed into it."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from comet_async.engine.file_locks import locked
from comet_async.errors import DestinationError
from comet_async.redaction import printable

__all__ = ["PartFile", "PartMoved", "checked_folder", "names_beside", "sync_folder", "write_whole"]

_SLICE = 8 * 1024 * 1024
_SPARE = 16 * 1024 * 1024
_NAME_BYTES = 120
_BLOCK = 1024 * 1024
_TOKEN = secrets.token_hex(6)
_COUNT = itertools.count()
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _unique() -> str:
    """Return a text that no other part file's name has, in this process or another.

    Drawing random bytes for each lets go of the interpreter, and with threads at work a quarter of
    a millisecond passes until it comes back.
    """
    return f"{_TOKEN}-{os.getpid():x}-{next(_COUNT):x}"


def checked_folder(path: Path) -> None:
    """See that a file can be made at `path`, before anything is asked of a server.

    Raises:
        DestinationError: The folder is missing or not writable, or `path` is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise DestinationError(f"the folder {_shown(folder)} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DestinationError(f"the folder {_shown(folder)} is not writable")
    if path.is_dir():
        raise DestinationError(f"{_shown(path)} is a folder")


def names_beside(path: Path, owner: str) -> tuple[str, str]:
    """Return the names of `owner`'s part of the file at `path`, and of the record of that part."""
    stem = f".{_shortened(path)}.{owner}"
    return f"{stem}.part", f"{stem}.record"


def _shortened(path: Path) -> str:
    """Return so much of a file's name that there is room for more in a name beside it."""
    return path.name.encode()[:_NAME_BYTES].decode("utf-8", "ignore")


class PartMoved(DestinationError):
    """The part file is no longer where it was made: another process has finished or removed it."""


class PartFile:
    """A file under way, under a name of its own that no other process makes.

    All methods block; call them in a worker thread. Any failure removes the part file, unless it
    is to be kept for later.

    Args:
        path: Where the whole file goes.
        name: Name of the part file beside it; None for a new one.

    Attributes:
        name: Name of the part file.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self._path = path
        self.name = name or names_beside(path, _unique())[0]
        self._part = path.with_name(self.name)
        self._descriptor: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is here to be read and written."""
        return self._descriptor is not None

    def open(self, size: int | None) -> bool:
        """Make the part file.

        Args:
            size: Bytes to come, if known: they must fit on the disk.

        Returns:
            False when another process has made it, or has taken it in this very moment: it is not
            ours then, and is to be left.

        Raises:
            DestinationError: It cannot be made, or the disk is too full.
        """
        try:
            if size is not None and shutil.disk_usage(self._path.parent).free < size + _SPARE:
                raise DestinationError(f"no room for {size} bytes at {_shown(self._path)}")
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS
            self._descriptor = os.open(self._part, flags, 0o666)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._failed(error) from None
        # In between another may have taken it for one that a killed process left, and removed it.
        return locked(self._descriptor) and self._names(os.fstat(self._descriptor))

    def take_over(self) -> int | None:
        """Open a part file that an earlier process left.

        Returns:
            Its size in bytes. None when it is not there, is no plain file with a single name, or
            is in use: then it is left alone.
        """
        try:
            descriptor = os.open(self._part, os.O_RDWR | _FLAGS)
        except OSError:
            return None
        found = os.fstat(descriptor)
        plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        # Between opening and locking it may have become the whole file, or gone.
        if not plain or not locked(descriptor) or not self._names(found):
            os.close(descriptor)
            return None
        self._descriptor = descriptor
        return found.st_size

    def renew(self, size: int | None) -> bool:
        """Make the part file, in place of one that an earlier process left.

        Args:
            size: Bytes to come, if known.

        Returns:
            False when another process has it.

        Raises:
            DestinationError: It cannot be made, or the disk is too full.
        """
        if self.take_over() is not None:
            self.discard()
        ours = self.open(size)
        if not ours:
            self.keep()
        return ours

    def _names(self, found: os.stat_result) -> bool:
        """Tell whether the part's name is still that of this file."""
        try:
            return os.path.samestat(found, self._part.lstat())
        except OSError:
            return False

    def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on, and leave the place after them.

        Raises:
            DestinationError: The disk is failing.
        """
        descriptor = self._opened()
        try:
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, size)
        except OSError as error:
            raise self._failed(error) from None

    def blocks(self, size: int) -> Iterator[bytes]:
        """Give the first `size` bytes, a block at a time.

        Raises:
            DestinationError: The disk is failing, or there are fewer.
        """
        at = 0
        while at < size:
            block = self.read(at, min(_BLOCK, size - at))
            if not block:
                raise DestinationError(f"cannot read {self.name}: it became shorter")
            at += len(block)
            yield block

    def cut(self, size: int) -> None:
        """Leave the first `size` bytes, and write after them.

        Raises:
            DestinationError: The disk is failing.
        """
        descriptor = self._opened()
        try:
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
        except OSError as error:
            raise self._failed(error) from None

    def write(self, pieces: list[bytes]) -> None:
        """Append `pieces`.

        Raises:
            DestinationError: The disk is full or failing.
        """
        self.write_block(memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces)))

    def write_block(self, data: memoryview) -> None:
        """Append one block.

        Raises:
            DestinationError: The disk is full or failing.
        """
        descriptor = self._opened()
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError as error:
            raise self._failed(error) from None

    def write_at(self, start: int, data: memoryview) -> None:
        """Write one block from byte `start` on, on systems that can.

        Raises:
            DestinationError: The disk is full or failing.
        """
        descriptor = self._opened()
        try:
            while data:
                written = os.pwrite(descriptor, data, start)
                data, start = data[written:], start + written
        except OSError as error:
            raise self._failed(error) from None

    def sync(self) -> None:
        """Wait until the data is safe from a power loss.

        Raises:
            DestinationError: The disk is full or failing.
        """
        descriptor = self._opened()
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise self._failed(error) from None

    def finish(self, *, durable: bool) -> None:
        """Rename the part file into place.

        Args:
            durable: Whether to wait until the data and the name are safe from a power loss.

        Raises:
            PartMoved: Another process has taken the part file away.
            DestinationError: The disk is full or failing.
        """
        descriptor = self._opened()
        try:
            if durable:
                os.fsync(descriptor)
            if os.name == "nt":  # pragma: no cover
                self._close()
            self._part.replace(self._path)  # locked until it has its own name
            self._close()
            if durable:
                sync_folder(self._path.parent)
        except FileNotFoundError:
            raise PartMoved(f"the part file of {_shown(self._path)} was taken away") from None
        except OSError as error:
            raise self._failed(error) from None

    def keep(self) -> None:
        """Close the part file and leave it where it is."""
        with contextlib.suppress(OSError):
            self._close()

    def discard(self) -> None:
        """Remove the part file, if there is one still and the disk lets it go."""
        if os.name == "nt":  # pragma: no cover
            self.keep()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)
        self.keep()  # locked until then: else another could have made a new one of that name

    def _opened(self) -> int:
        if self._descriptor is None:
            raise DestinationError(f"{_shown(self._path)} is not open")
        return self._descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _failed(self, error: OSError) -> DestinationError:
        reason = error.strerror or type(error).__name__
        return DestinationError(f"cannot write {_shown(self._path)}: {reason}")


def write_whole(path: Path, data: memoryview) -> None:
    """Write a file that appears whole or not at all, safe from a power loss. Blocks.

    Raises:
        DestinationError: The disk is full or failing; nothing is left then.
    """
    part = PartFile(path)
    try:
        part.open(data.nbytes)
        for start in range(0, data.nbytes, _SLICE):
            part.write([bytes(data[start : start + _SLICE])])
        part.finish(durable=True)
    except BaseException:
        part.discard()
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are safe from a power loss, where a system can tell.

    Raises:
        OSError: The disk is failing.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _shown(path: Path) -> str:
    return printable(str(path))
