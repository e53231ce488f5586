"""`Model`: one registered model."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from comet_async import comet
from comet_async.api.core import Core
from comet_async.api.files import home_of, save_archive, save_files
from comet_async.api.statuses import status_request
from comet_async.credentials import Credentials, Secret
from comet_async.engine.blocks import AsyncBlock
from comet_async.engine.names import portable_path
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError
from comet_async.shown import Shown, Table, facts

__all__ = ["Model"]


class Model(Shown, AsyncBlock):
    """One registered model; `API.get_model` makes it after a look whether it exists.

    Args:
        workspace: Its workspace.
        model_name: Its name.
        api_key: Key for an `API` of its own, which `close` or `async with` ends.
        api: The `API` that sends its requests, in place of its own.

    Raises:
        UsageError: Both `api_key` and `api` are given, or there is no key anywhere.
    """

    def __init__(
        self,
        workspace: str,
        model_name: str,
        *,
        api_key: str | Secret | Credentials | None = None,
        api: Core | None = None,
    ) -> None:
        both = api is not None and api_key is not None
        try:
            self._api = Core(api_key) if api is None else api
        finally:
            del api_key  # no frame of an error may show a key
        if both:
            raise UsageError("an API brings its own api_key")
        self._workspace = workspace
        self._name = model_name
        self._own = api is None

    @classmethod
    async def from_registry(
        cls,
        workspace: str,
        model_name: str,
        *,
        api_key: str | Secret | Credentials | None = None,
        api: Core | None = None,
    ) -> Self:
        """Return a model that exists.

        Args:
            workspace: Its workspace.
            model_name: Its name.
            api_key: As for the class.
            api: As for the class.

        Raises:
            ClientError: There is no such model.
        """
        try:
            model = cls(workspace, model_name, api_key=api_key, api=api)
        finally:
            del api_key  # no frame of an error may show a key
        try:
            await model._api.send(comet.get_registry_model_compact(workspace, model_name))
        except BaseException:
            await model.close()
            raise
        return model

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Model({self._workspace!r}, {self._name!r})"

    def _table(self) -> Table:
        known = self._api.known(comet.get_registry_model_items(self._workspace, self._name))
        versions = [row.version for row in known.items] if known else []
        return facts(
            f"Model {self._workspace}/{self._name}",
            (
                ("workspace", self._workspace),
                ("name", self._name),
                ("versions", ", ".join(versions)),
            ),
        )

    async def close(self) -> None:
        """Close the `API` that it made for itself, if it did."""
        if self._own:
            await self._api.close()

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def workspace(self) -> str:
        """Its workspace."""
        return self._workspace

    async def find_versions(
        self, version_prefix: str = "", status: str | None = None, tag: str | None = None
    ) -> list[str]:
        """Return the versions that match.

        Args:
            version_prefix: Only versions that begin so, as "1.".
            status: Only versions with this status.
            tag: Only versions with this tag.
        """
        asked = comet.get_registry_model_items(
            self._workspace, self._name, tag=tag, status=status, version_prefix=version_prefix
        )
        return [item.version for item in (await self._api.send(asked)).items]

    async def get_details(self, version: str) -> comet.RegistryItem:
        """Return what is known of one version."""
        return await self._api.send(
            comet.get_registry_model_item(self._workspace, self._name, version)
        )

    async def tags(self, version: str) -> list[str]:
        """Return the tags of one version."""
        return list((await self.get_details(version)).tags)

    async def status(self, version: str) -> str | None:
        """Return the status of one version."""
        return (await self.get_details(version)).status

    async def get_assets(self, version: str) -> list[comet.Asset]:
        """Return the files of one version."""
        asked = comet.get_registry_model_item_download_instructions(
            self._workspace, self._name, version=version
        )
        return [asset for entry in (await self._api.send(asked)).versions for asset in entry.assets]

    async def get_version_history(self, version: str) -> dict[str, list[comet.VersionEvent]]:
        """Return what happened to one version, day by day; the keys are English text."""
        item = (await self.get_details(version)).registry_model_item_id
        return await self._api.send(comet.get_registry_model_item_history(item, grouped_by="DAY"))

    async def get_registry_model_metadata(
        self, version: str | None = None, model_item_id: str | None = None
    ) -> list[comet.MetadataEntry]:
        """Return the metadata of one version.

        Args:
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """
        item = await self._item(version, model_item_id)
        return list((await self._api.send(comet.get_registry_model_item_metadata(item))).metadata)

    async def get_registry_model_status_configuration(
        self, version: str | None = None, model_item_id: str | None = None
    ) -> comet.StatusConfiguration | None:
        """Return how the status of one version may change; None when nothing is set.

        Args:
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """
        item = await self._item(version, model_item_id)
        found = await self._api.send(comet.get_registry_model_item_status_configuration(item))
        return found if found.status is not None else None

    async def download(
        self,
        version: str,
        output_folder: Path | str | None = None,
        expand: bool = True,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch all stored files of one version, many at a time, and return those written.

        Remote files are left out: `get_assets` tells their links.

        Args:
            version: As "1.0.0".
            output_folder: Folder; made if it is missing. None for a new temporary one.
            expand: Whether the files are wanted, instead of one zip archive.
            overwrite: Whether files may be replaced.
        """
        folder = output_folder
        if folder is None:
            folder = await undivided(tempfile.mkdtemp)
        if not expand:
            asked = comet.download_registry_model_version(
                self._workspace, self._name, version=version
            )
            name = f"{self._name}_{version}"
            return await save_archive(
                self._api, asked, folder, name, expand=False, overwrite=overwrite
            )
        root = home_of(folder)
        pairs = [
            (
                root / portable_path(asset.file_name or asset.asset_id),
                comet.get_experiment_asset(asset.asset_id, experiment_key=_experiment_of(asset)),
            )
            for asset in await self.get_assets(version)
            if not asset.remote
        ]
        return await save_files(self._api, pairs, overwrite=overwrite)

    async def add_tag(self, version: str, tag: str) -> None:
        """Add a tag to one version."""
        item = (await self.get_details(version)).registry_model_item_id
        await self._api.send(comet.add_registry_model_item_stage(item, tag))

    async def delete_tag(self, version: str, tag: str) -> None:
        """Remove a tag from one version."""
        item = (await self.get_details(version)).registry_model_item_id
        await self._api.send(comet.delete_registry_model_item_stage(item, tag))

    async def set_status(self, version: str, status: str) -> None:
        """Set the status of one version, as "Production"."""
        item = (await self.get_details(version)).registry_model_item_id
        await self._api.send(comet.set_registry_model_item_status(item, status))

    async def update_registry_model_metadata(
        self,
        metadata: Mapping[str, object],
        version: str | None = None,
        model_item_id: str | None = None,
    ) -> None:
        """Set members of the metadata of one version.

        Args:
            metadata: Values by key.
            version: As "1.0.0".
            model_item_id: Its id, in place of the version.

        Raises:
            UsageError: Not exactly one of them is given.
        """
        item = await self._item(version, model_item_id)
        entries = [comet.NewMetadataEntry(key=key, value=value) for key, value in metadata.items()]
        await self._api.send(comet.update_registry_model_item_metadata(item, entries))

    async def update_registry_model_status_configuration(
        self,
        status_configuration: Mapping[str, object] | comet.StatusConfiguration,
        version: str | None = None,
    ) -> None:
        """Set how the status of one version may change.

        Args:
            status_configuration: As `get_registry_model_status_configuration` returns it; or
                status, is_review_required, status_configuration_items and comment.
            version: As "1.0.0"; default the version whose id the configuration holds.

        Raises:
            UsageError: There is no status, or no version is named.
        """
        known = None
        if isinstance(status_configuration, comet.StatusConfiguration) and version is None:
            known = status_configuration.model_item_id
        item = await self._item(version, known)
        await self._api.send(status_request(item, status_configuration))

    async def _item(self, version: str | None, model_item_id: str | None) -> str:
        if (version is None) == (model_item_id is None):
            raise UsageError("give exactly one of version and model_item_id")
        if version is None:
            return model_item_id or ""
        return (await self.get_details(version)).registry_model_item_id


def _experiment_of(asset: comet.Asset) -> str | None:
    """Return the experiment of a file, which some servers tell in its link only."""
    if asset.experiment_key is not None:
        return asset.experiment_key
    found = parse_qs(urlsplit(asset.link or "").query).get("experimentKey", [])
    return found[0] if found else None
