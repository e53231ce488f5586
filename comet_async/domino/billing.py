"""Billing tags and their settings."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async.building import listed
from comet_async.domino.common import read, write
from comet_async.request import Effect, Request
from comet_async.wire import Flat, NullableList, Open, Wire

__all__ = [
    "BillingTag",
    "BillingTagEnvelope",
    "BillingTagWithStatus",
    "BillingTagsEnvelope",
    "BillingTagsSettingMode",
    "BillingTagsSettingsEnvelope",
    "deactivate_billing_tag",
    "get_active_billing_tags",
    "get_billing_tag_by_name",
    "get_billing_tag_settings",
    "update_billing_tag_settings",
    "upsert_billing_tags",
]


class BillingTag(Flat, frozen=True, kw_only=True):
    """A billing tag.

    Attributes:
        tag: The tag.

    Wire model: BillingTagV1.
    """

    tag: str | None = None


class BillingTagsEnvelope(Wire, frozen=True, kw_only=True):
    """Billing tags.

    Attributes:
        billing_tags: One entry for each billing tag.

    Wire model: BillingTagsEnvelopeV1.
    """

    billing_tags: NullableList[BillingTag]


class BillingTagWithStatus(Flat, frozen=True, kw_only=True):
    """A billing tag and whether it is in use.

    Attributes:
        active: Whether it is still active.
        tag: The tag.
        tag_id: Its id.

    Wire model: BillingTagWithStatusV1.
    """

    active: bool | None = None
    tag: str | None = None
    tag_id: str | None = None


class BillingTagEnvelope(Flat, frozen=True, kw_only=True):
    """A billing tag, as single answers have it.

    Attributes:
        billing_tag: The billing tag.

    Wire model: BillingTagEnvelopeV1.
    """

    billing_tag: BillingTagWithStatus


class BillingTagsSettingMode(Open):
    """Whether projects need a billing tag.

    Wire model: BillingTagsSettingModeV1.
    """

    REQUIRED = "required"
    OPTIONAL = "optional"
    DISABLED = "disabled"


class BillingTagsSettingsEnvelope(Flat, frozen=True, kw_only=True):
    """How billing tags are handled.

    Attributes:
        mode: Whether projects need a billing tag.
        notifications: Whether notifications are sent.

    Wire model: BillingTagsSettingsEnvelopeV1.
    """

    mode: BillingTagsSettingMode | None = None
    notifications: bool | None = None


def get_active_billing_tags() -> Request[BillingTagsEnvelope]:
    """Return the active billing tags.

    Returns:
        All of them, unpaged.

    Source: Domino REST API, BillingTag.
    """
    return read("/api/cost/v1/billingtags", BillingTagsEnvelope)


def upsert_billing_tags(billing_tags: Sequence[str]) -> Request[BillingTagsEnvelope]:
    """Create billing tags, or make archived ones active again.

    Idempotent.

    Args:
        billing_tags: One entry for each billing tag.

    Returns:
        The object as it is now.

    Source: Domino REST API, BillingTag.
    """
    path = "/api/cost/v1/billingtags"
    return write(
        "POST",
        path,
        BillingTagsEnvelope,
        Effect.IDEMPOTENT,
        json={"billingTags": listed(path, "billingTags", billing_tags, least=0)},
    )


def get_billing_tag_by_name(tag: str) -> Request[BillingTagEnvelope]:
    """Return one billing tag.

    Args:
        tag: Billing tag.

    Returns:
        One object.

    Source: Domino REST API, BillingTag.
    """
    return read("/api/cost/v1/billingtags/{tag}", BillingTagEnvelope, path_params={"tag": tag})


def deactivate_billing_tag(tag: str) -> Request[BillingTagEnvelope]:
    """Archive a billing tag.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Args:
        tag: Billing tag.

    Returns:
        What was removed.

    Source: Domino REST API, BillingTag.
    """
    return write(
        "DELETE",
        "/api/cost/v1/billingtags/{tag}",
        BillingTagEnvelope,
        Effect.IDEMPOTENT,
        path_params={"tag": tag},
    )


def get_billing_tag_settings() -> Request[BillingTagsSettingsEnvelope]:
    """Return how billing tags are handled.

    Returns:
        One object.

    Source: Domino REST API, BillingTagSettings.
    """
    return read("/api/cost/v1/billingtagSettings", BillingTagsSettingsEnvelope)


def update_billing_tag_settings(
    mode: str, *, notifications: bool
) -> Request[BillingTagsSettingsEnvelope]:
    """Set how billing tags are handled.

    Idempotent.

    Args:
        mode: Whether projects need a billing tag: "required", "optional", "disabled".
        notifications: Whether notifications are sent.

    Returns:
        The object as it is now.

    Source: Domino REST API, BillingTagSettings.
    """
    return write(
        "PUT",
        "/api/cost/v1/billingtagSettings",
        BillingTagsSettingsEnvelope,
        Effect.IDEMPOTENT,
        json={"mode": mode, "notifications": notifications},
    )
