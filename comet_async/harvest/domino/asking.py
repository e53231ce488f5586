"""Listings of Domino page by page, and operations that moved to another path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from comet_async import domino
from comet_async.errors import NotFoundError
from comet_async.harvest.subjects import Ask
from comet_async.paging import Paged
from comet_async.request import Request

__all__ = ["Moving", "each_page", "every"]

T = TypeVar("T")
Page = TypeVar("Page")
Item = TypeVar("Item")


async def each_page(ask: Ask, paged: Paged[Page, Item]) -> AsyncIterator[list[Item]]:
    """Give the items of each page of a listing that no earlier page had."""
    step = paged.begin()
    request: Request[Page] | None = paged.first
    while request is not None:
        fresh, request = step(request, await ask(request))
        if fresh:
            yield fresh


async def every(ask: Ask, paged: Paged[Page, Item]) -> list[Item]:
    """Return all items of a listing, each once."""
    return [item async for page in each_page(ask, paged) for item in page]


class Moving:
    """Asks operations that moved by their newer path, and by the older where 404 answers that.

    Args:
        ask: Sends the requests.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def __call__(self, request: Request[T], /) -> T:
        """Return the answer to a request that moved."""
        try:
            return await self._ask(domino.moved(request))
        except NotFoundError:
            return await self._ask(request)
