"""`Paged` and its helpers: which request follows a page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from comet_async.errors import UsageError
from comet_async.paging import Paged, numbered_pages, offset_pages, query_number, with_query
from comet_async.request import Effect, QueryValue, Request, build


def listing(**query: QueryValue) -> Request[list[str]]:
    return build("comet", "GET", "/list", list[str], Effect.READ, query=query)


def same(page: Sequence[str]) -> Sequence[str]:
    return page


def walk(paged: Paged[list[str], str], pages: list[list[str]]) -> list[str]:
    """Return the targets asked for when the server gives `pages`."""
    targets: list[str] = []
    request: Request[list[str]] | None = paged.first
    for page in pages:
        assert request is not None
        targets.append(request.target)
        request = paged.next_page(request, page)
    assert request is None
    return targets


def test_numbered_pages_go_on_past_a_short_page_and_end_with_an_empty_one() -> None:
    paged = numbered_pages(listing(page=1, size=9, kind="x"), same, str)
    assert walk(paged, [["a", "b"], ["c", "d"], ["e"], []]) == [
        "/list?page=1&size=9&kind=x",
        "/list?page=2&size=9&kind=x",
        "/list?page=3&size=9&kind=x",
        "/list?page=4&size=9&kind=x",
    ]


def test_numbered_pages_take_other_member_names() -> None:
    paged = numbered_pages(listing(p=3, n=1), same, str, page="p", size="n")
    assert walk(paged, [["a"], []]) == ["/list?p=3&n=1", "/list?p=4&n=1"]


def test_offset_pages_advance_by_what_came() -> None:
    paged = offset_pages(listing(count=2), same, str)
    assert walk(paged, [["a", "b"], ["c", "d"], []]) == [
        "/list?count=2",
        "/list?count=2&offset=2",
        "/list?count=2&offset=4",
    ]


def test_offset_pages_go_on_past_a_short_page_and_end_with_an_empty_one() -> None:
    paged = offset_pages(listing(offset=5, count=2), same, str)
    assert walk(paged, [["a"], []]) == ["/list?offset=5&count=2", "/list?offset=6&count=2"]


@pytest.mark.parametrize("query", [{}, {"page": 0, "size": 5}, {"page": 1, "size": 0}])
def test_numbered_pages_need_number_and_size(query: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="page >= 1 and size >= 1"):
        numbered_pages(listing(**query), same, str)


def test_offset_pages_need_a_count() -> None:
    with pytest.raises(UsageError, match="count >= 1"):
        offset_pages(listing(offset=3), same, str)


def test_query_numbers() -> None:
    assert query_number((("a", "7"),), "a") == 7
    assert query_number((("a", "7"),), "b") == 0


def test_with_query_keeps_place_and_repeated_members() -> None:
    request = listing(tag=["x", "y"], page=1, size=10)
    assert with_query(request, page=2, more=3).target == "/list?tag=x&tag=y&page=2&size=10&more=3"
