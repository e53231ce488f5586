"""Parts of one table whose columns differ: brought together without losing a value.

Columns are matched by name; a column that a part lacks is null there. Where types differ the
narrowest type is taken that holds every value of all of them: a wider integer, a float64, a finer
timestamp; text where there is no such type. 64-bit integers become float64 only where the footers
say that each of them is one exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast

from comet_async.arrow_shapes import ArrowField, ArrowSchema
from comet_async.extras import extra
from comet_async.lake.layout import Part

__all__ = ["literal", "quoted", "sql_type", "unified", "widened"]

_EXACT = 2**53
"""Integers up to this one are floats exactly."""

_NARROW = 32
_UNITS = ("s", "ms", "us", "ns")


class _Type(Protocol):
    bit_width: int
    unit: str
    tz: str | None
    value_type: _Type
    precision: int
    scale: int

    def __iter__(self) -> Iterator[ArrowField]: ...


def unified(parts: Sequence[Part]) -> ArrowSchema:
    """Return the columns of all parts together.

    Raises:
        PartError: A part is damaged.
    """
    types: dict[str, object] = {}
    schemas = {part.shape: part.schema for part in parts}
    for schema in schemas.values():
        for field in schema:
            kind = _plain(field.type)
            known = types.get(field.name, kind)
            types[field.name] = _wider(known, kind, field.name, parts)
    return cast("ArrowSchema", extra("pyarrow").schema([*types.items()]))


def widened(parts: Sequence[Part]) -> Mapping[str, tuple[str, ...]]:
    """Return the columns that have several types, with these."""
    types: dict[str, dict[str, None]] = {}
    for schema in {part.shape: part.schema for part in parts}.values():
        for field in schema:
            types.setdefault(field.name, {})[str(_plain(field.type))] = None
    return {name: tuple(found) for name, found in types.items() if len(found) > 1}


def _plain(kind: object) -> object:
    """Return the type of the values of a dictionary, and the usual one for large text."""
    pa = extra("pyarrow")
    if pa.types.is_dictionary(kind):
        return _plain(cast("_Type", kind).value_type)
    return pa.string() if pa.types.is_large_string(kind) else kind


def _wider(one: object, two: object, name: str, parts: Iterable[Part]) -> object:
    pa, types = extra("pyarrow"), extra("pyarrow").types
    if one == two or types.is_null(two):
        return one
    if types.is_null(one):
        return two
    alike: tuple[tuple[Callable[[object], bool], Callable[[object, object], object]], ...] = (
        (types.is_integer, _wider_integer),
        (types.is_floating, _wider_float),
        (types.is_timestamp, _finer),
        (types.is_list, _wider_list),
        (types.is_struct, _merged),
    )
    for belongs, together in alike:
        if belongs(one) and belongs(two):
            return together(one, two)
    exact = _is_number(one) and _is_number(two) and _exact_as_float(one, two, name, parts)
    return cast("object", pa.float64() if exact else pa.string())


def _wider_float(one: object, two: object) -> object:
    return max(one, two, key=lambda kind: cast("_Type", kind).bit_width)


def _wider_list(one: object, two: object) -> object:
    kinds = cast("_Type", one).value_type, cast("_Type", two).value_type
    return cast("object", extra("pyarrow").list_(_wider(*kinds, "", ())))


def _is_number(kind: object) -> bool:
    types = extra("pyarrow").types
    return bool(types.is_integer(kind) or types.is_floating(kind))


def _wider_integer(one: object, two: object) -> object:
    pa = extra("pyarrow")
    signed = [pa.types.is_signed_integer(kind) for kind in (one, two)]
    wider = max(one, two, key=lambda kind: cast("_Type", kind).bit_width)
    if signed[0] == signed[1]:
        return wider
    unsigned = cast("_Type", two if signed[0] else one)
    return pa.int64() if unsigned.bit_width <= _NARROW else pa.string()


def _exact_as_float(one: object, two: object, name: str, parts: Iterable[Part]) -> bool:
    """Tell whether all integers of a column are floats exactly."""
    types = extra("pyarrow").types
    if all(types.is_floating(k) or cast("_Type", k).bit_width <= _NARROW for k in (one, two)):
        return True
    told = False
    for part in parts:
        if name in part.schema.names and types.is_integer(part.schema.field(name).type):
            told = True
            ends = part.extent(name)
            if ends is None or max(-ends[0], ends[1]) > _EXACT:
                return False
    return told


def _finer(one: object, two: object) -> object:
    first, second = cast("_Type", one), cast("_Type", two)
    if (first.tz is None) != (second.tz is None):
        return extra("pyarrow").string()
    unit = max(first.unit, second.unit, key=_UNITS.index)
    return cast("object", extra("pyarrow").timestamp(unit, first.tz))


def _merged(one: object, two: object) -> object:
    members: dict[str, object] = {}
    for kind in (one, two):
        for field in cast("Iterable[ArrowField]", kind):
            known = members.get(field.name, field.type)
            members[field.name] = _wider(known, field.type, field.name, ())
    return cast("object", extra("pyarrow").struct([*members.items()]))


_SIMPLE = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date32[day]": "DATE",
}


def sql_type(kind: object) -> str | None:
    """Return DuckDB's name of an Arrow type, None where a value should stay what it is.

    >>> import pyarrow
    >>> sql_type(pyarrow.list_(pyarrow.struct([("a b", pyarrow.int64())])))
    'STRUCT("a b" BIGINT)[]'
    """
    types = extra("pyarrow").types
    if types.is_timestamp(kind):
        return "TIMESTAMP" if cast("_Type", kind).tz is None else "TIMESTAMPTZ"
    if types.is_list(kind):
        inner = sql_type(cast("_Type", kind).value_type)
        return None if inner is None else f"{inner}[]"
    if types.is_struct(kind):
        members = [(f.name, sql_type(f.type)) for f in cast("Iterable[ArrowField]", kind)]
        if any(told is None for _, told in members):
            return None
        return f"STRUCT({', '.join(f'{quoted(name)} {told}' for name, told in members)})"
    return _SIMPLE.get(str(kind))


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL.

    >>> print(quoted('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal of SQL.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"
