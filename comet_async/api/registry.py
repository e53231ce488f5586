"""Registered models and artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from comet_async import comet
from comet_async.api.core import Core
from comet_async.api.files import home_of, save_archive, save_files
from comet_async.api.model import Model
from comet_async.engine.names import portable_path
from comet_async.errors import NotFoundError

__all__ = ["RegistryReads"]


class RegistryReads(Core):
    """Reads of the model registry and of artifacts."""

    async def get_model(self, workspace: str, model_name: str) -> Model:
        """Return a registered model.

        Raises:
            ClientError: There is no such model.
        """
        return await Model.from_registry(workspace, model_name, api=self)

    async def get_registry_model_names(self, workspace: str) -> list[str]:
        """Return the names of the registered models of a workspace."""
        found = (await self.send(comet.get_registry_models(workspace))).registry_models
        return [model.model_name for model in found if model.model_name]

    async def get_registry_model_count(self, workspace: str) -> int:
        """Return how many models a workspace has registered."""
        return (await self.send(comet.get_registry_model_count(workspace))).registry_model_count

    @overload
    async def get_registry_model_details(
        self, workspace: str, registry_name: str, version: None = None
    ) -> comet.RegistryModelDetails: ...

    @overload
    async def get_registry_model_details(
        self, workspace: str, registry_name: str, version: str
    ) -> comet.RegistryVersion | None: ...

    async def get_registry_model_details(
        self, workspace: str, registry_name: str, version: str | None = None
    ) -> comet.RegistryModelDetails | comet.RegistryVersion | None:
        """Return a registered model with all its versions, or one version.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; None is returned when there is no such version.
        """
        found = await self.send(comet.get_registry_model_details(workspace, registry_name))
        if version is None:
            return found
        return next((entry for entry in found.versions if entry.version == version), None)

    async def get_registry_model_versions(self, workspace: str, registry_name: str) -> list[str]:
        """Return the versions of a registered model, as "1.0.0"."""
        found = await self.get_registry_model_details(workspace, registry_name)
        return [entry.version for entry in found.versions if entry.version]

    async def get_registry_model_notes(self, workspace: str, registry_name: str) -> str | None:
        """Return the notes of a registered model; None or "" when there are none."""
        return (await self.send(comet.get_registry_model_notes(workspace, registry_name))).notes

    async def get_latest_registry_model_version_details(
        self,
        workspace: str,
        registry_name: str,
        stage: str | None = None,
        version_major: int | None = None,
        version_minor: int | None = None,
    ) -> comet.RegistryModelDetails:
        """Return a registered model with its newest version only.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            stage: Newest version of this stage.
            version_major: Newest version with this first number.
            version_minor: Newest version with this second number.
        """
        return await self.send(
            comet.get_registry_model_latest_version(
                workspace,
                registry_name,
                stage=stage,
                version_major=version_major,
                version_minor=version_minor,
            )
        )

    async def get_model_registry_version_assets(
        self,
        workspace: str,
        registry_name: str,
        version: str | None = None,
        stage: str | None = None,
    ) -> comet.VersionAssets:
        """Return the files of one version with their links.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; neither this nor `stage` means the newest.
            stage: Newest version of this stage.

        Raises:
            NotFoundError: There is no such version.
        """
        found = await self.send(
            comet.get_registry_model_item_download_instructions(
                workspace, registry_name, version=version, stage=stage
            )
        )
        if not found.versions:
            raise NotFoundError(f"{workspace}/{registry_name} has no such version")
        return found.versions[0]

    async def model_registry_allowed_status_values(self, workspace: str) -> list[str]:
        """Return the statuses that versions of registered models may have."""
        found = await self.send(comet.get_registry_model_allowed_statuses(workspace))
        return list(found.allowed_status)

    async def download_registry_model(
        self,
        workspace: str,
        registry_name: str,
        version: str | None = None,
        output_path: Path | str = "./",
        expand: bool = True,
        stage: str | None = None,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch one version of a registered model and return the files that were written.

        Args:
            workspace: Its workspace.
            registry_name: Its name.
            version: As "1.0.0"; neither this nor `stage` means the newest.
            output_path: Folder; made if it is missing.
            expand: Whether its files are wanted, instead of `NAME_VERSION.zip`.
            stage: Newest version of this stage.
            overwrite: Whether files may be replaced.

        Raises:
            ArchiveError: The archive is damaged or dangerous; nothing was written.
        """
        request = comet.download_registry_model_version(
            workspace, registry_name, version=version, stage=stage
        )
        name = f"{registry_name}_{version or stage or 'latest'}"
        return await save_archive(
            self, request, output_path, name, expand=expand, overwrite=overwrite
        )

    async def download_experiment_asset(
        self,
        experiment_key: str,
        asset_id: str,
        output_path: Path | str,
        log_progress: bool = False,
        *,
        overwrite: bool = True,
    ) -> Path:
        """Stream one file of an experiment to disk, which appears whole or not at all.

        Args:
            experiment_key: Experiment key.
            asset_id: Id of the file.
            output_path: The file to write; its folder must exist.
            log_progress: Ignored: an observer of the session is told of all bytes.
            overwrite: Whether the file may be replaced.
        """
        del log_progress
        asked = comet.get_experiment_asset(asset_id, experiment_key=experiment_key, allow301=True)
        return (await self.download(asked, output_path, overwrite=overwrite)).path

    async def get_artifact_list(
        self, workspace: str, artifact_type: str | None = None
    ) -> comet.Artifacts:
        """Return the artifacts of a workspace.

        Args:
            workspace: The workspace.
            artifact_type: Only artifacts of this type, as "dataset".
        """
        return await self.send(comet.get_artifacts(workspace, type=artifact_type))

    async def get_artifact_details(
        self,
        workspace: str | None = None,
        artifact_name: str | None = None,
        artifact_id: str | None = None,
    ) -> comet.ArtifactDetails:
        """Return one artifact with all its versions.

        Args:
            workspace: Its workspace, with `artifact_name`.
            artifact_name: Its name.
            artifact_id: Its id, in place of both.
        """
        return await self.send(
            comet.get_artifact(
                workspace=workspace, artifact_name=artifact_name, artifact_id=artifact_id
            )
        )

    async def get_artifact_files(
        self,
        workspace: str | None = None,
        artifact_name: str | None = None,
        artifact_id: str | None = None,
        version: str | None = None,
        alias: str | None = None,
    ) -> comet.ArtifactFiles:
        """Return the files of one version of an artifact.

        Args:
            workspace: Its workspace, with `artifact_name`.
            artifact_name: Its name.
            artifact_id: Its id, in place of both.
            version: As "1.0.0".
            alias: Another name of the version, in place of it.
        """
        return await self.send(
            comet.get_artifact_version_files(
                workspace=workspace,
                artifact_name=artifact_name,
                artifact_id=artifact_id,
                version=version,
                alias=alias,
            )
        )

    async def get_artifact(
        self,
        workspace: str,
        artifact_name: str,
        version: str | None = None,
        alias: str | None = None,
    ) -> comet.ArtifactVersion:
        """Return one version of an artifact.

        Args:
            workspace: Its workspace.
            artifact_name: Its name.
            version: As "1.0.0".
            alias: Another name of the version; "latest" when neither is given.
        """
        if version is None and alias is None:
            alias = "latest"
        return await self.send(
            comet.get_artifact_version(
                workspace=workspace, artifact_name=artifact_name, version=version, alias=alias
            )
        )

    async def download_artifact(
        self,
        workspace: str,
        artifact_name: str,
        version_or_alias: str = "latest",
        output_path: Path | str = "./",
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch all stored files of one version of an artifact and return those written.

        Remote files are left out: `get_artifact_files` tells their links.

        Args:
            workspace: Its workspace.
            artifact_name: Its name.
            version_or_alias: As "1.0.0" or "latest".
            output_path: Folder; made if it is missing.
            overwrite: Whether files may be replaced.
        """
        found = await self.send(
            comet.get_artifact_version(
                workspace=workspace,
                artifact_name=artifact_name,
                version_or_alias=version_or_alias,
            )
        )
        listed = await self.get_artifact_files(
            workspace, artifact_name, version=found.artifact_version
        )
        root = home_of(output_path)
        pairs = [
            (
                root / portable_path(file.file_name or file.asset_id),
                comet.get_experiment_asset(
                    file.asset_id, artifact_version_id=found.artifact_version_id
                ),
            )
            for file in listed.files
            if not file.is_remote
        ]
        return await save_files(self, pairs, overwrite=overwrite)
