"""The grants of all datasets as rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from comet_async import Session, domino, domino_bulk
from comet_async.engine.fan_out import Ok
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import PermissionDeniedError, ServerError, UsageError
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.pages import PagingStyle
from comet_async.service import Limits
from comet_async.testing import LOCAL_KEY, FakeTransport, domino_server, reply

SPEC = DominoSpec(projects=30, datasets=9, users=5)
IDS = [made_id(Kind.DATASET, project, at) for project in range(30) for at in range(9)]
PROJECT = made_id(Kind.PROJECT, 3)
CALLER = made_id(Kind.USER, 0)
OTHER = made_id(Kind.USER, 1)
LISTING = "/api/datasetrw/v2/datasets"


@asynccontextmanager
async def connected(server: DominoServer) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1)) as session:
        yield session


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_every_grant_of_every_dataset_is_a_row(concurrency: int) -> None:
    style = PagingStyle(cap=40)
    async with domino_server(SPEC, paging=style) as server, connected(server) as session:
        await session.send(domino.add_dataset_grant(IDS[5], OTHER, "DatasetRwReader"))
        await session.send(domino.add_dataset_grant(IDS[5], "an-org", "datasetrweditor"))
        report = await domino_bulk.report_grants(session, concurrency=concurrency)
    assert (report.datasets, report.failed, report.exit_code) == (270, {}, 0)
    told = [(row.dataset_id, row.target_id, row.role) for row in report.rows]
    wanted = [(dataset, CALLER, "DatasetRwOwner") for dataset in IDS]
    wanted[6:6] = [(IDS[5], OTHER, "DatasetRwReader"), (IDS[5], "an-org", "DatasetRwEditor")]
    assert told == wanted
    assert report.rows[7] == domino_bulk.GrantRow(
        dataset_id=IDS[5],
        dataset_name=report.rows[5].dataset_name,
        project_id=made_id(Kind.PROJECT, 0),
        project_name="project-1",
        project_owner=report.rows[0].project_owner,
        target_id="an-org",
        target_name="organization",
        is_organization=True,
        role="DatasetRwEditor",
    )
    assert report.rows[0].is_organization is False
    assert report.rows[0].project_owner


async def test_only_datasets_of_some_projects() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        report = await domino_bulk.report_grants(session, project_ids=[PROJECT])
    assert {row.project_id for row in report.rows} == {PROJECT}
    assert report.datasets == 9


async def test_a_server_that_sends_other_projects_too() -> None:
    rows = [{"dataset": {"id": name, "projectId": name}} for name in ("p", "q")]
    grants: dict[str, object] = {"grantDetails": None}
    fake = FakeTransport().on("GET", LISTING, reply(json={"datasets": [*rows, {}]}))
    fake.on("GET", "/api/datasetrw/v1/datasets/{datasetId}/grants", reply(json=grants))
    service = domino.service(LOCAL_KEY, host="https://d.example.com", environ={}, limits=Limits())
    async with Session(service, transport=fake) as session:
        report = await domino_bulk.report_grants(session, project_ids=["q"])
    assert (report.datasets, report.rows) == (1, [])
    assert "GET /api/datasetrw/v1/datasets/p/grants" not in fake.paths


async def test_a_dataset_that_fails_holds_up_no_other() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", 403, f"{IDS[4]}/grants")
        report = await domino_bulk.report_grants(session)
    assert list(report.failed) == [IDS[4]]
    assert isinstance(report.failed[IDS[4]], PermissionDeniedError)
    assert (report.datasets, report.exit_code) == (269, 3)


async def test_a_listing_that_breaks_off_is_told() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", 500, r"v2/datasets.*offset=[1-9]")
        report = await domino_bulk.report_grants(session)
    assert list(report.failed) == ["datasets"]
    assert isinstance(report.failed["datasets"], ServerError)
    assert report.datasets == 100


async def test_a_slow_reader_holds_the_requests_back() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        async with domino_bulk.dataset_grants(session, concurrency=2) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Ok)
                assert outcome.key == IDS[0]
                assert [row.dataset_id for row in outcome.value] == [IDS[0]]
                break
        asked = len(server.log.matching("/grants"))
    assert asked <= 8


@pytest.mark.parametrize(
    ("match", "options"),
    [
        ("put a single one into", {"project_ids": "p"}),
        ("concurrency >= 1", {"concurrency": 0}),
        ("projectIdsToInclude", {"project_ids": []}),
    ],
)
async def test_what_cannot_be_meant(match: str, options: dict[str, object]) -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        with pytest.raises(UsageError, match=match):
            await domino_bulk.report_grants(session, **options)  # type: ignore[arg-type]  # of many types
        assert list(server.log) == []
