"""Assets, curves, images, models and views of an experiment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, cast, overload

import msgspec

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.api.files import home_of, save_archive, save_files
from comet_async.api.short_forms import Curve, Image
from comet_async.engine.names import portable_path
from comet_async.errors import DecodeError, UsageError
from comet_async.request import Blob, Request

__all__ = ["ExperimentAssets", "read_as"]

_LIST_SECONDS = 600
_TENSORFLOW = "tensorflow-file"
_DIRECTIONS = ("all", "input", "output")


class ExperimentAssets(ExperimentBase):
    """Files that were logged, and what is made of them."""

    async def get_asset_list(
        self, asset_type: str = "all", timeout: float = _LIST_SECONDS
    ) -> list[comet.Asset]:
        """Return what is known of the files.

        Args:
            asset_type: One of `comet.ASSET_TYPES`.
            timeout: Seconds for the answer, which is slow for many files.
        """
        asked = comet.get_experiment_asset_list(self.key, type=asset_type).with_timeout(timeout)
        return list((await self._send(asked)).assets)

    @overload
    async def get_asset(
        self, asset_id: str, return_type: Literal["binary"] = "binary", stream: bool = False
    ) -> bytes: ...

    @overload
    async def get_asset(
        self, asset_id: str, return_type: Literal["text"], stream: bool = False
    ) -> str: ...

    @overload
    async def get_asset(self, asset_id: str, return_type: str, stream: bool = False) -> object: ...

    async def get_asset(
        self,
        asset_id: str,
        return_type: str = "binary",
        stream: bool = False,
    ) -> object:
        """Return the content of one file.

        Args:
            asset_id: Id of the file.
            return_type: "binary" for bytes, "json" for what the document holds, "text", or
                "response" for a `Blob` with its content type.
            stream: Refused: `API.download_experiment_asset` streams to a file.

        Raises:
            DecodeError: The content is not what `return_type` says.
        """
        if stream:
            raise UsageError("stream is not offered; API.download_experiment_asset streams to disk")
        return read_as(await self._send(self._asset(asset_id)), return_type)

    async def get_asset_by_name(
        self,
        asset_filename: str,
        asset_type: str = "all",
        return_type: str = "binary",
        stream: bool = False,
        timeout: float = _LIST_SECONDS,
    ) -> object:
        """Return the content of the first file of a name; None when there is none.

        Args:
            asset_filename: Exact name.
            asset_type: One of `comet.ASSET_TYPES`.
            return_type: As for `get_asset`.
            stream: As for `get_asset`.
            timeout: Seconds for the listing.
        """
        listed = await self._named(asset_filename, asset_type, timeout)
        if not listed:
            return None
        return await self.get_asset(listed[0].asset_id, return_type, stream)

    async def get_assets_by_name(
        self,
        asset_filename: str,
        asset_type: str | None = None,
        return_type: str = "binary",
        timeout: float = _LIST_SECONDS,
    ) -> list[object]:
        """Return the contents of all files of a name, fetched at the same time.

        Args:
            asset_filename: Exact name.
            asset_type: One of `comet.ASSET_TYPES`.
            return_type: As for `get_asset`.
            timeout: Seconds for the listing.
        """
        listed = await self._named(asset_filename, asset_type, timeout)
        found = await self._contents(listed)
        return [read_as(found[asset.asset_id], return_type) for asset in listed]

    async def get_curves(self) -> list[Curve]:
        """Return all curves, their files fetched at the same time."""
        listed = await self.get_asset_list("curve")
        found = await self._contents(listed)
        return [_curve(found[asset.asset_id], asset) for asset in listed]

    async def get_curve(self, asset_id: str) -> Curve:
        """Return one curve.

        Args:
            asset_id: Id of its file.
        """
        requests: list[tuple[str, Request[object]]] = [
            ("content", self._asset(asset_id)),
            ("asset", comet.get_experiment_asset_details(self.key, asset_id)),
        ]
        found = await self._api.send_each(requests)
        return _curve(cast("Blob", found["content"]), cast("comet.Asset", found["asset"]))

    async def images(self) -> list[Image]:
        """Return the images with their links, in the server's order."""
        return [Image.of(asset) for asset in await self.get_asset_list("image")]

    async def get_model_names(self) -> list[str]:
        """Return the names of the models that were logged, each once."""
        found = (await self._send(comet.get_experiment_models(self.key))).models
        return list(dict.fromkeys(model.model_name for model in found if model.model_name))

    async def get_model_asset_list(self, model_name: str) -> list[comet.Asset]:
        """Return what is known of the files of a model.

        Args:
            model_name: Exact name.
        """
        return list(
            (await self._send(comet.get_experiment_model_assets(self.key, model_name))).assets
        )

    async def get_model_data(self, name: str) -> list[comet.Asset]:
        """Return the files of a model; the old name of `get_model_asset_list`."""
        return await self.get_model_asset_list(name)

    async def download_model(
        self,
        name: str,
        output_path: Path | str = "./",
        expand: bool = True,
        *,
        overwrite: bool = True,
    ) -> list[Path]:
        """Fetch a model and return the files that were written.

        Args:
            name: Name of the model.
            output_path: Folder; made if it is missing.
            expand: Whether its files are wanted, instead of `NAME.zip`.
            overwrite: Whether files may be replaced.

        Raises:
            ArchiveError: The archive is damaged or dangerous; nothing was written.
        """
        request = comet.download_experiment_model(self.key, name)
        return await save_archive(
            self._api, request, output_path, name, expand=expand, overwrite=overwrite
        )

    async def download_tensorflow_folder(
        self,
        output_path: Path | str = "./",
        overwrite: bool = False,
    ) -> list[Path]:
        """Fetch all files of a TensorFlow folder and return those that were written.

        Args:
            output_path: Folder; made if it is missing.
            overwrite: Whether files may be replaced; else those that exist are left out.
        """
        root = home_of(output_path)
        pairs = [
            (root / portable_path(asset.file_name or asset.asset_id), self._asset(asset.asset_id))
            for asset in await self.get_asset_list(_TENSORFLOW)
        ]
        wanted = [pair for pair in pairs if overwrite or not pair[0].exists()]
        return await save_files(self._api, wanted, overwrite=overwrite)

    async def get_artifact_lineage(self, direction: str = "all") -> dict[str, object]:
        """Return the artifacts that were read and made, as the server words it.

        Args:
            direction: "all", "input" or "output".

        Raises:
            UsageError: `direction` is another.
        """
        if direction not in _DIRECTIONS:
            raise UsageError(f"direction is one of {', '.join(_DIRECTIONS)}, not {direction!r}")
        return await self._send(comet.get_experiment_artifact_lineage(self.key, filter=direction))

    async def get_views(
        self,
        include_workspace_views: bool = False,
        include_workspace_project_views: bool = False,
    ) -> list[comet.View]:
        """Return the views of this experiment, and its chart templates in the same form.

        Args:
            include_workspace_views: The workspace's views as well.
            include_workspace_project_views: The workspace's chart templates as well.
        """
        project = self.project_id or (await self._send(self._metadata_request())).project_id or ""
        found = await self._api.send_each(
            [
                (
                    "views",
                    comet.get_views(
                        project,
                        experiment_key=self.key,
                        include_workspace_views=include_workspace_views,
                    ),
                ),
                (
                    "charts",
                    comet.get_chart_template_views(
                        project,
                        experiment_key=self.key,
                        include_workspace_views=include_workspace_project_views,
                    ),
                ),
            ]
        )
        return [*found["views"].views, *found["charts"].views]

    def _metadata_request(self) -> Request[comet.Experiment]:
        return comet.get_experiment_metadata(self.key)

    def _asset(self, asset_id: str) -> Request[Blob]:
        return comet.get_experiment_asset(asset_id, experiment_key=self.key)

    async def _named(
        self, asset_filename: str, asset_type: str | None, timeout: float
    ) -> list[comet.Asset]:
        kind = None if asset_type == "all" else asset_type
        asked = comet.get_experiment_assets_by_name(self.key, asset_filename, type=kind)
        return list((await self._send(asked.with_timeout(timeout))).assets)

    async def _contents(self, listed: list[comet.Asset]) -> dict[str, Blob]:
        return await self._api.send_each(
            (asset.asset_id, self._asset(asset.asset_id)) for asset in listed
        )


def read_as(blob: Blob, return_type: str) -> object:
    """Return octets in one of the forms that `get_asset` knows.

    Raises:
        UsageError: There is no such form.
        DecodeError: The content has another one.
    """
    if return_type == "binary":
        return blob.data
    if return_type == "response":
        return blob
    try:
        if return_type == "text":
            return blob.data.decode()
        if return_type == "json":
            return cast("object", json.loads(blob.data))
    except (ValueError, RecursionError):
        raise DecodeError(f"the file is no {return_type}") from None
    raise UsageError(f"return_type is binary, json, text or response, not {return_type!r}")


def _curve(blob: Blob, asset: comet.Asset) -> Curve:
    try:
        made = msgspec.convert(json.loads(blob.data), Curve)
    except (ValueError, msgspec.ValidationError):
        raise DecodeError("the file is no curve") from None
    return msgspec.structs.replace(made, step=asset.step, asset_id=asset.asset_id)
