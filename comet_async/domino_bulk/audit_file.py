"""A file of events that grows by windows of time, and goes on where it was stopped.

While an export runs, its lines go to a part file beside the file, and a record tells after each
window up to which time the part is good, and how long it is then. A killed export loses the windows
after that alone. A finished export renames the part; the next one begins with a copy of the file.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from comet_async.domino_bulk.audit_windows import rfc3339
from comet_async.engine.part_file import PartFile, checked_folder, names_beside
from comet_async.errors import DestinationError, LedgerError, UsageError
from comet_async.redaction import printable

__all__ = ["AuditFile", "AuditHead"]

_VERSION = 1
_BLOCK = 1024 * 1024


class AuditHead(msgspec.Struct, frozen=True):
    """What the events of a file are.

    Attributes:
        url: Root of the server.
        source: What they are events of.
        filters: Which of them, by the names of the query's members.
    """

    url: str
    source: str
    filters: dict[str, list[str]]


class _Span(msgspec.Struct, frozen=True):
    """How much of a file is good."""

    until_ms: int
    size: int


class _Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered beside a file."""

    comet_async_audit: int
    head: AuditHead
    start_ms: int
    whole: _Span | None = None
    part: _Span | None = None


class AuditFile:
    """The file of an export. All methods block; call them in a worker thread.

    Args:
        path: The file.
        head: What it is of.

    Attributes:
        start_ms: Time of its first event at the earliest, ms since 1970 UTC.
        until_ms: Time up to which all events are there, not included.
    """

    def __init__(self, path: Path, head: AuditHead) -> None:
        part, record = names_beside(path, "audit")
        self._path = path
        self._head = head
        self._part = PartFile(path, part)
        self._record_path = path.with_name(record)
        self._record = _Record(_VERSION, head, 0)
        self._to_copy = 0
        self._size = 0
        self._changed = False
        self.start_ms = 0
        self.until_ms = 0

    def open(self, start_ms: int | None) -> None:
        """Find out how far the file has come, and let no other process go on with it.

        Args:
            start_ms: Where it is to begin, ms since 1970 UTC; None where it has begun.

        Raises:
            UsageError: It has not begun and `start_ms` is None, or it begins at another time.
            LedgerError: It is of something else, or was changed or removed since.
            DestinationError: It cannot be written, or is in use by another process.
        """
        checked_folder(self._path)
        held = self._part.take_over()
        if held is None and not self._part.open(None):
            raise DestinationError(f"another process works on {self._shown}; wait for it")
        try:
            self._begin(start_ms, held or 0)
        except BaseException:
            if held is None:
                self._part.discard()
            else:
                self._part.keep()
            raise

    def _begin(self, start_ms: int | None, held: int) -> None:
        found = self._read()
        if found is None:
            if start_ms is None:
                raise UsageError(f"{self._shown} has not begun: give its start")
            if self._path.exists():
                raise DestinationError(f"{self._shown} exists already; name another file")
            found = _Record(_VERSION, self._head, start_ms)
        elif start_ms not in {None, found.start_ms}:
            raise UsageError(
                f"{self._shown} begins at {rfc3339(found.start_ms)}; give that or none"
            )
        self.start_ms = found.start_ms
        self._record = self._settled(found)
        part, whole = self._record.part, self._record.whole
        if part is not None and held >= part.size:
            self.until_ms, self._size, self._changed = part.until_ms, part.size, True
        elif whole is not None:
            self._check_whole(whole)
            self.until_ms, self._size, self._to_copy = whole.until_ms, whole.size, whole.size
        else:
            self.until_ms = found.start_ms
        self._part.cut(self._size - self._to_copy)

    def _settled(self, record: _Record) -> _Record:
        """Return the record with a part that was renamed before this could be noted."""
        part = record.part
        if part is None or not self._path.exists() or self._path.stat().st_size != part.size:
            return record
        if record.whole is not None and record.whole.size == part.size:
            return record
        return msgspec.structs.replace(record, whole=part, part=None)

    def _check_whole(self, whole: _Span) -> None:
        if not self._path.exists() or self._path.stat().st_size != whole.size:
            raise LedgerError(
                f"{self._shown} was changed or removed since it was written; name another file"
            )

    def append(self, content: bytes, until_ms: int) -> None:
        """Append the lines of the next window.

        Args:
            content: The lines.
            until_ms: End of the window, ms since 1970 UTC.

        Raises:
            DestinationError: The disk is full or failing.
        """
        if self._to_copy:
            self._copy()
        self._part.write([content])
        self._size += len(content)
        self.until_ms = until_ms
        self._changed = True
        self._note(msgspec.structs.replace(self._record, part=_Span(until_ms, self._size)))

    def _copy(self) -> None:
        left, self._to_copy = self._to_copy, 0
        try:
            with self._path.open("rb") as file:
                while left and (block := file.read(min(left, _BLOCK))):
                    self._part.write_block(memoryview(block))
                    left -= len(block)
        except OSError as error:
            raise self._failed(error) from None
        if left:
            raise LedgerError(f"{self._shown} became shorter meanwhile")

    def finish(self) -> None:
        """Put the file in place, with all that was appended.

        Raises:
            DestinationError: The disk is full or failing.
        """
        if self._changed:
            self._part.finish(durable=True)
            whole = _Span(self.until_ms, self._size)
            self._note(msgspec.structs.replace(self._record, whole=whole, part=None))

    def close(self) -> None:
        """Let others go on with it; what was appended and not put in place is kept for them."""
        if self._changed or not self._part.is_open:
            self._part.keep()
        else:
            self._part.discard()

    def _read(self) -> _Record | None:
        try:
            content = self._record_path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from None
        try:
            found = msgspec.json.decode(content, type=_Record)
        except msgspec.DecodeError:
            raise LedgerError(f"the record of {self._shown} is damaged; remove it") from None
        if found.comet_async_audit != _VERSION or found.head != self._head:
            told = f"{printable(found.head.source)} at {printable(found.head.url)}"
            raise LedgerError(f"{self._shown} is of another export: {told}; name another file")
        return found

    def _note(self, record: _Record) -> None:
        new = PartFile(self._record_path, f"{self._record_path.name}.new")
        try:
            if not new.renew(None):
                raise DestinationError(f"another process works on {self._shown}; wait for it")
            new.write([msgspec.json.encode(record) + b"\n"])
            new.finish(durable=False)
        except BaseException:
            new.discard()
            raise
        self._record = record

    @property
    def _shown(self) -> str:
        return printable(str(self._path))

    def _failed(self, error: OSError) -> DestinationError:
        return DestinationError(f"cannot read {self._shown}: {error.strerror}")
