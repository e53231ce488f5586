"""Model registry: registered models."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.assets import Asset
from comet_async.comet.common import Flat, NullableList, Wire, no_items, read
from comet_async.comet.projects import Notes
from comet_async.request import Request

__all__ = [
    "AllowedStatuses",
    "ExperimentModelRef",
    "RegistryModel",
    "RegistryModelCompact",
    "RegistryModelCount",
    "RegistryModelDetails",
    "RegistryModels",
    "RegistryVersion",
    "get_registry_model_allowed_statuses",
    "get_registry_model_compact",
    "get_registry_model_count",
    "get_registry_model_details",
    "get_registry_model_latest_version",
    "get_registry_model_notes",
    "get_registry_models",
]


class ExperimentModelRef(Flat, frozen=True, kw_only=True):
    """The experiment's model from which a version was made.

    Attributes:
        experiment_model_id: Its id.
        experiment_model_name: Its name.
        experiment_key: Its experiment.
    """

    experiment_model_id: str | None = None
    experiment_model_name: str | None = None
    experiment_key: str | None = None


class RegistryVersion(Wire, frozen=True, kw_only=True):
    """One version of a registered model.

    Attributes:
        registry_model_item_id: Its id.
        experiment_model: The experiment's model from which it was made.
        version: Version, as "1.0.0".
        comment: Free text.
        stages: Stages, as "production"; the older way of what is now its status.
        user_name: User who registered it.
        created_at: Milliseconds since 1970 UTC.
        last_updated: Milliseconds since 1970 UTC.
        rest_api_url: URL of its download, as the server tells it.
        metadata: Texts that the listing of models holds.
        assets: Its files; empty in the listing of models.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"rest_api_url"})

    registry_model_item_id: str
    experiment_model: ExperimentModelRef | None = None
    version: str | None = None
    comment: str | None = None
    stages: NullableList[str] = no_items()
    user_name: str | None = None
    created_at: int | None = None
    last_updated: int | None = None
    rest_api_url: str | None = None
    metadata: NullableList[object] = no_items()
    assets: NullableList[Asset] = no_items()


class RegistryModel(Flat, frozen=True, kw_only=True):
    """One registered model.

    Attributes:
        registry_model_id: Its id.
        model_name: Its name, lower case with dashes.
        description: Free text.
        is_public: Whether everybody can read it.
        created_at: Milliseconds since 1970 UTC.
        last_updated: Milliseconds since 1970 UTC.
        user_name: User who registered it.
        number_of_versions: Versions that it has; not sent by every server.
        image_path: URL of its picture.
        workspace_id: Id of its workspace.
        latest_version: Newest version; None when it has none, and in `RegistryModelDetails`.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"image_path"})

    registry_model_id: str
    model_name: str | None = None
    description: str | None = None
    is_public: bool | None = None
    created_at: int | None = None
    last_updated: int | None = None
    user_name: str | None = None
    number_of_versions: int | None = None
    image_path: str | None = None
    workspace_id: str | None = None
    latest_version: RegistryVersion | None = None


class RegistryModels(Wire, frozen=True, kw_only=True):
    """Registered models of a workspace.

    Attributes:
        registry_models: One entry for each model.
    """

    registry_models: NullableList[RegistryModel]


class RegistryModelDetails(Wire, frozen=True, kw_only=True):
    """One registered model with its versions.

    Attributes:
        registry_model_id: Its id.
        model_name: Its name, lower case with dashes.
        description: Free text.
        is_public: Whether everybody can read it.
        created_at: Milliseconds since 1970 UTC.
        last_updated: Milliseconds since 1970 UTC.
        user_name: User who registered it.
        number_of_versions: Versions that it has; not sent by every server.
        image_path: URL of its picture.
        workspace_id: Id of its workspace.
        versions: One entry for each version.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"image_path"})

    registry_model_id: str
    versions: NullableList[RegistryVersion]
    model_name: str | None = None
    description: str | None = None
    is_public: bool | None = None
    created_at: int | None = None
    last_updated: int | None = None
    user_name: str | None = None
    number_of_versions: int | None = None
    image_path: str | None = None
    workspace_id: str | None = None


