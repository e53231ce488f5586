"""How the status of a registered version may change, as callers write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = ["status_request"]


def status_request(
    model_item_id: str, configuration: Mapping[str, object] | comet.StatusConfiguration
) -> Request[None]:
    """Return the request that sets how the status of a version may change.

    Args:
        model_item_id: Id of the version.
        configuration: As a read returned it; or status, is_review_required,
            status_configuration_items (objects of key and value) and comment.

    Raises:
        UsageError: There is no status, or an item is none.
    """
    if isinstance(configuration, comet.StatusConfiguration):
        items = [(item.key, item.value) for item in configuration.status_configuration]
        status, comment = configuration.status, configuration.comment
        review = bool(configuration.is_review_required)
    else:
        found = cast("Sequence[object]", configuration.get("status_configuration_items") or ())
        items = [_item(entry) for entry in found]
        status = cast("str | None", configuration.get("status"))
        comment = cast("str | None", configuration.get("comment"))
        review = bool(configuration.get("is_review_required"))
    if not status:
        raise UsageError("a status configuration needs a status")
    return comet.update_registry_model_item_status_configuration(
        model_item_id,
        status,
        [comet.NewStatusEntry(key=key, value=value) for key, value in items],
        is_review_required=review,
        comment=comment,
    )


def _item(entry: object) -> tuple[str, str | None]:
    if isinstance(entry, Mapping):
        found = cast("Mapping[str, object]", entry)
        if isinstance(found.get("key"), str) and "value" in found:
            return cast("str", found["key"]), cast("str | None", found["value"])
    raise UsageError("each of status_configuration_items is an object of key and value")
