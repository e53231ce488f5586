"""`Paged[Page, Item]`: a listing of several exchanges as a value.

A pure function leads from one page to the request for the next; a session walks it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeAlias, TypeVar

import msgspec

from comet_async.errors import UsageError
from comet_async.request import Pairs, Request

__all__ = [
    "Paged",
    "Walk",
    "numbered_pages",
    "offset_pages",
    "query_number",
    "unseen",
    "with_query",
]

Page = TypeVar("Page")
Item = TypeVar("Item")

Walk: TypeAlias = Callable[[Request[Page], Page], tuple[list[Item], Request[Page] | None]]
"""One pass over a listing: told of each request and its page in turn, it returns the items that no
earlier page had, and what to ask next; None at the end."""


class Paged(msgspec.Struct, Generic[Page, Item], frozen=True, kw_only=True):
    """A listing.

    Attributes:
        first: Request for the first page.
        items: The items of a page, in the server's order.
        next_page: The request after a page, or None at the end.
        key: Identity of an item. A page that adds no new identity ends the listing: servers that
            do not know paging send everything again.
        walk: Begins a pass that remembers more than the page at hand; None for one that asks
            `next_page` alone.
    """

    first: Request[Page]
    items: Callable[[Page], Sequence[Item]]
    next_page: Callable[[Request[Page], Page], Request[Page] | None]
    key: Callable[[Item], Hashable]
    walk: Callable[[], Walk[Page, Item]] | None = None

    def begin(self) -> Walk[Page, Item]:
        """Return a pass over the listing, which begins with `first`."""
        if self.walk is not None:
            return self.walk()
        seen: set[Hashable] = set()

        def step(request: Request[Page], page: Page) -> tuple[list[Item], Request[Page] | None]:
            fresh = unseen(self.items(page), self.key, seen)
            return fresh, self.next_page(request, page) if fresh else None

        return step


def unseen(
    items: Sequence[Item], key: Callable[[Item], Hashable], seen: set[Hashable]
) -> list[Item]:
    """Return the items whose identity is new, and add it to `seen`."""
    fresh: list[Item] = []
    for item in items:
        identity = key(item)
        if identity not in seen:
            seen.add(identity)
            fresh.append(item)
    return fresh


def query_number(pairs: Pairs, name: str) -> int:
    """Return the integer member `name` of a query; 0 when it is absent."""
    return int(dict(pairs).get(name, "0"))


def with_query(request: Request[Page], **members: int | str) -> Request[Page]:
    """Return `request` with these query members set, in place where they stand already."""
    present = {name for name, _ in request.query}
    kept = tuple((name, str(members.get(name, value))) for name, value in request.query)
    added = tuple((name, str(value)) for name, value in members.items() if name not in present)
    return msgspec.structs.replace(request, query=kept + added)


def numbered_pages(
    first: Request[Page],
    items: Callable[[Page], Sequence[Item]],
    key: Callable[[Item], Hashable],
    *,
    page: str = "page",
    size: str = "size",
) -> Paged[Page, Item]:
    """Return a listing by page number, which ends at an empty page.

    One that is shorter than its size may be so because the server has a smaller limit.

    Args:
        first: Request for the first page, its number and size in the query.
        items: The items of a page.
        key: Identity of an item.
        page: Name of the query member for the page's number.
        size: Name of the query member for the page's size.

    Raises:
        UsageError: `first` lacks its page number or size.
    """
    per_page = query_number(first.query, size)
    if per_page < 1 or query_number(first.query, page) < 1:
        raise UsageError(f"{first.path}: paging needs {page} >= 1 and {size} >= 1")

    def following(request: Request[Page], answer: Page) -> Request[Page] | None:
        if not items(answer):
            return None
        return with_query(request, **{page: query_number(request.query, page) + 1})

    return Paged(first=first, items=items, next_page=following, key=key)


def offset_pages(
    first: Request[Page],
    items: Callable[[Page], Sequence[Item]],
    key: Callable[[Item], Hashable],
    *,
    offset: str = "offset",
    count: str = "count",
) -> Paged[Page, Item]:
    """Return a listing by offset, which ends at an empty page.

    One that is shorter than asked for may be so because the server has a smaller limit.

    Args:
        first: Request for the first page, its count in the query.
        items: The items of a page.
        key: Identity of an item.
        offset: Name of the query member for the offset.
        count: Name of the query member for the count.

    Raises:
        UsageError: `first` lacks its count.
    """
    per_page = query_number(first.query, count)
    if per_page < 1:
        raise UsageError(f"{first.path}: paging needs {count} >= 1")

    def following(request: Request[Page], answer: Page) -> Request[Page] | None:
        got = len(items(answer))
        if not got:
            return None
        return with_query(request, **{offset: query_number(request.query, offset) + got})

    return Paged(first=first, items=items, next_page=following, key=key)
