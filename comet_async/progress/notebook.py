"""Progress as widgets in a notebook, or as bars of text."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Protocol

from comet_async.progress.view import BYTES, View
from comet_async.redaction import shortened

__all__ = ["TqdmProgress", "in_notebook"]

_REFRESH = 0.1


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
            unit = "B" if table == BYTES else ""
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
