"""Registered models and their versions."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comet_async import comet
from comet_async.harvest.columns import asset_row
from comet_async.harvest.links import unsigned
from comet_async.harvest.optional import optional
from comet_async.harvest.rows import columns_of, text_of, whole
from comet_async.harvest.subjects import Ask, Columns, Subject, SubjectKind

__all__ = ["RegistryReader"]

Row = Mapping[str, object]


class RegistryReader:
    """Reads `registry_models` and `registry_versions` of one registered model.

    Source: Comet REST v2, registry-model/notes and registry-model/details; for each version the
    vendor's Python client, registry-model/item/details and .../item/{modelItemId}/metadata.
    """

    kind: SubjectKind = "registry_model"
    tables = ("registry_models", "registry_versions")
    requests = 6.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the model, and those of its versions."""
        found: dict[str, Columns] = {}
        name, workspace = subject.key, subject.workspace
        if "registry_models" in tables:
            notes = await optional(ask, comet.get_registry_model_notes(workspace, name))
            text = None if notes is None else notes.notes
            found["registry_models"] = columns_of("registry_models", [_model(subject, text)])
        if "registry_versions" in tables:
            details = await ask(comet.get_registry_model_details(workspace, name))
            rows = [await self._version(ask, subject, version) for version in details.versions]
            found["registry_versions"] = columns_of("registry_versions", rows)
        return found

    async def _version(self, ask: Ask, subject: Subject, version: comet.RegistryVersion) -> Row:
        item, metadata = None, None
        if version.version:
            item = await optional(
                ask,
                comet.get_registry_model_item(subject.workspace, subject.key, version.version),
            )
        if not version.metadata:
            item_id = version.registry_model_item_id
            metadata = await optional(ask, comet.get_registry_model_item_metadata(item_id))
        more = [] if metadata is None else metadata.metadata
        return {
            **_version(subject, version),
            "metadata": text_of(version.metadata or more) if version.metadata or more else None,
            "status": None if item is None else item.status,
            "tags": None if item is None else item.tags,
        }


def _model(subject: Subject, notes: str | None) -> Row:
    entry = msgspec.json.decode(subject.listed, type=comet.RegistryModel, strict=False)
    return {
        "workspace_name": subject.workspace,
        "model_name": subject.key,
        "registry_model_id": entry.registry_model_id,
        "description": entry.description,
        "public": entry.is_public,
        "user_name": entry.user_name,
        "versions": entry.number_of_versions,
        "created": entry.created_at,
        "last_updated": entry.last_updated,
        "notes": notes,
        "workspace_id": entry.workspace_id,
        "image": unsigned(entry.image_path),
    }


def _version(subject: Subject, version: comet.RegistryVersion) -> Row:
    model = version.experiment_model
    sizes = [whole(asset.file_size) or 0 for asset in version.assets]
    return {
        "workspace_name": subject.workspace,
        "model_name": subject.key,
        "registry_model_item_id": version.registry_model_item_id,
        "version": version.version,
        "stages": list(version.stages),
        "comment": version.comment,
        "user_name": version.user_name,
        "created": version.created_at,
        "last_updated": version.last_updated,
        "experiment_key": None if model is None else model.experiment_key,
        "experiment_model_id": None if model is None else model.experiment_model_id,
        "experiment_model_name": None if model is None else model.experiment_model_name,
        "files": len(sizes),
        "size": sum(sizes),
        "assets": text_of([asset_row(asset) for asset in version.assets]),
        "rest_api_url": unsigned(version.rest_api_url),
    }
