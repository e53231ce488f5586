"""One harvest for the terminal: its progress, its table, its exit code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import msgspec

from comet_async.cli.output import discard_output, flush, note, put_json, say
from comet_async.cli.tables import Table, put_sentence, put_table
from comet_async.errors import DestinationError
from comet_async.progress import View
from comet_async.redaction import printable
from comet_async.shown import told_size

if TYPE_CHECKING:
    from comet_async.engine.session import Session
    from comet_async.harvest import Plan, Report, TableReport

__all__ = ["Order", "Shown", "checked_folder", "harvest_into", "put_report", "show_plan"]

_FAILURES_SHOWN = 5
_FILES = "files"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to harvest into which folder.

    Attributes:
        scope: `WORKSPACE`, `WORKSPACE/PROJECT`, `domino:PROJECT` or `domino:*`.
        folder: Where to; None for a plan without one.
        tables: Names of tables; None for all.
        assets: Whether to fetch the files of assets.
        archives: Whether to fetch models as archives.
        answers: Whether to keep the answers as they come.
        copies: URLs to which the finished state is copied.
        chosen: Members of a `Selection`, as the command line has them.
        only_plan: Say what it would take, and stop.
        quiet: No progress and no table.
        as_json: The report as JSON.
        again: Says which command line goes on with it, for whoever stops it.
    """

    scope: str
    folder: Path | None
    tables: tuple[str, ...] | None = None
    assets: bool = True
    archives: bool = False
    answers: bool = False
    copies: tuple[str, ...] = ()
    chosen: Mapping[str, object] = MappingProxyType({})
    only_plan: bool = False
    quiet: bool = False
    as_json: bool = False
    again: str = ""


class Shown(Protocol):
    """A column of the report's table: head, and the text for one table."""

    def __call__(self, table: TableReport, /) -> str:
        """Return the text of a cell."""
        ...


def checked_folder(folder: Path) -> None:
    """See that a harvest can be written to `folder`, before anything is asked of a server.

    Raises:
        DestinationError: It is a file, or neither it nor the folder above can be written to.
    """
    shown = printable(str(folder))
    if folder.exists() and not folder.is_dir():
        raise DestinationError(f"{shown} is a file")
    above = folder.absolute()
    while not above.exists():
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise DestinationError(f"{printable(str(above))} is not writable")


class _Told:
    """Tells a view of a harvest, which finds more requests to make than were forecast.

    Args:
        shown: The view.
        growing: Whether files are no part of the forecast.
    """

    def __init__(self, shown: View, *, growing: bool) -> None:
        self._growing = growing
        self._shown = shown
        self.finished = shown.finished
        self.failed = shown.failed
        self.received = shown.received

    def planned(self, table: str, items: int) -> None:
        """Take note of `items` more to do."""
        if self._growing and table == _FILES:
            self._shown.pace.expect(items)
        self._shown.planned(table, items)


async def harvest_into(session: Session, order: Order, shown: View) -> Report:
    """Carry out an order, whose folder is named.

    Raises:
        CometAsyncError: As `harvest.plan` and `harvest.run` do.
    """
    from comet_async import harvest  # noqa: PLC0415 it and what it imports are slow
    from comet_async.harvest.forecasts import seconds_for  # noqa: PLC0415 as above

    folder = order.folder or Path()
    with shown:
        try:
            plan = await _planned(session, order)
            note(_told(plan))
            forecast = plan.forecast()
            shown.pace.expect(forecast.requests, lambda left: seconds_for(left, plan.limits))
            return await harvest.run(
                session,
                plan,
                folder,
                progress=_Told(shown, growing=forecast.uncounted),
                assets=order.assets,
                sinks=[harvest.Remote(url) for url in order.copies],
            )
        except asyncio.CancelledError:
            shown.close()
            say(_interrupted(shown, order))
            raise


async def show_plan(session: Session, order: Order, shown: View) -> None:
    """Say what an order would take, and do nothing else.

    Raises:
        CometAsyncError: As `harvest.plan` does.
    """
    with shown:
        plan = await _planned(session, order)
    forecast = plan.forecast()
    if order.as_json:
        put_json({"scope": str(plan.scope), **forecast.to_dict()})
        return
    rows = [
        [table.table, f"{table.requests:,}", told_size(table.bytes)] for table in forecast.tables
    ]
    put_table(Table(("table", "requests", "bytes"), rows, frozenset({"requests", "bytes"})))
    put_sentence(_told(plan))
    put_sentence(f"{forecast.listings:,} requests have been made for this plan")


