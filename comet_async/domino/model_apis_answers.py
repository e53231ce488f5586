"""What requests on model apis send and receive."""

from __future__ import annotations

from comet_async.domino.metadata import PageMetadata
from comet_async.domino.new_model_apis import ModelApiSource
from comet_async.wire import Flat, NullableList, Wire, no_items

__all__ = [
    "ModelApi",
    "ModelApiAccessConfiguration",
    "ModelApiAccessToken",
    "ModelApiCollaboratorRole",
    "ModelApiHealthCheckConfiguration",
    "ModelApiMetadata",
    "ModelApiVersion",
    "ModelApiVersionDeployment",
    "ModelApiVersionMetadata",
    "ModelApiVersionProductionLabel",
    "ModelApiVersionSummary",
    "ModelApiVersionTargetState",
    "ModelApiVolume",
    "ModelApisPage",
]


class ModelApiAccessToken(Flat, frozen=True, kw_only=True):
    """An access token, without the token itself.

    Attributes:
        created: When it was created, a number since 1970 UTC.
        created_by: Id of the user who created it.
        id: Its id.
        last_generated: When it was last generated, a number since 1970 UTC.
        last_generated_by: Id of the user who generated it last.
        name: Its name.

    Wire model: ModelApiAccessToken.
    """

    id: str
    created: float | None = None
    created_by: str | None = None
    last_generated: float | None = None
    last_generated_by: str | None = None
    name: str | None = None


class ModelApiAccessConfiguration(Wire, frozen=True, kw_only=True):
    """Who may call a model API.

    Attributes:
        access_tokens: One entry for each access token.
        is_public: Whether it is public.

    Wire model: ModelApiAccessConfiguration.
    """

    access_tokens: NullableList[ModelApiAccessToken] = no_items()
    is_public: bool | None = None


class ModelApiVersionDeployment(Flat, frozen=True, kw_only=True):
    """How the deployment of a version stands.

    Attributes:
        is_pending: Whether a deployment is under way.
        status: Its state.

    Wire model: ModelApiVersionDeployment.
    """

    is_pending: bool | None = None
    status: str | None = None


class ModelApiVersionSummary(Flat, frozen=True, kw_only=True):
    """The version that a model API serves.

    Attributes:
        data_plane_id: Id of the data plane.
        deployment: Deployment state.
        id: Its id.
        number: Sequence number.

    Wire model: ModelApiVersionSummary.
    """

    id: str
    data_plane_id: str | None = None
    deployment: ModelApiVersionDeployment | None = None
    number: int | None = None


class ModelApiCollaboratorRole(Flat, frozen=True, kw_only=True):
    """A collaborator of a model API.

    Attributes:
        collaborator: Collaborator reference.
        role: The role.

    Wire model: ModelApiCollaboratorRole.
    """

    collaborator: str | None = None
    role: str | None = None


class ModelApiHealthCheckConfiguration(Flat, frozen=True, kw_only=True):
    """How the health of a model API is checked.

    Attributes:
        failure_threshold: Failures until it counts as unhealthy.
        initial_delay_seconds: Seconds before the first check.
        period_seconds: Seconds between two checks.
        timeout_seconds: Seconds that a check may take.

    Wire model: ModelApiHealthCheckConfiguration.
    """

    failure_threshold: int | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None


class ModelApiMetadata(Flat, frozen=True, kw_only=True):
    """When and by whom a model API was made.

    Attributes:
        created: When it was created, a number since 1970 UTC.
        created_by: Id of the user who created it.
        last_modified: When it was last changed, a number since 1970 UTC.

    Wire model: ModelApiMetadata.
    """

    created: float | None = None
    created_by: str | None = None
    last_modified: float | None = None


class ModelApiVolume(Flat, frozen=True, kw_only=True):
    """A volume of a model API.

    Attributes:
        mount_path: Mount path.
        name: Its name.
        read_only: Whether it is mounted read-only.
        volume_type: Volume kind.

    Wire model: ModelApiVolume.
    """

    mount_path: str | None = None
    name: str | None = None
    read_only: bool | None = None
    volume_type: str | None = None


