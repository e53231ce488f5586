"""Model registry: register, change and delete models and first versions of them."""

from __future__ import annotations

from comet_async.comet.common import Flat
from comet_async.comet.writing import Body, write
from comet_async.request import Effect, Request

__all__ = [
    "CreatedModelVersion",
    "CreatedRegistryModel",
    "NewModelVersion",
    "NewRegistryModel",
    "NewRegistryModelItem",
    "create_registry_model",
    "create_registry_model_item",
    "delete_registry_model",
    "register_model_item_v2",
    "set_registry_model_notes",
    "update_registry_model",
]

_FREE_TEXT = ("description", "comment", "registryModelDescription", "versionComment")


class NewRegistryModel(Body, frozen=True, kw_only=True):
    """A model to register with its first version.

    Attributes:
        experiment_model_id: Id of the experiment's model, from `get_experiment_models`.
        registry_model_name: Its name: lower case, a dash for each run of other characters.
        version: Version, as "1.0.0"; other text is refused with code 42001.
        is_public: Whether everybody can read it.
        description: Free text on the model.
        comment: Free text on the version.
        stages: Stages of the version, as "production".
    """

    experiment_model_id: str
    registry_model_name: str
    version: str
    is_public: bool | None = None
    description: str | None = None
    comment: str | None = None
    stages: list[str] | None = None


class NewRegistryModelItem(Body, frozen=True, kw_only=True):
    """A further version of a registered model.

    Attributes:
        experiment_model_id: Id of the experiment's model, from `get_experiment_models`.
        registry_model_name: Name of the registered model.
        version: Version, as "1.0.0".
        comment: Free text.
        stages: Stages, as "production".
    """

    experiment_model_id: str
    registry_model_name: str
    version: str
    comment: str | None = None
    stages: list[str] | None = None


class NewModelVersion(Body, frozen=True, kw_only=True):
    """A version to register, of a model that is registered or becomes so.

    Attributes:
        experiment_key: Experiment key, which implies the workspace.
        experiment_model_name: Name of the experiment's model.
        registry_model_name: Name of the registered model, sent as it is.
        registry_model_description: Free text on the model.
        version: Version, as "1.0.0"; default the server's choice.
        version_comment: Free text on the version.
        tags: Tags of the version.
        status: Status of the version, as "Production".
        public_model: Whether everybody can read the model.
    """

    experiment_key: str
    experiment_model_name: str
    registry_model_name: str
    registry_model_description: str | None = None
    version: str | None = None
    version_comment: str | None = None
    tags: list[str] | None = None
    status: str | None = None
    public_model: bool | None = None


class CreatedRegistryModel(Flat, frozen=True, kw_only=True):
    """A registered model and its new version.

    Attributes:
        registry_model_id: Id of the model.
        registry_model_item_id: Id of the version.
    """

    registry_model_id: str | None = None
    registry_model_item_id: str


class CreatedModelVersion(Flat, frozen=True, kw_only=True):
    """A version that was registered.

    Attributes:
        registry_model_item_id: Its id.
    """

    registry_model_item_id: str


def create_registry_model(model: NewRegistryModel) -> Request[CreatedRegistryModel]:
    """Register a model with its first version, on servers before 3.5.42.

    Appends a version.

    Args:
        model: What to register.

    Returns:
        Ids of the model and of the version.

    Source: Comet REST v2, write/registry-model.
    """
    path = "/api/rest/v2/write/registry-model"
    return write(
        "POST", path, CreatedRegistryModel, Effect.APPEND, json=model, may_be_empty=_FREE_TEXT
    )


def create_registry_model_item(item: NewRegistryModelItem) -> Request[CreatedRegistryModel]:
    """Register a further version of a model, on servers before 3.5.42.

    Appends a version.

    Args:
        item: What to register.

    Returns:
        Ids of the model and of the version.

    Source: Comet REST v2, write/registry-model/item.
    """
    path = "/api/rest/v2/write/registry-model/item"
    return write(
        "POST", path, CreatedRegistryModel, Effect.APPEND, json=item, may_be_empty=_FREE_TEXT
    )


def register_model_item_v2(version: NewModelVersion) -> Request[CreatedModelVersion]:
    """Register a version of a model, and the model where there is none of that name.

    Appends a version. Servers before 3.5.42 lack it.

    Args:
        version: What to register.

    Returns:
        Id of the version.

    Source: the vendor's Python client, write/registry-model/item/create.
    """
    path = "/api/rest/v2/write/registry-model/item/create"
    return write(
        "POST", path, CreatedModelVersion, Effect.APPEND, json=version, may_be_empty=_FREE_TEXT
    )


def update_registry_model(
    registry_model_id: str,
    *,
    registry_model_name: str | None = None,
    description: str | None = None,
    is_public: bool | None = None,
) -> Request[None]:
    """Change name, description or visibility of a registered model; what is not given stays.

    Idempotent: the model is named by its id.

    Args:
        registry_model_id: Its id; `get_registry_model_compact` finds it by name.
        registry_model_name: Another name.
        description: Another description.
        is_public: Whether everybody can read it.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/update.
    """
    body = {
        "registryModelId": registry_model_id,
        "registryModelName": registry_model_name,
        "description": description,
        "isPublic": is_public,
    }
    path = "/api/rest/v2/write/registry-model/update"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=_FREE_TEXT)


def delete_registry_model(workspace_name: str, model_name: str) -> Request[None]:
    """Delete a registered model with all its versions.

    A GET that changes state. Idempotent: a repetition after a lost answer may be told that there
    is no such model any more.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/delete.
    """
    return write(
        "GET",
        "/api/rest/v2/write/registry-model/delete",
        type(None),
        Effect.IDEMPOTENT,
        query={"workspaceName": workspace_name, "modelName": model_name},
    )


def set_registry_model_notes(
    workspace_name: str, registry_model_name: str, notes: str
) -> Request[None]:
    """Set the notes of a registered model.

    Idempotent. The name is `registryModelName` here and `modelName` where notes are read.

    Args:
        workspace_name: Name of the workspace.
        registry_model_name: Name of the model.
        notes: The text, "" for none.

    Returns:
        Nothing.

    Source: Comet REST v2, write/registry-model/notes.
    """
    body = {
        "workspaceName": workspace_name,
        "registryModelName": registry_model_name,
        "notes": notes,
    }
    path = "/api/rest/v2/write/registry-model/notes"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=("notes",))
