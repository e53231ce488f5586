"""Bases of the structs that travel: answers, and bodies of requests.

`Wire` is the base of answers, `Flat` of small ones, `Body` of what is only sent, `Shared` of what
travels both ways; `Open` is the base of enumerations, which let every value through.
"""

from __future__ import annotations

import enum
import functools
import types
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar, cast

import msgspec

from comet_async.redaction import MASK, bare_url, mask, shortened

__all__ = [
    "Body",
    "Flat",
    "NullableDict",
    "NullableList",
    "Open",
    "Shared",
    "Wire",
    "no_items",
    "no_members",
]

T = TypeVar("T")
V = TypeVar("V")

if TYPE_CHECKING:
    NullableList: TypeAlias = list[T]
    NullableDict: TypeAlias = dict[str, V]
else:
    NullableList = list[T] | None
    NullableDict = dict[str, V] | None

_SHOWN_ITEMS = 2
_SHOWN_TEXT = 120


class Open(enum.StrEnum):
    """Base of enumerations: any casing is the documented member, any other text a value as well.

    A server may know values that no document lists. Such a value equals its text, is no member
    when the class is iterated, and goes back on the wire as it came.
    """

    @classmethod
    def _missing_(cls, value: object) -> Open | None:
        if not isinstance(value, str):
            return None
        folded = value.casefold()
        for member in cls:
            if member.value.casefold() == folded:
                return member
        other = str.__new__(cls, value)
        other._name_ = other._value_ = value
        return other


class Flat(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of answers: immutable, unknown members ignored, secrets kept out of the repr.

    By itself it is the base of small answers that come by the thousand and hold no list or dict.

    Links are shown without their query, which may be signed.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset()
    """Fields whose content the repr masks."""
    link_members: ClassVar[frozenset[str]] = frozenset()
    """Fields that hold a URL, shown without user name and query."""

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={self._shown(name)}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({told})"

    def to_dict(self) -> dict[str, object]:
        """Return the members by their names on the wire, as plain dicts, lists and values.

        What the server did not send is there with its default.
        """
        return cast("dict[str, object]", msgspec.to_builtins(self))

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        if not value:
            return repr(value)
        if name in self.hidden_members:
            return MASK
        if name in self.link_members and isinstance(value, str):
            return repr(_bare_link(value))
        return _shown(value)


class Body(Flat, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of request bodies of more than four members, and of what bodies hold.

    None is not sent where it is the default.
    """


class Shared(Flat, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what is sent as well as received: None is not sent, unknown members are ignored.

    An answer may lack any member, so they all have defaults; `needed` names those without which
    nothing is sent.
    """

    needed: ClassVar[frozenset[str]] = frozenset()
    """Fields that must be given when it is sent."""


class Wire(Flat, frozen=True, kw_only=True):
    """Base of answers that hold lists or objects, which a server may send as null.

    A member typed `NullableList[X]` or `NullableDict[X]` may be null on the wire and is then
    empty here; where it has no default the answer is unusable without it: its lack is a decode
    error, never an empty list.
    """

    def __post_init__(self) -> None:
        for name, empty in _nullable_members(type(self)):
            if getattr(self, name) is None:
                msgspec.structs.force_setattr(self, name, empty())


def no_items() -> list[T]:  # pyright: ignore[reportInvalidTypeVarUse]  # the annotated member fills T in
    """Return the default of a `NullableList` member: a new empty list for each answer."""
    return cast("list[T]", msgspec.field(default_factory=list))


def no_members() -> dict[str, V]:  # pyright: ignore[reportInvalidTypeVarUse]  # as above
    """Return the default of a `NullableDict` member: a new empty dict for each answer."""
    return cast("dict[str, V]", msgspec.field(default_factory=dict))


def _bare_link(link: str) -> str:
    bare = bare_url(link)
    return f"{bare}?{MASK}" if "?" in link else bare


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(shortened(mask(value), _SHOWN_TEXT))
    if isinstance(value, list):
        items = cast("list[object]", value)
        shown = [_shown(item) for item in items[:_SHOWN_ITEMS]]
        more = [f"… {len(items)} in all"] if len(items) > _SHOWN_ITEMS else []
        return f"[{', '.join(shown + more)}]"
    if isinstance(value, dict):
        members = list(cast("dict[object, object]", value).items())
        pairs = [f"{_shown(key)}: {_shown(item)}" for key, item in members[:_SHOWN_ITEMS]]
        more = [f"… {len(members)} in all"] if len(members) > _SHOWN_ITEMS else []
        return f"{{{', '.join(pairs + more)}}}"
    return repr(value)


@functools.cache
def _nullable_members(kind: type[Wire]) -> tuple[tuple[str, Callable[[], object]], ...]:
    """Return the fields typed `list | None` or `dict | None`, each with what stands for null."""
    found: list[tuple[str, Callable[[], object]]] = []
    for field in msgspec.structs.fields(kind):
        arms = typing.get_args(field.type)
        rest = [arm for arm in arms if arm is not types.NoneType]
        origin = typing.get_origin(rest[0]) if len(rest) == 1 != len(arms) else None
        if origin is list or origin is dict:
            found.append((field.name, cast("Callable[[], object]", origin)))
    return tuple(found)
