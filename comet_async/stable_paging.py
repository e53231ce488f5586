"""Listings that change while they are read: nothing twice, nothing that stays left out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from comet_async.errors import ResponseError, UsageError
from comet_async.paging import Paged, query_number, unseen, with_query
from comet_async.request import Request

__all__ = ["overlapping_pages", "token_pages"]

Page = TypeVar("Page")
Item = TypeVar("Item")

_BEYOND = 1_000_000_000
"""An offset at which no listing has rows."""
_PATIENCE = 100
"""Requests in a row that may bring nothing new, besides half of all so far."""
_PASSES = 16


class _Overlap(Generic[Page, Item]):
    """One pass over a listing by offset.

    What holds after each step: of an item that has come, every item that is before it and stays
    has come too. A page keeps that true if it begins at 0 or holds an item that has come: one page
    shows the listing at one moment, without gaps.
    """

    def __init__(
        self, paged: Paged[Page, Item], total: Callable[[Page], int | None], offset: str, count: str
    ) -> None:
        self._paged = paged
        self._total = total
        self._offset = offset
        self._limit = query_number(paged.first.query, count)
        self._seen: set[Hashable] = set()
        self._head: Hashable = None
        self._largest = 0
        self._pages = 0
        self._idle = 0
        self._back = 1
        self._low = 0
        self._high: int | None = None
        self._probed: tuple[Request[Page], int] | None = None

    def __call__(
        self, request: Request[Page], page: Page
    ) -> tuple[list[Item], Request[Page] | None]:
        rows = self._paged.items(page)
        at = query_number(request.query, self._offset)
        if at == _BEYOND and self._probed is not None:
            return [], self._after_probe(rows, *self._probed)
        keys = [self._paged.key(row) for row in rows]
        self._largest = max(self._largest, len(keys))
        if at > 0 and self._seen.isdisjoint(keys):
            return [], self._unlinked(request, at, len(keys))
        if at == 0 and keys:
            self._head = keys[0]
        fresh = unseen(rows, self._paged.key, self._seen)
        self._count(request, fresh)
        if not fresh and at > 0 and len(keys) > 1 and keys[0] == self._head and not self._probed:
            self._probed = request, len(keys)
            return [], with_query(request, **{self._offset: _BEYOND})
        ended = self._at_end(at, len(keys), self._total(page))
        return fresh, None if ended else self._forward(request, at, len(keys), fresh)

    def _at_end(self, at: int, rows: int, total: int | None) -> bool:
        """Tell whether a page that is known to join shows that nothing follows it."""
        if total is not None and at + rows == total and rows < self._limit:
            return True
        if rows == 0:
            return True
        # One row that is known and none behind it: what an empty page shows, and joined besides.
        return rows == 1 and self._largest > 1

    def _forward(
        self, request: Request[Page], at: int, rows: int, fresh: Sequence[Item]
    ) -> Request[Page]:
        """Return the request for a page that begins with the last row of this one, or later.

        Between a page of known rows and one that did not join, the middle comes next.
        """
        self._low = self._next(at, rows)
        self._back = 1
        if fresh or self._high is None or self._high <= self._low:
            self._high = None
            return with_query(request, **{self._offset: self._low})
        return with_query(request, **{self._offset: (self._low + self._high) // 2})

    def _next(self, at: int, rows: int) -> int:
        return at + max(rows - 1, 1)

    def _unlinked(self, request: Request[Page], at: int, rows: int) -> Request[Page] | None:
        """Return the request for an earlier page: rows before this one went away."""
        if not rows and at == 1 and self._largest == 1:
            return None
        self._count(request, [])
        self._high = at
        earlier = (self._low + at) // 2
        if earlier <= self._low or self._low == 0:
            earlier = max(0, at - max(self._largest - 1, 2) * self._back)
            self._back *= 2
            self._low = 0
        return with_query(request, **{self._offset: earlier})

    def _after_probe(
        self, rows: Sequence[Item], request: Request[Page], shown: int
    ) -> Request[Page] | None:
        if not rows:
            at = query_number(request.query, self._offset)
            return self._forward(request, at, shown, ())
        if shown == self._limit:
            raise ResponseError(
                f"the server ignores {self._offset}: what follows the first {shown} rows cannot be "
                "read; ask for more rows at once"
            )
        return None

    def _count(self, request: Request[Page], fresh: list[Item]) -> None:
        self._pages += 1
        self._idle = 0 if fresh else self._idle + 1
        if self._idle > _PATIENCE + 2 * self._pages // 3:
            raise ResponseError(
                f"{request.path}: the listing changes faster than it can be read, or has one row a "
                "page; ask for more rows at once"
            )


def overlapping_pages(
    first: Request[Page],
    items: Callable[[Page], Sequence[Item]],
    key: Callable[[Item], Hashable],
    total: Callable[[Page], int | None],
    *,
    offset: str = "offset",
    count: str = "limit",
) -> Paged[Page, Item]:
    """Return a listing by offset that may change while it is read.

    Every item that is listed all the time comes, and no item comes twice, whatever is added or
    removed meanwhile, as long as the order of two items never changes (as by creation, number or
    name), an identity that went away does not return, a server gives two rows or more where two are
    left, and one answer shows one moment.

    Each page begins with the last row of the page before, which proves that nothing between them
    went unseen. Where that row is missing, rows before it have been removed, and the walk goes back
    in doubling steps to a page that holds a known row. It ends at the total of a page that joins
    and is not full, or, with no total, where a page has that one row alone: a short page ends
    nothing.

    That costs one row a page, thus ceil((n - 1) / (size - 1)) requests for n rows that stay; one
    more where there is no total or the last page is full; and one or more for each time that known
    rows go away between two pages.

    Args:
        first: Request for the first page, its offset and count in the query.
        items: The items of a page.
        key: Identity of an item.
        total: Items in all, as a page tells; None where it does not. One that contradicts its own
            page counts as none.
        offset: Name of the query member for the offset.
        count: Name of the query member for the count.

    Raises:
        UsageError: `first` asks for fewer than two rows a page.
    """
    if query_number(first.query, count) < 2:  # noqa: PLR2004 one row to join, one to go on
        raise UsageError(f"{first.path}: paging needs {count} >= 2")

    def following(request: Request[Page], page: Page) -> Request[Page] | None:
        rows = len(items(page))
        at = query_number(request.query, offset)
        return with_query(request, **{offset: at + max(rows - 1, 1)}) if rows else None

    plain = Paged(first=first, items=items, next_page=following, key=key)
    return Paged(
        first=first,
        items=items,
        next_page=following,
        key=key,
        walk=lambda: _Overlap(plain, total, offset, count),
    )


class _Tokens(Generic[Page, Item]):
    """Passes over a listing by page token, until one equals the one before."""

    def __init__(self, paged: Paged[Page, Item]) -> None:
        self._paged = paged
        self._seen: set[Hashable] = set()
        self._asked: set[tuple[tuple[str, str], ...]] = {paged.first.query}
        self._before: list[Hashable] | None = None
        self._now: list[Hashable] = []
        self._passes = 0

    def __call__(
        self, request: Request[Page], page: Page
    ) -> tuple[list[Item], Request[Page] | None]:
        rows = self._paged.items(page)
        self._now += [self._paged.key(row) for row in rows]
        fresh = unseen(rows, self._paged.key, self._seen)
        following = self._paged.next_page(request, page)
        if following is None:
            return fresh, self._after_pass(whole=request.query == self._paged.first.query)
        if following.query in self._asked:
            raise ResponseError(f"{request.path}: a page token came twice in one pass")
        self._asked.add(following.query)
        return fresh, following

    def _after_pass(self, *, whole: bool) -> Request[Page] | None:
        """Return the first request again, or None when this pass proves itself."""
        if whole or (self._now == self._before and len(set(self._now)) == len(self._now)):
            return None
        self._passes += 1
        if self._passes == _PASSES:
            raise ResponseError(
                f"{self._paged.first.path}: no two of {_PASSES} passes were equal, so some items "
                "may be missing; ask for more rows at once"
            )
        self._before, self._now = self._now, []
        self._asked = {self._paged.first.query}
        return self._paged.first


def token_pages(
    first: Request[Page],
    items: Callable[[Page], Sequence[Item]],
    key: Callable[[Item], Hashable],
    token: Callable[[Page], str | None],
    *,
    member: str = "pageToken",
) -> Paged[Page, Item]:
    """Return a listing by page token that may change while it is read.

    A token may be no more than an offset in disguise, so that a removal hides the row after it.
    Nothing can be asked between two tokens, so a listing of several pages is read again until two
    passes show the same rows in the same order, none of them twice: rows then neither went nor came
    in front of what was read. Each item comes once, as soon as it is seen, and none that is listed
    all the time is missing, where order and identities hold as for `overlapping_pages`.

    That doubles the requests of a quiet listing of several pages; one of one page costs one.

    Args:
        first: Request for the first page, without a token.
        items: The items of a page; one without any may have a token all the same.
        key: Identity of an item.
        token: Token of the page after this one; None or an empty text at the end.
        member: Name of the query member for the token.
    """

    def following(request: Request[Page], page: Page) -> Request[Page] | None:
        found = token(page)
        return with_query(request, **{member: found}) if found else None

    plain = Paged(first=first, items=items, next_page=following, key=key)
    return Paged(
        first=first, items=items, next_page=following, key=key, walk=lambda: _Tokens(plain)
    )
