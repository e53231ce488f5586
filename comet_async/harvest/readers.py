"""Which endpoint feeds which table of one experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from comet_async import comet
from comet_async.harvest.columns import (
    AssetRow,
    summary_columns,
    system_columns,
    tag_columns,
    value_columns,
)
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject, SubjectKind
from comet_async.request import Request

__all__ = ["READERS", "has_models"]

A = TypeVar("A")


class _Single(Generic[A]):
    """Reads one table by one request for each experiment."""

    kind: SubjectKind = "experiment"
    requests = 1.0

    def __init__(
        self,
        table: str,
        request: Callable[[str], Request[A]],
        columns: Callable[[str, A], Columns],
    ) -> None:
        self.tables = (table,)
        self._request = request
        self._columns = columns

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the rows of its table."""
        del tables
        answer = await ask(self._request(subject.key))
        return {self.tables[0]: self._columns(subject.key, answer)}


READERS: tuple[Reader, ...] = (
    _Single("metric_summaries", comet.get_experiment_metrics_summary, summary_columns),
    _Single("parameters", comet.get_experiment_parameters, value_columns),
    _Single("others", comet.get_experiment_others, value_columns),
    _Single("tags", comet.get_experiment_tags, tag_columns),
    _Single("system_details", comet.get_experiment_system_details, system_columns),
)


def has_models(rows: tuple[AssetRow, ...]) -> bool:
    """Tell whether assets belong to models of an experiment."""
    return any(row.type == "model-element" for row in rows)
