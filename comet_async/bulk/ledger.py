"""A file that remembers what became of each item of many writes: JSON Lines, appended to.

The first line tells the server, the operation and its arguments; each further one the state of an
item. The last line of an item counts. A line that a crash tore off is dropped when the file is
opened again: nothing was sent of which the line before sending was not on the disk whole. A file
that is no such ledger is left as it is.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import msgspec

from comet_async.engine.file_locks import locked
from comet_async.engine.threads import SharedHops, undivided
from comet_async.errors import DestinationError, LedgerError
from comet_async.redaction import mask, printable, shortened

__all__ = ["Entry", "State", "WriteLedger"]

State: TypeAlias = Literal["sent", "done", "failed", "unknown"]
"""Of an item: "sent" is all that is known until its answer comes."""

_VERSION = 1
_REASON = 300
_OPTIONAL = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | _OPTIONAL


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one item.

    Attributes:
        item: As an experiment key.
        state: What became of it.
        reason: Why it failed, or why nobody knows.
        at_ms: When that was known, ms since 1970 UTC.
    """

    item: str
    state: State
    reason: str | None = None
    at_ms: int = 0


class _Head(msgspec.Struct, frozen=True):
    """What the items are of."""

    comet_async_writes: int
    url: str
    operation: str
    arguments: dict[str, str]


class WriteLedger:
    """The ledger of one operation. Use it as `async with`.

    Args:
        path: The file; made where it is missing.
        url: Root of the server that is written to.
        operation: What is done to each item.
        arguments: With what.

    Attributes:
        entries: The last entry of each item that an earlier run has left.

    Raises:
        LedgerError: The file is of something else, damaged, or in use by another process.
        DestinationError: It cannot be opened or written.
    """

    def __init__(self, path: Path, url: str, operation: str, arguments: Mapping[str, str]) -> None:
        self._path = path
        self._head = _Head(_VERSION, url, operation, dict(arguments))
        self._descriptor = -1
        self._short = SharedHops()
        self._lock = threading.Lock()
        self.entries: dict[str, Entry] = {}

    async def __aenter__(self) -> Self:
        try:
            await undivided(self._open)
        except BaseException:
            await undivided(self._close)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await undivided(self._close)

    async def record(self, items: Iterable[str], state: State, reason: str | None = None) -> None:
        """Append the state of some items; it is written when this returns.

        "sent" is on the disk by then, so that a loss of power does not lead to a second sending.

        Raises:
            DestinationError: The disk is full or failing.
        """
        told = None if reason is None else shortened(mask(reason), _REASON)
        now = time.time_ns() // 1_000_000
        lines = [msgspec.json.encode(Entry(item, state, told, now)) + b"\n" for item in items]
        durable = state == "sent"
        await self._short.undivided(partial(self._append, b"".join(lines), durable=durable))

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, _FLAGS, 0o666)
        except OSError as error:
            raise self._failed(error) from None
        if not locked(self._descriptor):
            raise LedgerError(f"another process works with {self._shown}; wait for it")
        self._read()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _read(self) -> None:
        """Read what there is; begin where there is nothing, or only a part of the first line."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            content = file.read()
        head = msgspec.json.encode(self._head) + b"\n"
        if head.startswith(content) and content != head:
            os.ftruncate(self._descriptor, 0)
            self._append(head)
            return
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines() or [content]
        self._check_head(lines[0])
        if whole < len(content):
            os.ftruncate(self._descriptor, whole)
        decoder = msgspec.json.Decoder(Entry)
        for number, line in enumerate(lines[1:], 2):
            try:
                entry = decoder.decode(line)
            except msgspec.DecodeError:
                raise LedgerError(f"{self._shown}: line {number} is damaged") from None
            self.entries[entry.item] = entry

    def _check_head(self, line: bytes) -> None:
        try:
            head = msgspec.json.decode(line, type=_Head)
        except msgspec.DecodeError:
            raise LedgerError(f"{self._shown} is no ledger of writes; name another file") from None
        if head != self._head:
            told = " ".join([head.operation, *(f"{k}={v}" for k, v in head.arguments.items())])
            raise LedgerError(
                f"{self._shown} is of another operation: {shortened(printable(told), 80)}"
                f" at {printable(head.url)}; name another file"
            )

    def _append(self, data: bytes, *, durable: bool = False) -> None:
        left = data
        with self._lock:
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
                if durable:
                    os.fsync(self._descriptor)
            except OSError as error:
                self._take_back(len(data) - len(left))
                raise self._failed(error) from None

    def _take_back(self, written: int) -> None:
        """Drop the beginning of a line that could not be ended: others may follow it."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)

    @property
    def _shown(self) -> str:
        return printable(str(self._path))

    def _failed(self, error: OSError) -> DestinationError:
        return DestinationError(f"cannot write {self._shown}: {error.strerror}")
