"""`comet-async`: the entry point, its options, and its commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn, cast

import click
from click.shell_completion import CompletionItem

from comet_async.cli.commands import Program
from comet_async.cli.output import PROGRAM, prepare_streams

__all__ = ["COMMANDS", "main", "program"]

COMMANDS = {
    "archive": "Put experiments into the archive of their project; `restore` takes them out.",
    "artifact": "Artifacts: list, show, download, and label versions.",
    "call": "Call any endpoint of the API and print its answer as JSON.",
    "chart": "Draw metrics of a project's experiments, or of a harvest, into a file.",
    "completion": "Print the script that completes commands in bash, zsh or fish.",
    "delete": "Delete experiments, with all that belongs to them, for good.",
    "demo": "Harvest real training runs from a Comet that runs inside this command.",
    "diff": "Compare two harvests, or two states of one.",
    "doctor": "Tell which key, URL and workspace are in use, and whether the key works.",
    "domino": "Many jobs, logs, files, grants, costs and audits of Domino at once.",
    "export": "Hand the harvest in DIR over to another tracker, and tell what is lost, by field.",
    "harvest": "Write a workspace or a project to Parquet tables and files.",
    "login": "Ask for an API key and save it, readable by you alone.",
    "ls": "List workspaces, projects of one, experiments of a project, assets of an experiment.",
    "move": "Move experiments to another project, or link to them there.",
    "query": "Find the experiments of a project that an expression wants.",
    "registry": "Registered models: list, show, download, register, stage, tag, delete.",
    "report": "Write one page about a harvest: what is there, what failed, top runs.",
    "restore": "Take experiments out of the archive of their project.",
    "serve": "Serve Comet's API, or Domino's, from offline archives, sample runs or made-up data.",
    "sql": "Ask a harvest in SQL.",
    "tag": "Add tags to experiments, or take them away.",
    "upload": "Upload files as assets of EXPERIMENT: a key, or WORKSPACE/PROJECT/EXPERIMENT.",
    "verify": "Check sizes, checksums and row counts of a harvest against its ledger.",
}
"""The first line of each command's help; its module is imported when it runs."""

_HOMES: Mapping[str, str] = dict.fromkeys(("archive", "delete", "move", "restore", "tag"), "writes")
"""Modules of commands whose name is another than theirs."""


class _Commands(Program):
    """The program with its commands, of which only the one that runs is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        del ctx
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None if there is no such one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"comet_async.cli.{_HOMES.get(cmd_name, cmd_name)}")
        return cast("click.Command", getattr(module, cmd_name))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, and import none of the commands."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        commands = [
            CompletionItem(name, help=told)
            for name, told in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *options]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line for each command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 click calls it so
    del param
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 only needed here

        click.echo(f"{PROGRAM} {version('comet_async')}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("--url", metavar="URL", help="Root of the server, over any configured one.")
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
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes: results and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Log every request to standard error.")
@click.pass_context
def program(
    ctx: click.Context,
    /,
    *,
    url: str | None,
    ca_bundle: str | None,
    proxy: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Read, download and harvest from a Comet server.

    The API key comes from COMET_API_KEY, `.env`, `.comet.config` or `~/.comet.config`; it is never
    an option. `comet-async doctor` tells which one is in use.

    Results go to standard output; progress, notes and errors go to standard error. There are
    colours on a terminal only, and none where NO_COLOR is set.
    """
    del quiet  # `note` and `shown_on` look at it
    from comet_async.cli.context import Connection, log_to_stderr  # noqa: PLC0415 slow to import

    if verbose:
        log_to_stderr()
    ctx.obj = Connection(url=url, ca_bundle=ca_bundle, proxy=proxy, verbose=verbose)


program.examples = (
    "comet-async demo",
    "comet-async harvest team/resnet -o lake",
    'comet-async query team/resnet \'Metric("loss") < 0.1 and Tag("best")\'',
    "comet-async sql lake 'select * from experiments'",
    "comet-async call get_workspaces",
    "comet-async --url https://comet.example.com doctor",
)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `comet-async` with `args` (default: those of the process) and end the process."""
    prepare_streams()
    program.main(args)
