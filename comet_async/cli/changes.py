"""Changes that a command makes on the server: told before, or made and told after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async.cli.exits import Exit, Quit
from comet_async.cli.listings import put_record
from comet_async.cli.output import note, put
from comet_async.redaction import printable
from comet_async.request import Request

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Change", "confirmed", "dry_run_option", "make_changes"]

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and change nothing."
)


class Change(msgspec.Struct, frozen=True):
    """One change.

    Attributes:
        action: What is done, as "add stage".
        target: To what, as an address.
        value: With what, if anything.
        request: What is sent for it.
    """

    action: str
    target: str
    value: str | None
    request: Request[object]

    def __str__(self) -> str:
        value = "" if self.value is None else f" '{printable(self.value)}'"
        return f"{self.action}{value}: {self.target}"


async def make_changes(
    session: Session, changes: Sequence[Change], *, dry_run: bool, as_json: bool
) -> int:
    """Make changes one after another and tell each that is done; or tell what they would be.

    Args:
        session: An open session with the Comet service.
        changes: The changes, in order.
        dry_run: Whether nothing is sent.
        as_json: A JSON object on a line for each.

    Returns:
        The exit code.

    Raises:
        CometAsyncError: As `Session.send` does; those before are done and told.
    """
    for change in changes:
        answer = None if dry_run else await session.send(change.request)
        if as_json:
            put_record(
                {
                    "action": change.action,
                    "target": change.target,
                    "value": change.value,
                    "done": not dry_run,
                    "answer": msgspec.to_builtins(answer),
                }
            )
        else:
            put(f"{'would ' if dry_run else 'done: '}{change}")
    if dry_run:
        note("nothing was changed")
    elif not changes:
        note("there is nothing to change")
    return Exit.OK


def confirmed(what: str, *, agreed: bool, dry_run: bool) -> None:
    """See that a deletion is meant.

    Raises:
        Quit: The command line does not say so.
    """
    if not agreed and not dry_run:
        raise Quit(f"this deletes {what} for good; give --yes to do it", Exit.USAGE)
