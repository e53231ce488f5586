"""Logged columns: the type that all values of a name can be read as, and unions of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comet_async.server.numbers_text import number
from comet_async.server.records import Column, Run

__all__ = ["column_type", "columns_of", "union"]

_BOOLEANS = {"true", "false"}
_STRING = "string"


def column_type(source: str, texts: Iterable[str]) -> str:
    """Return a column's type: what all its values can be read as.

    Args:
        source: Of the column; "other" values always are texts.
        texts: Values as stored.
    """
    seen = list(texts)
    if source == "log_other":
        return _STRING
    if all(text in _BOOLEANS for text in seen):
        return "boolean"
    if all(number(text) is not None or text == "NaN" for text in seen):
        return "double"
    return _STRING


def columns_of(run: Run) -> list[Column]:
    """Return the columns of one run, metrics first; the last value says what a metric is."""
    metrics = [
        Column(name, column_type("metrics", [run.metric_current(name) or ""]), "metrics")
        for name in run.metric_names()
    ]
    parameters = [
        Column(row.name, column_type("params", [row.current.value]), "params")
        for row in run.parameters()
    ]
    others = [Column(row.name, _STRING, "log_other") for row in run.others()]
    tags = [Column(tag, _STRING, "tag") for tag in run.tags()]
    return [*metrics, *parameters, *others, *tags]


def union(parts: Iterable[Sequence[Column]]) -> list[Column]:
    """Return each name and source once, in order of appearance; types that differ make a text."""
    found: dict[tuple[str, str], Column] = {}
    for column in (column for part in parts for column in part):
        earlier = found.setdefault((column.name, column.source), column)
        if earlier.type != column.type:
            found[column.name, column.source] = Column(column.name, _STRING, column.source)
    return [*found.values()]
