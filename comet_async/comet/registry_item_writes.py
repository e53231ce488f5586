"""Model registry: change and delete versions of models, which the wire calls items."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.comet.common import Cell
from comet_async.comet.writing import Body, listed, write
from comet_async.request import Effect, Request

__all__ = [
    "NewMetadataEntry",
    "NewStatusEntry",
    "add_registry_model_item_stage",
    "delete_registry_model_item",
    "delete_registry_model_item_stage",
    "set_registry_model_item_status",
    "update_registry_model_item",
    "update_registry_model_item_metadata",
    "update_registry_model_item_status_configuration",
]


class NewMetadataEntry(Body, frozen=True, kw_only=True):
    """Metadata of a version.

    Attributes:
        key: Its name.
        value: Its value.
    """

    key: str
    value: object


class NewStatusEntry(Body, frozen=True, kw_only=True):
    """One setting of a status.

    Attributes:
        key: Its name.
        value: Its value.
    """

    key: str
    value: Cell


def update_registry_model_item(
    registry_model_item_id: str,
    *,
    comment: str | None = None,
    stages: Sequence[str] | None = None,
) -> Request[None]:
    """Change comment or stages of a version; what is not given stays.

    Idempotent: the stages given take the place of those there are.

    Args:
        registry_model_item_id: Id of the version.
        comment: Free text.
        stages: Stages, as "production"; an empty list takes all away.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/item/update.
    """
    path = "/api/rest/v2/write/registry-model/item/update"
    body = {
        "registryModelItemId": registry_model_item_id,
        "comment": comment,
        "stages": None if stages is None else listed(path, "stages", stages, least=0),
    }
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=("comment",))


def delete_registry_model_item(model_item_id: str) -> Request[None]:
    """Delete a version.

    A GET that changes state. Idempotent: a repetition after a lost answer may be told that there
    is no such version any more. The id is `modelItemId` here and `registryModelItemId` elsewhere.

    Args:
        model_item_id: Id of the version.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/item/delete.
    """
    return write(
        "GET",
        "/api/rest/v2/write/registry-model/item/delete",
        type(None),
        Effect.IDEMPOTENT,
        query={"modelItemId": model_item_id},
    )


def add_registry_model_item_stage(model_item_id: str, stage: str) -> Request[None]:
    """Give a version a stage, or a tag, which is the same.

    A GET that changes state. Idempotent: stages are a set.

    Args:
        model_item_id: Id of the version.
        stage: The stage or tag.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/item/stage.
    """
    return _stage("/api/rest/v2/write/registry-model/item/stage", model_item_id, stage)


def delete_registry_model_item_stage(model_item_id: str, stage: str) -> Request[None]:
    """Take a stage, or a tag, from a version.

    A GET that changes state. Idempotent: stages are a set.

    Args:
        model_item_id: Id of the version.
        stage: The stage or tag.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/item/stage/delete.
    """
    return _stage("/api/rest/v2/write/registry-model/item/stage/delete", model_item_id, stage)


def _stage(path: str, model_item_id: str, stage: str) -> Request[None]:
    query = {"modelItemId": model_item_id, "stage": stage}
    return write("GET", path, type(None), Effect.IDEMPOTENT, query=query)


def set_registry_model_item_status(model_item_id: str, status: str) -> Request[None]:
    """Set the status of a version, or ask for it where it needs approval.

    Idempotent.

    Args:
        model_item_id: Id of the version.
        status: One of `get_registry_model_allowed_statuses`.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/registry-model/item/status.
    """
    body = {"modelItemId": model_item_id, "status": status}
    path = "/api/rest/v2/write/registry-model/item/status"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def update_registry_model_item_metadata(
    model_item_id: str, metadata: Sequence[NewMetadataEntry]
) -> Request[None]:
    """Set metadata of a version.

    Idempotent: a key has one value. Servers before 4.18.133 lack it.

    Args:
        model_item_id: Id of the version.
        metadata: One entry for each key.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/registry-model/item/{modelItemId}/metadata.
    """
    path = "/api/rest/v2/write/registry-model/item/{modelItemId}/metadata"
    return write(
        "POST",
        path,
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelItemId": model_item_id},
        json={"metadata": listed(path, "metadata", metadata, least=0)},
    )


def update_registry_model_item_status_configuration(
    model_item_id: str,
    status: str,
    status_configuration: Sequence[NewStatusEntry],
    *,
    is_review_required: bool,
    comment: str | None = None,
) -> Request[None]:
    """Set the status of a version with its settings.

    Idempotent. Servers before 4.20.477 lack it.

    Args:
        model_item_id: Id of the version.
        status: One of `get_registry_model_allowed_statuses`.
        status_configuration: One entry for each setting.
        is_review_required: Whether somebody has to approve it.
        comment: Free text.

    Returns:
        Nothing.

    Source: the vendor's Python client,
        write/registry-model/item/{modelItemId}/status-configuration.
    """
    path = "/api/rest/v2/write/registry-model/item/{modelItemId}/status-configuration"
    entries = listed(path, "status_configuration", status_configuration, least=0)
    return write(
        "POST",
        path,
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelItemId": model_item_id},
        json={
            "status": status,
            "isReviewRequired": is_review_required,
            "statusConfiguration": entries,
            "comment": comment,
        },
        may_be_empty=("comment",),
    )
