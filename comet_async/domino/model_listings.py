"""Listings of models and what serves them, page by page.

Each may change while it is read: every row that stays comes once. Their order must not change
meanwhile, which is so for creation, number and name; see `overlapping_pages` for the proof and the
cost. `limit` is from 2 and may be capped by the server; `offset` is always sent, as 0 at first.
"""

from __future__ import annotations

from comet_async.domino.gateway import (
    GatewayEndpoint,
    GatewayEndpointsPage,
    get_all_gateway_endpoints,
)
from comet_async.domino.model_apis import list_model_apis
from comet_async.domino.model_apis_answers import ModelApi, ModelApisPage
from comet_async.domino.model_deployments import (
    get_model_deployment_versions,
    get_model_deployments,
)
from comet_async.domino.model_deployments_answers import ModelDeployment, ModelDeploymentsPage
from comet_async.domino.paged import LIMIT, by_offset, by_token
from comet_async.domino.registered_model_lists import (
    get_registered_model_names,
    get_registered_models_for_ui,
)
from comet_async.domino.registered_models import (
    get_registered_model_versions,
    get_registered_models,
)
from comet_async.domino.registered_models_answers import (
    RegisteredModel,
    RegisteredModelForUi,
    RegisteredModelNamesPage,
    RegisteredModelsForUiPage,
    RegisteredModelsPage,
    RegisteredModelVersionOverview,
    RegisteredModelVersionsPage,
)
from comet_async.paging import Paged

__all__ = [
    "paged_gateway_endpoints",
    "paged_model_apis",
    "paged_model_deployment_versions",
    "paged_model_deployments",
    "paged_registered_model_names",
    "paged_registered_model_versions",
    "paged_registered_models",
    "paged_registered_models_for_ui",
]


def paged_gateway_endpoints(
    *,
    search_filter: str | None = None,
    limit: int = LIMIT,
) -> Paged[GatewayEndpointsPage, GatewayEndpoint]:
    """Return the listing of the endpoints of the AI gateway, by creation upwards.

    Args:
        search_filter: Text to look for in endpoints.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, AIGateway.
    """
    first = get_all_gateway_endpoints(
        offset=0,
        limit=limit,
        search_filter=search_filter,
        sort_by_field="creationDate",
        should_sort_ascending=True,
    )
    return by_offset(first, lambda page: page.endpoints, lambda row: row.endpoint_id)


def paged_model_apis(
    *,
    environment_id: str | None = None,
    project_id: str | None = None,
    name: str | None = None,
    registered_model_name: str | None = None,
    registered_model_version: int | None = None,
    order_by: str | None = None,
    limit: int = LIMIT,
) -> Paged[ModelApisPage, ModelApi]:
    """Return the listing of all model APIs.

    Args:
        environment_id: Id of the environment.
        project_id: Id of the project.
        name: Part of the name, or a regular expression.
        registered_model_name: Name of the registered model behind it.
        registered_model_version: Its version; needs `registered_model_name`.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, ModelAPI.
    """
    first = list_model_apis(
        offset=0,
        limit=limit,
        environment_id=environment_id,
        project_id=project_id,
        name=name,
        registered_model_name=registered_model_name,
        registered_model_version=registered_model_version,
        order_by=order_by,
    )
    return by_offset(first, lambda page: page.items, lambda row: row.id)


def paged_model_deployments(
    *,
    name: str | None = None,
    order_by: str | None = None,
    project_id: str | None = None,
    registered_model_name: str | None = None,
    registered_model_version: int | None = None,
    limit: int = LIMIT,
) -> Paged[ModelDeploymentsPage, ModelDeployment]:
    """Return the listing of all model deployments.

    Args:
        name: Part of the name.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        project_id: Id of the project; since 6.3.0.
        registered_model_name: Name of the registered model; since 6.3.0.
        registered_model_version: Its version; needs `registered_model_name`; since 6.3.0.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, ModelDeployment.
    """
    first = get_model_deployments(
        offset=0,
        limit=limit,
        name=name,
        order_by=order_by,
        project_id=project_id,
        registered_model_name=registered_model_name,
        registered_model_version=registered_model_version,
    )
    return by_offset(first, lambda page: page.items, lambda row: row.id)


def paged_model_deployment_versions(
    model_deployment_id: str,
    *,
    order_by: str | None = None,
    limit: int = LIMIT,
) -> Paged[ModelDeploymentsPage, ModelDeployment]:
    """Return the listing of the past versions of a model deployment.

    Args:
        model_deployment_id: Id of the model deployment.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, ModelDeployment.
    """
    first = get_model_deployment_versions(
        model_deployment_id,
        offset=0,
        limit=limit,
        order_by=order_by,
    )
    return by_offset(first, lambda page: page.items, lambda row: (row.id, row.version))


def paged_registered_models(
    *,
    project_id: str | None = None,
    search_pattern: str | None = None,
    order_by: str | None = None,
    max_results: int = LIMIT,
) -> Paged[RegisteredModelsPage, RegisteredModel]:
    """Return the listing of all registered models, by token.

    See `token_pages` for what holds while models come and go.

    Args:
        project_id: Id of the project.
        search_pattern: Search of MLflow's kind over names and tags.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        max_results: Rows asked for at once.

    Source: Domino REST API, RegisteredModels.
    """
    first = get_registered_models(
        max_results=max_results,
        project_id=project_id,
        search_pattern=search_pattern,
        order_by=order_by,
    )
    return by_token(first, lambda page: page.items, lambda row: row.name)


def paged_registered_models_for_ui(
    *,
    project_id: str | None = None,
    search_pattern: str | None = None,
    globally_discoverable: bool | None = None,
    order_by: str | None = None,
    max_results: int = LIMIT,
) -> Paged[RegisteredModelsForUiPage, RegisteredModelForUi]:
    """Return the listing of all registered models with what a user interface shows, by token.

    See `token_pages` for what holds while models come and go.

    Args:
        project_id: Id of the project.
        search_pattern: Search of MLflow's kind over names and tags.
        globally_discoverable: Whether only those come that everyone can find; default false.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        max_results: Rows asked for at once.

    Source: Domino REST API, RegisteredModels.
    """
    first = get_registered_models_for_ui(
        max_results=max_results,
        project_id=project_id,
        search_pattern=search_pattern,
        globally_discoverable=globally_discoverable,
        order_by=order_by,
    )
    return by_token(first, lambda page: page.items, lambda row: row.name)


def paged_registered_model_names(
    *,
    search: str | None = None,
    project_id: str | None = None,
    model_category: str | None = None,
    limit: int = LIMIT,
) -> Paged[RegisteredModelNamesPage, str]:
    """Return the listing of the names of all registered models.

    Args:
        search: Part of the name.
        project_id: Id of the project.
        model_category: Kind of model; since 6.3.0.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, RegisteredModels.
    """
    first = get_registered_model_names(
        offset=0,
        limit=limit,
        search=search,
        project_id=project_id,
        model_category=model_category,
    )
    return by_offset(first, lambda page: page.items, lambda row: row)


def paged_registered_model_versions(
    model_name: str,
    *,
    limit: int = LIMIT,
) -> Paged[RegisteredModelVersionsPage, RegisteredModelVersionOverview]:
    """Return the listing of all versions of a registered model.

    Args:
        model_name: Name of the registered model.
        limit: Rows asked for at once, from 2.

    Raises:
        UsageError: `limit` is below 2.

    Source: Domino REST API, RegisteredModels.
    """
    first = get_registered_model_versions(
        model_name,
        offset=0,
        limit=limit,
    )
    return by_offset(first, lambda page: page.items, lambda row: row.model_version)
