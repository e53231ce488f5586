"""The listings of Domino: projects, jobs, environments, datasets, registered models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import anyio
import msgspec

from comet_async import domino
from comet_async.domino import DatasetDetails, Job, Project, RegisteredModel
from comet_async.domino.log_cursor import nanoseconds
from comet_async.domino_bulk.projects import named_projects, only_project
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.threads import undivided
from comet_async.errors import NotFoundError, PermissionDeniedError, UsageError
from comet_async.harvest.domino.asking import Moving, each_page, every
from comet_async.harvest.domino.values import ProjectEntry, without_secrets
from comet_async.harvest.scope import Selection
from comet_async.harvest.subjects import Subject, SubjectKind
from comet_async.harvest.walking import Walk
from comet_async.request import Request

__all__ = ["walk_domino"]

T = TypeVar("T")

_AT_ONCE = 8
_LOST = frozenset({"failed", "error"})
_COMET_ONLY = ("predicates", "where", "metrics", "remote", "expand", "exact")


async def walk_domino(walk: Walk) -> None:
    """List what the tables of a walk are of.

    Raises:
        UsageError: There is no such project or job, or the selection has what Domino has not.
        CometAsyncError: A listing failed.
    """
    await _DominoWalk(walk).all()


class _Asking:
    """Sends the requests of a walk for one table."""

    def __init__(self, walk: Walk, table: str) -> None:
        self._walk = walk
        self._table = table

    async def __call__(self, request: Request[T], /) -> T:
        return await self._walk.ask(self._table, request)


class _DominoWalk:
    """One walk over the listings of a scope."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._selection = walk.selection
        self._taking = anyio.Lock()
        self._missing = set(walk.selection.keys)
        self._closed: dict[str, str] = {}
        for name in _COMET_ONLY:
            if getattr(walk.selection, name):
                raise UsageError(f"{name} is of experiments of Comet; Domino has no such choice")

    async def all(self) -> None:
        """List everything that the tables need."""
        kinds, projects = self._walk.kinds, await self._projects()
        if "domino_job" in kinds:
            await self._all_jobs(projects)
        if "domino_project" in kinds:
            known = [ProjectEntry(row, self._closed.get(row.id)) for row in projects]
            await self._take("domino_project", [(e.project.id, e.project.id, e) for e in known])
        if "domino_environment" in kinds:
            ask = _Asking(self._walk, "domino_environments")
            async for page in each_page(ask, domino.paged_environments()):
                await self._take("domino_environment", [(row.id, None, row) for row in page])
        named = None if self._walk.scope.project is None else projects[0].id
        if "domino_dataset" in kinds:
            rows = await self._datasets(named)
            await self._take("domino_dataset", [(row.id, row.project_id, row) for row in rows])
        if "domino_model" in kinds:
            models = await self._models(named)
            await self._take("domino_model", models)

    async def _take(
        self, kind: SubjectKind, rows: Sequence[tuple[str, str | None, msgspec.Struct]]
    ) -> None:
        """Add subjects: key, id of the project and entry of each."""
        async with self._taking:  # a page takes a tenth of a second: the loop goes on meanwhile
            await undivided(partial(self._add, kind, rows))

    def _add(
        self, kind: SubjectKind, rows: Sequence[tuple[str, str | None, msgspec.Struct]]
    ) -> None:
        for key, project, entry in rows:
            listed = msgspec.json.encode(without_secrets(entry))
            self._walk.take(Subject(kind, key, "", project, listed))

    async def _projects(self) -> list[Project]:
        """Return the projects of the scope.

        Raises:
            UsageError: None has that name or id, or several have that name.
        """
        ask = _Asking(self._walk, "domino_projects")
        projects = await every(ask, domino.paged_projects())
        wanted = self._walk.scope.project
        if wanted is None:
            return projects
        found = named_projects(projects, wanted) or await self._unlisted(ask, wanted)
        return [only_project(found, wanted)]

    async def _unlisted(self, ask: _Asking, wanted: str) -> list[Project]:
        """Return the project of an id that the listing does not show, if there is one."""
        try:
            return [(await ask(domino.get_project_by_id(wanted))).project]
        except NotFoundError:
            return []

    async def _all_jobs(self, projects: Sequence[Project]) -> None:
        """List the jobs of some projects, a few projects at once."""
        pairs = ((row.id, row.id) for row in projects)
        async with fan_out(self._project, pairs, concurrency=_AT_ONCE) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Failed):
                    raise outcome.error
        self._walk.refuse_missing("job", self._missing)

    async def _project(self, project: str) -> None:
        """List the jobs of a project.

        The key may see a project and none of its jobs. Among all projects that is written down with
        it; where it is the one that is wanted, or nothing is written of projects, it is an error.
        """
        try:
            await self._jobs_of_project(project)
        except PermissionDeniedError as error:
            alone = self._walk.scope.project is not None
            if alone or "domino_projects" not in self._walk.tables:
                raise
            self._closed[project] = str(error)

    async def _jobs_of_project(self, project: str) -> None:
        ask = _Asking(self._walk, "domino_jobs")
        first, *others = self._selection.tags or (None,)
        chosen: set[str] | None = None
        for tag in others:
            tagged = {row.id async for page in self._jobs_of(ask, project, tag) for row in page}
            chosen = tagged if chosen is None else chosen & tagged
        async for page in self._jobs_of(ask, project, first):
            self._missing -= {row.id for row in page}
            wanted = [row for row in page if chosen is None or row.id in chosen]
            rows = [(row.id, project, row) for row in wanted if _matches(self._selection, row)]
            await self._take("domino_job", rows)

    def _jobs_of(self, ask: _Asking, project: str, tag: str | None) -> AsyncIterator[list[Job]]:
        archived = True if self._selection.archived else None
        return each_page(ask, domino.paged_jobs(project, show_archived=archived, tag_filter=tag))

    async def _datasets(self, project: str | None) -> list[DatasetDetails]:
        """Return the datasets of a project, or all that the key sees."""
        ask = _Asking(self._walk, "domino_datasets")
        included = None if project is None else [project]
        try:
            listing = domino.paged_datasets_v2(project_ids_to_include=included)
            rows = [row.dataset for row in await every(ask, listing)]
        except NotFoundError:  # older servers
            rows = [*await every(ask, domino.paged_datasets(project_id=project))]
        known = [row for row in rows if row is not None]
        return [row for row in known if project is None or row.project_id in (project, None)]

    async def _models(self, project: str | None) -> list[tuple[str, str | None, RegisteredModel]]:
        """Return the registered models of a project, or all that the key sees."""
        ask = Moving(_Asking(self._walk, "domino_registered_models"))
        try:
            models = await every(ask, domino.paged_registered_models(project_id=project))
        except NotFoundError:  # a deployment without a registry
            return []
        return [
            (row.name, None if row.project is None else row.project.id, row)
            for row in models
            if row.name is not None
        ]


def _matches(selection: Selection, job: Job) -> bool:
    """Tell whether a job matches, as far as its entry shows that."""
    started = nanoseconds(None if job.stage_times is None else job.stage_times.start_time)
    if selection.since is not None and (started is None or started < _first(selection.since)):
        return False
    if selection.until is not None and (started is None or started >= _first(selection.until)):
        return False
    if selection.states and _state(job) not in selection.states:
        return False
    return not selection.keys or job.id in selection.keys


def _state(job: Job) -> str:
    """Return what a job's state is called for experiments."""
    if not domino.has_ended(job.status):
        return "running"
    told = "" if job.status is None else (job.status.execution_status or "").casefold()
    return "crashed" if told in _LOST else "finished"


def _first(moment: datetime) -> int:
    return nanoseconds(moment.astimezone(UTC).isoformat()) or 0
