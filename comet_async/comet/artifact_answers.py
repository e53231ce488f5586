"""Answers about artifacts: versioned sets of files."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.common import Flat, Metadata, NullableList, Wire, json_object, no_items

__all__ = [
    "ARTIFACT_STATES",
    "Artifact",
    "ArtifactDetails",
    "ArtifactFile",
    "ArtifactFiles",
    "ArtifactRow",
    "ArtifactVersion",
    "ArtifactVersionRow",
    "Artifacts",
]

ARTIFACT_STATES = ("OPEN", "CLOSED", "ERROR")
"""Known states of a version: being filled, complete, failed."""


class ArtifactRow(Flat, frozen=True, kw_only=True):
    """One artifact in a listing.

    Attributes:
        artifact_id: Its id.
        name: Its name.
        type: The user's type, as "dataset".
    """

    artifact_id: str | None = None
    name: str | None = None
    type: str | None = None


class Artifacts(Wire, frozen=True, kw_only=True):
    """Artifacts of a workspace.

    Attributes:
        artifacts: One entry for each artifact.
    """

    artifacts: NullableList[ArtifactRow]


class ArtifactVersionRow(Wire, frozen=True, kw_only=True):
    """One version in an artifact's details.

    Attributes:
        artifact_version_id: Its id.
        version: Version, as "1.0.0".
        owner: User who made it.
        metadata: The user's data as sent; `metadata_object` reads it.
        created_from: What it was made from, if that is known.
        size_in_bytes: Bytes of its stored files.
        state: One of `ARTIFACT_STATES`, or newer.
        added: Milliseconds since 1970 UTC.
        alias: Other names of the version; compare without regard to case ("Latest").
        tags: Tags of the version.
    """

    artifact_version_id: str
    version: str | None = None
    owner: str | None = None
    metadata: Metadata = None
    created_from: str | None = None
    size_in_bytes: int | float | None = None
    state: str | None = None
    added: int | None = None
    alias: NullableList[str] = no_items()
    tags: NullableList[str] = no_items()

    @property
    def metadata_object(self) -> dict[str, object] | None:
        """The user's data as an object; None when there is none."""
        return json_object(self.metadata)


class ArtifactDetails(Wire, frozen=True, kw_only=True):
    """One artifact with its versions.

    Attributes:
        artifact_id: Its id.
        project: Name of its project.
        type: The user's type, as "dataset".
        name: Its name.
        description: Free text.
        latest_version: Newest version, as "2.0.0".
        tags: Tags of the artifact.
        is_public: Whether everybody can read it.
        emoji: Its picture.
        size_in_bytes: Bytes of the stored files of all versions.
        versions: One entry for each version.
    """

    artifact_id: str
    versions: NullableList[ArtifactVersionRow]
    project: str | None = None
    type: str | None = None
    name: str | None = None
    description: str | None = None
    latest_version: str | None = None
    tags: NullableList[str] = no_items()
    is_public: bool | None = None
    emoji: str | None = None
    size_in_bytes: int | float | None = None


class Artifact(Wire, frozen=True, kw_only=True):
    """The artifact to which a version belongs.

    Attributes:
        artifact_id: Its id.
        artifact_name: Its name.
        artifact_type: The user's type, as "dataset".
        workspace_name: Its workspace.
        workspace_id: Id of its workspace.
        project_id: Id of its project.
        experiment_key: Experiment that made it.
        description: Free text.
        is_public: Whether everybody can read it.
        owner: User who made it.
        emoji: Its picture.
        tags: Tags of the artifact.
    """

    artifact_id: str
    artifact_name: str | None = None
    artifact_type: str | None = None
    workspace_name: str | None = None
    workspace_id: str | None = None
    project_id: str | None = None
    experiment_key: str | None = None
    description: str | None = None
    is_public: bool | None = None
    owner: str | None = None
    emoji: str | None = None
    tags: NullableList[str] = no_items()


class ArtifactVersion(Wire, frozen=True, kw_only=True):
    """One version of an artifact.

    Attributes:
        artifact_version_id: Its id.
        artifact: The artifact to which it belongs.
        artifact_version: Version, as "1.0.0".
        experiment_key: Experiment that made it.
        owner: User who made it.
        created_from: What it was made from, if that is known.
        metadata: The user's data as sent; `metadata_object` reads it.
        note: Free text.
        size_in_bytes: Bytes of its stored files.
        added: Milliseconds since 1970 UTC.
        state: One of `ARTIFACT_STATES`, or newer.
        alias: Other names of the version; compare without regard to case ("Latest").
        tags: Tags of the version.
    """

    artifact_version_id: str
    artifact: Artifact | None = None
    artifact_version: str | None = None
    experiment_key: str | None = None
    owner: str | None = None
    created_from: str | None = None
    metadata: Metadata = None
    note: str | None = None
    size_in_bytes: int | float | None = None
    added: int | None = None
    state: str | None = None
    alias: NullableList[str] = no_items()
    tags: NullableList[str] = no_items()

    @property
    def metadata_object(self) -> dict[str, object] | None:
        """The user's data as an object; None when there is none."""
        return json_object(self.metadata)


class ArtifactFile(Flat, frozen=True, kw_only=True):
    """One file of a version.

    Attributes:
        asset_id: Its id; `get_experiment_asset` reads it with the version's id.
        artifact_id: Id of the artifact.
        artifact_version_id: Id of the version.
        file_name: Name as logged; not safe as a path.
        file_size: Bytes; 0 for a remote file.
        link: The user's URI of a remote file, or a link of the service.
        dir: Folder in the artifact.
        type: Type of the asset, often "unknown".
        metadata: The user's data as sent; `metadata_object` reads it.
        remote: Whether the octets lie outside the service, where the server tells.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"link"})

    asset_id: str
    artifact_id: str | None = None
    artifact_version_id: str | None = None
    file_name: str | None = None
    file_size: int | float | None = None
    link: str | None = None
    dir: str | None = None
    type: str | None = None
    metadata: Metadata = None
    remote: bool | None = None

    @property
    def is_remote(self) -> bool:
        """Whether the octets lie outside the service; a link says so where `remote` is missing."""
        return self.link is not None if self.remote is None else self.remote

    @property
    def metadata_object(self) -> dict[str, object] | None:
        """The user's data as an object; None when there is none."""
        return json_object(self.metadata)


class ArtifactFiles(Wire, frozen=True, kw_only=True):
    """Files of a version.

    Attributes:
        files: One entry for each file.
    """

    files: NullableList[ArtifactFile]
