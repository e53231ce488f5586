"""Versions of model APIs and their logs."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.model_api_logs import (
    ModelApiVersionBuildLogs,
    ModelApiVersionDeploymentLogs,
    ModelApiVersionExportLogs,
    ModelApiVersionInstanceLogs,
)
from comet_async.domino.model_apis_answers import (
    ModelApiVersion,
    ModelApiVersionProductionLabel,
    ModelApiVersionTargetState,
)
from comet_async.domino.new_model_apis import ModelApiVersionCreationRequest
from comet_async.request import Effect, Request

__all__ = [
    "create_model_api_version",
    "get_model_api_version",
    "get_model_api_version_build_logs",
    "get_model_api_version_deployment_logs",
    "get_model_api_version_export_logs",
    "get_model_api_version_instance_logs",
    "list_model_api_versions",
    "update_model_api_version_production_label",
    "update_model_api_version_target_state",
]


def list_model_api_versions(model_api_id: str) -> Request[list[ModelApiVersion]]:
    """Return the versions of a model API.

    Args:
        model_api_id: Id of the model API.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions",
        list[ModelApiVersion],
        path_params={"modelApiId": model_api_id},
    )


def create_model_api_version(
    model_api_id: str, version: ModelApiVersionCreationRequest
) -> Request[ModelApiVersion]:
    """Add a version to a model API.

    Appends: it is not repeated where the server may have acted.

    Args:
        model_api_id: Id of the model API.
        version: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPIVersion.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelApis/{modelApiId}/versions",
        ModelApiVersion,
        Effect.APPEND,
        path_params={"modelApiId": model_api_id},
        json=version,
        may_be_empty=("description",),
    )


def get_model_api_version(model_api_id: str, model_api_version_id: str) -> Request[ModelApiVersion]:
    """Return one version of a model API.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.

    Returns:
        One object.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}",
        ModelApiVersion,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
    )


def get_model_api_version_build_logs(
    model_api_id: str,
    model_api_version_id: str,
    *,
    build_id: str | None = None,
    since_time_nano: str | None = None,
) -> Request[ModelApiVersionBuildLogs]:
    """Return the lines of the build of a version.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.
        build_id: Id of the build; since 6.3.0.
        since_time_nano: Nanoseconds since 1970 UTC to read from, as text; since 6.3.0.

    Returns:
        One object.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/buildLogs",
        ModelApiVersionBuildLogs,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
        query={"buildId": build_id, "sinceTimeNano": since_time_nano},
    )


def get_model_api_version_deployment_logs(
    model_api_id: str, model_api_version_id: str
) -> Request[ModelApiVersionDeploymentLogs]:
    """Return the lines of the deployment of a version.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.

    Returns:
        One object.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/deploymentLogs",
        ModelApiVersionDeploymentLogs,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
    )


def get_model_api_version_export_logs(
    model_api_id: str, model_api_version_id: str, *, since_time_nano: str | None = None
) -> Request[ModelApiVersionExportLogs]:
    """Return the lines of the export of a version.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.
        since_time_nano: Nanoseconds since 1970 UTC to read from, as text; since 6.3.0.

    Returns:
        One object.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/exportLogs",
        ModelApiVersionExportLogs,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
        query={"sinceTimeNano": since_time_nano},
    )


def get_model_api_version_instance_logs(
    model_api_id: str,
    model_api_version_id: str,
    *,
    pod_name: str | None = None,
    container_name: str | None = None,
    since_time_nano: str | None = None,
    tail: bool | None = None,
    max_results: int | None = None,
) -> Request[ModelApiVersionInstanceLogs]:
    """Return the lines of the instances of a version.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.
        pod_name: Name of the pod; since 6.3.0.
        container_name: Name of the container; since 6.3.0.
        since_time_nano: Nanoseconds since 1970 UTC to read from, as text; since 6.3.0.
        tail: Whether the last lines are read; since 6.3.0.
        max_results: Most lines; since 6.3.0.

    Returns:
        One object.

    Source: Domino REST API, ModelAPIVersion.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/instanceLogs",
        ModelApiVersionInstanceLogs,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
        query={
            "podName": pod_name,
            "containerName": container_name,
            "sinceTimeNano": since_time_nano,
            "tail": tail,
            "maxResults": max_results,
        },
    )


def update_model_api_version_production_label(
    model_api_id: str, model_api_version_id: str, *, is_prod: bool
) -> Request[ModelApiVersionProductionLabel]:
    """Set whether a version is the production version.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.
        is_prod: Whether it is the production version.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPIVersion.
    """
    return write(
        "PUT",
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/productionLabel",
        ModelApiVersionProductionLabel,
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
        json={"isProd": is_prod},
    )


def update_model_api_version_target_state(
    model_api_id: str, model_api_version_id: str, *, is_running: bool
) -> Request[ModelApiVersionTargetState]:
    """Ask a version to run or to stop.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        model_api_version_id: Id of the model API version.
        is_running: Whether it should run.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPIVersion.
    """
    return write(
        "PUT",
        "/api/modelServing/v1/modelApis/{modelApiId}/versions/{modelApiVersionId}/targetState",
        ModelApiVersionTargetState,
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "modelApiVersionId": model_api_version_id},
        json={"isRunning": is_running},
    )
