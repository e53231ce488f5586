"""What every chapter of the Comet catalogue is built from.

`read`, `read_by_post` and `blob` make requests; `Wire` is the base of every answer; `number` and
`json_object` read the texts in which the service hides numbers and documents.
"""

from __future__ import annotations

import functools
import json as json_text
import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar, cast
from urllib.parse import quote

import msgspec

from comet_async.comet.members import Members
from comet_async.errors import UsageError
from comet_async.redaction import MASK, bare_url, mask, shortened
from comet_async.request import Blob, Effect, QueryValue, Request, build

__all__ = [
    "SERVICE",
    "Cell",
    "Flat",
    "Metadata",
    "NullableDict",
    "NullableList",
    "Wire",
    "at_most_one",
    "blob",
    "exactly_one",
    "json_object",
    "no_items",
    "no_members",
    "number",
    "page_numbers",
    "project_address",
    "read",
    "read_by_post",
    "refuse_unusable",
    "twice_encoded",
]

T = TypeVar("T")
V = TypeVar("V")

SERVICE = "comet"
"""Name of the service in every request of this catalogue."""


Cell: TypeAlias = str | int | float | None
"""A value as the wire wrote it: usually a text, also for numbers. `number` reads it."""

Metadata: TypeAlias = str | dict[str, object] | None
"""User metadata as sent: mostly a JSON document in a text, also "", null or an object."""

if TYPE_CHECKING:
    NullableList: TypeAlias = list[T]
    NullableDict: TypeAlias = dict[str, V]
else:
    NullableList = list[T] | None
    NullableDict = dict[str, V] | None

_SHOWN_ITEMS = 2
_SHOWN_TEXT = 120


class Flat(Members, frozen=True, kw_only=True, rename="camel"):
    """Base of answers: immutable, unknown members ignored, secrets kept out of the repr.

    Members are attributes, and can also be had by their names on the wire: see `Members`.

    By itself it is the base of small answers that come by the thousand and hold no list or dict.

    The member `curlDownload` of assets holds the caller's own API key in clear text; no struct has
    it, on purpose. Links are shown without their query, which may be signed.
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


def read(
    path: str,
    answer: type[T],
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
    may_be_empty: Collection[str] = (),
) -> Request[T]:
    """Return a GET that changes nothing.

    Args:
        path: Template as the vendor prints it.
        answer: Type of the answer.
        query: Members by wire name; None is not sent.
        path_params: A value for each `{name}` of the template.
        may_be_empty: Wire names whose text may be empty.

    Raises:
        UsageError: A text is empty or no Unicode, or a path parameter is missing or unknown.
    """
    refuse_unusable(path, {**(path_params or {}), **(query or {})}, may_be_empty)
    return build(SERVICE, "GET", path, answer, Effect.READ, path_params=path_params, query=query)


def read_by_post(path: str, answer: type[T], *, json: Mapping[str, object]) -> Request[T]:
    """Return a POST that changes nothing: its parameters do not fit into a query.

    Args:
        path: Template as the vendor prints it.
        answer: Type of the answer.
        json: Members of the body by wire name; None is sent as null.

    Raises:
        UsageError: A text is empty or no Unicode, or a value has no JSON form.
    """
    refuse_unusable(path, json, ())
    return build(SERVICE, "POST", path, answer, Effect.READ, json=dict(json))


def blob(
    path: str,
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
    may_be_empty: Collection[str] = (),
) -> Request[Blob]:
    """Return a GET for octets: `Session.download` streams them, `Session.send` holds them.

    Args:
        path: Template as the vendor prints it.
        query: Members by wire name; None is not sent.
        path_params: A value for each `{name}` of the template.
        may_be_empty: Wire names whose text may be empty.

    Raises:
        UsageError: A text is empty or no Unicode, or a path parameter is missing or unknown.
    """
    return read(path, Blob, query=query, path_params=path_params, may_be_empty=may_be_empty)


def refuse_unusable(path: str, members: Mapping[str, object], allowed: Collection[str]) -> None:
    """Refuse texts that are empty, but for those `allowed` by wire name, or no Unicode.

    Raises:
        UsageError: There is one.
    """
    for name, value in members.items():
        if not isinstance(value, str):
            continue
        if not value.strip() and name not in allowed:
            raise UsageError(f"{path}: {name} is empty; give a value or leave it out")
        if not value.isascii():
            _refuse_half_characters(f"{path}: {name}", value)


def _refuse_half_characters(told: str, text: str) -> None:
    """Refuse what has no UTF-8 form, as file names that Python could not decode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{told} holds half a character; give valid Unicode text") from None


