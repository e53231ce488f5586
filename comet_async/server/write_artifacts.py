"""Writes of artifacts: versions, aliases, tags, states and remote files."""

from __future__ import annotations

import re
from dataclasses import replace

from comet_async.server.asset_forms import remote_asset
from comet_async.server.bodies import acknowledged, json_text, objects, optional, text, texts
from comet_async.server.extras import artifacts_of, version_by_id
from comet_async.server.records import Artifact, ArtifactVersion, Asset, Content, Json, stable_id
from comet_async.server.replies import ApiError, Call, Handler, Reply, Write, json_reply
from comet_async.server.store import Store
from comet_async.server.write_experiments import written_key

__all__ = ["LATEST", "ROUTES", "VERSION", "put_artifact_file"]

LATEST = "Latest"
"""Alias of the newest version that is complete."""
VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
"""Form of a version."""
_STATES = {"CLOSED", "ERROR"}


def _upsert(call: Call) -> Reply:
    """Make a version, of a new artifact where there is none of the name."""
    key = written_key(call)
    name, kind = text(call.body, "artifactName"), text(call.body, "artifactType")
    asked = optional(call.body, "version")
    aliases, tags = texts(call.body, "alias") or [], texts(call.body, "versionTags") or []
    metadata = json_text(call.body, "versionMetadata")
    if asked is not None and not VERSION.fullmatch(asked):
        raise ApiError(400, "The version must have the form 1.2.3", 42001)
    artifact = _named(call, key, name, kind)
    previous = max(artifact.versions, key=_parts, default=None)
    number = asked or _next(previous)
    if number in {item.version for item in artifact.versions}:
        raise ApiError(400, f"Artifact version {number} exists", 90399)
    version = ArtifactVersion(
        version_id=call.store.new_id(),
        artifact_id=artifact.artifact_id,
        version=number,
        aliases=tuple(dict.fromkeys(aliases)),
        tags=tuple(dict.fromkeys(tags)),
        added_ms=call.store.now_ms(),
        metadata=metadata,
        files=(),
        experiment_key=key,
        state="OPEN",
    )
    call.store.written.put_version(artifact, version)
    return json_reply(
        {
            "artifactId": artifact.artifact_id,
            "artifactVersionId": version.version_id,
            "previousVersion": None if previous is None else previous.version,
            "currentVersion": number,
        }
    )


def _named(call: Call, key: str, name: str, kind: str) -> Artifact:
    """Return the artifact of a name in the workspace of an experiment, or a new one."""
    project = call.known_run(key).facts.project
    workspace = project.workspace
    for item in artifacts_of(call.store, workspace):
        if item.name == name:
            if item.type != kind:
                raise ApiError(400, f"The artifact {name} has the type {item.type}")
            return item
    return Artifact(
        artifact_id=stable_id("artifact", workspace, name, call.store.new_id()),
        workspace=workspace,
        project=call.store.changes.project_now(project).name,
        project_id=project.project_id,
        name=name,
        type=kind,
        description=None,
        tags=(),
        versions=(),
        experiment_key=key,
    )


def _parts(version: ArtifactVersion) -> tuple[int, ...]:
    found = version.version.split(".")
    return tuple(int(part) if part.isdecimal() else 0 for part in found)


def _next(previous: ArtifactVersion | None) -> str:
    """Return the version after another: the next major one."""
    return "1.0.0" if previous is None else f"{_parts(previous)[0] + 1}.0.0"


def _update(call: Call) -> Reply:
    """Change an artifact, and its newest version's metadata; null leaves a member as it is."""
    wanted = text(call.body, "artifactId")
    tags, kind = texts(call.body, "tags"), optional(call.body, "artifactType")
    version = optional(call.body, "version")
    metadata = json_text(call.body, "versionMetadata")
    artifact = _by_id(call, wanted)
    if tags is not None:
        artifact = replace(artifact, tags=tuple(dict.fromkeys(tags)))
    if kind:
        artifact = replace(artifact, type=kind)
    if metadata is not None:
        artifact = _with_metadata(artifact, version, metadata)
    call.store.written.put(artifact)
    return acknowledged()


def _with_metadata(artifact: Artifact, version: str | None, metadata: str) -> Artifact:
    number = version or artifact.versions[-1].version
    if number not in {item.version for item in artifact.versions}:
        raise ApiError(400, "No such artifact version", 624523)
    kept = [
        replace(item, metadata=metadata) if item.version == number else item
        for item in artifact.versions
    ]
    return replace(artifact, versions=tuple(kept))


