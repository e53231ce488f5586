"""Listings of the Domino catalogue: what each asks for, and how it reads a page."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from comet_async import Session, domino
from comet_async.paging import Paged
from comet_async.service import Limits
from comet_async.testing import FakeTransport, reply
from tests.support.virtual_time import run

LISTINGS: dict[str, Callable[..., Paged[Any, Any]]] = {
    name: getattr(domino, name)
    for name in domino.__all__
    if name.startswith("paged_") and name != "paged_job_logs"
}
TOKENS = {"paged_registered_models", "paged_registered_models_for_ui"}
UNTYPED = {"get_compute_tiers", "get_selectable_compute_tiers"}
"""Gone operations whose answers no document describes."""


def made(name: str, **more: Any) -> Paged[Any, Any]:
    needed = {
        parameter.name: "x1"
        for parameter in inspect.signature(LISTINGS[name]).parameters.values()
        if parameter.default is inspect.Parameter.empty
    }
    return LISTINGS[name](**needed, **more)


def row(number: int) -> object:
    return {
        "id": f"r{number}",
        "name": f"r{number}",
        "endpointId": f"r{number}",
        "modelVersion": number,
        "version": number,
        "dataset": {"id": f"r{number}"},
    }


def page_of(name: str, numbers: range, metadata: object) -> object:
    kind = made(name).first.answer
    fields = [f for f in msgspec.structs.fields(kind) if f.name != "metadata"]
    rows: list[object] = [row(number) for number in numbers]
    if name == "paged_registered_model_names":
        rows = [f"r{number}" for number in numbers]
    return {fields[0].encode_name: rows, "metadata": metadata}


def test_every_paged_operation_has_a_listing() -> None:
    asked = {made(name).first.path for name in LISTINGS}
    paged = {
        request.path
        for name, function in domino.ENDPOINTS.items()
        if {"offset", "page_token"} & set(inspect.signature(function).parameters)
        and name not in UNTYPED
        for request in [
            function(
                **{
                    parameter.name: "x1"
                    for parameter in inspect.signature(function).parameters.values()
                    if parameter.default is inspect.Parameter.empty
                }
            )
        ]
        if request.method == "GET"
    }
    assert asked == paged


@pytest.mark.parametrize("name", sorted(LISTINGS))
@pytest.mark.parametrize("nested", [False, True])
def test_a_listing_joins_its_pages(name: str, nested: bool) -> None:
    def metadata(members: dict[str, object]) -> object:
        return {"pagination": members} if nested else members

    if name in TOKENS:
        pages = [
            page_of(name, range(3), metadata({"nextPageToken": "t1"})),
            page_of(name, range(3, 5), metadata({})),
        ] * 2
        size, member = "max_results", "pageToken"
        asked = [None, "t1", None, "t1"]
    else:
        pages = [
            page_of(name, range(3), metadata({"totalCount": 5})),
            page_of(name, range(2, 5), metadata({"totalCount": 5})),
            page_of(name, range(4, 5), metadata({"totalCount": 5})),
        ]
        size, member = "limit", "offset"
        asked = ["0", "2", "4"]

    async def main() -> list[object]:
        service = domino.service("KEY", host="https://domino.test", limits=Limits())
        async with Session(service, transport=fake) as session:
            return [key(item) async for item in session.items(listing)]

    listing = made(name, **{size: 3})
    key = listing.key
    first = listing.first
    fake = FakeTransport().on("GET", first.path, *(reply(json=page) for page in pages))
    assert len(set(run(main()))) == 5
    sent = [dict(pairs) for pairs in fake.queries]
    assert [members.get(member) for members in sent] == asked


def test_jobs_are_read_by_number_upwards() -> None:
    query = dict(domino.paged_jobs("p1", status_filter="completed").first.query)
    assert query == {
        "projectId": "p1",
        "offset": "0",
        "limit": "100",
        "sortBy": "number",
        "ascending": "true",
        "statusFilter": "completed",
    }


def test_a_page_that_says_nothing_of_itself_has_neither_total_nor_token() -> None:
    page = domino.ProjectsPage(projects=[])
    assert domino.total_count(page) is None
    assert domino.next_token(domino.RegisteredModelsPage(items=[])) is None
    assert (
        domino.total_count(domino.ProjectsPage(projects=[], metadata=domino.PageMetadata())) is None
    )
