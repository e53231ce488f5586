"""What a harvest did: counts that add up, failures with reasons, an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from comet_async.errors import AuthenticationError, CometAsyncError, DestinationError
from comet_async.harvest.ledger import Count, Ledger, Unfinished
from comet_async.harvest.sinks import SinkReport
from comet_async.redaction import printable, shortened
from comet_async.shown import Cell, Shown, Table, short_table, told_duration, told_size

__all__ = [
    "EXIT_ALL",
    "EXIT_AUTH",
    "EXIT_DISK",
    "EXIT_PARTIAL",
    "Effort",
    "Failure",
    "Report",
    "TableReport",
    "exit_code",
    "failure_lines",
    "table_reports",
]

EXIT_ALL = 0
EXIT_PARTIAL = 3
EXIT_AUTH = 4
EXIT_DISK = 5

_REASON = 500
_GOOD = frozenset({"stored"})
_ABSENT = frozenset({"absent", "remote"})


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item without a good end; every text is printable.

    Attributes:
        table: Its table; `files` for the file of an asset.
        key: Its experiment, or what else the table is of.
        reason: What went wrong, in a line.
        asset_id: Id of the asset, for a file.
        name: Name of the asset, for a file.
    """

    table: str
    key: str
    reason: str
    asset_id: str | None = None
    name: str | None = None


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one table, or of `files`.

    `planned` is always `stored + absent + failed`: every planned item has one end, and one that was
    not reached counts as failed.

    Attributes:
        table: Its name.
        stored: Items whose data is safely on disk.
        absent: Items that the service has no data for; remote files are among them.
        failed: Items without data, for a reason in the failures.
        rows: Rows on disk; 0 for files.
        bytes: Bytes on disk.
        files: Parts or files on disk.
        requests: Requests made, repetitions aside.
        seconds: From its first request to its last.
    """

    table: str
    stored: int
    absent: int
    failed: int
    rows: int
    bytes: int
    files: int
    requests: int
    seconds: float

    @property
    def planned(self) -> int:
        """Items that were to be harvested."""
        return self.stored + self.absent + self.failed


class Report(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What a harvest did.

    Attributes:
        path: Folder of the harvest.
        scope: Workspace, and project if one was named, printable.
        tables: One entry per table, and one for `files` where they were fetched.
        failures: The first 1,000 items without a good end; `failures.jsonl` has them all.
        altered: Files that somebody changed since they were fetched; they were left alone.
        restored: Whether the ledger was damaged and the copy of the last whole run took its place.
        snapshot: Number of the snapshot that was made; None where nothing had changed.
        sinks: What became of each sink, in order; empty when the run was stopped before.
        stopped: What ended the run before its time; None when it came to its end. Its tables are
            as they were before then: the next run goes on from what is finished.
        exit_code: 0 when nothing failed, 3 when something did, 4 when the key was refused, 5 when
            the disk was full or failing or a sink could not be brought up to date.
        requests: Requests on the wire, repetitions and listings included.
        retries: Repetitions among them.
        throttled: Answers of 429 among them.
        bytes_received: Body bytes on the wire.
        seconds: The whole run, without the plan.
    """

    path: Path
    scope: str
    tables: tuple[TableReport, ...]
    failures: tuple[Failure, ...]
    altered: tuple[str, ...]
    restored: bool
    snapshot: int | None
    sinks: tuple[SinkReport, ...]
    stopped: str | None
    exit_code: int
    requests: int
    retries: int
    throttled: int
    bytes_received: int
    seconds: float

    @property
    def failed(self) -> int:
        """Items without a good end, over all tables and files."""
        return sum(table.failed for table in self.tables)

    def __repr__(self) -> str:
        return self._table().to_text()

    def _table(self) -> Table:
        columns = ("table", "planned", "stored", "absent", "failed", "rows", "size", "requests")
        rows: list[Sequence[Cell]] = [
            (
                t.table,
                t.planned,
                t.stored,
                t.absent,
                t.failed,
                t.rows,
                told_size(t.bytes),
                t.requests,
            )
            for t in self.tables
        ]
        return short_table(
            f"Report of {self.scope}: {self._outcome()}", columns, rows, limit=len(rows)
        )

    def _outcome(self) -> str:
        """Return in a line how it ended."""
        ended = f"stopped, {self.stopped}" if self.stopped else "all planned is stored or absent"
        if self.failed and not self.stopped:
            first = self.failures[0] if self.failures else None
            ended = f"{self.failed:,} failed" + (
                f", first {first.key}: {first.reason}" if first else ""
            )
        return f"{ended}; {self.requests:,} requests in {told_duration(self.seconds)}"

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values; `planned` and `failed` are told too."""
        plain: dict[str, object] = msgspec.to_builtins(self, enc_hook=str)
        plain["tables"] = [
            {"planned": table.planned, **msgspec.structs.asdict(table)} for table in self.tables
        ]
        return {**plain, "path": printable(str(self.path)), "failed": self.failed}


class Effort(msgspec.Struct):
    """What a table took so far: requests made, and the loop's time of the first and last."""

    requests: int = 0
    began: float | None = None
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return 0.0 if self.began is None else max(0.0, self.ended - self.began)


def table_reports(
    ledger: Ledger, tables: Sequence[str], efforts: Mapping[str, Effort]
) -> tuple[TableReport, ...]:
    """Return the reports of `tables` from the ledger's counts. Blocks."""
    counts, sizes = ledger.counts(tables), ledger.sizes()
    found: list[TableReport] = []
    for table in tables:
        own = [count for count in counts if count.table == table]
        rows, size, files = sizes.get(table, (0, 0, 0))
        effort = efforts.get(table) or Effort()
        stored, absent = _items(own, _GOOD), _items(own, _ABSENT)
        found.append(
            TableReport(
                table=table,
                stored=stored,
                absent=absent,
                failed=sum(count.items for count in own) - stored - absent,
                rows=rows,
                bytes=size,
                files=files,
                requests=effort.requests,
                seconds=effort.seconds,
            )
        )
    return tuple(found)


def _items(counts: Iterable[Count], states: frozenset[str]) -> int:
    return sum(count.items for count in counts if count.state in states)


def exit_code(
    failed: int, stopped: CometAsyncError | None, sinks: Sequence[SinkReport] = ()
) -> int:
    """Return the exit code of a run."""
    if isinstance(stopped, AuthenticationError):
        return EXIT_AUTH
    if isinstance(stopped, DestinationError) or any(sink.problem for sink in sinks):
        return EXIT_DISK
    return EXIT_PARTIAL if failed else EXIT_ALL


def failure_lines(items: Iterable[Unfinished]) -> Iterator[tuple[Failure, bytes]]:
    """Give each item without a good end as a printable value and as its line of JSON."""
    for item in items:
        failure = Failure(
            table=item.table,
            key=shortened(item.key),
            reason=shortened(item.reason, _REASON),
            asset_id=None if item.asset_id is None else shortened(item.asset_id),
            name=None if item.name is None else shortened(item.name),
        )
        yield failure, msgspec.json.encode(failure) + b"\n"
