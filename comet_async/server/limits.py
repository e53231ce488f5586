"""Limits of the multi-metric chart that a real server may have."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHART_REFUSALS", "ChartLimits"]

CHART_REFUSALS = (400, 413, 504)
"""Statuses with which a chart that is too large can be refused."""


@dataclass(frozen=True, slots=True)
class ChartLimits:
    """How much one chart answer may hold, and how long it takes.

    Attributes:
        points: Most points in one answer; None for any number.
        refusal: Status for more: 400, 413 or 504.
        seconds_per_million: Delay of an answer for each million points of it.
    """

    points: int | None = None
    refusal: int = 413
    seconds_per_million: float = 0.0

    def __post_init__(self) -> None:
        if self.refusal not in CHART_REFUSALS:
            raise ValueError(f"a chart is refused with one of {CHART_REFUSALS}")
        if self.points is not None and self.points < 0:
            raise ValueError("a chart has no negative number of points")
        if self.seconds_per_million < 0:
            raise ValueError("a delay is not negative")
