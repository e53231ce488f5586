"""Pages of a search, from servers that cap them, fail, or repeat themselves."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest

from comet_async import Limits, Session, comet
from comet_async.api.query import search
from comet_async.engine.transport import HttpRequest
from comet_async.errors import BadRequestError
from comet_async.query import Tag
from comet_async.testing import FakeTransport, Reply, reply

COLUMNS = "/api/rest/v2/project/column-names"
SEARCH = "/api/rest/v2/experiments/search"


def served(page_of: Callable[[int, int], Reply]) -> FakeTransport:
    """Return a transport that answers page `number` of `limit` experiments."""

    def answer(request: HttpRequest) -> Reply:
        body = json.loads(request.body or b"{}")
        return page_of(body["page"], body["limit"])

    fake = FakeTransport()
    fake.on("GET", COLUMNS, reply(json={"columns": []}))
    fake.on("POST", SEARCH, answer)
    return fake


def page(first: int, last: int) -> Reply:
    rows = [{"experimentKey": str(index)} for index in range(first, last)]
    return reply(json={"experiments": rows})


async def found(fake: FakeTransport) -> list[int]:
    service = comet.service("some-key-for-tests", url="https://comet.example.com", limits=Limits())
    async with Session(service, transport=fake) as session:
        selected = await search(session, Tag("best"), project_id="p")
    return [int(key) for key in selected.keys]


@pytest.mark.parametrize("cap", [1, 30, 100])
@pytest.mark.parametrize("count", [0, 1, 30, 31, 99, 100, 101, 250])
async def test_all_are_found_whatever_the_cap(count: int, cap: int) -> None:
    def answer(number: int, limit: int) -> Reply:
        size = min(limit, cap)
        return page((number - 1) * size, min(count, number * size))

    fake = served(answer)
    assert await found(fake) == list(range(count))
    asked = len(fake.sent) - 1
    assert asked <= math.ceil(count / cap) + 8


async def test_a_server_without_pages_is_asked_twice() -> None:
    fake = served(lambda number, limit: page(0, 5))
    assert await found(fake) == [0, 1, 2, 3, 4]
    assert len(fake.sent) == 3


async def test_a_page_that_fails_fails_the_search() -> None:
    fake = served(lambda number, limit: page(0, 100) if number == 1 else reply(status=400))
    with pytest.raises(BadRequestError):
        await found(fake)
