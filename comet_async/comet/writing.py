"""What every write of the Comet catalogue is built from.

`write` and `upload` have no default effect: each endpoint says what a repetition would do. A member
that is None is not sent. Numbers that JSON cannot carry go as the texts "NaN", "Infinity" and
"-Infinity", as the vendor's logging client writes them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec

from comet_async.building import Document, Method, change, listed, plain, refuse_unusable
from comet_async.comet.common import SERVICE, Metadata
from comet_async.request import Effect, QueryValue, Request, build
from comet_async.upload import Upload
from comet_async.wire import Body

__all__ = ["Body", "Method", "appends_unless", "json_text", "listed", "upload", "write"]

T = TypeVar("T")


def write(
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
    request = change(
        SERVICE,
        method,
        path,
        answer,
        effect,
        query=query,
        path_params=path_params,
        json=json,
        may_be_empty=may_be_empty,
        may_be_null=may_be_null,
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


def json_text(path: str, value: Metadata) -> str | None:
    """Return a document as the text in which the wire wants it; a text is taken as it is.

    Raises:
        UsageError: A value has no JSON form.
    """
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(plain(path, value)).decode()
