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

from comet_async.engine.kept_part import owner_of, this_boot
from comet_async.engine.part_file import PartFile, names_beside
from comet_async.errors import DestinationError

__all__ = ["SpanPart", "can_write_spans"]

_SAFE_EVERY = 64 * 1024 * 1024
_HEAD = 4096
_COUNT = struct.Struct("<Q")
_LONGEST = 64 * 1024


class _Record(msgspec.Struct, frozen=True):
    """What a part is of, and where its spans begin."""

    fingerprint: str
    etag: str
    total: int
    boot: str
    starts: tuple[int, ...]


_NOTHING = _Record("", "", 0, "", ())


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
        self._fingerprint = fingerprint
        name, record = names_beside(path, f"{owner_of(fingerprint)}.spans")
        self._file = PartFile(path, name)
        self._told = PartFile(path, record)
        self._record = _NOTHING
        self._ends: tuple[int, ...] = ()
        self._done: list[int] = []
        self._safe: list[int] = []

    @property
    def etag(self) -> str:
        """Strong ETag of the content."""
        return self._record.etag

    @property
    def total(self) -> int:
        """Bytes of the whole content."""
        return self._record.total

    @property
    def received(self) -> int:
        """Bytes that are there, over all spans."""
        return sum(self._done)

    def spans(self) -> list[tuple[int, int]]:
        """Return what is missing of each span: the place of its next byte, and its end."""
        return [self.span(number) for number in range(len(self._done))]

    def span(self, number: int) -> tuple[int, int]:
        """Return what is missing of one span: the place of its next byte, and its end."""
        return self._record.starts[number] + self._done[number], self._ends[number]

    def found(self) -> bool:
        """Open what an earlier attempt left; return whether there is something to go on with."""
        size = self._file.take_over() if can_write_spans() else None
        if size is None:
            return False
        try:
            self._read(size)
        except (DestinationError, msgspec.DecodeError, struct.error, ValueError):
            self.drop()
            return False
        return True

    def _read(self, size: int) -> None:
        """Read the record.

        Raises:
            ValueError: There is none, it is of something else, or says what cannot be.
        """
        if self._told.take_over() is None:
            raise ValueError("no record that nobody else has")
        data = self._told.read(0, _LONGEST)
        record = msgspec.json.decode(data[:_HEAD].rstrip(b"\0"), type=_Record)
        count = len(record.starts)
        numbers = [n for (n,) in _COUNT.iter_unpack(data[_HEAD : _HEAD + 2 * count * _COUNT.size])]
        done, safe = numbers[:count], numbers[count:]
        self._describe(record, safe if record.boot != this_boot() else done, safe)
        sizes = [end - start for start, end in zip(record.starts, self._ends, strict=True)]
        sound = count and record.starts[0] == 0 and min(sizes) > 0 and len(safe) == count
        within = all(0 <= own <= most for own, most in zip(self._done, sizes, strict=False))
        if record.fingerprint != self._fingerprint or size != record.total or not sound:
            raise ValueError("another part")
        if not within:
            raise ValueError("more than there is")

    def _describe(self, record: _Record, done: Sequence[int], safe: Sequence[int]) -> None:
        self._record = record
        self._ends = (*record.starts[1:], record.total)
        self._done, self._safe = list(done), list(safe)

    def start(self, etag: str, starts: Sequence[int], total: int) -> bool:
        """Begin anew: an empty part with spans that begin at `starts`.

        Where that fails, what there is of it is to be dropped.

        Returns:
            False when another process has such a part, or the record has no room for all of this.

        Raises:
            DestinationError: It cannot be made.
        """
        record = _Record(self._fingerprint, etag, total, this_boot(), tuple(starts))
        head = msgspec.json.encode(record)
        if len(head) > _HEAD or not self._file.renew(total) or not self._told.renew(None):
            return False
        self._file.cut(total)
        none = [0] * len(starts)
        self._describe(record, none, none)
        self._told.write_at(0, memoryview(head.ljust(_HEAD, b"\0") + _packed([*none, *none])))
        return True

    def write(self, span: int, block: memoryview) -> None:
        """Append a block to a span.

        Raises:
            DestinationError: The disk is full or failing.
        """
        place, _ = self.span(span)
        self._file.write_at(place, block)
        self._done[span] += len(block)
        self._note(span, [self._done[span]])
        if self._done[span] - self._safe[span] >= _SAFE_EVERY:
            self._make_safe()

    def _make_safe(self) -> None:
        done = list(self._done)
        self._file.sync()
        self._note(len(done), done)
        self._safe = done

    def _note(self, number: int, counts: Sequence[int]) -> None:
        self._told.write_at(_HEAD + number * _COUNT.size, memoryview(_packed(counts)))

    def blocks(self) -> Iterator[bytes]:
        """Give the whole content, for the hashes.

        Raises:
            DestinationError: The disk is failing.
        """
        return self._file.blocks(self.total)

    def finish(self, *, durable: bool) -> None:
        """Let the whole file appear, and forget the record.

        Raises:
            DestinationError: The disk is full or failing.
        """
        self._file.finish(durable=durable)
        self._told.discard()

    def keep(self) -> None:
        """Close the part and leave it for another time, where that is of use."""
        if not self.received:
            self.drop()
        if not self._file.is_open:
            return
        with contextlib.suppress(DestinationError):
            self._make_safe()
        self._told.keep()
        self._file.keep()  # locked until its record is free: else that would seem to be in use

    def drop(self) -> None:
        """Remove the part and its record; what another process has stays."""
        if self._file.is_open:  # locked until its record has gone
            self._told.discard()
            self._file.discard()
        self._describe(_NOTHING, (), ())


def _packed(counts: Sequence[int]) -> bytes:
    return b"".join(map(_COUNT.pack, counts))