def _by_id(call: Call, wanted: str) -> Artifact:
    for workspace in call.store.workspaces():
        for item in artifacts_of(call.store, workspace):
            if item.artifact_id == wanted:
                return item
    raise ApiError(400, "No such artifact", 624522)


def _version(store: Store, version_id: str) -> tuple[Artifact, ArtifactVersion]:
    found = version_by_id(store, version_id)
    if found is None:
        raise ApiError(400, "No such artifact version", 624523)
    return found


def _update_labels(call: Call) -> Reply:
    """Replace aliases, tags or metadata of a version; an alias leaves the version that had it."""
    wanted = text(call.body, "artifactVersionId")
    aliases, tags = texts(call.body, "alias"), texts(call.body, "versionTags")
    metadata = json_text(call.body, "versionMetadata")
    artifact, version = _version(call.store, wanted)
    if aliases is not None:
        version = replace(version, aliases=tuple(dict.fromkeys(aliases)))
    if tags is not None:
        version = replace(version, tags=tuple(dict.fromkeys(tags)))
    if metadata is not None:
        version = replace(version, metadata=metadata)
    call.store.written.put_version(artifact, version)
    return acknowledged()


def _set_state(call: Call) -> Reply:
    """Close a version, which makes it the latest one, or mark it as failed."""
    wanted, state = text(call.body, "artifactVersionId"), text(call.body, "state")
    written_key(call)
    if state not in _STATES:
        raise ApiError(400, "state must be CLOSED or ERROR", 90410)
    artifact, version = _version(call.store, wanted)
    if version.state not in {"OPEN", state}:
        raise ApiError(400, f"The state {version.state} is final", 90401)
    aliases = version.aliases
    if state == "CLOSED" and version.state == "OPEN":
        others = (alias for alias in aliases if alias.lower() != LATEST.lower())
        aliases = (LATEST, *others)
    changed = replace(version, state=state, aliases=aliases)
    call.store.written.put_version(artifact, changed)
    return acknowledged()


def _log_remote_files(call: Call) -> Reply:
    key = written_key(call)
    rows = objects(call.body, "remoteArtifactAssetRequests")
    found = [(text(row, "artifactVersionId"), remote_asset(call.store, row)) for row in rows]
    by_version: dict[str, list[tuple[Asset, Content | None]]] = {}
    for version_id, asset in found:
        by_version.setdefault(version_id, []).append((_filed(asset), None))
    for version_id in by_version:
        _open_version(call.store, version_id)
    for version_id, files in by_version.items():
        artifact, version = _open_version(call.store, version_id)
        call.store.written.put_files(artifact, version, files)
    ids: list[Json] = [asset.asset_id for _version_id, asset in found]
    return acknowledged(experimentKey=key, assetIds=ids)


def _open_version(store: Store, version_id: str) -> tuple[Artifact, ArtifactVersion]:
    artifact, version = _version(store, version_id)
    if version.state != "OPEN":
        raise ApiError(400, "The artifact version is closed", 90401)
    return artifact, version


def _filed(asset: Asset) -> Asset:
    """Return a file with its folder apart from its name, as artifacts have them."""
    folder, _, name = asset.file_name.rpartition("/")
    named = name if folder else asset.file_name
    return replace(asset, directory=folder or None, file_name=named, group=None)


def put_artifact_file(
    store: Store, version_id: str, asset: Asset, content: Content | None
) -> Asset:
    """Add a file to a version that is open, and return it as it is kept.

    Args:
        store: Where the version is.
        version_id: Of the version.
        asset: Its file name is the path in the artifact.
        content: Its bytes; None for a remote one.

    Raises:
        ApiError: There is no such version, or it is closed.
    """
    artifact, version = _open_version(store, version_id)
    filed = _filed(asset)
    store.written.put_files(artifact, version, [(filed, content)])
    return filed


_BASE = "/api/rest/v2/write"
_TWIN = "/clientlib/rest/v2/write"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/artifacts/upsert"): Write(_upsert),
    ("POST", f"{_BASE}/artifacts/details"): Write(_update),
    ("POST", f"{_BASE}/artifacts/version/labels"): Write(_update_labels),
    ("POST", f"{_BASE}/artifacts/state"): Write(_set_state),
    ("POST", f"{_BASE}/artifact/assets/remote/batch"): Write(_log_remote_files),
    ("POST", f"{_TWIN}/artifact/assets/remote/batch"): Write(_log_remote_files),
}