def exactly_one(path: str, **values: object) -> None:
    """Refuse arguments of which not exactly one is given; names are the caller's own.

    Raises:
        UsageError: None or several are given.
    """
    if sum(value is not None for value in values.values()) != 1:
        raise UsageError(f"{path}: give exactly one of {', '.join(values)}")


def at_most_one(path: str, **values: object) -> None:
    """Refuse arguments that exclude each other; names are the caller's own.

    Raises:
        UsageError: Several are given.
    """
    given = [name for name, value in values.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{path}: {' and '.join(given)} exclude each other")


def project_address(
    path: str, project_id: str | None, project_name: str | None, workspace_name: str | None
) -> dict[str, str]:
    """Return the wire members that name a project: its id, or its name and workspace.

    Raises:
        UsageError: Neither is complete, or both are given.
    """
    by_id = project_id is not None and project_name is None and workspace_name is None
    by_name = project_id is None and project_name is not None and workspace_name is not None
    if not by_id and not by_name:
        raise UsageError(
            f"{path}: name the project by project_id, or by project_name and workspace_name"
        )
    named = {
        "projectId": project_id,
        "projectName": project_name,
        "workspaceName": workspace_name,
    }
    return {name: value for name, value in named.items() if value is not None}


def page_numbers(path: str, **numbers: int | None) -> None:
    """Refuse page numbers and sizes below 1.

    Raises:
        UsageError: One is below 1.
    """
    for name, value in numbers.items():
        if value is not None and value < 1:
            raise UsageError(f"{path}: {name} is {value}; it counts from 1")


def twice_encoded(name: str | None) -> str | None:
    """Return an artifact's name percent-encoded once; the request's own encoding is the second.

    The service is known to accept `my%2520ds%252F1` for `my ds/1`, as the vendor's client sends
    it; whether it accepts a single encoding is not known.

    Raises:
        UsageError: The name is no valid Unicode text.

    >>> twice_encoded("my ds/1")
    'my%20ds%2F1'
    """
    if name is None:
        return None
    _refuse_half_characters("the artifact's name", name)
    return quote(name, safe="")


def number(value: Cell) -> float | None:
    """Return the number that a wire value stands for, or None when it stands for none.

    Args:
        value: As sent: decimal or exponent notation ("8.63E-4"), "NaN", "Infinity", "-Infinity",
            other text, a JSON number or null.

    Returns:
        The nearest float; integers beyond 2**53 are rounded here and exact in the wire value.

    >>> number("8.63E-4"), number("-Infinity"), number("adam"), number(3)
    (0.000863, -inf, None, 3.0)
    """
    if isinstance(value, str) and (not value.isascii() or "_" in value):
        return None
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
    except OverflowError:
        return math.inf if cast("int", value) > 0 else -math.inf


def json_object(text: Metadata) -> dict[str, object] | None:
    """Return the object in a member that holds JSON as text, or None when it holds no object.

    >>> json_object('{"epochs": 3}'), json_object(""), json_object({"a": 1})
    ({'epochs': 3}, None, {'a': 1})
    """
    if not isinstance(text, str):
        return text
    try:
        found = json_text.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None
