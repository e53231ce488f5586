"""Writes to projects and experiments, one or many at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Unpack

from comet_async import bulk, comet
from comet_async.api.experiment import APIExperiment
from comet_async.api.listing import ExperimentReads
from comet_async.api.views import saved_anew
from comet_async.engine.session import Session
from comet_async.errors import UsageError

__all__ = ["ExperimentWrites"]


class ExperimentWrites(ExperimentReads):
    """Writes of `API` but those of the registry.

    What is about many experiments is one of `comet_async.bulk`: many requests at a time, all are
    tried, and then `bulk.WritesFailed` tells which failed. It takes the options of those as well:
    a dry run, a ledger to go on from, progress.
    """

    async def create_experiment(
        self, workspace: str, project_name: str, name: str | None = None
    ) -> APIExperiment:
        """Create an experiment on the server and return it.

        `APIExperiment(...)` of the vendor's client does this in its constructor.

        Args:
            workspace: The workspace.
            project_name: The project; made if it is missing.
            name: Its name.
        """
        asked = comet.NewExperiment(
            workspace_name=workspace, project_name=project_name, experiment_name=name
        )
        made = await self.send(comet.create_experiment(asked))
        found = await self.send(comet.get_experiment_metadata(made.experiment_key))
        return APIExperiment(self, found)

    async def archive_experiment(self, experiment_key: str) -> None:
        """Move one experiment to the archive of its project."""
        await self.send(comet.archive_experiment(experiment_key))

    async def archive_experiments(
        self, experiment_keys: Sequence[str], **options: Unpack[bulk.Options]
    ) -> list[str]:
        """Move experiments to the archive, and return the keys of those that were moved now.

        Args:
            experiment_keys: Experiment keys.
            **options: As in `bulk.Options`.

        Raises:
            WritesFailed: Some failed; all were tried.
        """
        keys = _keys(experiment_keys)
        return await self._in_bulk(lambda s: bulk.archive_experiments(s, keys, **options))

    async def restore_experiment(self, experiment_key: str) -> None:
        """Bring one experiment back from the archive."""
        await self.send(comet.restore_experiment(experiment_key))

    async def delete_experiment(self, experiment_key: str) -> None:
        """Delete one experiment for good."""
        await self.send(comet.delete_experiment(experiment_key))

    async def delete_experiments(
        self,
        experiment_keys: Sequence[str],
        *,
        confirm: bool = False,
        **options: Unpack[bulk.Options],
    ) -> list[str]:
        """Delete experiments for good, and return the keys of those that were deleted now.

        Args:
            experiment_keys: Experiment keys.
            confirm: Must be true, but for a dry run: nothing brings them back.
            **options: As in `bulk.Options`.

        Raises:
            UsageError: It is not confirmed.
            WritesFailed: Some failed; all were tried.
        """
        keys = _keys(experiment_keys)
        if not confirm and not options.get("dry_run"):
            raise UsageError(f"this deletes {len(keys)} experiments for good; pass confirm=True")
        return await self._in_bulk(
            lambda s: bulk.delete_experiments(s, keys, confirm=len(keys), **options)
        )

    async def stop_experiment(self, experiment_key: str) -> None:
        """Ask a running experiment to stop."""
        await self.send(comet.stop_experiment(experiment_key))

    async def move_experiments(
        self,
        experiment_keys: Sequence[str],
        target_workspace: str,
        target_project_name: str,
        symlink: bool = False,
        **options: Unpack[bulk.Options],
    ) -> None:
        """Move experiments to another project, or link them there, 100 in a request.

        Args:
            experiment_keys: Experiment keys.
            target_workspace: Workspace of the other project.
            target_project_name: The other project.
            symlink: Leave the experiments where they are and make links.
            **options: As in `bulk.Options`.

        Raises:
            WritesFailed: Some failed; all were tried.
        """
        keys = _keys(experiment_keys)
        await self._in_bulk(
            lambda s: bulk.move_experiments(
                s, keys, target_workspace, target_project_name, symlink=symlink, **options
            )
        )

    async def _in_bulk(self, act: Callable[[Session], Awaitable[bulk.WritesReport]]) -> list[str]:
        session = await self._opened()
        with self._cache.writing():
            report = await act(session)
        report.raise_for_failures()
        return [*report.done]

    async def create_project(
        self,
        workspace: str,
        project_name: str,
        project_description: str | None = None,
        public: bool = False,
    ) -> comet.CreatedProject:
        """Create a project and return its id.

        Args:
            workspace: The workspace.
            project_name: Its name.
            project_description: Free text.
            public: Whether everybody can read it.
        """
        return await self.send(
            comet.create_project(
                workspace,
                project_name,
                project_description=project_description,
                is_public=public,
            )
        )

    async def update_project(
        self,
        workspace: str,
        project_name: str,
        new_project_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a project; what is None stays.

        Args:
            workspace: Its workspace.
            project_name: Its name.
            new_project_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """
        change = comet.ProjectUpdate(
            workspace_name=workspace,
            project_name=project_name,
            new_project_name=new_project_name,
            new_project_description=description,
            is_public=public,
        )
        await self.send(comet.update_project(change))

    async def update_project_by_id(
        self,
        project_id: str,
        new_project_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a project; what is None stays.

        Args:
            project_id: Its id.
            new_project_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """
        change = comet.ProjectUpdate(
            project_id=project_id,
            new_project_name=new_project_name,
            new_project_description=description,
            is_public=public,
        )
        await self.send(comet.update_project(change))

    async def delete_project(
        self,
        workspace: str | None = None,
        project_name: str | None = None,
        project_id: str | None = None,
        delete_experiments: bool = False,
    ) -> None:
        """Delete a project for good.

        Args:
            workspace: Its workspace, with `project_name`.
            project_name: Its name.
            project_id: Its id, in place of both.
            delete_experiments: Whether its experiments go with it.
        """
        await self.send(
            comet.delete_project(
                workspace_name=workspace,
                project_name=project_name,
                project_id=project_id,
                delete_all_experiments=delete_experiments,
            )
        )

    async def set_project_notes(self, workspace: str, project_name: str, notes: str) -> None:
        """Replace the notes of a project.

        Raises:
            NotFoundError: There is no such project.
        """
        project_id = await self._project_id(workspace, project_name)
        await self.send(comet.set_project_notes(project_id, notes))

    async def set_project_owner(self, project_id: str, user_name: str) -> None:
        """Give a project to another user."""
        await self.send(comet.set_project_owner(project_id, user_name))

    async def create_project_share_key(self, project_id: str) -> str:
        """Make a share key of a project and return it; it opens the project to whoever has it."""
        return (await self.send(comet.create_project_share_link(project_id))).share_code

    async def delete_project_share_key(self, project_id: str, share_key: str) -> None:
        """Revoke a share key of a project."""
        await self.send(comet.delete_project_share_link(project_id, share_key))

    async def create_view(
        self, workspace: str, project_name: str, view: comet.View
    ) -> comet.UpsertedView:
        """Save a view on a project, as a new one whatever the id of `view`, and return its id.

        Args:
            workspace: The workspace.
            project_name: The project.
            view: The view; of another project too.

        Raises:
            UsageError: The view has no name.
            NotFoundError: There is no such project.
        """
        if not view.template_name:
            raise UsageError("a view needs a template_name")
        project_id = await self._project_id(workspace, project_name)
        return await self.send(comet.upsert_view(saved_anew(view, project_id)))


def _keys(experiment_keys: Sequence[str]) -> list[str]:
    if isinstance(experiment_keys, str):
        raise UsageError("give a list of experiment keys, not one text")
    return list(dict.fromkeys(experiment_keys))
