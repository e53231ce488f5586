"""Commands that give versions labels, or take them away: aliases, stages and tags."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Protocol

import click

from comet_async.cli.addresses import Named, read_named
from comet_async.cli.asking import in_session, may_be_done
from comet_async.cli.changes import Change, dry_run_option, make_changes
from comet_async.cli.commands import Command
from comet_async.cli.listings import json_option
from comet_async.errors import UsageError
from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Labelled", "label_command", "refuse_unknown_label"]


class Labelled(Protocol):
    """Works out the changes that give a version labels, or take them away."""

    def __call__(
        self, session: Session, wanted: Named, labels: Sequence[str], /, *, remove: bool
    ) -> Awaitable[list[Change]]:
        """Return the changes, none where all is as asked."""
        ...


def label_command(
    word: str, many: str, noun: str, example: str, changes: Labelled
) -> click.Command:
    """Return the command that gives a version labels, or takes them away.

    Args:
        word: Name of the command, and of one label.
        many: Name of several.
        noun: What has versions, as "MODEL".
        example: Start of an example, as "comet-async registry stage team/resnet:1.0.0".
        changes: Works out what to change.
    """

    @click.command(word, cls=Command, help=f"Give a version {many}, or take them away.")
    @click.argument("name", metavar=f"WORKSPACE/{noun}:VERSION")
    @click.argument("labels", metavar=f"{word.upper()}...", nargs=-1, required=True)
    @click.option("--remove", is_flag=True, help="Take them away.")
    @dry_run_option
    @json_option
    @click.pass_context
    def label(
        ctx: click.Context,
        /,
        *,
        name: str,
        labels: tuple[str, ...],
        remove: bool,
        dry_run: bool,
        as_json: bool,
    ) -> int:
        wanted = read_named(name, noun, version="must")

        async def work(session: Session) -> int:
            found = await changes(session, wanted, labels, remove=remove)
            return await make_changes(session, found, dry_run=dry_run, as_json=as_json)

        return in_session(ctx, work, stopped=lambda: may_be_done(ctx))

    label.examples = (f"{example} best", f"{example} best --remove")
    return label


def refuse_unknown_label(wanted: Named, word: str, label: str, there: Sequence[str]) -> None:
    """Refuse to take away a label that a version does not have.

    Raises:
        UsageError: Always.
    """
    told = f"it has {', '.join(map(shortened, there))}" if there else "it has none"
    raise UsageError(f"{wanted} has no {word} '{shortened(label)}'; {told}")
