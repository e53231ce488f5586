"""Model deployments outside of the platform."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.model_deployments_answers import (
    ModelDeployment,
    ModelDeploymentsPage,
    NewModelDeployment,
    UpdatedModelDeployment,
)
from comet_async.request import Effect, Request

__all__ = [
    "create_model_deployment",
    "delete_model_deployment",
    "get_model_deployment_by_id",
    "get_model_deployment_version_by_id",
    "get_model_deployment_versions",
    "get_model_deployments",
    "update_model_deployment",
]


def get_model_deployments(
    *,
    name: str | None = None,
    limit: int | None = None,
    offset: int = 0,
    order_by: str | None = None,
    project_id: str | None = None,
    deployment_target_id: str | None = None,
    resource_configuration_id: str | None = None,
    registered_model_name: str | None = None,
    registered_model_version: int | None = None,
) -> Request[ModelDeploymentsPage]:
    """Return the model deployments.

    Args:
        name: Part of the name.
        limit: Most rows of the answer; default 25.
        offset: Rows to skip; sent as 0 unless given, for one server document claims a default of
            25.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        project_id: Id of the project; since 6.3.0.
        deployment_target_id: Id of the deployment target; since 6.3.0.
        resource_configuration_id: Id of the resource configuration; since 6.3.0.
        registered_model_name: Name of the registered model; since 6.3.0.
        registered_model_version: Its version; needs `registered_model_name`; since 6.3.0.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, ModelDeployment.
    """
    return read(
        "/api/modelServing/v1/modelDeployments",
        ModelDeploymentsPage,
        query={
            "name": name,
            "limit": limit,
            "offset": offset,
            "orderBy": order_by,
            "projectId": project_id,
            "deploymentTargetId": deployment_target_id,
            "resourceConfigurationId": resource_configuration_id,
            "registeredModelName": registered_model_name,
            "registeredModelVersion": registered_model_version,
        },
    )


def create_model_deployment(model_deployment: NewModelDeployment) -> Request[ModelDeployment]:
    """Create a model deployment.

    Appends: it is not repeated where the server may have acted.

    Args:
        model_deployment: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelDeployment.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelDeployments",
        ModelDeployment,
        Effect.APPEND,
        json=model_deployment,
        may_be_empty=("description",),
    )


def get_model_deployment_by_id(model_deployment_id: str) -> Request[ModelDeployment]:
    """Return one model deployment.

    Args:
        model_deployment_id: Id of the model deployment.

    Returns:
        One object.

    Source: Domino REST API, ModelDeployment.
    """
    return read(
        "/api/modelServing/v1/modelDeployments/{modelDeploymentId}",
        ModelDeployment,
        path_params={"modelDeploymentId": model_deployment_id},
    )


def update_model_deployment(
    model_deployment_id: str, update: UpdatedModelDeployment
) -> Request[ModelDeployment]:
    """Change a model deployment.

    Idempotent.

    Args:
        model_deployment_id: Id of the model deployment.
        update: What changes.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelDeployment.
    """
    return write(
        "PATCH",
        "/api/modelServing/v1/modelDeployments/{modelDeploymentId}",
        ModelDeployment,
        Effect.IDEMPOTENT,
        path_params={"modelDeploymentId": model_deployment_id},
        json=update,
        may_be_empty=("description",),
    )


def delete_model_deployment(model_deployment_id: str) -> Request[None]:
    """Archive a model deployment.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Args:
        model_deployment_id: Id of the model deployment.

    Returns:
        Nothing.

    Source: Domino REST API, ModelDeployment.
    """
    return write(
        "DELETE",
        "/api/modelServing/v1/modelDeployments/{modelDeploymentId}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelDeploymentId": model_deployment_id},
    )


def get_model_deployment_versions(
    model_deployment_id: str,
    *,
    limit: int | None = None,
    offset: int = 0,
    order_by: str | None = None,
) -> Request[ModelDeploymentsPage]:
    """Return the past versions of a model deployment.

    Args:
        model_deployment_id: Id of the model deployment.
        limit: Most rows of the answer; default 25.
        offset: Rows to skip; sent as 0 unless given, for one server document claims a default of
            25.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, ModelDeployment.
    """
    return read(
        "/api/modelServing/v1/modelDeployments/{modelDeploymentId}/versions",
        ModelDeploymentsPage,
        path_params={"modelDeploymentId": model_deployment_id},
        query={"limit": limit, "offset": offset, "orderBy": order_by},
    )


def get_model_deployment_version_by_id(
    model_deployment_id: str, version: int
) -> Request[ModelDeployment]:
    """Return one past version of a model deployment.

    Args:
        model_deployment_id: Id of the model deployment.
        version: Version number.

    Returns:
        One object.

    Source: Domino REST API, ModelDeployment.
    """
    return read(
        "/api/modelServing/v1/modelDeployments/{modelDeploymentId}/versions/{version}",
        ModelDeployment,
        path_params={"modelDeploymentId": model_deployment_id, "version": str(version)},
    )
