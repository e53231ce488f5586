"""Model registry: versions of registered models, which the wire calls items."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.assets import Asset
from comet_async.comet.common import (
    Flat,
    NullableDict,
    NullableList,
    Wire,
    at_most_one,
    blob,
    no_items,
    no_members,
    read,
    read_by_post,
)
from comet_async.request import Blob, Request

__all__ = [
    "DownloadInstructions",
    "ItemMetadata",
    "MetadataEntry",
    "RegistryItem",
    "RegistryItemRow",
    "RegistryItems",
    "StatusConfiguration",
    "StatusConfigurationEntry",
    "VersionAssets",
    "VersionEvent",
    "download_registry_model_version",
    "get_registry_model_item",
    "get_registry_model_item_download_instructions",
    "get_registry_model_item_history",
    "get_registry_model_item_metadata",
    "get_registry_model_item_status_configuration",
    "get_registry_model_items",
]


class RegistryItemRow(Flat, frozen=True, kw_only=True):
    """One version in a listing.

    Attributes:
        version: Version, as "1.0.0"; the only member that is known.
    """

    version: str


class RegistryItems(Wire, frozen=True, kw_only=True):
    """Versions of a registered model.

    Attributes:
        items: One entry for each version that matches.
    """

    items: NullableList[RegistryItemRow]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]  # the wire's


class RegistryItem(Wire, frozen=True, kw_only=True):
    """One version of a registered model.

    Attributes:
        registry_model_item_id: Its id.
        version: Version, as "1.0.0".
        status: Status, as "Development".
        tags: Tags.
        comment: Free text.
        experiment_key: Experiment from which it was made.
        created_at: Milliseconds since 1970 UTC.
    """

    registry_model_item_id: str
    version: str | None = None
    status: str | None = None
    tags: NullableList[str] = no_items()
    comment: str | None = None
    experiment_key: str | None = None
    created_at: int | None = None


class MetadataEntry(Flat, frozen=True, kw_only=True):
    """One member of a version's metadata.

    Attributes:
        key: Its name.
        value: Its value, of any JSON type.
    """

    key: str
    value: object = None


class ItemMetadata(Wire, frozen=True, kw_only=True):
    """Metadata of a version.

    Attributes:
        metadata: One entry for each member.
    """

    metadata: NullableList[MetadataEntry]


class StatusConfigurationEntry(Flat, frozen=True, kw_only=True):
    """One setting.

    Attributes:
        key: Its name.
        value: Its text.
    """

    key: str
    value: str | None = None


class StatusConfiguration(Wire, frozen=True, kw_only=True):
    """How the status of a version may change; the server sends an empty object for none.

    Attributes:
        model_item_id: Id of the version.
        status: Status, as "Development".
        is_review_required: Whether a change waits for approval.
        status_configuration: Settings.
        comment: Free text.
    """

    model_item_id: str | None = None
    status: str | None = None
    is_review_required: bool | None = None
    status_configuration: NullableList[StatusConfigurationEntry] = no_items()
    comment: str | None = None


class VersionAssets(Wire, frozen=True, kw_only=True):
    """Files of one version.

    Attributes:
        assets: One entry for each file.
    """

    assets: NullableList[Asset]


class DownloadInstructions(Wire, frozen=True, kw_only=True):
    """Where the files of a version are.

    Attributes:
        versions: Exactly one entry.
        s3_download_enabled: Whether the `s3_link` of each file can be read directly; such a
            request must not carry the API key.
    """

    versions: NullableList[VersionAssets]
    s3_download_enabled: bool | None = None


class VersionEvent(Wire, frozen=True, kw_only=True):
    """One change of a version.

    Attributes:
        action_type: What happened, as "MODEL_VERSION_STATUS_CHANGED".
        comment: Free text.
        new_value: State after it.
        previous_value: State before it.
        registry_model_id: Id of the registered model.
        registry_model_item_actual_path_params: Of no documented form.
        registry_model_item_id: Id of the version.
        registry_model_item_version: Version, as "2.31.0".
        registry_model_name: Name of the registered model.
        user_avatar_link: URL of the user's picture.
        user_name: User who did it.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"user_avatar_link"})

    action_type: str | None = None
    comment: str | None = None
    new_value: NullableDict[object] = no_members()
    previous_value: NullableDict[object] = no_members()
    registry_model_id: str | None = None
    registry_model_item_actual_path_params: object = None
    registry_model_item_id: str | None = None
    registry_model_item_version: str | None = None
    registry_model_name: str | None = None
    user_avatar_link: str | None = None
    user_name: str | None = None


