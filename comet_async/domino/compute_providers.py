"""Compute providers and compute tiers, which newer servers no longer have."""

from __future__ import annotations

from collections.abc import Mapping

from comet_async.domino.common import read, write
from comet_async.request import Effect, Request

__all__ = [
    "create_compute_provider",
    "create_compute_tier",
    "delete_compute_provider",
    "delete_compute_tier",
    "get_compute_provider_types",
    "get_compute_providers",
    "get_compute_tier_details",
    "get_compute_tiers",
    "get_selectable_compute_tiers",
    "update_compute_provider",
    "update_compute_tier",
]


def get_compute_provider_types() -> Request[object]:
    """Return the types of compute providers.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return read("/api/admin/v1/computeProviderTypes", object)


def get_compute_providers() -> Request[object]:
    """Return the live compute providers.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return read("/api/admin/v1/computeProviders", object)


def create_compute_provider(provider: Mapping[str, object]) -> Request[object]:
    """Create a compute provider.

    Appends: it is not repeated where the server may have acted.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        provider: Members of the body by wire name; no document lists them.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return write("POST", "/api/admin/v1/computeProviders", object, Effect.APPEND, json=provider)


def update_compute_provider(
    compute_provider_id: str, provider: Mapping[str, object]
) -> Request[object]:
    """Change a compute provider.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.
    The method may be PUT instead.

    Args:
        compute_provider_id: Id of the compute provider.
        provider: Members of the body by wire name; no document lists them.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return write(
        "PATCH",
        "/api/admin/v1/computeProviders/{computeProviderId}",
        object,
        Effect.IDEMPOTENT,
        path_params={"computeProviderId": compute_provider_id},
        json=provider,
    )


def delete_compute_provider(compute_provider_id: str) -> Request[None]:
    """Delete a compute provider.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        compute_provider_id: Id of the compute provider.

    Returns:
        Nothing.

    Source: Domino REST API, ComputeProviders.
    """
    return write(
        "DELETE",
        "/api/admin/v1/computeProviders/{computeProviderId}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"computeProviderId": compute_provider_id},
    )


def get_compute_tiers(
    *,
    search: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    compute_provider_id: str | None = None,
) -> Request[object]:
    """Return the live compute tiers.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        search: Part of the name.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        compute_provider_id: Id of the compute provider.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return read(
        "/api/admin/v1/computeTiers",
        object,
        query={
            "search": search,
            "offset": offset,
            "limit": limit,
            "computeProviderId": compute_provider_id,
        },
    )


def create_compute_tier(tier: Mapping[str, object]) -> Request[object]:
    """Create a compute tier.

    Appends: it is not repeated where the server may have acted.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        tier: Members of the body by wire name; no document lists them.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return write("POST", "/api/admin/v1/computeTiers", object, Effect.APPEND, json=tier)


def get_compute_tier_details(compute_tier_id: str) -> Request[object]:
    """Return the full configuration of a compute tier.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        compute_tier_id: Id of the compute tier.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return read(
        "/api/admin/v1/computeTiers/details/{computeTierId}",
        object,
        path_params={"computeTierId": compute_tier_id},
    )


def get_selectable_compute_tiers(
    *,
    search: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    compute_provider_id: str | None = None,
) -> Request[object]:
    """Return the compute tiers that a user may pick.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        search: Part of the name.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        compute_provider_id: Id of the compute provider.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return read(
        "/api/admin/v1/computeTiers/selectable",
        object,
        query={
            "search": search,
            "offset": offset,
            "limit": limit,
            "computeProviderId": compute_provider_id,
        },
    )


def update_compute_tier(compute_tier_id: str, tier: Mapping[str, object]) -> Request[object]:
    """Change a compute tier.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.
    The method may be PUT instead.

    Args:
        compute_tier_id: Id of the compute tier.
        tier: Members of the body by wire name; no document lists them.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, ComputeProviders.
    """
    return write(
        "PATCH",
        "/api/admin/v1/computeTiers/{computeTierId}",
        object,
        Effect.IDEMPOTENT,
        path_params={"computeTierId": compute_tier_id},
        json=tier,
    )


def delete_compute_tier(compute_tier_id: str) -> Request[None]:
    """Delete a compute tier.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        compute_tier_id: Id of the compute tier.

    Returns:
        Nothing.

    Source: Domino REST API, ComputeProviders.
    """
    return write(
        "DELETE",
        "/api/admin/v1/computeTiers/{computeTierId}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"computeTierId": compute_tier_id},
    )
