"""Files of an experiment on their way to the service, and their deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from comet_async.comet.common import Flat, Metadata, NullableList, Wire
from comet_async.comet.writing import Body, json_text, listed, upload, write
from comet_async.errors import UsageError
from comet_async.request import Effect, Request
from comet_async.upload import FileSource, form

__all__ = [
    "StartUpload",
    "StartedUpload",
    "UploadedAsset",
    "delete_experiment_asset",
    "set_experiment_git_patch",
    "upload_experiment_asset",
    "upload_experiment_asset_complete",
    "upload_experiment_asset_start",
]


class UploadedAsset(Flat, frozen=True, kw_only=True):
    """An asset that was stored.

    Attributes:
        asset_id: Its id.
        image_id: Its id where it is an image.
        link: URL of its download.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"link"})

    asset_id: str | None = None
    image_id: str | None = None
    link: str | None = None


class StartUpload(Body, frozen=True, kw_only=True, omit_defaults=False):
    """How a file goes to the storage directly.

    Attributes:
        cloud_type: Kind of storage; "AWS" is the only one known.
        pre_sign_url_timeout_sec: Seconds for which the links are valid; the vendor's client asks
            for 10,800.
        num_of_file_parts: Parts of the file; the vendor's client makes them of 16 MiB.
    """

    cloud_type: str = "AWS"
    pre_sign_url_timeout_sec: int = 10_800
    num_of_file_parts: int = 1


