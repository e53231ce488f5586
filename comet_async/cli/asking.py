"""Commands that ask a server: their session, from settings to exit code."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import click

from comet_async.cli.commands import same_command
from comet_async.cli.context import connection
from comet_async.cli.output import is_quiet, note
from comet_async.cli.running import run
from comet_async.events import Observer
from comet_async.pace import Pace
from comet_async.progress import PlainProgress, RichProgress, View, can_move, view_for

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["in_session", "may_be_done", "nothing_kept", "passing_on", "shown_on"]


def in_session(
    ctx: click.Context,
    work: Callable[[Session], Awaitable[int]],
    *,
    observers: Iterable[Observer] = (),
    stopped: Callable[[], str] | None = None,
    domino: bool = False,
) -> int:
    """Open the session that the options before the command name, and return what `work` returns.

    Args:
        ctx: The command's context.
        work: Called with the open session; a signal cancels it.
        observers: Told what the session does; by default waits are said.
        stopped: Returns what is said when a signal has ended the work; by default that it is
            nothing but a question, which the same command asks again.
        domino: Whether it is Domino's server that is asked.

    Raises:
        CometAsyncError: As `work` does.
        Quit: No key is configured, or as `work` does.
    """
    options = connection(ctx)
    settings = None if domino else options.settings()
    service = options.domino() if settings is None else options.service(settings)

    async def within() -> int:
        watchers = [*observers] or [Pace(note=note)]
        async with options.session(service, settings, observers=watchers) as session:
            return await work(session)

    return run(within, stopped or (lambda: nothing_kept(ctx)))


def shown_on(ctx: click.Context, *, quiet: bool) -> View:
    """Return where progress is shown: on standard error; nowhere when quiet."""
    if quiet or is_quiet(ctx):
        return View()
    return PlainProgress(sys.stderr) if connection(ctx).verbose else view_for(sys.stderr)


def passing_on(ctx: click.Context) -> View:
    """Return where a question shows its requests while it is asked: on a terminal only."""
    quiet = is_quiet(ctx) or connection(ctx).verbose or not can_move(sys.stderr)
    return _Waits() if quiet else RichProgress(transient=True)


class _Waits(View):
    """Says waits, and shows nothing else."""

    def note(self, text: str) -> None:
        """Say the sentence, unless the command is quiet."""
        note(text)


def nothing_kept(ctx: click.Context) -> str:
    """Return what is said when a question was stopped."""
    return f"stopped: nothing was changed; to ask again: {same_command(ctx)}"


def may_be_done(ctx: click.Context) -> str:
    """Return what is said when a change was stopped."""
    return f"stopped: what is not told as done may be done or not; to go on: {same_command(ctx)}"
