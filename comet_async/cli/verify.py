"""`comet-async verify`: a harvest's folder against its ledger."""

from __future__ import annotations

from pathlib import Path

import click

from comet_async.cli.asking import nothing_kept, shown_on
from comet_async.cli.commands import Command
from comet_async.cli.output import note, put_json, say
from comet_async.cli.running import run
from comet_async.cli.tables import put_sentence
from comet_async.shown import told_size

__all__ = ["verify"]

_SHOWN = 20
_WRONG = 3


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--quick", is_flag=True, help="Sizes and row counts only; read no content.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, what was found.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def verify(ctx: click.Context, /, *, folder: Path, quick: bool, as_json: bool, quiet: bool) -> int:
    """Check sizes, checksums and row counts of a harvest against its ledger.

    Nothing is changed. Exit codes: 0 all is as the ledger says, 3 something is not, 1 anything
    else.
    """
    from comet_async import harvest  # noqa: PLC0415 it and what it imports are slow

    async def work() -> int:
        with shown_on(ctx, quiet=quiet) as shown:

            def progress(done: int, total: int) -> None:
                if done == 1:
                    shown.planned("checked", total)
                shown.finished("checked", 1, 0)

            found = await harvest.verify(folder, quick=quick, progress=progress)
        if as_json:
            put_json(found.to_dict())
        else:
            put_sentence(
                f"{found.parts:,} parts with {found.rows:,} rows, {found.files:,} files,"
                f" {told_size(found.bytes)} read: {len(found.problems):,} problems"
            )
        for problem in found.problems[:_SHOWN]:
            say(f"{problem.path}: {problem.what}")
        if found.unfinished:
            note(f"{found.unfinished:,} items have no good end; the next harvest asks for them")
        return _WRONG if found.problems else 0

    return run(work, lambda: nothing_kept(ctx))


verify.examples = (
    "comet-async verify lake",
    "comet-async verify lake --quick",
    "comet-async verify lake --json",
)
