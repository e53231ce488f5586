"""AI gateway: endpoints of language models and their audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from comet_async.domino.common import read, write
from comet_async.domino.metadata import PageMetadata
from comet_async.request import Effect, Request
from comet_async.wire import Body, NullableDict, NullableList, Shared, Wire, no_members

__all__ = [
    "GatewayAuditEvent",
    "GatewayEndpoint",
    "GatewayEndpointUpdate",
    "GatewayEndpointsPage",
    "GatewayPermissions",
    "NewGatewayEndpoint",
    "create_gateway_endpoint",
    "delete_gateway_endpoint_by_name",
    "get_ai_gateway_audit_data",
    "get_all_gateway_endpoints",
    "get_gateway_endpoint_by_name",
    "get_gateway_endpoint_permissions_by_name",
    "update_gateway_endpoint_by_name",
    "update_gateway_endpoint_permissions_by_name",
]


class GatewayAuditEvent(Wire, frozen=True, kw_only=True):
    """One event of the AI gateway.

    Attributes:
        endpoint_id: Id of the endpoint.
        endpoint_type: Kind, as "llm/v1/chat", "llm/v1/completions" or "llm/v1/embeddings".
        event_kind: Event kind.
        metadata: Further members, all texts.
        performed_by: Id of the user who did it.
        timestamp: When it happened, an RFC 3339 text.

    Wire model: AIGatewayAuditDataV1.
    """

    endpoint_id: str | None = None
    endpoint_type: str | None = None
    event_kind: str | None = None
    metadata: NullableDict[str | None] = no_members()
    performed_by: str | None = None
    timestamp: str | None = None


class GatewayEndpoint(Wire, frozen=True, kw_only=True):
    """An endpoint of the AI gateway, bare despite the model's name.

    Attributes:
        creation_date: When it was created, an RFC 3339 text.
        endpoint_id: Id of the endpoint.
        endpoint_name: Name of the endpoint.
        endpoint_type: Kind, as "llm/v1/chat", "llm/v1/completions" or "llm/v1/embeddings".
        model_config: Settings of the provider, which may hold its keys. The repr hides them.
        model_name: Name of the provider model.
        model_provider: Provider, as "openai".

    Wire model: EndpointEnvelopeV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"model_config"})

    endpoint_id: str
    creation_date: str | None = None
    endpoint_name: str | None = None
    endpoint_type: str | None = None
    model_config: NullableDict[str | None] = no_members()
    model_name: str | None = None
    model_provider: str | None = None


class GatewayEndpointsPage(Wire, frozen=True, kw_only=True):
    """One page of endpoints of the AI gateway.

    Attributes:
        endpoints: One entry for each endpoint.
        metadata: Request id and notices.

    Wire model: AIGatewayEnvelopeV1.
    """

    endpoints: NullableList[GatewayEndpoint]
    metadata: PageMetadata | None = None


class GatewayPermissions(Shared, frozen=True, kw_only=True):
    """Who may use an endpoint of the AI gateway.

    Attributes:
        is_everyone_allowed: Whether everyone may use it.
        user_ids: Ids of the users who may.

    Wire model: EndpointPermissionsDtoV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"is_everyone_allowed", "user_ids"})

    is_everyone_allowed: bool | None = None
    user_ids: list[str] | None = None


class NewGatewayEndpoint(Body, frozen=True, kw_only=True):
    """An endpoint of the AI gateway to create.

    Attributes:
        endpoint_name: Name of the endpoint.
        endpoint_permissions: Who may use it.
        endpoint_type: Kind, as "llm/v1/chat", "llm/v1/completions" or "llm/v1/embeddings".
        model_config: Settings of the provider, which may hold its keys. The repr hides them.
        model_name: Name of the provider model.
        model_provider: Provider, as "openai".

    Wire model: NewEndpointV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"model_config"})

    endpoint_name: str
    endpoint_permissions: GatewayPermissions
    endpoint_type: str
    model_config: dict[str, str]
    model_name: str
    model_provider: str


