"""`comet-async domino jobs`, `grants`, `cost`, `models`: listings of many things at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async.cli.asking import in_session, shown_on
from comet_async.cli.commands import Command
from comet_async.cli.domino_choosing import (
    JobChoice,
    all_projects,
    collected,
    job_choice,
    moment_of,
    put_rows,
    quiet_option,
    say_failed,
)
from comet_async.cli.exits import Exit
from comet_async.cli.listings import (
    Column,
    Row,
    joined,
    json_option,
    limit_option,
    minutes,
    put_listing,
    put_record,
)
from comet_async.cli.output import note
from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.domino_bulk import CostRow, CostTable, GrantRow, ListedJob, ModelVersionRow
    from comet_async.engine.session import Session

__all__ = ["LISTS"]

_GROUPS = (
    "cluster",
    "namespace",
    "pod",
    "deployment",
    "service",
    "daemonset",
    "statefulset",
    "job",
    "cronjob",
    "replicaset",
    "node",
    "container",
    "pv",
    "pvc",
    "storageclass",
)

_JOBS = (
    Column("id"),
    Column("project"),
    Column("number"),
    Column("status"),
    Column("submitted", minutes),
    Column("title"),
    Column("completed", minutes),
    Column("command"),
)
_OF_JOB = ("completed", "command")


@click.command(cls=Command)
@click.argument("projects", metavar="[PROJECT]...", nargs=-1)
@job_choice
@limit_option
@json_option
@quiet_option
@click.pass_context
def jobs(
    ctx: click.Context,
    /,
    *,
    projects: tuple[str, ...],
    limit: int | None,
    as_json: bool,
    quiet: bool,
    **chosen: object,
) -> int:
    """List the jobs of projects, of all that the key sees where none is named.

    They come project by project, by number. Exit code 3: a project could not be read.
    """
    shown = shown_on(ctx, quiet=quiet)
    choice = msgspec.convert(chosen, JobChoice)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        names = await all_projects(session, projects)
        with shown:
            async with domino_bulk.list_jobs(session, names, only=choice.filter()) as outcomes:
                found, failed = await collected(outcomes, shown, "jobs")
        rows = [_job_row(listed, names) for listed in found]
        put_rows(_JOBS, rows, _OF_JOB, as_json=as_json, limit=limit, what="jobs")
        note(shown.pace.summary())
        return say_failed(failed)

    return in_session(ctx, work, observers=[shown.watch], domino=True)


jobs.examples = (
    "comet-async domino jobs forecasting",
    "comet-async domino jobs ada/forecasting --status Failed --since 2026-01-01",
    "comet-async domino jobs --state running --json",
)


def _job_row(listed: ListedJob, names: dict[str, str]) -> Row:
    job = listed.job
    times = job.stage_times
    return [
        job.id,
        names.get(listed.project_id, listed.project_id),
        job.number,
        None if job.status is None else job.status.execution_status,
        None if times is None else moment_of(times.submission_time),
        job.title,
        None if times is None else moment_of(times.completed_time),
        job.run_command,
    ]


_GRANTS = (
    Column("dataset"),
    Column("project"),
    Column("target"),
    Column("role"),
    Column("organization"),
    Column("dataset_id"),
    Column("target_id"),
)
_OF_GRANT = ("organization", "dataset_id", "target_id")


@click.command(cls=Command)
@click.argument("projects", metavar="[PROJECT]...", nargs=-1)
@click.option("--archived", is_flag=True, help="Datasets of archived projects as well.")
@limit_option
@json_option
@quiet_option
@click.pass_context
def grants(
    ctx: click.Context,
    /,
    *,
    projects: tuple[str, ...],
    archived: bool,
    limit: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """List who may do what with the datasets of projects, of all where none is named.

    Exit code 3: the grants of a dataset could not be read.
    """
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        ids = [*await all_projects(session, projects)] if projects else None
        with shown:
            async with domino_bulk.dataset_grants(
                session, project_ids=ids, include_archived_projects=archived or None
            ) as outcomes:
                found, failed = await collected(outcomes, shown, "datasets")
        rows = [_grant_row(row) for of_dataset in found for row in of_dataset]
        put_rows(_GRANTS, rows, _OF_GRANT, as_json=as_json, limit=limit, what="grants")
        note(shown.pace.summary())
        return say_failed(failed)

    return in_session(ctx, work, observers=[shown.watch], domino=True)


grants.examples = (
    "comet-async domino grants",
    "comet-async domino grants forecasting --json > grants.jsonl",
)


def _grant_row(row: GrantRow) -> Row:
    return [
        row.dataset_name,
        row.project_name,
        row.target_name,
        row.role,
        row.is_organization,
        row.dataset_id,
        row.target_id,
    ]


_COST = {
    "name": "name",
    "total": "total_cost",
    "cpu": "cpu_cost",
    "gpu": "gpu_cost",
    "memory": "ram_cost",
    "volumes": "pv_cost",
    "minutes": "minutes",
    "tier": "hardware_tier_name",
}
"""Heads of the table, and the members that they show."""


@click.command(cls=Command)
@click.argument("window")
@click.option(
    "--aggregate",
    type=click.Choice(_GROUPS),
    metavar="GROUP",
    help=f"What the rows are of: {', '.join(_GROUPS)}.",
)
@click.option("--accumulate", is_flag=True, help="Sum the whole window up into one row of each.")
@click.option("--filter", "chosen", metavar="FILTER", help="Filter, as Kubecost reads it.")
@limit_option
@json_option
@quiet_option
@click.pass_context
def cost(
    ctx: click.Context,
    /,
    *,
    window: str,
    aggregate: str | None,
    accumulate: bool,
    chosen: str | None,
    limit: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Show what ran in WINDOW and what it cost, with hardware tiers and billing tags.

    WINDOW is today, week, month, yesterday, lastweek, lastmonth, a duration as 12h or 7d, or
    START,END in RFC 3339. JSON has all columns, each label as `label_NAME`.
    """
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino, domino_bulk  # noqa: PLC0415 as above

        request = domino.get_cost_allocation(
            window, aggregate=aggregate, accumulate=accumulate or None, filter=chosen
        )
        with shown:
            found = await domino_bulk.cost_table(session, request)
        for what, reason in found.missing.items():
            note(f"note: without {what}: {shortened(reason)}")
        _put_costs(found, limit=limit, as_json=as_json)
        note(shown.pace.summary())
        return Exit.OK

    return in_session(ctx, work, observers=[shown.watch], domino=True)


