"""`comet-async upload`: files and folders to an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
import msgspec

from comet_async import comet
from comet_async.cli.arguments import JSON_DOCUMENT
from comet_async.cli.asking import in_session, nothing_kept, shown_on
from comet_async.cli.commands import Command, same_command
from comet_async.cli.exits import Exit
from comet_async.cli.finding import find_experiment
from comet_async.cli.listings import Column, json_option, limit_option, put_listing
from comet_async.cli.output import flush, note, say
from comet_async.cli.uploading import Details, Gathered, Item, State, Uploads, gathered
from comet_async.errors import UsageError
from comet_async.progress import View
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["upload"]

_SHOWN = 5
_COLUMNS = tuple(Column(name) for name in ("name", "size", "state", "asset_id", "path", "problem"))
_PLANNED = tuple(Column(name) for name in ("name", "size", "would", "path"))


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    experiment: str
    found: Gathered
    details: Details
    skip_existing: bool
    dry_run: bool
    quiet: bool
    limit: int | None
    as_json: bool


def _metadata(
    ctx: click.Context, param: click.Parameter, given: object
) -> dict[str, object] | None:
    del ctx, param
    if given is not None and not isinstance(given, dict):
        raise click.BadParameter("it is no JSON object")
    return cast("dict[str, object] | None", given)


@click.command(cls=Command)
@click.argument("experiment")
@click.argument(
    "sources",
    metavar="FILE|DIR...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, readable=True, path_type=Path),
)
@click.option("--type", "kind", metavar="TYPE", help="Type of asset, as image or model-element.")
@click.option(
    "--name", metavar="NAME", help="Name of the asset; of a folder, what comes before its names."
)
@click.option("--step", type=int, metavar="N", help="Step of the training.")
@click.option("--overwrite", is_flag=True, help="Replace assets of the same name.")
@click.option(
    "--skip-existing",
    is_flag=True,
    help="Leave out files that are there under the same name with the same size.",
)
@click.option(
    "--metadata",
    type=JSON_DOCUMENT,
    callback=_metadata,
    help="Data of your own, an object; all files get it.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@limit_option
@json_option
@click.pass_context
def upload(
    ctx: click.Context,
    /,
    *,
    experiment: str,
    sources: tuple[Path, ...],
    kind: str | None,
    name: str | None,
    step: int | None,
    overwrite: bool,
    skip_existing: bool,
    metadata: dict[str, object] | None,
    dry_run: bool,
    quiet: bool,
    limit: int | None,
    as_json: bool,
) -> int:
    """Upload files as assets of EXPERIMENT: a key, or WORKSPACE/PROJECT/EXPERIMENT.

    A folder gives all files in it, named by their path in the folder; links are followed to files
    of the same folder only. Names are not unique: without --overwrite or --skip-existing a file
    that is there already is there twice then.

    A file whose answer is lost is told as of unknown outcome, and never sent twice unless it
    overwrites. Exit code 3: some files failed or are of unknown outcome.
    """
    if overwrite and skip_existing:
        raise UsageError("--overwrite or --skip-existing, not both")
    order = _Order(
        experiment=experiment,
        found=gathered(sources, name),
        details=Details(type=kind, step=step, overwrite=overwrite, metadata=metadata),
        skip_existing=skip_existing,
        dry_run=dry_run,
        quiet=quiet,
        limit=limit,
        as_json=as_json,
    )
    for path in order.found.left_out[:_SHOWN]:
        note(f"note: {printable(str(path))} is left out: no file, or a link that is not followed")
    if len(order.found.left_out) > _SHOWN:
        note(f"note: {len(order.found.left_out) - _SHOWN:,} more are left out")
    if not order.found.items:
        note("there is no file to upload")
        return Exit.OK
    again = same_command(ctx, *(() if overwrite else ("--skip-existing",)))
    shown = shown_on(ctx, quiet=quiet)
    return in_session(
        ctx,
        partial(_carry_out, order=order, shown=shown, again=again),
        observers=[shown.watch],
        stopped=lambda: "" if shown.counts else nothing_kept(ctx),
    )


upload.examples = (
    "comet-async upload team/resnet/baseline model.pt",
    "comet-async upload team/resnet/baseline plots --name figures --type image",
    "comet-async upload team/resnet/baseline checkpoints --skip-existing --dry-run",
    'comet-async upload KEY metrics.csv --overwrite --metadata \'{"split": "val"}\' --json',
)


async def _carry_out(session: Session, order: _Order, shown: View, again: str) -> int:
    target = await find_experiment(session, order.experiment)
    key = target.experiment_key
    uploads = Uploads(key, order.found.items, order.details)
    there: list[comet.Asset] = []
    if order.skip_existing or (order.details.overwrite and order.dry_run):
        there = (await session.send(comet.get_experiment_asset_list(key))).assets
    if order.skip_existing:
        uploads.skip(there)
    if order.dry_run:
        _put_plan(order, uploads, there)
        return Exit.OK
    try:
        await _sent(session, uploads, shown)
    except BaseException:
        uploads.stopped()
        _put_report(order, uploads, target)
        say(f"stopped before the end; to go on with what is not there: {again}")
        raise
    _put_report(order, uploads, target)
    note(shown.pace.summary())
    bad = {State.FAILED, State.UNKNOWN}
    return Exit.PARTIAL if bad & set(uploads.states) else Exit.OK


async def _sent(session: Session, uploads: Uploads, shown: View) -> None:
    with shown:
        try:
            await uploads.run(session, shown.download)
        finally:
            shown.close()


def _put_plan(order: _Order, uploads: Uploads, there: Sequence[comet.Asset]) -> None:
    names = {asset.file_name for asset in there}

    def would(item: Item, state: State) -> str:
        if state is State.SKIPPED:
            return "skip"
        return "replace" if order.details.overwrite and item.name in names else "upload"

    rows = [
        [item.name, item.size, would(item, state), str(item.path)]
        for item, state in zip(order.found.items, uploads.states, strict=True)
    ]
    put_listing(_PLANNED, rows, as_json=order.as_json, what="files", limit=order.limit)
    note("nothing was sent")


def _put_report(order: _Order, uploads: Uploads, target: comet.Experiment) -> None:
    rows = [*uploads.rows()]
    columns = _COLUMNS
    if not order.as_json and not uploads.problems:
        columns = columns[:-1]
        rows = [row[:-1] for row in rows]
    put_listing(columns, rows, as_json=order.as_json, what="files", limit=order.limit)
    flush()
    problems = [*uploads.problems.items()]
    for number, reason in problems[:_SHOWN]:
        name, state = order.found.items[number].name, uploads.states[number].value
        say(f"{state}: {shortened(name)}: {reason}")
    if len(problems) > _SHOWN:
        say(f"{len(problems) - _SHOWN:,} more were not uploaded")
    name = f" ({shortened(target.experiment_name)})" if target.experiment_name else ""
    note(f"{uploads.summary()}; experiment {target.experiment_key}{name}")
