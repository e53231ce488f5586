"""`comet-async archive`, `restore`, `move`, `tag`, `delete`: writes to many experiments."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from comet_async.cli.addresses import project_of
from comet_async.cli.asking import nothing_kept, shown_on
from comet_async.cli.choosing import Choice, choice_options, chosen_keys
from comet_async.cli.commands import Command, same_command
from comet_async.cli.context import connection
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import is_terminal, note, put, put_json, say
from comet_async.cli.running import run
from comet_async.errors import UsageError
from comet_async.redaction import printable

if TYPE_CHECKING:
    from comet_async.bulk import Options, WritesReport
    from comet_async.engine.session import Session

__all__ = ["archive", "delete", "move", "restore", "tag"]

_FAILURES_SHOWN = 5

_Act: TypeAlias = "Callable[[Session, Sequence[str], Options], Awaitable[WritesReport]]"


_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document, the report."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option(
        "--ledger",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Remember there what was done: the same command goes on where it was stopped.",
    ),
    click.option("--dry-run", is_flag=True, help="Print what would be done; send nothing."),
)


class _Order:
    """What every one of these commands is told.

    Args:
        ctx: The command's context.
        choice: Which experiments.
        options: What `_write_options` gives.
    """

    def __init__(
        self,
        ctx: click.Context,
        choice: Choice,
        *,
        dry_run: bool,
        ledger: Path | None,
        quiet: bool,
        as_json: bool,
    ) -> None:
        self._connection = connection(ctx)
        self._ctx = ctx
        self._shown = shown_on(ctx, quiet=quiet)
        self._choice = choice
        self._dry_run = dry_run
        self._ledger = ledger
        self._begun = False
        self._as_json = as_json

    def carry_out(self, act: _Act, *, confirm: Callable[[int], None] | None = None) -> int:
        """Do it, and return the exit code.

        Args:
            act: The bulk write.
            confirm: Asked before anything is sent, with the number of experiments; raises to stop.
        """
        settings = self._connection.settings()
        service = self._connection.service(settings)

        async def work() -> int:
            observers = [self._shown.watch]
            async with self._connection.session(service, settings, observers=observers) as session:
                keys = await chosen_keys(session, self._choice)
                if not keys:
                    note("no experiment is chosen; nothing was sent")
                    return Exit.OK
                if confirm is not None and not self._dry_run:
                    confirm(len(keys))
                return self._told(await self._acted(session, keys, act))

        return run(work, lambda: "" if self._begun else nothing_kept(self._ctx))

    async def _acted(self, session: Session, keys: Sequence[str], act: _Act) -> WritesReport:
        self._begun = True
        with self._shown as shown:
            shown.planned("experiments", len(keys))
            before = 0

            def progress(over: int, total: int) -> None:
                nonlocal before
                del total
                shown.finished("experiments", over - before, 0)
                before = over

            try:
                return await act(
                    session,
                    keys,
                    {"dry_run": self._dry_run, "ledger": self._ledger, "progress": progress},
                )
            except BaseException:
                shown.close()
                say(self._advice(before, len(keys)))
                raise

    def _advice(self, over: int, total: int) -> str:
        again = same_command(self._ctx)
        told = f"stopped after {over:,} of {total:,} experiments"
        if self._ledger is not None:
            return f"{told}; to go on: {again}"
        return f"{told}, with no --ledger FILE to go on by; to begin anew: {again}"

    def _told(self, report: WritesReport) -> int:
        if self._as_json:
            put_json(report.to_dict())
            return report.exit_code
        if self._dry_run:
            for key in report.done:
                put(key)
        for what, items in (("failed", report.failed), ("outcome unknown", report.unknown)):
            for key in [*items][:_FAILURES_SHOWN]:
                say(f"{what}: {key}: {items[key]}")
            if len(items) > _FAILURES_SHOWN:
                say(f"{what}: {len(items) - _FAILURES_SHOWN:,} more; --json names all")
        say(str(report))
        if self._shown.pace.eventful:
            note(self._shown.pace.summary())
        return report.exit_code


def _ordered(*, archived: bool) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the common options, as one `_Order`.

    Args:
        archived: Whether it is about archived experiments, if no option of its own says so.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        @click.pass_context
        def ordered(
            ctx: click.Context,
            /,
            *,
            targets: tuple[str, ...],
            where: str | None,
            everything: bool,
            keys_from: str | None,
            dry_run: bool,
            ledger: Path | None,
            quiet: bool,
            as_json: bool,
            archived: bool = archived,
            **own: object,
        ) -> int:
            choice = Choice(
                targets=targets,
                where=where,
                everything=everything,
                keys_from=keys_from,
                archived=archived,
            )
            order = _Order(
                ctx, choice, dry_run=dry_run, ledger=ledger, quiet=quiet, as_json=as_json
            )
            return command(order, **own)

        for option in _OPTIONS:
            ordered = option(ordered)
        return choice_options(ordered)

    return decorate


@click.command(cls=Command)
@_ordered(archived=False)
def archive(order: _Order, /) -> int:
    """Put experiments into the archive of their project; `restore` takes them out."""
    from comet_async import bulk  # noqa: PLC0415 aiohttp is slow to import

    return order.carry_out(lambda s, keys, how: bulk.archive_experiments(s, keys, **how))


archive.examples = (
    "comet-async archive 3d6b1f6e62ab4d8e9d9f5f7f0c1e2a3b",
    "comet-async archive team/resnet --where 'Metric(\"loss\") > 10' --dry-run",
    "comet-async archive --keys-from keys.txt --ledger archive.jsonl",
)


@click.command(cls=Command)
@_ordered(archived=True)
def restore(order: _Order, /) -> int:
    """Take experiments out of the archive of their project."""
    from comet_async import bulk  # noqa: PLC0415 as above

    return order.carry_out(lambda s, keys, how: bulk.restore_experiments(s, keys, **how))


restore.examples = (
    "comet-async restore 3d6b1f6e62ab4d8e9d9f5f7f0c1e2a3b",
    "comet-async restore team/resnet --all",
)


@click.command(cls=Command)
@click.option("--to", required=True, metavar="WORKSPACE/PROJECT", help="The other project.")
@click.option("--symlink", is_flag=True, help="Leave them where they are, and link to them.")
@click.option("--archived", is_flag=True, help="Choose among the archived experiments.")
@_ordered(archived=False)
def move(order: _Order, /, *, to: str, symlink: bool) -> int:
    """Move experiments to another project, or link to them there."""
    from comet_async import bulk  # noqa: PLC0415 as above

    target = project_of(to)
    if target is None:
        raise UsageError(f"--to {printable(to)}: name WORKSPACE/PROJECT")
    return order.carry_out(
        lambda s, keys, how: bulk.move_experiments(s, keys, *target, symlink=symlink, **how)
    )


move.examples = (
    "comet-async move team/resnet --where 'Tag(\"final\")' --to team/published",
    "comet-async move --keys-from keys.txt --to team/other --dry-run",
)


@click.command(cls=Command)
@click.option("-t", "--tag", "tags", multiple=True, required=True, metavar="TAG", help="Repeat.")
@click.option("--remove", is_flag=True, help="Take the tags away instead.")
@click.option("--archived", is_flag=True, help="Choose among the archived experiments.")
@_ordered(archived=False)
def tag(order: _Order, /, *, tags: tuple[str, ...], remove: bool) -> int:
    """Add tags to experiments, or take them away."""
    from comet_async import bulk  # noqa: PLC0415 as above

    act = bulk.untag_experiments if remove else bulk.tag_experiments
    return order.carry_out(lambda s, keys, how: act(s, keys, tags, **how))


tag.examples = (
    "comet-async tag team/resnet --where 'Metric(\"accuracy\") > 0.99' --tag best",
    "comet-async tag 3d6b1f6e62ab4d8e9d9f5f7f0c1e2a3b -t old -t broken --remove",
)


@click.command(cls=Command)
@click.option("--confirm", type=int, metavar="N", help="How many are to be deleted.")
@click.option("--archived", is_flag=True, help="Choose among the archived experiments.")
@_ordered(archived=False)
def delete(order: _Order, /, *, confirm: int | None) -> int:
    """Delete experiments, with all that belongs to them, for good.

    It asks for the number of experiments before it does; where nobody can be asked, --confirm N
    must say it.
    """
    from comet_async import bulk  # noqa: PLC0415 as above

    return order.carry_out(
        lambda s, keys, how: bulk.delete_experiments(s, keys, confirm=len(keys), **how),
        confirm=partial(_confirmed, confirm),
    )


delete.examples = (
    "comet-async delete team/resnet --where 'Tag(\"broken\")' --dry-run",
    "comet-async delete team/resnet --all --archived --ledger deleted.jsonl",
    "comet-async delete --keys-from keys.txt --confirm 17",
)


def _confirmed(told: int | None, count: int) -> None:
    """See that so many are meant to be deleted.

    Raises:
        Quit: They are not.
    """
    if told is None and is_terminal(sys.stdin):
        told = click.prompt(
            f"{count:,} experiments will be deleted for good. Type their number to go on",
            type=int,
            err=True,
        )
    if told is None:
        raise Quit(
            f"{count:,} experiments would be deleted for good; say --confirm {count}", Exit.USAGE
        )
    if told != count:
        raise Quit(f"{count:,} experiments are chosen, not {told:,}; nothing was sent", Exit.USAGE)
