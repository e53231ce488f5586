"""Synthetic metrics: names, series and summaries, computed from (seed, run, metric)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from comet_async.server.number_texts import NumberTexts
from comet_async.server.numbers_text import java_double
from comet_async.server.records import Mark, Series, Value

__all__ = [
    "FIRST_NEGATIVE_OFFSET",
    "NEGATIVE_OFFSET_METRIC",
    "NON_FINITE_METRIC",
    "TEXT_METRIC",
    "Curve",
    "metric_name",
    "system_names",
]

NON_FINITE_METRIC = "odd/non-finite"
"""Name of the series that holds NaN, Infinity and -Infinity."""
TEXT_METRIC = "odd/text"
"""Name of the series that holds words."""
NEGATIVE_OFFSET_METRIC = "odd/negative-offset"
"""Name of the series whose offsets are large negative 64-bit integers."""
FIRST_NEGATIVE_OFFSET = -227196944980285897

_NAMES = (
    "loss",
    "accuracy",
    "val/loss",
    "val/accuracy",
    "learning rate",
    "précision/β",
    "sys.cpu.percent.avg",
    NON_FINITE_METRIC,
    TEXT_METRIC,
    NEGATIVE_OFFSET_METRIC,
)
_SYSTEM_NAMES = (
    "sys.cpu.percent.avg",
    "sys.gpu.0.utilization",
    "sys.ram.used",
    "sys.load.avg",
    "sys.network.send_bps",
)
_NON_FINITE = ("NaN", "Infinity", "-Infinity")
_WORDS = ("good", "bad", 'he said "so"', "naïve", "")
_MASK = (1 << 32) - 1
_INTERVAL_MS = 250
_STEP = 10
_POINTS_PER_EPOCH = 100


def metric_name(index: int) -> str:
    """Return the name of the metric with an index; the first ten are of every special kind."""
    return _NAMES[index] if index < len(_NAMES) else f"metric_{index:03d}"


def system_names(count: int) -> tuple[str, ...]:
    """Return the names of system metrics: some of every kind, then of more and more GPUs."""
    more = (f"sys.gpu.{number}.utilization" for number in range(1, count))
    return (*_SYSTEM_NAMES, *more)[:count]


@lru_cache(maxsize=64)
def _shape(points: int) -> tuple[range, tuple[int, ...], tuple[None, ...]]:
    """Return steps, epochs and contexts, which all series of a length share."""
    steps = range(0, points * _STEP, _STEP)
    epochs = tuple(index // _POINTS_PER_EPOCH for index in range(points))
    return steps, epochs, (None,) * points


@lru_cache(maxsize=8)
def _spread(points: int) -> tuple[tuple[int, int], ...]:
    """Return each index with its multiplicative hash, which all series of a length share."""
    return tuple((index, index * 2654435761 & _MASK) for index in range(points))


@dataclass(frozen=True, slots=True)
class Curve:
    """One synthetic series of one run.

    Attributes:
        identity: What the values depend on: seed, run and metric.
        name: Metric name; the special names have special values.
        points: Number of points.
        start_ms: Time of the first point.
        ordinal: Position of the metric in its run; offsets go on from one metric to the next.
        shared: Whether other runs have the same values, so that they are kept.
    """

    identity: str
    name: str
    points: int
    start_ms: int
    ordinal: int
    shared: bool = False

    def series(self) -> Series:
        """Return all points."""
        steps, epochs, contexts = _shape(self.points)
        end = self.start_ms + self.points * _INTERVAL_MS
        first = self._first_offset()
        return Series(
            name=self.name,
            values=self._texts(),
            steps=steps,
            epochs=epochs,
            timestamps=range(self.start_ms, end, _INTERVAL_MS),
            contexts=contexts if self.ordinal % 2 == 0 else ("train",) * self.points,
            offsets=range(first, first + self.points),
        )

    def summary(self) -> Value:
        """Return extremes and last value without rendering the points."""
        if self.name == TEXT_METRIC:
            return Value.single(self.name, self._mark(self.points - 1, self._texts()[-1]))
        values = self._numbers()
        usable = [index for index in range(self.points) if not self._is_odd(index)]
        if not usable:
            return Value.single(self.name, self._mark(0, self._texts()[0]))
        top = max(usable, key=values.__getitem__)
        low = min(usable, key=values.__getitem__)
        last = self.points - 1
        return Value(
            self.name,
            self._mark(top, java_double(values[top])),
            self._mark(low, java_double(values[low])),
            self._mark(last, self._java(last, values[last])),
        )

    def current(self) -> str:
        """Return the last value at the cost of one point."""
        last = self.points - 1
        if self.name == TEXT_METRIC:
            return _WORDS[last % len(_WORDS)]
        return self._java(last, self._numbers(last)[0])

    def _numbers(self, first: int = 0) -> Sequence[float]:
        if self.shared and not first:
            return _kept(replace(self, start_ms=0, ordinal=0)).numbers
        return self.computed(first)

    def computed(self, first: int = 0) -> list[float]:
        """Return a decaying curve with noise from a multiplicative hash; one value per point.

        Args:
            first: Points to leave out at the start.
        """
        digest = hashlib.blake2b(self.identity.encode(), digest_size=8).digest()
        salt = int.from_bytes(digest[:4], "big")
        top = 0.5 + digest[4] / 128
        rate = 8.0 / max(1, self.points) * (0.5 + digest[5] / 256)
        floor = 0.01 + digest[6] / 2560
        noise = top / 20 / _MASK
        return [
            floor + top / (1.0 + rate * index) + ((spread + salt) & _MASK) * noise
            for index, spread in _spread(self.points)[first:]
        ]

    def _is_odd(self, index: int) -> bool:
        return self.name == NON_FINITE_METRIC and index % 5 in (1, 2, 4)

    def _java(self, index: int, value: float) -> str:
        return _NON_FINITE[index % 3] if self._is_odd(index) else java_double(value)

    def _texts(self) -> Sequence[str]:
        if self.name == TEXT_METRIC:
            return [_WORDS[index % len(_WORDS)] for index in range(self.points)]
        if self.name == NON_FINITE_METRIC:
            return [self._java(index, value) for index, value in enumerate(self._numbers())]
        if self.shared:
            return _kept(replace(self, start_ms=0, ordinal=0))
        return NumberTexts(self.computed())

    def _first_offset(self) -> int:
        if self.name == NEGATIVE_OFFSET_METRIC:
            return FIRST_NEGATIVE_OFFSET
        return self.ordinal * self.points

    def _mark(self, index: int, text: str) -> Mark:
        context = None if self.ordinal % 2 == 0 else "train"
        return Mark(text, self.start_ms + index * _INTERVAL_MS, index * _STEP, context)


@lru_cache(maxsize=2048)
def _kept(curve: Curve) -> NumberTexts:
    """Return the values of a curve that several runs have, with their texts once written."""
    return NumberTexts(curve.computed())
