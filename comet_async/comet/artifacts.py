"""Artifacts: versioned sets of files.

The wire calls the same things by different names here: `artifact_id` next to `artifactId`, and
`workspace` where other chapters have `workspaceName`. Names of artifacts are sent percent-encoded
twice, see `twice_encoded`.
"""

from __future__ import annotations

from comet_async.comet.artifact_answers import (
    ArtifactDetails,
    ArtifactFiles,
    Artifacts,
    ArtifactVersion,
)
from comet_async.comet.common import at_most_one, blob, read, twice_encoded
from comet_async.errors import UsageError
from comet_async.request import Blob, Request

__all__ = [
    "download_artifact_version",
    "get_artifact",
    "get_artifact_version",
    "get_artifact_version_files",
    "get_artifacts",
    "get_experiment_artifact_lineage",
]


def _named(
    path: str,
    *,
    artifact_id: str | None,
    workspace: str | None,
    artifact_name: str | None,
    version_id: str | None = None,
) -> None:
    """Refuse calls that name no artifact, or the artifact in two ways."""
    by_name = workspace is not None and artifact_name is not None
    if version_id is None and (workspace is None) != (artifact_name is None):
        raise UsageError(f"{path}: workspace and artifact_name need each other")
    if by_name and artifact_id is not None:
        raise UsageError(f"{path}: artifact_id and artifact_name exclude each other")
    if not by_name and artifact_id is None and version_id is None:
        raise UsageError(f"{path}: name the artifact by its id, or by workspace and artifact_name")


def get_artifacts(workspace: str, *, type: str | None = None) -> Request[Artifacts]:
    """Return the artifacts of a workspace.

    Args:
        workspace: Name of the workspace.
        type: Only artifacts of this type, as "dataset".

    Returns:
        All artifacts in one answer, in no promised order.

    Source: the vendor's Python client, artifacts/get-all.
    """
    return read(
        "/api/rest/v2/artifacts/get-all", Artifacts, query={"workspace": workspace, "type": type}
    )


def get_artifact(
    *,
    artifact_id: str | None = None,
    workspace: str | None = None,
    artifact_name: str | None = None,
) -> Request[ArtifactDetails]:
    """Return one artifact with all its versions.

    Args:
        artifact_id: Id of the artifact.
        workspace: Name of the workspace; with `artifact_name`.
        artifact_name: Name of the artifact, plain; it is encoded twice on the wire.

    Returns:
        One object; versions in no promised order.

    Raises:
        UsageError: The artifact is named in no way, or in both ways.

    Source: the vendor's Python client, artifacts/get.

    >>> get_artifact(workspace="ws", artifact_name="my ds/1").target
    '/api/rest/v2/artifacts/get?workspace=ws&artifactName=my%2520ds%252F1'
    """
    path = "/api/rest/v2/artifacts/get"
    _named(path, artifact_id=artifact_id, workspace=workspace, artifact_name=artifact_name)
    return read(
        path,
        ArtifactDetails,
        query={
            "artifact_id": artifact_id,
            "workspace": workspace,
            "artifactName": twice_encoded(artifact_name),
        },
    )


def get_artifact_version(
    *,
    workspace: str | None = None,
    artifact_name: str | None = None,
    artifact_id: str | None = None,
    version: str | None = None,
    version_id: str | None = None,
    alias: str | None = None,
    version_or_alias: str | None = None,
    experiment_key: str | None = None,
    consumer_experiment_key: str | None = None,
    project: str | None = None,
) -> Request[ArtifactVersion]:
    """Return one version of an artifact.

    Args:
        workspace: Name of the workspace; with `artifact_name`.
        artifact_name: Name of the artifact, plain; it is encoded twice on the wire.
        artifact_id: Id of the artifact.
        version: Version, as "1.0.0".
        version_id: Id of the version; needs no artifact beside it.
        alias: Other name of the version. Give "latest" for the newest, as the vendor's client
            does; what comes without any of the four is not documented.
        version_or_alias: Either of the two.
        experiment_key: Experiment that asks.
        consumer_experiment_key: Experiment to be recorded as a consumer.
        project: Name of the project.

    Returns:
        One object. Error code 624523 means that there is none, 90402 and 90403 that it is not
        complete.

    Raises:
        UsageError: No artifact is named, or two; or several versions are.

    Source: the vendor's Python and Java clients, artifacts/version.
    """
    path = "/api/rest/v2/artifacts/version"
    at_most_one(
        path, version=version, version_id=version_id, alias=alias, version_or_alias=version_or_alias
    )
    _named(
        path,
        artifact_id=artifact_id,
        workspace=workspace,
        artifact_name=artifact_name,
        version_id=version_id,
    )
    return read(
        path,
        ArtifactVersion,
        query={
            "workspace": workspace,
            "artifactName": twice_encoded(artifact_name),
            "artifactId": artifact_id,
            "version": version,
            "versionId": version_id,
            "alias": alias,
            "versionOrAlias": version_or_alias,
            "experimentKey": experiment_key,
            "consumerExperimentKey": consumer_experiment_key,
            "project": project,
        },
    )


