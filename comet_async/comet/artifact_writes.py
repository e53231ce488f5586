"""Artifacts: add versions, label them, close them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from comet_async.comet.common import Flat, Metadata
from comet_async.comet.writing import Body, json_text, listed, write
from comet_async.request import Effect, Request

__all__ = [
    "ArtifactUpdate",
    "NewArtifactVersion",
    "UpsertedArtifact",
    "log_artifact_remote_assets",
    "set_artifact_version_state",
    "update_artifact",
    "update_artifact_version",
    "upsert_artifact",
]


class NewArtifactVersion(Body, frozen=True, kw_only=True):
    """A version of an artifact to add.

    Attributes:
        artifact_name: Name of the artifact, made by the server when there is none of that name.
        artifact_type: Its type, as "dataset".
        experiment_key: Experiment that logs it.
        version: Version in three numbers; default the server's choice. One that there is already
            is refused with code 90399.
        alias: Aliases of the version.
        version_tags: Tags of the version.
        version_metadata: Data of your own, an object or JSON in a text.
    """

    artifact_name: str
    artifact_type: str
    experiment_key: str
    version: str | None = None
    alias: list[str] | None = None
    version_tags: list[str] | None = None
    version_metadata: Metadata = None


class ArtifactUpdate(Body, frozen=True, kw_only=True):
    """What to change of an artifact; what is not given stays.

    Attributes:
        artifact_id: Its id.
        artifact_type: Its type, as "dataset".
        version_metadata: Data of your own, an object or JSON in a text.
        version: Version in three numbers.
        tags: Tags of the artifact.
    """

    artifact_id: str
    artifact_type: str | None = None
    version_metadata: Metadata = None
    version: str | None = None
    tags: list[str] | None = None


class UpsertedArtifact(Flat, frozen=True, kw_only=True):
    """A version that was added; its state is OPEN.

    Attributes:
        artifact_id: Id of the artifact.
        artifact_version_id: Id of the version.
        previous_version: The version before it, if there is one.
        current_version: The version itself.
    """

    artifact_id: str
    artifact_version_id: str
    previous_version: str | None = None
    current_version: str | None = None


def upsert_artifact(version: NewArtifactVersion) -> Request[UpsertedArtifact]:
    """Add a version to an artifact, and make the artifact where there is none of that name.

    Appends a version. Upload its files with `artifact_version_id`, then close it with
    `set_artifact_version_state`.

    Args:
        version: What to add.

    Returns:
        Ids of the artifact and of the version.

    Source: the vendor's clients, write/artifacts/upsert.
    """
    path = "/api/rest/v2/write/artifacts/upsert"
    text = json_text(path, version.version_metadata)
    body = msgspec.structs.replace(version, version_metadata=text)
    empty = ("versionMetadata",)
    return write("POST", path, UpsertedArtifact, Effect.APPEND, json=body, may_be_empty=empty)


def update_artifact(update: ArtifactUpdate) -> Request[None]:
    """Change an artifact; what is not given stays.

    Idempotent: what is given takes the place of what there is.

    Args:
        update: The artifact and what changes.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/artifacts/details.
    """
    path = "/api/rest/v2/write/artifacts/details"
    text = json_text(path, update.version_metadata)
    body = msgspec.structs.replace(update, version_metadata=text)
    empty = ("versionMetadata",)
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=empty)


def update_artifact_version(
    artifact_version_id: str,
    *,
    alias: Sequence[str] | None = None,
    version_tags: Sequence[str] | None = None,
    version_metadata: Metadata = None,
) -> Request[None]:
    """Change aliases, tags or metadata of a version; what is not given stays.

    Idempotent: what is given takes the place of what there is.

    Args:
        artifact_version_id: Id of the version.
        alias: Aliases.
        version_tags: Tags.
        version_metadata: Data of your own, an object or JSON in a text.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/artifacts/version/labels.
    """
    path = "/api/rest/v2/write/artifacts/version/labels"
    body = {
        "artifactVersionId": artifact_version_id,
        "alias": None if alias is None else listed(path, "alias", alias, least=0),
        "versionTags": None
        if version_tags is None
        else listed(path, "version_tags", version_tags, least=0),
        "versionMetadata": json_text(path, version_metadata),
    }
    empty = ("versionMetadata",)
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=empty)


def set_artifact_version_state(
    artifact_version_id: str, experiment_key: str, state: str
) -> Request[None]:
    """Close a version after its last file, or mark it as failed.

    Idempotent. A version can be read only when it is closed.

    Args:
        artifact_version_id: Id of the version.
        experiment_key: Experiment that logged it.
        state: "CLOSED" or "ERROR".

    Returns:
        Nothing.

    Source: the vendor's Python client, write/artifacts/state.
    """
    body = {
        "artifactVersionId": artifact_version_id,
        "experimentKey": experiment_key,
        "state": state,
    }
    path = "/api/rest/v2/write/artifacts/state"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def log_artifact_remote_assets(
    experiment_key: str, remote_artifact_asset_requests: Sequence[Mapping[str, object]]
) -> Request[None]:
    """Add files that stay in a storage of your own to a version.

    Appends. The vendor's Python client sends them to the same path below /clientlib. Servers
    before 3.12.26 lack it.

    Args:
        experiment_key: Experiment that logs the version.
        remote_artifact_asset_requests: One object for each file, up to 10,000.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no file.

    Source: the vendor's Python client, write/artifact/assets/remote/batch.
    """
    path = "/api/rest/v2/write/artifact/assets/remote/batch"
    name = "remote_artifact_asset_requests"
    return write(
        "POST",
        path,
        type(None),
        Effect.APPEND,
        query={"experimentKey": experiment_key},
        json={"remoteArtifactAssetRequests": listed(path, name, remote_artifact_asset_requests)},
    )
