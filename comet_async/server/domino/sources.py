"""Operations on data sources and on the AI gateway, with their audit exports."""

from __future__ import annotations

from datetime import datetime

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.table import Table
from comet_async.server.domino.world import Rows, World, made
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]

_MINUTE = 60
_EVENTS = ("AccessDataSource", "CreateDataSource", "DataSourceChangeOfPermissions")


def _data_sources(world: World) -> Rows:
    def make(at: int) -> JsonObject:
        return {
            "id": made_id(Kind.DATA_SOURCE, at),
            "name": f"source-{at + 1}",
            "displayName": f"Source {at + 1}",
            "description": f"Made-up source {at + 1}",
            "authType": "Basic",
            "config": {"host": f"source-{at + 1}.example.com"},
            "credentialType": "Shared",
            "dataSourceType": "PostgreSQLConfig",
            "lastUpdated": rfc3339(EPOCH),
            "ownerId": made_id(Kind.USER, 0),
            "ownerUsername": "user-1",
            "permissions": {"isEveryone": True, "userAndOrganizationIds": []},
        }

    count = world.spec.data_sources
    return world.rows("data sources", make=lambda: made(Kind.DATA_SOURCE, count, make))


_SOURCES = Kept(
    "Data source",
    "DataSourceEnvelopeV1",
    lambda call: _data_sources(call.world),
    members="dataSources",
    parameter="dataSourceId",
    made=lambda call: {
        "lastUpdated": call.world.clock.text(),
        "displayName": call.body.get("name"),
        "ownerId": call.world.caller,
        "ownerUsername": "user-1",
    },
)


def _named(call: Call, row: JsonObject) -> bool:
    names = call.texts("dataSourceNames")
    return not names or row["name"] in names


def _endpoint(at: int) -> JsonObject:
    return {
        "endpointId": made_id(Kind.OTHER, at, 1),
        "endpointName": f"endpoint-{at + 1}",
        "endpointType": "llm/v1/chat" if at % 2 else "llm/v1/completions",
        "modelProvider": "openai",
        "modelName": "gpt-4",
        "modelConfig": {"max_tokens": "100"},
        "creationDate": rfc3339(EPOCH + at * _MINUTE),
    }


def _endpoints(world: World) -> Rows:
    count = world.spec.endpoints
    names = {f"endpoint-{at + 1}": at for at in range(count)}

    def make(at: int) -> tuple[str, JsonObject]:
        return f"endpoint-{at + 1}", _endpoint(at)

    return world.rows("endpoints", make=lambda: Table(count, make, names.get))


_ENDPOINTS = Kept(
    "Endpoint",
    "EndpointEnvelopeV1",
    lambda call: _endpoints(call.world),
    members="endpoints",
    parameter="endpointName",
    key="endpointName",
    made=lambda call: {
        "endpointId": call.world.new_id(),
        "creationDate": call.world.clock.text(),
    },
)


def get_all_gateway_endpoints(call: Call) -> JsonObject:
    """Return a page of the endpoints, sorted."""
    order, words = call.text("sortByField"), call.text("searchFilter").lower()
    rows = [row for row in _ENDPOINTS.rows(call) if words in str(row).lower()]
    if rows and order not in rows[0]:
        raise ApiError(400, f"Invalid value for sortByField: {order[:40]}")
    rows.sort(key=lambda row: str(row[order]), reverse=not call.flag("shouldSortAscending"))
    page = call.page()
    return call.listing("endpoints", [*rows[page.offset : page.stop(len(rows))]], page, len(rows))


def _permissions(call: Call) -> JsonObject:
    row = call.world.rows("permissions").get(str(_ENDPOINTS.find(call)["endpointName"]))
    return row or {"isEveryoneAllowed": True, "userIds": []}


def create_gateway_endpoint(call: Call) -> Answered:
    """Add an endpoint, with its permissions."""
    answer = _ENDPOINTS.creates("endpointName")(call)
    given = call.body.get("endpointPermissions")
    if isinstance(given, dict):
        call.world.rows("permissions").put(call.member("endpointName"), given)
    return answer


