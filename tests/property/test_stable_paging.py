"""Listings that change while they are read, and what ends them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from benchmarks.paging_campaign import KINDS, campaign, quiet_requests
from comet_async.errors import ResponseError, UsageError
from comet_async.paging import query_number
from comet_async.request import Effect, Request, build
from comet_async.stable_paging import overlapping_pages, token_pages


class Page(msgspec.Struct):
    rows: list[str]
    total: int | None = None
    token: str | None = None


Server = Callable[[Request[Page]], Page]


def walk(server: Server, *, limit: int = 3) -> tuple[list[str], list[int]]:
    """Return what a listing by offset gives, and the offsets that were asked."""
    first = build("x", "GET", "/rows", Page, Effect.READ, query={"offset": 0, "limit": limit})
    paged = overlapping_pages(first, lambda page: page.rows, str, lambda page: page.total)
    step, found, offsets = paged.begin(), list[str](), list[int]()
    request: Request[Page] | None = paged.first
    while request is not None:
        offsets.append(query_number(request.query, "offset"))
        fresh, request = step(request, server(request))
        found += fresh
    return found, offsets


def serve(rows: str, *, cap: int = 100, total: bool = False) -> Server:
    def answer(request: Request[Page]) -> Page:
        at = query_number(request.query, "offset")
        size = min(cap, query_number(request.query, "limit"))
        return Page(list(rows[at : at + size]), len(rows) if total else None)

    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_twice_and_nothing_that_stays_is_missing(kind: str) -> None:
    outcome = campaign(500 // len(KINDS), seed=3, kinds=[kind])[kind]
    assert (outcome.doubled, outcome.missing) == (0, 0)
    assert outcome.changes > 100
    assert outcome.naive_missing > 0


@pytest.mark.parametrize(
    ("kind", "requests"), [("counted", 11), ("nested", 11), ("uncounted", 12), ("token", 20)]
)
def test_what_a_listing_of_1000_rows_costs(kind: str, requests: int) -> None:
    assert quiet_requests(1000, 100, kind) == requests


@pytest.mark.parametrize(
    ("rows", "cap", "total", "offsets"),
    [
        ("", 9, False, [0]),
        ("a", 9, False, [0, 1]),
        ("ab", 9, True, [0]),
        ("ab", 9, False, [0, 1]),
        ("abcde", 9, True, [0, 2, 4]),
        ("abcde", 2, True, [0, 1, 2, 3]),
        ("abcde", 9, False, [0, 2, 4]),
        ("abcde", 2, False, [0, 1, 2, 3, 4]),
    ],
)
def test_a_page_begins_with_the_last_row_before_and_a_short_one_ends_nothing(
    rows: str, cap: int, total: bool, offsets: list[int]
) -> None:
    assert walk(serve(rows, cap=cap, total=total)) == (list(rows), offsets)


@pytest.mark.parametrize("total", [0, 1, 99])
def test_a_total_that_contradicts_its_page_ends_nothing(total: int) -> None:
    plain = serve("abcde")

    def answer(request: Request[Page]) -> Page:
        return msgspec.structs.replace(plain(request), total=total)

    assert walk(answer)[0] == list("abcde")


def test_rows_removed_before_the_offset_hide_nothing() -> None:
    pages = iter(
        [serve("abcdefgh"), serve("defgh"), serve("defgh"), serve("defgh"), serve("defgh")]
    )

    def answer(request: Request[Page]) -> Page:
        return next(pages)(request)

    assert walk(answer) == (list("abcdefgh"), [0, 2, 0, 2, 4])


def test_a_server_that_ignores_the_offset_ends_when_all_came() -> None:
    def answer(request: Request[Page]) -> Page:
        return Page(["a", "b"])

    found, offsets = walk(answer)
    assert found == ["a", "b"]
    assert len(offsets) == 3


def test_a_server_that_ignores_the_offset_and_holds_rows_back_is_an_error() -> None:
    with pytest.raises(ResponseError, match="ignores offset"):
        walk(lambda request: Page(["a", "b", "c"]))


def test_a_server_of_one_row_a_page_is_an_error() -> None:
    with pytest.raises(ResponseError, match="one row a page"):
        walk(serve("abc", cap=1))


def test_fewer_than_two_rows_a_page_cannot_join() -> None:
    with pytest.raises(UsageError, match="limit >= 2"):
        walk(serve("a"), limit=1)


def tokens(pages: list[Page]) -> tuple[list[str], list[str]]:
    """Return what a listing by token gives, and what was asked."""
    first = build("x", "GET", "/rows", Page, Effect.READ, query={"maxResults": 2})
    paged = token_pages(first, lambda page: page.rows, str, lambda page: page.token)
    step, found, targets = paged.begin(), list[str](), list[str]()
    request: Request[Page] | None = paged.first
    answers = iter(pages)
    while request is not None:
        targets.append(request.target.removeprefix("/rows?maxResults=2"))
        fresh, request = step(request, next(answers))
        found += fresh
    return found, targets


def test_one_page_without_a_token_is_the_whole() -> None:
    assert tokens([Page(["a"])]) == (["a"], [""])


def test_tokens_are_followed_past_an_empty_page_and_the_pass_is_repeated() -> None:
    once = [Page(["a"], token="1"), Page([], token="2"), Page(["b"], token="")]
    assert tokens(once + once) == (["a", "b"], ["", "&pageToken=1", "&pageToken=2"] * 2)


def test_a_row_that_a_removal_hid_comes_with_the_next_pass() -> None:
    first = [Page(["a", "b"], token="2"), Page(["d"])]
    later = [Page(["b", "c"], token="2"), Page(["d"])]
    assert tokens(first + later + later)[0] == ["a", "b", "d", "c"]


def test_a_token_that_leads_back_is_an_error() -> None:
    with pytest.raises(ResponseError, match="came twice"):
        tokens([Page(["a"], token="1"), Page(["b"], token="1"), Page(["b"], token="1")])


def test_passes_that_never_agree_are_an_error() -> None:
    pages = [page for n in range(16) for page in (Page([f"a{n}"], token="1"), Page(["b"]))]
    with pytest.raises(ResponseError, match="no two of 16 passes"):
        tokens(pages)
