"""Endpoints as the shell sees them: names, examples, what they do and where they stand."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from comet_async.cli.arguments import option_name
from comet_async.cli.catalogues import Catalogue
from comet_async.cli.docstrings import documentation
from comet_async.cli.samples import accepted, sample_request
from comet_async.request import Blob, Effect, Request

__all__ = [
    "Endpoint",
    "StandingEndpoint",
    "command_line",
    "effect_told",
    "endpoint_rows",
    "near_names",
    "standing",
]

_NEAR = 4
_EFFECTS: Mapping[Effect, str] = MappingProxyType(
    {
        Effect.READ: "",
        Effect.IDEMPOTENT: "Effect: changes the server's state; the same again leaves it the same, "
        "so it is repeated when an answer is lost. Wants --yes.",
        Effect.APPEND: "Effect: adds to the server's state; it is repeated only where the server "
        "cannot have acted. Wants --yes.",
    }
)


_STANDING: Mapping[str, str] = MappingProxyType(
    {
        "Beta.": "beta",
        "Deprecated": "deprecated",
        "Gone from servers": "removed",
        "Moved to": "moved",
        "The path is inferred": "inferred",
    }
)
"""What a docstring says of an endpoint that is not simply there, and a word for it."""


class Endpoint(msgspec.Struct, frozen=True):
    """One line of `call --list`.

    Attributes:
        name: Name of the function and of the command.
        method: HTTP method.
        kind: "read", "download", "write" or "upload".
        summary: First line of the docstring.
    """

    name: str
    method: str
    kind: str
    summary: str


class StandingEndpoint(Endpoint, frozen=True):
    """The same for a service of which some endpoints are not there on every server.

    Attributes:
        name: Name of the function and of the command.
        method: HTTP method.
        kind: "read", "download", "write" or "upload".
        summary: First line of the docstring.
        standing: Any of "beta", "deprecated", "removed" (from newer servers), "moved" (on newer
            servers), "inferred" (no document has the path), with commas between; mostly "".
    """

    standing: str


def near_names(name: str, catalogue: Catalogue) -> list[str]:
    """Return the endpoints whose names are most like `name`, best first."""
    wanted = name.replace("-", "_")
    close = difflib.get_close_matches(wanted, catalogue.endpoints, n=_NEAR, cutoff=0.5)
    inside = [known for known in catalogue.endpoints if wanted and wanted in known]
    return list(dict.fromkeys([*close, *inside]))[:_NEAR]


def endpoint_rows(catalogue: Catalogue) -> list[Endpoint]:
    """Return every endpoint, by name; where some are not simply there, all as their subclass."""
    rows = [_row(name, catalogue.endpoints[name]) for name in sorted(catalogue.endpoints)]
    stands = [standing(catalogue.endpoints[row.name]) for row in rows]
    if not any(stands):
        return rows
    return [
        StandingEndpoint(row.name, row.method, row.kind, row.summary, told)
        for row, told in zip(rows, stands, strict=True)
    ]


def standing(endpoint: Callable[..., object]) -> str:
    """Return where an endpoint stands, as `StandingEndpoint` has it, from its docstring."""
    detail = documentation(endpoint).detail
    sentences = [line for text in detail.splitlines() for line in text.split(". ")]
    found = (
        word
        for start, word in _STANDING.items()
        if any(f"{sentence}.".startswith(start) for sentence in sentences)
    )
    return ", ".join(found)


def _row(name: str, endpoint: Callable[..., Request[Any]]) -> Endpoint:
    request = sample_request(endpoint)
    kind = "read" if request.effect is Effect.READ else "write"
    if request.answer is Blob:
        kind = "download"
    elif request.upload is not None:
        kind = "upload"
    return Endpoint(name, request.method, kind, documentation(endpoint).summary)


def effect_told(request: Request[Any]) -> str:
    """Return what a call does to the server's state, in a sentence; "" for a read."""
    return _EFFECTS[request.effect]


def command_line(endpoint: Callable[..., Request[Any]], catalogue: Catalogue) -> str:
    """Return an example of a call from the shell, with the options that are required."""
    needed = accepted(endpoint)
    told = " ".join(
        option_name(name) + ("" if value is True else f" {name.upper()}")
        for name, value in needed.items()
    )
    return f"{catalogue.command} {endpoint.__name__} {told}".rstrip()
