"""Members of an answer by their names on the wire, as those who had a dict look them up."""

from __future__ import annotations

import difflib
import functools
from abc import ABCMeta
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from types import MappingProxyType
from typing import cast

import msgspec

__all__ = ["Members"]

_NEAR = 3


class Members(msgspec.Struct, frozen=True):
    """Base of structs whose members can also be had as those of a read-only dict.

    `point["metricValue"]` is `point.metric_value`; `dict(point)`, `pandas.DataFrame(points)` and
    loops over the names work, too. A type checker knows the attributes better: a member by name is
    an `object` to it. What the server did not send is None, and `get` has its default for that.

    >>> class Point(Members, frozen=True, rename="camel"):
    ...     metric_name: str
    ...     step: int | None = None
    >>> point = Point("loss")
    >>> point["metricName"], point["step"], point.get("step", 0), "epoch" in point
    ('loss', None, 0, False)
    """

    def __getitem__(self, name: str) -> object:
        attribute = _attributes(type(self)).get(name)
        if attribute is None:
            raise KeyError(_unknown(type(self), name))
        return cast("object", getattr(self, attribute))

    def __contains__(self, name: object) -> bool:
        return name in _attributes(type(self))

    def __iter__(self) -> Iterator[str]:
        return iter(_attributes(type(self)))

    def __len__(self) -> int:
        return len(self.__struct_fields__)

    def get(self, name: str, default: object = None) -> object:
        """Return a member by its name on the wire.

        Args:
            name: The name, as "metricValue".
            default: Returned when there is no such member, or when it is None.
        """
        attribute = _attributes(type(self)).get(name)
        found = None if attribute is None else cast("object", getattr(self, attribute))
        return default if found is None else found

    def keys(self) -> KeysView[str]:
        """Return the names on the wire."""
        return _attributes(type(self)).keys()

    def values(self) -> ValuesView[object]:
        """Return the values, in the order of the names."""
        return {name: self[name] for name in self}.values()

    def items(self) -> ItemsView[str, object]:
        """Return the names on the wire with their values."""
        return {name: self[name] for name in self}.items()


cast("ABCMeta", Mapping).register(Members)  # as pandas asks: a frame of dicts, not of rows


@functools.cache
def _attributes(kind: type[Members]) -> Mapping[str, str]:
    names = zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
    return MappingProxyType(dict(names))


def _unknown(kind: type[Members], name: object) -> str:
    known = _attributes(kind)
    for wire, attribute in known.items():
        if attribute == name:
            return f"{name!r}: use [{wire!r}] or .{attribute} of {kind.__name__}"
    near = difflib.get_close_matches(str(name), known, _NEAR) or list(known)
    return f"{name!r} is no member of {kind.__name__}, which has {', '.join(near)}"
