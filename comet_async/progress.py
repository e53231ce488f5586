"""Progress to look at: rich in a terminal, tqdm in a notebook, plain lines anywhere else.

A view is three things at once: a session's observer, the hook of a harvest, and the hook of one
download. The engine knows none of the libraries; they are imported when a view is opened.

    with RichProgress() as view:
        async with Session(comet.service(), observer=view) as session: ...

    async for outcome in track(outcomes, total=len(keys)): ...
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO, TypeVar, cast

import msgspec

from comet_async.engine.fan_out import Failed
from comet_async.events import AttemptEnded, Event
from comet_async.pace import Pace, told_time
from comet_async.redaction import shortened
from comet_async.shown import told_size

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = [
    "PlainProgress",
    "RichProgress",
    "TqdmProgress",
    "View",
    "can_move",
    "terminal_width",
    "told_size",
    "track",
    "view_for",
]

T = TypeVar("T")

_MIN_WIDTH = 40
_USUAL_WIDTH = 80
_INTERVAL = 5.0
_REFRESH = 0.1
_REQUESTS = "requests"
_BYTES = "bytes"


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
        count = self._count(_BYTES)
        count.planned, count.done = total, received
        self.changed(_BYTES)

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


class RichProgress(View):
    """A bar for each kind of work, drawn by rich on a terminal, with rate and time left below.

    Where there are more bars than fit, those that still move are shown.

    Args:
        console: Where to draw; default standard error.
        transient: Whether the bars go when they are closed.
    """

    def __init__(self, console: Console | None = None, *, transient: bool = False) -> None:
        super().__init__()
        self._console = console
        self._transient = transient
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        from comet_async.progress_bars import bars  # noqa: PLC0415 rich is slow to import

        self._bars = bars(self._console, self.left, transient=self._transient)
        self._bars.start()
        return self

    def changed(self, table: str) -> None:
        """Move the bar."""
        if self._bars is None:
            return
        count = self.counts[table]
        task = self._tasks.get(table)
        if task is None:
            task = self._tasks[table] = self._bars.add_task(table, total=None, told="")
        told = _told_bytes(count) if table == _BYTES else count.told()
        self._bars.update(task, total=count.planned, completed=count.done, told=told)

    def note(self, text: str) -> None:
        """Print the sentence above the bars."""
        if self._bars is not None:
            self._bars.console.print(shortened(text), markup=False, highlight=False)

    def close(self) -> None:
        """Stop drawing."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


def _told_bytes(count: Count) -> str:
    done = told_size(count.done)
    return done if count.planned is None else f"{done} of {told_size(count.planned)}"


class _Bar(Protocol):
    """What is used of a bar of tqdm's, which has no type hints."""

    total: int | None
    n: int

    def refresh(self) -> object: ...
    def close(self) -> object: ...
    def set_postfix_str(self, s: str, refresh: bool) -> object: ...  # noqa: FBT001 tqdm's own


class TqdmProgress(View):
    """A bar for each kind of work, drawn by tqdm: in a notebook as a widget.

    Args:
        bar: Makes a bar; default `tqdm.auto.tqdm`, imported here, or without ipywidgets the bar of
            text, which `tqdm.auto` would warn of.
        clock: Tells the seconds: a bar is drawn at most ten times in one.

    Raises:
        ModuleNotFoundError: tqdm is missing; the extra `notebook` installs it.
    """

    def __init__(
        self,
        bar: Callable[..., _Bar] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        self._bar: Callable[..., _Bar] = bar or _bar_of_tqdm()
        # Bars of text in a notebook share one line: there is no cursor to be moved up.
        self._place = 0 if bar is None and in_notebook() and not _has_widgets() else None
        self._bars: dict[str, _Bar] = {}
        self._drawn: dict[str, float] = {}
        self._clock = clock
        # None draws on terminals only; a notebook is none and draws widgets.
        self._disable = False if in_notebook() else None

    def changed(self, table: str) -> None:
        """Move the bar."""
        count = self.counts[table]
        bar = self._bars.get(table)
        if bar is None:
            unit = "B" if table == _BYTES else ""
            bar = self._bars[table] = self._bar(
                desc=table,
                total=count.planned,
                unit=unit,
                disable=self._disable,
                position=self._place,
            )
        bar.total, bar.n = count.planned, count.done
        if self._clock() - self._drawn.get(table, 0.0) >= _REFRESH:
            self._drawn[table] = self._clock()
            self._draw(table)

    def _draw(self, table: str) -> None:
        count, bar = self.counts[table], self._bars[table]
        if count.rows or count.failed:
            bar.set_postfix_str(count.told(), refresh=False)
        bar.refresh()

    def note(self, text: str) -> None:
        """Write the sentence beside the newest bar."""
        for bar in [*self._bars.values()][-1:]:
            bar.set_postfix_str(shortened(text), refresh=True)

    def close(self) -> None:
        """Close the bars, which stay to be read; one that is not full turns red in a widget."""
        for table, bar in self._bars.items():
            self._draw(table)
            bar.close()
        self._bars = {}


def _bar_of_tqdm() -> Callable[..., _Bar]:
    name = "tqdm.std" if in_notebook() and not _has_widgets() else "tqdm.auto"
    bar: Callable[..., _Bar] = importlib.import_module(name).tqdm
    return bar


def _has_widgets() -> bool:
    return find_spec("ipywidgets") is not None


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook: its shell has one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def view_for(stream: TextIO | None) -> View:
    """Return the view that suits the place: a notebook, a terminal, or neither.

    Args:
        stream: Where it would be drawn, as `sys.stderr`.
    """
    if in_notebook() and find_spec("tqdm") is not None:
        return TqdmProgress()
    return RichProgress() if can_move(stream) else PlainProgress(stream)


class _Tracked(AsyncIterator[T]):
    def __init__(self, items: AsyncIterator[T], label: str, view: View) -> None:
        self._items = items
        self._label = label
        self._view = view

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        self._view.close()  # the loop was left before the end

    async def __anext__(self) -> T:
        try:
            item = await anext(self._items)
        except BaseException:
            self._view.close()
            raise
        if isinstance(cast("object", item), Failed):
            self._view.failed(self._label, 1)
        self._view.finished(self._label, 1, 0)
        return item


def track(
    outcomes: AsyncIterator[T],
    *,
    total: int | None = None,
    label: str = "requests",
    view: View | None = None,
) -> AsyncIterator[T]:
    """Give the same items and show how many have come, failures counted apart.

    Args:
        outcomes: Outcomes of a fan-out, or any items.
        total: How many will come, if you know.
        label: What they are.
        view: Where to show it; by default what suits the place. It is closed at the end.
    """
    shown = view if view is not None else view_for(sys.stderr)
    shown.__enter__()
    if total is not None:
        shown.planned(label, total)
    return _Tracked(outcomes, label, shown)
