"""A part file in spans that grow side by side, each of which outlives its process.

The record beside it says what it is a part of, and how far each span has come: a number that is
written after its bytes, so no byte is counted that is not there. After a kill these numbers count;
after a restart of the machine only those that had been safe from a power loss.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from comet_async.engine.kept_part import this_boot
from comet_async.engine.part_file import PartFile, shortened_name
from comet_async.errors import DestinationError

__all__ = ["SpanPart", "can_write_spans"]

_SAFE_EVERY = 64 * 1024 * 1024
_BLOCK = 1024 * 1024
_HEAD = 4096
_COUNT = struct.Struct("<Q")
_MOST = 64


class _Record(msgspec.Struct, frozen=True):
    """What a part is of, and where its spans begin."""

    fingerprint: str
    etag: str
    total: int
    boot: str
    starts: tuple[int, ...]


def can_write_spans() -> bool:
    """Tell whether this system writes at a place in a file, whatever was written elsewhere."""
    return hasattr(os, "pwrite")


class SpanPart:
    """The part of one file that several requests bring. All methods block.

    Args:
        path: Where the whole file goes.
        fingerprint: Of the request.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        stem = f".{shortened_name(path)}.{fingerprint[:16]}.spans"
        self._name = f"{stem}.part"
        self._told = path.with_name(f"{stem}.record")
        self._file: PartFile | None = None
        self._record: _Record | None = None
        self._counts: int | None = None
        self._done: list[int] = []
        self._safe: list[int] = []

    @property
    def etag(self) -> str:
        """Strong ETag of the content."""
        return "" if self._record is None else self._record.etag

    @property
    def total(self) -> int:
        """Bytes of the whole content."""
        return 0 if self._record is None else self._record.total

    @property
    def received(self) -> int:
        """Bytes that are there, over all spans."""
        return sum(self._done)

    def spans(self) -> list[tuple[int, int]]:
        """Return what is missing of each span: the place of its next byte, and its end."""
        if self._record is None:
            return []
        starts = self._record.starts
        ends = (*starts[1:], self._record.total)
        return [
            (start + done, end) for start, done, end in zip(starts, self._done, ends, strict=True)
        ]

    def found(self) -> bool:
        """Open what an earlier attempt left; return whether there is something to go on with."""
        if not can_write_spans() or not self._told.is_file():
            return False
        file = PartFile(self._path, self._name)
        size = file.take_over()
        if size is None:
            return False
        self._file = file
        try:
            self._read(size)
        except (OSError, msgspec.DecodeError, struct.error, ValueError):
            self.drop()
            return False
        return True

    def _read(self, size: int) -> None:
        """Read the record.

        Raises:
            ValueError: It is of something else, or says what cannot be.
        """
        data = self._told.read_bytes()
        record = msgspec.json.decode(data[:_HEAD].rstrip(b"\0"), type=_Record)
        count = len(record.starts)
        numbers = [n for (n,) in _COUNT.iter_unpack(data[_HEAD : _HEAD + 2 * count * _COUNT.size])]
        done, safe = numbers[:count], numbers[count:]
        self._record = record
        self._done = self._safe = safe if record.boot != this_boot() else done
        self._done = list(self._done)
        ends = (*record.starts[1:], record.total)
        sizes = [end - start for start, end in zip(record.starts, ends, strict=True)]
        sound = count and record.starts[0] == 0 and min(sizes) > 0 and len(safe) == count
        within = all(0 <= own <= most for own, most in zip(self._done, sizes, strict=False))
        if record.fingerprint != self._fingerprint or size != record.total or not sound:
            raise ValueError("another part")
        if not within or len(self._done) != count:
            raise ValueError("more than there is")
        self._open_counts()

    def start(self, etag: str, starts: Sequence[int], total: int) -> bool:
        """Begin anew: an empty part with spans that begin at `starts`.

        Returns:
            False when another process has such a part.

        Raises:
            DestinationError: It cannot be made.
        """
        stale = PartFile(self._path, self._name)
        if stale.take_over() is not None:
            stale.discard()
        file = PartFile(self._path, self._name)
        if not file.open(total):
            file.keep()
            return False
        self._file = file
        file.cut(total)
        self._record = _Record(self._fingerprint, etag, total, this_boot(), tuple(starts[:_MOST]))
        self._done, self._safe = [0] * len(starts), [0] * len(starts)
        head = msgspec.json.encode(self._record)
        if len(head) > _HEAD:
            self.drop()
            return False
        try:
            self._told.unlink(missing_ok=True)
            self._open_counts(os.O_CREAT | os.O_EXCL)
            self._write_record(head.ljust(_HEAD, b"\0") + bytes(2 * len(starts) * _COUNT.size))
        except OSError as error:
            self.drop()
            reason = error.strerror or type(error).__name__
            raise DestinationError(f"cannot write {self._told.name}: {reason}") from None
        return True

    def _write_record(self, data: bytes) -> None:
        if self._counts is not None:
            os.pwrite(self._counts, data, 0)

    def _open_counts(self, more: int = 0) -> None:
        """Open the record to write into it: a plain file with no other name."""
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        self._counts = os.open(self._told, flags | more, 0o666)
        if os.fstat(self._counts).st_nlink > 1:
            raise ValueError("the record has another name")

    def write(self, span: int, block: memoryview) -> None:
        """Append a block to a span.

        Raises:
            DestinationError: The disk is full or failing.
        """
        place, _ = self.spans()[span]
        file = self._opened()
        file.write_at(place, block)
        self._done[span] += len(block)
        self._note(span, self._done[span])
        if self._done[span] - self._safe[span] >= _SAFE_EVERY:
            self._make_safe()

    def _make_safe(self) -> None:
        done = list(self._done)
        self._opened().sync()
        for span, count in enumerate(done):
            self._note(len(done) + span, count)
        self._safe = done

    def _note(self, number: int, count: int) -> None:
        if self._counts is None:
            return
        try:
            os.pwrite(self._counts, _COUNT.pack(count), _HEAD + number * _COUNT.size)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DestinationError(f"cannot write {self._told.name}: {reason}") from None

    def blocks(self) -> Iterator[bytes]:
        """Give the whole content, for the hashes.

        Raises:
            DestinationError: The disk is failing.
        """
        file, at = self._opened(), 0
        while at < self.total:
            block = file.read(at, min(_BLOCK, self.total - at))
            if not block:
                raise DestinationError(f"cannot read {self._name}: it became shorter")
            at += len(block)
            yield block

    def finish(self, *, durable: bool) -> None:
        """Let the whole file appear, and forget the record.

        Raises:
            DestinationError: The disk is full or failing.
        """
        self._opened().finish(durable=durable)
        self._file = None
        self._forget()

    def keep(self) -> None:
        """Close the part and leave it for another time, where that is of use."""
        if self._file is None:
            return
        if not self.received:
            self.drop()
            return
        with contextlib.suppress(DestinationError):
            self._make_safe()
        self._file.keep()
        self._file = None
        self._close_counts()

    def drop(self) -> None:
        """Remove the part and its record; what another process has stays."""
        if self._file is None:
            return
        self._file.discard()
        self._file = None
        self._record, self._done, self._safe = None, [], []
        self._forget()

    def _forget(self) -> None:
        self._close_counts()
        with contextlib.suppress(OSError):
            self._told.unlink(missing_ok=True)

    def _close_counts(self) -> None:
        counts, self._counts = self._counts, None
        if counts is not None:
            with contextlib.suppress(OSError):
                os.close(counts)

    def _opened(self) -> PartFile:
        if self._file is None:
            raise DestinationError(f"{self._name} is not open")
        return self._file
