"""Writes to the model registry by way of `API`; `Model` has more."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async import comet
from comet_async.api.registry import RegistryReads
from comet_async.errors import NotFoundError

__all__ = ["RegistryWrites"]


class RegistryWrites(RegistryReads):
    """Writes to registered models and their versions."""

    async def update_registry_model(
        self,
        workspace: str,
        registry_name: str,
        new_name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Rename, describe or publish a registered model; what is None stays.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            new_name: Its new name.
            description: Free text.
            public: Whether everybody can read it.
        """
        found = await self.send(comet.get_registry_model_compact(workspace, registry_name))
        await self.send(
            comet.update_registry_model(
                found.registry_model_id,
                registry_model_name=new_name,
                description=description,
                is_public=public,
            )
        )

    async def update_registry_model_notes(
        self, workspace: str, registry_name: str, notes: str
    ) -> None:
        """Replace the notes of a registered model."""
        await self.send(comet.set_registry_model_notes(workspace, registry_name, notes))

    async def update_registry_model_version(
        self,
        workspace: str,
        registry_name: str,
        version: str,
        comment: str | None = None,
        stages: Sequence[str] | None = None,
    ) -> None:
        """Change comment and stages of a version; what is None stays.

        Args:
            workspace: Its workspace.
            registry_name: Name of the model.
            version: As "1.0.0".
            comment: Free text.
            stages: The older way of what is now its status.
        """
        item = await self._version_id(workspace, registry_name, version)
        await self.send(comet.update_registry_model_item(item, comment=comment, stages=stages))

    async def add_registry_model_version_stage(
        self, workspace: str, registry_name: str, version: str, stage: str
    ) -> None:
        """Add a stage to a version."""
        item = await self._version_id(workspace, registry_name, version)
        await self.send(comet.add_registry_model_item_stage(item, stage))

    async def delete_registry_model_version_stage(
        self, workspace: str, registry_name: str, version: str, stage: str
    ) -> None:
        """Remove a stage from a version."""
        item = await self._version_id(workspace, registry_name, version)
        await self.send(comet.delete_registry_model_item_stage(item, stage))

    async def delete_registry_model_version(
        self, workspace: str, registry_name: str, version: str
    ) -> None:
        """Delete one version of a registered model for good."""
        item = await self._version_id(workspace, registry_name, version)
        await self.send(comet.delete_registry_model_item(item))

    async def delete_registry_model(self, workspace: str, registry_name: str) -> None:
        """Delete a registered model with all its versions for good."""
        await self.send(comet.delete_registry_model(workspace, registry_name))

    async def _version_id(self, workspace: str, registry_name: str, version: str) -> str:
        found = await self.get_registry_model_details(workspace, registry_name, version)
        if found is None:
            raise NotFoundError(f"{workspace}/{registry_name} has no version {version}")
        return found.registry_model_item_id
