"""The listings of Comet: workspace, projects, experiments, registered models, artifacts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial

import msgspec

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.engine.threads import undivided
from comet_async.harvest.probing import Probe
from comet_async.harvest.subjects import Subject
from comet_async.harvest.walking import Walk
from comet_async.harvest.where import Where
from comet_async.paging import with_query
from comet_async.request import Request

__all__ = ["walk_comet"]

_PAGE = 1000


async def walk_comet(walk: Walk) -> None:
    """List what the tables of a walk are of, and find out what can be asked of many at once.

    Raises:
        UsageError: A key is in no listing, or a column of an expression in no project.
        CometAsyncError: A listing failed.
    """
    await _CometWalk(walk).all()


class _RawPage(msgspec.Struct):
    experiments: list[msgspec.Raw] | None = None


class _Place(msgspec.Struct):
    """A project whose experiments are listed: id, number of them as told, and who is chosen."""

    project_id: str | None
    chosen: set[str] | None
    told: int | None = None
    found: str | None = None


class _CometWalk:
    """One walk over the listings of a scope."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._session = walk.session
        self._scope = walk.scope
        self._selection = walk.selection
        self._seen: set[str] = set()
        self._counted: dict[str, int] = {}
        wanted, strict = walk.selection.expression, walk.scope.project is not None
        self._where = None if wanted is None else Where(walk.session, wanted, strict=strict)

    async def all(self) -> None:
        """List everything that the tables need."""
        kinds = self._walk.kinds
        if "workspace" in kinds:
            name = self._scope.workspace
            self._walk.add("workspace", name, {"workspaceName": name})
        for project in await self._projects(named=kinds <= {"experiment"}):
            if "project" in kinds and project is not None:
                self._walk.add("project", project.project_id, project)
            if "experiment" in kinds:
                await self._project(project)
        if "experiment" in kinds:
            self._check_selection()
        if "registry_model" in kinds:
            asked = comet.get_registry_models(self._scope.workspace)
            models = await self._walk.ask("registry_models", asked)
            for model in models.registry_models:
                self._walk.add("registry_model", model.model_name or model.registry_model_id, model)
        if "artifact" in kinds:
            listing = comet.get_artifacts(self._scope.workspace)
            artifacts = await self._walk.ask("artifacts", listing)
            for artifact in artifacts.artifacts:
                self._walk.add("artifact", artifact.artifact_id or artifact.name or "", artifact)

    def _check_selection(self) -> None:
        """See that each experiment that was named is there, and each column of an expression.

        Raises:
            UsageError: The listings have none of that key, or no project has the column.
        """
        if self._where is not None:
            self._where.check()
        self._walk.refuse_missing("experiment", self._selection.keys - self._seen)

    async def _projects(self, *, named: bool) -> list[comet.Project | None]:
        """Return the projects of the scope; None where a name will do."""
        if self._scope.project is None:
            answer = await self._walk.ask("projects", comet.get_projects(self._scope.workspace))
            return list(answer.projects)
        if named:
            return [None]
        request = comet.get_project(
            project_name=self._scope.project, workspace_name=self._scope.workspace
        )
        return [await self._walk.ask("projects", request)]

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
            self._walk.tables,
            self._walk.readers,
            self._walk.ask,
            files=self._walk.files,
        )
        facts = await probe.look(found, self._address(found), keys, self._counted.get(found, 1))
        self._walk.projects[found] = facts

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
            if self._walk.take(subject):
                due.append(key)
        return due
