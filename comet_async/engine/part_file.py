"""A file that appears whole or not at all: written beside its place, then renamed into it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from comet_async.errors import DestinationError
from comet_async.redaction import printable

__all__ = ["PartFile", "checked_folder"]

_SPARE = 16 * 1024 * 1024
_NAME_BYTES = 120


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


class PartFile:
    """A file under way, under a name of its own that no other process uses.

    All methods block; call them in a worker thread. Any failure removes the part file.

    Args:
        path: Where the whole file goes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        stem = path.name.encode()[:_NAME_BYTES].decode("utf-8", "ignore")
        self._part = path.with_name(f".{stem}.{secrets.token_hex(8)}.part")
        self._descriptor: int | None = None

    def open(self, size: int | None) -> None:
        """Make the part file.

        Args:
            size: Bytes to come, if known: they must fit on the disk.

        Raises:
            DestinationError: It cannot be made, or the disk is too full.
        """
        try:
            if size is not None and shutil.disk_usage(self._path.parent).free < size + _SPARE:
                raise DestinationError(f"no room for {size} bytes at {_shown(self._path)}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self._part, flags | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise self._failed(error) from None

    def write(self, pieces: list[bytes]) -> None:
        """Append `pieces`.

        Raises:
            DestinationError: The disk is full or failing.
        """
        if self._descriptor is None:
            raise DestinationError(f"{_shown(self._path)} is not open")
        try:
            data = memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            raise self._failed(error) from None

    def finish(self, *, durable: bool) -> None:
        """Rename the part file into place.

        Args:
            durable: Whether to wait until the data and the name are safe from a power loss.

        Raises:
            DestinationError: The disk is full or failing.
        """
        try:
            if durable and self._descriptor is not None:
                os.fsync(self._descriptor)
            self._close()
            self._part.replace(self._path)
            if durable:
                _sync_folder(self._path.parent)
        except OSError as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        """Remove the part file, if there is one still and the disk lets it go."""
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _failed(self, error: OSError) -> DestinationError:
        reason = error.strerror or type(error).__name__
        return DestinationError(f"cannot write {_shown(self._path)}: {reason}")


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _shown(path: Path) -> str:
    return printable(str(path))
