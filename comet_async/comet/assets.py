"""Assets: files logged by experiments."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.common import (
    Metadata,
    NullableList,
    Wire,
    blob,
    json_object,
    no_items,
    read,
)
from comet_async.request import Blob, Request

__all__ = [
    "ASSET_TYPES",
    "Asset",
    "Assets",
    "get_experiment_asset",
    "get_experiment_asset_details",
    "get_experiment_asset_list",
    "get_experiment_assets_by_name",
]

ASSET_TYPES = (
    "all",
    "unknown",
    "audio",
    "video",
    "image",
    "histogram3d",
    "histogram_combined_3d",
    "confusion-matrix",
    "asset",
    "curve",
    "text-sample",
    "model-element",
    "source_code",
    "notebook",
    "tensorflow-file",
    "dataframe",
    "dataframe-profile",
    "embeddings",
    "3d-image",
    "3d-points",
    "ASSET_TYPE_FULL_METRIC",
)
"""Known types; a server may send others. The last one holds a metric that is not thinned out, as
`<metric>_<n>.csv.zip`."""


class Asset(Wire, frozen=True, kw_only=True):
    """One file.

    The wire's `curlDownload` is left out: it holds the caller's API key in clear text.

    Attributes:
        asset_id: Its id.
        file_name: Name as logged. Not unique in an experiment, and not safe as a path: it may
            begin with "/" or a drive letter, and hold "..".
        file_size: Bytes; 0 for a remote file.
        run_context: Context as "train", if any.
        step: Step, if any.
        remote: Whether the octets lie at `link`, outside the service; older servers do not tell.
        link: The service's own download link, or the user's URI (s3://, gs://, https://) of a
            remote file.
        compressed_asset_link: As `link`, compressed.
        s3_link: Signed link into the object storage: a secret for as long as it lives.
        created_at: Milliseconds since 1970 UTC.
        dir: Folder shown on the web page.
        can_view: Whether the web page can show it.
        audio: Whether it is audio.
        video: Whether it is video.
        histogram: Whether it is a histogram.
        image: Whether it is an image.
        type: One of `ASSET_TYPES`, or newer.
        metadata: The user's data as sent; `metadata_object` reads it.
        tags: Tags, newer servers only.
        experiment_key: Experiment that it belongs to; newer servers only.
        items: Parts of a composed asset; newer servers only, of no documented form.
        etag: Checksum as the object storage tells it, if any.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"link", "compressed_asset_link", "s3_link"})

    asset_id: str
    file_name: str | None = None
    file_size: int | float | None = None
    run_context: str | None = None
    step: int | None = None
    remote: bool | None = None
    link: str | None = None
    compressed_asset_link: str | None = None
    s3_link: str | None = None
    created_at: int | None = None
    dir: str | None = None
    can_view: bool | None = None
    audio: bool | None = None
    video: bool | None = None
    histogram: bool | None = None
    image: bool | None = None
    type: str | None = None
    metadata: Metadata = None
    tags: NullableList[str] = no_items()
    experiment_key: str | None = None
    items: NullableList[object] = no_items()  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]  # the wire's
    etag: str | None = None

    @property
    def metadata_object(self) -> dict[str, object] | None:
        """The user's data as an object; None when there is none."""
        return json_object(self.metadata)


class Assets(Wire, frozen=True, kw_only=True):
    """Files of an experiment.

    Attributes:
        assets: One entry for each file.
    """

    assets: NullableList[Asset]


def get_experiment_asset_list(experiment_key: str, *, type: str | None = None) -> Request[Assets]:
    """Return the files of one experiment.

    The answer can take minutes for many files: the vendor's client allows 600 s.

    Args:
        experiment_key: Experiment key.
        type: One of `ASSET_TYPES`; the server's default is "all".

    Returns:
        All files in one answer, in no promised order. Older servers leave out `remote`, `s3_link`,
        `items`, `etag` and `tags`.

    Source: Comet REST v2, experiment/asset/list.
    """
    return read(
        "/api/rest/v2/experiment/asset/list",
        Assets,
        query={"experimentKey": experiment_key, "type": type},
    )


def get_experiment_assets_by_name(
    experiment_key: str, asset_name: str, *, type: str | None = None
) -> Request[Assets]:
    """Return the files of one experiment that have one name.

    Servers before 4.3.385 lack it: list all files there and compare `file_name`.

    Args:
        experiment_key: Experiment key.
        asset_name: Exact name.
        type: One of `ASSET_TYPES`.

    Returns:
        All files of that name, for names are not unique.

    Source: the vendor's Python client, experiment/asset/get-by-name.
    """
    return read(
        "/api/rest/v2/experiment/asset/get-by-name",
        Assets,
        query={"experimentKey": experiment_key, "assetName": asset_name, "type": type},
    )


def get_experiment_asset_details(experiment_key: str, asset_id: str) -> Request[Asset]:
    """Return what the service knows of one file.

    Args:
        experiment_key: Experiment key.
        asset_id: Id of the file.

    Returns:
        One object, with the same members as in the list.

    Source: Comet REST v2, experiment/asset/details.
    """
    return read(
        "/api/rest/v2/experiment/asset/details",
        Asset,
        query={"experimentKey": experiment_key, "assetId": asset_id},
    )


def get_experiment_asset(
    asset_id: str,
    *,
    experiment_key: str | None = None,
    artifact_version_id: str | None = None,
    allow301: bool | None = None,
) -> Request[Blob]:
    """Return the octets of one file of an experiment or of an artifact's version.

    Args:
        asset_id: Id of the file.
        experiment_key: Experiment that it belongs to.
        artifact_version_id: Artifact version that it belongs to. The experiment key is then sent
            as an empty text unless given, as the vendor's client does.
        allow301: Let the server answer with a redirect to its object storage, which knows ranges;
            the default, false, makes it stream the octets itself.

    Returns:
        The file as it was logged. Where there is nothing to send the server answers 200 with a
        message object in place of octets; the file may be JSON itself.

    Source: Comet REST v2, experiment/asset/get-asset.

    >>> get_experiment_asset("a1", experiment_key="exp1", allow301=True).target
    '/api/rest/v2/experiment/asset/get-asset?assetId=a1&experimentKey=exp1&allow301=true'
    """
    no_experiment = experiment_key is None and artifact_version_id is not None
    return blob(
        "/api/rest/v2/experiment/asset/get-asset",
        query={
            "assetId": asset_id,
            "experimentKey": "" if no_experiment else experiment_key,
            "artifactVersionId": artifact_version_id,
            "allow301": allow301,
        },
        may_be_empty=("experimentKey",) if no_experiment else (),
    )
