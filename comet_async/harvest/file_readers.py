"""Which files there are besides assets: those of artifacts, and archives of models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from comet_async import comet
from comet_async.harvest.artifact_reader import artifact_request
from comet_async.harvest.columns import AssetRow
from comet_async.harvest.file_lists import ARCHIVE
from comet_async.harvest.links import unsigned
from comet_async.harvest.rows import text_of, whole
from comet_async.harvest.subjects import Ask, Subject

__all__ = ["LISTERS"]


async def _artifact_files(ask: Ask, subject: Subject) -> Sequence[AssetRow]:
    """Return the files of all versions of an artifact."""
    details = await ask(artifact_request(subject))
    rows: list[AssetRow] = []
    for version in details.versions:
        request = comet.get_artifact_version_files(
            artifact_id=details.artifact_id, version=version.version
        )
        answer = await ask(request)
        rows += [_artifact_file(version, file) for file in answer.files]
    return rows


def _artifact_file(version: comet.ArtifactVersionRow, file: comet.ArtifactFile) -> AssetRow:
    return AssetRow(
        asset_id=file.asset_id,
        name=file.file_name,
        type=file.type,
        listed_size=whole(file.file_size),
        remote=file.remote,
        link=None if file.remote is False else unsigned(file.link),
        dir=file.dir,
        metadata=text_of(file.metadata),
        version=version.version,
        version_id=file.artifact_version_id or version.artifact_version_id,
    )


async def _model_archives(ask: Ask, subject: Subject) -> Sequence[AssetRow]:
    """Return an archive for each model of an experiment."""
    request = comet.get_experiment_models(subject.key)
    answer = await ask(request)
    return [
        AssetRow(asset_id=model.model_name, name=model.model_name, type=ARCHIVE, version_id=ARCHIVE)
        for model in answer.models
        if model.model_name
    ]


async def _registry_archives(ask: Ask, subject: Subject) -> Sequence[AssetRow]:
    """Return an archive for each version of a registered model."""
    request = comet.get_registry_model_details(subject.workspace, subject.key)
    answer = await ask(request)
    return [
        AssetRow(
            asset_id=version.registry_model_item_id,
            name=subject.key,
            type=ARCHIVE,
            created=version.last_updated or version.created_at,
            version=version.version,
            version_id=ARCHIVE,
        )
        for version in answer.versions
        if version.version
    ]


LISTERS: Mapping[str, Callable[[Ask, Subject], Awaitable[Sequence[AssetRow]]]] = MappingProxyType(
    {
        "artifact_files": _artifact_files,
        "model_archives": _model_archives,
        "registry_archives": _registry_archives,
    }
)
"""What lists the files of one subject, by the table that tells of them."""
