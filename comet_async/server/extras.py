"""Invented objects that no archive holds: artifacts with versions and files, cloud details.

They depend on the workspace alone and are computed when asked for. Each workspace has the same
set, so every endpoint has something to answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.server.records import (
    Artifact,
    ArtifactVersion,
    Asset,
    Content,
    JsonObject,
    Run,
    stable_id,
)
from comet_async.server.store import Store
from comet_async.server.synthetic_bytes import SyntheticContent

__all__ = [
    "artifacts_of",
    "cloud_of",
    "file_content",
    "first_run",
    "version_by_id",
]

_ADDED_MS = 1_750_000_000_000
_DAY_MS = 86_400_000


def first_run(store: Store, workspace: str) -> Run | None:
    """Return the oldest run of the first project of a workspace that has one."""
    for project in store.projects(workspace):
        runs = store.runs(project.project_id)
        if runs:
            return runs[0]
    return None


def _file(version_id: str, position: int, name: str, size: int, link: str | None = None) -> Asset:
    folder, _, file_name = name.rpartition("/")
    return Asset(
        asset_id=stable_id("artifact-file", version_id, position),
        file_name=file_name if folder else name,
        size=size,
        type="unknown",
        created_ms=_ADDED_MS,
        directory=folder or None,
        metadata='{"source":"invented"}' if position == 1 else None,
        link=link,
    )


def _version(
    artifact_id: str,
    version: str,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    files: Sequence[tuple[str, int, str | None]],
) -> ArtifactVersion:
    version_id = stable_id("artifact-version", artifact_id, version)
    major = int(version.partition(".")[0])
    return ArtifactVersion(
        version_id=version_id,
        artifact_id=artifact_id,
        version=version,
        aliases=aliases,
        tags=tags,
        added_ms=_ADDED_MS + major * _DAY_MS,
        metadata='{"rows":150}' if major == 1 else None,
        files=tuple(
            _file(version_id, at, name, size, link) for at, (name, size, link) in enumerate(files)
        ),
    )


def artifacts_of(store: Store, workspace: str) -> list[Artifact]:
    """Return the artifacts of a workspace, the invented ones first, the written ones last."""
    below = [*_invented(store, workspace), *store.artifacts(workspace)]
    return store.written.over(workspace, below)


def _invented(store: Store, workspace: str) -> list[Artifact]:
    """Return two artifacts: one with two versions, one with a difficult name."""
    run = first_run(store, workspace) if store.extras else None
    if run is None:
        return []
    project = run.facts.project
    data_id = stable_id("artifact", workspace, "training-data")
    slash_id = stable_id("artifact", workspace, "my ds/1")
    old = _version(
        data_id,
        "1.0.0",
        ("current-production",),
        ("production",),
        (("data/train.csv", 2048, None), ("readme.md", 0, None)),
    )
    new = _version(
        data_id,
        "2.0.0",
        ("Latest",),
        ("staging",),
        (
            ("data/train.csv", 4096, None),
            ("data/test.csv", 1024, None),
            ("logo.png", 21113, None),
            ("archive.tar", 0, "s3://bucket/archive.tar"),
        ),
    )
    odd = _version(slash_id, "1.0.0", ("Latest",), (), (("weights.bin", 512, None),))
    shared = (workspace, project.name, project.project_id)
    key = run.facts.key
    return [
        Artifact(
            data_id, *shared, "training-data", "dataset", "Rows for training", (), (old, new), key
        ),
        Artifact(slash_id, *shared, "my ds/1", "model", None, ("odd",), (odd,), key),
    ]


def version_by_id(store: Store, version_id: str) -> tuple[Artifact, ArtifactVersion] | None:
    """Return an artifact and its version by the version's id."""
    written = store.written.version(version_id)
    if written is not None:
        return written
    for workspace in store.workspaces():
        for artifact in artifacts_of(store, workspace):
            for version in artifact.versions:
                if version.version_id == version_id:
                    return artifact, version
    return None


def file_content(store: Store, version: ArtifactVersion, asset_id: str) -> Content | None:
    """Return the bytes of a stored file of an artifact version."""
    written = store.written.content(version.version_id, asset_id)
    if written is not None:
        return written
    for item in version.files:
        if item.asset_id == asset_id and item.link is None:
            return SyntheticContent(f"artifact:{asset_id}", item.size)
    return None


def cloud_of(store: Store, run: Run) -> tuple[str, JsonObject] | None:
    """Return cloud details for the first run of a workspace."""
    first = first_run(store, run.facts.project.workspace)
    if first is None or first.facts.key != run.facts.key:
        return None
    return "GCP", {"machineType": "n2-standard-8", "zone": "europe-west3-a"}
