"""One job's log on its way to a file: a part that is cut where the ledger says, then renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from comet_async.domino import LogLine
from comet_async.domino.log_cursor import LogCursor
from comet_async.engine.names import portable_path
from comet_async.engine.part_file import PartFile, names_beside
from comet_async.engine.threads import undivided
from comet_async.errors import DestinationError
from comet_async.redaction import printable

__all__ = ["LogEntry", "LogFile", "LogForm", "log_name"]

LogForm: TypeAlias = Literal["text", "ndjson"]
"""Lines as they were written, or an object for each with its time and stream."""


class LogEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the log of one job was written.

    Attributes:
        item: Id of the job.
        state: "part" while it is read, "done" when the file is whole.
        size: Bytes that are written.
        lines: Lines that are written.
        cursor: Where to go on.
    """

    item: str
    state: Literal["part", "done"] = "part"
    size: int = 0
    lines: int = 0
    cursor: LogCursor = LogCursor()


class LogFile:
    """The file of one log.

    Args:
        path: Where the whole file goes.
        form: How a line is written.
        durable: Whether to wait until what is written is safe from a power loss.
    """

    def __init__(self, path: Path, form: LogForm, *, durable: bool) -> None:
        self.path = path
        self._encode = _as_text if form == "text" else _as_json
        self._durable = durable
        owner = hashlib.blake2b(path.name.encode(), digest_size=8).hexdigest()
        self._part = PartFile(path, names_beside(path, owner)[0])

    async def begin(self, entry: LogEntry | None) -> LogEntry | None:
        """Open the part, and return what of it is there and can be relied upon.

        Args:
            entry: What the ledger says.

        Raises:
            DestinationError: The file is there and not of this ledger, or cannot be written.
        """
        return await undivided(partial(self._begin, entry))

    def _begin(self, entry: LogEntry | None) -> LogEntry | None:
        if entry is None and self.path.exists():
            shown = printable(str(self.path))
            raise DestinationError(f"{shown} exists, and the ledger does not know it")
        size = self._part.take_over()
        if size is None and not self._part.open(None):
            raise DestinationError(f"another process writes {printable(str(self.path))}")
        kept = entry if entry is not None and (size or 0) >= entry.size else None
        self._part.cut(0 if kept is None else kept.size)
        return kept

    async def write(self, lines: Sequence[LogLine]) -> int:
        """Append lines, and return the bytes that they take.

        Raises:
            DestinationError: The disk is full or failing.
        """
        return await undivided(partial(self._write, lines))

    def _write(self, lines: Sequence[LogLine]) -> int:
        data = self._encode(lines)
        self._part.write([data])
        if self._durable:
            self._part.sync()
        return len(data)

    async def finish(self) -> None:
        """Put the whole file in its place.

        Raises:
            DestinationError: The disk is full or failing.
        """
        await undivided(partial(self._part.finish, durable=self._durable))

    async def leave(self) -> None:
        """Leave the part for a later run; a finished file stays as it is."""
        await undivided(self._part.keep)


def log_name(job_id: str, form: LogForm) -> str:
    """Return the name of the file for a job's log, safe on every system.

    >>> log_name("622a68", "text"), log_name("../x", "ndjson")
    ('622a68.log', '..%252Fx.ndjson')
    """
    name = portable_path(job_id.replace("/", "%2F") + (".log" if form == "text" else ".ndjson"))
    return str(name)


def _as_text(lines: Sequence[LogLine]) -> bytes:
    texts = [(line.log or "").removesuffix("\n").removesuffix("\r") for line in lines]
    return ("\n".join(texts) + "\n").encode("utf-8", "surrogatepass")


def _as_json(lines: Sequence[LogLine]) -> bytes:
    return b"".join([msgspec.json.encode(line) + b"\n" for line in lines])
