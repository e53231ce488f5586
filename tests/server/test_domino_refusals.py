"""What the local Domino refuses, and what it serves beyond the public documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from comet_async.server.domino import Clock, DominoServer, DominoSpec
from tests.support.domino_client import Domino, domino

NONE = "0" * 24
JOBS = "/api/jobs/beta/jobs"


@pytest.fixture
async def client() -> AsyncIterator[Domino]:
    """A client of a server with a few of everything, whose time stands still."""
    async with domino(DominoServer(clock=Clock(1_800_000_000, speed=0))) as found:
        yield found


async def first(client: Domino, path: str, member: str) -> str:
    return str((await client.get(path))[member][0]["id"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/jobs/v1/jobs", {"projectId": NONE, "runCommand": "x"}),
        ("POST", "/api/jobs/v1/goals?jobId={job}", {"goalId": NONE}),
        ("DELETE", f"/api/jobs/v1/goals/{NONE}?jobId={{job}}", None),
        (
            "POST",
            "/api/projects/v1/projects/{project}/collaborators",
            {"id": NONE, "role": "contributor"},
        ),
        ("POST", "/api/projects/v1/projects/{project}/shared-datasets", {"datasetId": NONE}),
        ("POST", "/api/datasetrw/v1/datasets", {"name": "d", "projectId": NONE}),
        (
            "POST",
            "/api/datasetrw/v1/datasets/{dataset}/tags",
            {"tagName": "t", "snapshotId": NONE},
        ),
        (
            "DELETE",
            "/api/datasetrw/v1/datasets/{dataset}/grants",
            {"targetId": NONE, "targetRole": "DatasetRwOwner"},
        ),
        (
            "PUT",
            "/api/organizations/v1/organizations/{organization}/user",
            {"userId": NONE, "organizationRole": "member"},
        ),
        (
            "DELETE",
            f"/api/organizations/v1/organizations/{{organization}}/user?memberToRemoveId={NONE}",
            None,
        ),
        ("GET", "/api/modelServing/v1/modelDeployments/{deployment}/versions/9", None),
        ("GET", "/api/registeredmodels/beta/model-0", None),
        ("GET", "/api/registeredmodels/beta/model-01", None),
        ("POST", "/v4/jobs/stop", {"jobId": NONE}),
        ("GET", "/v4/gateway/projects/findProjectByOwnerAndName?ownerName=a&projectName=b", None),
    ],
)
async def test_what_names_something_that_is_not_there_is_not_found(
    client: Domino, method: str, path: str, body: Mapping[str, object] | None
) -> None:
    project = await first(client, "/api/projects/beta/projects", "projects")
    named = {
        "project": project,
        "job": await first(client, f"{JOBS}?projectId={project}", "jobs"),
        "dataset": await first(client, "/api/datasetrw/v1/datasets", "datasets"),
        "organization": await first(client, "/api/organizations/v1/organizations", "orgs"),
        "deployment": await first(client, "/api/modelServing/v1/modelDeployments", "items"),
    }
    status, _, answer = await client.raw(method, path.format(**named), json=body)
    assert status == 404, answer
    assert b"not found" in answer
    assert client.server.log.applied_counts() == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/api/projects/beta/projects",
            {"name": "x", "description": "d", "visibility": "public", "ownerId": NONE},
        ),
        ("/api/datasetrw/v1/datasets", {"name": "dataset-1-1"}),
        ("/api/organizations/v1/organizations", {"name": "organization-1", "members": []}),
        (
            "/api/registeredmodels/v1",
            {"modelName": "model-1", "discoverable": True, "experimentRunId": "r"},
        ),
        ("/api/cost/v1/billingtags", {"billingTags": "text"}),
        ("/api/cost/v1/billingtags", {"billingTags": [1]}),
        ("/api/cost/v1/billingtags", []),
        ("/api/jobs/v1/jobs", {"projectId": 5, "runCommand": "x"}),
        ("/api/jobs/v1/jobs", {"projectId": "p", "runCommand": True}),
    ],
)
async def test_a_body_that_cannot_be_is_refused(client: Domino, path: str, body: object) -> None:
    status, _, _ = await client.raw("POST", path, json=body)
    assert (status, client.server.log.applied_counts()) == (400, {})


@pytest.mark.parametrize(
    "query", [{"sortBy": "colour"}, {"statusFilter": "odd"}], ids=["order", "state"]
)
async def test_a_listing_that_cannot_be_is_refused(client: Domino, query: dict[str, str]) -> None:
    project = await first(client, "/api/projects/beta/projects", "projects")
    assert (await client.answer(JOBS, projectId=project, **query))[0] == 400


async def test_an_order_of_endpoints_that_cannot_be_is_refused(client: Domino) -> None:
    path = "/api/aigateway/v1/endpoints"
    assert (await client.answer(path, sortByField="colour"))[0] == 400
    rows = (await client.get(path, sortByField="endpointName"))["endpoints"]
    found = (await client.get(path, searchFilter="ENDPOINT-2"))["endpoints"]
    assert [row["endpointName"] for row in rows] == ["endpoint-3", "endpoint-2", "endpoint-1"]
    assert [row["endpointName"] for row in found] == ["endpoint-2"]


async def test_jobs_of_states_and_statistics(client: Domino) -> None:
    project = await first(client, "/api/projects/beta/projects", "projects")
    job = client.server.world.start_job(project, "x")
    queued = await client.get(JOBS, projectId=project, statusFilter="queued")
    done = await client.get(JOBS, projectId=project, statusFilter="completed", limit=50)
    best = await client.get(
        JOBS, projectId=project, sortBy="dominoStatsField", dominoStatsSortFieldName="epochs"
    )
    assert [row["id"] for row in queued["jobs"]] == [job.job_id]
    assert done["metadata"]["totalCount"] == 10
    assert best["jobs"][0]["dominoStats"][1] == {"name": "epochs", "value": "9"}


async def test_a_job_is_stopped_and_started_once_more(client: Domino) -> None:
    query = {"ownerName": "user-1", "projectName": "project-1"}
    path = "/v4/gateway/projects/findProjectByOwnerAndName"
    project = await client.get(path, **query)
    job = client.server.world.start_job(project["id"], "x", title="t")
    await client.send("POST", "/v4/jobs/stop", json={"jobId": job.job_id, "commitResults": True})
    again = await client.send("POST", "/v4/jobs/restart", json={"jobId": job.job_id})
    read = (await client.get(f"{JOBS}/{again['id']}"))["job"]
    stopped = (await client.get(f"{JOBS}/{job.job_id}"))["job"]
    assert stopped["status"]["executionStatus"] == "Stopped"
    assert "startTime" not in stopped["stageTimes"]
    assert (read["title"], read["number"]) == ("t", job.number + 1)
    assert (await client.get("/version"))["version"] == "5.11.0"


async def test_model_apis_of_a_project_an_environment_or_a_name() -> None:
    async with domino(DominoServer(DominoSpec(model_apis=2))) as client:
        path = "/api/modelServing/v1/modelApis"
        rows = (await client.get(path))["items"]
        project = await first(client, "/api/projects/beta/projects", "projects")
        mine = (await client.get(path, projectId=project))["items"]
        named = (await client.get(path, name=rows[3]["name"]))["items"]
        elsewhere = (await client.get(path, environmentId="other"))["items"]
    assert (len(rows), mine, named, elsewhere) == (6, rows[:2], rows[3:4], [])


async def test_a_server_of_nothing_serves_nothing() -> None:
    spec = DominoSpec(
        projects=0, users=0, environments=0, hardware_tiers=0, organizations=0, data_sources=0
    )
    async with domino(DominoServer(spec)) as client:
        projects = await client.get("/api/projects/beta/projects")
        models = await client.get("/api/registeredmodels/v1")
        me = await client.answer("/api/users/v1/self")
    assert (projects["projects"], projects["metadata"]["totalCount"]) == ([], 0)
    assert models["items"] == []
    assert me[0] == 401
