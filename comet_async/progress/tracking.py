"""The view that suits the place, and the progress of a stream."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Self, TextIO, TypeVar, cast

from comet_async.engine.fan_out import Failed
from comet_async.progress.notebook import TqdmProgress, in_notebook
from comet_async.progress.plain import PlainProgress
from comet_async.progress.terminal import RichProgress
from comet_async.progress.view import View, can_move

T = TypeVar("T")

__all__ = ["track", "view_for"]


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