class ModelApi(Wire, frozen=True, kw_only=True):
    """A model API.

    Attributes:
        access: Access settings.
        active_version: The version that it serves.
        bundle_id: Id of the governance bundle.
        collaborators: One entry for each collaborator.
        description: Free text.
        environment_id: Id of the environment.
        hardware_tier_id: Id of the hardware tier.
        health_check: Health check settings.
        id: Its id.
        is_archived: Whether it is archived.
        is_async: Whether it answers asynchronously.
        metadata: Who made it, and when.
        name: Its name.
        override_request_timeout_secs: Limit of a request in seconds.
        replicas: Replicas.
        resource_quota_id: Id of the resource quota.
        routing_mode: Routing mode.
        strict_node_anti_affinity: Whether two replicas never share a node.
        volumes: One entry for each volume.

    Wire model: ModelApi.
    """

    id: str
    access: ModelApiAccessConfiguration | None = None
    active_version: ModelApiVersionSummary | None = None
    bundle_id: str | None = None
    collaborators: NullableList[ModelApiCollaboratorRole] = no_items()
    description: str | None = None
    environment_id: str | None = None
    hardware_tier_id: str | None = None
    health_check: ModelApiHealthCheckConfiguration | None = None
    is_archived: bool | None = None
    is_async: bool | None = None
    metadata: ModelApiMetadata | None = None
    name: str | None = None
    override_request_timeout_secs: int | None = None
    replicas: int | None = None
    resource_quota_id: str | None = None
    routing_mode: str | None = None
    strict_node_anti_affinity: bool | None = None
    volumes: NullableList[ModelApiVolume] = no_items()


class ModelApisPage(Wire, frozen=True, kw_only=True):
    """One page of model APIs.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: ModelApiPaginatedList.
    """

    items: NullableList[ModelApi]
    metadata: PageMetadata | None = None


class ModelApiVersionMetadata(Flat, frozen=True, kw_only=True):
    """When and by whom a version was made.

    Attributes:
        created: When it was created, a number since 1970 UTC.
        created_by: Id of the user who created it.
        summary: What changed, free text.

    Wire model: ModelApiVersionMetadata.
    """

    created: float | None = None
    created_by: str | None = None
    summary: str | None = None


class ModelApiVersion(Wire, frozen=True, kw_only=True):
    """A version of a model API.

    Attributes:
        bundle_id: Id of the governance bundle.
        commit_id: Id of the commit.
        data_plane_id: Id of the data plane.
        deployment: Deployment state.
        description: Free text.
        environment_revision_id: Id of the environment revision.
        id: Its id.
        labels: Its labels.
        log_http_request_response: Whether requests and answers are logged.
        metadata: Who made it, and when.
        model_api_id: Id of the model API.
        monitoring_enabled: Whether monitoring is on.
        number: Sequence number.
        prediction_dataset_resource_id: Id of the dataset of predictions.
        project_id: Id of its project.
        provenance_checkpoint_id: Id of the provenance checkpoint.
        record_invocation: Whether invocations are recorded.
        source: Where its code comes from.

    Wire model: ModelApiVersion.
    """

    id: str
    bundle_id: str | None = None
    commit_id: str | None = None
    data_plane_id: str | None = None
    deployment: ModelApiVersionDeployment | None = None
    description: str | None = None
    environment_revision_id: str | None = None
    labels: NullableList[str] = no_items()
    log_http_request_response: bool | None = None
    metadata: ModelApiVersionMetadata | None = None
    model_api_id: str | None = None
    monitoring_enabled: bool | None = None
    number: int | None = None
    prediction_dataset_resource_id: str | None = None
    project_id: str | None = None
    provenance_checkpoint_id: str | None = None
    record_invocation: bool | None = None
    source: ModelApiSource | None = None


class ModelApiVersionProductionLabel(Flat, frozen=True, kw_only=True):
    """Whether a version is the production version.

    Attributes:
        is_prod: Whether it is the production version.

    Wire model: ModelApiVersionProductionLabel.
    """

    is_prod: bool | None = None


class ModelApiVersionTargetState(Flat, frozen=True, kw_only=True):
    """Whether a version should run.

    Attributes:
        is_running: Whether it should run.

    Wire model: ModelApiVersionTargetState.
    """

    is_running: bool | None = None
