"""`comet-async call`: any endpoint from the shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from comet_async import comet
from comet_async.cli.arguments import options_of, values_of
from comet_async.cli.calling import Delivery, call_endpoint
from comet_async.cli.commands import Command, Group
from comet_async.cli.context import connection
from comet_async.cli.docstrings import documentation
from comet_async.cli.endpoints import (
    PAGED,
    command_line,
    effect_told,
    endpoint_rows,
    near_names,
)
from comet_async.cli.output import put_json
from comet_async.cli.samples import sample_request
from comet_async.cli.tables import put_table, table_of
from comet_async.request import Request

__all__ = ["call"]

_WORKSPACES = ("workspace", "workspace_name")
_CONFIGURED: dict[str, str] = dict.fromkeys(_WORKSPACES, "the configured workspace")


class _Endpoints(Group):
    """One command for each endpoint, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the endpoints' names."""
        del ctx
        return sorted(comet.ENDPOINTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of an endpoint; hyphens stand for underscores."""
        del ctx
        name = cmd_name.replace("-", "_")
        endpoint = comet.ENDPOINTS.get(name)
        return None if endpoint is None else _command(name, endpoint)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name.

        Raises:
            UsageError: There is no such endpoint; the message has near names.
        """
        found = self.get_command(ctx, args[0])
        if found is None:
            near = near_names(args[0])
            like = f"; near: {', '.join(near)}" if near else ""
            raise click.UsageError(
                f"no endpoint {args[0]!r}{like}. `comet-async call --list` shows all"
            )
        return found.name, found, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: `--list` shows the endpoints, which are many."""


@click.group(cls=_Endpoints, invoke_without_command=True, subcommand_metavar="NAME [OPTIONS]")
@click.option("--list", "listed", is_flag=True, help="Show every endpoint and exit.")
@click.option("--json", "as_json", is_flag=True, help="With --list: as JSON.")
@click.pass_context
def call(ctx: click.Context, listed: bool, as_json: bool) -> None:  # noqa: FBT001 click passes them by name
    """Call any endpoint of the API and print its answer as JSON.

    What changes the server's state asks first, or wants --yes.

    Options are the endpoint's parameters; `comet-async call NAME --help` explains them.
    """
    if listed:
        rows = endpoint_rows()
        if as_json:
            put_json(rows)
        else:
            put_table(table_of(rows))
        ctx.exit()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


call.examples = (
    "comet-async call --list",
    "comet-async call get_experiment_metric --help",
    "comet-async call get_experiment_metric --experiment-key K --metric-name loss",
    "comet-async call get_experiments --workspace-name W --project-name P --all --table",
    "comet-async call get_experiment_asset --experiment-key K --asset-id A -o model.bin",
    "comet-async call add_experiment_tags --experiment-key K --added-tags best --yes",
    "comet-async call upload_experiment_asset --experiment-key K --file model.bin --yes",
)


def _command(name: str, endpoint: Callable[..., Request[Any]]) -> Command:
    told = documentation(endpoint)
    effect = effect_told(sample_request(endpoint))
    parts = (
        told.summary,
        told.detail,
        effect,
        f"Returns: {told.returns}" if told.returns else "",
        f"Source: {told.source}" if told.source else "",
    )

    @click.pass_context
    def run(ctx: click.Context, /, **given: Any) -> int:  # noqa: ANN401 click passes what was parsed
        delivery = Delivery(
            table=given.pop("as_table"),
            raw=given.pop("as_raw"),
            output=given.pop("to_file"),
            force=given.pop("force"),
            every_page=given.pop("every_page", False),
            timeout=given.pop("time_limit"),
            agreed=given.pop("agreed", False),
        )
        settings = connection(ctx).settings()
        values = values_of(endpoint, given)
        _fill(ctx, endpoint, values, settings.workspace)
        return call_endpoint(connection(ctx), settings, name, values, delivery)

    command = Command(
        name,
        callback=run,
        params=[*options_of(endpoint, _CONFIGURED), *_delivery_options(name, writes=bool(effect))],
        help="\n\n".join(part for part in parts if part),
        short_help=told.summary,
    )
    command.examples = (command_line(endpoint),)
    return command


def _fill(
    ctx: click.Context,
    endpoint: Callable[..., object],
    values: dict[str, object],
    workspace: comet.Setting[str] | None,
) -> None:
    """Give a required workspace that was not named its configured value."""
    for option in options_of(endpoint):
        if option.name in _WORKSPACES and option.required and option.name not in values:
            if workspace is None:
                raise click.MissingParameter(ctx=ctx, param=option)
            values[option.name] = workspace.value


def _delivery_options(name: str, *, writes: bool) -> list[click.Parameter]:
    shared: list[click.Parameter] = [
        click.Option(["--table", "as_table"], is_flag=True, help="Print a table."),
        click.Option(
            ["--raw", "as_raw"],
            is_flag=True,
            help="Print the server's body unchanged; only your own API key is masked in it.",
        ),
        click.Option(
            ["-o", "--output", "to_file"],
            type=click.Path(path_type=Path, allow_dash=True),
            metavar="FILE",
            help="Write to a file that appears whole or not at all.",
        ),
        click.Option(["--force"], is_flag=True, help="Replace an existing file."),
        click.Option(
            ["--time-limit"],
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Patience with the whole exchange.",
        ),
    ]
    if name in PAGED:
        every = click.Option(["--all", "every_page"], is_flag=True, help="Fetch every page.")
        return [every, *shared]
    if writes:
        agreed = click.Option(["--yes", "agreed"], is_flag=True, help="Do it without asking.")
        return [agreed, *shared]
    return shared
