"""What is written to the local Domino is read back, and pages end right, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from comet_async.server.domino import Clock, DominoServer, DominoSpec
from tests.support.domino_client import Domino, domino
from tests.support.domino_shapes import body_of

PROJECTS = "/api/projects/beta/projects"


@pytest.fixture
async def client() -> AsyncIterator[Domino]:
    """A client of a server with a few of everything, whose time stands still."""
    async with domino(DominoServer(clock=Clock(1_800_000_000, speed=0))) as found:
        yield found


async def project_of(client: Domino) -> str:
    return str((await client.get(PROJECTS))["projects"][0]["id"])


async def gone(client: Domino, path: str) -> bool:
    return (await client.answer(path))[0] == 404


async def test_a_project_comes_and_goes(client: Domino) -> None:
    body = {"name": "fresh", "description": "d", "visibility": "private"}
    made = (await client.send("POST", PROJECTS, json=body))["project"]
    path = f"/api/projects/v1/projects/{made['id']}"
    listed = (await client.get(PROJECTS))["projects"]
    started = {"projectId": made["id"], "runCommand": "x"}
    job = (await client.send("POST", "/api/jobs/v1/jobs", json=started))["job"]
    status, _, refused = await client.raw("POST", PROJECTS, json=body)
    read = (await client.get(path))["project"]
    await client.send("DELETE", f"{PROJECTS}/{made['id']}")
    assert read == made == listed[-1]
    assert job["number"] == 1
    assert (status, b"exists already" in refused) == (400, True)
    assert await gone(client, path)
    assert await gone(client, f"/api/jobs/beta/jobs/{job['id']}")


async def test_members_goals_and_repositories_of_a_project(client: Domino) -> None:
    project = await project_of(client)
    path = f"/api/projects/v1/projects/{project}"
    user = (await client.get("/api/users/v1/users"))["users"][3]["id"]
    member = {"id": user, "role": "launcherUser"}
    await client.send("POST", f"{path}/collaborators", json=member)
    with_member = (await client.get(path))["project"]["collaborators"]
    await client.send("DELETE", f"{path}/collaborators/{user}")
    without = (await client.get(path))["project"]["collaborators"]
    goal = (await client.send("POST", f"{path}/goals", json={"title": "win"}))["goal"]
    goal_path = f"{path}/goals/{goal['id']}"
    await client.send("PATCH", goal_path, json={"isComplete": True})
    goals = (await client.get(f"{path}/goals"))["goals"]
    await client.send("DELETE", goal_path)
    left = (await client.get(f"{path}/goals"))["goals"]
    body = {"uri": "git@example.com:a/b.git", "name": "b"}
    await client.send("POST", f"{path}/repositories", json=body)
    repositories = await client.get(f"{path}/repositories")
    assert member in with_member
    assert member not in without
    assert goals[-1] == goal | {"isComplete": True}
    assert len(left) == len(goals) - 1
    assert repositories["repositories"][0]["uri"] == body["uri"]
    assert repositories["metadata"]["totalCount"] == 1


async def test_settings_and_copies_of_a_project(client: Domino) -> None:
    project = await project_of(client)
    settings = f"{PROJECTS}/{project}/results-settings"
    before = (await client.get(settings))["resultsSettings"]
    await client.send("PUT", settings, json={"branch": "main"})
    after = (await client.get(settings))["resultsSettings"]
    copy = f"/api/projects/v1/projects/{project}/copy-project"
    copied = (await client.send("POST", copy, json={"copyDatasets": False}))["project"]
    again, _, _ = await client.raw("POST", copy, json={"copyDatasets": False})
    assert (before, after) == ({"branch": "isolated"}, {"branch": "main"})
    assert copied["name"] == "project-1-copy"
    assert copied["id"] != project
    assert again == 400


async def test_a_file_at_a_commit_is_its_bytes(client: Domino) -> None:
    base = f"/api/projects/v1/projects/{await project_of(client)}/files"
    commits = ["a" * 40, "b" * 40]
    path = "data%2Finput%20file.csv/content"
    answers = [await client.raw("GET", f"{base}/{commit}/{path}") for commit in commits]
    wrong = [f"{base}/head/{path}", f"{base}/{'a' * 40}/no.txt/content"]
    assert [status for status, _, _ in answers] == [200, 200]
    assert answers[0][1]["Content-Type"].startswith("text/csv")
    assert [len(body) for _, _, body in answers] == [2_000, 2_000]
    assert answers[0][2] != answers[1][2]
    assert [await gone(client, item) for item in wrong] == [True, True]


async def test_a_dataset_its_grants_and_tags(client: Domino) -> None:
    project = await project_of(client)
    path = "/api/datasetrw/v1/datasets"
    made = (await client.send("POST", path, json={"name": "d", "projectId": project}))["dataset"]
    mine = f"{path}/{made['id']}"
    await client.send("PATCH", mine, json={"description": "words"})
    grant = {"targetId": "someone", "targetRole": "DatasetRwReader"}
    await client.send("POST", f"{mine}/grants", json=grant)
    granted = (await client.get(f"{mine}/grants"))["grantDetails"]
    await client.send("DELETE", f"{mine}/grants", json=grant)
    left = (await client.get(f"{mine}/grants"))["grantDetails"]
    listed = (await client.get(path, projectId=project))["datasets"]
    await client.send("DELETE", mine)
    assert [row["targetId"] for row in granted][1:] == ["someone"]
    assert len(left) == 1
    assert listed[-1] == made | {"description": "words"}
    assert await gone(client, mine)


async def test_a_snapshot_is_pending_then_copying_then_active(client: Domino) -> None:
    dataset = (await client.get("/api/datasetrw/v1/datasets"))["datasets"][0]["id"]
    path = f"/api/datasetrw/v1/datasets/{dataset}"
    body = {"relativeFilePaths": ["."]}
    made = (await client.send("POST", f"{path}/snapshots", json=body))["snapshot"]
    seen = []
    for _ in range(3):
        snapshot = await client.get(f"/api/datasetrw/v1/snapshots/{made['id']}")
        seen.append(snapshot["snapshot"]["status"])
        client.server.clock.advance(3)
    tag = {"snapshotId": made["id"], "tagName": "a/b"}
    tagged = (await client.send("POST", f"{path}/tags", json=tag))["dataset"]["tags"]
    untagged = (await client.send("DELETE", f"{path}/tags/a%2Fb"))["dataset"]["tags"]
    listed = (await client.get(f"{path}/snapshots"))["snapshots"]
    assert seen == ["pending", "copying", "active"]
    assert tagged["a/b"] == made["id"]
    assert "a/b" not in untagged
    assert [row["status"] for row in listed] == ["active"] * 3


async def test_datasets_of_some_projects_only(client: Domino) -> None:
    projects = [row["id"] for row in (await client.get(PROJECTS))["projects"]]
    path = "/api/datasetrw/v2/datasets"
    ignored = await client.get(path, projectId=projects[0])
    wanted = await client.get(path, projectIdsToInclude=projects[1], includeProjectInfo="true")
    without = await client.get(path, projectIdsToExclude=projects[1])
    assert ignored["metadata"]["totalCount"] == 6
    assert {row["dataset"]["projectId"] for row in wanted["datasets"]} == {projects[1]}
    assert {row["projectInfo"]["projectName"] for row in wanted["datasets"]} == {"project-2"}
    assert without["metadata"]["totalCount"] == 4


async def test_an_environment_has_revisions_and_an_end(client: Domino) -> None:
    path = "/api/environments/beta/environments"
    made = (await client.send("POST", path, json={"name": "mine"}))["environment"]
    one = f"/api/environments/v1/environments/{made['id']}"
    revisions = f"{path}/{made['id']}/revisions"
    revision = (await client.send("POST", revisions, json={"image": "x"}))["environmentRevision"]
    await client.send("PATCH", f"{revisions}/{revision['id']}", json={"isRestricted": True})
    read = (await client.get(one))["environment"]
    await client.send("DELETE", one)
    listed = (await client.get(path))["environments"]
    assert revision["number"] == 2
    assert read["restrictedRevision"] == read["latestRevision"] == revision
    assert made["id"] not in {row["id"] for row in listed}
    assert (await client.get(one))["environment"]["archived"] is True


async def test_a_hardware_tier_is_changed_and_archived(client: Domino) -> None:
    path = "/api/hardwaretiers/v1/hardwaretiers"
    body = body_of("NewHardwareTierV1") | {"id": "huge", "name": "Huge"}
    made = (await client.send("POST", path, json=body))["hardwareTier"]
    client.server.clock.advance(60)
    await client.send("PUT", path, json=made | {"centsPerMinute": 9.5})
    read = (await client.get(f"{path}/huge"))["hardwareTier"]
    await client.send("DELETE", f"{path}/huge")
    shown = await client.get(path)
    hidden = await client.get(path, includeArchived="true")
    assert read["centsPerMinute"] == 9.5
    assert read["updateTime"] > made["updateTime"]
    assert shown["metadata"]["totalCount"] == 3
    assert hidden["hardwareTiers"][-1]["flags"]["isArchived"] is True


@pytest.mark.parametrize(
    ("path", "body", "member", "change"),
    [
        ("/api/datasource/v1/datasources", "NewDataSourceV1", "id", {"config": {"host": "h"}}),
        ("/api/aigateway/v1/endpoints", "NewEndpointV1", "endpointName", {"modelName": "m2"}),
    ],
)
async def test_a_bare_thing_is_made_changed_and_dropped(
    client: Domino, path: str, body: str, member: str, change: dict[str, Any]
) -> None:
    made = await client.send("POST", path, json=body_of(body))
    mine = f"{path}/{made[member]}"
    await client.send("PATCH", mine, json=change)
    read = await client.get(mine)
    await client.send("DELETE", mine)
    assert read == made | change
    assert await gone(client, mine)


async def test_permissions_of_an_endpoint(client: Domino) -> None:
    path = "/api/aigateway/v1/endpoints/endpoint-1/permissions"
    before = await client.get(path)
    await client.send("PATCH", path, json={"isEveryoneAllowed": False})
    assert await client.get(path) == before | {"isEveryoneAllowed": False}


@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        ("aigateway", {}, 50),
        ("aigateway", {"endpointNames": "endpoint-1"}, 17),
        ("datasource", {"eventKinds": "CreateDataSource"}, 17),
        ("datasource", {"startTime": "2024-01-01T00:40:00Z"}, 10),
        ("datasource", {"endTime": "2024-01-01T00:04:30+00:00"}, 5),
        (
            "aigateway",
            {"startTime": "2024-01-01T00:01:00Z", "endTime": "2024-01-01T00:02:00Z"},
            2,
        ),
    ],
)
async def test_audit_exports_are_cut_by_time_and_name(
    client: Domino, path: str, query: dict[str, str], count: int
) -> None:
    assert len(await client.get(f"/api/{path}/v1/audit", **query)) == count


@pytest.mark.parametrize("time", ["soon", "2024-01-01T00:00:00"])
async def test_a_time_without_zone_is_refused(client: Domino, time: str) -> None:
    assert (await client.answer("/api/datasource/v1/audit", startTime=time))[0] == 400


async def test_billing_tags_and_costs(client: Domino) -> None:
    path = "/api/cost/v1/billingtags"
    await client.send("POST", path, json={"billingTags": ["mine"]})
    await client.send("DELETE", f"{path}/team-1")
    tags = [row["tag"] for row in (await client.get(path))["billingTags"]]
    dropped = (await client.get(f"{path}/team-1"))["billingTag"]
    settings = {"mode": "required", "notifications": True}
    await client.send("PUT", "/api/cost/v1/billingtagSettings", json=settings)
    costs = (await client.get("/api/cost/v1/allocation", window="7d"))["data"]
    refused = await client.answer("/api/cost/v1/allocation", window="soon")
    assert tags == ["team-2", "team-3", "mine"]
    assert dropped["active"] is False
    assert await client.get("/api/cost/v1/billingtagSettings") == settings
    assert [row["labels"]["project"] for row in costs] == ["project-1", "project-2", "project-3"]
    assert refused == (400, {"error": "Invalid window: soon"})


async def test_registered_models_page_by_token_and_by_offset(client: Domino) -> None:
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await client.get("/api/registeredmodels/v1", maxResults=4, **token)
        names += [row["name"] for row in page["items"]]
        if "nextPageToken" not in page["metadata"]:
            break
        token = {"pageToken": page["metadata"]["nextPageToken"]}
    old = await client.get("/api/registeredmodels/beta", offset=4, limit=4)
    wrong = await client.answer("/api/registeredmodels/v1", pageToken="x")
    assert names == [f"model-{at}" for at in range(1, 7)]
    assert [row["name"] for row in old["items"]] == ["model-5", "model-6"]
    assert old["metadata"]["totalCount"] == 6
    assert wrong[0] == 400


async def test_a_registered_model_gets_versions_and_reviews(client: Domino) -> None:
    base = "/api/registeredmodels"
    body = {"modelName": "a b/c", "discoverable": True, "experimentRunId": "r"}
    await client.send("POST", f"{base}/v1", json=body)
    versions = f"{base}/beta/a%20b%2Fc/versions"
    new = {"artifact": "model", "description": "first", "experimentRunId": "r1"}
    made = await client.send("POST", versions, json=new)
    await client.send("PATCH", f"{versions}/1", json={"currentStage": "Staging"})
    review = await client.send("POST", f"{versions}/1/reviews", json={"notes": "look"})
    await client.send(
        "PATCH", f"{versions}/1/reviews/{review['modelReviewId']}", json={"status": "Done"}
    )
    read = await client.get(f"{versions}/1")
    model = await client.get(f"{base}/v1/a%20b%2Fc")
    assert (made["modelVersion"], model["latestVersion"]) == (1, 1)
    assert read["currentStage"] == "Staging"
    assert read["reviewSummary"]["status"] == "Done"


async def test_a_model_api_its_versions_and_tokens(client: Domino) -> None:
    path = "/api/modelServing/v1/modelApis"
    made = await client.send("POST", path, json=body_of("ModelApiCreationRequest"))
    mine = f"{path}/{made['id']}"
    versions = f"{mine}/versions"
    second = await client.send("POST", versions, json=body_of("ModelApiVersionCreationRequest"))
    label = f"{versions}/{second['id']}/productionLabel"
    await client.send("PUT", label, json={"isProd": True})
    token = await client.send("POST", f"{mine}/accessTokens", json={"name": "t"})
    tokens = await client.get(f"{mine}/accessTokens")
    await client.send("DELETE", f"{mine}/accessTokens/{token['id']}")
    logs = await client.get(f"{versions}/{second['id']}/buildLogs")
    later = await client.get(
        f"{versions}/{second['id']}/buildLogs", sinceTimeNano=logs["logs"][2]["timeNano"]
    )
    assert [row["number"] for row in await client.get(versions)] == [1, 2]
    assert (await client.get(f"{versions}/{second['id']}"))["labels"] == ["prod"]
    assert (tokens, await client.get(f"{mine}/accessTokens")) == ([token], [])
    assert len(later["logs"]) == 2
    assert await client.get(mine) == made
    await client.send("DELETE", mine)
    assert await gone(client, versions)


async def test_a_deployment_keeps_its_versions(client: Domino) -> None:
    path = "/api/modelServing/v1/modelDeployments"
    made = await client.send("POST", path, json={"name": "d"})
    mine = f"{path}/{made['id']}"
    await client.send("PATCH", mine, json={"description": "new"})
    rows = (await client.get(f"{mine}/versions"))["items"]
    first = await client.get(f"{mine}/versions/1")
    assert [row["version"] for row in rows] == [1, 2]
    assert first == made
    assert (await client.get(mine))["description"] == "new"
    await client.send("DELETE", mine)
    assert await gone(client, mine)


async def test_a_prediction_is_there_the_second_time(client: Domino) -> None:
    path = "/api/modelApis/async/v1/some-model"
    asked = await client.send("POST", path, json={"parameters": {"x": 1}})
    mine = f"{path}/{asked['asyncPredictionId']}"
    answers = [await client.get(mine) for _ in range(2)]
    assert [row["status"] for row in answers] == ["Processing", "Succeeded"]
    assert answers[1]["result"] == {"x": 1}


async def test_values_of_metrics_between_two_times(client: Domino) -> None:
    values = [
        {
            "modelMonitoringId": "m",
            "metric": "auc",
            "value": float(at),
            "referenceTimestamp": f"2024-01-0{at}T00:00:00Z",
        }
        for at in range(1, 5)
    ]
    await client.send("POST", "/api/metricValues/v1", json={"newMetricValues": values})
    found = await client.get(
        "/api/metricValues/v1/m/auc",
        startingReferenceTimestampInclusive="2024-01-02T00:00:00Z",
        endingReferenceTimestampInclusive="2024-01-03T00:00:00Z",
    )
    assert [row["value"] for row in found["metricValues"]] == [2.0, 3.0]


async def test_members_of_an_organization(client: Domino) -> None:
    path = "/api/organizations/v1/organizations"
    users = (await client.get("/api/users/v1/users"))["users"]
    made = (await client.send("POST", path, json={"name": "new", "members": []}))["org"]
    member = {"userId": users[1]["id"], "organizationRole": "admin"}
    await client.send("PUT", f"{path}/{made['id']}/user", json=member)
    read = (await client.get(f"{path}/{made['id']}"))["org"]
    gone_member = {"memberToRemoveId": users[1]["id"]}
    await client.send("DELETE", f"{path}/{made['id']}/user", params=gone_member)
    left = (await client.get(f"{path}/all", nameFilter="NEW"))["orgs"]
    assert read["members"] == [member]
    assert left == [made]


async def test_what_no_model_is_known_of_is_kept_too(client: Domino) -> None:
    path = "/api/admin/v1/computeTiers"
    made = await client.send("POST", path, json={"name": "big", "cores": 4})
    await client.send("PATCH", f"{path}/{made['id']}", json={"cores": 8})
    listed = await client.get(path, search="big")
    await client.send("DELETE", f"{path}/{made['id']}")
    assert listed == [made | {"cores": 8}]
    assert await client.get(path) == []


LISTINGS = [
    ("/api/projects/beta/projects", "projects", 3),
    ("/api/datasetrw/v1/datasets", "datasets", 6),
    ("/api/datasetrw/v2/datasets", "datasets", 6),
    ("/api/environments/beta/environments", "environments", 3),
    ("/api/hardwaretiers/v1/hardwaretiers", "hardwareTiers", 3),
    ("/api/datasource/v1/datasources", "dataSources", 3),
    ("/api/aigateway/v1/endpoints", "endpoints", 3),
    ("/api/users/v1/users", "users", 5),
    ("/api/organizations/v1/organizations", "orgs", 2),
    ("/api/modelServing/v1/modelApis", "items", 3),
    ("/api/modelServing/v1/modelDeployments", "items", 3),
    ("/api/registeredmodels/beta", "items", 6),
    ("/api/registeredmodels/beta/names", "items", 6),
    ("/api/registeredmodels/beta/model-1/versions", "items", 3),
]


@pytest.mark.parametrize(("path", "member", "count"), LISTINGS)
async def test_pages_of_a_listing_hold_each_row_once(
    client: Domino, path: str, member: str, count: int
) -> None:
    found: list[Any] = []
    pages = 0
    while rows := (await client.get(path, offset=len(found), limit=2))[member]:
        found += rows
        pages += 1
        assert pages < 9
    assert found == (await client.get(path, offset=0, limit=100))[member]
    assert len(found) == count
    assert pages == (count + 1) // 2


@pytest.mark.parametrize("path", ["modelApis", "modelDeployments"])
async def test_the_latest_release_passes_over_25_rows_unless_told(path: str) -> None:
    spec = DominoSpec(projects=30)
    async with domino(DominoServer(spec, newest=True)) as client:
        first = await client.get(f"/api/modelServing/v1/{path}")
        told = await client.get(f"/api/modelServing/v1/{path}", offset=0)
        costs = (await client.get("/api/cost/v1/allocation", window="today"))["data"][0]
        removed = await client.answer("/api/admin/v1/computeTiers")
    assert (len(first["items"]), len(told["items"])) == (5, 25)
    assert "gpuCost" in costs
    assert removed == (404, {"error": "Not Found"})


async def test_data_of_any_size_is_made_when_asked_for() -> None:
    spec = DominoSpec(projects=100_000, jobs=1_000_000, log_lines=1_000_000)
    async with domino(DominoServer(spec)) as client:
        last = (await client.get(PROJECTS, offset=99_999))["projects"][0]["id"]
        job = (await client.get("/api/jobs/beta/jobs", projectId=last, limit=1))["jobs"][0]
        logs = await client.get(f"/api/jobs/beta/jobs/{job['id']}/logs", limit=3)
    assert job["number"] == 1_000_000
    assert len(logs["logs"]["logContent"]) == 3
