"""How every listing of this catalogue is paged: offsets that overlap, tokens that are proved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

from comet_async.domino.metadata import PageMetadata, TokenPageMetadata
from comet_async.paging import Paged
from comet_async.request import Request
from comet_async.stable_paging import overlapping_pages, token_pages

__all__ = ["LIMIT", "by_offset", "by_token", "next_token", "total_count"]

LIMIT = 100
"""Rows that a listing asks for at once; a server may give fewer."""


class _OffsetPage(Protocol):
    @property
    def metadata(self) -> PageMetadata | None: ...


class _TokenPage(Protocol):
    @property
    def metadata(self) -> PageMetadata | TokenPageMetadata | None: ...


OffsetPage = TypeVar("OffsetPage", bound=_OffsetPage)
TokenPage = TypeVar("TokenPage", bound=_TokenPage)
Item = TypeVar("Item")


def total_count(page: _OffsetPage) -> int | None:
    """Return the rows in all, flat or nested as the server likes; None where it does not say."""
    metadata = page.metadata
    if metadata is None:
        return None
    if metadata.total_count is not None or metadata.pagination is None:
        return metadata.total_count
    return metadata.pagination.total_count


def next_token(page: _TokenPage) -> str | None:
    """Return the token of the next page, flat or nested; None after the last."""
    metadata = page.metadata
    if metadata is None:
        return None
    if metadata.next_page_token or metadata.pagination is None:
        return metadata.next_page_token
    return metadata.pagination.next_page_token


def by_offset(
    first: Request[OffsetPage],
    items: Callable[[OffsetPage], Sequence[Item]],
    key: Callable[[Item], Hashable],
) -> Paged[OffsetPage, Item]:
    """Return a listing by `offset` and `limit`, as `overlapping_pages` has it."""
    return overlapping_pages(first, items, key, total_count)


def by_token(
    first: Request[TokenPage],
    items: Callable[[TokenPage], Sequence[Item]],
    key: Callable[[Item], Hashable],
) -> Paged[TokenPage, Item]:
    """Return a listing by `pageToken`, as `token_pages` has it."""
    return token_pages(first, items, key, next_token)
