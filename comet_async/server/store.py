"""All runs that a server answers for, whatever their source, with the look-ups that routes need."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.server.records import Column, Project, Registration, Run, Source

__all__ = ["Store"]


class Store:
    """Several sources as one."""

    def __init__(self, sources: Sequence[Source], *, extras: bool = True) -> None:
        """Index the projects; runs are looked up when asked for.

        Args:
            sources: Where projects and runs come from.
            extras: Whether to answer with invented artifacts, panels, dashboards, views, webhooks
                and notes, which no source holds.
        """
        self._sources = tuple(sources)
        self.extras = extras
        self._owner: dict[str, tuple[Source, Project]] = {}
        for source in self._sources:
            for project in source.projects():
                self._owner.setdefault(project.project_id, (source, project))

    def workspaces(self) -> list[str]:
        """Return the names of all workspaces in order of appearance."""
        return list(dict.fromkeys(project.workspace for _, project in self._owner.values()))

    def projects(self, workspace: str | None = None) -> list[Project]:
        """Return the projects of one workspace or of all."""
        found = [project for _, project in self._owner.values()]
        return [item for item in found if workspace is None or item.workspace == workspace]

    def project(self, project_id: str) -> Project | None:
        """Return a project by its id."""
        owner = self._owner.get(project_id)
        return owner[1] if owner else None

    def named_project(self, workspace: str, name: str) -> Project | None:
        """Return a project by workspace and name."""
        return next((item for item in self.projects(workspace) if item.name == name), None)

    def run(self, key: str) -> Run | None:
        """Return a run by its experiment key."""
        for source in self._sources:
            run = source.run(key)
            if run is not None:
                return run
        return None

    def runs(self, project_id: str, *, archived: bool = False) -> Sequence[Run]:
        """Return the runs of a project, oldest first."""
        owner = self._owner.get(project_id)
        return owner[0].runs(project_id, archived=archived) if owner else ()

    def columns(self, project_id: str) -> Sequence[Column]:
        """Return the logged columns of a project."""
        owner = self._owner.get(project_id)
        return owner[0].columns(project_id) if owner else ()

    def registrations(self, workspace: str | None = None) -> list[Registration]:
        """Return the registry model versions of a workspace or of all, oldest first."""
        found = [item for source in self._sources for item in source.registrations()]
        return [item for item in found if workspace is None or item.workspace == workspace]

    def model_versions(self, workspace: str, name: str) -> list[Registration]:
        """Return the versions of one registry model, lowest version first."""
        found = [item for item in self.registrations(workspace) if item.registry_name == name]
        return sorted(found, key=_version_key)

    def model_item(self, item_id: str) -> Registration | None:
        """Return one registry model version by its id."""
        return next((item for item in self.registrations() if item.item_id == item_id), None)


def _version_key(item: Registration) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in item.version.split("."))
