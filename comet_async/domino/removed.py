"""Operations that newer servers no longer have, or have elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = ["MOVED", "REMOVED", "advice", "moved"]

T = TypeVar("T")

_NOT_FOUND = 404
_CONFLICT = 409
_BETA = "/api/registeredmodels/beta"
_V1 = "/api/registeredmodels/v1"

MOVED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (method, _BETA + rest): _V1 + rest
        for method, rest in (
            ("GET", ""),
            ("GET", "/names"),
            ("GET", "/{modelName}"),
            ("GET", "/{modelName}/modelapis"),
            ("GET", "/{modelName}/versions"),
            ("POST", "/{modelName}/versions"),
            ("GET", "/{modelName}/versions/{version}"),
            ("PATCH", "/{modelName}/versions/{version}"),
            ("GET", "/{modelName}/versions/{version}/modelapis"),
            ("POST", "/{modelName}/versions/{version}/reviews"),
            ("PATCH", "/{modelName}/versions/{version}/reviews/{modelReviewId}"),
            ("POST", "/{modelName}/versions/{version}/reviews/{modelReviewId}/responses"),
        )
    }
)
"""Where an operation is on newer servers, by its method and the path that this catalogue has."""

REMOVED: frozenset[tuple[str, str]] = frozenset(
    {
        ("GET", "/api/admin/v1/computeProviderTypes"),
        ("GET", "/api/admin/v1/computeProviders"),
        ("POST", "/api/admin/v1/computeProviders"),
        ("PATCH", "/api/admin/v1/computeProviders/{computeProviderId}"),
        ("DELETE", "/api/admin/v1/computeProviders/{computeProviderId}"),
        ("GET", "/api/admin/v1/computeTiers"),
        ("POST", "/api/admin/v1/computeTiers"),
        ("GET", "/api/admin/v1/computeTiers/details/{computeTierId}"),
        ("GET", "/api/admin/v1/computeTiers/selectable"),
        ("PATCH", "/api/admin/v1/computeTiers/{computeTierId}"),
        ("DELETE", "/api/admin/v1/computeTiers/{computeTierId}"),
        ("GET", "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens"),
        ("POST", "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens"),
        ("GET", "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}"),
        ("PUT", "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}"),
        ("DELETE", "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}"),
        ("GET", "/api/modelServing/v1/modelApis/{modelApiId}/collaborators"),
        ("POST", "/api/modelServing/v1/modelApis/{modelApiId}/collaborators"),
        ("GET", "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}"),
        ("PUT", "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}"),
        ("DELETE", "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}"),
        (
            "DELETE",
            "/api/modelServing/v1/modelApis/{modelApiId}/environmentVariables/{environmentVariableName}",
        ),
        ("GET", "/api/modelServing/v1/modelApis/{modelApiId}/volumes"),
        ("POST", "/api/modelServing/v1/modelApis/{modelApiId}/volumes"),
        ("DELETE", "/api/modelServing/v1/modelApis/{modelApiId}/volumes/{volumeName}"),
        (
            "GET",
            "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/deploymentLogs",
        ),
        (
            "PUT",
            "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/productionLabel",
        ),
        (
            "PUT",
            "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/targetState",
        ),
        ("POST", "/api/projects/beta/projects/{projectId}/copy-project"),
        ("GET", "/api/registeredmodels/v1/versionStages/{projectId}"),
        ("PUT", "/api/registeredmodels/v1/versionStages/{projectId}"),
        ("PATCH", "/api/registeredmodels/beta/{modelName}/versions/{version}"),
        ("POST", "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews"),
        (
            "PATCH",
            "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews/{modelReviewId}",
        ),
        (
            "POST",
            "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews/{modelReviewId}/responses",
        ),
        ("GET", "/api/registeredmodels/v1/{modelName}/versions/{version}/stages"),
        ("POST", "/api/registeredmodels/v1/{modelName}/versions/{version}/stages/validate"),
        ("GET", "/api/registeredmodelstages/beta"),
    }
)
"""Operations by method and path that servers of 6.3.0 and later do not have."""

_REPLACED = {
    "/api/admin/v1/computeProvider": "deployment targets took its place, "
    "/api/admin/v1/deploymentTargets",
    "/api/admin/v1/computeTier": "resource configurations of deployment targets took its place",
    "/api/projects/beta/projects/{projectId}/copy-project": "copy_project took its place",
}


def moved(request: Request[T]) -> Request[T]:
    """Return the same request on the path that newer servers have for it.

    Args:
        request: A request of this catalogue whose docstring says that it moved.

    Raises:
        UsageError: It did not move.
    """
    newer = MOVED.get((request.method, request.path))
    if newer is None:
        raise UsageError(f"{request.method} {request.path} has no newer path")
    return msgspec.structs.replace(request, path=newer)


def advice(request: Request[object], status: int) -> str | None:
    """Return why a server may not know an operation, or not take a credential; None for nothing.

    Args:
        request: What was asked.
        status: What the server answered.
    """
    asked = (request.method, request.path)
    if status == _CONFLICT:
        return "Domino also answers so when a temporary credential has expired: sign in again"
    if status != _NOT_FOUND:
        return None
    told: list[str] = []
    if asked in MOVED:
        told.append(f"newer servers have it at {MOVED[asked]}: send domino.moved(request)")
    if asked in REMOVED:
        told.append("servers of 6.3.0 and later no longer have this operation")
        told += [place for start, place in _REPLACED.items() if request.path.startswith(start)]
    return ", ".join(told) or None
