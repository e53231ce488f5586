"""Progress as lines of plain text."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import TextIO

from comet_async.progress.view import View, terminal_width
from comet_async.redaction import shortened
from comet_async.shown import told_size

__all__ = ["PlainProgress"]

_INTERVAL = 5.0


class PlainProgress(View):
    """Lines of plain text, one every few seconds, for logs and pipes.

    Args:
        stream: Where to write; default standard error. Nothing happens once it is closed.
        interval: Seconds between two lines.
        clock: Tells the seconds.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        interval: float = _INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        self._stream = stream if stream is not None else sys.stderr
        self._interval = interval
        self._clock = clock
        self._began = self._last = clock()
        self._told = ""

    def changed(self, table: str) -> None:
        """Write a line if the last one is old enough."""
        del table
        if self._clock() - self._last >= self._interval:
            self._tell()

    def note(self, text: str) -> None:
        """Write the sentence on a line of its own."""
        self._write(shortened(text))

    def close(self) -> None:
        """Write the last numbers, unless they were written already."""
        if self.counts:
            self._tell()

    def _tell(self) -> None:
        self._last = self._clock()
        parts = "; ".join(f"{name} {count.told()}" for name, count in self.counts.items())
        size = f"; {told_size(self.size)}" if self.size else ""
        line = f"{parts}{size}"
        if line != self._told:
            self._told = line
            left = self.left()
            pace = f"; {left}" if left else ""
            self._write(f"{line}{pace} after {self._last - self._began:.0f} s")

    def _write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if self._stream.isatty():
                line = shortened(line, terminal_width(self._stream) - 1)
            print(line, file=self._stream, flush=True)
