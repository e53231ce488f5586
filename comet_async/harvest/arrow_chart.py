"""The multi-metric chart as rows of `metrics`, and its parameters."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from comet_async import comet
from comet_async.comet.common import Cell, number
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import Array, ArrowType, arrow, compute, document
from comet_async.harvest.arrow_values import metric_batch, number_and_text
from comet_async.harvest.schema import TABLES
from comet_async.redaction import shortened

__all__ = ["ChartRows", "ExperimentRows", "chart_rows"]

_LISTS = ("steps", "epochs", "timestamps")
_COLUMNS = ("step", "epoch", "timestamp")
_LARGE = 128 * 1024
"""Bytes of one entry from which on Arrow parses that by itself, which takes some 1.5 ms more.
The whole answer is never parsed at once: that takes several times its size, and is no faster."""
_MINUS_ZERO = (b"-0,", b"-0]", b"-0 ", b"-0\t", b"-0\r", b"-0\n")


class ExperimentRows(msgspec.Struct, frozen=True):
    """What a chart holds of one experiment.

    Attributes:
        batch: Rows of `metrics`, metric by metric in the server's order; a chart tells neither
            context nor offset.
        points: Number of points by metric name.
        parameters: Text by name of those parameters asked for that have a value.
    """

    batch: Batch
    points: Mapping[str, int]
    parameters: Mapping[str, str]


class ChartRows(msgspec.Struct, frozen=True):
    """What a chart holds.

    Attributes:
        experiments: By experiment key, in the order of the keys asked for; keys that the answer
            lacks are missing.
    """

    experiments: Mapping[str, ExperimentRows]


class _Split(msgspec.Struct, frozen=True):
    """As `MultiMetricChart`, its entries checked to be JSON and not decoded."""

    experiments: dict[str, msgspec.Raw] | None
    empty: bool | None = None


class _Parameters(msgspec.Struct, frozen=True):
    params: dict[str, Cell | bool] | None = None


def chart_rows(body: bytes, keys: Sequence[str], parameters: Sequence[str]) -> ChartRows:
    """Return the rows of an answer of `get_multi_metric_chart`.

    Synchronous, for a worker thread: the points are parsed without the GIL. What Arrow does not
    read, or may read differently, or is too small to gain, is decoded as `ChartExperiment`,
    experiment by experiment.

    A value that is a JSON number becomes the nearest float, without a text; a text is treated as
    in the other answers. A list of steps, epochs or timestamps that is null, missing or empty makes
    its column null.

    Args:
        body: The answer, which is no message in place of data.
        keys: Experiment keys that were asked for.
        parameters: Names of the parameters that were asked for.

    Raises:
        DecodeError: The body is not what the endpoint promises; or lists that run in parallel
            differ in length; or an entry is no object, was not asked for, or names another
            experiment. Where it is one experiment's, the message names that.
    """
    wanted = list(dict.fromkeys(keys))
    names = list(dict.fromkeys(parameters))
    return ChartRows(_one_by_one(body, wanted, names))


def _one_by_one(
    body: bytes, keys: Sequence[str], parameters: Sequence[str]
) -> dict[str, ExperimentRows]:
    """Return the rows of all experiments, each parsed or decoded by itself.

    Raises:
        DecodeError: As `chart_rows`.
    """
    entries = decode(body, _Split).experiments or {}
    for key in sorted(entries.keys() - set(keys)):
        raise DecodeError(f"experiment {shortened(key, 60)}: it was not asked for")
    return {key: _entry(key, bytes(entries[key]), parameters) for key in keys if key in entries}


def _entry(key: str, raw: bytes, parameters: Sequence[str]) -> ExperimentRows:
    """Return the rows of one experiment.

    Raises:
        DecodeError: It is not what the chart promises; the message names the experiment.
    """
    problem = ""
    try:
        params = decode(raw, _Parameters).params or {}
        told = {name: comet.parameter_text(params.get(name)) for name in parameters}
        known = {name: text for name, text in told.items() if text is not None}
        parsed = document(raw, _members(), only_known=False) if len(raw) >= _LARGE else None
        rows = None if parsed is None else _rows(key, parsed, raw)
        return ExperimentRows(*(rows or _decoded(key, decode(raw, comet.ChartExperiment))), known)
    except DecodeError as error:
        problem = error.message
    raise DecodeError(f"experiment {shortened(key, 60)}: {problem}")


@functools.cache
def _members() -> Mapping[str, ArrowType]:
    """Return the members of an entry but its parameters.

    Those without a column are among them: a wrong one is an error, as in the other way.
    """
    pa = arrow()
    text, whole = pa.string(), pa.list_(pa.int64())
    members = [("metricName", text), ("values", pa.list_(pa.float64())), ("durations", whole)]
    series = pa.struct([*members, *((name, whole) for name in _LISTS)])
    entry = {"experimentKey": text, "experimentName": text, "steps": whole, "epochs": whole}
    return {**entry, "metrics": cast("ArrowType", pa.list_(series))}


def _rows(
    key: str, entry: Mapping[str, Array], raw: bytes
) -> tuple[Batch, Mapping[str, int]] | None:
    """Return the rows of a parsed entry and the points by metric, or None for a closer look.

    Args:
        key: Experiment key.
        entry: Arrays of length 1.
        raw: Where the entry comes from.
    """
    pc = compute()
    series = entry["metrics"].flatten()
    names, values = series.field("metricName"), series.field("values")
    if entry["experimentKey"].to_pylist() != [key]:
        return None
    if series.null_count or names.null_count or values.null_count:
        return None
    sizes = _sizes(values)
    lists = {name: _parallel(series.field(name), sizes) for name in _LISTS}
    numbers = values.flatten()
    if not all(fits for _, fits in lists.values()) or not _exact(numbers, raw):
        return None
    columns = {column: lists[name][0] for column, name in zip(_COLUMNS, _LISTS, strict=True)}
    named = names.dictionary_encode().take(pc.list_parent_indices(values))
    counts: dict[str, int] = {}
    for name, size in zip(cast("list[str]", names.to_pylist()), sizes, strict=True):
        counts[name] = counts.get(name, 0) + size
    return metric_batch(key, {**columns, "metric": named, "value": numbers}), counts


def _sizes(lists: Array) -> list[int]:
    """Return the length of each list, 0 where there is none."""
    return [size or 0 for size in compute().list_value_length(lists).to_pylist()]


def _parallel(lists: Array, sizes: list[int]) -> tuple[Array | None, bool]:
    """Return a column, None for one of nulls, and whether its lists run in parallel to the values.

    A list that is null or empty stands for nulls.
    """
    pa = arrow()
    found = _sizes(lists)
    if found == sizes:
        return lists.flatten(), True
    if any(own not in (0, size) for own, size in zip(found, sizes, strict=True)):
        return None, False
    if not any(found):
        return None, True
    parts = [
        lists.slice(at, 1).flatten() if own else pa.nulls(size, pa.int64())
        for at, (own, size) in enumerate(zip(found, sizes, strict=True))
    ]
    return cast("Array", pa.concat_arrays(parts)), True


def _exact(numbers: Array, raw: bytes) -> bool:
    """Return whether the floats are certainly what we would read.

    Arrow takes the bare token NaN for a float, where we take it for the text that it stands for;
    an integer may be too large for a float; and the integer -0 is 0 to us, and -0.0 to Arrow.
    """
    pc = compute()
    if not pc.all(pc.is_finite(numbers), min_count=0).as_py():
        return False
    zeros = pc.filter(numbers, pc.equal(numbers, 0.0))
    least = pc.min(pc.divide(1.0, zeros)).as_py()
    return least is None or least > 0 or not any(token in raw for token in _MINUS_ZERO)


def _decoded(key: str, entry: comet.ChartExperiment) -> tuple[Batch, Mapping[str, int]]:
    """Return the rows of a decoded entry and the points by metric.

    Raises:
        DecodeError: Its lists differ in length, or it names another experiment.
    """
    if entry.experiment_key != key:
        raise DecodeError(f"its entry says {shortened(entry.experiment_key, 60)}")
    columns: dict[str, list[object]] = {column.name: [] for column in TABLES["metrics"].columns}
    counts: dict[str, int] = {}
    for series in entry.metrics:
        size = len(series.values)
        counts[series.metric_name] = counts.get(series.metric_name, 0) + size
        values, texts = _cells(series.values)
        rows: dict[str, Sequence[object]] = {
            "experiment_key": [key] * size,
            "metric": [series.metric_name] * size,
            "value": values,
            "value_text": texts,
            "step": series.steps,
            "epoch": series.epochs,
            "timestamp": series.timestamps,
        }
        for name, column in columns.items():
            column.extend(_filled(series.metric_name, rows.get(name, ()), size))
    return batch(TABLES["metrics"], columns), counts


def _filled(metric: str, cells: Sequence[object], size: int) -> Sequence[object]:
    """Return a list that runs in parallel to `size` values, of nulls for an empty one.

    Raises:
        DecodeError: It is of another length.
    """
    if cells and len(cells) != size:
        name = shortened(metric, 60)
        raise DecodeError(f"{name}: {size} values and {len(cells)} of another list")
    return cells or [None] * size


def _cells(cells: Sequence[Cell]) -> tuple[Sequence[float | None], Sequence[str | None]]:
    """Return numbers and texts; many times faster where all are floats.

    A text is kept of a JSON integer beyond all floats.
    """
    if set(map(type, cells)) == {float}:
        return cast("Sequence[float]", cells), [None] * len(cells)
    pairs = [_value(cell) for cell in cells]
    return [value for value, _ in pairs], [text for _, text in pairs]


def _value(cell: Cell) -> tuple[float | None, str | None]:
    if cell is None or isinstance(cell, str):
        return number_and_text(cell)
    value = number(cell)
    return value, repr(cell) if value is not None and math.isinf(value) else None
