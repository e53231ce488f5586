"""Commands that ask a server: their session, from settings to exit code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import click

from comet_async.cli.context import connection
from comet_async.cli.running import run
from comet_async.events import Observer

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["in_session"]


def in_session(
    ctx: click.Context,
    work: Callable[[Session], Awaitable[int]],
    *,
    observers: Iterable[Observer] = (),
) -> int:
    """Open the session that the options before the command name, and return what `work` returns.

    Args:
        ctx: The command's context.
        work: Called with the open session; a signal cancels it.
        observers: Told what the session does.

    Raises:
        CometAsyncError: As `work` does.
        Quit: No key is configured, or as `work` does.
    """
    options = connection(ctx)
    settings = options.settings()
    service = options.service(settings)

    async def within() -> int:
        async with options.session(service, settings, observers=observers) as session:
            return await work(session)

    return run(within)
