"""Listings, page by page, of servers that cap them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from comet_async import Session, comet, harvest
from comet_async.engine.transport import HttpRequest
from comet_async.testing import Answer, FakeTransport, reply

PROJECT = {"projectId": "p", "projectName": "one", "workspaceName": "team"}


def capped(runs: int, cap: int, told: int | None) -> FakeTransport:
    """Return a service with a project of so many runs, that lists `cap` at a time."""
    keys = [f"{number:032x}" for number in range(runs)]

    def page(request: HttpRequest) -> Answer:
        asked = parse_qs(urlsplit(request.url).query)
        number, size = int(asked["page"][0]), min(cap, int(asked["size"][0]))
        chosen = keys[(number - 1) * size : number * size]
        return reply(json={"experiments": [{"experimentKey": key} for key in chosen]})

    entry = PROJECT if told is None else PROJECT | {"numberOfExperiments": told}
    fake = FakeTransport(reply(json={}))
    fake.on("GET", "/projects", reply(json={"projects": [entry]}))
    return fake.on("GET", "/experiments", page)


async def listed(fake: FakeTransport, **more: object) -> tuple[int, int]:
    """Return how many runs a plan has, and how many pages it asked for."""
    async with Session(comet.service("KEY", url="https://x.example"), transport=fake) as session:
        plan = await harvest.plan(session, "team", tables=["experiments"], **more)  # type: ignore[arg-type]  # as given
    pages = [sent for sent in fake.sent if urlsplit(sent.url).path.endswith("/experiments")]
    return plan.experiments, len(pages)


@pytest.mark.parametrize(
    ("runs", "cap", "told", "pages"),
    [
        (57, 10, 57, 6),  # the last page is smaller than the others
        (60, 10, 60, 7),  # only an empty one shows that there are no more
        (7, 1000, 7, 1),  # the first has as many as there are
        (7, 1000, None, 2),  # nobody tells
        (30, 10, 11, 4),  # a number that is wrong
        (7, 1000, 9, 2),
        (0, 1000, 0, 1),
        (1000, 1000, 1000, 1),
        (2500, 1000, 2500, 3),
    ],
)
async def test_pages_are_asked_for_until_their_end_is_proved(
    runs: int, cap: int, told: int | None, pages: int
) -> None:
    assert await listed(capped(runs, cap, told)) == (runs, pages)


async def test_archived_ones_are_not_counted_by_the_project() -> None:
    # The same runs are listed for both flags: each stands in the plan once.
    assert await listed(capped(7, 1000, 7), archived=True) == (7, 2)
