"""The catalogue as the shell sees it: names, examples, listings of several pages."""

from __future__ import annotations

import difflib
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from comet_async import comet
from comet_async.cli.arguments import option_name
from comet_async.cli.docstrings import documentation
from comet_async.errors import UsageError
from comet_async.paging import Paged
from comet_async.request import Blob, Effect, Request

__all__ = ["PAGED", "Endpoint", "command_line", "endpoint_rows", "near_names"]

PAGED: Mapping[str, Callable[..., Paged[Any, Any]]] = MappingProxyType(
    {
        "get_experiments": comet.paged_experiments,
        "get_projects_page": comet.paged_projects,
        "search_experiments": comet.paged_search,
    }
)
"""For `--all`: endpoint to the function that returns its listing of all pages."""

_NEAR = 4
_SAMPLES: Mapping[object, object] = MappingProxyType({int: 1, float: 1.0, bool: True})


class Endpoint(msgspec.Struct, frozen=True):
    """One line of `call --list`.

    Attributes:
        name: Name of the function and of the command.
        method: HTTP method.
        kind: "read", "download" or "write".
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
    request = endpoint(**_accepted(endpoint))
    kind = "read" if request.effect is Effect.READ else "write"
    if request.answer is Blob:
        kind = "download"
    return Endpoint(name, request.method, kind, documentation(endpoint).summary)


def _accepted(endpoint: Callable[..., Request[Any]]) -> dict[str, object]:
    """Return the fewest arguments that `endpoint` accepts.

    Only the request itself knows its method and its effect, so one is made.
    """
    for values in _samples(endpoint):
        try:
            endpoint(**values)
        except UsageError:
            continue
        return values
    raise UsageError(f"{endpoint.__name__} accepts none of the sample arguments")


def _samples(endpoint: Callable[..., object]) -> Iterator[dict[str, object]]:
    """Give arguments to try: the required ones, then one, two and three optional ones more."""
    parameters = inspect.signature(endpoint, eval_str=True).parameters
    values = {name: _sample(found.annotation) for name, found in parameters.items()}
    required = [name for name, found in parameters.items() if found.default is found.empty]
    optional = [name for name in parameters if name not in required]
    for more in range(4):
        for chosen in itertools.combinations(optional, more):
            yield {name: values[name] for name in (*required, *chosen)}


def _sample(annotation: object) -> object:
    told = str(annotation)
    if "Mapping" in told:
        mapping: dict[str, object] = {}
        return [mapping] if "Sequence" in told else mapping
    return ["x"] if "Sequence" in told else _SAMPLES.get(annotation, "x")


def command_line(endpoint: Callable[..., Request[Any]]) -> str:
    """Return an example of a call from the shell, with the options that are required."""
    needed = _accepted(endpoint)
    told = " ".join(f"{option_name(name)} {name.upper()}" for name in needed)
    return f"comet-async call {endpoint.__name__} {told}".rstrip()
