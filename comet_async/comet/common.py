"""What every chapter of the Comet catalogue is built from.

`read`, `read_by_post` and `blob` make requests; `Wire` is the base of every answer; `number` and
`json_object` read the texts in which the service hides numbers and documents.
"""

from __future__ import annotations

import json as json_text
import math
from collections.abc import Collection, Mapping
from typing import TypeAlias, TypeVar, cast
from urllib.parse import quote

from comet_async import wire
from comet_async.building import (
    at_most_one,
    exactly_one,
    get,
    refuse_half_characters,
    refuse_unusable,
)
from comet_async.comet.members import Members
from comet_async.errors import UsageError
from comet_async.request import Blob, Effect, QueryValue, Request, build
from comet_async.wire import NullableDict, NullableList, no_items, no_members

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

SERVICE = "comet"
"""Name of the service in every request of this catalogue."""

Cell: TypeAlias = str | int | float | None
"""A value as the wire wrote it: usually a text, also for numbers. `number` reads it."""

Metadata: TypeAlias = str | dict[str, object] | None
"""User metadata as sent: mostly a JSON document in a text, also "", null or an object."""


class Flat(wire.Flat, Members, frozen=True, kw_only=True):
    """Base of small answers, that come by the thousand and hold no list or dict.

    Members are attributes, and can also be had by their names on the wire: see `Members`.

    The member `curlDownload` of assets holds the caller's own API key in clear text; no struct has
    it, on purpose.
    """


class Wire(wire.Wire, Flat, frozen=True, kw_only=True):
    """Base of answers that hold lists or objects, which the server may send as null.

    See `comet_async.wire.Wire` for what null becomes, and `Members` for members by name.
    """


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
    return get(
        SERVICE, path, answer, query=query, path_params=path_params, may_be_empty=may_be_empty
    )


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
    refuse_half_characters("the artifact's name", name)
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
