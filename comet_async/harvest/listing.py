"""From a scope to a plan: the listings, walked page by page, and what they tell of many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError
from comet_async.harvest.answers import ANSWERS, Answer
from comet_async.harvest.earlier import Earlier
from comet_async.harvest.lake import LEDGER, PARTS_FOLDER
from comet_async.harvest.ledger import print_of
from comet_async.harvest.planner import (
    ARCHIVE_TABLES,
    FILE_TABLES,
    Listed,
    Plan,
    ProjectFacts,
    always_read,
    options_of,
    up_to_date,
    with_implied,
)
from comet_async.harvest.probing import Probe
from comet_async.harvest.readers import READERS
from comet_async.harvest.schema import ON_DEMAND, TABLES, checked_tables
from comet_async.harvest.scope import Scope, Selection, parse_scope, service_of
from comet_async.harvest.subjects import Reader, Subject
from comet_async.harvest.where import Where
from comet_async.paging import with_query
from comet_async.redaction import printable, shortened
from comet_async.request import Request

__all__ = ["plan", "requests_each"]

T = TypeVar("T")

_PAGE = 1000
_SHOWN = 5
_LISTED = {
    "metrics": 1.0,
    "assets": 1.0,
    "model_archives": 1.0,
    "registry_archives": 1.0,
    "artifact_files": 3.0,
}
"""Requests for one subject of what no reader reads."""
_OF_WORKSPACE = frozenset({"workspace", "registry_model", "artifact"})


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
        session: An open session with the Comet service.
        scope: `WORKSPACE` or `WORKSPACE/PROJECT`.
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
    asked, chosen = (
        parse_scope(scope),
        _tables(
            scope, tables, (*(ARCHIVE_TABLES if archives else ()), *((ANSWERS,) if answers else ()))
        ),
    )
    wanted = selection or Selection()
    if archived:
        wanted = msgspec.structs.replace(wanted, archived=True)
    service = service_of(session)
    before = session.counters.requests
    walk = _Walk(session, asked, wanted, chosen, readers, files=files)
    await walk.walk(into)
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


def _tables(scope: str, tables: Sequence[str] | None, more: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tables that are named, or the usual ones, and more on demand."""
    if tables is not None:
        return with_implied((*checked_tables(list(tables)), *more))
    every = tuple(table for table in TABLES if table not in ON_DEMAND)
    if parse_scope(scope).project is None:
        return with_implied((*every, *more))
    mine = [table for table in (*every, *more) if TABLES[table].subject not in _OF_WORKSPACE]
    return with_implied(mine)


class _RawPage(msgspec.Struct):
    experiments: list[msgspec.Raw] | None = None


class _Place(msgspec.Struct):
    """A project whose experiments are listed: id, number of them as told, and who is chosen."""

    project_id: str | None
    chosen: set[str] | None
    told: int | None = None
    found: str | None = None


