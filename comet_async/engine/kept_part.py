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

from comet_async.engine.part_file import PartFile, names_beside
from comet_async.errors import DestinationError

__all__ = ["KEPT_FROM", "Beginning", "KeptPart", "owner_of", "this_boot"]

KEPT_FROM = 1024 * 1024
"""Bytes from which on a part is worth keeping."""
_SAFE_EVERY = 64 * 1024 * 1024
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
        part: Where they are.
        size: Bytes.
        etag: Strong ETag of the content.
        total: Bytes of the whole content.
    """

    part: KeptPart
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
        self._fingerprint = fingerprint
        name, record = names_beside(path, owner_of(fingerprint))
        self._file = PartFile(path, name)
        self._told = path.with_name(record)
        self._record: _Record | None = None
        self._written = 0

    def beginning(self) -> Beginning | None:
        """Open what an earlier attempt left; None where nothing can be relied upon.

        Raises:
            DestinationError: The disk is failing.
        """
        record = self._record or self._found()
        if record is None:
            return None
        if self._written < 1:
            self.drop()
            return None
        return Beginning(self, self._written, record.etag, record.total)

    def _found(self) -> _Record | None:
        """Open what an earlier process left, and return its record."""
        record = self._read()
        size = None if record is None else self._file.take_over()
        if record is None or size is None:
            return None
        if record.boot != this_boot():
            size = min(size, record.safe)
        self._record, self._written = record, min(size, record.total)
        return record

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
        return self._file.blocks(size)

    def start(self, etag: str, total: int) -> bool:
        """Begin anew: an empty part, and the record of what is to come.

        Returns:
            False when another process has such a part.

        Raises:
            DestinationError: It cannot be made.
        """
        self.drop()
        if not self._file.renew(total):
            return False
        self._record = _Record(self._fingerprint, etag, total, this_boot())
        self._tell(self._record)
        return True

    def go_on(self, size: int) -> None:
        """Append after the first `size` bytes.

        Raises:
            DestinationError: The disk is failing.
        """
        self._file.cut(size)
        self._written = size

    def write_block(self, data: memoryview) -> None:
        """Append a block.

        Raises:
            DestinationError: The disk is full or failing.
        """
        self._file.write_block(data)
        self._written += len(data)
        if self._record is not None and self._written - self._record.safe >= _SAFE_EVERY:
            self._make_safe(self._record)

    def finish(self, *, durable: bool) -> None:
        """Let the whole file appear, and forget the record.

        Raises:
            DestinationError: The disk is full or failing.
        """
        self._file.finish(durable=durable)
        self._forget()

    def keep(self) -> None:
        """Close the part, and leave it for another time where that is of use."""
        if self._record is None or not self._written:
            self.drop()
            return
        with contextlib.suppress(DestinationError):
            self._make_safe(self._record)
        self._file.keep()

    def drop(self) -> None:
        """Remove the part and its record; what another process has stays."""
        if self._file.is_open:  # locked until its record has gone
            self._forget()
            self._file.discard()

    def _forget(self) -> None:
        self._record, self._written = None, 0
        with contextlib.suppress(OSError):
            self._told.unlink(missing_ok=True)

    def _make_safe(self, record: _Record) -> None:
        self._file.sync()
        record.safe = self._written
        self._tell(record)

    def _tell(self, record: _Record) -> None:
        part = PartFile(self._told)
        try:
            part.open(None)
            part.write([msgspec.json.encode(record)])
            part.finish(durable=True)
        except BaseException:
            part.discard()
            raise


def owner_of(fingerprint: str) -> str:
    """Return what tells the parts of one request from those of others, for their names."""
    return fingerprint[:16]


def this_boot() -> str:
    """Return what tells this run of the machine from others, or this process where it does not."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"no id {os.getpid()}"
