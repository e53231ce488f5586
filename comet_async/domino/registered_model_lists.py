"""Names of registered models, and what serves them."""

from __future__ import annotations

from comet_async.domino.common import read
from comet_async.domino.registered_models_answers import (
    RegisteredModelApisPage,
    RegisteredModelNamesPage,
    RegisteredModelsForUiPage,
)
from comet_async.request import Request

__all__ = [
    "get_model_apis_from_registered_model",
    "get_model_apis_from_registered_model_version",
    "get_registered_model_names",
    "get_registered_models_for_ui",
]


def get_registered_model_names(
    *,
    search: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    project_id: str | None = None,
    model_category: str | None = None,
) -> Request[RegisteredModelNamesPage]:
    """Return the names of the registered models.

    Beta. Moved to /api/registeredmodels/v1/names: `moved` makes that request.

    Args:
        search: Part of the name.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        project_id: Id of the project.
        model_category: Kind of model; since 6.3.0.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/names",
        RegisteredModelNamesPage,
        query={
            "search": search,
            "offset": offset,
            "limit": limit,
            "projectId": project_id,
            "modelCategory": model_category,
        },
    )


def get_registered_models_for_ui(
    *,
    project_id: str | None = None,
    search_pattern: str | None = None,
    globally_discoverable: bool | None = None,
    page_token: str | None = None,
    max_results: int | None = None,
    order_by: str | None = None,
) -> Request[RegisteredModelsForUiPage]:
    """Return the registered models with what a user interface shows.

    Args:
        project_id: Id of the project.
        search_pattern: Search of MLflow's kind over names and tags.
        globally_discoverable: Whether only those come that everyone can find; default false.
        page_token: Token from the page before.
        max_results: Most rows of the answer; default 25.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.

    Returns:
        One page; the token of the next one is in its metadata.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/v1/ui",
        RegisteredModelsForUiPage,
        query={
            "projectId": project_id,
            "searchPattern": search_pattern,
            "globallyDiscoverable": globally_discoverable,
            "pageToken": page_token,
            "maxResults": max_results,
            "orderBy": order_by,
        },
    )


def get_model_apis_from_registered_model(model_name: str) -> Request[RegisteredModelApisPage]:
    """Return the model APIs that serve a registered model.

    Beta. Moved to /api/registeredmodels/v1/{modelName}/modelapis: `moved` makes that request.

    Args:
        model_name: Name of the registered model.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/{modelName}/modelapis",
        RegisteredModelApisPage,
        path_params={"modelName": model_name},
    )


def get_model_apis_from_registered_model_version(
    model_name: str, version: int
) -> Request[RegisteredModelApisPage]:
    """Return the model APIs that serve a version.

    Beta. Moved to /api/registeredmodels/v1/{modelName}/versions/{version}/modelapis: `moved` makes
    that request.

    Args:
        model_name: Name of the registered model.
        version: Version number.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/{modelName}/versions/{version}/modelapis",
        RegisteredModelApisPage,
        path_params={"modelName": model_name, "version": str(version)},
    )
