"""`comet-async`: the entry point, its options, and its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import click

from comet_async.cli.call import call
from comet_async.cli.commands import Program
from comet_async.cli.context import Connection, log_to_stderr
from comet_async.cli.demo import demo
from comet_async.cli.doctor import doctor
from comet_async.cli.harvest import harvest
from comet_async.cli.login import login
from comet_async.cli.output import PROGRAM, prepare_streams
from comet_async.cli.serve import serve

__all__ = ["main", "program"]


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 click calls it so
    del param
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 only needed here

        click.echo(f"{PROGRAM} {version('comet_async')}")
        ctx.exit()


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--url", metavar="URL", help="Root of the Comet server, over any configured one.")
@click.option(
    "--ca-bundle",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    help="File with the CA certificates to trust.",
)
@click.option(
    "--proxy",
    metavar="URL",
    help='Proxy to use; "environment" takes what the environment names. Default: none.',
)
@click.option("-v", "--verbose", is_flag=True, help="Log every request to standard error.")
@click.pass_context
def program(
    ctx: click.Context,
    url: str | None,
    ca_bundle: str | None,
    proxy: str | None,
    verbose: bool,  # noqa: FBT001 click passes it by name
) -> None:
    """Read, download and harvest from a Comet server.

    The API key comes from COMET_API_KEY, `.env`, `.comet.config` or `~/.comet.config`; it is never
    an option. `comet-async doctor` tells which one is in use.
    """
    if verbose:
        log_to_stderr()
    ctx.obj = Connection(url=url, ca_bundle=ca_bundle, proxy=proxy, verbose=verbose)


program.examples = (
    "comet-async demo",
    "comet-async harvest team/resnet -o lake",
    "comet-async call get_workspaces",
    "comet-async --url https://comet.example.com doctor",
)
for _command in (call, demo, doctor, harvest, login, serve):
    program.add_command(_command)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `comet-async` with `args` (default: those of the process) and end the process."""
    prepare_streams()
    program.main(args)