def update_gateway_endpoint_permissions_by_name(call: Call) -> JsonObject:
    """Change who may use an endpoint."""
    row = {**_permissions(call), **call.body}
    call.world.rows("permissions").put(call.path["endpointName"], row)
    return row


def _within(call: Call) -> range:
    """Return the numbers of the events in the span of time that is asked for."""
    spec, begin, end = call.world.spec, call.text("startTime"), call.text("endTime")
    first = 0 if not begin else max(0, -(-int(_seconds(begin) - EPOCH) // _MINUTE))
    last = spec.audit_events
    if end:
        last = min(last, max(0, int(_seconds(end) - EPOCH) // _MINUTE + 1))
    return range(first, last)


def _seconds(text: str) -> float:
    """Return a time in seconds since 1970 UTC.

    Raises:
        ApiError: It is none, or names no zone.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ApiError(400, f"Invalid time: {text[:40]}")
    return found.timestamp()


def get_ai_gateway_audit_data(call: Call) -> Answered:
    """Return the events of the gateway in a span of time, both ends included."""
    ids, names = call.texts("endpointIds"), call.texts("endpointNames")
    count = max(1, call.world.spec.endpoints)
    found: list[Json] = []
    for at in _within(call):
        endpoint = _endpoint(at % count)
        if ids and endpoint["endpointId"] not in ids:
            continue
        if names and endpoint["endpointName"] not in names:
            continue
        event: Json = {
            "endpointId": endpoint["endpointId"],
            "endpointType": endpoint["endpointType"],
            "eventKind": "AccessGatewayEndpoint",
            "performedBy": f"user-{at % max(1, call.world.spec.users) + 1}",
            "timestamp": rfc3339(EPOCH + _MINUTE * at),
            "metadata": {"tokens": str(at), "endpointName": endpoint["endpointName"]},
        }
        found.append(event)
    return found


def get_data_source_audit_data(call: Call) -> Answered:
    """Return the events of data sources in a span of time, both ends included."""
    ids, names = call.texts("dataSourceIds"), call.texts("dataSourceNames")
    kinds, count = call.texts("eventKinds"), max(1, call.world.spec.data_sources)
    found: list[Json] = []
    for at in _within(call):
        source_id, name = made_id(Kind.DATA_SOURCE, at % count), f"source-{at % count + 1}"
        kind = _EVENTS[at % len(_EVENTS)]
        wanted = (not ids or source_id in ids) and (not names or name in names)
        if not wanted or (kinds and kind not in kinds):
            continue
        event: Json = {
            "dataSourceId": source_id,
            "dataSourceName": name,
            "dataSourceType": "PostgreSQLConfig",
            "eventKind": kind,
            "performedBy": f"user-{at % max(1, call.world.spec.users) + 1}",
            "timestamp": rfc3339(EPOCH + _MINUTE * at),
            "metadata": {"number": str(at)},
        }
        found.append(event)
    return found


HANDLERS: dict[str, Handler] = {
    "get_accessible_and_active_data_sources": _SOURCES.lists(_named),
    "create_data_source": _SOURCES.creates("name"),
    "get_data_source": _SOURCES.fetches(),
    "update_data_source": _SOURCES.changes("lastUpdated"),
    "delete_data_source": _SOURCES.drops(shown=True),
    "get_data_source_audit_data": get_data_source_audit_data,
    "get_all_gateway_endpoints": get_all_gateway_endpoints,
    "create_gateway_endpoint": create_gateway_endpoint,
    "get_gateway_endpoint_by_name": _ENDPOINTS.fetches(),
    "update_gateway_endpoint_by_name": _ENDPOINTS.changes(),
    "delete_gateway_endpoint_by_name": _ENDPOINTS.drops(),
    "get_gateway_endpoint_permissions_by_name": _permissions,
    "update_gateway_endpoint_permissions_by_name": update_gateway_endpoint_permissions_by_name,
    "get_ai_gateway_audit_data": get_ai_gateway_audit_data,
}
"""Handler of each operation."""