cost.examples = (
    "comet-async domino cost 7d",
    "comet-async domino cost lastmonth --aggregate namespace --accumulate",
    "comet-async domino cost 2026-01-01T00:00:00Z,2026-02-01T00:00:00Z --json",
)


def _put_costs(found: CostTable, *, limit: int | None, as_json: bool) -> None:
    rows: Sequence[CostRow] = found.rows
    if as_json:
        for row in rows[: limit or None]:
            put_record(row.to_dict())
        return
    told = [row.to_dict() for row in rows]
    cells: list[Row] = [[row[name] for name in _COST.values()] for row in told]
    put_listing([Column(name) for name in _COST], cells, as_json=False, what="rows", limit=limit)


_MODELS = (
    Column("model"),
    Column("version"),
    Column("latest"),
    Column("project"),
    Column("owner"),
    Column("created", minutes),
    Column("stage"),
    Column("tags", joined),
    Column("run"),
    Column("description"),
)
_OF_DETAILS = ("stage", "tags", "description")


@click.command(cls=Command)
@click.option("--project", metavar="PROJECT", help="Models of this project only.")
@click.option("--search", metavar="PATTERN", help="Search over names and tags, as MLflow has it.")
@click.option("--details", is_flag=True, help="Stage, tags and description, too: slower.")
@limit_option
@json_option
@quiet_option
@click.pass_context
def models(
    ctx: click.Context,
    /,
    *,
    project: str | None,
    search: str | None,
    details: bool,
    limit: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """List registered models with all their versions.

    Exit code 3: the versions of a model could not be read.
    """
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        only = None if project is None else await domino_bulk.find_project(session, project)
        with shown:
            async with domino_bulk.list_models(
                session,
                project_id=None if only is None else only.id,
                search_pattern=search,
                details=details,
            ) as outcomes:
                found, failed = await collected(outcomes, shown, "models")
        rows = [_model_row(row) for listed in found for row in listed.rows()]
        apart = ("run",) if details else ("run", *_OF_DETAILS)
        put_rows(_MODELS, rows, apart, as_json=as_json, limit=limit, what="versions")
        note(shown.pace.summary())
        return say_failed(failed)

    return in_session(ctx, work, observers=[shown.watch], domino=True)


models.examples = (
    "comet-async domino models",
    "comet-async domino models --project forecasting --details --json",
)


def _model_row(row: ModelVersionRow) -> Row:
    return [
        row.model_name,
        row.version,
        row.is_latest,
        row.project_name,
        row.owner,
        moment_of(row.created_at),
        row.stage,
        [key if value is None else f"{key}={value}" for key, value in row.tags.items()],
        row.experiment_run_id,
        row.description,
    ]


LISTS: tuple[click.Command, ...] = (jobs, grants, cost, models)
"""Commands that list."""