class _Walk:
    """One walk over the listings of a scope."""

    def __init__(
        self,
        session: Session,
        scope: Scope,
        selection: Selection,
        tables: tuple[str, ...],
        readers: Sequence[Reader],
        *,
        files: bool,
    ) -> None:
        self._session = session
        self._scope = scope
        self._selection = selection
        self._tables = tables
        self._readers = readers
        self._seen: set[str] = set()
        self._earlier: Earlier | None = None
        self._files = files
        self._keeping = ANSWERS in tables
        self._options = {
            table: options_of(selection, table, files=files, answers=self._keeping)
            for table in tables
        }
        wanted, strict = selection.expression, scope.project is not None
        self._where = None if wanted is None else Where(session, wanted, strict=strict)
        self.answers: list[Answer] = []
        self._counted: dict[str, int] = {}
        self.due: dict[str, dict[str, int]] = {}
        self.listed = Listed()
        self.projects: dict[str, ProjectFacts] = {}

    async def walk(self, into: Path | str | None) -> None:
        """List everything that the tables need, and see what a folder has of it."""
        if into is None:
            await self._walk()
            return
        root = Path(into)
        self._earlier = await undivided(lambda: Earlier(root / LEDGER, root / PARTS_FOLDER))
        try:
            await self._walk()
        finally:
            await undivided(self._earlier.close)

    async def _walk(self) -> None:
        kinds = {TABLES[table].subject for table in self._tables}
        if "workspace" in kinds:
            self._add_workspace()
        for project in await self._projects(named=kinds == {"experiment"}):
            if "project" in kinds and project is not None:
                self._add("project", project.project_id, project)
            if "experiment" in kinds:
                await self._project(project)
        if "experiment" in kinds:
            self._check_selection()
        if "registry_model" in kinds:
            asked = comet.get_registry_models(self._scope.workspace)
            models = await self._ask("registry_models", asked)
            for model in models.registry_models:
                self._add("registry_model", model.model_name or model.registry_model_id, model)
        if "artifact" in kinds:
            listing = comet.get_artifacts(self._scope.workspace)
            artifacts = await self._ask("artifacts", listing)
            for artifact in artifacts.artifacts:
                self._add("artifact", artifact.artifact_id or artifact.name or "", artifact)

    def _check_selection(self) -> None:
        """See that each experiment that was named is there, and each column of an expression.

        Raises:
            UsageError: The listings have none of that key, or no project has the column.
        """
        if self._where is not None:
            self._where.check()
        unknown = sorted(self._selection.keys - self._seen)
        if unknown:
            shown = ", ".join(shortened(printable(key)) for key in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
            archived = "" if self._selection.archived else "; archived ones have to be asked for"
            raise UsageError(f"{self._scope} has no experiment {shown}{more}{archived}")

    async def _projects(self, *, named: bool) -> list[comet.Project | None]:
        """Return the projects of the scope; None where a name will do."""
        if self._scope.project is None:
            answer = await self._ask("projects", comet.get_projects(self._scope.workspace))
            return list(answer.projects)
        if named:
            return [None]
        request = comet.get_project(
            project_name=self._scope.project, workspace_name=self._scope.workspace
        )
        return [await self._ask("projects", request)]

    async def _ask(self, table: str, request: Request[T]) -> T:
        """Return an answer that is worth keeping as it came, where answers are kept."""
        if not self._keeping:
            return await self._session.send(request)
        asked = cast("Request[object]", request)

        def keep(body: bytes) -> None:
            self.answers.append(Answer.now(table, asked, body))

        return await self._session.send(request.tapped(keep))

    def _add_workspace(self) -> None:
        name = self._scope.workspace
        self._add("workspace", name, {"workspaceName": name})

    def _add(self, kind: object, key: str, entry: object) -> None:
        subject = Subject(
            kind,  # type: ignore[arg-type]  # one of the kinds of tables
            key,
            self._scope.workspace,
            key if kind == "project" else None,
            msgspec.json.encode(entry),
        )
        self._take(subject)

    def _take(self, subject: Subject) -> bool:
        """Add a subject, count the tables that are to be read of it, and tell if there are any."""
        self.listed.add(subject)
        done: Mapping[str, str] = {}
        if self._earlier is not None:
            done = self._earlier.done(subject)
        mark = print_of(subject, 0) if done else ""
        project = subject.project_id or ""
        any_due = False
        for table in self._tables:
            stored = None if always_read(table) else done.get(table)
            if TABLES[table].subject != subject.kind or (
                stored is not None and up_to_date(stored, mark + self._options[table])
            ):
                continue
            by_project = self.due.setdefault(table, {})
            by_project[project] = by_project.get(project, 0) + 1
            any_due = True
        return any_due

    async def _project(self, project: comet.Project | None) -> None:
        """List the experiments of one project, and find out what helps to ask of many at once."""
        project_id = None if project is None else project.project_id
        told = None if project is None else project.number_of_experiments
        place = _Place(project_id, await self._matching(project_id), told, project_id)
        keys: list[str] = []
        for flag in self._selection.flags:
            async for due in self._experiments(place, archived=flag):
                keys.extend(due)
        found = place.found or ""
        if not keys:
            return
        probe = Probe(
            self._session,
            self._selection,
            self._tables,
            self._readers,
            self._ask,
            files=self._files,
        )
        facts = await probe.look(found, self._address(found), keys, self._counted.get(found, 1))
        self.projects[found] = facts

    def _address(self, project_id: str | None) -> Mapping[str, str | None]:
        if project_id:
            return {"project_id": project_id}
        return {"project_name": self._scope.project, "workspace_name": self._scope.workspace}

    async def _matching(self, project_id: str | None) -> set[str] | None:
        """Return the keys that the server finds for the selection, None for all."""
        if not self._selection.asks_server:
            return None
        found: set[str] = set()
        flags, address = self._selection.flags, self._address(project_id)
        predicates = self._selection.all_predicates()
        if self._where is not None:
            predicates += await self._where.predicates(address, flags)
        for flag in flags:
            request = comet.query_project(predicates, archived=flag, **address)
            found.update((await self._session.send(request)).experiment_keys)
        return found

    async def _experiments(self, place: _Place, *, archived: bool) -> AsyncIterator[list[str]]:
        """Take the experiments of a project, in the order in which they started, each once.

        A server may cap its pages below what was asked for. The last page is one that brings
        nothing new, one smaller than that before it, or the first if it has as many as there are.

        Returns:
            For each page, the keys of those that are to be read.
        """
        request: Request[comet.Experiments] = comet.get_experiments(
            archived=archived,
            page=1,
            size=_PAGE,
            sort_by="startTime",
            sort_order="asc",
            **self._address(place.project_id),
        )
        number, before = 1, 0
        while True:
            page = await self._session.send(with_query(request, page=number).returning(_RawPage))
            rows = page.experiments or []
            # A thousand entries take a tenth of a second: the loop goes on meanwhile.
            seen = len(self._seen)
            yield await undivided(partial(self._take_page, rows, place))
            all_there = number == 1 and len(rows) == place.told and not archived
            if len(self._seen) == seen or len(rows) < before or all_there:
                return
            number, before = number + 1, len(rows)

    def _take_page(self, rows: list[msgspec.Raw], place: _Place) -> list[str]:
        """Take the matching experiments of a page; return the keys of those to be read."""
        due: list[str] = []
        for row in rows:
            entry = decode(bytes(row), comet.Experiment)
            key = entry.experiment_key
            if key in self._seen:
                continue
            self._seen.add(key)
            wanted = place.chosen is None or key in place.chosen
            if not wanted or not self._selection.has(entry):
                continue
            project = entry.project_id or place.project_id
            subject = Subject("experiment", key, self._scope.workspace, project, bytes(row))
            place.found = project or place.found
            self._counted[place.found or ""] = self._counted.get(place.found or "", 0) + 1
            if self._take(subject):
                due.append(key)
        return due
