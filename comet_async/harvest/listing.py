"""From a scope to a plan: the listings, walked page by page, and what they tell of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from comet_async.engine.session import Session
from comet_async.errors import UsageError
from comet_async.harvest.answers import ANSWERS
from comet_async.harvest.planner import ARCHIVE_TABLES, FILE_TABLES, Plan, with_implied
from comet_async.harvest.readers import READERS
from comet_async.harvest.schema import ON_DEMAND, TABLES, checked_tables
from comet_async.harvest.scope import Scope, Selection, parse_scope, service_of
from comet_async.harvest.source import Source
from comet_async.harvest.sources import source_of
from comet_async.harvest.subjects import Reader
from comet_async.harvest.walking import Walk

__all__ = ["plan", "requests_each"]

_LISTED = {
    "metrics": 1.0,
    "assets": 1.0,
    "model_archives": 1.0,
    "registry_archives": 1.0,
    "artifact_files": 3.0,
    "domino_job_logs": 2.0,
}
"""Requests for one subject of what no reader reads."""


async def plan(
    session: Session,
    scope: str,
    *,
    tables: Sequence[str] | None = None,
    archives: bool = False,
    answers: bool = False,
    archived: bool = False,
    selection: Selection | None = None,
    into: Path | str | None = None,
    files: bool = True,
    readers: Sequence[Reader] = READERS,
) -> Plan:
    """Return what a harvest of `scope` will ask, after the listings and a question or two each.

    For each project with something to be read, its columns and one chart; and of one with 20
    experiments or more, how large and how full a few are: two answers of one in twelve (24 at
    most), and one of each other kind of one in fifty (eight at most).

    Args:
        session: An open session with the service that the scope is of.
        scope: `WORKSPACE` or `WORKSPACE/PROJECT` of Comet; `domino:PROJECT`, by name, `OWNER/NAME`
            or id, or `domino:*` of Domino.
        tables: Names out of `TABLES`; default all but those on demand, `answers` and the archives,
            for a project those of projects and experiments. Tables that come with others are added.
        archives: Fetch models, and for a workspace versions of registered ones, as zip archives as
            well: the tables `model_archives` and `registry_archives`.
        answers: Keep the answers as they come as well, in the table `answers`.
        archived: Whether to harvest archived experiments as well.
        selection: Which experiments, and how they are read; `archived` adds to it.
        into: Folder of an earlier harvest: what it holds and is up to date is not to be read again.
        files: Whether the files of assets will be fetched.
        readers: What reads the tables that charts do not fill.

    Returns:
        A plan whose `forecast()` tells requests, bytes and seconds; nothing is written yet. Each
        experiment stands in it once, though a listing may repeat it.

    Raises:
        UsageError: The scope or a table is unknown, a key is in no listing, a column of an
            expression in no project, or the session has no Comet service.
        CometAsyncError: A listing failed; without a whole listing there is no plan.
    """
    asked = parse_scope(scope)
    source = source_of(asked)
    more = (*(ARCHIVE_TABLES if archives else ()), *((ANSWERS,) if answers else ()))
    chosen = _tables(source, asked, tables, more)
    wanted = selection or Selection()
    if archived:
        wanted = msgspec.structs.replace(wanted, archived=True)
    service = service_of(session, asked.service)
    before = session.counters.requests
    walk = Walk(session, asked, wanted, chosen, readers, files=files)
    await walk.walk(source.walk, into)
    return Plan(
        url=service.base_url,
        scope=asked,
        selection=wanted,
        tables=chosen,
        listed=walk.listed,
        due=walk.due,
        projects=walk.projects,
        requests=session.counters.requests - before,
        limits=service.limits_of("default"),
        requests_each=requests_each(chosen, readers),
        files=files and not set(FILE_TABLES).isdisjoint(chosen),
        answers=tuple(walk.answers),
    )


def requests_each(tables: Sequence[str], readers: Sequence[Reader] = READERS) -> dict[str, float]:
    """Return the requests that one subject takes, by the first table of each reader."""
    found = {table: each for table, each in _LISTED.items() if table in tables}
    for reader in readers:
        mine = [table for table in reader.tables if table in tables]
        if mine:
            found.setdefault(mine[0], reader.requests)
    return found


def _tables(
    source: Source, scope: Scope, tables: Sequence[str] | None, more: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the tables that are named, or the usual ones, and more on demand."""
    if tables is not None:
        chosen = with_implied((*checked_tables(list(tables)), *more))
    else:
        usual = [table for table in TABLES if table not in ON_DEMAND and source.has(table)]
        left_out = frozenset[str]() if scope.project is None else source.beyond
        every = (*usual, *more)
        chosen = with_implied(table for table in every if TABLES[table].subject not in left_out)
    foreign = [table for table in chosen if not source.has(table)]
    if foreign:
        raise UsageError(f"{foreign[0]} is no table of a {source.service.capitalize()} harvest")
    return chosen