class RegistryModelCount(Flat, frozen=True, kw_only=True):
    """How many models a workspace has registered.

    Attributes:
        registry_model_count: The number.
    """

    registry_model_count: int


class RegistryModelCompact(Flat, frozen=True, kw_only=True):
    """The id behind a registered model's name.

    Attributes:
        registry_model_id: The id.
    """

    registry_model_id: str


class AllowedStatuses(Wire, frozen=True, kw_only=True):
    """Statuses that versions may have in a workspace.

    Attributes:
        allowed_status: One text for each status, as "Development".
    """

    allowed_status: NullableList[str]


def get_registry_models(workspace_name: str) -> Request[RegistryModels]:
    """Return the registered models of a workspace, each with its newest version.

    Args:
        workspace_name: Name of the workspace.

    Returns:
        All models in one answer, in no promised order; a model without a version has
        `latest_version` None.

    Source: Comet REST v2, registry-model.
    """
    return read(
        "/api/rest/v2/registry-model", RegistryModels, query={"workspaceName": workspace_name}
    )


def get_registry_model_count(workspace_name: str) -> Request[RegistryModelCount]:
    """Return how many models a workspace has registered.

    Args:
        workspace_name: Name of the workspace.

    Returns:
        One number.

    Source: Comet REST v2, registry-model/count.
    """
    return read(
        "/api/rest/v2/registry-model/count",
        RegistryModelCount,
        query={"workspaceName": workspace_name},
    )


def get_registry_model_details(
    workspace_name: str, model_name: str
) -> Request[RegistryModelDetails]:
    """Return one registered model with all its versions and their files.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.

    Returns:
        All versions, in no promised order; the server has no filter by version. An unknown model
        is an error with code 42008.

    Source: Comet REST v2, registry-model/details.
    """
    return read(
        "/api/rest/v2/registry-model/details",
        RegistryModelDetails,
        query={"workspaceName": workspace_name, "modelName": model_name},
    )


def get_registry_model_latest_version(
    workspace_name: str,
    model_name: str,
    *,
    stage: str | None = None,
    version_major: int | None = None,
    version_minor: int | None = None,
) -> Request[RegistryModelDetails]:
    """Return one registered model with its newest version only.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.
        stage: Newest version of this stage.
        version_major: Newest version with this first number.
        version_minor: Newest version with this second number.

    Returns:
        The model; `versions` holds the one found.

    Source: Comet REST v2, registry-model/latest_version, the only path with an underscore.
    """
    return read(
        "/api/rest/v2/registry-model/latest_version",
        RegistryModelDetails,
        query={
            "workspaceName": workspace_name,
            "modelName": model_name,
            "stage": stage,
            "versionMajor": version_major,
            "versionMinor": version_minor,
        },
    )


def get_registry_model_notes(workspace_name: str, model_name: str) -> Request[Notes]:
    """Return the notes of a registered model.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.

    Returns:
        One text; None or "" when there are no notes.

    Source: Comet REST v2, registry-model/notes.
    """
    return read(
        "/api/rest/v2/registry-model/notes",
        Notes,
        query={"workspaceName": workspace_name, "modelName": model_name},
    )


def get_registry_model_compact(
    workspace_name: str, model_name: str
) -> Request[RegistryModelCompact]:
    """Return the id of a registered model.

    Servers before 3.5.42 lack it.

    Args:
        workspace_name: Name of the workspace.
        model_name: Name of the model.

    Returns:
        The id.

    Source: the vendor's Python client, registry-model/compact-details.
    """
    return read(
        "/api/rest/v2/registry-model/compact-details",
        RegistryModelCompact,
        query={"workspaceName": workspace_name, "modelName": model_name},
    )


def get_registry_model_allowed_statuses(workspace_name: str) -> Request[AllowedStatuses]:
    """Return the statuses that versions of registered models may have.

    Args:
        workspace_name: Name of the workspace.

    Returns:
        All statuses in one answer.

    Source: the vendor's Python client, registry-model/allowed_status_values.
    """
    return read(
        "/api/rest/v2/registry-model/allowed_status_values",
        AllowedStatuses,
        query={"workspaceName": workspace_name},
    )
