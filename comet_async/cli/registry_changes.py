"""`comet-async registry register`, `stage`, `tag`, `status`, `delete`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import click

from comet_async import comet
from comet_async.cli.addresses import Named, read_named
from comet_async.cli.asking import in_session, may_be_done
from comet_async.cli.changes import Change, confirmed, dry_run_option, make_changes
from comet_async.cli.commands import Command
from comet_async.cli.finding import find_experiment
from comet_async.cli.labels import label_command, refuse_unknown_label
from comet_async.cli.listings import counted, json_option
from comet_async.cli.registry_models import model_details, version_items, version_of
from comet_async.errors import BadRequestError, NotFoundError, UsageError
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["CHANGES"]

_VERSION = "WORKSPACE/MODEL:VERSION"


@click.command(cls=Command)
@click.argument("experiment")
@click.argument("model_name")
@click.option("--workspace", help="See that the experiment is of this workspace, where it goes.")
@click.option("--registry-name", metavar="NAME", help="Name to register it under.")
@click.option("--version", metavar="VERSION", help="As 1.0.0. Default: the server's choice.")
@click.option("--status", help="Status of the version, as Production.")
@click.option("--tag", "tags", multiple=True, help="Tag of the version; repeatable.")
@click.option("--comment", help="Free text on the version.")
@click.option("--description", help="Free text on the model.")
@click.option("--public", is_flag=True, help="Let everybody read the model.")
@dry_run_option
@json_option
@click.pass_context
def register(
    ctx: click.Context,
    /,
    *,
    experiment: str,
    model_name: str,
    workspace: str | None,
    registry_name: str | None,
    dry_run: bool,
    as_json: bool,
    **given: object,
) -> int:
    """Register the model MODEL_NAME of an experiment as a version.

    EXPERIMENT is a key or WORKSPACE/PROJECT/EXPERIMENT. The registered name is MODEL_NAME unless
    --registry-name tells another; either is written in lower case, with a dash for each run of
    other characters.
    """
    name = _registry_name(registry_name or model_name)
    version = {option: value for option, value in given.items() if value not in (None, (), False)}

    async def work(session: Session) -> int:
        found = await find_experiment(session, experiment)
        home = found.workspace_name or workspace
        if workspace is not None and workspace != home:
            raise UsageError(
                f"the experiment is of {printable(home or '')}, not of {printable(workspace)}"
            )
        await _check_model(session, found.experiment_key, model_name)
        number = version.get("version")
        target = Named(home or "", name, None if number is None else str(number))
        await _check_free(session, target)
        await _check_status(session, target, version.get("status"))
        request = comet.register_model_item_v2(
            _new_version(found.experiment_key, model_name, name, version)
        )
        shown = str(target) if target.version else f"{target} as the next version"
        change = Change("register model", shown, model_name, request)
        return await make_changes(session, [change], dry_run=dry_run, as_json=as_json)

    return in_session(ctx, work, stopped=lambda: may_be_done(ctx))


register.examples = (
    "comet-async registry register team/resnet/baseline resnet --version 1.0.0",
    "comet-async registry register KEY resnet --registry-name best --tag nightly --dry-run",
)


def _registry_name(name: str) -> str:
    """Return the name under which a model is registered.

    Raises:
        UsageError: Nothing of it is left.
    """
    made = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    if not made:
        raise UsageError(f"'{shortened(name)}' is no name for a registered model")
    return made


def _new_version(
    key: str, model_name: str, name: str, given: dict[str, object]
) -> comet.NewModelVersion:
    def text(option: str) -> str | None:
        value = given.get(option)
        return None if value is None else str(value)

    tags = cast("tuple[str, ...]", given.get("tags", ()))
    return comet.NewModelVersion(
        experiment_key=key,
        experiment_model_name=model_name,
        registry_model_name=name,
        registry_model_description=text("description"),
        version=text("version"),
        version_comment=text("comment"),
        tags=[*tags] or None,
        status=text("status"),
        public_model=True if given.get("public") else None,
    )


async def _check_model(session: Session, key: str, name: str) -> None:
    found = (await session.send(comet.get_experiment_models(key))).models
    names = list(dict.fromkeys(model.model_name for model in found if model.model_name))
    if name not in names:
        there = f"it has {', '.join(map(shortened, names))}" if names else "it has none"
        raise UsageError(f"the experiment {key} has no model '{shortened(name)}'; {there}")


async def _check_free(session: Session, target: Named) -> None:
    if target.version is None:
        return
    try:
        request = comet.get_registry_model_details(target.workspace, target.name)
        known = (await session.send(request)).versions
    except (BadRequestError, NotFoundError):  # it becomes the first version
        return
    if target.version in {version.version for version in known}:
        raise UsageError(f"{target} is registered already")


async def _check_status(session: Session, target: Named, status: object) -> None:
    if status is None:
        return
    request = comet.get_registry_model_allowed_statuses(target.workspace)
    allowed = (await session.send(request)).allowed_status
    if status not in allowed:
        there = ", ".join(map(shortened, allowed))
        raise UsageError(f"'{shortened(str(status))}' is no status; use {there}")


def _labels(word: str) -> click.Command:
    """Return the command that gives versions stages, or tags, which servers take for the same."""
    example = f"comet-async registry {word} team/resnet:1.0.0"
    return label_command(word, f"{word}s", "MODEL", example, partial(_label_changes, word))


async def _label_changes(
    word: str, session: Session, wanted: Named, names: Sequence[str], *, remove: bool
) -> list[Change]:
    version = version_of(await model_details(session, wanted), wanted)
    items = await version_items(session, wanted, [version])
    tags = [tag for item in items.values() for tag in item.tags]
    there = list(dict.fromkeys([*version.stages, *tags]))
    item_id = version.registry_model_item_id
    asked = dict.fromkeys(names)
    if not remove:
        return [
            Change(
                f"add {word}", str(wanted), name, comet.add_registry_model_item_stage(item_id, name)
            )
            for name in asked
            if name not in there
        ]
    for name in asked:
        if name not in there:
            refuse_unknown_label(wanted, word, name, there)
    return [
        Change(
            f"remove {word}",
            str(wanted),
            name,
            comet.delete_registry_model_item_stage(item_id, name),
        )
        for name in asked
    ]


@click.command(cls=Command)
@click.argument("model", metavar=_VERSION)
@click.argument("value", metavar="STATUS")
@dry_run_option
@json_option
@click.pass_context
def status(ctx: click.Context, /, *, model: str, value: str, dry_run: bool, as_json: bool) -> int:
    """Set the status of a version, or ask for it where it needs approval."""
    wanted = read_named(model, "MODEL", version="must")

    async def work(session: Session) -> int:
        version = version_of(await model_details(session, wanted), wanted)
        await _check_status(session, wanted, value)
        items = await version_items(session, wanted, [version])
        if value in {item.status for item in items.values()}:
            return await make_changes(session, [], dry_run=dry_run, as_json=as_json)
        request = comet.set_registry_model_item_status(version.registry_model_item_id, value)
        changes = [Change("set status", str(wanted), value, request)]
        return await make_changes(session, changes, dry_run=dry_run, as_json=as_json)

    return in_session(ctx, work, stopped=lambda: may_be_done(ctx))


status.examples = ("comet-async registry status team/resnet:1.0.0 Production",)


@click.command(cls=Command)
@click.argument("model", metavar="WORKSPACE/MODEL[:VERSION]")
@click.option("--yes", "agreed", is_flag=True, help="Delete it; there is no way back.")
@dry_run_option
@json_option
@click.pass_context
def delete(ctx: click.Context, /, *, model: str, agreed: bool, dry_run: bool, as_json: bool) -> int:
    """Delete a version of a registered model, or the model with all its versions."""
    wanted = read_named(model, "MODEL", version="may")
    what = f"{wanted}" if wanted.version else f"{wanted} with all its versions"
    confirmed(what, agreed=agreed, dry_run=dry_run)

    async def work(session: Session) -> int:
        found = await model_details(session, wanted)
        if wanted.version is None:
            action = f"delete model with {counted(len(found.versions), 'version')}"
            request = comet.delete_registry_model(wanted.workspace, wanted.name)
        else:
            action = "delete version"
            item = version_of(found, wanted)
            request = comet.delete_registry_model_item(item.registry_model_item_id)
        changes = [Change(action, str(wanted), None, request)]
        return await make_changes(session, changes, dry_run=dry_run, as_json=as_json)

    return in_session(ctx, work, stopped=lambda: may_be_done(ctx))


delete.examples = (
    "comet-async registry delete team/resnet:1.0.0 --dry-run",
    "comet-async registry delete team/resnet --yes",
)

CHANGES: tuple[click.Command, ...] = (register, _labels("stage"), _labels("tag"), status, delete)
"""The commands of `comet-async registry` that change something."""
