"""Progress as bars on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from comet_async.progress.view import BYTES, Count, View
from comet_async.redaction import shortened
from comet_async.shown import told_size

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = ["RichProgress"]


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
        from comet_async.progress.bars import bars  # noqa: PLC0415 rich is slow to import

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
        told = _told_bytes(count) if table == BYTES else count.told()
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