class GatewayEndpointUpdate(Body, frozen=True, kw_only=True):
    """What to change of an endpoint of the AI gateway; what is not given stays.

    Attributes:
        endpoint_name: Name of the endpoint.
        endpoint_type: Kind, as "llm/v1/chat", "llm/v1/completions" or "llm/v1/embeddings".
        model_config: Settings of the provider, which may hold its keys. The repr hides them.
        model_name: Name of the provider model.
        model_provider: Provider, as "openai".

    Wire model: UpdatedEndpointV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"model_config"})

    endpoint_name: str | None = None
    endpoint_type: str | None = None
    model_config: dict[str, str] | None = None
    model_name: str | None = None
    model_provider: str | None = None


def get_ai_gateway_audit_data(
    *,
    endpoint_ids: Sequence[str] | None = None,
    endpoint_names: Sequence[str] | None = None,
    start_time: str | None = None,
    end_time: str | None = None,
) -> Request[list[GatewayAuditEvent]]:
    """Return the audit events of the AI gateway.

    One unpaged array: cut a long range by `start_time` and `end_time`.

    Args:
        endpoint_ids: Ids of endpoints.
        endpoint_names: Names of endpoints.
        start_time: Earliest event, an ISO 8601 text.
        end_time: End of the range, an ISO 8601 text.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, AIGateway.
    """
    return read(
        "/api/aigateway/v1/audit",
        list[GatewayAuditEvent],
        query={
            "endpointIds": endpoint_ids,
            "endpointNames": endpoint_names,
            "startTime": start_time,
            "endTime": end_time,
        },
    )


def get_all_gateway_endpoints(
    *,
    offset: int | None = None,
    limit: int | None = None,
    sort_by_field: str | None = None,
    should_sort_ascending: bool | None = None,
    search_filter: str | None = None,
) -> Request[GatewayEndpointsPage]:
    """Return the endpoints of the AI gateway that the caller may use.

    Args:
        offset: Rows to skip.
        limit: Most rows of the answer, default all.
        sort_by_field: What to sort by. One of "creationDate", "endpointName", "endpointType",
            "modelProvider", "modelName"; default "creationDate".
        should_sort_ascending: Whether to sort upwards; default false.
        search_filter: Text to look for in endpoints.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, AIGateway.
    """
    return read(
        "/api/aigateway/v1/endpoints",
        GatewayEndpointsPage,
        query={
            "offset": offset,
            "limit": limit,
            "sortByField": sort_by_field,
            "shouldSortAscending": should_sort_ascending,
            "searchFilter": search_filter,
        },
    )


def create_gateway_endpoint(gateway_endpoint: NewGatewayEndpoint) -> Request[GatewayEndpoint]:
    """Create an endpoint of the AI gateway.

    Appends: it is not repeated where the server may have acted.

    Args:
        gateway_endpoint: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, AIGateway.
    """
    return write(
        "POST", "/api/aigateway/v1/endpoints", GatewayEndpoint, Effect.APPEND, json=gateway_endpoint
    )


def get_gateway_endpoint_by_name(
    endpoint_name: str, *, num_input_tokens: str | None = None
) -> Request[GatewayEndpoint]:
    """Return one endpoint of the AI gateway.

    Args:
        endpoint_name: Name of the endpoint.
        num_input_tokens: Tokens in the request, which are recorded as usage.

    Returns:
        One object.

    Source: Domino REST API, AIGateway.
    """
    return read(
        "/api/aigateway/v1/endpoints/{endpointName}",
        GatewayEndpoint,
        path_params={"endpointName": endpoint_name},
        query={"numInputTokens": num_input_tokens},
    )


def update_gateway_endpoint_by_name(
    endpoint_name: str, update: GatewayEndpointUpdate
) -> Request[GatewayEndpoint]:
    """Change an endpoint of the AI gateway.

    Idempotent.

    Args:
        endpoint_name: Name of the endpoint.
        update: What changes.

    Returns:
        The object as it is now.

    Source: Domino REST API, AIGateway.
    """
    return write(
        "PATCH",
        "/api/aigateway/v1/endpoints/{endpointName}",
        GatewayEndpoint,
        Effect.IDEMPOTENT,
        path_params={"endpointName": endpoint_name},
        json=update,
    )


def delete_gateway_endpoint_by_name(endpoint_name: str) -> Request[None]:
    """Delete an endpoint of the AI gateway.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Args:
        endpoint_name: Name of the endpoint.

    Returns:
        Nothing.

    Source: Domino REST API, AIGateway.
    """
    return write(
        "DELETE",
        "/api/aigateway/v1/endpoints/{endpointName}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"endpointName": endpoint_name},
    )


def get_gateway_endpoint_permissions_by_name(endpoint_name: str) -> Request[GatewayPermissions]:
    """Return who may use an endpoint of the AI gateway.

    Args:
        endpoint_name: Name of the endpoint.

    Returns:
        One object.

    Source: Domino REST API, AIGateway.
    """
    return read(
        "/api/aigateway/v1/endpoints/{endpointName}/permissions",
        GatewayPermissions,
        path_params={"endpointName": endpoint_name},
    )


def update_gateway_endpoint_permissions_by_name(
    endpoint_name: str,
    *,
    is_everyone_allowed: bool | None = None,
    user_ids: Sequence[str] | None = None,
) -> Request[GatewayPermissions]:
    """Change who may use an endpoint of the AI gateway.

    Idempotent.

    Args:
        endpoint_name: Name of the endpoint.
        is_everyone_allowed: Whether everyone may use it.
        user_ids: Ids of the users who may.

    Returns:
        The object as it is now.

    Source: Domino REST API, AIGateway.
    """
    return write(
        "PATCH",
        "/api/aigateway/v1/endpoints/{endpointName}/permissions",
        GatewayPermissions,
        Effect.IDEMPOTENT,
        path_params={"endpointName": endpoint_name},
        json={"isEveryoneAllowed": is_everyone_allowed, "userIds": user_ids},
    )
