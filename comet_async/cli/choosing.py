"""Which experiments a command is about: keys, keys of a file, or those that an expression wants."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async import comet
from comet_async.cli.addresses import is_key, project_of
from comet_async.errors import UsageError
from comet_async.query import read_expression
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from comet_async.engine.session import Session

__all__ = ["Choice", "choice_options", "chosen_keys", "lines_of"]

_PAGE = 500


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says.

    Attributes:
        targets: Keys, and at most one `WORKSPACE/PROJECT`.
        where: Expression that chooses among the project's.
        everything: Whether all of the project are meant.
        keys_from: File with a key on each line; `-` for standard input.
        archived: Whether archived experiments are chosen among.
    """

    targets: Sequence[str]
    where: str | None = None
    everything: bool = False
    keys_from: str | None = None
    archived: bool = False

    def __post_init__(self) -> None:
        if not self.targets and self.keys_from is None:
            raise UsageError("name experiment keys, a file of them, or WORKSPACE/PROJECT")
        projects = [target for target in self.targets if "/" in target]
        named = len(self.targets) + (self.keys_from is not None)
        if projects and named > 1:
            raise UsageError("name keys, or one WORKSPACE/PROJECT")
        narrowed = self.where is not None or self.everything
        if projects and not narrowed:
            raise UsageError(
                f"{printable(projects[0])} is a whole project: choose with --where EXPRESSION,"
                " or say --all"
            )
        if narrowed and not projects:
            raise UsageError("--where and --all choose among the experiments of WORKSPACE/PROJECT")
        if self.where is not None and self.everything:
            raise UsageError("--where or --all, not both")

    @property
    def project(self) -> tuple[str, str] | None:
        """Workspace and project, None where keys are named."""
        if not self.targets or "/" not in self.targets[0]:
            return None
        named = project_of(self.targets[0])
        if named is None:
            raise UsageError(f"{printable(self.targets[0])!r} is no WORKSPACE/PROJECT")
        return named


def choice_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the arguments and options that choose experiments."""
    for decorate in (
        click.option("--all", "everything", is_flag=True, help="All experiments of the project."),
        click.option(
            "--keys-from", metavar="FILE", help="File with a key on each line; - for a pipe."
        ),
        click.option("--where", metavar="EXPRESSION", help="Those that an expression wants."),
        click.argument("targets", nargs=-1, metavar="[KEY...|WORKSPACE/PROJECT]"),
    ):
        command = decorate(command)
    return command


async def chosen_keys(session: Session, choice: Choice) -> list[str]:
    """Return the keys that are chosen, each once.

    Raises:
        UsageError: A key cannot be one, or nothing is chosen.
        CometAsyncError: The project cannot be asked.
    """
    project = choice.project
    keys = _named(choice) if project is None else await _of_project(session, project, choice)
    return [*dict.fromkeys(keys)]


def _named(choice: Choice) -> list[str]:
    keys = [*choice.targets, *(lines_of(choice.keys_from) if choice.keys_from else ())]
    for key in keys:
        if not is_key(key):
            raise UsageError(f"{shortened(printable(key), 60)!r} is no experiment key")
    return keys


def lines_of(file: str) -> list[str]:
    """Return the lines of a file, or of standard input.

    Raises:
        UsageError: It cannot be read, or is no text.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is no UTF-8 text"
        shown = shortened(printable(file), 120)
        raise UsageError(f"cannot read keys from {shown}: {reason}") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


async def _of_project(session: Session, project: tuple[str, str], choice: Choice) -> list[str]:
    workspace, name = project
    if choice.where is not None:
        from comet_async.api.query import query  # noqa: PLC0415 aiohttp is slow to import

        found = await query(
            session,
            read_expression(choice.where),
            workspace_name=workspace,
            project_name=name,
            archived=choice.archived,
        )
        return [*found.keys]
    listing = comet.paged_experiments(
        workspace_name=workspace,
        project_name=name,
        archived=choice.archived,
        size=_PAGE,
        sort_by="startTime",
        sort_order="asc",
    )
    return [entry.experiment_key async for entry in session.items(listing)]