def _told(plan: Plan) -> str:
    """Return in a line what a plan is of, and what it will take."""
    from comet_async.harvest.sources import source_of  # noqa: PLC0415 slow to import

    counted = source_of(plan.scope).counted
    return f"{plan.scope}: {plan.experiments:,} {counted}, {plan.forecast()}"


async def _planned(session: Session, order: Order) -> Plan:
    from comet_async import harvest  # noqa: PLC0415 it and what it imports are slow

    chosen = dict(order.chosen)
    for name in ("since", "until"):
        moment = chosen.get(name)
        if isinstance(moment, datetime):
            chosen[name] = moment.replace(tzinfo=UTC)
    return await harvest.plan(
        session,
        order.scope,
        tables=None if order.tables is None else list(order.tables),
        archives=order.archives,
        answers=order.answers,
        selection=msgspec.convert(chosen, harvest.Selection),
        into=order.folder,
        files=order.assets,
    )


def _interrupted(shown: View, order: Order) -> str:
    planned = sum(count.planned or 0 for count in shown.counts.values())
    done = sum(count.done for count in shown.counts.values())
    told = f"; {done:,} of {planned:,} items are kept" if planned else ""
    return f"stopped before the end{told} in {order.folder}; {order.again}"


_COLUMNS: dict[str, Shown] = {
    "table": lambda table: table.table,
    "planned": lambda table: f"{table.planned:,}",
    "stored": lambda table: f"{table.stored:,}",
    "absent": lambda table: f"{table.absent:,}",
    "failed": lambda table: f"{table.failed:,}",
    "rows": lambda table: f"{table.rows:,}",
    "files": lambda table: f"{table.files:,}",
    "bytes": lambda table: f"{table.bytes:,}",
    "requests": lambda table: f"{table.requests:,}",
    "seconds": lambda table: f"{table.seconds:.1f}",
}


def put_report(
    report: Report, order: Order, shown: View, columns: Sequence[str] = tuple(_COLUMNS)
) -> None:
    """Write the report to standard output, its problems to standard error.

    A reader that has gone away changes nothing: the exit code stays the report's.

    Args:
        report: What the harvest did.
        order: Says in which form.
        shown: Where its progress was shown.
        columns: Columns of the table.
    """
    try:
        if order.as_json:
            put_json(report.to_dict())
        elif not order.quiet:
            _put_table(report, columns)
        flush()
    except BrokenPipeError:
        discard_output()
    for failure in report.failures[:_FAILURES_SHOWN]:
        name = f" {failure.name}" if failure.name else ""
        say(f"failed: {failure.table} of {failure.key}{name}: {failure.reason}")
    if report.failed > _FAILURES_SHOWN:
        say(f"{report.failed:,} items failed; {report.path / 'failures.jsonl'} lists them")
    _say_notes(report)
    note(f"harvest of {order.scope} in {report.path}: {shown.pace.summary()}")


def _say_notes(report: Report) -> None:
    """Say what was out of the ordinary besides failures."""
    if report.altered:
        say(
            f"{len(report.altered):,} files were changed by somebody since, and left: "
            + printable(report.altered[0])
        )
    if report.restored:
        say("the ledger was damaged; the copy of the last whole run took its place")
    for sink in report.sinks:
        if sink.problem:
            say(f"{sink.name} is not up to date: {sink.problem}")
    if report.stopped:
        say(f"stopped: {report.stopped}")


def _put_table(report: Report, columns: Sequence[str]) -> None:
    rows = [[_COLUMNS[name](table) for name in columns] for table in report.tables]
    put_table(Table(columns, rows, frozenset(_COLUMNS) - {"table"}))
    rows_in_all = sum(table.rows for table in report.tables)
    files = sum(table.files for table in report.tables)
    size = told_size(sum(table.bytes for table in report.tables))
    put_sentence(
        f"{rows_in_all:,} rows and {files:,} files, {size} in {report.path}:"
        f" {report.requests:,} requests, {told_size(report.bytes_received)} received,"
        f" {report.seconds:.1f} s"
    )