class StartedUpload(Wire, frozen=True, kw_only=True):
    """An upload to the storage that may begin.

    Attributes:
        request_id: Its id, for `upload_experiment_asset_complete`.
        pre_sign_url: A signed link for each part, which takes a plain PUT and returns an ETag.
            Whoever has one can write there: the repr hides them.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"pre_sign_url"})

    request_id: str
    pre_sign_url: NullableList[str]


def upload_experiment_asset(
    experiment_key: str,
    *,
    file_name: str | None = None,
    type: str | None = None,
    step: int | None = None,
    epoch: int | None = None,
    overwrite: bool | None = None,
    context: str | None = None,
    extension: str | None = None,
    grouping_name: str | None = None,
    source: str | None = None,
    artifact_version_id: str | None = None,
    is_remote: bool | None = None,
    file: FileSource | None = None,
    link: str | None = None,
    metadata: Metadata = None,
    tags: Sequence[str] | None = None,
) -> Request[UploadedAsset]:
    """Store a file as an asset of an experiment, or note where a remote file is.

    The file is read while it is sent, in constant memory. Idempotent where `overwrite` replaces
    what has the same `file_name`, appends elsewhere: names are not unique.

    Args:
        experiment_key: Experiment key.
        file_name: Name of the asset; the vendor's client sends the whole local path without one,
            here the last part of the path is the default.
        type: Type of asset, one of `ASSET_TYPES`.
        step: Step of the training.
        epoch: Epoch of the training.
        overwrite: Whether to replace assets of the same name.
        context: Context as "train" or "val".
        extension: File extension; in use with and without its dot.
        grouping_name: Name of a group of assets.
        source: What wrote it.
        artifact_version_id: Version of an artifact to which it belongs.
        is_remote: Whether it stays at `link`; set where there is a link.
        file: The file: a path, content, or a binary file that is open at its beginning.
        link: URI of a remote file, in place of a file.
        metadata: Data of your own, an object or JSON in a text.
        tags: Tags of the asset.

    Returns:
        Its id.

    Raises:
        UsageError: Not exactly one of file and link is given, or the file cannot be read.

    Source: Comet REST v2, write/experiment/upload-asset.

    >>> upload_experiment_asset("exp1", file=b"a,b", file_name="t.csv").upload
    <Upload 't.csv' 3 bytes, text/csv>
    """
    path = "/api/rest/v2/write/experiment/upload-asset"
    if (file is None) == (link is None):
        raise UsageError(f"{path}: give exactly one of file, link")
    if link is not None and is_remote is False:
        raise UsageError(f"{path}: what stays at a link is remote")
    fields = {"link": link, "metadata": json_text(path, metadata)}
    pairs = [(name, value) for name, value in fields.items() if value is not None]
    pairs += [("tags", tag) for tag in listed(path, "tags", tags or (), least=0)]
    content = form(tuple(pairs), source=file, file_name=file_name)
    query = {
        "experimentKey": experiment_key,
        "fileName": file_name if file is None else content.file_name,
        "type": type,
        "step": step,
        "epoch": epoch,
        "overwrite": overwrite,
        "context": context,
        "extension": extension,
        "groupingName": grouping_name,
        "source": source,
        "artifactVersionId": artifact_version_id,
        "isRemote": True if link is not None else is_remote,
    }
    effect = Effect.IDEMPOTENT if overwrite and query["fileName"] else Effect.APPEND
    return upload(path, UploadedAsset, effect, query=query, form=content)


def set_experiment_git_patch(experiment_key: str, file: FileSource) -> Request[None]:
    """Set the uncommitted changes of an experiment.

    Idempotent: an experiment has one patch.

    Args:
        experiment_key: Experiment key.
        file: A zip archive with the one member git_diff.patch: a path, content, or a binary file
            that is open at its beginning.

    Returns:
        Nothing.

    Raises:
        UsageError: The file cannot be read.

    Source: Comet REST v2, write/experiment/git/patch.
    """
    return upload(
        "/api/rest/v2/write/experiment/git/patch",
        type(None),
        Effect.IDEMPOTENT,
        query={"experimentKey": experiment_key},
        form=form(source=file, file_name="filename", media_type="application/zip"),
    )


def delete_experiment_asset(experiment_key: str, asset_id: str) -> Request[None]:
    """Delete an asset of an experiment.

    A GET that changes state. Idempotent: a repetition after a lost answer may be told that there
    is no such asset any more.

    Args:
        experiment_key: Experiment key.
        asset_id: Id of the asset.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/asset/delete.
    """
    return write(
        "GET",
        "/api/rest/v2/write/experiment/asset/delete",
        type(None),
        Effect.IDEMPOTENT,
        query={"experimentKey": experiment_key, "assetId": asset_id},
    )


def upload_experiment_asset_start(
    start_upload_params: StartUpload,
    experiment_key: str,
    *,
    file_name: str | None = None,
    metadata: Metadata = None,
) -> Request[StartedUpload]:
    """Begin to upload an asset to the storage directly, in parts.

    Each part is a plain PUT to its link; `upload_experiment_asset_complete` ends the upload.
    Appends: each call begins another upload.

    Args:
        start_upload_params: Number of parts, and how long the links are valid.
        experiment_key: Experiment key.
        file_name: Name of the asset.
        metadata: Data of your own, an object or JSON in a text.

    Returns:
        A link for each part.

    Source: the vendor's Python client, write/experiment/upload-asset-start.
    """
    path = "/api/rest/v2/write/experiment/upload-asset-start"
    body = {
        "startUploadParams": start_upload_params,
        "experimentKey": experiment_key,
        "fileName": file_name,
        "metadata": json_text(path, metadata),
    }
    return write("POST", path, StartedUpload, Effect.APPEND, json=body, may_be_empty=("metadata",))


def upload_experiment_asset_complete(
    request_id: str,
    file_size: int,
    *,
    succeed: bool,
    uploaded_file_parts: Sequence[Mapping[str, object]] | None = None,
) -> Request[None]:
    """End an upload that went to the storage directly.

    Appends: it is not known whether a second call makes a second asset.

    Args:
        request_id: Id that `upload_experiment_asset_start` returned.
        file_size: Bytes of the file.
        succeed: Whether every part was stored.
        uploaded_file_parts: One object for each part; their members are not known.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/experiment/upload-asset-complete.
    """
    path = "/api/rest/v2/write/experiment/upload-asset-complete"
    parts = uploaded_file_parts
    body = {
        "requestId": request_id,
        "succeed": succeed,
        "fileSize": file_size,
        "uploadedFileParts": None if parts is None else listed(path, "uploaded_file_parts", parts),
    }
    return write("POST", path, type(None), Effect.APPEND, json=body)
