"""Model APIs and what belongs to them."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.model_apis_answers import ModelApi, ModelApisPage
from comet_async.domino.new_model_apis import ModelApiCreationRequest, ModelApiUpdateRequest
from comet_async.request import Effect, Request

__all__ = ["create_model_api", "list_model_apis", "update_model_api"]


def list_model_apis(
    *,
    environment_id: str | None = None,
    project_id: str | None = None,
    name: str | None = None,
    registered_model_name: str | None = None,
    registered_model_version: int | None = None,
    limit: int | None = None,
    offset: int = 0,
    order_by: str | None = None,
) -> Request[ModelApisPage]:
    """Return the model APIs.

    Args:
        environment_id: Id of the environment.
        project_id: Id of the project.
        name: Part of the name, or a regular expression.
        registered_model_name: Name of the registered model behind it.
        registered_model_version: Its version; needs `registered_model_name`.
        limit: Most rows of the answer; default 25.
        offset: Rows to skip; sent as 0 unless given, for one server document claims a default of
            25.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis",
        ModelApisPage,
        query={
            "environmentId": environment_id,
            "projectId": project_id,
            "name": name,
            "registeredModelName": registered_model_name,
            "registeredModelVersion": registered_model_version,
            "limit": limit,
            "offset": offset,
            "orderBy": order_by,
        },
    )


def create_model_api(model_api: ModelApiCreationRequest) -> Request[ModelApi]:
    """Create a model API with its first version.

    Appends: it is not repeated where the server may have acted.

    Args:
        model_api: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelApis",
        ModelApi,
        Effect.APPEND,
        json=model_api,
        may_be_empty=("description",),
    )


def update_model_api(model_api_id: str, update: ModelApiUpdateRequest) -> Request[ModelApi]:
    """Change a model API.

    Idempotent.

    Args:
        model_api_id: Id of the model API.
        update: What changes.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "PUT",
        "/api/modelServing/v1/modelApis/{modelApiId}",
        ModelApi,
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id},
        json=update,
        may_be_empty=("description",),
    )
