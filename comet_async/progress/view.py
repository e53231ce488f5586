"""What every view does: it counts what it is told."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

import msgspec

from comet_async.events import AttemptEnded, Event
from comet_async.pace import Pace, told_time

__all__ = ["BYTES", "Count", "View", "can_move", "terminal_width"]

_MIN_WIDTH = 40
_USUAL_WIDTH = 80
_REQUESTS = "requests"
BYTES = "bytes"


def can_move(stream: TextIO | None) -> bool:
    """Tell whether `stream` is a terminal that may be sent colours and a moving cursor."""
    if stream is None or os.environ.get("NO_COLOR") or stream.closed or not stream.isatty():
        return False
    if os.environ.get("TERM", "dumb") in {"dumb", "unknown", ""} and os.name == "posix":
        return False
    return terminal_width(stream) >= _MIN_WIDTH


def terminal_width(stream: TextIO) -> int:
    """Return how many cells a line of a terminal has: what COLUMNS says, or the terminal itself."""
    if not os.environ.get("COLUMNS"):
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    return shutil.get_terminal_size().columns


class Count(msgspec.Struct):
    """How far one kind of work is; `planned` is None while nobody knows."""

    planned: int | None = None
    done: int = 0
    rows: int = 0
    failed: int = 0

    def told(self) -> str:
        """Return the numbers in words."""
        total = "" if self.planned is None else f"/{self.planned:,}"
        rows = f", {self.rows:,} rows" if self.rows else ""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.done:,}{total}{rows}{failed}"


class View:
    """Counts what it is told; those below show it. Use it as a context manager.

    Attributes:
        counts: By kind of work, as a table's name.
        size: Bytes received.
        pace: How fast it goes, as far as `watch` is told of events.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: dict[str, Count] = {}
        self.size = 0
        self.pace = Pace(clock, self.note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, event: Event, /) -> None:
        """Take note of a session's event: requests that were answered, bytes, waits."""
        self.watch(event)
        match event:
            case AttemptEnded(failure=None, received=received):
                self.received(received)
                self.finished(_REQUESTS, 1, 0)
            case _:
                pass

    def watch(self, event: Event, /) -> None:
        """Take note of the pace and of waits, where requests are not what is counted."""
        self.pace(event)

    def left(self) -> str:
        """Return rate and time left in words, "" where there is none to tell."""
        told = self.pace.status()
        count = next(iter(self.counts.values()), None)
        if " left" in told or len(self.counts) != 1 or count is None or not count.done:
            return told
        to_come, past = (count.planned or 0) - count.done, self.pace.seconds
        if to_come <= 0 or past < 1.0:
            return told
        rest = f"about {told_time(to_come * past / count.done)} left"
        return f"{told}, {rest}" if told else rest

    def planned(self, table: str, items: int) -> None:
        """Take note of `items` more to do."""
        count = self._count(table)
        count.planned = (count.planned or 0) + items
        self.changed(table)

    def finished(self, table: str, items: int, rows: int) -> None:
        """Take note of `items` more that are over, and of the rows in them."""
        count = self._count(table)
        count.done += items
        count.rows += rows
        self.changed(table)

    def failed(self, table: str, items: int) -> None:
        """Take note that `items` of those that are over have failed."""
        self._count(table).failed += items
        self.changed(table)

    def received(self, size: int) -> None:
        """Take note of `size` more bytes."""
        self.size += size

    def download(self, received: int, total: int | None) -> None:
        """Take note of one download's bytes so far, as the hook of `Session.download`."""
        count = self._count(BYTES)
        count.planned, count.done = total, received
        self.changed(BYTES)

    def note(self, text: str) -> None:
        """Show a sentence; `text` is made printable first."""
        del text

    def changed(self, table: str) -> None:
        """Show the new numbers of `table`."""
        del table

    def close(self) -> None:
        """Show the last numbers and give the terminal back."""

    def _count(self, table: str) -> Count:
        return self.counts.setdefault(table, Count())
