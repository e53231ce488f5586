"""`comet-async call`: any endpoint from the shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from comet_async import comet
from comet_async.cli.arguments import options_of, values_of
from comet_async.cli.calling import Delivery, Target, call_endpoint
from comet_async.cli.catalogues import COMET, SERVICES, Catalogue, catalogue
from comet_async.cli.commands import Command, Group, same_command
from comet_async.cli.context import connection
from comet_async.cli.docstrings import documentation
from comet_async.cli.endpoints import (
    command_line,
    effect_told,
    endpoint_rows,
    near_names,
    standing,
)
from comet_async.cli.output import put_json
from comet_async.cli.samples import sample_request
from comet_async.cli.tables import put_table, table_of

__all__ = ["call"]

_WORKSPACES = ("workspace", "workspace_name")
_CONFIGURED: dict[str, str] = dict.fromkeys(_WORKSPACES, "the configured workspace")


class _Chosen(click.Context):
    """The context of `call`, in whose path stands the service, if it is not the usual one."""

    @property
    def command_path(self) -> str:
        """The words that lead to the command, for usage lines and hints."""
        service = self.params.get("service", COMET.service)
        return super().command_path + ("" if service == COMET.service else f" --service {service}")


class _Endpoints(Group):
    """One command for each endpoint, made when it is asked for."""

    context_class = _Chosen

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the endpoints and options that begin so; hyphens stand for underscores."""
        begun = incomplete.replace("-", "_") if incomplete[:1].isalpha() else incomplete
        known = _catalogue(ctx).endpoints
        names = [CompletionItem(name) for name in sorted(known) if name.startswith(begun)]
        return [*names, *super().shell_complete(ctx, incomplete)] if begun else names

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the endpoints' names."""
        return sorted(_catalogue(ctx).endpoints)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of an endpoint; hyphens stand for underscores."""
        name = cmd_name.replace("-", "_")
        return _command(name, _catalogue(ctx)) if name in _catalogue(ctx).endpoints else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name.

        Raises:
            UsageError: There is no such endpoint; the message has near names.
        """
        found = self.get_command(ctx, args[0])
        if found is None:
            raise click.UsageError(_unknown(args[0], _catalogue(ctx)))
        return found.name, found, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: `--list` shows the endpoints, which are many."""


@click.group(cls=_Endpoints, invoke_without_command=True, subcommand_metavar="NAME [OPTIONS]")
@click.option(
    "--service",
    type=click.Choice(SERVICES),
    default=COMET.service,
    show_default=True,
    help="Whose API. For domino the host comes from DOMINO_API_HOST, the key from "
    "DOMINO_USER_API_KEY, DOMINO_TOKEN_FILE or DOMINO_API_PROXY.",
)
@click.option("--list", "listed", is_flag=True, help="Show every endpoint and exit.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="With --list: print one JSON document, as all else does anyway.",
)
@click.pass_context
def call(ctx: click.Context, service: str, listed: bool, as_json: bool) -> None:  # noqa: FBT001 click passes them by name
    """Call any endpoint of the API and print its answer as JSON.

    What changes the server's state asks first, or wants --yes.

    Options are the endpoint's parameters; `comet-async call NAME --help` explains them.
    """
    if listed:
        rows = endpoint_rows(catalogue(service))
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
    "comet-async call --service domino --list",
    "comet-async call --service domino get_jobs --project-id P --table",
)


def _catalogue(ctx: click.Context) -> Catalogue:
    """Return the catalogue that the options before the endpoint's name want."""
    return catalogue(ctx.params.get("service", COMET.service))


def _unknown(name: str, known: Catalogue) -> str:
    """Return what to do about a name that is no endpoint's."""
    for other in SERVICES:
        if name.replace("-", "_") in catalogue(other).endpoints:
            return f"{name!r} is an endpoint of {other}: `{catalogue(other).command} {name} ...`"
    near = near_names(name, known)
    like = f"; near: {', '.join(near)}" if near else ""
    return f"no endpoint {name!r}{like}. `{known.command} --list` shows all"


def _command(name: str, known: Catalogue) -> Command:
    endpoint = known.endpoints[name]
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
            newer_path=given.pop("newer_path", False),
        )
        values = values_of(endpoint, given)
        settings = connection(ctx).settings() if known is COMET else None
        if settings is not None:
            _fill(ctx, endpoint, values, settings.workspace)
        return call_endpoint(
            Target(connection(ctx), settings, known), name, values, delivery, same_command(ctx)
        )

    command = Command(
        name,
        callback=run,
        params=[
            *options_of(endpoint, _CONFIGURED if known is COMET else None),
            *_moving_options(endpoint),
            *_delivery_options(pages=name in known.paged, writes=bool(effect)),
        ],
        help="\n\n".join(part for part in parts if part),
        short_help=told.summary,
    )
    command.examples = (command_line(endpoint, known),)
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


def _moving_options(endpoint: Callable[..., object]) -> list[click.Parameter]:
    if "moved" not in standing(endpoint).split(", "):
        return []
    told = "Ask at the path that newer servers have."
    return [click.Option(["--newer-path"], is_flag=True, help=told)]


def _delivery_options(*, pages: bool, writes: bool) -> list[click.Parameter]:
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
    if pages:
        every = click.Option(["--all", "every_page"], is_flag=True, help="Fetch every page.")
        return [every, *shared]
    if writes:
        agreed = click.Option(["--yes", "agreed"], is_flag=True, help="Do it without asking.")
        return [agreed, *shared]
    return shared
