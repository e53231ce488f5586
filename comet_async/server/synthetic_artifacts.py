"""Synthetic artifacts with versions and files."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.server.records import Artifact, ArtifactVersion, Asset, Project, stable_id
from comet_async.server.synthetic_spec import SyntheticSpec

__all__ = ["artifacts_at"]

_ADDED_MS = 1_755_000_000_000
_DAY_MS = 86_400_000


def artifacts_at(
    spec: SyntheticSpec, project: Project, keys: Sequence[str]
) -> tuple[Artifact, ...]:
    """Return the artifacts of a project.

    Args:
        spec: How many, with how many versions and files.
        project: Where they lie.
        keys: Experiments that wrote them, in turn.
    """
    return tuple(
        _artifact(spec, project, keys[number % len(keys)], number)
        for number in range(spec.artifacts)
    )


def _artifact(spec: SyntheticSpec, project: Project, key: str, number: int) -> Artifact:
    name = f"data-{number:03d}"
    artifact_id = stable_id("artifact", spec.seed, project.workspace, name)
    versions = range(1, spec.artifact_versions + 1)
    return Artifact(
        artifact_id=artifact_id,
        workspace=project.workspace,
        project=project.name,
        project_id=project.project_id,
        name=name,
        type="dataset" if number % 2 == 0 else "model",
        description=f"Synthetic artifact {number}",
        tags=("synthetic",),
        versions=tuple(_version(spec, artifact_id, major) for major in versions),
        experiment_key=key,
    )


def _version(spec: SyntheticSpec, artifact_id: str, major: int) -> ArtifactVersion:
    version_id = stable_id("artifact-version", artifact_id, major)
    return ArtifactVersion(
        version_id=version_id,
        artifact_id=artifact_id,
        version=f"{major}.0.0",
        aliases=("Latest",) if major == spec.artifact_versions else (),
        tags=("first",) if major == 1 else (),
        added_ms=_ADDED_MS + major * _DAY_MS,
        metadata=f'{{"rows": {major * 100}}}',
        files=tuple(_file(spec, version_id, at) for at in range(spec.artifact_files)),
    )


def _file(spec: SyntheticSpec, version_id: str, position: int) -> Asset:
    return Asset(
        asset_id=stable_id("artifact-file", version_id, position),
        file_name=f"part-{position:04d}.bin",
        size=spec.sizes[position % len(spec.sizes)],
        type="unknown",
        created_ms=_ADDED_MS,
        directory="data",
    )
