"""What a harvest was asked for, as the options of the command that asks the same again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from comet_async.harvest.answers import ANSWERS
from comet_async.harvest.planner import ARCHIVE_TABLES, FILE_TABLES, Plan
from comet_async.harvest.schema import ON_DEMAND, TABLES
from comet_async.harvest.scope import Scope, Selection
from comet_async.harvest.sources import source_of

__all__ = ["options_asked", "usual_tables"]


def options_asked(plan: Plan) -> list[str]:
    """Return the options of `comet-async harvest`, scope and folder aside, that make this plan."""
    chosen = plan.selection
    named = [table for table in plan.tables if table not in ON_DEMAND]
    found = [] if named == usual_tables(plan.scope) else ["--tables", ",".join(named)]
    found += _filters(chosen)
    archives = not set(ARCHIVE_TABLES).isdisjoint(plan.tables)
    flags = {
        "--remote": chosen.remote,
        "--archives": archives and not chosen.expand,
        "--expand": archives and chosen.expand,
        "--exact": chosen.exact,
        "--no-assets": not plan.files and not set(FILE_TABLES).isdisjoint(plan.tables),
        "--answers": ANSWERS in plan.tables,
        "--archived": chosen.archived,
    }
    return [*found, *(name for name, wanted in flags.items() if wanted)]


def usual_tables(scope: Scope) -> list[str]:
    """Return the tables that a scope has where none are named."""
    source = source_of(scope)
    beyond = frozenset[str]() if scope.project is None else source.beyond
    return [
        name
        for name, table in TABLES.items()
        if name not in ON_DEMAND and source.has(name) and table.subject not in beyond
    ]


def _filters(chosen: Selection) -> Iterator[str]:
    lists: Sequence[tuple[str, Sequence[str]]] = (
        ("--keys", sorted(chosen.keys)),
        ("--metrics", chosen.metrics),
    )
    for option, names in lists:
        if names:
            yield from (option, ",".join(names))
    for option, names in (("--tag", chosen.tags), ("--state", chosen.states)):
        for name in names:
            yield from (option, name)
    for option, moment in (("--since", chosen.since), ("--until", chosen.until)):
        if moment is not None:
            yield from (option, _moment(moment))
    if chosen.predicates:
        yield from ("--query", msgspec.json.encode(chosen.predicates).decode())
    if chosen.where is not None:
        yield from ("--where", str(chosen.where))


def _moment(found: datetime) -> str:
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
