"""`comet-async login`: store an API key for its owner alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from comet_async import comet
from comet_async.cli.commands import Command
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import put, say
from comet_async.credentials import Secret

__all__ = ["login"]

_LONGEST = 16_384


@click.command(cls=Command)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Config file to write; default ~/.comet.config.",
)
def login(path: Path | None) -> int:
    """Ask for an API key and save it, readable by you alone.

    The key is read from a hidden prompt, or from standard input when that is no terminal; it is
    never an argument, since other users can read those.
    """
    target = path or Path.home() / ".comet.config"
    key = Secret(_entered(), origin="the entered key")
    comet.save_api_key(key, target)
    put(f"saved the API key to {target} (mode 0600)")
    used = comet.Settings.load().api_key
    if used is None or used.value != key:
        place = "no place" if used is None else used.source
        say(f"warning: {place} comes first, so the saved key is not in use")
    return Exit.OK


login.examples = (
    "comet-async login",
    "pass show comet | comet-async login",
    "comet-async login --file ./.comet.config",
)


def _entered() -> str:
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]  # None when closed
        raise Quit("standard input is closed; there is no key to read", Exit.USAGE)
    if sys.stdin.isatty():
        return str(click.prompt("Comet API key", hide_input=True, err=True))
    return sys.stdin.readline(_LONGEST)
