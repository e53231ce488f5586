"""Data sources and their audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comet_async.domino.common import read, write
from comet_async.domino.data_sources_answers import (
    DataSource,
    DataSourceAuditEvent,
    DataSourceCredentials,
    DataSourcePermissions,
    DataSourcesPage,
    NewDataSource,
)
from comet_async.request import Effect, Request

__all__ = [
    "create_data_source",
    "delete_data_source",
    "get_accessible_and_active_data_sources",
    "get_data_source",
    "get_data_source_audit_data",
    "update_data_source",
]


def get_data_source_audit_data(
    *,
    data_source_ids: Sequence[str] | None = None,
    data_source_names: Sequence[str] | None = None,
    event_kinds: Sequence[str] | None = None,
    start_time: str | None = None,
    end_time: str | None = None,
) -> Request[list[DataSourceAuditEvent]]:
    """Return the audit events of data sources.

    One unpaged array: cut a long range by `start_time` and `end_time`.

    Args:
        data_source_ids: Ids of data sources.
        data_source_names: Names of data sources.
        event_kinds: Kinds of events, of `DataSourceAuditEventKind`.
        start_time: Earliest event, an ISO 8601 text.
        end_time: End of the range, an ISO 8601 text.

    Returns:
        All of them in one list, unpaged.

    Source: Domino REST API, DataSource.
    """
    return read(
        "/api/datasource/v1/audit",
        list[DataSourceAuditEvent],
        query={
            "dataSourceIds": data_source_ids,
            "dataSourceNames": data_source_names,
            "eventKinds": event_kinds,
            "startTime": start_time,
            "endTime": end_time,
        },
    )


def get_accessible_and_active_data_sources(
    *,
    data_source_names: Sequence[str] | None = None,
    offset: int | None = None,
    limit: int | None = None,
) -> Request[DataSourcesPage]:
    """Return the active data sources that the caller may use.

    Args:
        data_source_names: Names of data sources.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, DataSource.
    """
    return read(
        "/api/datasource/v1/datasources",
        DataSourcesPage,
        query={"dataSourceNames": data_source_names, "offset": offset, "limit": limit},
    )


def create_data_source(data_source: NewDataSource) -> Request[DataSource]:
    """Create a data source.

    Appends: it is not repeated where the server may have acted.

    Args:
        data_source: What is wanted.

    Returns:
        The object as it is now.

    Source: Domino REST API, DataSource.
    """
    return write(
        "POST",
        "/api/datasource/v1/datasources",
        DataSource,
        Effect.APPEND,
        json=data_source,
        may_be_empty=("description",),
    )


def get_data_source(data_source_id: str) -> Request[DataSource]:
    """Return one data source.

    Needs access to the data source.

    Args:
        data_source_id: Id of the data source.

    Returns:
        One object.

    Source: Domino REST API, DataSource.
    """
    return read(
        "/api/datasource/v1/datasources/{dataSourceId}",
        DataSource,
        path_params={"dataSourceId": data_source_id},
    )


def update_data_source(
    data_source_id: str,
    *,
    config: Mapping[str, str] | None = None,
    credentials: DataSourceCredentials | None = None,
    permissions: DataSourcePermissions | None = None,
) -> Request[DataSource]:
    """Change a data source; its credentials are the caller's own, unless an admin asks.

    Idempotent.

    Needs to manage the data source.

    Args:
        data_source_id: Id of the data source.
        config: Connection settings.
        credentials: Its credentials.
        permissions: Who may use it.

    Returns:
        The object as it is now.

    Source: Domino REST API, DataSource.
    """
    return write(
        "PATCH",
        "/api/datasource/v1/datasources/{dataSourceId}",
        DataSource,
        Effect.IDEMPOTENT,
        path_params={"dataSourceId": data_source_id},
        json={"config": config, "credentials": credentials, "permissions": permissions},
    )


def delete_data_source(data_source_id: str) -> Request[DataSource]:
    """Delete a data source.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs to own the data source.

    Args:
        data_source_id: Id of the data source.

    Returns:
        What was removed.

    Source: Domino REST API, DataSource.
    """
    return write(
        "DELETE",
        "/api/datasource/v1/datasources/{dataSourceId}",
        DataSource,
        Effect.IDEMPOTENT,
        path_params={"dataSourceId": data_source_id},
    )
