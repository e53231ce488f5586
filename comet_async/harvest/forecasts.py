"""What a plan will take: requests, bytes, and the least time at the limits in force."""

from __future__ import annotations

import msgspec

from comet_async.service import Limits
from comet_async.shown import Shown, Table, short_table, told_size

__all__ = ["Forecast", "TableForecast", "forecast_table", "seconds_for"]


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


class Forecast(Shown, msgspec.Struct, frozen=True):
    """What a plan will take.

    Files of assets are known when the lists have come. Of projects with many experiments they are
    forecast from a few, under `files`; of others they are not counted.

    Attributes:
        requests: Requests to come, repetitions aside.
        bytes: Rough bytes of their answers.
        seconds: At least this long at the quota and the smoothing rate in force.
        tables: The same by table.
        listings: Requests that the plan itself took.
        experiments: Experiments in the plan; of Domino, jobs.
        uncounted: Whether there may be files of assets that are not counted.
    """

    requests: int
    bytes: int
    seconds: float
    tables: tuple[TableForecast, ...]
    listings: int = 0
    experiments: int = 0
    uncounted: bool = False

    def __str__(self) -> str:
        return (
            f"{self.requests:,} requests, about {self.bytes / 1e6:,.1f} MB,"
            f" at least {self.seconds:,.0f} s"
            + ("; files of assets not counted" if self.uncounted else "")
        )

    def __repr__(self) -> str:
        return self._table().to_text()

    def _table(self) -> Table:
        return forecast_table(self, f"Forecast: {self}")

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        return plain


def forecast_table(forecast: Forecast, title: str) -> Table:
    """Return what a forecast shows of itself, under a title."""
    rows = [(own.table, own.requests, told_size(own.bytes)) for own in forecast.tables]
    return short_table(title, ("table", "requests", "bytes"), rows, limit=len(rows))


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
