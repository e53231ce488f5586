"""Columns of the table `metrics` from Arrow arrays of what the service sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from comet_async.comet.common import number
from comet_async.harvest.arrow import Batch
from comet_async.harvest.arrow_document import Array, ArrowType, arrow, column_types, compute
from comet_async.harvest.schema import TABLES

__all__ = ["metric_batch", "number_and_text", "numbers_and_texts"]

_PLAIN = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"
"""Numbers that Arrow and Python read alike."""
_NO_REPR = r"E|^-?[0-9]+$"
"""Numbers as Python never writes a float: it writes a small e, and a point where there is none."""
_FIXED_FROM, _FIXED_TO = 1e-4, 1e16
"""Where Python writes a float without an exponent."""


def number_and_text(cell: str | None) -> tuple[float | None, str | None]:
    """Return the number that a text stands for, and the text unless it is the number's repr.

    >>> number_and_text("0.5"), number_and_text("1"), number_and_text("good")
    ((0.5, None), (1.0, '1'), (None, 'good'))
    """
    value = number(cell)
    return value, None if value is not None and cell == repr(value) else cell


def numbers_and_texts(cells: Array) -> tuple[Array, Array]:
    """Return `number_and_text` of many texts, as an array of floats and one of texts.

    Arrow reads the numbers and writes them again. Where that gives the text back, so does Python's
    repr, for both write the shortest digits, and only their notations differ. The rest of the
    texts are looked at one by one.
    """
    pa, pc = arrow(), compute()
    plain = pc.fill_null(pc.match_substring_regex(cells, _PLAIN), fill_value=False)
    absent = pa.scalar(None, pa.string())
    numbers = pc.cast(pc.if_else(plain, cells, absent), pa.float64())
    size = pc.abs(numbers)
    written = pc.cast(numbers, pa.string())
    alike = pc.or_(
        pc.equal(written, cells),
        pc.equal(pc.binary_join_element_wise(written, ".0", ""), cells),
    )
    fixed = pc.or_(
        pc.and_(pc.greater_equal(size, _FIXED_FROM), pc.less(size, _FIXED_TO)),
        pc.equal(size, 0.0),
    )
    other = pc.match_substring_regex(cells, _NO_REPR)
    told = pc.fill_null(pc.and_not(pc.and_(alike, fixed), other), fill_value=False)
    kept = pc.fill_null(pc.and_(other, pc.is_finite(numbers)), fill_value=False)
    texts = pc.if_else(told, absent, cells)
    open_ = pc.and_(pc.is_valid(cells), pc.invert(pc.or_(told, kept)))
    rest = cast("list[str]", pc.filter(cells, open_).to_pylist())
    if rest:
        pairs = [number_and_text(cell) for cell in rest]
        values = pa.array([value for value, _ in pairs], pa.float64())
        numbers = pc.replace_with_mask(numbers, open_, values)
        texts = pc.replace_with_mask(
            texts, open_, pa.array([text for _, text in pairs], pa.string())
        )
    return cast("Array", numbers), cast("Array", texts)


def metric_batch(key: str, columns: Mapping[str, Array | None]) -> Batch:
    """Return rows of `metrics` of one experiment.

    Args:
        key: Experiment key.
        columns: Arrays by column name, `value` among them; those that are None or missing are
            null. Integers may stand for timestamps, texts for codes.
    """
    pa = arrow()
    rows = len(cast("Array", columns["value"]))
    one = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), [key])
    given = {**columns, "experiment_key": one}
    arrays: list[object] = []
    types = column_types(TABLES["metrics"])
    for name, kind in types.items():
        found = given.get(name)
        arrays.append(pa.nulls(rows, kind) if found is None else _as(found, kind))
    return cast("Batch", pa.RecordBatch.from_arrays(arrays, names=list(types)))


def _as(found: Array, kind: ArrowType) -> Array:
    if found.type == kind:
        return found
    if arrow().types.is_dictionary(kind):
        return found.dictionary_encode()
    return found.cast(kind)
