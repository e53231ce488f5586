"""Experiments by path, key, name, project or workspace."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import overload

from comet_async import comet
from comet_async.api.account import ProjectReads
from comet_async.api.experiment import APIExperiment
from comet_async.api.experiments import Experiments
from comet_async.api.short_forms import plain_values
from comet_async.errors import UsageError
from comet_async.redaction import shortened

__all__ = ["ExperimentReads"]

_KEY = re.compile(r"[0-9a-zA-Z]{32,50}")
_PAGE = 1000


class ExperimentReads(ProjectReads):
    """Reads that lead to experiments; what a listing tells of them is kept."""

    @overload
    async def get(
        self, workspace: None = None, project_name: None = None, experiment: None = None
    ) -> list[str]: ...

    @overload
    async def get(
        self, workspace: str, project_name: str, experiment: str
    ) -> APIExperiment | None: ...

    @overload
    async def get(
        self, workspace: str, project_name: str, experiment: None = None
    ) -> list[APIExperiment] | APIExperiment | None: ...

    @overload
    async def get(
        self,
        workspace: str | None = None,
        project_name: str | None = None,
        experiment: str | None = None,
    ) -> list[str] | list[APIExperiment] | APIExperiment | None: ...

    async def get(
        self,
        workspace: str | None = None,
        project_name: str | None = None,
        experiment: str | None = None,
    ) -> list[str] | list[APIExperiment] | APIExperiment | None:
        """Return what a path names.

        Args:
            workspace: A workspace, or a path as "workspace/project/experiment"; None for the
                names of all workspaces.
            project_name: A project, or "project/experiment"; None for the names of the projects.
            experiment: Key or name; None for all experiments of the project.

        Returns:
            Names, experiments, or one experiment (None when there is none). A type checker knows
            which from the arguments, but where a text may be a path: `get_experiments` and
            `get_experiment` leave nothing open.

        Raises:
            UsageError: The path goes on in an argument that is given as well.
        """
        workspace, project_name = _split(workspace, project_name, "project_name")
        project_name, experiment = _split(project_name, experiment, "experiment")
        if workspace is None:
            return await self.get_workspaces()
        if project_name is None:
            return await self.get_projects(workspace)
        if experiment is None:
            return await self.get_experiments(workspace, project_name)
        return await self.get_experiment(workspace, project_name, experiment)

    async def get_experiments(
        self,
        workspace: str,
        project_name: str | None = None,
        pattern: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> list[APIExperiment]:
        """Return the experiments of a project, or of all projects of a workspace.

        One request for each project, many at a time; none for an experiment.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: Only those whose key or name begins with what this regular expression matches.
            page: Only this page of a project, from 1; needs `page_size`. Default everything.
            page_size: Experiments on the page.
            sort_by: "startTime" or "endTime".
            sort_order: "asc" or "desc".

        Raises:
            UsageError: A page without project or size, or a pattern that is no regular expression.
        """
        if page is not None and project_name is None:
            raise UsageError("a page is of one project; give project_name")
        if page is not None and page_size is None:
            raise UsageError("a page has a size; give page_size")
        asked = {
            name: comet.get_experiments(
                workspace_name=workspace,
                project_name=name,
                archived=False,
                page=page,
                size=page_size,
                sort_by=sort_by,
                sort_order=sort_order,
            )
            for name in await self._projects_of(workspace, project_name)
        }
        answers = (await self.send_each(asked.items())).values()
        return self._wrapped((e for answer in answers for e in answer.experiments), pattern)

    async def get_archived_experiments(
        self, workspace: str, project_name: str | None = None, pattern: str | None = None
    ) -> list[APIExperiment]:
        """Return the archived experiments of a project, or of all projects of a workspace.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: As for `get_experiments`.
        """
        asked = [
            (
                name,
                comet.get_experiments(workspace_name=workspace, project_name=name, archived=True),
            )
            for name in await self._projects_of(workspace, project_name)
        ]
        answers = (await self.send_each(asked)).values()
        return self._wrapped((e for answer in answers for e in answer.experiments), pattern)

    async def gen_experiments(
        self,
        workspace: str,
        project_name: str | None = None,
        pattern: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> AsyncIterator[APIExperiment]:
        """Give what `get_experiments` returns one by one, a page of 1,000 at a time.

        Args:
            workspace: The workspace.
            project_name: The project; None for all of the workspace.
            pattern: As for `get_experiments`.
            page: Only this page of a project, from 1. Default everything.
            page_size: Experiments on the page; with no `page`, in one request of many.
            sort_by: "startTime" (the default) or "endTime".
            sort_order: "asc" (the default) or "desc".
        """
        if page is not None:
            for found in await self.get_experiments(
                workspace, project_name, pattern, page, page_size, sort_by, sort_order
            ):
                yield found
            return
        for name in await self._projects_of(workspace, project_name):
            listing = comet.paged_experiments(
                workspace_name=workspace,
                project_name=name,
                archived=False,
                size=page_size or _PAGE,
                sort_by=sort_by or "startTime",
                sort_order=sort_order or "asc",
            )
            session = await self._opened()
            async for experiment in session.items(listing):
                for found in self._wrapped([experiment], pattern):
                    yield found

    async def get_experiment(
        self, workspace: str, project_name: str, experiment: str
    ) -> APIExperiment | None:
        """Return one experiment by its key, else by its exact name; None when there is none.

        Args:
            workspace: Its workspace.
            project_name: Its project.
            experiment: Key or name.
        """
        return await self._by_key_or_name(workspace, project_name, experiment, archived=False)

    async def get_archived_experiment(
        self, workspace: str, project_name: str, experiment: str
    ) -> APIExperiment | None:
        """Return one experiment by its key, else an archived one by its exact name.

        Args:
            workspace: Its workspace.
            project_name: Its project.
            experiment: Key or name.
        """
        return await self._by_key_or_name(workspace, project_name, experiment, archived=True)

    async def get_experiment_by_key(self, experiment_key: str) -> APIExperiment | None:
        """Return one experiment; None when there is none of that key."""
        found = await self.send_or_none(comet.get_experiment_metadata(experiment_key))
        return None if found is None else APIExperiment(self, found)

    async def get_experiment_by_id(self, experiment: str) -> APIExperiment | None:
        """Return one experiment; the old name of `get_experiment_by_key`."""
        return await self.get_experiment_by_key(experiment)

    async def with_metrics(
        self, experiments: Iterable[APIExperiment], *metrics: str
    ) -> list[APIExperiment]:
        """Return experiments as a list that shows the last values of metrics beside them.

        A request for each experiment whose summary is not in the cache, many at a time.

        Args:
            experiments: The experiments.
            metrics: Names of the metrics to be shown; none for up to four that most of them have.
        """
        listed = [*experiments]
        found = await self.send_each(
            (one.key, comet.get_experiment_metrics_summary(one.key)) for one in listed
        )
        values = {key: plain_values(answer.values) for key, answer in found.items()}
        return Experiments(listed, metrics=metrics, values=values)

    async def get_panel_experiments(self) -> list[APIExperiment]:
        """Return the experiments of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
        """
        return await self.get_experiments(*self._configured())

    async def get_panel_experiment_keys(self) -> list[str]:
        """Return the keys of the experiments of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
        """
        return [experiment.key for experiment in await self.get_panel_experiments()]

    async def _projects_of(self, workspace: str, project_name: str | None) -> list[str]:
        return [project_name] if project_name is not None else await self.get_projects(workspace)

    async def _by_key_or_name(
        self, workspace: str, project_name: str, experiment: str, *, archived: bool
    ) -> APIExperiment | None:
        if _KEY.fullmatch(experiment):
            found = await self.get_experiment_by_key(experiment)
            if found is not None:
                return found
        listed = await self.send_or_none(
            comet.get_experiments(
                workspace_name=workspace, project_name=project_name, archived=archived
            )
        )
        named = [e for e in listed.experiments if e.experiment_name == experiment] if listed else []
        return APIExperiment(self, named[-1]) if named else None

    def _wrapped(
        self, found: Iterable[comet.Experiment], pattern: str | None = None
    ) -> list[APIExperiment]:
        if pattern is None:
            return Experiments(APIExperiment(self, experiment) for experiment in found)
        try:
            begins = re.compile(pattern).match
        except re.error as error:
            raise UsageError(f"{shortened(pattern, 60)} is no pattern: {error}") from None
        return Experiments(
            APIExperiment(self, experiment)
            for experiment in found
            if begins(experiment.experiment_key) or begins(experiment.experiment_name or "")
        )


def _split(first: str | None, second: str | None, name: str) -> tuple[str | None, str | None]:
    if first is None or "/" not in first:
        return first, second
    if second is not None:
        raise UsageError(f"{shortened(first, 60)} is a path, so leave out {name}")
    head, _, rest = first.partition("/")
    return head, rest
