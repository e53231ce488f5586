"""The bars of `RichProgress`: as many as fit a terminal, and a line of rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

__all__ = ["bars"]

_TEXTS = 58
_SHORTEST = 4
_LONGEST = 40


class _Bars(Progress):
    """Bars of which those that do not fit are left out, with a line below them.

    Args:
        console: Where to draw.
        status: Returns what stands below the bars.
    """

    def __init__(self, console: Console, status: Callable[[], str]) -> None:
        self._status = status
        self._terminal = console
        width = max(_SHORTEST, min(_LONGEST, console.width - _TEXTS))
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(width),
            TextColumn("{task.fields[told]}", markup=False),
            TimeElapsedColumn(),
            console=console,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the bars, and the line below them while there is work."""
        shown = _shown(self.tasks, max(3, self._terminal.height // 2))
        yield self.make_tasks_table(shown)
        status = self._status()
        if status and not self.finished:
            yield Text(status, no_wrap=True, overflow="ellipsis")


def _shown(tasks: Sequence[Task], most: int) -> list[Task]:
    """Return no more than `most` tasks, those that are not over before the latest that are."""
    left_out = len(tasks) - most
    over = [task.id for task in tasks if task.finished]
    hidden = {*over[: max(0, left_out)]}
    return [task for task in tasks if task.id not in hidden][:most]


def bars(console: Console | None, status: Callable[[], str]) -> Progress:
    """Return bars that are not drawn yet.

    Args:
        console: Where to draw; default standard error.
        status: Returns what stands below the bars.
    """
    return _Bars(console or Console(stderr=True), status)
