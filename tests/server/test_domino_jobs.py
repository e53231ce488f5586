"""Jobs of the local Domino: listings, states, logs, tags and goals, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from comet_async.server.domino import Clock, DominoServer, DominoSpec, JobPlan, PagingStyle
from tests.support.domino_client import Domino, domino
from tests.support.domino_shapes import problems

JOBS = "/api/jobs/beta/jobs"


async def everything(client: Domino, name: str, path: str, **query: object) -> list[Any]:
    """Return the rows of all pages."""
    found: list[Any] = []
    while rows := (await client.get(path, offset=len(found), **query))[name]:
        found += rows
    return found


async def project_of(client: Domino) -> str:
    rows = (await client.get("/api/projects/beta/projects"))["projects"]
    return str(rows[0]["id"])


async def test_pages_of_jobs_end_and_hold_each_job_once() -> None:
    async with domino(DominoServer(DominoSpec(jobs=23))) as client:
        project = await project_of(client)
        first = await client.get(JOBS, projectId=project)
        rows = await everything(client, "jobs", JOBS, projectId=project, limit=5, ascending="true")
    assert len(first["jobs"]) == 10
    assert first["metadata"]["totalCount"] == 23
    assert [job["number"] for job in first["jobs"]] == list(range(23, 13, -1))
    assert [job["number"] for job in rows] == list(range(1, 24))


@pytest.mark.parametrize(
    ("style", "told"),
    [
        (PagingStyle(), {"offset": 0, "limit": 10, "totalCount": 12}),
        (PagingStyle(total=False), {"offset": 0, "limit": 10}),
        (PagingStyle(nested=True), {"pagination": {"offset": 0, "limit": 10, "totalCount": 12}}),
        (PagingStyle(nested=True, total=False), {"pagination": {"offset": 0, "limit": 10}}),
        (PagingStyle(cap=4), {"offset": 0, "limit": 4, "totalCount": 12}),
    ],
)
async def test_what_is_told_of_a_page_is_settable(
    style: PagingStyle, told: dict[str, object]
) -> None:
    async with domino(DominoServer(DominoSpec(jobs=12), paging=style)) as client:
        answer = await client.get(JOBS, projectId=await project_of(client))
    metadata = answer["metadata"]
    assert metadata.pop("notices") == []
    assert metadata.pop("requestId")
    assert metadata == told
    assert len(answer["jobs"]) == min(10, style.cap or 10)


async def test_a_job_goes_through_its_states_as_time_passes() -> None:
    clock = Clock(1_800_000_000, speed=0)
    server = DominoServer(clock=clock)
    server.world.plan = JobPlan(queued=10, running=20, outcome="Failed", log_lines=10)
    seen: list[tuple[str, int]] = []
    logs: Any = None
    async with domino(server) as client:
        body = {"projectId": await project_of(client), "runCommand": "python x.py", "title": "x"}
        started = (await client.send("POST", "/api/jobs/v1/jobs", json=body))["job"]
        path = f"{JOBS}/{started['id']}"
        for _ in range(4):
            job = (await client.get(path))["job"]
            logs = await client.get(f"{path}/logs")
            seen.append((job["status"]["executionStatus"], len(logs["logs"]["logContent"])))
            clock.advance(10)
    assert started["number"] == 11
    assert seen == [("Queued", 0), ("Running", 1), ("Running", 6), ("Failed", 10)]
    assert logs["logs"]["isComplete"] is True


async def test_a_stopped_job_is_stopped() -> None:
    clock = Clock(1_800_000_000, speed=0)
    server = DominoServer(clock=clock)
    async with domino(server) as client:
        project = await project_of(client)
        body = {"projectId": project, "runCommand": "python x.py"}
        job_id = (await client.send("POST", "/api/jobs/v1/jobs", json=body))["job"]["id"]
        clock.advance(3)
        server.world.stop_job(job_id)
        job = (await client.get(f"{JOBS}/{job_id}"))["job"]
    assert job["status"]["executionStatus"] == "Stopped"
    assert job["stageTimes"]["completedTime"] == "2027-01-15T08:00:03.000Z"


@pytest.mark.parametrize("repeats", [True, False])
async def test_the_cursor_of_a_log_reaches_every_line(repeats: bool) -> None:
    server = DominoServer(DominoSpec(jobs=1, log_lines=25_000))
    server.world.cursor_repeats = repeats
    lines: dict[str, str] = {}
    calls = 0
    async with domino(server) as client:
        job = (await client.get(JOBS, projectId=await project_of(client)))["jobs"][0]
        cursor: dict[str, str] = {}
        while True:
            answer = await client.get(f"{JOBS}/{job['id']}/logs", limit=99_999, **cursor)
            content = answer["logs"]["logContent"]
            fresh = {line["timestamp"]: line["log"] for line in content}
            assert len(content) <= 10_000
            if fresh.keys() <= lines.keys():
                break
            lines |= fresh
            calls += 1
            cursor = {"latestTimeNano": answer["metadata"]["pagination"]["latestTimeNano"]}
    assert len(lines) == 25_000
    assert list(lines) == sorted(lines)
    assert calls == 3
    assert answer["logs"]["isComplete"] is True
    assert ("latestTimeNano" in answer["metadata"]["pagination"]) is repeats


async def test_streams_of_a_log_are_kept_apart() -> None:
    async with domino(DominoServer(DominoSpec(log_lines=30))) as client:
        job = (await client.get(JOBS, projectId=await project_of(client)))["jobs"][0]
        counts = {}
        for kind in ("stdOut", "STDERR", "prepareOutput", "complete"):
            answer = await client.get(f"{JOBS}/{job['id']}/logs", logType=kind)
            counts[kind] = len(answer["logs"]["logContent"])
        status, refused = await client.answer(f"{JOBS}/{job['id']}/logs", logType="other")
    assert counts == {"stdOut": 23, "STDERR": 2, "prepareOutput": 5, "complete": 30}
    assert (status, refused["errors"]) == (400, ["Invalid value for logType: other"])


async def test_filters_choose_jobs() -> None:
    server = DominoServer(DominoSpec(jobs=20, running=2))
    async with domino(server) as client:
        project = await project_of(client)
        running = await client.get(JOBS, projectId=project, statusFilter="active")
        tagged = await everything(client, "jobs", JOBS, projectId=project, tagFilter="tuned")
        newest = running["jobs"][0]["id"]
        server.world.archive_job(newest)
        shown = await everything(client, "jobs", JOBS, projectId=project)
        archived = await client.get(JOBS, projectId=project, statusFilter="archived")
    assert [job["number"] for job in running["jobs"]] == [20, 19]
    assert [job["number"] for job in tagged] == [20, 17, 14, 11, 8, 5, 2]
    assert len(shown) == 19
    assert [job["id"] for job in archived["jobs"]] == [newest]


@pytest.mark.parametrize(
    ("key", "first"),
    [("title", "training 9"), ("startedTime", "training 10"), ("commentCount", "training 8")],
)
async def test_jobs_are_sorted_by_a_key(key: str, first: str) -> None:
    async with domino(DominoServer()) as client:
        answer = await client.get(JOBS, projectId=await project_of(client), sortBy=key)
    assert answer["jobs"][0]["title"] == first


async def test_every_kind_of_job_fits_its_model() -> None:
    server = DominoServer(DominoSpec(jobs=70, running=2), clock=Clock(1_800_000_000, speed=0))
    found: list[str] = []
    seen: set[str] = set()
    async with domino(server) as client:
        project = await project_of(client)
        server.world.start_job(project, "python x.py")
        for job in await everything(client, "jobs", JOBS, projectId=project, limit=50):
            detail = await client.get(f"{JOBS}/{job['id']}")
            found += [*problems("JobV1", job), *problems("JobEnvelopeV1", detail)]
            seen |= {name for name, value in detail["job"].items() if value not in ([], {})}
            seen.add(job["status"]["executionStatus"])
    assert found == []
    states = {"Queued", "Running", "Succeeded", "Failed", "Stopped", "Error"}
    parts = {"datasetMounts", "computeCluster", "gitRepos", "externalVolumeMounts"}
    assert seen >= states | parts | {"mainRepoGitRef", "queuedJobStatusDetails", "usage"}


async def test_tags_and_goals_of_a_job_are_kept() -> None:
    async with domino(DominoServer()) as client:
        project = await project_of(client)
        job = (await client.get(JOBS, projectId=project))["jobs"][0]["id"]
        body = {"projectId": project, "tagName": "mine"}
        tag = (await client.send("POST", f"/api/jobs/v1/jobs/{job}/tags", json=body))["tag"]
        tags = (await client.get(f"{JOBS}/{job}"))["job"]["tags"]
        gone = f"/api/jobs/v1/jobs/{job}/tags/{tag['id']}"
        await client.send("DELETE", gone, params={"projectId": project})
        left = (await client.get(f"{JOBS}/{job}"))["job"]["tags"]
        goals = f"/api/projects/v1/projects/{project}/goals"
        goal = (await client.get(goals))["goals"][0]["id"]
        linked = {"jobId": job}
        await client.send("POST", "/api/jobs/v1/goals", json={"goalId": goal}, params=linked)
        found = await client.get("/api/jobs/v1/goals", jobId=job)
        await client.send("DELETE", f"/api/jobs/v1/goals/{goal}", params=linked)
        none = await client.get("/api/jobs/v1/goals", jobId=job)
    assert tag in tags
    assert tag not in left
    assert [row["goalId"] for row in found["goals"]] == [goal]
    assert none["goals"] == []


async def test_what_is_not_there_is_told_so() -> None:
    async with domino(DominoServer()) as client:
        answers = [
            await client.answer(f"{JOBS}/{'0' * 24}"),
            await client.answer(f"{JOBS}/{'0' * 24}/logs"),
            await client.answer(JOBS, projectId="none"),
        ]
        missing = await client.answer(JOBS)
    assert [status for status, _ in answers] == [404, 404, 404]
    assert all(body["errors"] and body["requestId"] for _, body in answers)
    assert missing[0] == 400
    assert missing[1]["errors"] == ["Missing parameter: projectId"]
