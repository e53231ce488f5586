"""What the commands of Domino share: which jobs and projects, and what came of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from comet_async.cli.exits import Exit
from comet_async.cli.listings import (
    Column,
    Row,
    put_listing,
)
from comet_async.cli.output import say
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.domino_bulk import JobFilter
    from comet_async.engine.fan_out import Outcome
    from comet_async.engine.session import Session
    from comet_async.progress import View

__all__ = [
    "MOMENT",
    "JobChoice",
    "all_projects",
    "collected",
    "job_choice",
    "moment_of",
    "put_rows",
    "quiet_option",
    "say_failed",
]

T = TypeVar("T")

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
"""Times on the command line, which are UTC."""
_FAILURES_SHOWN = 5
_STATES = ("all", "queued", "running", "completed", "archived", "active")

quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")


class JobChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs of a project the command line wants.

    Attributes:
        state: State as the server groups them.
        statuses: How the run stands, as "Failed".
        tag: Exact name of a tag.
        since: Submitted at this time, of UTC, or later.
        until: Submitted before this time, of UTC.
        archived: Whether archived ones come too.
    """

    state: str | None = None
    statuses: tuple[str, ...] = ()
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    archived: bool = False

    def filter(self) -> JobFilter:
        """Return it as the bulk verbs take it."""
        from comet_async import domino_bulk  # noqa: PLC0415 aiohttp is slow to import

        def of_utc(moment: datetime | None) -> datetime | None:
            return None if moment is None else moment.replace(tzinfo=UTC)

        return domino_bulk.JobFilter(
            state=self.state,
            tag=self.tag,
            execution_statuses=self.statuses or None,
            submitted_from=of_utc(self.since),
            submitted_before=of_utc(self.until),
            archived=self.archived or None,
        )


def job_choice(command: click.decorators.FC) -> click.decorators.FC:
    """Give a command the options that choose jobs, named as the members of `JobChoice`."""
    for option in (
        click.option("--archived", is_flag=True, help="Archived jobs as well."),
        click.option("--until", type=MOMENT, metavar="TIME", help="Submitted before it (UTC)."),
        click.option(
            "--since", type=MOMENT, metavar="TIME", help="Submitted at this time (UTC) or later."
        ),
        click.option("--tag", metavar="TAG", help="Jobs with this tag."),
        click.option(
            "--status",
            "statuses",
            multiple=True,
            metavar="STATUS",
            help="How the run stands, as Failed; repeat for several.",
        ),
        click.option(
            "--state", type=click.Choice(_STATES), help="State as the server groups them."
        ),
    ):
        command = option(command)
    return command


async def all_projects(session: Session, names: Sequence[str]) -> dict[str, str]:
    """Return the names of projects by their ids; of all that the key sees where none is named.

    Raises:
        UsageError: A name is of no project, or of several.
        CometAsyncError: As `Session.send` does.
    """
    from comet_async import domino, domino_bulk  # noqa: PLC0415 as above

    if not names:
        found = [row async for row in session.items(domino.paged_projects())]
    else:
        found = [await domino_bulk.find_project(session, name) for name in names]
    return {row.id: row.name or row.id for row in found}


def say_failed(failed: Sequence[tuple[str, object]]) -> int:
    """Say the first of what has failed, and return the exit code."""
    for name, reason in failed[:_FAILURES_SHOWN]:
        say(f"failed: {shortened(printable(name))}: {shortened(str(reason))}")
    if len(failed) > _FAILURES_SHOWN:
        say(f"failed: {len(failed) - _FAILURES_SHOWN:,} more")
    return Exit.PARTIAL if failed else Exit.OK


async def collected(
    outcomes: AsyncIterator[Outcome[str, T]], shown: View, what: str
) -> tuple[list[T], list[tuple[str, object]]]:
    """Return what came, and what failed with its reason, in order."""
    from comet_async.engine.fan_out import Ok  # noqa: PLC0415 as above

    found: list[T] = []
    failed: list[tuple[str, object]] = []
    async for outcome in outcomes:
        shown.finished(what, 1, 0)
        if isinstance(outcome, Ok):
            found.append(outcome.value)
        else:
            failed.append((outcome.key, outcome.error))
    return found, failed


def put_rows(
    columns: Sequence[Column],
    rows: Sequence[Row],
    apart: Collection[str],
    *,
    as_json: bool,
    limit: int | None,
    what: str,
) -> None:
    """Write rows as a table or as JSON lines.

    Args:
        columns: What the rows have.
        rows: The rows.
        apart: Names of the columns that a table has no room for.
        as_json: Whether to write JSON lines.
        limit: How many rows at most; None for all.
        what: What the rows are, in the plural.
    """
    kept = [at for at, column in enumerate(columns) if as_json or column.name not in apart]
    put_listing(
        [columns[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        as_json=as_json,
        what=what,
        limit=limit,
    )


def moment_of(text: str | None) -> datetime | str | None:
    """Return a time of the server, as its own text where it is none."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return text
