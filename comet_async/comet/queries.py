"""The query language: columns of a project, and the experiments that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comet_async.comet.common import (
    Flat,
    NullableList,
    Wire,
    project_address,
    read,
    read_by_post,
)
from comet_async.request import Request

__all__ = [
    "COLUMN_SOURCES",
    "COLUMN_TYPES",
    "Column",
    "Columns",
    "QueryResult",
    "get_project_columns",
    "query_project",
]

COLUMN_SOURCES = ("metrics", "params", "log_other", "metadata", "tag", "env_details")
"""Known sources of a column; a server may send others."""

COLUMN_TYPES = ("double", "string", "datetime", "boolean", "timenumber")
"""Known types of a column; a server may send others."""


class Column(Flat, frozen=True, kw_only=True):
    """Something that the query language can ask for.

    Attributes:
        id: The name and the source, joined by two hyphens.
        name: Plain name, as of a metric.
        type: One of `COLUMN_TYPES`, or newer.
        source: One of `COLUMN_SOURCES`, or newer; skip what you do not know.
    """

    id: str
    name: str | None = None
    type: str | None = None
    source: str | None = None


class Columns(Wire, frozen=True, kw_only=True):
    """Columns of a project.

    Attributes:
        columns: One entry for each name and source.
    """

    columns: NullableList[Column]


class QueryResult(Wire, frozen=True, kw_only=True):
    """Experiments that match a query.

    Attributes:
        experiment_keys: Keys only.
        experiments_in_project: Experiments in the project, matching or not.
    """

    experiment_keys: NullableList[str]
    experiments_in_project: int | None = None


def get_project_columns(
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool | None = None,
) -> Request[Columns]:
    """Return the columns that the query language can use in a project.

    Args:
        project_id: Its id.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: Columns of archived experiments; the server's default is false.

    Returns:
        One entry for each name and source, in no promised order.

    Raises:
        UsageError: The project is named in no way, or in both ways.

    Source: Comet REST v2, project/column-names.
    """
    path = "/api/rest/v2/project/column-names"
    return read(
        path,
        Columns,
        query={
            **project_address(path, project_id, project_name, workspace_name),
            "archived": archived,
        },
    )


def query_project(
    predicates: Sequence[Mapping[str, object]],
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool | None = None,
) -> Request[QueryResult]:
    """Return the keys of the experiments that match every predicate.

    A read that uses POST.

    Args:
        predicates: Objects `{"source": ..., "query": {"condition": ..., "rules": [...]}}`; they
            are joined by AND.
        project_id: Id of the project.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: Ask the archived experiments instead; default false.

    Returns:
        Keys only, in no promised order, and the size of the project.

    Raises:
        UsageError: The project is named in no way, or in both ways.

    Source: Comet REST v2, project/query.
    """
    path = "/api/rest/v2/project/query"
    return read_by_post(
        path,
        QueryResult,
        json={
            **project_address(path, project_id, project_name, workspace_name),
            "predicates": list(predicates),
            "archived": bool(archived),
        },
    )
