"""What creates and changes model APIs."""

from __future__ import annotations

from typing import ClassVar

from comet_async.wire import Body, Open, Shared

__all__ = [
    "ModelApiCreationRequest",
    "ModelApiEnvironmentVariable",
    "ModelApiSource",
    "ModelApiSourceType",
    "ModelApiUpdateRequest",
    "ModelApiVersionCreationRequest",
]


class ModelApiEnvironmentVariable(Body, frozen=True, kw_only=True):
    """A variable of a model API.

    Attributes:
        key: Its name.
        value: Its value. A secret: the repr hides it.

    Wire model: ModelApiEnvironmentVariable.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"value"})

    key: str
    value: str


class ModelApiSourceType(Open):
    """Where the code of a version can come from."""

    FILE = "File"
    REGISTRY = "Registry"


class ModelApiSource(Shared, frozen=True, kw_only=True):
    """Where the code of a version comes from: a file, or the registry.

    Attributes:
        exclude_files: Files left out.
        file: Source file.
        function: Function called.
        registered_model_name: Name of the registered model.
        registered_model_version: Registered model version.
        type: Where the code comes from.

    Wire model: ModelApiSource.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"type"})

    exclude_files: list[str] | None = None
    file: str | None = None
    function: str | None = None
    registered_model_name: str | None = None
    registered_model_version: int | None = None
    type: ModelApiSourceType | None = None


class ModelApiVersionCreationRequest(Body, frozen=True, kw_only=True):
    """A version to add to a model API.

    Attributes:
        commit_id: Id of the commit.
        description: Free text.
        environment_id: Id of the environment.
        log_http_request_response: Whether requests and answers are logged.
        monitoring_enabled: Whether monitoring is on.
        prediction_dataset_resource_id: Id of the dataset of predictions.
        project_id: Id of its project.
        provenance_checkpoint_id: Id of the provenance checkpoint.
        record_invocation: Whether invocations are recorded.
        should_deploy: Whether it is deployed at once.
        source: Where its code comes from.

    Wire model: ModelApiVersionCreationRequest.
    """

    log_http_request_response: bool
    monitoring_enabled: bool
    project_id: str
    source: ModelApiSource
    commit_id: str | None = None
    description: str | None = None
    environment_id: str | None = None
    prediction_dataset_resource_id: str | None = None
    provenance_checkpoint_id: str | None = None
    record_invocation: bool | None = None
    should_deploy: bool | None = None


class ModelApiCreationRequest(Body, frozen=True, kw_only=True):
    """A model API to create, with its first version.

    Attributes:
        bundle_id: Id of the governance bundle.
        description: Free text.
        environment_id: Id of the environment.
        environment_variables: Environment variables.
        hardware_tier_id: Id of the hardware tier.
        is_async: Whether it answers asynchronously.
        name: Its name.
        replicas: Replicas.
        resource_quota_id: Id of the resource quota.
        strict_node_anti_affinity: Whether two replicas never share a node.
        version: Its first version.

    Wire model: ModelApiCreationRequest.
    """

    description: str
    environment_id: str
    environment_variables: list[ModelApiEnvironmentVariable]
    is_async: bool
    name: str
    strict_node_anti_affinity: bool
    version: ModelApiVersionCreationRequest
    bundle_id: str | None = None
    hardware_tier_id: str | None = None
    replicas: int | None = None
    resource_quota_id: str | None = None


class ModelApiUpdateRequest(Body, frozen=True, kw_only=True):
    """What a model API is from now on.

    Attributes:
        description: Free text.
        environment_id: Id of the environment.
        hardware_tier_id: Id of the hardware tier.
        name: Its name.
        replicas: Replicas.
        resource_quota_id: Id of the resource quota.

    Wire model: ModelApiUpdateRequest.
    """

    description: str
    environment_id: str
    name: str
    replicas: int
    hardware_tier_id: str | None = None
    resource_quota_id: str | None = None
