"""Artifacts that were written, over those of the sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from comet_async.server.records import Artifact, ArtifactVersion, Asset, Content

__all__ = ["WrittenArtifacts"]


class WrittenArtifacts:
    """Artifacts, versions, files and who read them; whoever writes holds the store's lock."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._artifacts: dict[str, Artifact] = {}
        self._owners: dict[str, str] = {}
        self._contents: dict[tuple[str, str], Content] = {}
        self._consumed: dict[str, dict[str, None]] = {}

    def over(self, workspace: str, below: Iterable[Artifact]) -> list[Artifact]:
        """Return the artifacts of a workspace as they are now, and the new ones after them."""
        found = {item.artifact_id: item for item in below}
        found |= {key: item for key, item in self._artifacts.items() if item.workspace == workspace}
        return [*found.values()]

    def put(self, artifact: Artifact) -> None:
        """Add an artifact, or change the one of its id."""
        self._artifacts[artifact.artifact_id] = artifact
        for version in artifact.versions:
            self._owners[version.version_id] = artifact.artifact_id

    def version(self, version_id: str) -> tuple[Artifact, ArtifactVersion] | None:
        """Return a written artifact and its version by the version's id."""
        artifact = self._artifacts.get(self._owners.get(version_id, ""))
        if artifact is None:
            return None
        found = (item for item in artifact.versions if item.version_id == version_id)
        return artifact, next(found)

    def put_version(self, artifact: Artifact, version: ArtifactVersion) -> None:
        """Add a version, or change the one of its id.

        Args:
            artifact: As it is; its other versions lose the aliases that this one has.
            version: The version.
        """
        taken = {alias.lower() for alias in version.aliases}
        kept = [
            version
            if item.version_id == version.version_id
            else replace(
                item,
                aliases=tuple(alias for alias in item.aliases if alias.lower() not in taken),
            )
            for item in artifact.versions
        ]
        if version.version_id not in {item.version_id for item in kept}:
            kept.append(version)
        self.put(replace(artifact, versions=tuple(kept)))

    def put_files(
        self,
        artifact: Artifact,
        version: ArtifactVersion,
        files: Iterable[tuple[Asset, Content | None]],
    ) -> None:
        """Add files to a version; one of the same path takes the place of an earlier one."""
        found = {(item.directory, item.file_name): item for item in version.files}
        for asset, content in files:
            found[asset.directory, asset.file_name] = asset
            if content is not None:
                self._contents[version.version_id, asset.asset_id] = content
        self.put_version(artifact, replace(version, files=tuple(found.values())))

    def content(self, version_id: str, asset_id: str) -> Content | None:
        """Return the bytes of an uploaded file."""
        return self._contents.get((version_id, asset_id))

    def consume(self, experiment_key: str, version_id: str) -> None:
        """Note that an experiment read a version."""
        self._consumed.setdefault(experiment_key, {})[version_id] = None

    def consumed(self, experiment_key: str) -> list[str]:
        """Return the ids of the versions that an experiment read."""
        return [*self._consumed.get(experiment_key, ())]
