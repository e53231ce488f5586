"""What catalogues build their requests from: checks of arguments, and bodies from structs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar, cast

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import shortened
from comet_async.request import Effect, QueryValue, Request, build
from comet_async.wire import Body, Flat, Shared

__all__ = [
    "Document",
    "Method",
    "at_most_one",
    "change",
    "exactly_one",
    "get",
    "listed",
    "plain",
    "refuse_half_characters",
    "refuse_unusable",
]

T = TypeVar("T")

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Document: TypeAlias = Mapping[str, object] | Sequence[object] | Body | Shared
"""A body: its members by wire name, a struct, or a list."""


def get(
    service: str,
    path: str,
    answer: type[T],
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
    may_be_empty: Collection[str] = (),
) -> Request[T]:
    """Return a GET that changes nothing.

    Args:
        service: Name of the service profile.
        path: Template as the vendor prints it.
        answer: Type of the answer.
        query: Members by wire name; None is not sent, a list repeats the name.
        path_params: A value for each `{name}` of the template.
        may_be_empty: Wire names whose text may be empty.

    Raises:
        UsageError: A text is empty or no Unicode, a value is of another type, a list is empty, or a
            path parameter is missing or unknown.
    """
    sent = _sendable(path, path_params or {}, query or {}, may_be_empty)
    return build(service, "GET", path, answer, Effect.READ, path_params=path_params, query=sent)


def change(
    service: str,
    method: Method,
    path: str,
    answer: type[T],
    effect: Effect,
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
    json: Document | None = None,
    may_be_empty: Collection[str] = (),
    may_be_null: Collection[str] = (),
) -> Request[T]:
    """Return a request that changes something, by whichever method.

    Args:
        service: Name of the service profile.
        method: HTTP method; GET can change state as well as POST.
        path: Template as the vendor prints it.
        answer: Type of the answer; None where there is only an acknowledgement.
        effect: What a repetition would do.
        query: Members by wire name; None is not sent.
        path_params: A value for each `{name}` of the template.
        json: Members of the body by wire name, a struct, or a list; None is not sent.
        may_be_empty: Wire names whose text may be empty.
        may_be_null: Wire names whose None is sent as null.

    Raises:
        UsageError: A text is empty or no Unicode, a list of the query is empty, or a value is of
            another type or has no JSON form.
    """
    sent = _sendable(path, path_params or {}, query or {}, may_be_empty)
    if isinstance(json, Mapping) and not isinstance(json, Flat):
        json = {k: value for k, value in json.items() if value is not None or k in may_be_null}
    body = None if json is None else _body(path, json, may_be_empty)
    return build(
        service, method, path, answer, effect, path_params=path_params, query=sent, json=body
    )


def _sendable(
    path: str,
    path_params: Mapping[str, object],
    query: Mapping[str, QueryValue],
    allowed: Collection[str],
) -> dict[str, QueryValue]:
    """Return a query that can be sent, its lists read once.

    Raises:
        UsageError: A path parameter is no text, or a member of either cannot be sent.
    """
    for name, value in path_params.items():
        if not isinstance(value, str):
            raise UsageError(f"{path}: {name} is {_kind(value)}; give a text")
    sent = {name: _query_value(path, name, value) for name, value in query.items()}
    refuse_unusable(path, {**path_params, **sent}, allowed)
    return sent


def _query_value(path: str, name: str, value: object) -> QueryValue:
    """Return a member of a query; an empty list, for which nothing would be sent, is refused.

    What leaves a filter out asks for everything.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if not _is_series(value):
        raise UsageError(f"{path}: {name} is {_kind(value)}; give a text, a number or a list")
    items = listed(path, name, cast("Iterable[object]", value))
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) < len(items):
        raise UsageError(f"{path}: {name} holds what is no text; give a list of texts")
    for text in texts:
        refuse_half_characters(f"{path}: {name}", text)
    return texts


def _is_series(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping))


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


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
            refuse_half_characters(f"{path}: {name}", value)


def refuse_half_characters(told: str, text: str) -> None:
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


def listed(path: str, name: str, values: Iterable[T], *, least: int = 1) -> list[T]:
    """Return a list of at least `least` values; a single text is no list.

    Raises:
        UsageError: It is a text, or too short, or holds an empty text.
    """
    if isinstance(values, (str, bytes)):
        raise UsageError(f"{path}: {name} needs a list")
    found = list(values)
    if len(found) < least:
        raise UsageError(f"{path}: {name} needs a list of at least {least}")
    if any(isinstance(value, str) and not value.strip() for value in found):
        raise UsageError(f"{path}: {name} holds an empty text")
    return found


def _body(path: str, json: Document, allowed: Collection[str]) -> object:
    found = plain(path, json)
    refuse_unusable(path, _members(found), allowed)
    return found


def _members(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def plain(path: str, value: object) -> object:
    """Return a value as the dicts, lists and texts that JSON is made of.

    Raises:
        UsageError: A struct lacks what it needs or holds a value of another type, or a value has
            no JSON form.
    """
    lacks = next(_lacking(value), None)
    if lacks is not None:
        raise UsageError(f"{path}: {lacks[0]} needs {lacks[1]}")
    try:
        found = msgspec.to_builtins(value, str_keys=True)
        if isinstance(value, Flat):
            msgspec.convert(found, type(value))
        found = _with_texts(found)
        msgspec.json.encode(found)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {shortened(str(error))}") from None
    except (TypeError, ValueError, RecursionError) as error:
        told = shortened(str(error))
        raise UsageError(f"{path}: no JSON can be made of the arguments: {told}") from None
    return found


def _lacking(value: object) -> Iterator[tuple[str, str]]:
    """Give the name of each struct inside `value` that lacks a needed field, and of the field."""
    if isinstance(value, Flat):
        if isinstance(value, Shared):
            missing = (name for name in sorted(value.needed) if getattr(value, name) is None)
            yield from ((type(value).__name__, name) for name in missing)
        for name in value.__struct_fields__:
            yield from _lacking(getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for item in cast("Sequence[object]", value):
            yield from _lacking(item)
    elif isinstance(value, Mapping):
        for item in cast("Mapping[object, object]", value).values():
            yield from _lacking(item)


def _with_texts(value: object) -> object:
    """Return plain data with a text in place of each number that JSON does not have."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {name: _with_texts(item) for name, item in members.items()}
    if isinstance(value, list):
        return [_with_texts(item) for item in cast("list[object]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value
