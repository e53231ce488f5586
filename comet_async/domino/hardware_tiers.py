"""Hardware tiers."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.hardware_tiers_answers import (
    HardwareTier,
    HardwareTierEnvelope,
    HardwareTiersPage,
    NewHardwareTier,
)
from comet_async.request import Effect, Request

__all__ = [
    "archive_hardware_tier",
    "create_hardware_tier",
    "get_all_hardware_tiers",
    "get_hardware_tier_by_id",
    "update_hardware_tier",
]


def get_all_hardware_tiers(
    *, offset: int | None = None, limit: int | None = None, include_archived: bool | None = None
) -> Request[HardwareTiersPage]:
    """Return the hardware tiers.

    Needs the permission ViewHardwareTiers.

    Args:
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        include_archived: Whether archived ones come too; default false.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, HardwareTier.
    """
    return read(
        "/api/hardwaretiers/v1/hardwaretiers",
        HardwareTiersPage,
        query={"offset": offset, "limit": limit, "includeArchived": include_archived},
    )


def create_hardware_tier(hardware_tier: NewHardwareTier) -> Request[HardwareTierEnvelope]:
    """Create a hardware tier.

    Appends: it is not repeated where the server may have acted.

    Needs the permission ManageHardwareTiers.

    Args:
        hardware_tier: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, HardwareTier.
    """
    return write(
        "POST",
        "/api/hardwaretiers/v1/hardwaretiers",
        HardwareTierEnvelope,
        Effect.APPEND,
        json=hardware_tier,
    )


def update_hardware_tier(hardware_tier: HardwareTier) -> Request[HardwareTierEnvelope]:
    """Replace a hardware tier, whose id is in the body.

    Idempotent.

    Needs the permission ManageHardwareTiers.

    Args:
        hardware_tier: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, HardwareTier.
    """
    return write(
        "PUT",
        "/api/hardwaretiers/v1/hardwaretiers",
        HardwareTierEnvelope,
        Effect.IDEMPOTENT,
        json=hardware_tier,
    )


def get_hardware_tier_by_id(hardware_tier_id: str) -> Request[HardwareTierEnvelope]:
    """Return one hardware tier.

    Needs the permission ViewHardwareTiers.

    Args:
        hardware_tier_id: Id of the hardware tier.

    Returns:
        One object.

    Source: Domino REST API, HardwareTier.
    """
    return read(
        "/api/hardwaretiers/v1/hardwaretiers/{hardwareTierId}",
        HardwareTierEnvelope,
        path_params={"hardwareTierId": hardware_tier_id},
    )


def archive_hardware_tier(hardware_tier_id: str) -> Request[HardwareTierEnvelope]:
    """Archive a hardware tier.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission ManageHardwareTiers.

    Args:
        hardware_tier_id: Id of the hardware tier.

    Returns:
        What was removed.

    Source: Domino REST API, HardwareTier.
    """
    return write(
        "DELETE",
        "/api/hardwaretiers/v1/hardwaretiers/{hardwareTierId}",
        HardwareTierEnvelope,
        Effect.IDEMPOTENT,
        path_params={"hardwareTierId": hardware_tier_id},
    )
