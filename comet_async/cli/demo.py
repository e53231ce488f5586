"""`comet-async demo`: runs from the embedded Comet, or Domino, harvested into a folder."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async.cli.asking import shown_on
from comet_async.cli.commands import Command, same_command
from comet_async.cli.completing import complete_folders
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.harvesting import (
    Order,
    checked_folder,
    harvest_into,
    put_report,
)
from comet_async.cli.output import flush, note, put
from comet_async.cli.running import run
from comet_async.testing import domino_server, local_server, local_service

if TYPE_CHECKING:
    from comet_async.server import DominoServer, LocalServer

__all__ = ["demo"]

_COLUMNS = ("table", "rows", "files", "bytes", "requests", "seconds")
_MARK = ".comet-demo"
_PLAIN = re.compile(r"[\w /.,:;=()*'{}+-]+")


class _Act(msgspec.Struct, frozen=True):
    """What a demo shows.

    Attributes:
        listens: What listens, in words.
        server: Makes the embedded server.
        scope: What is harvested of it.
        question: SQL to try, with `{0}` for the folder.
    """

    listens: str
    server: Callable[[], LocalServer | DominoServer]
    scope: str
    question: str


_COMET = _Act(
    "a Comet with real runs",
    lambda: local_server(sample=True),
    "samples",
    "SELECT project_name, experiment_name, max(value) AS best_val_accuracy"
    " FROM '{0}/tables/metrics/*.parquet' JOIN '{0}/tables/experiments/*.parquet'"
    " USING (experiment_key) WHERE metric = 'val_accuracy'"
    " GROUP BY ALL ORDER BY best_val_accuracy DESC, experiment_name LIMIT 5",
)
_DOMINO = _Act(
    "a Domino with made-up jobs",
    domino_server,
    "domino:*",
    "SELECT project_name, execution_status, count(*) AS jobs"
    " FROM '{0}/tables/domino_jobs/*.parquet' JOIN '{0}/tables/domino_projects/*.parquet'"
    " USING (project_id) GROUP BY ALL ORDER BY ALL",
)


@click.command(cls=Command)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("comet-demo"),
    metavar="DIR",
    shell_complete=complete_folders,
    help="Folder to write to; default comet-demo in the working directory.",
)
@click.option("--domino", is_flag=True, help="Harvest made-up jobs from a Domino instead.")
@click.option("--keep", is_flag=True, help="Do not replace what an earlier demo wrote.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, the report, and no advice."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@click.pass_context
def demo(
    ctx: click.Context,
    /,
    *,
    folder: Path,
    domino: bool,
    keep: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Harvest real training runs from a Comet that runs inside this command.

    With --domino a Domino runs there, and its jobs are made up. Needs no account and no network.
    Shows what was written, and a line of SQL to try on it.
    """
    act = _DOMINO if domino else _COMET
    if find_spec("pyarrow") is None:
        raise Quit("the demo needs pyarrow: pip install 'comet_async[harvest]'")
    checked_folder(folder)
    _make_room(folder, keep=keep)
    shown = shown_on(ctx, quiet=quiet)
    again = f"to begin anew: {same_command(ctx)}"
    order = Order(scope=act.scope, folder=folder, quiet=quiet, as_json=as_json, again=again)

    async def work() -> int:
        from comet_async.engine.session import Session  # noqa: PLC0415 aiohttp is slow to import

        async with act.server() as server:
            note(f"{act.listens} listens on {server.url}")
            service = local_service(server)
            async with Session(service, observer=shown.watch) as session:
                report = await harvest_into(session, order, shown)
        put_report(report, order, shown, _COLUMNS)
        return report.exit_code

    code = run(work)
    if code == Exit.OK and not quiet and not as_json:
        put()
        put("Try this:")
        put(f"  {query_line(folder, act.question)}")
        flush()
    return code


demo.examples = (
    "comet-async demo",
    "comet-async demo -o /tmp/lake",
    "comet-async demo --domino -o domino-demo",
    "comet-async demo --json > report.json",
)


def _make_room(folder: Path, *, keep: bool) -> None:
    """Make the folder, removing what an earlier demo wrote; touch nobody else's files.

    Raises:
        Quit: It holds something else, or an earlier demo that is to be kept.
    """
    from comet_async.harvest.lake import CONTENTS  # noqa: PLC0415 slow to import

    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise Quit(
                f"{folder} is not empty and no demo wrote it; name another one with -o", Exit.USAGE
            )
        if keep:
            raise Quit(f"{folder} holds an earlier demo; name another one with -o", Exit.USAGE)
        for path in (folder / name for name in CONTENTS):
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif not path.is_symlink():
                shutil.rmtree(path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text("`comet-async demo` wrote this folder and may replace it.\n")


def query_line(folder: Path, question: str) -> str:
    """Return a shell command that asks the harvest a question, fit to be pasted.

    Args:
        folder: The folder of the harvest.
        question: SQL, with `{0}` for the folder.
    """
    sql = question.format(str(folder).replace("'", "''"))
    code = f"import duckdb; print(duckdb.sql('''{sql}'''))"
    if _PLAIN.fullmatch(sql):
        # Double quotes serve every shell, and are easier to read than what shlex makes of quotes.
        return f'{shlex.quote(_python())} -c "{code}"'
    return shlex.join([_python(), "-c", f"import duckdb; print(duckdb.sql({sql!r}))"])


def _python() -> str:
    """Return how to start this interpreter from a shell."""
    found = shutil.which("python")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return "python"
    return sys.executable
