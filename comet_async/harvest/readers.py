"""Which endpoint feeds which table of one experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from comet_async import comet
from comet_async.harvest.columns import (
    AssetRow,
    summary_columns,
    system_columns,
    tag_columns,
    value_columns,
)
from comet_async.harvest.domino.readers import DOMINO_READERS
from comet_async.harvest.git_reader import GitReader
from comet_async.harvest.rows import columns_of
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject, SubjectKind
from comet_async.harvest.workspace_readers import WORKSPACE_READERS
from comet_async.request import Request

__all__ = ["MODEL_ELEMENT", "READERS", "has_models", "model_columns", "system_metric_names"]

A = TypeVar("A")

MODEL_ELEMENT = "model-element"
"""Type of the assets that a model of an experiment has."""


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


def _text(
    table: str, request: Callable[[str], Request[A]], text: Callable[[A], str | None]
) -> Reader:
    """Return a reader of a table of one text, which has no row where there is none."""

    def columns(key: str, answer: A) -> Columns:
        found = text(answer)
        return columns_of(table, [{"experiment_key": key, table: found}] if found else [])

    return _Single(table, request, columns)


READERS: tuple[Reader, ...] = (
    _Single("metric_summaries", comet.get_experiment_metrics_summary, summary_columns),
    _Single("parameters", comet.get_experiment_parameters, value_columns),
    _Single("others", comet.get_experiment_others, value_columns),
    _Single("tags", comet.get_experiment_tags, tag_columns),
    _Single("system_details", comet.get_experiment_system_details, system_columns),
    GitReader(),
    _text("code", comet.get_experiment_code, lambda answer: answer.code),
    _text("output", comet.get_experiment_output, lambda answer: answer.output),
    _text("html", comet.get_experiment_html, lambda answer: answer.html),
    _text("graph", comet.get_experiment_graph, lambda answer: answer.graph),
    *WORKSPACE_READERS,
    *DOMINO_READERS,
)
"""All of them, in the order in which they are asked."""


def has_models(rows: tuple[AssetRow, ...]) -> bool:
    """Tell whether assets belong to models of an experiment."""
    return any(row.type == MODEL_ELEMENT for row in rows)


def system_metric_names(columns: Mapping[str, Columns]) -> set[str]:
    """Return the names of system metrics that the rows of `system_details` tell, if any."""
    told = columns.get("system_details", {}).get("system_metric_names", ())
    return {name for names in told for name in msgspec.convert(names or [], list[str])}


def model_columns(key: str, answer: comet.ExperimentModels) -> Columns:
    """Return the rows of `models` of one experiment."""
    rows: list[Mapping[str, object]] = []
    for model in answer.models:
        about = {
            "experiment_key": key,
            "experiment_model_id": model.experiment_model_id,
            "model_name": model.model_name,
        }
        rows += [
            {
                **about,
                "registry_model_id": record.registry_model_id,
                "registry_model_item_id": record.registry_model_item_id,
                "registry_model_name": record.registry_model_name,
                "registry_version": record.version,
                "registered": record.created_at,
            }
            for record in model.registry_records
        ] or [about]
    return columns_of("models", rows)
