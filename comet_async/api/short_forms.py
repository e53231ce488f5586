"""Answers in short form: plain Python values, and the small structs of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias, cast

import msgspec

from comet_async.arrow_shapes import ArrowTable
from comet_async.comet.assets import Asset
from comet_async.comet.common import Cell, no_items
from comet_async.comet.members import Members
from comet_async.comet.metrics import MetricPoint, ValueSummary
from comet_async.extras import extra
from comet_async.tabular import Tabular

__all__ = [
    "Curve",
    "Extremes",
    "Image",
    "MetricColumns",
    "PlainValue",
    "extremes_of",
    "metric_columns",
    "plain_value",
    "plain_values",
]

PlainValue: TypeAlias = str | int | float | bool | None
"""A value as it was logged."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, bool | float] = {
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "NaN": math.nan,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
}
_LONGEST = 300


class Curve(Members, frozen=True, kw_only=True):
    """A curve that was logged.

    Attributes:
        name: Its name.
        x: One coordinate.
        y: The other, as long as `x`.
        step: Step, if any.
        asset_id: Id of its asset.
    """

    name: str | None = None
    x: list[float | None] = no_items()
    y: list[float | None] = no_items()
    step: int | None = None
    asset_id: str = msgspec.field(name="assetId", default="")

    def to_dict(self) -> dict[str, object]:
        """Return the members by the names that the vendor's client gives them."""
        return {
            "name": self.name,
            "x": list(self.x),
            "y": list(self.y),
            "step": self.step,
            "assetId": self.asset_id,
        }


class Extremes(msgspec.Struct, frozen=True):
    """Smallest, largest and last value of a metric; None where a value is no number.

    Attributes:
        minimum: The smallest.
        maximum: The largest.
        last: The last.
    """

    minimum: float | None
    maximum: float | None
    last: float | None

    def to_dict(self) -> dict[str, object]:
        """Return the members by name."""
        return {"minimum": self.minimum, "maximum": self.maximum, "last": self.last}


class MetricColumns(Tabular, msgspec.Struct, frozen=True):
    """One metric in columns of equal length, ordered by step and then by time.

    Attributes:
        name: Name of the metric.
        step: Step of each value, None where none was logged.
        epoch: Epoch of each value, None where none was logged.
        time: Seconds since 1970 UTC of each value.
        value: The values; NaN where one is no number.
    """

    name: str
    step: list[int | None]
    epoch: list[int | None]
    time: list[float | None]
    value: list[float]

    def __len__(self) -> int:
        return len(self.value)

    def to_dict(self) -> dict[str, object]:
        """Return the columns by name, as `pandas.DataFrame` takes them."""
        return {
            "step": list(self.step),
            "epoch": list(self.epoch),
            "time": list(self.time),
            "value": list(self.value),
        }

    def to_arrow(self) -> ArrowTable:
        """Return the columns as a pyarrow table, the time as a moment in UTC.

        Raises:
            UsageError: pyarrow is missing; the message says what to install.
        """
        arrow = extra("pyarrow")
        kinds = {
            "step": arrow.int64(),
            "epoch": arrow.int64(),
            "time": arrow.timestamp("ms", "UTC"),
            "value": arrow.float64(),
        }
        moments = [None if seconds is None else round(seconds * 1000) for seconds in self.time]
        columns = {**self.to_dict(), "time": moments}
        return cast("ArrowTable", arrow.table(columns, schema=arrow.schema([*kinds.items()])))


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was logged.

    Attributes:
        name: Its name; not safe as a path.
        link: Where it is, as the server tells; a link of the server needs the API key.
        asset_id: Id of its asset.
        step: Step, if any.
        context: Context as "train", if any.
        size: Bytes; 0 for a remote one.
    """

    name: str | None
    link: str | None
    asset_id: str
    step: int | None = None
    context: str | None = None
    size: float | None = None

    @classmethod
    def of(cls, asset: Asset) -> Image:
        """Return what the listing of assets tells of an image."""
        return cls(
            name=asset.file_name,
            link=asset.link,
            asset_id=asset.asset_id,
            step=asset.step,
            context=asset.run_context,
            size=asset.file_size,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the members by name."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def plain_value(value: Cell) -> PlainValue:
    """Return a value as it was logged: numbers and booleans that the wire writes as text.

    A text that merely looks like a number to some, as "007" or "1_000", stays a text.

    >>> [plain_value(text) for text in ("0.1", "32", "true", "adam", "1E-4", "007")]
    [0.1, 32, True, 'adam', 0.0001, '007']
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else value


def plain_values(entries: Iterable[ValueSummary]) -> dict[str, PlainValue]:
    """Return the last value of each name, as `plain_value` reads it."""
    return {entry.name: plain_value(entry.value_current) for entry in entries}


def extremes_of(entries: Iterable[ValueSummary]) -> dict[str, Extremes]:
    """Return the extremes of each metric."""
    return {entry.name: Extremes(entry.minimum, entry.maximum, entry.current) for entry in entries}


def metric_columns(name: str, points: Sequence[MetricPoint]) -> MetricColumns:
    """Return the points of one metric in columns, ordered by step, time and the server's offset."""

    def place(point: MetricPoint) -> tuple[float, float, int]:
        step = -math.inf if point.step is None else point.step
        time = -math.inf if point.timestamp is None else point.timestamp
        return step, time, point.offset or 0

    ordered = sorted(points, key=place)
    return MetricColumns(
        name=name,
        step=[point.step for point in ordered],
        epoch=[point.epoch for point in ordered],
        time=[None if p.timestamp is None else p.timestamp / 1000 for p in ordered],
        value=[math.nan if point.value is None else point.value for point in ordered],
    )
