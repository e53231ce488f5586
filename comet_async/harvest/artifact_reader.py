"""Artifacts, their versions and the files of these."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comet_async import comet
from comet_async.harvest.links import unsigned
from comet_async.harvest.rows import columns_of, text_of, whole
from comet_async.harvest.subjects import Ask, Columns, Subject, SubjectKind

__all__ = ["ArtifactReader"]

Row = Mapping[str, object]


class ArtifactReader:
    """Reads the artifact tables: artifacts/get, and artifacts/version/files for each version."""

    kind: SubjectKind = "artifact"
    tables = ("artifacts", "artifact_versions", "artifact_files")
    requests = 3.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the artifact, those of its versions and of their files."""
        entry = msgspec.json.decode(subject.listed, type=comet.ArtifactRow, strict=False)
        if entry.artifact_id:
            request = comet.get_artifact(artifact_id=entry.artifact_id)
        else:
            request = comet.get_artifact(workspace=subject.workspace, artifact_name=entry.name)
        details = await ask(request)
        files: list[Row] = []
        if "artifact_files" in tables:
            for version in details.versions:
                files += await self._files(ask, details.artifact_id, version.version)
        row = {
            "workspace_name": subject.workspace,
            "artifact_id": details.artifact_id,
            "name": details.name,
            "type": details.type,
            "project": details.project,
            "description": details.description,
            "latest_version": details.latest_version,
            "tags": list(details.tags),
            "public": details.is_public,
            "size": whole(details.size_in_bytes),
            "emoji": details.emoji,
        }
        versions = [_artifact_version(details.artifact_id, found) for found in details.versions]
        return {
            "artifacts": columns_of("artifacts", [row]),
            "artifact_versions": columns_of("artifact_versions", versions),
            "artifact_files": columns_of("artifact_files", files),
        }

    async def _files(self, ask: Ask, artifact_id: str, version: str | None) -> list[Row]:
        request = comet.get_artifact_version_files(artifact_id=artifact_id, version=version)
        answer = await ask(request)
        return [
            {
                "artifact_id": artifact_id,
                "artifact_version_id": file.artifact_version_id,
                "version": version,
                "asset_id": file.asset_id,
                "name": file.file_name,
                "dir": file.dir,
                "type": file.type,
                "size": whole(file.file_size),
                "remote": file.remote,
                "link": None if file.remote is False else unsigned(file.link),
                "metadata": text_of(file.metadata),
            }
            for file in answer.files
        ]


def _artifact_version(artifact_id: str, version: comet.ArtifactVersionRow) -> Row:
    return {
        "artifact_id": artifact_id,
        "artifact_version_id": version.artifact_version_id,
        "version": version.version,
        "state": version.state,
        "owner": version.owner,
        "created_from": version.created_from,
        "added": version.added,
        "aliases": list(version.alias),
        "tags": list(version.tags),
        "size": whole(version.size_in_bytes),
        "metadata": text_of(version.metadata),
    }
