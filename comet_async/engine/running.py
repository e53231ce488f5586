"""The way from a script into an event loop, and what to do where one runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from comet_async.errors import UsageError

__all__ = ["LOOP_RUNS", "run"]

T = TypeVar("T")

LOOP_RUNS = (
    "an event loop runs here already, as in every notebook: write `await main()` in the cell, or"
    " use comet_async.blocking, whose verbs need no await; asyncio.run(main()) is for scripts"
)
"""What to write where an event loop runs already."""


def run(main: Coroutine[object, object, T]) -> T:
    """Return what a coroutine returns, run in an event loop of its own: `asyncio.run` of a script.

    Args:
        main: The coroutine, as `main()`. It is closed where it cannot be run.

    Raises:
        UsageError: An event loop runs here already, as in a notebook; the message tells the three
            ways.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(main)
    main.close()
    raise UsageError(LOOP_RUNS)
