"""The operators of the query language: one table, from which all else is read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

__all__ = ["OPERATORS", "SIGNS", "Operator"]


class Operator(msgspec.Struct, frozen=True):
    """One operator.

    Attributes:
        name: Name on the wire.
        opposite: The operator that holds where this one does not.
        sign: How Python writes it, `<`; empty where there is no sign.
        method: How Python calls it, `contains`; empty where there is no method.
        against: The only value it can have, as Python writes it; empty for any.
        mirrored: The operator with both sides exchanged; empty where there is none.
    """

    name: str
    opposite: str
    sign: str = ""
    method: str = ""
    against: str = ""
    mirrored: str = ""

    @property
    def orders(self) -> bool:
        """Whether it needs values that have an order."""
        return self.sign.startswith(("<", ">"))


_ROWS = (
    Operator("equal", "not_equal", sign="==", mirrored="equal"),
    Operator("not_equal", "equal", sign="!=", mirrored="not_equal"),
    Operator("less", "greater_or_equal", sign="<", mirrored="greater"),
    Operator("less_or_equal", "greater", sign="<=", mirrored="greater_or_equal"),
    Operator("greater", "less_or_equal", sign=">", mirrored="less"),
    Operator("greater_or_equal", "less", sign=">=", mirrored="less_or_equal"),
    Operator("is_null", "is_not_null", sign="==", against="None"),
    Operator("is_not_null", "is_null", sign="!=", against="None"),
    Operator("is_empty", "is_not_empty", sign="==", against='""'),
    Operator("is_not_empty", "is_empty", sign="!=", against='""'),
    Operator("between", "not_between", method="between"),
    Operator("not_between", "between"),
    Operator("contains", "not_contains", method="contains"),
    Operator("not_contains", "contains"),
    Operator("begins_with", "not_begins_with", method="startswith"),
    Operator("not_begins_with", "begins_with"),
    Operator("ends_with", "not_ends_with", method="endswith"),
    Operator("not_ends_with", "ends_with"),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({row.name: row for row in _ROWS})
"""Every operator by its name on the wire."""

SIGNS: Mapping[str, str] = MappingProxyType(
    {row.sign: row.name for row in _ROWS if row.sign and not row.against}
)
"""Name on the wire of each sign."""
