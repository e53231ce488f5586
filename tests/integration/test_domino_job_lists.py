"""Jobs of many projects: filters, details, and projects that fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comet_async import RetryPolicy, Session, domino, domino_bulk
from comet_async.engine.fan_out import Failed, Ok
from comet_async.errors import UsageError
from tests.support.domino_logs import LogServer
from tests.support.raw_server import answer, raw_server


def job(project: str, number: int) -> dict[str, object]:
    day = 1 + number % 28
    return {
        "id": f"{project}-{number}",
        "number": number,
        "startedById": f"user{number % 3}",
        "stageTimes": {"submissionTime": f"2026-03-{day:02d}T00:00:00.000Z"},
        "status": {
            "isCompleted": True,
            "executionStatus": "Failed" if number % 2 else "Succeeded",
        },
    }


def stub() -> LogServer:
    server = LogServer({})
    for project in ("p", "q"):
        server.jobs[project] = [job(project, number) for number in range(230)]
    return server


async def listed(
    server: LogServer, only: domino_bulk.JobFilter | None = None, *, details: bool = False
) -> list[str]:
    async with (
        raw_server(server.act) as raw,
        Session(domino.service("KEY", host=raw.url), retry=RetryPolicy(attempts=1)) as session,
        domino_bulk.list_jobs(session, ["p", "q", "p"], only=only, details=details) as outcomes,
    ):
        found: list[str] = []
        async for outcome in outcomes:
            if isinstance(outcome, Failed):
                found.append(f"failed {outcome.key}")
            else:
                assert isinstance(outcome, Ok)
                assert (outcome.value.details is not None) == details
                found.append(outcome.key)
        return found


async def test_all_jobs_of_all_projects_come_once_in_order() -> None:
    expected = [f"{project}-{number}" for project in "pq" for number in range(230)]
    assert await listed(stub()) == expected


async def test_filters_that_the_server_lacks() -> None:
    only = domino_bulk.JobFilter(
        execution_statuses=["FAILED"],
        started_by=["user1"],
        submitted_from=datetime(2026, 3, 2, tzinfo=UTC),
        submitted_before=datetime(2026, 3, 8, tzinfo=UTC),
    )
    expected = [
        f"{project}-{number}"
        for project in "pq"
        for number in range(230)
        if number % 2 and number % 3 == 1 and 2 <= 1 + number % 28 < 8
    ]
    assert expected
    assert await listed(stub(), only) == expected


async def test_details_are_fetched_for_what_passes_the_filter() -> None:
    server = stub()
    only = domino_bulk.JobFilter(started_by=["user2"])
    found = await listed(server, only, details=True)
    asked = [line.split(" ")[1].rsplit("/", 1)[1] for line in server.asked if "jobs?" not in line]
    assert sorted(asked) == sorted(found)


async def test_a_project_that_fails_holds_up_no_other() -> None:
    server = stub()
    server.faults.append(answer(b"{}", status="403 Forbidden"))
    assert await listed(server) == ["failed p", *(f"q-{number}" for number in range(230))]


async def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="need a zone"):
        domino_bulk.JobFilter(submitted_from=datetime(2026, 3, 2))  # noqa: DTZ001 the point
