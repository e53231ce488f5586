"""From a scope to a plan: the listings, walked page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from comet_async import comet
from comet_async.comet.common import SERVICE
from comet_async.engine.session import Session
from comet_async.errors import UsageError
from comet_async.harvest.planner import Plan, Scope, parse_scope
from comet_async.harvest.schema import checked_tables
from comet_async.service import Service

__all__ = ["plan", "service_of"]


async def plan(
    session: Session,
    scope: str,
    *,
    tables: Sequence[str] | None = None,
    archived: bool = False,
) -> Plan:
    """Return what a harvest of `scope` will ask, after one listing for each project.

    Args:
        session: An open session with the Comet service.
        scope: `WORKSPACE` or `WORKSPACE/PROJECT`.
        tables: Names out of `TABLES`; default all.
        archived: Whether to harvest archived experiments as well.

    Returns:
        A plan whose `forecast()` tells requests, bytes and seconds; nothing is written yet. Each
        experiment stands in it once, though a listing may repeat it.

    Raises:
        UsageError: The scope or a table is unknown, or the session has no Comet service.
        CometAsyncError: A listing failed; without a whole listing there is no plan.
    """
    asked, chosen = parse_scope(scope), checked_tables(None if tables is None else list(tables))
    service = service_of(session)
    before = session.counters.requests
    found: dict[str, comet.Experiment] = {}
    async for experiment in _experiments(session, asked, archived=archived):
        found.setdefault(experiment.experiment_key, experiment)
    return Plan(
        url=service.base_url,
        scope=asked,
        archived=archived,
        tables=chosen,
        experiments=tuple(found.values()),
        requests=session.counters.requests - before,
        limits=service.limits_of("default"),
    )


def service_of(session: Session) -> Service:
    """Return the Comet profile of a session.

    Raises:
        UsageError: It has none.
    """
    for service in session.services:
        if service.name == SERVICE:
            return service
    raise UsageError("a harvest needs a session with the Comet service: Session(comet.service())")


async def _experiments(
    session: Session, scope: Scope, *, archived: bool
) -> AsyncIterator[comet.Experiment]:
    """Give the experiments of a scope, each project's in the order in which they started."""
    project_ids: list[str | None] = [None]
    if scope.project is None:
        answer = await session.send(comet.get_projects(scope.workspace))
        project_ids = [project.project_id for project in answer.projects]
    for project_id in project_ids:
        for flag in (False, True)[: 1 + archived]:
            listing = comet.paged_experiments(
                project_id=project_id,
                project_name=scope.project,
                workspace_name=None if scope.project is None else scope.workspace,
                archived=flag,
                sort_by="startTime",
                sort_order="asc",
            )
            async for experiment in session.items(listing):
                yield experiment
