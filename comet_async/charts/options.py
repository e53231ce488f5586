"""What a chart can be asked for."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import printable

__all__ = ["Band", "Best", "Options", "XAxis"]

XAxis: TypeAlias = Literal["step", "epoch", "duration", "time"]
"""What the points stand over: step, epoch, seconds since the experiment's start, or the clock."""

Band: TypeAlias = Literal["std", "minmax", "quantile"]
"""What is shaded around the middle of a group: mean and one standard deviation; mean, smallest and
largest; median, quartiles, and the 5 % and 95 % quantiles."""

Best: TypeAlias = Literal["lowest", "highest"]
"""Which value is the best one."""

_CHOICES: dict[str, tuple[str | None, ...]] = {
    "x": ("step", "epoch", "duration", "time"),
    "band": (None, "std", "minmax", "quantile"),
    "best": (None, "lowest", "highest"),
}


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `chart`, checked; it documents them.

    Raises:
        UsageError: One has a value that it cannot have.
    """

    x: XAxis = "step"
    smoothing: float = 0.0
    log_x: bool = False
    log_y: bool = False
    group_by: str | None = None
    band: Band | None = None
    best: Best | None = None
    overlay: bool = False
    y_range: tuple[float, float] | None = None
    title: str | None = None
    width: int = 640
    height: int = 360

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            found = getattr(self, name)
            if found not in allowed:
                told = ", ".join(choice for choice in allowed if choice)
                raise UsageError(f"{name} is one of {told}, not {printable(str(found))!r}")
        if not 0 <= self.smoothing < 1:
            raise UsageError(f"smoothing is from 0 to below 1, not {self.smoothing}")
        if self.log_x and self.x == "time":
            raise UsageError("clock times have no log axis; use x='duration'")
        if self.y_range is not None:
            _check_range(self.y_range, log=self.log_y)
        if not (0 < self.width <= _LARGEST and 0 < self.height <= _LARGEST):
            raise UsageError(f"width and height are from 1 to {_LARGEST:,} pixels")


_LARGEST = 10_000


def _check_range(found: tuple[float, float], *, log: bool) -> None:
    low, high = found
    if not low < high:
        raise UsageError(f"y_range is (lower, upper), not {found}")
    if log and low <= 0:
        raise UsageError(f"a log axis has no room for {low}; y_range begins above 0")
