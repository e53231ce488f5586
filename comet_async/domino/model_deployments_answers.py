"""What requests on model deployments send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.deployment_status import ModelDeploymentStatus
from comet_async.domino.metadata import PageMetadata
from comet_async.wire import Body, Flat, NullableList, Open, Shared, Wire, no_items

__all__ = [
    "CreatorInfo",
    "DeploymentKind",
    "DeploymentRole",
    "DeploymentTargetInfo",
    "DeploymentType",
    "ModelDeployment",
    "ModelDeploymentCollaborator",
    "ModelDeploymentConfiguration",
    "ModelDeploymentsPage",
    "ModelDetail",
    "ModelDetailSource",
    "NewModelDeployment",
    "NewOrUpdatedModelDetail",
    "RegistryKind",
    "ResourceConfigurationInfo",
    "UpdatedModelDeployment",
]


class DeploymentRole(Open):
    """Roles in a model deployment."""

    CONSUMER = "CONSUMER"
    OWNER = "OWNER"


class ModelDeploymentCollaborator(Shared, frozen=True, kw_only=True):
    """A collaborator of a model deployment.

    Attributes:
        id: Its id.
        role: The role.

    Wire model: ModelDeploymentCollaborator.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"id", "role"})

    id: str | None = None
    role: DeploymentRole | None = None


class DeploymentKind(Open):
    """Kinds of model deployments."""

    SYNC_ENDPOINT = "SYNC_ENDPOINT"
    ASYNC_ENDPOINT = "ASYNC_ENDPOINT"


class DeploymentType(Shared, frozen=True, kw_only=True):
    """Kind of a model deployment and its settings.

    Attributes:
        model_configs: Settings by model.
        shared_config: Settings of all models.
        type: Its kind.
    """

    model_configs: dict[str, object] | None = None
    shared_config: object = None
    type: DeploymentKind | None = None


