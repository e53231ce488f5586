"""Uploaded bytes on disk, so that memory does not grow with them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

__all__ = ["DiskContent", "Sink", "UploadFolder"]

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class DiskContent:
    """A file as a content.

    Attributes:
        path: The file.
        size: Length in bytes.
        etag: MD5 of the bytes.
    """

    path: Path
    size: int
    etag: str

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, the latter excluded."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(max(0, min(stop, self.size) - start))


class Sink:
    """A new file that is written once, from the first byte to the last."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Args:
            path: Does not exist yet.
        """
        self._path = path
        self._file: BinaryIO = path.open("xb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._file.write(data)
        self._md5.update(data)
        self._size += len(data)

    def done(self) -> DiskContent:
        """Close the file and return what it holds."""
        self._file.close()
        return DiskContent(self._path, self._size, self._md5.hexdigest())

    def discard(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class UploadFolder:
    """A temporary folder for uploads, made when the first one arrives."""

    def __init__(self, parent: Path | None = None) -> None:
        """Make nothing yet.

        Args:
            parent: Where the folder is to be; the system's place for such folders when None.
        """
        self._parent = parent
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = count()
        self._lock = threading.Lock()

    def sink(self) -> Sink:
        """Return a new empty file."""
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="comet-async-uploads-", dir=self._parent, ignore_cleanup_errors=True
                )
            return Sink(Path(self._folder.name, f"{next(self._numbers)}.bin"))

    def joined(self, parts: Sequence[DiskContent]) -> DiskContent:
        """Return the bytes of some files one after the other as one file; the parts are removed."""
        if len(parts) == 1:
            return parts[0]
        sink = self.sink()
        for part in parts:
            for start in range(0, part.size, _BLOCK):
                sink.write(part.read(start, start + _BLOCK))
            self.remove(part)
        return sink.done()

    def remove(self, content: DiskContent) -> None:
        """Remove a file that nothing refers to any more."""
        content.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        with self._lock:
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def __repr__(self) -> str:
        return f"<UploadFolder {os.fspath(self._parent or '') or 'temporary'}>"