def get_registry_model_items(
    workspace_name: str,
    model_name: str,
    *,
    tag: str | None = None,
    status: str | None = None,
    version_prefix: str | None = None,
) -> Request[RegistryItems]:
    """Return the versions of a registered model, all or those that match.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.
        tag: Only versions with this tag.
        status: Only versions with this status.
        version_prefix: Only versions that begin so, as "1."; sent as an empty text when not given,
            as the vendor's client does.

    Returns:
        All versions that match in one answer, in no promised order.

    Source: the vendor's Python client, registry-model/items.
    """
    return read(
        "/api/rest/v2/registry-model/items",
        RegistryItems,
        query={
            "workspaceName": workspace_name,
            "modelName": model_name,
            "tag": tag,
            "status": status,
            "versionPrefix": version_prefix or "",
        },
        may_be_empty=("versionPrefix",),
    )


def get_registry_model_item(
    workspace_name: str, model_name: str, version: str
) -> Request[RegistryItem]:
    """Return one version of a registered model.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.
        version: Version, as "1.0.0".

    Returns:
        One object.

    Source: the vendor's Python client, registry-model/item/details.
    """
    return read(
        "/api/rest/v2/registry-model/item/details",
        RegistryItem,
        query={"workspaceName": workspace_name, "modelName": model_name, "version": version},
    )


def get_registry_model_item_metadata(model_item_id: str) -> Request[ItemMetadata]:
    """Return the metadata of one version.

    Servers before 4.18.133 lack it.

    Args:
        model_item_id: Id of the version.

    Returns:
        One entry for each member.

    Source: the vendor's Python client, registry-model/item/{modelItemId}/metadata.
    """
    return read(
        "/api/rest/v2/registry-model/item/{modelItemId}/metadata",
        ItemMetadata,
        path_params={"modelItemId": model_item_id},
    )


def get_registry_model_item_status_configuration(
    model_item_id: str,
) -> Request[StatusConfiguration]:
    """Return how the status of one version may change.

    Servers before 4.20.477 lack it.

    Args:
        model_item_id: Id of the version.

    Returns:
        One object; all None and empty where there is no configuration.

    Source: the vendor's Python client, registry-model/item/{modelItemId}/status-configuration.
    """
    return read(
        "/api/rest/v2/registry-model/item/{modelItemId}/status-configuration",
        StatusConfiguration,
        path_params={"modelItemId": model_item_id},
    )


def get_registry_model_item_download_instructions(
    workspace_name: str,
    model_name: str,
    *,
    version: str | None = None,
    stage: str | None = None,
) -> Request[DownloadInstructions]:
    """Return where the files of one version are.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.
        version: Version, as "1.0.0"; neither this nor `stage` means the newest.
        stage: Newest version of this stage.

    Returns:
        Exactly one entry in `versions`, with all its files.

    Raises:
        UsageError: Both `version` and `stage` are given.

    Source: the vendor's Python client, registry-model/item/download-instructions.
    """
    path = "/api/rest/v2/registry-model/item/download-instructions"
    at_most_one(path, version=version, stage=stage)
    return read(
        path,
        DownloadInstructions,
        query={
            "workspaceName": workspace_name,
            "modelName": model_name,
            "version": version,
            "stage": stage,
        },
    )


def get_registry_model_item_history(
    registry_model_item_id: str, grouped_by: str
) -> Request[dict[str, list[VersionEvent]]]:
    """Return what happened to one version, day by day.

    A read that uses POST. Servers before 3.7.28 lack it.

    Args:
        registry_model_item_id: Id of the version.
        grouped_by: "DAY" is the only value that is known.

    Returns:
        Events by day; the keys are English text, as "November 16, 2023".

    Source: the vendor's Python client, registry-model/history/item.
    """
    return read_by_post(
        "/api/rest/v2/registry-model/history/item",
        dict[str, list[VersionEvent]],
        json={"registryModelItemId": registry_model_item_id, "groupedBy": grouped_by},
    )


def download_registry_model_version(
    workspace_name: str,
    model_name: str,
    *,
    version: str | None = None,
    stage: str | None = None,
) -> Request[Blob]:
    """Return all files of one version of a registered model as a zip archive.

    The archive can take minutes to begin: the vendor's client allows 600 s.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.
        version: Version, as "1.0.0"; neither this nor `stage` means the newest.
        stage: Newest version of this stage; not on the vendor's page, used by its client.

    Returns:
        Octets of a zip archive.

    Raises:
        UsageError: Both `version` and `stage` are given.

    Source: Comet REST v2, registry-model/item/download.
    """
    path = "/api/rest/v2/registry-model/item/download"
    at_most_one(path, version=version, stage=stage)
    return blob(
        path,
        query={
            "workspaceName": workspace_name,
            "modelName": model_name,
            "version": version,
            "stage": stage,
        },
    )
