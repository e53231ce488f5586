"""Routes of assets, experiment models and artifacts."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from comet_async.server.asset_rows import asset_row, presigned
from comet_async.server.extras import artifacts_of, file_content, version_by_id
from comet_async.server.records import (
    Artifact,
    ArtifactVersion,
    Asset,
    Content,
    Json,
    JsonObject,
    Run,
    stable_id,
)
from comet_async.server.replies import (
    ApiError,
    Call,
    FileReply,
    Handler,
    Redirect,
    Reply,
    StreamReply,
    json_reply,
)
from comet_async.server.zip_stream import zip_chunks

__all__ = ["ROUTES", "model_files", "stored_content"]

_NO_ASSET = "No such asset"


def _rows(call: Call, run: Run, assets: Iterable[Asset]) -> Reply:
    return json_reply({"assets": [asset_row(call, run.facts.key, asset) for asset in assets]})


def _of_type(assets: Iterable[Asset], kind: str) -> list[Asset]:
    return [asset for asset in assets if kind in ("", "all", asset.type)]


def _list(call: Call) -> Reply:
    run = call.run()
    return _rows(call, run, _of_type(run.assets(), call.query.get("type", "")))


def _by_name(call: Call) -> Reply:
    run, name = call.run(), call.need("assetName")
    found = _of_type(run.assets(), call.query.get("type", ""))
    return _rows(call, run, (asset for asset in found if asset.file_name == name))


def _details(call: Call) -> Reply:
    run, asset_id = call.run(), call.need("assetId")
    for asset in run.assets():
        if asset.asset_id == asset_id:
            return json_reply(asset_row(call, run.facts.key, asset))
    raise ApiError(400, _NO_ASSET)


def stored_content(call: Call, owner: str, asset_id: str) -> Content | None:
    """Return the bytes behind an owner and an asset id.

    Args:
        call: Supplies the store.
        owner: Experiment key or artifact version id.
        asset_id: Asset.
    """
    run = call.store.run(owner)
    if run is not None:
        return run.content(asset_id)
    found = version_by_id(call.store, owner)
    return file_content(call.store, found[1], asset_id) if found else None


def _get(call: Call) -> Reply:
    """Send an asset; with an artifact version, its file, whoever reads it."""
    asset_id = call.need("assetId")
    owner = call.query.get("artifactVersionId", "") or call.query.get("experimentKey", "")
    if not owner:
        raise ApiError(400, "Experiment key is missing", 90998)
    content = stored_content(call, owner, asset_id)
    if content is None:
        raise ApiError(400, _NO_ASSET)
    if call.storage is not None and call.flag("allow301"):
        return Redirect(presigned(call.storage, owner, asset_id))
    return FileReply(content)


def model_files(run: Run, name: str) -> list[tuple[str, Content]]:
    """Return member names and contents of the stored files of an experiment model."""
    files: list[tuple[str, Content]] = []
    for asset in run.assets():
        content = run.content(asset.asset_id) if asset.group == name else None
        if content is not None:
            files.append((asset.file_name.lstrip("/") or asset.asset_id, content))
    return files


def _models(call: Call) -> Reply:
    run = call.run()
    names = dict.fromkeys(asset.group for asset in run.assets() if asset.group)
    return json_reply({"models": [_model_row(call, run, name) for name in names]})


def _model_row(call: Call, run: Run, name: str) -> JsonObject:
    key = run.facts.key
    records: list[Json] = [
        {
            "registryModelId": item.model_id,
            "registryModelItemId": item.item_id,
            "registryModelName": item.registry_name,
            "version": item.version,
            "createdAt": item.created_ms,
        }
        for item in call.store.registrations()
        if item.experiment_key == key and item.model_name == name
    ]
    return {
        "experimentModelId": stable_id("experiment-model", key, name, size=25),
        "experimentKey": key,
        "modelName": name,
        "registryRecords": records,
    }


def _model_assets(call: Call) -> Reply:
    run, name = call.run(), call.need("modelName")
    found = [asset for asset in run.assets() if asset.group == name]
    if not found:
        raise ApiError(400, "No such model")
    return _rows(call, run, found)


def _model_download(call: Call) -> Reply:
    files = model_files(call.run(), call.need("modelName"))
    if not files:
        raise ApiError(400, "No such model")
    return StreamReply(zip_chunks(files))


def _stable_name(text: str) -> str:
    """Undo the percent-encoding of an artifact name, which some clients apply twice."""
    while (decoded := unquote(text)) != text:
        text = decoded
    return text


def _artifacts(call: Call) -> Reply:
    kind = call.query.get("type", "")
    rows: list[Json] = [
        {"artifactId": item.artifact_id, "name": item.name, "type": item.type}
        for item in artifacts_of(call.store, call.workspace("workspace"))
        if kind in ("", item.type)
    ]
    return json_reply({"artifacts": rows})


def _artifact(call: Call) -> Artifact:
    """Return the artifact that the query names by id or by workspace and name."""
    wanted = call.query.get("artifact_id") or call.query.get("artifactId")
    name = _stable_name(call.query.get("artifactName", ""))
    reader = call.query.get("experimentKey") or call.query.get("consumerExperimentKey")
    workspace = call.query.get("workspace")
    if not workspace and reader:
        workspace = call.known_run(reader).facts.project.workspace
    if not wanted and not (workspace and name):
        raise ApiError(400, "artifact id, or workspace and artifactName, is required")
    for place in call.store.workspaces():
        for item in artifacts_of(call.store, place):
            named = place == workspace and item.name == name
            if item.artifact_id == wanted or (not wanted and named):
                return item
    raise ApiError(400, "No such artifact", 624522)


def _details_of_artifact(call: Call) -> Reply:
    item = _artifact(call)
    return json_reply(
        {
            "artifactId": item.artifact_id,
            "project": item.project,
            "type": item.type,
            "name": item.name,
            "description": item.description,
            "latestVersion": item.versions[-1].version,
            "tags": [*item.tags],
            "isPublic": False,
            "emoji": None,
            "sizeInBytes": item.size,
            "versions": [_version_row(item, version) for version in item.versions],
        }
    )


def _version_row(item: Artifact, version: ArtifactVersion) -> JsonObject:
    return {
        "artifactVersionId": version.version_id,
        "version": version.version,
        "owner": item.workspace,
        "metadata": version.metadata,
        "createdFrom": None,
        "sizeInBytes": version.size,
        "state": None if version.state == "CLOSED" else version.state,
        "added": version.added_ms,
        "alias": [*version.aliases],
        "tags": [*version.tags],
    }


def _version(call: Call) -> tuple[Artifact, ArtifactVersion]:
    """Return the version that the query names by id, number or alias; without any, the newest.

    One that is not finished is found by its id alone, which its writer has.
    """
    version_id = call.query.get("versionId")
    if version_id:
        found = version_by_id(call.store, version_id)
        if found is None:
            raise ApiError(400, "No such artifact version", 624523)
        return found
    item = _artifact(call)
    either = call.query.get("versionOrAlias", "")
    number, alias = call.query.get("version", either), call.query.get("alias", either).lower()
    if not number and not alias:
        closed = [version for version in item.versions if version.state == "CLOSED"]
        return item, _finalised((closed or item.versions)[-1])
    for version in reversed(item.versions):
        aliases = {text.lower() for text in version.aliases}
        if number == version.version or (alias and alias in aliases):
            return item, _finalised(version)
    raise ApiError(400, "No such artifact version", 624523)


def _finalised(version: ArtifactVersion) -> ArtifactVersion:
    """Return a version that can be read: one to which no file will come."""
    if version.state != "CLOSED":
        code = 90402 if version.state == "OPEN" else 90403
        raise ApiError(400, "The artifact version is not finalized", code)
    return version


def _artifact_version(call: Call) -> Reply:
    """Return a version; with `consumerExperimentKey` it is noted that the run reads it."""
    item, version = _version(call)
    consumer = call.query.get("consumerExperimentKey")
    if consumer:
        with call.store.lock:
            call.store.written.consume(call.known_run(consumer).facts.key, version.version_id)
    return json_reply(
        {
            "artifact": {
                "artifactId": item.artifact_id,
                "artifactName": item.name,
                "artifactType": item.type,
                "workspaceName": item.workspace,
                "workspaceId": stable_id("workspace", item.workspace),
                "projectId": item.project_id,
                "experimentKey": item.experiment_key,
                "description": item.description,
                "isPublic": False,
                "owner": item.workspace,
                "emoji": None,
                "tags": [*item.tags],
            },
            "artifactVersion": version.version,
            "artifactVersionId": version.version_id,
            "experimentKey": version.experiment_key or item.experiment_key,
            "owner": item.workspace,
            "createdFrom": None,
            "metadata": version.metadata,
            "note": None,
            "sizeInBytes": version.size,
            "added": version.added_ms,
            "state": version.state,
            "alias": [*version.aliases],
            "tags": [*version.tags],
        }
    )


def _version_files(call: Call) -> Reply:
    item, version = _version(call)
    rows: list[Json] = []
    for asset in version.files:
        row: JsonObject = {
            "artifactId": item.artifact_id,
            "artifactVersionId": version.version_id,
            "assetId": asset.asset_id,
            "fileName": _full_name(asset),
            "fileSize": asset.size,
            "link": asset.link,
            "dir": asset.directory,
            "type": asset.type,
            "metadata": asset.metadata,
        }
        rows.append(row | ({"remote": True} if asset.link else {}))
    return json_reply({"files": rows})


def _full_name(asset: Asset) -> str:
    return f"{asset.directory}/{asset.file_name}" if asset.directory else asset.file_name


def _version_download(call: Call) -> Reply:
    _item, version = _version(call)
    files = [
        (_full_name(asset), content)
        for asset in version.files
        if (content := file_content(call.store, version, asset.asset_id)) is not None
    ]
    return StreamReply(zip_chunks(files), "application/octet-stream")


def _lineage(call: Call) -> Reply:
    """Return the artifact versions that a run wrote and those that it read."""
    run, chosen = call.run(), call.query.get("filter", "all")
    if chosen not in {"all", "input", "output"}:
        raise ApiError(400, "filter must be all, input or output")
    rows: list[Json] = []
    if chosen != "input":
        rows += [_lineage_row(*pair, "output") for pair in _written_by(call, run)]
    if chosen != "output":
        read = call.store.written.consumed(run.facts.key)
        found = (version_by_id(call.store, version_id) for version_id in read)
        rows += [_lineage_row(*pair, "input") for pair in found if pair is not None]
    return json_reply({"artifacts": rows})


def _written_by(call: Call, run: Run) -> list[tuple[Artifact, ArtifactVersion]]:
    return [
        (item, version)
        for item in artifacts_of(call.store, run.facts.project.workspace)
        for version in item.versions
        if (version.experiment_key or item.experiment_key) == run.facts.key
    ]


def _lineage_row(item: Artifact, version: ArtifactVersion, direction: str) -> JsonObject:
    return {
        "artifactId": item.artifact_id,
        "artifactName": item.name,
        "artifactType": item.type,
        "artifactVersionId": version.version_id,
        "artifactVersion": version.version,
        "direction": direction,
    }


_BASE = "/api/rest/v2"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_BASE}/experiment/asset/list"): _list,
    ("GET", f"{_BASE}/experiment/asset/details"): _details,
    ("GET", f"{_BASE}/experiment/asset/get-by-name"): _by_name,
    ("GET", f"{_BASE}/experiment/asset/get-asset"): _get,
    ("GET", "/api/asset/download"): _get,
    ("GET", f"{_BASE}/experiment/model"): _models,
    ("GET", f"{_BASE}/experiment/model/asset/list"): _model_assets,
    ("GET", f"{_BASE}/experiment/model/download"): _model_download,
    ("GET", f"{_BASE}/artifacts/get-all"): _artifacts,
    ("GET", f"{_BASE}/artifacts/get"): _details_of_artifact,
    ("GET", f"{_BASE}/artifacts/version"): _artifact_version,
    ("GET", f"{_BASE}/artifacts/version/files"): _version_files,
    ("GET", f"{_BASE}/artifacts/version/download"): _version_download,
    ("GET", f"{_BASE}/get/artifacts"): _lineage,
}
