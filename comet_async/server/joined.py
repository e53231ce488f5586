"""Several sources as one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from comet_async.server.records import Artifact, Column, Project, Registration, Run, Source

__all__ = ["JoinedSource"]


class JoinedSource:
    """Several sources as one; a project belongs to the first that has it."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Index the projects.

        Args:
            sources: In order of precedence.
        """
        self._sources = tuple(sources)
        self._owner: dict[str, tuple[Source, Project]] = {}
        self._indexed = -1

    @property
    def revision(self) -> int:
        """A number that rises with every change of a source."""
        return sum(source.revision for source in self._sources)

    def _owners(self) -> dict[str, tuple[Source, Project]]:
        revision = self.revision
        if revision != self._indexed:
            owner: dict[str, tuple[Source, Project]] = {}
            for source in self._sources:
                for project in source.projects():
                    owner.setdefault(project.project_id, (source, project))
            self._owner, self._indexed = owner, revision
        return self._owner

    def projects(self) -> Sequence[Project]:
        """Return all projects in order of appearance."""
        return [project for _, project in self._owners().values()]

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        for source in self._sources:
            run = source.run(key)
            if run is not None:
                return run
        return None

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, oldest first."""
        owner = self._owners().get(project_id)
        return owner[0].runs(project_id, archived=archived) if owner else ()

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project."""
        owner = self._owners().get(project_id)
        return owner[0].columns(project_id, without=without) if owner else ()

    def registrations(self) -> Sequence[Registration]:
        """Return all registry model versions."""
        return [item for source in self._sources for item in source.registrations()]

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace."""
        return [item for source in self._sources for item in source.artifacts(workspace)]
