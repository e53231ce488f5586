"""What a plan will take: requests, bytes, and the least time at the limits in force."""

from __future__ import annotations

import msgspec

from comet_async.service import Limits

__all__ = ["Forecast", "TableForecast", "seconds_for"]


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

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        return plain


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
