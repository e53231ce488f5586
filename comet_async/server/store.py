"""All runs that a server answers for, whatever their source, with the look-ups that routes need."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from comet_async.server.accounts import DEFAULT_WORKSPACE, Accounts
from comet_async.server.changes import Changes
from comet_async.server.joined import JoinedSource
from comet_async.server.records import Artifact, Column, Project, Registration, Run, Source
from comet_async.server.upload_folder import UploadFolder
from comet_async.server.uploads import PendingUploads
from comet_async.server.written_artifacts import WrittenArtifacts
from comet_async.server.written_boards import WrittenBoards
from comet_async.server.written_registry import WrittenRegistry

__all__ = ["Store"]


class Store:
    """Several sources as one, with the changes made to them.

    Attributes:
        changes: Adds, changes and deletes experiments; all answers follow at once.
        extras: Whether invented objects are served.
        lock: Held while something is written.
        registry: Registry models that were written.
        written: Artifacts that were written.
        boards: Views, dashboards and panels that were written.
        accounts: Workspaces, members, notes and share links that were written.
        uploads: Where uploaded bytes are.
        pending: Uploads in parts that are not complete.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        extras: bool = True,
        uploads: UploadFolder | None = None,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Read nothing; projects and runs are looked up when asked for.

        Args:
            sources: Where projects and runs come from.
            extras: Whether to answer with invented artifacts, panels, dashboards, views, webhooks
                and notes, which no source holds.
            uploads: Where uploaded bytes go.
            clock: Returns seconds since 1970 UTC.
            new_id: Returns 32 hex digits that were not returned before.
        """
        self.changes = Changes(JoinedSource(sources))
        self.extras = extras
        self.lock = self.changes.lock
        self.registry = WrittenRegistry()
        self.written = WrittenArtifacts()
        self.boards = WrittenBoards()
        self.accounts = Accounts()
        self.uploads = UploadFolder() if uploads is None else uploads
        self.pending = PendingUploads()
        self.new_id = new_id
        self._clock = clock
        self._projects: dict[str, Project] = {}
        self._indexed = -1

    @property
    def revision(self) -> int:
        """A number that rises with every change of what is served."""
        return self.changes.revision

    def now_ms(self) -> int:
        """Return the time in ms since 1970 UTC."""
        return int(self._clock() * 1000)

    def _by_id(self) -> dict[str, Project]:
        revision = self.revision
        if revision != self._indexed:
            self._projects = {item.project_id: item for item in self.changes.projects()}
            self._indexed = revision
        return self._projects

    def workspaces(self) -> list[str]:
        """Return the names of all workspaces in order of appearance."""
        names = dict.fromkeys(project.workspace for project in self._by_id().values())
        return [*(names | dict.fromkeys(self.accounts.workspaces))]

    def account(self) -> str:
        """Return the name of the caller's account and of its default workspace."""
        return next(iter(self.workspaces()), DEFAULT_WORKSPACE)

    def has_workspace(self, name: str) -> bool:
        """Return whether there is a workspace; the account's own is there even while empty."""
        return name in self.workspaces() or name == self.account()

    def owner(self, project: Project) -> str:
        """Return the name of the owner of a project."""
        return self.accounts.owners.get(project.project_id, project.workspace)

    def projects(self, workspace: str | None = None) -> list[Project]:
        """Return the projects of one workspace or of all."""
        found = self._by_id().values()
        return [item for item in found if workspace is None or item.workspace == workspace]

    def project(self, project_id: str) -> Project | None:
        """Return a project by its id."""
        return self._by_id().get(project_id)

    def named_project(self, workspace: str, name: str) -> Project | None:
        """Return a project by workspace and name."""
        return next((item for item in self.projects(workspace) if item.name == name), None)

    def run(self, key: str) -> Run | None:
        """Return a run by its experiment key."""
        return self.changes.run(key)

    def runs(self, project_id: str, *, archived: bool = False) -> Sequence[Run]:
        """Return the runs of a project, oldest first."""
        return self.changes.runs(project_id, archived=archived)

    def columns(self, project_id: str) -> Sequence[Column]:
        """Return the logged columns of a project."""
        return self.changes.columns(project_id)

    def registrations(self, workspace: str | None = None) -> list[Registration]:
        """Return the registry model versions of a workspace or of all, oldest first."""
        found = self.registry.over(self.changes.registrations())
        return [item for item in found if workspace is None or item.workspace == workspace]

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace."""
        return self.changes.artifacts(workspace)

    def model_versions(self, workspace: str, name: str) -> list[Registration]:
        """Return the versions of one registry model, lowest version first."""
        found = [item for item in self.registrations(workspace) if item.registry_name == name]
        return sorted(found, key=_version_key)

    def model_item(self, item_id: str) -> Registration | None:
        """Return one registry model version by its id."""
        return next((item for item in self.registrations() if item.item_id == item_id), None)


def _version_key(item: Registration) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in item.version.split("."))
