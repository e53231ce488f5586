"""The bars of `RichProgress`: as many as fit a terminal, and a line of rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, Task, TextColumn
from rich.text import Text

from comet_async.pace import told_time

__all__ = ["bars"]

_TEXTS = 52
_ECHO = 3  # a terminal shows ^C behind it, which must not begin a line
_SHORTEST = 4
_LONGEST = 40


class _Bars(Progress):
    """Bars of which those that do not fit are left out, with a line below them.

    Args:
        console: Where to draw.
        status: Returns what stands below the bars.
        transient: Whether they go at the end.
    """

    def __init__(self, console: Console, status: Callable[[], str], *, transient: bool) -> None:
        self._status = status
        self._moving = True
        self._terminal = console
        width = max(_SHORTEST, min(_LONGEST, console.width - _TEXTS))
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(width),
            TextColumn("{task.fields[told]}", markup=False),
            console=console,
            transient=transient,
        )

    def stop(self) -> None:
        """Stop drawing; the bars stay, and nothing below them."""
        self._moving = False
        super().stop()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the bars, and the line below them while there is work."""
        shown = _shown(self.tasks, max(3, self._terminal.height // 2))
        yield self.make_tasks_table(shown)
        if self._moving and not self.finished:
            past = told_time(max((task.elapsed or 0.0) for task in self.tasks))
            told = ", ".join(part for part in (self._status(), f"{past} so far") if part)
            below = Text(told)
            below.truncate(self._terminal.width - _ECHO, overflow="ellipsis")
            yield below


def _shown(tasks: Sequence[Task], most: int) -> list[Task]:
    """Return no more than `most` tasks, those that are not over before the latest that are."""
    left_out = len(tasks) - most
    over = [task.id for task in tasks if task.finished]
    hidden = {*over[: max(0, left_out)]}
    return [task for task in tasks if task.id not in hidden][:most]


def bars(
    console: Console | None, status: Callable[[], str], *, transient: bool = False
) -> Progress:
    """Return bars that are not drawn yet.

    Args:
        console: Where to draw; default standard error.
        status: Returns what stands below the bars.
        transient: Whether they go when they are stopped.
    """
    return _Bars(console or Console(stderr=True), status, transient=transient)
