"""What every chapter of the Domino catalogue is built from: `read`, `blob` and `write`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from comet_async.building import Document, Method, change, get
from comet_async.request import Blob, Effect, QueryValue, Request

__all__ = ["SERVICE", "blob", "read", "write"]

T = TypeVar("T")

SERVICE = "domino"
"""Name of the service in every request of this catalogue."""


def read(
    path: str,
    answer: type[T],
    *,
    query: Mapping[str, QueryValue] | None = None,
    path_params: Mapping[str, str] | None = None,
) -> Request[T]:
    """Return a GET that changes nothing.

    Args:
        path: Template as the vendor prints it.
        answer: Type of the answer.
        query: Members by wire name; None is not sent, a list repeats the name.
        path_params: A value for each `{name}` of the template.

    Raises:
        UsageError: A text is empty or no Unicode, a value is of another type, a list is empty, or a
            path parameter is missing or unknown.
    """
    return get(SERVICE, path, answer, query=query, path_params=path_params)


def blob(path: str, *, path_params: Mapping[str, str]) -> Request[Blob]:
    """Return a GET for octets: `Session.download` streams them, `Session.send` holds them.

    Args:
        path: Template as the vendor prints it.
        path_params: A value for each `{name}` of the template.

    Raises:
        UsageError: A text is empty or no Unicode, or a path parameter is missing or unknown.
    """
    return read(path, Blob, path_params=path_params)


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
) -> Request[T]:
    """Return a request that changes something, or that reads by POST.

    Args:
        method: HTTP method.
        path: Template as the vendor prints it.
        answer: Type of the answer; None where there is only an acknowledgement.
        effect: What a repetition would do.
        query: Members by wire name; None is not sent.
        path_params: A value for each `{name}` of the template.
        json: Members of the body by wire name, or a struct; None is not sent.
        may_be_empty: Wire names whose text may be empty.

    Raises:
        UsageError: A text is empty or no Unicode, or a value is of another type or has no JSON
            form.
    """
    return change(
        SERVICE,
        method,
        path,
        answer,
        effect,
        query=query,
        path_params=path_params,
        json=json,
        may_be_empty=may_be_empty,
    )
