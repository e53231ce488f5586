"""Registered models, versions and reviews."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.registered_models_answers import (
    NewRegisteredModel,
    RegisteredModel,
    RegisteredModelsPage,
    RegisteredModelVersionDetails,
    RegisteredModelVersionsPage,
)
from comet_async.request import Effect, Request

__all__ = [
    "create_registered_model_from_run",
    "create_registered_model_version_from_run",
    "get_registered_model_by_name",
    "get_registered_model_version",
    "get_registered_model_versions",
    "get_registered_models",
    "patch_registered_model_by_name",
    "request_project_access",
    "update_registered_model_version",
]


def get_registered_models(
    *,
    project_id: str | None = None,
    search_pattern: str | None = None,
    page_token: str | None = None,
    max_results: int | None = None,
    order_by: str | None = None,
    search: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
) -> Request[RegisteredModelsPage]:
    """Return the registered models.

    Beta. Moved to /api/registeredmodels/v1: `moved` makes that request.

    Args:
        project_id: Id of the project.
        search_pattern: Search of MLflow's kind over names and tags.
        page_token: Token from the page before.
        max_results: Most rows of the answer; default 25.
        order_by: Field to sort by, with " ASC" or " DESC" behind it if wanted.
        search: Part of the name.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page; the token of the next one is in its metadata.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta",
        RegisteredModelsPage,
        query={
            "projectId": project_id,
            "searchPattern": search_pattern,
            "pageToken": page_token,
            "maxResults": max_results,
            "orderBy": order_by,
            "search": search,
            "offset": offset,
            "limit": limit,
        },
    )


def create_registered_model_from_run(
    registered_model: NewRegisteredModel,
) -> Request[RegisteredModel]:
    """Register a model from a run of an experiment.

    Appends: it is not repeated where the server may have acted.

    Deprecated since 6.2.1.

    Args:
        registered_model: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/v1",
        RegisteredModel,
        Effect.APPEND,
        json=registered_model,
        may_be_empty=("description",),
    )


def request_project_access(project_id: str) -> Request[None]:
    """Ask for access to the project of a model.

    Appends: it is not repeated where the server may have acted.

    Args:
        project_id: Id of the project.

    Returns:
        Nothing.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/v1/access/{projectId}",
        type(None),
        Effect.APPEND,
        path_params={"projectId": project_id},
    )


def get_registered_model_by_name(model_name: str) -> Request[RegisteredModel]:
    """Return one registered model.

    Beta. Moved to /api/registeredmodels/v1/{modelName}: `moved` makes that request.

    Args:
        model_name: Name of the registered model.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/{modelName}",
        RegisteredModel,
        path_params={"modelName": model_name},
    )


def patch_registered_model_by_name(
    model_name: str, *, description: str | None = None, discoverable: bool | None = None
) -> Request[RegisteredModel]:
    """Change a registered model.

    Idempotent.

    Args:
        model_name: Name of the registered model.
        description: Free text.
        discoverable: Whether it can be found from outside its project.

    Returns:
        The object as it is now.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "PATCH",
        "/api/registeredmodels/v1/{modelName}",
        RegisteredModel,
        Effect.IDEMPOTENT,
        path_params={"modelName": model_name},
        json={"description": description, "discoverable": discoverable},
        may_be_empty=("description",),
    )


def get_registered_model_versions(
    model_name: str, *, offset: int | None = None, limit: int | None = None
) -> Request[RegisteredModelVersionsPage]:
    """Return the versions of a registered model.

    Beta. Moved to /api/registeredmodels/v1/{modelName}/versions: `moved` makes that request.

    Args:
        model_name: Name of the registered model.
        offset: Rows to skip.
        limit: Most rows of the answer; default 20.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/{modelName}/versions",
        RegisteredModelVersionsPage,
        path_params={"modelName": model_name},
        query={"offset": offset, "limit": limit},
    )


def create_registered_model_version_from_run(
    model_name: str, artifact: str, description: str, experiment_run_id: str
) -> Request[RegisteredModelVersionDetails]:
    """Add a version to a registered model from a run.

    Appends: it is not repeated where the server may have acted.

    Beta. Deprecated since 6.2.1. Moved to /api/registeredmodels/v1/{modelName}/versions: `moved`
    makes that request.

    Args:
        model_name: Name of the registered model.
        artifact: Run artifact to register.
        description: Free text.
        experiment_run_id: Id of the experiment run.

    Returns:
        The object as it is now.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/beta/{modelName}/versions",
        RegisteredModelVersionDetails,
        Effect.APPEND,
        path_params={"modelName": model_name},
        json={
            "artifact": artifact,
            "description": description,
            "experimentRunId": experiment_run_id,
        },
        may_be_empty=("description",),
    )


def get_registered_model_version(
    model_name: str, version: int
) -> Request[RegisteredModelVersionDetails]:
    """Return one version of a registered model.

    Beta. Moved to /api/registeredmodels/v1/{modelName}/versions/{version}: `moved` makes that
    request.

    Args:
        model_name: Name of the registered model.
        version: Version number.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/beta/{modelName}/versions/{version}",
        RegisteredModelVersionDetails,
        path_params={"modelName": model_name, "version": str(version)},
    )


def update_registered_model_version(
    model_name: str, version: int, *, current_stage: str | None = None
) -> Request[RegisteredModelVersionDetails]:
    """Move a version to a stage.

    Idempotent.

    Beta. Gone from servers of 6.3.0 and later, which answer 404. Moved to
    /api/registeredmodels/v1/{modelName}/versions/{version} (inferred): `moved` makes that request.

    Args:
        model_name: Name of the registered model.
        version: Version number.
        current_stage: Stage that it is in.

    Returns:
        The object as it is now.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "PATCH",
        "/api/registeredmodels/beta/{modelName}/versions/{version}",
        RegisteredModelVersionDetails,
        Effect.IDEMPOTENT,
        path_params={"modelName": model_name, "version": str(version)},
        json={"currentStage": current_stage},
    )
