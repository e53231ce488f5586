"""Series and summary rows that grow: each further value takes the same short time."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.server.numbers_text import number
from comet_async.server.records import MAX_POINTS, Mark, Series, Value

__all__ = ["LiveSeries", "widened"]


def widened(old: Value | None, name: str, mark: Mark) -> Value:
    """Return a summary row after one more value.

    Args:
        old: The row so far, None before the first value.
        name: Of what was logged.
        mark: The value; texts and NaN are no extremes, but count as current.
    """
    size = number(mark.value)
    lowest = None if old is None else number(old.minimum.value)
    highest = None if old is None else number(old.maximum.value)
    if old is None or (lowest is None and size is not None):
        return Value.single(name, mark)
    largest, smallest = old.maximum, old.minimum
    if size is None:
        largest, smallest = (mark, mark) if highest is None else (largest, smallest)
    else:
        largest = mark if highest is None or size > highest else largest
        smallest = mark if lowest is None or size < lowest else smallest
    return Value(name, largest, smallest, mark)


class LiveSeries:
    """The points of one metric of an experiment that is written to.

    Attributes:
        summary: Row of the extremes and the last value; None without points.
    """

    def __init__(self, name: str, start: Series | None = None) -> None:
        """Copy the points that there are.

        Args:
            name: Metric name.
            start: Points logged earlier.
        """
        self._name = name
        self._values: list[str] = []
        self._steps: list[int | None] = []
        self._epochs: list[int | None] = []
        self._timestamps: list[int] = []
        self._contexts: list[str | None] = []
        self._offsets: list[int] = []
        self._ordered = True
        self.summary: Value | None = None
        if start is not None:
            columns = zip(
                start.values,
                start.steps,
                start.epochs,
                start.timestamps,
                start.contexts,
                start.offsets,
                strict=True,
            )
            for value, step, epoch, time, context, offset in columns:
                self.append(Mark(value, time, step, context), epoch, offset)

    def append(self, mark: Mark, epoch: int | None, offset: int | None = None) -> None:
        """Add a point.

        Args:
            mark: Value, time, step and context.
            epoch: Epoch.
            offset: Ordinal; by default it goes on by one.
        """
        if self._steps and _order(self._steps[-1]) > _order(mark.step):
            self._ordered = False
        if offset is None:
            offset = self._offsets[-1] + 1 if self._offsets else 0
        self._values.append(mark.value)
        self._steps.append(mark.step)
        self._epochs.append(epoch)
        self._timestamps.append(mark.timestamp_ms or 0)
        self._contexts.append(mark.context)
        self._offsets.append(offset)
        self.summary = widened(self.summary, self._name, mark)

    def series(self) -> Series:
        """Return the stored points by step, at most `MAX_POINTS`, evenly spread."""
        whole = Series(
            self._name,
            self._values,
            self._steps,
            self._epochs,
            self._timestamps,
            self._contexts,
            self._offsets,
        )
        chosen: Sequence[int] = range(len(self._values))
        if not self._ordered:
            chosen = sorted(chosen, key=lambda at: _order(self._steps[at]))
        last = len(chosen) - 1
        if last >= MAX_POINTS:
            chosen = [chosen[at * last // (MAX_POINTS - 1)] for at in range(MAX_POINTS)]
        return whole.picked(chosen)


def _order(step: int | None) -> tuple[bool, int]:
    """Return the sort key of a step: points without one come first."""
    return (step is not None, step or 0)
