"""A file that remembers what became of each of many items: JSON Lines, appended to.

The first line tells what the items are of, each further one the state of an item; the last line of
an item counts. A line that a crash tore off is dropped when the file is opened again. A file that
is no such ledger is left as it is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar, cast

import msgspec

from comet_async.engine.file_locks import locked
from comet_async.engine.threads import SharedHops, undivided
from comet_async.errors import DestinationError, LedgerError
from comet_async.redaction import printable, shortened

__all__ = ["EntryFile", "HasItem"]

_VERSION = 1
_OPTIONAL = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | _OPTIONAL


class HasItem(Protocol):
    """What a line of such a file tells."""

    @property
    def item(self) -> str:
        """The item that it is of."""
        ...


E = TypeVar("E", bound=HasItem)


class EntryFile(Generic[E]):
    """The ledger of one operation. Use it as `async with`.

    Args:
        path: The file; made where it is missing.
        kind: Kind of ledger, as "writes".
        url: Root of the server that the items are of.
        operation: What is done to each item.
        arguments: With what.
        entry: Type of a line: a struct with the member `item`.

    Attributes:
        entries: The last entry of each item that an earlier run has left.

    Raises:
        LedgerError: The file is of something else, damaged, or in use by another process.
        DestinationError: It cannot be opened or written.
    """

    def __init__(
        self,
        path: Path,
        *,
        kind: str,
        url: str,
        operation: str,
        arguments: Mapping[str, str],
        entry: type[E],
    ) -> None:
        self._path = path
        self._kind = kind
        self._mark = f"comet_async_{kind}"
        self._head: dict[str, object] = {
            self._mark: _VERSION,
            "url": url,
            "operation": operation,
            "arguments": dict(arguments),
        }
        self._entry = entry
        self._descriptor = -1
        self._short = SharedHops()
        self._lock = threading.Lock()
        self.entries: dict[str, E] = {}

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

    async def append(self, entries: Iterable[E], *, durable: bool = False) -> None:
        """Append lines; they are written when this returns.

        Args:
            entries: What is known of some items now.
            durable: Whether to wait until it is safe from a power loss.

        Raises:
            DestinationError: The disk is full or failing.
        """
        lines = b"".join([msgspec.json.encode(entry) + b"\n" for entry in entries])
        await self._short.undivided(partial(self._append, lines, durable=durable))

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
        decoder = msgspec.json.Decoder(self._entry)
        for number, line in enumerate(lines[1:], 2):
            try:
                entry = decoder.decode(line)
            except msgspec.DecodeError:
                raise LedgerError(f"{self._shown}: line {number} is damaged") from None
            self.entries[entry.item] = entry

    def _check_head(self, line: bytes) -> None:
        problem = f"{self._shown} is no ledger of {self._kind}; name another file"
        try:
            head = msgspec.json.decode(line, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise LedgerError(problem) from None
        arguments = head.get("arguments")
        if self._mark not in head or not isinstance(arguments, dict):
            raise LedgerError(problem)
        if head != self._head:
            named = cast("dict[str, object]", arguments)
            members = [f"{name}={value}" for name, value in named.items()]
            told = " ".join([str(head.get("operation")), *members])
            raise LedgerError(
                f"{self._shown} is of another operation: {shortened(printable(told), 80)}"
                f" at {printable(str(head.get('url')))}; name another file"
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
