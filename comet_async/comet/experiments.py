"""Experiments: listing, search, metadata, tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, cast

import msgspec

from comet_async.comet.common import (
    Flat,
    NullableList,
    Wire,
    page_numbers,
    project_address,
    read,
    read_by_post,
)
from comet_async.errors import UsageError
from comet_async.paging import Paged, numbered_pages
from comet_async.request import Request

__all__ = [
    "Experiment",
    "Experiments",
    "FoundExperiment",
    "FoundExperiments",
    "ProcessingStatus",
    "Tags",
    "get_experiment_metadata",
    "get_experiment_processing_status",
    "get_experiment_tags",
    "get_experiments",
    "paged_experiments",
    "paged_search",
    "search_experiments",
]


class Experiment(Flat, frozen=True, kw_only=True):
    """One experiment's metadata.

    Attributes:
        experiment_key: Its key, mostly 32 hex digits.
        experiment_name: Its name, if it has one.
        optimization_id: Optimizer run that it belongs to, if any.
        user_name: User who ran it; not sent by every server.
        project_id: Id of its project.
        project_name: Name of its project.
        workspace_name: Workspace of its project.
        file_path: Path of the script, if known.
        file_name: Name of the script, if known.
        throttle: Whether the server dropped some of its data for being too much.
        duration_millis: Duration in milliseconds.
        start_time_millis: Milliseconds since 1970 UTC.
        end_time_millis: Milliseconds since 1970 UTC; None while it runs.
        archived: Whether it is archived.
        running: Whether it runs; servers from 3.7.91.
        has_crashed: Whether it crashed; servers from 3.7.91.
    """

    experiment_key: str
    experiment_name: str | None = None
    optimization_id: str | None = None
    user_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    workspace_name: str | None = None
    file_path: str | None = None
    file_name: str | None = None
    throttle: bool | None = None
    duration_millis: int | None = None
    start_time_millis: int | None = None
    end_time_millis: int | None = None
    archived: bool | None = None
    running: bool | None = None
    has_crashed: bool | None = None


class Experiments(Wire, frozen=True, kw_only=True):
    """Experiments of a project, all of them or one page.

    Attributes:
        experiments: One entry for each experiment.
    """

    experiments: NullableList[Experiment]


class FoundExperiment(Flat, frozen=True, kw_only=True):
    """One hit of a search.

    Attributes:
        experiment_key: Its key; `get_experiment_metadata` tells the rest.
    """

    experiment_key: str


class FoundExperiments(Wire, frozen=True, kw_only=True):
    """One page of a search.

    Attributes:
        experiments: At most `limit` hits.
    """

    experiments: NullableList[FoundExperiment]


class Tags(Wire, frozen=True, kw_only=True):
    """Tags of an experiment.

    Attributes:
        tags: One text for each tag.
    """

    tags: NullableList[str]


class ProcessingStatus(Flat, frozen=True, kw_only=True):
    """Whether the server still works on an upload.

    Attributes:
        processing: True while data of the experiment waits to be stored.
    """

    processing: bool


def get_experiments(
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool | None = None,
    page: int | None = None,
    size: int | None = None,
    sort_by: str | None = None,
    sort_order: str | None = None,
) -> Request[Experiments]:
    """Return the experiments of a project, all at once or one page of them.

    Args:
        project_id: Id of the project.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: The archived experiments instead; the server's default is false.
        page: Page number, from 1; needs `size`. Older servers send everything again.
        size: Experiments on a page, from 1.
        sort_by: "startTime" or "endTime".
        sort_order: "asc" or "desc".

    Returns:
        All experiments, or one page; there is no total, a short page is the last. Bodies seen
        hold all members, though the vendor's page prints six.

    Raises:
        UsageError: The project is named in no way or in both; a page has no size.

    Source: Comet REST v2, experiments.

    >>> get_experiments(project_id="p1", archived=False).target
    '/api/rest/v2/experiments?projectId=p1&archived=false'
    """
    path = "/api/rest/v2/experiments"
    page_numbers(path, page=page, size=size)
    if page is not None and size is None:
        raise UsageError(f"{path}: page needs size")
    return read(
        path,
        Experiments,
        query={
            **project_address(path, project_id, project_name, workspace_name),
            "archived": archived,
            "page": page,
            "size": size,
            "sortBy": sort_by,
            "sortOrder": sort_order,
        },
    )


def paged_experiments(
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool | None = None,
    size: int = 100,
    sort_by: str | None = None,
    sort_order: str | None = None,
) -> Paged[Experiments, Experiment]:
    """Return the listing of the experiments of a project, page by page.

    A server too old to know pages sends everything each time; the listing ends at the first page
    without a new key.

    Args:
        project_id: Id of the project.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: The archived experiments instead; the server's default is false.
        size: Experiments on a page, from 1.
        sort_by: "startTime" or "endTime"; name one for an order that holds between pages.
        sort_order: "asc" or "desc".

    Raises:
        UsageError: The project is named in no way or in both, or `size` is below 1.

    Source: Comet REST v2, experiments.
    """
    first = get_experiments(
        project_id=project_id,
        project_name=project_name,
        workspace_name=workspace_name,
        archived=archived,
        page=1,
        size=size,
        sort_by=sort_by,
        sort_order=sort_order,
    )
    return numbered_pages(first, lambda page: page.experiments, lambda item: item.experiment_key)


def search_experiments(
    project_id: str,
    rules_tree: Mapping[str, object],
    *,
    limit: int | None = None,
    page: int | None = None,
    deleted: bool | None = None,
    view_id: str | None = None,
    ignore_pinned_experiments_first: bool | None = None,
    pinned_only: bool | None = None,
    multiple_sort: object = None,
    chains_query_rules: object = None,
) -> Request[FoundExperiments]:
    """Return one page of the experiments that match a tree of rules.

    A read that uses POST. All ten members are sent, those not given as null or with the default
    that the vendor's client sends.

    Args:
        project_id: Id of the project; a name is not accepted here.
        rules_tree: `{"condition": "AND" or "OR", "rules": [...], "valid": true}` where each rule
            has its own source; not the form that `query_project` takes.
        limit: Hits on a page, from 1; default 100.
        page: Page number, from 1; default 1.
        deleted: Search the archived experiments instead; default false.
        view_id: A saved view, if any.
        ignore_pinned_experiments_first: Do not put pinned experiments first; default true.
        pinned_only: Only pinned experiments.
        multiple_sort: Sorting by several members; its form is not documented.
        chains_query_rules: Its form is not documented.

    Returns:
        At most `limit` keys; there is no total, and a server may have a smaller limit of its own.

    Raises:
        UsageError: `limit` or `page` is below 1.

    Source: the vendor's Python client, experiments/search.
    """
    path = "/api/rest/v2/experiments/search"
    page_numbers(path, limit=limit, page=page)
    pinned_last = ignore_pinned_experiments_first
    return read_by_post(
        path,
        FoundExperiments,
        json={
            "projectId": project_id,
            "viewId": view_id,
            "rulesTree": dict(rules_tree),
            "limit": 100 if limit is None else limit,
            "page": 1 if page is None else page,
            "deleted": bool(deleted),
            "ignorePinnedExperimentsFirst": True if pinned_last is None else pinned_last,
            "pinnedOnly": pinned_only,
            "multipleSort": multiple_sort,
            "chainsQueryRules": chains_query_rules,
        },
    )


class _SearchBody(TypedDict):
    limit: int
    page: int


def _next_search(
    request: Request[FoundExperiments], answer: FoundExperiments
) -> Request[FoundExperiments] | None:
    if not answer.experiments:
        return None
    body = cast("_SearchBody", msgspec.json.decode(request.body or b"{}"))
    body["page"] += 1
    return msgspec.structs.replace(request, body=msgspec.json.encode(body))


def paged_search(
    project_id: str,
    rules_tree: Mapping[str, object],
    *,
    limit: int = 100,
    deleted: bool | None = None,
) -> Paged[FoundExperiments, FoundExperiment]:
    """Return the listing of all experiments that match a tree of rules, page by page.

    Args:
        project_id: Id of the project.
        rules_tree: As for `search_experiments`.
        limit: Hits on a page, from 1.
        deleted: Search the archived experiments instead.

    Raises:
        UsageError: `limit` is below 1.

    Source: the vendor's Python client, experiments/search.
    """
    return Paged(
        first=search_experiments(project_id, rules_tree, limit=limit, page=1, deleted=deleted),
        items=lambda page: page.experiments,
        next_page=_next_search,
        key=lambda item: item.experiment_key,
    )


def get_experiment_metadata(experiment_key: str) -> Request[Experiment]:
    """Return the metadata of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One object. Status 400 as well as 404 means that there is no such experiment.

    Source: Comet REST v2, experiment/metadata.
    """
    return read(
        "/api/rest/v2/experiment/metadata", Experiment, query={"experimentKey": experiment_key}
    )


def get_experiment_tags(experiment_key: str) -> Request[Tags]:
    """Return the tags of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        All tags in one answer, in no promised order.

    Source: Comet REST v2, experiment/tags.
    """
    return read("/api/rest/v2/experiment/tags", Tags, query={"experimentKey": experiment_key})


def get_experiment_processing_status(experiment_key: str) -> Request[ProcessingStatus]:
    """Return whether the server still works on data of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One flag. Servers without this endpoint answer 404.

    Source: the vendor's offline upload helper, experiment/processing/status.
    """
    return read(
        "/api/rest/v2/experiment/processing/status",
        ProcessingStatus,
        query={"experimentKey": experiment_key},
    )
