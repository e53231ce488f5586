"""Workspaces, projects and what belongs to them: notes, share keys, views, panels' settings."""

from __future__ import annotations

from comet_async import comet
from comet_async.api.core import Core
from comet_async.errors import NotFoundError, UsageError

__all__ = ["ProjectReads"]


class ProjectReads(Core):
    """Reads of workspaces and projects."""

    async def get_workspaces(self) -> list[str]:
        """Return the names of the workspaces that the key can read."""
        return list((await self.send(comet.get_workspaces())).workspace_names)

    async def get_account_details(self) -> comet.AccountDetails:
        """Return the user and the default workspace of the key."""
        return await self.send(comet.get_account_details())

    async def get_default_workspace(self) -> str | None:
        """Return the name of the default workspace of the key."""
        return (await self.get_account_details()).default_workspace_name

    async def get_projects(self, workspace: str) -> list[str]:
        """Return the names of the projects of a workspace; `project_ids` tells their ids too."""
        found = await self.send(comet.get_projects(workspace))
        return [project.project_name for project in found.projects if project.project_name]

    async def project_ids(self, workspace: str) -> dict[str, str]:
        """Return the id of each project of a workspace by its name."""
        found = await self.send(comet.get_projects(workspace))
        return {p.project_name: p.project_id for p in found.projects if p.project_name}

    async def get_project(self, workspace: str, project_name: str) -> comet.Project | None:
        """Return one project; None when there is none."""
        asked = comet.get_project(workspace_name=workspace, project_name=project_name)
        return await self.send_or_none(asked)

    async def get_project_by_id(self, project_id: str) -> comet.Project | None:
        """Return one project; None when there is none."""
        return await self.send_or_none(comet.get_project(project_id=project_id))

    async def get_project_notes(self, workspace: str, project_name: str) -> str | None:
        """Return the notes of a project; None or "" when there are none.

        Raises:
            NotFoundError: There is no such project.
        """
        project_id = await self._project_id(workspace, project_name)
        return (await self.send(comet.get_project_notes(project_id))).notes

    async def get_project_share_keys(self, project_id: str) -> list[str]:
        """Return the share keys of a project; each opens it to whoever has it."""
        return list((await self.send(comet.get_project_share_links(project_id))).share_codes)

    async def get_views(
        self,
        workspace: str,
        project_name: str,
        include_workspace_views: bool = False,
    ) -> list[comet.View]:
        """Return the saved views of a project.

        Args:
            workspace: Its workspace.
            project_name: Its name.
            include_workspace_views: The workspace's views as well.

        Raises:
            NotFoundError: There is no such project.
        """
        project_id = await self._project_id(workspace, project_name)
        asked = comet.get_views(project_id, include_workspace_views=include_workspace_views)
        return list((await self.send(asked)).views)

    def get_panel_workspace(self) -> str | None:
        """Return the configured workspace (COMET_WORKSPACE); None when there is none."""
        found = comet.Settings.load().workspace
        return None if found is None else found.value

    def get_panel_project_name(self) -> str | None:
        """Return the configured project (COMET_PROJECT_NAME); None when there is none."""
        found = comet.Settings.load().project_name
        return None if found is None else found.value

    async def get_panel_project_id(self) -> str:
        """Return the id of the configured project.

        Raises:
            UsageError: Workspace or project is not configured.
            NotFoundError: There is no such project.
        """
        return await self._project_id(*self._configured())

    async def get_panel_metrics_names(self) -> list[str]:
        """Return the names of the metrics of the configured project, without those of the system.

        Raises:
            UsageError: Workspace or project is not configured.
        """
        workspace, project = self._configured()
        asked = comet.get_project_columns(workspace_name=workspace, project_name=project)
        names = (
            column.name or ""
            for column in (await self.send(asked)).columns
            if column.source == "metrics"
        )
        return sorted(name for name in names if name and not name.startswith("sys."))

    def _configured(self) -> tuple[str, str]:
        workspace, project = self.get_panel_workspace(), self.get_panel_project_name()
        if workspace is None or project is None:
            raise UsageError("set COMET_WORKSPACE and COMET_PROJECT_NAME to name the project")
        return workspace, project

    async def _project_id(self, workspace: str, project_name: str) -> str:
        project = await self.get_project(workspace, project_name)
        if project is None:
            raise NotFoundError(f"there is no project {workspace}/{project_name}")
        return project.project_id
