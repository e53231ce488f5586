"""Artifacts and their versions."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comet_async import comet
from comet_async.harvest.rows import columns_of, text_of, whole
from comet_async.harvest.subjects import Ask, Columns, Subject, SubjectKind
from comet_async.request import Request

__all__ = ["ArtifactReader", "artifact_request"]

Row = Mapping[str, object]


class ArtifactReader:
    """Reads `artifacts` and `artifact_versions` of one artifact.

    Source: Comet REST v2, artifacts/get.
    """

    kind: SubjectKind = "artifact"
    tables = ("artifacts", "artifact_versions")
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the artifact, and those of its versions."""
        del tables
        details = await ask(artifact_request(subject))
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
        }


def artifact_request(subject: Subject) -> Request[comet.ArtifactDetails]:
    """Return the request for the details of an artifact that was listed."""
    entry = msgspec.json.decode(subject.listed, type=comet.ArtifactRow, strict=False)
    if entry.artifact_id:
        return comet.get_artifact(artifact_id=entry.artifact_id)
    return comet.get_artifact(workspace=subject.workspace, artifact_name=entry.name)


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
