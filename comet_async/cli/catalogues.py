"""The services that `comet-async call` speaks to, and what each can be asked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from comet_async import comet
from comet_async.paging import Paged
from comet_async.request import Request

__all__ = ["COMET", "SERVICES", "Catalogue", "catalogue"]

SERVICES = ("comet", "domino")


def _unmoved(request: Request[Any]) -> Request[Any]:
    return request


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints of one service.

    Attributes:
        service: Name of the service.
        command: How a call of it begins in the shell.
        endpoints: Every endpoint by its name.
        paged: For `--all`: endpoint to the function that returns its listing of all pages.
        moved: For `--newer-path`: gives a request the path that newer servers have for it.
    """

    service: str
    command: str
    endpoints: Mapping[str, Callable[..., Request[Any]]]
    paged: Mapping[str, Callable[..., Paged[Any, Any]]]
    moved: Callable[[Request[Any]], Request[Any]] = _unmoved


COMET = Catalogue(
    service="comet",
    command="comet-async call",
    endpoints=comet.ENDPOINTS,
    paged={
        "get_experiments": comet.paged_experiments,
        "get_projects_page": comet.paged_projects,
        "search_experiments": comet.paged_search,
    },
)


@functools.cache
def catalogue(service: str) -> Catalogue:
    """Return the catalogue of one of `SERVICES`, which is imported when it is asked for."""
    if service == COMET.service:
        return COMET
    from comet_async import domino  # noqa: PLC0415 several hundred structs take a while

    return Catalogue(
        service=service,
        command=f"comet-async call --service {service}",
        endpoints=domino.ENDPOINTS,
        paged={},
        moved=domino.moved,
    )
