"""Files that an experiment sends: assets, images, videos, curves, tables; models and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.api.files import home_of
from comet_async.api.statuses import status_request
from comet_async.api.tables import table_content
from comet_async.api.views import with_states
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = ["ExperimentUploads"]


class ExperimentUploads(ExperimentBase):
    """Uploads, read from disk while they are sent, and what is made of them."""

    async def log_asset(
        self,
        filename: Path | str,
        step: int | None = None,
        name: str | None = None,
        overwrite: bool | None = None,
        context: str | None = None,
        ftype: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send a file and return what became of it.

        Args:
            filename: Path of the file.
            step: Step of the training.
            name: Name of the asset; default the last part of the path.
            overwrite: Whether assets of that name are replaced.
            context: Context as "train" or "val".
            ftype: One of `comet.ASSET_TYPES`; default "asset".
            metadata: Data of your own.
        """
        return await self._upload(
            filename,
            name,
            ftype or "asset",
            step=step,
            overwrite=overwrite,
            context=context,
            metadata=metadata,
        )

    async def log_image(
        self,
        filename: Path | str,
        image_name: str | None = None,
        step: int | None = None,
        overwrite: bool | None = None,
        context: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send an image and return what became of it.

        Args:
            filename: Path of the file.
            image_name: Its name; default the last part of the path.
            step: Step of the training.
            overwrite: Whether images of that name are replaced.
            context: Context as "train" or "val".
            metadata: Data of your own.
        """
        return await self._upload(
            filename,
            image_name,
            "image",
            step=step,
            overwrite=overwrite,
            context=context,
            metadata=metadata,
        )

    async def log_video(
        self,
        filename: Path | str | BinaryIO,
        name: str | None = None,
        overwrite: bool = False,
        step: int | None = None,
        epoch: int | None = None,
        context: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        """Send a video and return what became of it.

        Args:
            filename: Path of the file, or an open binary file.
            name: Its name; default the last part of the path.
            overwrite: Whether videos of that name are replaced.
            step: Step of the training.
            epoch: Epoch of the training.
            context: Context as "train" or "val".
            metadata: Data of your own.
        """
        return await self._upload(
            filename,
            name,
            "video",
            step=step,
            epoch=epoch,
            overwrite=overwrite,
            context=context,
            metadata=metadata,
        )

    async def log_curve(
        self,
        name: str,
        x: Sequence[float],
        y: Sequence[float],
        overwrite: bool = False,
        step: int | None = None,
    ) -> comet.UploadedAsset:
        """Send a curve and return what became of it.

        Args:
            name: Its name.
            x: One coordinate.
            y: The other, as long as `x`.
            overwrite: Whether curves of that name are replaced.
            step: Step of the training.

        Raises:
            UsageError: The coordinates are of different lengths.
        """
        if len(x) != len(y):
            raise UsageError(f"a curve has as many x as y, not {len(x)} and {len(y)}")
        content = msgspec.json.encode({"x": list(x), "y": list(y), "name": name})
        return await self._upload(content, name, "curve", step=step, overwrite=overwrite)

    async def log_table(
        self,
        filename: Path | str,
        tabular_data: object = None,
        headers: Sequence[str] | bool = False,
        **format_kwargs: object,
    ) -> comet.UploadedAsset:
        """Send a table and return what became of it.

        Args:
            filename: A file that exists, which is sent; else the name of the table, as "t.csv",
                "t.tsv", "t.json" or "t.md".
            tabular_data: Rows, or a frame of pandas.
            headers: Names of the columns; True for those of a frame, False for none.
            format_kwargs: Passed to the frame's own writer.

        Raises:
            UsageError: There is neither a file nor data, or no way to write it.
        """
        path = home_of(filename)
        if await undivided(path.is_file):
            return await self._upload(path, None, "asset")
        if tabular_data is None:
            raise UsageError(f"{path.name} is no file; give tabular_data")
        content = table_content(path.name, tabular_data, headers, format_kwargs)
        return await self._upload(content, str(filename), "asset")

    async def delete_asset(self, asset_id: str) -> None:
        """Delete one file for good."""
        await self._send(comet.delete_experiment_asset(self.key, asset_id))

    async def register_model(
        self,
        model_name: str,
        version: str | None = None,
        workspace: str | None = None,
        registry_name: str | None = None,
        public: bool | None = None,
        description: str | None = None,
        comment: str | None = None,
        status: str | None = None,
        tags: Sequence[str] | None = None,
        stages: Sequence[str] | None = None,
        metadata: Mapping[str, object] | None = None,
        status_configuration: Mapping[str, object] | None = None,
    ) -> comet.CreatedModelVersion:
        """Register a model of this experiment and return its version's id.

        Args:
            model_name: Name under which it was logged.
            version: As "1.0.0"; default the server's choice.
            workspace: Refused unless it is that of the experiment.
            registry_name: Name in the registry; default `model_name`.
            public: Whether everybody can read it.
            description: Of the registered model.
            comment: Of the version.
            status: As "Development".
            tags: Of the version.
            stages: Refused: `tags` and `status` are their successors.
            metadata: Data of your own, by key.
            status_configuration: How the status may change: status, is_review_required,
                status_configuration_items and comment.

        Raises:
            UsageError: An argument is refused.
        """
        if workspace not in {None, self.workspace}:
            raise UsageError("a model is registered in the workspace of its experiment")
        if stages is not None:
            raise UsageError("stages are tags now; use tags and status")
        made = await self._send(
            comet.register_model_item_v2(
                comet.NewModelVersion(
                    experiment_key=self.key,
                    experiment_model_name=model_name,
                    registry_model_name=registry_name or model_name,
                    registry_model_description=description,
                    version=version,
                    version_comment=comment,
                    tags=None if tags is None else list(tags),
                    status=status,
                    public_model=public,
                )
            )
        )
        item = made.registry_model_item_id
        if metadata:
            entries = [comet.NewMetadataEntry(key=key, value=v) for key, v in metadata.items()]
            await self._send(comet.update_registry_model_item_metadata(item, entries))
        if status_configuration:
            await self._send(status_request(item, status_configuration))
        return made

    async def create_view(self, view: comet.View) -> comet.UpsertedChartView:
        """Save a view on this experiment, as a new one whatever the id of `view`.

        Args:
            view: The view; of another experiment too.

        Raises:
            UsageError: It has no name.
        """
        if not view.template_name:
            raise UsageError("a view needs a template_name")
        project = self.project_id
        if project is None:
            project = (await self._send(comet.get_experiment_metadata(self.key))).project_id
        asked = comet.upsert_chart_template_view(project or "", view.template_name, self.key)
        return await self._send(with_states(asked, view))

    async def _upload(
        self,
        file: Path | str | bytes | BinaryIO,
        name: str | None,
        kind: str,
        *,
        step: int | None = None,
        epoch: int | None = None,
        overwrite: bool | None = None,
        context: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> comet.UploadedAsset:
        source = home_of(file) if isinstance(file, (str, Path)) else file
        suffix = Path(name if name is not None else str(file)).suffix.lstrip(".")

        def request() -> Request[comet.UploadedAsset]:
            return comet.upload_experiment_asset(
                self.key,
                file=source,
                file_name=name,
                type=kind,
                step=step,
                epoch=epoch,
                overwrite=overwrite,
                context=context,
                extension=suffix or None,
                metadata=None if metadata is None else dict(metadata),
            )

        return await self._send(await undivided(request))
