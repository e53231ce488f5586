"""Tokens, collaborators, volumes, variables of model APIs, gone from newer servers."""

from __future__ import annotations

from comet_async.domino.common import read, write
from comet_async.domino.model_apis_answers import (
    ModelApiAccessToken,
    ModelApiCollaboratorRole,
    ModelApiVolume,
)
from comet_async.request import Effect, Request

__all__ = [
    "add_model_api_collaborator",
    "create_model_api_access_token",
    "create_model_api_volume",
    "delete_model_api_access_token",
    "delete_model_api_environment_variable",
    "delete_model_api_volume",
    "get_model_api_access_token",
    "get_model_api_collaborator",
    "list_model_api_access_tokens",
    "list_model_api_collaborators",
    "list_model_api_volumes",
    "remove_model_api_collaborator",
    "update_model_api_access_token",
    "update_model_api_collaborator",
]


def list_model_api_access_tokens(model_api_id: str) -> Request[list[ModelApiAccessToken]]:
    """Return the access tokens of a model API.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens",
        list[ModelApiAccessToken],
        path_params={"modelApiId": model_api_id},
    )


def create_model_api_access_token(
    model_api_id: str, *, name: str | None = None
) -> Request[ModelApiAccessToken]:
    """Create an access token of a model API.

    Appends: it is not repeated where the server may have acted.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        name: Its name.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens",
        ModelApiAccessToken,
        Effect.APPEND,
        path_params={"modelApiId": model_api_id},
        json={"name": name},
    )


def get_model_api_access_token(
    model_api_id: str, access_token_id: str
) -> Request[ModelApiAccessToken]:
    """Return one access token of a model API.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        access_token_id: Id of the access token.

    Returns:
        One object.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}",
        ModelApiAccessToken,
        path_params={"modelApiId": model_api_id, "accessTokenId": access_token_id},
    )


def update_model_api_access_token(
    model_api_id: str, access_token_id: str, *, name: str | None = None
) -> Request[ModelApiAccessToken]:
    """Change an access token of a model API.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        access_token_id: Id of the access token.
        name: Its name.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "PUT",
        "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}",
        ModelApiAccessToken,
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "accessTokenId": access_token_id},
        json={"name": name},
    )


def delete_model_api_access_token(model_api_id: str, access_token_id: str) -> Request[None]:
    """Delete an access token of a model API.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        access_token_id: Id of the access token.

    Returns:
        Nothing.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "DELETE",
        "/api/modelServing/v1/modelApis/{modelApiId}/accessTokens/{accessTokenId}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "accessTokenId": access_token_id},
    )


def list_model_api_collaborators(model_api_id: str) -> Request[list[ModelApiCollaboratorRole]]:
    """Return the collaborators of a model API.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/collaborators",
        list[ModelApiCollaboratorRole],
        path_params={"modelApiId": model_api_id},
    )


def add_model_api_collaborator(
    model_api_id: str, collaborator: str, role: str
) -> Request[ModelApiCollaboratorRole]:
    """Add a collaborator to a model API.

    Appends: it is not repeated where the server may have acted.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        collaborator: Collaborator reference.
        role: The role.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelApis/{modelApiId}/collaborators",
        ModelApiCollaboratorRole,
        Effect.APPEND,
        path_params={"modelApiId": model_api_id},
        json={"collaborator": collaborator, "role": role},
    )


def get_model_api_collaborator(
    model_api_id: str, collaborator: str
) -> Request[ModelApiCollaboratorRole]:
    """Return one collaborator of a model API.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        collaborator: Collaborator reference.

    Returns:
        One object.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}",
        ModelApiCollaboratorRole,
        path_params={"modelApiId": model_api_id, "collaborator": collaborator},
    )


def update_model_api_collaborator(
    model_api_id: str, collaborator: str, role: str
) -> Request[ModelApiCollaboratorRole]:
    """Change the role of a collaborator of a model API.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        collaborator: Collaborator reference.
        role: The role.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "PUT",
        "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}",
        ModelApiCollaboratorRole,
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "collaborator": collaborator},
        json={"collaborator": collaborator, "role": role},
    )


def remove_model_api_collaborator(model_api_id: str, collaborator: str) -> Request[None]:
    """Remove a collaborator from a model API.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        collaborator: Collaborator reference.

    Returns:
        Nothing.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "DELETE",
        "/api/modelServing/v1/modelApis/{modelApiId}/collaborators/{collaborator}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "collaborator": collaborator},
    )


def delete_model_api_environment_variable(
    model_api_id: str, environment_variable_name: str
) -> Request[None]:
    """Delete a variable of a model API.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        environment_variable_name: Name of the variable.

    Returns:
        Nothing.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "DELETE",
        "/api/modelServing/v1/modelApis/{modelApiId}/environmentVariables/{environmentVariableName}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={
            "modelApiId": model_api_id,
            "environmentVariableName": environment_variable_name,
        },
    )


def list_model_api_volumes(model_api_id: str) -> Request[list[ModelApiVolume]]:
    """Return the volumes of a model API.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, ModelAPI.
    """
    return read(
        "/api/modelServing/v1/modelApis/{modelApiId}/volumes",
        list[ModelApiVolume],
        path_params={"modelApiId": model_api_id},
    )


def create_model_api_volume(
    model_api_id: str, mount_path: str, name: str, volume_type: str, *, read_only: bool
) -> Request[ModelApiVolume]:
    """Add a volume to a model API.

    Appends: it is not repeated where the server may have acted.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        mount_path: Mount path.
        name: Its name.
        volume_type: Volume kind.
        read_only: Whether it is mounted read-only.

    Returns:
        The object as it is now.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "POST",
        "/api/modelServing/v1/modelApis/{modelApiId}/volumes",
        ModelApiVolume,
        Effect.APPEND,
        path_params={"modelApiId": model_api_id},
        json={
            "mountPath": mount_path,
            "name": name,
            "readOnly": read_only,
            "volumeType": volume_type,
        },
    )


def delete_model_api_volume(model_api_id: str, volume_name: str) -> Request[None]:
    """Delete a volume of a model API.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_api_id: Id of the model API.
        volume_name: Name of the volume.

    Returns:
        Nothing.

    Source: Domino REST API, ModelAPI.
    """
    return write(
        "DELETE",
        "/api/modelServing/v1/modelApis/{modelApiId}/volumes/{volumeName}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"modelApiId": model_api_id, "volumeName": volume_name},
    )
