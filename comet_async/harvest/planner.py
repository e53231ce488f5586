"""What a harvest will ask, as a value: scope, items, requests, forecast. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.harvest.schema import TABLES, checked_tables
from comet_async.redaction import printable, shortened
from comet_async.service import Limits

__all__ = [
    "Forecast",
    "Item",
    "Plan",
    "Scope",
    "TableForecast",
    "parse_scope",
    "seconds_for",
]


class Scope(msgspec.Struct, frozen=True):
    """Which experiments: of a workspace, or of one project in it.

    Attributes:
        workspace: Name of the workspace.
        project: Name of the project; None for all of them.
    """

    workspace: str
    project: str | None = None

    def __str__(self) -> str:
        named = self.workspace if self.project is None else f"{self.workspace}/{self.project}"
        return shortened(named)


def parse_scope(text: str) -> Scope:
    """Return the scope that `WORKSPACE` or `WORKSPACE/PROJECT` names.

    Raises:
        UsageError: A name is empty.
    """
    workspace, slash, project = text.partition("/")
    if not workspace.strip() or (slash and not project.strip()):
        raise UsageError(f"{printable(text)!r} is no scope; use WORKSPACE or WORKSPACE/PROJECT")
    return Scope(workspace, project if slash else None)


class TableForecast(msgspec.Struct, frozen=True):
    """What one table will take.

    Attributes:
        table: Its name.
        requests: Requests to come.
        bytes: Rough bytes of their answers.
    """

    table: str
    requests: int
    bytes: int


class Forecast(msgspec.Struct, frozen=True):
    """What a plan will take, without the downloads of files, which only the lists will tell.

    Attributes:
        requests: Requests to come, repetitions aside.
        bytes: Rough bytes of their answers: a typical size for each table.
        seconds: At least this long at the quota and the smoothing rate in force.
        tables: The same by table.
    """

    requests: int
    bytes: int
    seconds: float
    tables: tuple[TableForecast, ...]

    def __str__(self) -> str:
        return (
            f"{self.requests:,} requests, about {self.bytes / 1e6:,.1f} MB,"
            f" at least {self.seconds:,.0f} s; asset files not counted"
        )


class Item(msgspec.Struct, frozen=True):
    """One answer to fetch: one table of one experiment.

    Attributes:
        table: Name of the table.
        ordinal: Place of the experiment in the plan.
        experiment_key: Experiment key.
    """

    table: str
    ordinal: int
    experiment_key: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a harvest will ask. `harvest.plan` makes it, `harvest.run` carries it out.

    Attributes:
        url: Root of the service.
        scope: Workspace, and project if one was named.
        archived: Whether archived experiments are part of it.
        tables: Names of the tables, in the order of reports.
        experiments: What the listings said of each experiment, each key once.
        requests: Requests that the listings took.
        limits: Limits of the service, for the forecast.
    """

    url: str
    scope: Scope
    archived: bool
    tables: tuple[str, ...]
    experiments: tuple[comet.Experiment, ...]
    requests: int
    limits: Limits

    def __post_init__(self) -> None:
        keys = {experiment.experiment_key for experiment in self.experiments}
        if len(keys) < len(self.experiments):
            raise UsageError("a plan has each experiment once")
        if self.tables != checked_tables(self.tables):
            raise UsageError("a plan has each table once, in the order of TABLES")

    @property
    def asked(self) -> tuple[str, ...]:
        """The tables that take a request for each experiment."""
        return tuple(table for table in self.tables if table != "experiments")

    def items(self) -> Iterator[Item]:
        """Give what is to be fetched, experiment by experiment."""
        for ordinal, experiment in enumerate(self.experiments):
            for table in self.asked:
                yield Item(table, ordinal, experiment.experiment_key)

    def forecast(self) -> Forecast:
        """Return the requests, bytes and seconds that `harvest.run` will take for the tables."""
        count = len(self.experiments)
        tables = tuple(
            TableForecast(table, count, count * TABLES[table].typical_bytes) for table in self.asked
        )
        requests = sum(table.requests for table in tables)
        total = sum(table.bytes for table in tables)
        return Forecast(requests, total, seconds_for(requests, self.limits), tables)

    def __repr__(self) -> str:
        return (
            f"<Plan {self.scope}: {len(self.experiments)} experiments,"
            f" tables {', '.join(self.tables)}>"
        )


def seconds_for(requests: int, limits: Limits) -> float:
    """Return the least seconds in which so many requests can start.

    A quota admits `limit` of them, then as many again one window later; smoothing lets `burst`
    start at once and the others at its rate.
    """
    if requests < 1:
        return 0.0

    def smoothed(count: int) -> float:
        return max(0, count - limits.burst) / limits.rate if limits.rate is not None else 0.0

    least = smoothed(requests)
    for quota in limits.quotas:
        windows, rest = divmod(requests - 1, quota.limit)
        least = max(least, windows * quota.window + smoothed(rest + 1))
    return least
