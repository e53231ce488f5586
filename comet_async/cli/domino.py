"""`comet-async domino`: what is done to many things of Domino at once."""

from __future__ import annotations

import click

from comet_async.cli.commands import Group
from comet_async.cli.domino_files import FILES
from comet_async.cli.domino_lists import LISTS
from comet_async.cli.domino_runs import RUNS

__all__ = ["domino"]


@click.group(cls=Group, no_args_is_help=False)
def domino() -> None:
    """Many jobs, logs, files, grants, costs and audits of Domino at once.

    The host comes from DOMINO_API_HOST or --url, the key from DOMINO_USER_API_KEY,
    DOMINO_TOKEN_FILE or DOMINO_API_PROXY. A PROJECT is a name, OWNER/NAME or an id.
    `comet-async call --service domino` calls single operations; to take all there is of a project,
    harvest `domino:PROJECT`.
    """


domino.examples = (
    "comet-async domino jobs forecasting --status Failed",
    "comet-async domino logs --project forecasting -o logs",
    "comet-async domino run forecasting 'python train.py' --title nightly",
    "comet-async domino audit gateway audit.jsonl --since 2026-01-01",
    "comet-async domino cost lastmonth --json > cost.jsonl",
)

for _command in (*LISTS, *FILES, *RUNS):
    domino.add_command(_command)
