"""Registered models and their versions, by the newer paths and by the older ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from comet_async import Session, domino, domino_bulk
from comet_async.engine.fan_out import Failed, Ok
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import CometAsyncError, NotFoundError, ServerError, UsageError
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.pages import PagingStyle
from comet_async.service import Limits
from comet_async.testing import LOCAL_KEY, domino_server

SPEC = DominoSpec(projects=40, models=5, model_versions=4)
NAMES = [f"model-{at + 1}" for at in range(200)]


@asynccontextmanager
async def connected(server: DominoServer) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1)) as session:
        yield session


async def listed(
    session: Session, *, project_id: str | None = None, details: bool = False
) -> tuple[dict[str, domino_bulk.ListedModel], dict[str, CometAsyncError]]:
    ok: dict[str, domino_bulk.ListedModel] = {}
    failed: dict[str, CometAsyncError] = {}
    async with domino_bulk.list_models(session, project_id=project_id, details=details) as outcomes:
        async for outcome in outcomes:
            assert outcome.key not in ok
            if isinstance(outcome, Failed):
                failed[outcome.key] = outcome.error
            else:
                ok[outcome.key] = outcome.value
    return ok, failed


def only_older(server: DominoServer) -> None:
    server.faults.add("status", 404, "/api/registeredmodels/v1")


def only_newer(server: DominoServer) -> None:
    server.faults.add("status", 404, "/api/registeredmodels/beta")


@pytest.mark.parametrize("age", [only_older, only_newer])
@pytest.mark.parametrize("details", [False, True])
async def test_every_version_of_every_model_is_a_row_newest_first(
    age: object, *, details: bool
) -> None:
    assert callable(age)
    style = PagingStyle(cap=30)
    async with domino_server(SPEC, paging=style) as server, connected(server) as session:
        age(server)
        found, failed = await listed(session, details=details)
        asked = server.log.matching("/api/registeredmodels")
    assert (list(found), failed) == (NAMES, {})
    rows = [row for model in found.values() for row in model.rows()]
    assert [(row.model_name, row.version) for row in rows] == [
        (name, number) for name in NAMES for number in (4, 3, 2, 1)
    ]
    assert [row.is_latest for row in rows[:4]] == [True, False, False, False]
    row = rows[-4]
    assert row.project_id == made_id(Kind.PROJECT, 39)
    assert (row.project_name, row.owner) == ("project-40", "user-1")
    assert row.experiment_run_id == made_id(Kind.MODEL_VERSION, 4)
    assert row.model_tags == {"team": "team-2"}
    assert row.description == ("version 4" if details else None)
    assert row.stage == ("None" if details else None)
    assert row.created_at == "2024-01-05T00:00:00.000Z"
    refused = [record for record in asked if record.status == 404]
    assert len(refused) == (1 if age is only_older else 0), "the age is found out once"


async def test_only_the_models_of_a_project() -> None:
    project = made_id(Kind.PROJECT, 7)
    async with domino_server(SPEC) as server, connected(server) as session:
        found, _ = await listed(session, project_id=project)
    assert list(found) == [f"model-{at}" for at in range(36, 41)]


async def test_a_model_without_versions_has_one_row() -> None:
    spec = DominoSpec(projects=1, models=1, model_versions=0)
    async with domino_server(spec) as server, connected(server) as session:
        found, _ = await listed(session, details=True)
    (row,) = found["model-1"].rows()
    assert (row.version, row.is_latest, row.project_name) == (None, None, "project-1")


async def test_a_model_that_fails_holds_up_no_other() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", 500, "/model-8/versions?")
        server.faults.add("status", 404, "/model-9/versions/3")
        found, failed = await listed(session, details=True)
    assert sorted(failed) == ["model-8", "model-9"]
    assert isinstance(failed["model-8"], ServerError)
    assert isinstance(failed["model-9"], NotFoundError)
    assert len(found) == 198


@pytest.mark.parametrize(("status", "models"), [(500, 100), (404, 100)])
async def test_a_listing_that_breaks_off_is_told(status: int, models: int) -> None:
    """Also where 404 comes late: what has come by the newer path is not listed again."""
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", status, "pageToken=")
        found, failed = await listed(session)
    assert list(failed) == ["models"]
    assert failed["models"].status == status
    assert list(found) == NAMES[:models]


async def test_a_server_without_registered_models() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", 404, "/api/registeredmodels")
        found, failed = await listed(session)
    assert (found, list(failed)) == ({}, ["models"])
    assert isinstance(failed["models"], NotFoundError)


async def test_a_slow_reader_holds_the_requests_back() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        async with domino_bulk.list_models(session, concurrency=2) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Ok)
                break
        asked = len(server.log.matching("/versions"))
    assert asked <= 16


async def test_what_cannot_be_meant() -> None:
    async with domino_server(SPEC) as server, connected(server) as session:
        with pytest.raises(UsageError, match="concurrency >= 1"):
            async with domino_bulk.list_models(session, concurrency=0):
                pass
        assert list(server.log) == []