def get_artifact_version_files(
    *,
    artifact_id: str | None = None,
    workspace: str | None = None,
    artifact_name: str | None = None,
    version: str | None = None,
    alias: str | None = None,
) -> Request[ArtifactFiles]:
    """Return the files of one version of an artifact.

    Args:
        artifact_id: Id of the artifact.
        workspace: Name of the workspace; with `artifact_name`.
        artifact_name: Name of the artifact, plain; it is encoded twice on the wire.
        version: Version, as "1.0.0".
        alias: Other name of the version.

    Returns:
        All files in one answer, in no promised order.

    Raises:
        UsageError: No artifact is named, or two; or both `version` and `alias` are given.

    Source: the vendor's Python client, artifacts/version/files.
    """
    path = "/api/rest/v2/artifacts/version/files"
    at_most_one(path, version=version, alias=alias)
    _named(path, artifact_id=artifact_id, workspace=workspace, artifact_name=artifact_name)
    return read(
        path,
        ArtifactFiles,
        query={
            "artifact_id": artifact_id,
            "workspace": workspace,
            "artifactName": twice_encoded(artifact_name),
            "version": version,
            "alias": alias,
        },
    )


def get_experiment_artifact_lineage(
    experiment_key: str, *, filter: str | None = None
) -> Request[dict[str, object]]:
    """Return the artifacts that one experiment read and made.

    Args:
        experiment_key: Experiment key.
        filter: "all", "input" or "output".

    Returns:
        An object of no documented form.

    Source: the vendor's Python client, get/artifacts; the odd order of the path is the vendor's.
    """
    return read(
        "/api/rest/v2/get/artifacts",
        dict[str, object],
        query={"experimentKey": experiment_key, "filter": filter},
    )


def download_artifact_version(
    *,
    workspace: str | None = None,
    project: str | None = None,
    artifact_name: str | None = None,
    artifact_id: str | None = None,
    version_id: str | None = None,
    version: str | None = None,
    alias: str | None = None,
    version_or_alias: str | None = None,
    experiment_key: str | None = None,
) -> Request[Blob]:
    """Return all stored files of one version of an artifact as a zip archive.

    The vendor's client does not use it: it reads the files one by one.

    Args:
        workspace: Name of the workspace; with `artifact_name`.
        project: Name of the project.
        artifact_name: Name of the artifact, plain; it is encoded twice on the wire.
        artifact_id: Id of the artifact.
        version_id: Id of the version; needs no artifact beside it.
        version: Version, as "1.0.0".
        alias: Other name of the version.
        version_or_alias: Either of the two.
        experiment_key: Experiment that asks.

    Returns:
        Octets of a zip archive.

    Raises:
        UsageError: No artifact is named, or two; or several versions are.

    Source: Comet REST v2, artifacts/version/download.
    """
    path = "/api/rest/v2/artifacts/version/download"
    at_most_one(
        path, version_id=version_id, version=version, alias=alias, version_or_alias=version_or_alias
    )
    _named(
        path,
        artifact_id=artifact_id,
        workspace=workspace,
        artifact_name=artifact_name,
        version_id=version_id,
    )
    return blob(
        path,
        query={
            "workspace": workspace,
            "project": project,
            "artifactName": twice_encoded(artifact_name),
            "artifactId": artifact_id,
            "versionId": version_id,
            "version": version,
            "alias": alias,
            "versionOrAlias": version_or_alias,
            "experimentKey": experiment_key,
        },
    )
