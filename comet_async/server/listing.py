"""Order, columns and selection of the experiments of a project."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.server.query import Fields, matches
from comet_async.server.records import Column, Json, Run
from comet_async.server.run_fields import ENVIRONMENT, METADATA, fields_of
from comet_async.server.store import Store
from comet_async.server.synthetic import LazyRuns

__all__ = ["matching_keys", "ordered", "project_columns"]


def ordered(runs: Sequence[Run], sort_by: str | None, sort_order: str | None) -> Sequence[Run]:
    """Return runs by start or end time.

    Args:
        runs: By start time, oldest first.
        sort_by: startTime or endTime; anything else keeps the order.
        sort_order: desc turns the order round.
    """
    if sort_by == "endTime" and not isinstance(runs, LazyRuns):
        runs = sorted(runs, key=_end)
    return runs[::-1] if sort_by and (sort_order or "").lower() == "desc" else runs


def _end(run: Run) -> tuple[int, str]:
    facts = run.facts
    return (facts.end_ms or facts.start_ms, facts.key)


def project_columns(store: Store, project_id: str) -> list[Column]:
    """Return every column that a query can name, metadata and environment first."""
    if not store.runs(project_id) and not store.runs(project_id, archived=True):
        return []
    fixed = [Column(name, kind, "metadata") for name, kind in METADATA.items()]
    details = [Column(name, "string", "env_details") for name in ENVIRONMENT]
    return [*fixed, *details, *store.columns(project_id)]


def matching_keys(store: Store, runs: Sequence[Run], predicates: Sequence[Json]) -> list[str]:
    """Return the keys of the runs that meet all predicates, in the order of the runs."""
    fields: Fields = fields_of(store)
    return [run.facts.key for run in runs if matches(run, predicates, fields)]
