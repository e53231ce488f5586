"""A part file that outlives its process: the next download of the same goes on from it.

Beside the part lies a record of what it is a part of: the request's fingerprint, the strong ETag of
the content, its size, and how many bytes are safe from a power loss. After a kill the whole part
counts; after a restart of the machine only what had been safe.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from comet_async.engine.part_file import PartFile, shortened_name
from comet_async.errors import DestinationError

__all__ = ["KEPT_FROM", "Beginning", "KeptPart", "this_boot"]

KEPT_FROM = 1024 * 1024
"""Bytes from which on a part is worth keeping."""
_SAFE_EVERY = 64 * 1024 * 1024
_BLOCK = 1024 * 1024
_LONGEST = 4096


class _Record(msgspec.Struct):
    """What a part is of."""

    fingerprint: str
    etag: str
    total: int
    boot: str
    safe: int = 0


class Beginning(msgspec.Struct, frozen=True):
    """What is there of a file: its first bytes, and of which content.

    Attributes:
        size: Bytes.
        etag: Strong ETag of the content.
        total: Bytes of the whole content.
    """

    size: int
    etag: str
    total: int


class KeptPart:
    """The part of one file that one request brings. All methods block.

    Args:
        path: Where the whole file goes.
        fingerprint: Of the request.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        stem = f".{shortened_name(path)}.{fingerprint[:16]}"
        self._name = f"{stem}.part"
        self._told = path.with_name(f"{stem}.record")
        self._record: _Record | None = None
        self._written = 0
        self.file: PartFile | None = None

    def beginning(self) -> Beginning | None:
        """Open what an earlier attempt left; None where nothing can be relied upon.

        Raises:
            DestinationError: The disk is failing.
        """
        if self.file is not None and self._record is not None:
            return self._found(self._written)
        record = self._read()
        if record is None:
            return None
        file = PartFile(self._path, self._name)
        size = file.take_over()
        if size is None:
            return None
        if record.boot != this_boot():
            size = min(size, record.safe)
        self.file, self._record, self._written = file, record, min(size, record.total)
        return self._found(self._written)

    def _found(self, size: int) -> Beginning | None:
        if self._record is None or size < 1:
            return None
        return Beginning(size, self._record.etag, self._record.total)

    def _read(self) -> _Record | None:
        try:
            with self._told.open("rb") as file:
                record = msgspec.json.decode(file.read(_LONGEST), type=_Record)
        except (OSError, msgspec.DecodeError):
            return None
        return record if record.fingerprint == self._fingerprint else None

    def blocks(self, size: int) -> Iterator[bytes]:
        """Give the first `size` bytes again, for the hashes.

        Raises:
            DestinationError: The disk is failing.
        """
        at = 0
        while self.file is not None and at < size:
            block = self.file.read(at, min(_BLOCK, size - at))
            if not block:
                raise DestinationError(f"cannot read {self._name}: it became shorter")
            at += len(block)
            yield block

    def start(self, etag: str, total: int) -> None:
        """Begin anew: an empty part, and the record of what is to come.

        Raises:
            DestinationError: It cannot be made.
        """
        self.drop()
        stale = PartFile(self._path, self._name)
        if stale.take_over() is not None:
            stale.discard()
        self.file = PartFile(self._path, self._name)
        ours = self.file.open(total)
        if not ours:  # this part is nobody's to go on with then
            self.file.keep()
            self.file = PartFile(self._path)
            self.file.open(total)
        if ours:
            self._record = _Record(self._fingerprint, etag, total, this_boot())
            self._tell()

    def go_on(self, size: int) -> None:
        """Append after the first `size` bytes.

        Raises:
            DestinationError: The disk is failing.
        """
        if self.file is not None:
            self.file.cut(size)
        self._written = size

    def write(self, block: memoryview) -> None:
        """Append a block.

        Raises:
            DestinationError: The disk is full or failing.
        """
        if self.file is None:
            raise DestinationError(f"{self._name} is not open")
        self.file.write_block(block)
        self._written += len(block)
        if self._record is not None and self._written - self._record.safe >= _SAFE_EVERY:
            self.file.sync()
            self._record.safe = self._written
            self._tell()

    def finish(self, *, durable: bool) -> None:
        """Let the whole file appear, and forget the record.

        Raises:
            DestinationError: The disk is full or failing.
        """
        if self.file is not None:
            self.file.finish(durable=durable)
        self.file = None
        self._forget()

    def keep(self) -> None:
        """Close the part, and leave it for another time where that is of use."""
        if self.file is None:
            return
        if self._record is None or not self._written:
            self.drop()
            return
        with contextlib.suppress(DestinationError):
            self.file.sync()
            self._record.safe = self._written
            self._tell()
        self.file.keep()
        self.file = None

    def drop(self) -> None:
        """Remove the part and its record."""
        if self.file is not None:
            self.file.discard()
            self.file = None
        self._record, self._written = None, 0
        self._forget()

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            self._told.unlink(missing_ok=True)

    def _tell(self) -> None:
        data = msgspec.json.encode(self._record)
        part = PartFile(self._told)
        try:
            part.open(None)
            part.write([data])
            part.finish(durable=True)
        except BaseException:
            part.discard()
            raise


def this_boot() -> str:
    """Return what tells this run of the machine from others; empty where the system does not."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"no id {os.getpid()}"
