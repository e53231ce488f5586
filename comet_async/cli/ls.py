"""`comet-async ls`: workspaces, projects, experiments, assets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from comet_async import comet
from comet_async.cli.addresses import read_path
from comet_async.cli.asking import in_session
from comet_async.cli.commands import Command
from comet_async.cli.completing import complete_columns
from comet_async.cli.finding import Place, find_place, listed_experiments
from comet_async.cli.listings import (
    Column,
    Row,
    json_option,
    limit_option,
    minutes,
    moment,
    put_listing,
    sorted_rows,
)
from comet_async.errors import UsageError
from comet_async.query import Expression, read_expression

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["ls"]

_OF_PROJECT = 2


def _clock(value: object) -> object:
    """Return seconds as a table shows them, as "1:02:03"."""
    if not isinstance(value, (int, float)):
        return value
    left, seconds = divmod(round(value), 60)
    hours, minute = divmod(left, 60)
    return f"{hours}:{minute:02}:{seconds:02}"


_WORKSPACES = (Column("workspace"),)
_PROJECTS = (
    Column("name"),
    Column("experiments", falling=True),
    Column("updated", minutes, falling=True),
    Column("id"),
)
_EXPERIMENTS = (
    Column("key"),
    Column("name"),
    Column("state"),
    Column("started", minutes, falling=True),
    Column("duration", _clock, falling=True),
)
_ASSETS = (
    Column("name"),
    Column("type"),
    Column("size", falling=True),
    Column("step"),
    Column("id"),
)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    path: tuple[str, ...]
    where: Expression | None
    archived: bool

    def __post_init__(self) -> None:
        if len(self.path) < _OF_PROJECT:
            self.refuse_choice()

    def refuse_choice(self) -> None:
        """Refuse what chooses among experiments where none are listed."""
        for name, given in (("--where", self.where is not None), ("--archived", self.archived)):
            if given:
                raise UsageError(f"{name} chooses among experiments; name a WORKSPACE/PROJECT")


class _Listing(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]
    rows: list[Row]
    what: str
    sort: str


@click.command(cls=Command)
@click.argument("place", metavar="[WORKSPACE[/PROJECT[/EXPERIMENT]]]", required=False)
@click.option("--where", metavar="EXPRESSION", help="Experiments that an expression wants.")
@click.option("--archived", is_flag=True, help="List the archived experiments instead.")
@click.option(
    "--sort",
    metavar="COLUMN",
    shell_complete=complete_columns,
    help="Column to sort by. Default: started for experiments, the first elsewhere.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@limit_option
@json_option
@click.pass_context
def ls(
    ctx: click.Context,
    /,
    *,
    place: str | None,
    where: str | None,
    archived: bool,
    sort: str | None,
    reverse: bool,
    limit: int | None,
    as_json: bool,
) -> int:
    """List workspaces, projects of one, experiments of a project, assets of an experiment.

    Experiments come newest first, times are UTC, durations h:mm:ss (seconds in JSON). An
    experiment is named by key or name; a slash in a name may be written %2F.
    """
    wanted = _Wanted(
        path=() if place is None else read_path(place),
        where=None if where is None else read_expression(where),
        archived=archived,
    )

    async def work(session: Session) -> int:
        found = await _listing(session, wanted)
        rows = sorted_rows(found.columns, found.rows, sort or found.sort, reverse=reverse)
        put_listing(found.columns, rows, as_json=as_json, what=found.what, limit=limit)
        return 0

    return in_session(ctx, work)


ls.examples = (
    "comet-async ls",
    "comet-async ls team",
    "comet-async ls team/resnet --limit 10",
    "comet-async ls team/resnet --where 'Metric(\"loss\") < 0.1' --sort duration",
    "comet-async ls team/resnet/baseline --json",
)


async def _listing(session: Session, wanted: _Wanted) -> _Listing:
    if not wanted.path:
        names = (await session.send(comet.get_workspaces())).workspace_names
        return _Listing(_WORKSPACES, [[name] for name in names], "workspaces", "workspace")
    if len(wanted.path) < _OF_PROJECT:
        found = await session.send(comet.get_projects(wanted.path[0]))
        rows = [_project(entry) for entry in found.projects]
        return _Listing(_PROJECTS, rows, "projects", "name")
    place = await find_place(session, wanted.path)
    if place.experiment is None:
        rows = [_experiment(entry) for entry in await _chosen(session, place, wanted)]
        return _Listing(_EXPERIMENTS, rows, "experiments", "started")
    wanted.refuse_choice()
    key = place.experiment.experiment_key
    assets = (await session.send(comet.get_experiment_asset_list(key))).assets
    return _Listing(_ASSETS, [_asset(entry) for entry in assets], "assets", "name")


async def _chosen(session: Session, place: Place, wanted: _Wanted) -> list[comet.Experiment]:
    entries = await listed_experiments(session, place, archived=wanted.archived)
    if wanted.where is None:
        return entries
    from comet_async.api.query import query  # noqa: PLC0415 aiohttp is slow to import

    found = await query(
        session,
        wanted.where,
        workspace_name=place.workspace,
        project_name=place.project,
        archived=wanted.archived,
    )
    keys = frozenset(found.keys)
    return [entry for entry in entries if entry.experiment_key in keys]


def _project(entry: comet.Project) -> Row:
    updated = moment(entry.last_updated)
    return [entry.project_name, entry.number_of_experiments, updated, entry.project_id]


def _experiment(entry: comet.Experiment) -> Row:
    seconds = None if entry.duration_millis is None else entry.duration_millis / 1000
    started = moment(entry.start_time_millis)
    return [entry.experiment_key, entry.experiment_name, _state(entry), started, seconds]


def _state(entry: comet.Experiment) -> str | None:
    """Return the state, None where an older server does not tell it."""
    if entry.has_crashed:
        return "crashed"
    if entry.running is None:
        return None
    return "running" if entry.running else "finished"


def _asset(entry: comet.Asset) -> Row:
    return [entry.file_name, entry.type, entry.file_size, entry.step, entry.asset_id]
