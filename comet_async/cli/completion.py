"""`comet-async completion`: what a shell needs to complete commands, options and values."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from comet_async.cli.commands import Command
from comet_async.cli.exits import Exit
from comet_async.cli.output import PROGRAM, put_bytes

__all__ = ["completion"]

_SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "fish": FishComplete,
    "zsh": ZshComplete,
}


@click.command(cls=Command)
@click.argument("shell", type=click.Choice([*_SHELLS]))
@click.pass_context
def completion(ctx: click.Context, /, *, shell: str) -> int:
    """Print the script that completes commands in bash, zsh or fish.

    Commands, options, endpoints of `call`, tables and choices are completed; no server is asked.

    \b
    bash, in ~/.bashrc:  eval "$(comet-async completion bash)"
    zsh, in ~/.zshrc:    eval "$(comet-async completion zsh)"
    fish, once:          comet-async completion fish > FILE
      FILE is ~/.config/fish/completions/comet-async.fish

    It takes effect in the next shell. bash has to be of version 4.4 or later.
    """  # noqa: D301 the escape is for click, which keeps these lines as they are
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    made = _SHELLS[shell](ctx.find_root().command, {}, PROGRAM, variable)
    # Not `source()`: that starts a bash to ask for its version, whoever is to read the script.
    put_bytes((made.source_template % made.source_vars()).encode())
    return Exit.OK


completion.examples = (
    "comet-async completion bash",
    "comet-async completion zsh > ~/.comet-async-completion.zsh",
    "comet-async completion fish > ~/.config/fish/completions/comet-async.fish",
)
