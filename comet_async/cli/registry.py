"""`comet-async registry`: registered models, their versions, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async import comet
from comet_async.cli.addresses import Named, read_named
from comet_async.cli.asking import in_session, shown_on
from comet_async.cli.commands import Command, Group, same_command
from comet_async.cli.exits import Exit
from comet_async.cli.listings import (
    Column,
    Row,
    counted,
    document_option,
    folder_option,
    joined,
    json_option,
    limit_option,
    minutes,
    moment,
    put_fields,
    put_listing,
    put_record,
    sorted_rows,
)
from comet_async.cli.output import note, put
from comet_async.cli.registry_changes import CHANGES
from comet_async.cli.registry_models import model_details, version_items, version_of
from comet_async.errors import UsageError
from comet_async.progress import View
from comet_async.redaction import printable

if TYPE_CHECKING:
    from comet_async.cli.registry_files import Fetching
    from comet_async.engine.session import Session

__all__ = ["registry"]

_MODELS = (
    Column("name"),
    Column("versions", falling=True),
    Column("latest"),
    Column("public"),
    Column("updated", minutes, falling=True),
)
_MODEL = (
    Column("name"),
    Column("id"),
    Column("description"),
    Column("public"),
    Column("user"),
    Column("created", minutes),
    Column("updated", minutes),
    Column("notes"),
    Column("versions"),
)
_VERSIONS = (
    Column("version"),
    Column("status"),
    Column("tags", joined),
    Column("stages", joined),
    Column("created", minutes, falling=True),
    Column("files"),
    Column("size", falling=True),
    Column("experiment"),
    Column("comment"),
    Column("id"),
)


@click.group(cls=Group, no_args_is_help=False)
def registry() -> None:
    """Registered models: list, show, download, register, stage, tag, delete.

    A model is WORKSPACE/MODEL, a version of it WORKSPACE/MODEL:VERSION.
    """


registry.examples = (
    "comet-async registry ls team",
    "comet-async registry versions team/resnet",
    "comet-async registry download team/resnet:1.2.0 -o models --expand",
    "comet-async registry register team/resnet/baseline resnet --version 1.3.0",
    "comet-async registry status team/resnet:1.3.0 Production",
    "comet-async registry delete team/resnet:1.0.0 --yes",
)


@click.command("ls", cls=Command)
@click.argument("workspace")
@limit_option
@json_option
@click.pass_context
def list_models(ctx: click.Context, /, *, workspace: str, limit: int | None, as_json: bool) -> int:
    """List the registered models of a workspace."""

    async def work(session: Session) -> int:
        found = (await session.send(comet.get_registry_models(workspace))).registry_models
        rows = sorted_rows(_MODELS, [_model_row(model) for model in found], "name")
        put_listing(_MODELS, rows, as_json=as_json, what="models", limit=limit)
        return 0

    return in_session(ctx, work)


list_models.examples = ("comet-async registry ls team", "comet-async registry ls team --json")


def _model_row(model: comet.RegistryModel) -> Row:
    latest = None if model.latest_version is None else model.latest_version.version
    updated = moment(model.last_updated)
    return [model.model_name, model.number_of_versions, latest, model.is_public, updated]


@click.command(cls=Command)
@click.argument("model", metavar="WORKSPACE/MODEL[:VERSION]")
@document_option
@click.pass_context
def show(ctx: click.Context, /, *, model: str, as_json: bool) -> int:
    """Show a registered model, or one version of it."""
    wanted = read_named(model, "MODEL", version="may")

    async def work(session: Session) -> int:
        found = await model_details(session, wanted)
        if wanted.version is not None:
            (row,) = await _version_rows(session, wanted, [version_of(found, wanted)])
            put_fields(_VERSIONS, row, as_json=as_json)
            return 0
        notes = await session.send(comet.get_registry_model_notes(wanted.workspace, wanted.name))
        put_fields(_MODEL, _model_fields(found, notes.notes), as_json=as_json)
        return 0

    return in_session(ctx, work)


show.examples = (
    "comet-async registry show team/resnet",
    "comet-async registry show team/resnet:1.2.0 --json",
)


def _model_fields(model: comet.RegistryModelDetails, notes: str | None) -> Row:
    versions = [version.version for version in model.versions]
    return [
        model.model_name,
        model.registry_model_id,
        model.description,
        model.is_public,
        model.user_name,
        moment(model.created_at),
        moment(model.last_updated),
        notes,
        versions,
    ]


@click.command(cls=Command)
@click.argument("model", metavar="WORKSPACE/MODEL")
@limit_option
@json_option
@click.pass_context
def versions(ctx: click.Context, /, *, model: str, limit: int | None, as_json: bool) -> int:
    """List the versions of a registered model, newest first."""
    wanted = read_named(model, "MODEL", version="none")

    async def work(session: Session) -> int:
        found = await model_details(session, wanted)
        rows = await _version_rows(session, wanted, found.versions)
        rows = sorted_rows(_VERSIONS, rows, "created")
        put_listing(_VERSIONS, rows, as_json=as_json, what="versions", limit=limit)
        return 0

    return in_session(ctx, work)


versions.examples = ("comet-async registry versions team/resnet",)


async def _version_rows(
    session: Session, wanted: Named, found: Sequence[comet.RegistryVersion]
) -> list[Row]:
    items = await version_items(session, wanted, found)
    return [_version_row(version, items.get(version.version or "")) for version in found]


def _version_row(version: comet.RegistryVersion, item: comet.RegistryItem | None) -> Row:
    model = version.experiment_model
    return [
        version.version,
        None if item is None else item.status,
        None if item is None else item.tags,
        version.stages,
        moment(version.created_at),
        len(version.assets),
        int(sum(asset.file_size or 0 for asset in version.assets)),
        None if model is None else model.experiment_key,
        version.comment,
        version.registry_model_item_id,
    ]


@click.command(cls=Command)
@click.argument("model", metavar="WORKSPACE/MODEL[:VERSION]")
@click.option("--stage", help="Newest version of this stage. Default: the newest of all.")
@folder_option
@click.option("--expand", is_flag=True, help="Expand the zip to DIR/MODEL-VERSION.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and fetch nothing.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@click.pass_context
def download(
    ctx: click.Context,
    /,
    *,
    model: str,
    stage: str | None,
    folder: Path,
    quiet: bool,
    dry_run: bool,
    as_json: bool,
    **how: bool,
) -> int:
    """Fetch the files of a version as DIR/MODEL-VERSION.zip, or expanded.

    The path that was written is printed. An archive with a member that leads outside, is a link or
    has another's place is not expanded at all.
    """
    from comet_async.cli.registry_files import Fetching, newest  # noqa: PLC0415 slow to import

    wanted = read_named(model, "MODEL", version="may")
    if wanted.version is not None and stage is not None:
        raise UsageError("name a version or --stage, not both")
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        found = await model_details(session, wanted)
        chosen = wanted if wanted.version else await newest(session, wanted, stage)
        version = version_of(found, chosen)
        order = Fetching(model=chosen, folder=folder, **how)
        if dry_run:
            _put_plan(order, version, as_json=as_json)
            return Exit.OK
        with shown:
            await _fetch(session, order, shown, as_json=as_json)
        note(shown.pace.summary())
        return Exit.OK

    return in_session(
        ctx,
        work,
        observers=[shown.watch],
        stopped=lambda: f"stopped: what came is kept; to go on: {same_command(ctx)}",
    )


download.examples = (
    "comet-async registry download team/resnet:1.2.0 -o models",
    "comet-async registry download team/resnet --stage production -o models --expand",
)


def _put_plan(order: Fetching, version: comet.RegistryVersion, *, as_json: bool) -> None:
    size = int(sum(asset.file_size or 0 for asset in version.assets))
    files = len(version.assets)
    if as_json:
        record = {"model": str(order.model), "path": str(order.target), "files": files}
        put_record({**record, "size": size, "done": False})
    else:
        path = printable(str(order.target))
        put(f"would write {path}: {counted(files, 'file')}, {size:,} bytes before they are packed")
    note("nothing was fetched")


async def _fetch(session: Session, order: Fetching, shown: View, *, as_json: bool) -> None:
    from comet_async.cli.registry_files import fetch  # noqa: PLC0415 as above

    done = await fetch(session, order, shown.download)
    shown.close()
    if as_json:
        record = {"model": str(order.model), "path": str(done.path), "files": done.files}
        put_record({**record, "size": done.size, "sha256": done.sha256, "done": True})
        return
    put(str(done.path))
    note(f"wrote {order.model}: {counted(done.files, 'file')}, zip of {done.size:,} bytes")


for _command in (list_models, show, versions, download, *CHANGES):
    registry.add_command(_command)
