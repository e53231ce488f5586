"""A list of experiments that shows itself as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import SupportsIndex, overload

from comet_async.api.experiment import APIExperiment
from comet_async.api.short_forms import PlainValue
from comet_async.shown import ROWS, Cell, Shown, Table, short_table, told_millis, told_time

__all__ = ["Experiments"]

_METRICS = 4
_OF_NO_INTEREST = ("sys.", "process duration", "cpu", "gpu")


class Experiments(list[APIExperiment], Shown):
    """A list, equal to any other of the same experiments, that shows itself as a table.

    Besides name, state, start and duration it shows metrics: those that `API.with_metrics` was
    asked for, else up to four that were read already and are in the cache. Nothing is asked to show
    it.

    Args:
        experiments: The experiments.
        metrics: Names of the metrics to be shown; none for those that are known.
        values: Their values, by experiment key and name.
    """

    def __init__(
        self,
        experiments: Iterable[APIExperiment] = (),
        *,
        metrics: Sequence[str] = (),
        values: Mapping[str, Mapping[str, PlainValue]] | None = None,
    ) -> None:
        super().__init__(experiments)
        self.metrics = tuple(metrics)
        self._values = dict(values or {})

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> APIExperiment: ...

    @overload
    def __getitem__(self, index: slice, /) -> Experiments: ...

    def __getitem__(self, index: SupportsIndex | slice, /) -> APIExperiment | Experiments:
        if isinstance(index, slice):
            chosen = super().__getitem__(index)
            return Experiments(chosen, metrics=self.metrics, values=self._values)
        return super().__getitem__(index)

    def __repr__(self) -> str:
        return self._table().to_text()

    def _table(self) -> Table:
        shown = [*islice(self, ROWS)]
        known = [self._values.get(one.key) or one.known_metrics for one in shown]
        metrics = self.metrics or _key_metrics(known)
        several = len({one.project_name for one in shown}) > 1
        rows: list[Sequence[Cell]] = [
            (
                one.name or one.key,
                *([one.project_name] if several else []),
                one.state,
                told_time(one.start_server_timestamp),
                told_millis(one.duration_millis),
                *(values.get(name) for name in metrics),
            )
            for one, values in zip(shown, known, strict=True)
        ]
        project = ("project",) if several else ()
        columns = ("name", *project, "state", "started", "duration", *metrics)
        return short_table(self._title(several=several), columns, rows, total=len(self))

    def _title(self, *, several: bool) -> str:
        if not self:
            return "no experiments"
        first = self[0]
        of = first.workspace if several else f"{first.workspace}/{first.project_name}"
        return f"{len(self):,} experiment{'' if len(self) == 1 else 's'} of {of}"


def _key_metrics(known: Iterable[Mapping[str, PlainValue]]) -> tuple[str, ...]:
    """Return the names that most experiments have, but for those of the machine."""
    counts = Counter(
        name for values in known for name in values if not name.startswith(_OF_NO_INTEREST)
    )
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:_METRICS])