class ModelDeploymentConfiguration(Shared, frozen=True, kw_only=True):
    """Settings of a model deployment.

    Attributes:
        deployment_type: Kind of deployment and its settings.
        model_configs: Settings by model.
        shared_config: Settings of all models.

    Wire model: ModelDeploymentConfiguration.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"deployment_type", "model_configs", "shared_config"}
    )

    deployment_type: DeploymentType | None = None
    model_configs: dict[str, object] | None = None
    shared_config: object = None


class CreatorInfo(Flat, frozen=True, kw_only=True):
    """The user who created a model deployment.

    Attributes:
        id: Its id.
        username: Name of the user.

    Wire model: CreatorInfo.
    """

    id: str
    username: str | None = None


class DeploymentTargetInfo(Flat, frozen=True, kw_only=True):
    """Where a model deployment runs.

    Attributes:
        id: Its id.
        name: Its name.
        type_name: Kind, as "AWS SageMaker".

    Wire model: DeploymentTargetInfo.
    """

    id: str
    name: str | None = None
    type_name: str | None = None


class RegistryKind(Open):
    """Kinds of registries."""

    MODELREGISTRY = "MODELREGISTRY"


class ModelDetailSource(Shared, frozen=True, kw_only=True):
    """The registered model behind a model of a deployment.

    Attributes:
        registered_model_name: Name of the registered model.
        registered_model_type: Kind of registry.
        registered_model_version: Registered model version.

    Wire model: ModelDetailSource.
    """

    needed: ClassVar[frozenset[str]] = frozenset(
        {"registered_model_name", "registered_model_type", "registered_model_version"}
    )

    registered_model_name: str | None = None
    registered_model_type: RegistryKind | None = None
    registered_model_version: int | None = None


class ModelDetail(Flat, frozen=True, kw_only=True):
    """A model of a deployment.

    Attributes:
        environment_id: Id of the environment.
        environment_name: Name of the environment.
        name: Its name.
        project_id: Id of its project.
        source: Where its code comes from.

    Wire model: ModelDetail.
    """

    environment_id: str | None = None
    environment_name: str | None = None
    name: str | None = None
    project_id: str | None = None
    source: ModelDetailSource | None = None


class ResourceConfigurationInfo(Flat, frozen=True, kw_only=True):
    """What a model deployment runs on.

    Attributes:
        configuration: Its settings.
        id: Its id.
        name: Its name.

    Wire model: ResourceConfigurationInfo.
    """

    id: str
    configuration: object = None
    name: str | None = None


class ModelDeployment(Wire, frozen=True, kw_only=True):
    """A model deployment.

    Attributes:
        collaborators: One entry for each collaborator.
        configuration: Its settings.
        creation_timestamp: When it was created, an RFC 3339 text.
        creator_info: Who created it.
        deployment_target_info: Where it is deployed.
        description: Free text.
        id: Its id.
        is_globally_accessible: Whether everyone can see it.
        models: Models served.
        name: Its name.
        remote_update_timestamp: When the target last changed, an RFC 3339 text.
        resource_configuration_info: What it runs on.
        status: How it stands.
        version: Its version.

    Wire model: ModelDeployment.
    """

    id: str
    collaborators: NullableList[ModelDeploymentCollaborator] = no_items()
    configuration: ModelDeploymentConfiguration | None = None
    creation_timestamp: str | None = None
    creator_info: CreatorInfo | None = None
    deployment_target_info: DeploymentTargetInfo | None = None
    description: str | None = None
    is_globally_accessible: bool | None = None
    models: NullableList[ModelDetail] = no_items()
    name: str | None = None
    remote_update_timestamp: str | None = None
    resource_configuration_info: ResourceConfigurationInfo | None = None
    status: ModelDeploymentStatus | None = None
    version: int | None = None


class ModelDeploymentsPage(Wire, frozen=True, kw_only=True):
    """One page of model deployments.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: ModelDeploymentPaginatedList.
    """

    items: NullableList[ModelDeployment]
    metadata: PageMetadata | None = None


class NewOrUpdatedModelDetail(Body, frozen=True, kw_only=True):
    """A model to deploy.

    Attributes:
        environment_id: Id of the environment.
        name: Its name.
        source: Where its code comes from.

    Wire model: NewOrUpdatedModelDetail.
    """

    environment_id: str
    name: str
    source: ModelDetailSource


class NewModelDeployment(Body, frozen=True, kw_only=True):
    """A model deployment to create.

    Attributes:
        collaborators: One entry for each collaborator.
        configuration: Its settings.
        deployment_target_id: Id of the deployment target.
        description: Free text.
        is_globally_accessible: Whether everyone can see it.
        models: Models served.
        name: Its name.
        resource_configuration_id: Id of the resource configuration.

    Wire model: NewModelDeployment.
    """

    configuration: ModelDeploymentConfiguration
    deployment_target_id: str
    models: list[NewOrUpdatedModelDetail]
    name: str
    resource_configuration_id: str
    collaborators: list[ModelDeploymentCollaborator] | None = None
    description: str | None = None
    is_globally_accessible: bool | None = None


class UpdatedModelDeployment(Body, frozen=True, kw_only=True):
    """What to change of a model deployment; what is not given stays.

    Attributes:
        collaborators: One entry for each collaborator.
        configuration: Its settings.
        deployment_target_id: Id of the deployment target.
        description: Free text.
        is_globally_accessible: Whether everyone can see it.
        models: Models served.
        name: Its name.
        resource_configuration_id: Id of the resource configuration.

    Wire model: UpdatedModelDeployment.
    """

    collaborators: list[ModelDeploymentCollaborator] | None = None
    configuration: ModelDeploymentConfiguration | None = None
    deployment_target_id: str | None = None
    description: str | None = None
    is_globally_accessible: bool | None = None
    models: list[NewOrUpdatedModelDetail] | None = None
    name: str | None = None
    resource_configuration_id: str | None = None
