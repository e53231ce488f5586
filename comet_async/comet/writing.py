"""What every write of the Comet catalogue is built from.

`write` and `upload` have no default effect: each endpoint says what a repetition would do. A member
that is None is not sent. Numbers that JSON cannot carry go as the texts "NaN", "Infinity" and
"-Infinity", as the vendor's logging client writes them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar, cast

import msgspec

from comet_async.comet.common import SERVICE, Flat, Metadata, refuse_unusable
from comet_async.errors import UsageError
from comet_async.redaction import shortened
from comet_async.request import Effect, QueryValue, Request, build
from comet_async.upload import Upload

__all__ = ["Body", "Method", "appends_unless", "json_text", "listed", "upload", "write"]

T = TypeVar("T")

Method: TypeAlias = Literal["GET", "POST", "PUT"]


class Body(Flat, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of request bodies of more than four members, and of what bodies hold.

    None is not sent where it is the default.
    """


def write(
    method: Method,
    path: str,
    answer: type[T],
    effect: Effect,
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
    json: Mapping[str, object] | Sequence[object] | Body | None = None,
    may_be_empty: Collection[str] = (),
    may_be_null: Collection[str] = (),
    key_member: str | None = None,
) -> Request[T]:
    """Return a request that changes something, by whichever method.

    Args:
        method: HTTP method; GET can change state as well as POST.
        path: Template as the vendor prints it.
        answer: Type of the answer; None where there is only an acknowledgement.
        effect: What a repetition would do.
        query: Members by wire name; None is not sent.
        path_params: A value for each `{name}` of the template.
        json: Members of the body by wire name, a struct, or a list; None is not sent.
        may_be_empty: Wire names whose text may be empty.
        may_be_null: Wire names whose None is sent as null.
        key_member: Member of the body that the key is filled into as the request leaves.

    Raises:
        UsageError: A text is empty or no Unicode, or a value is of another type or has no JSON
            form.
    """
    refuse_unusable(path, {**(path_params or {}), **(query or {})}, may_be_empty)
    if isinstance(json, Mapping) and not isinstance(json, Body):
        json = {k: value for k, value in json.items() if value is not None or k in may_be_null}
    body = None if json is None else _body(path, json, may_be_empty)
    request = build(
        SERVICE, method, path, answer, effect, path_params=path_params, query=query, json=body
    )
    return (
        request if key_member is None else msgspec.structs.replace(request, key_member=key_member)
    )


def upload(
    path: str,
    answer: type[T],
    effect: Effect,
    *,
    query: Mapping[str, QueryValue],
    form: Upload,
) -> Request[T]:
    """Return a POST of a form, whose file is read as it is sent.

    Args:
        path: Template as the vendor prints it.
        answer: Type of the answer.
        effect: What a repetition would do.
        query: Members by wire name; None is not sent.
        form: The form.

    Raises:
        UsageError: A text is empty or no Unicode.
    """
    refuse_unusable(path, {**query, **dict(form.fields)}, ())
    return build(SERVICE, "POST", path, answer, effect, query=query, upload=form)


def appends_unless(repeatable: object) -> Effect:
    """Return IDEMPOTENT where `repeatable` is true or given, APPEND elsewhere."""
    return Effect.IDEMPOTENT if repeatable not in {None, False} else Effect.APPEND


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


def json_text(path: str, value: Metadata) -> str | None:
    """Return a document as the text in which the wire wants it; a text is taken as it is.

    Raises:
        UsageError: A value has no JSON form.
    """
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(_plain(path, value)).decode()


def _body(
    path: str, json: Mapping[str, object] | Sequence[object] | Body, allowed: Collection[str]
) -> object:
    plain = _plain(path, json)
    refuse_unusable(path, _members(plain), allowed)
    return plain


def _members(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _plain(path: str, value: object) -> object:
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
        if isinstance(value, Body):
            msgspec.convert(plain, type(value))
        plain = _with_texts(plain)
        msgspec.json.encode(plain)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {shortened(str(error))}") from None
    except (TypeError, ValueError, RecursionError) as error:
        told = shortened(str(error))
        raise UsageError(f"{path}: no JSON can be made of the arguments: {told}") from None
    return plain


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
