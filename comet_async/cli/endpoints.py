"""The catalogue as the shell sees it: names, examples, listings of several pages."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from comet_async import comet
from comet_async.cli.arguments import option_name
from comet_async.cli.docstrings import documentation
from comet_async.cli.samples import accepted, sample_request
from comet_async.paging import Paged
from comet_async.request import Blob, Effect, Request

__all__ = ["PAGED", "Endpoint", "command_line", "effect_told", "endpoint_rows", "near_names"]

PAGED: Mapping[str, Callable[..., Paged[Any, Any]]] = MappingProxyType(
    {
        "get_experiments": comet.paged_experiments,
        "get_projects_page": comet.paged_projects,
        "search_experiments": comet.paged_search,
    }
)
"""For `--all`: endpoint to the function that returns its listing of all pages."""

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


def near_names(name: str) -> list[str]:
    """Return the endpoints whose names are most like `name`, best first."""
    wanted = name.replace("-", "_")
    close = difflib.get_close_matches(wanted, comet.ENDPOINTS, n=_NEAR, cutoff=0.5)
    inside = [known for known in comet.ENDPOINTS if wanted and wanted in known]
    return list(dict.fromkeys([*close, *inside]))[:_NEAR]


def endpoint_rows() -> list[Endpoint]:
    """Return every endpoint, by name."""
    return [_row(name, comet.ENDPOINTS[name]) for name in sorted(comet.ENDPOINTS)]


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


def command_line(endpoint: Callable[..., Request[Any]]) -> str:
    """Return an example of a call from the shell, with the options that are required."""
    needed = accepted(endpoint)
    told = " ".join(f"{option_name(name)} {name.upper()}" for name in needed)
    return f"comet-async call {endpoint.__name__} {told}".rstrip()
