"""How model deployments stand."""

from __future__ import annotations

from typing import ClassVar

from comet_async.wire import Flat, NullableDict, NullableList, Open, Wire, no_items, no_members

__all__ = [
    "DeploymentCredentials",
    "DeploymentCredentialsType",
    "DeploymentExample",
    "DeploymentOperationMetadata",
    "DeploymentState",
    "ModelDeploymentStatus",
    "ModelDeploymentStatusOperation",
]


class DeploymentCredentialsType(Open):
    """Kinds of credentials for a deployment.

    Wire model: CredentialsType.
    """

    AWS = "AWS"
    HMAC = "HMAC"


class DeploymentCredentials(Wire, frozen=True, kw_only=True):
    """Credentials that an operation gives out.

    Attributes:
        expiration_time: When they expire, an RFC 3339 text.
        keys: The keys. A secret: the repr hides it.
        type: Its kind.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"keys"})

    expiration_time: str | None = None
    keys: NullableList[str] = no_items()
    type: DeploymentCredentialsType | None = None


class DeploymentExample(Flat, frozen=True, kw_only=True):
    """How to call an operation in one language.

    Attributes:
        code: Source text.
        format: Format of the request.
        language: Programming language.
        request: What is sent.
    """

    code: str | None = None
    format: str | None = None
    language: str | None = None
    request: str | None = None


class DeploymentOperationMetadata(Wire, frozen=True, kw_only=True):
    """What an operation can do.

    Attributes:
        operations: Names of the operations.
        service: Service that it is for.
        type: Its kind.
    """

    operations: NullableList[str] = no_items()
    service: str | None = None
    type: str | None = None


class ModelDeploymentStatusOperation(Wire, frozen=True, kw_only=True):
    """Something that can be asked of a model deployment.

    Attributes:
        credentials: Its credentials. A secret: the repr hides it.
        example_payload: A body to try.
        examples: How to call it in several languages.
        fields: Texts by name.
        metadata: What it can do.
        type: Its kind.

    Wire model: ModelDeploymentStatusOperation.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"credentials"})

    credentials: DeploymentCredentials | None = None
    example_payload: str | None = None
    examples: NullableList[DeploymentExample] = no_items()
    fields: NullableDict[str | None] = no_members()
    metadata: DeploymentOperationMetadata | None = None
    type: str | None = None


class DeploymentState(Open):
    """How a model deployment stands."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    UPDATING = "UPDATING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    DELETING = "DELETING"
    DELETED = "DELETED"


class ModelDeploymentStatus(Wire, frozen=True, kw_only=True):
    """How a model deployment stands.

    Attributes:
        message: A sentence.
        model_operations: Operations by model.
        model_states: States by model.
        shared_operations: Operations of all models.
        shared_state: State of all models.
        state: Deployment state.

    Wire model: ModelDeploymentStatus.
    """

    message: str | None = None
    model_operations: NullableDict[list[ModelDeploymentStatusOperation] | None] = no_members()
    model_states: NullableDict[object] = no_members()
    shared_operations: NullableList[ModelDeploymentStatusOperation] = no_items()
    shared_state: object = None
    state: DeploymentState | None = None
