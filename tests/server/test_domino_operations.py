"""Every operation of Domino's facts: its verb and path answer, and the answer fits its model."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from comet_async.server.domino import DominoServer
from comet_async.server.domino.app import HANDLERS
from comet_async.server.domino.facts import facts
from tests.support.domino_client import Domino, domino
from tests.support.domino_shapes import MODELS, OPERATIONS, body_of, fields_of, problems

ALL = sorted(OPERATIONS)


class World:
    """A server, and the names of what there is on it."""

    def __init__(self, client: Domino) -> None:
        self.client = client
        self.ids: dict[str, str] = {}

    async def learn(self) -> None:
        """Read or make one of everything that a path can name."""
        get, send, ids = self.client.get, self.client.send, self.ids
        ids["projectId"] = (await get("/api/projects/beta/projects"))["projects"][0]["id"]
        project = ids["projectId"]
        job = (await get("/api/jobs/beta/jobs", projectId=project, ascending="true"))["jobs"][0]
        ids["jobId"] = job["id"]
        ids["commitId"] = job["commitDetails"]["inputCommitId"]
        detail = (await get(f"/api/jobs/beta/jobs/{job['id']}"))["job"]
        ids["tagId"], ids["goalId"] = detail["tags"][0]["id"], detail["goalIds"][0]
        dataset = (await get("/api/datasetrw/v1/datasets"))["datasets"][0]
        ids["datasetId"], ids["snapshotId"] = dataset["id"], dataset["snapshotIds"][0]
        ids["tagName"] = "latest"
        environment = (await get("/api/environments/beta/environments"))["environments"][0]
        ids["environmentId"] = environment["id"]
        ids["revisionId"] = environment["latestRevision"]["id"]
        tiers = await get("/api/hardwaretiers/v1/hardwaretiers")
        ids["hardwareTierId"] = tiers["hardwareTiers"][0]["id"]
        users = (await get("/api/users/v1/users"))["users"]
        ids["userId"] = users[0]["id"]
        ids["memberId"] = users[2]["id"]
        orgs = await get("/api/organizations/v1/organizations")
        ids["organizationId"] = orgs["orgs"][0]["id"]
        sources = await get("/api/datasource/v1/datasources")
        ids["dataSourceId"] = sources["dataSources"][0]["id"]
        ids["endpointName"], ids["tag"], ids["modelName"] = "endpoint-1", "team-1", "model-1"
        ids["path"], ids["version"], ids["metric"] = "data/input file.csv", "1", "accuracy"
        ids["modelMonitoringId"], ids["asyncModelId"], ids["workspaceId"] = "m", "a", "w"
        await self._learn_serving()
        repository = await send(
            "POST",
            f"/api/projects/v1/projects/{project}/repositories",
            json={"uri": "git@example.com:a/b.git"},
        )
        ids["repositoryId"] = repository["repository"]["id"]
        shared = f"/api/projects/v1/projects/{project}/shared-datasets"
        await send("POST", shared, json={"datasetId": ids["datasetId"]})
        member = {"id": ids["memberId"], "role": "contributor"}
        members = f"/api/projects/v1/projects/{project}/collaborators"
        await send("POST", members, json=member)
        ids["collaboratorId"] = ids["memberId"]

    async def _learn_serving(self) -> None:
        get, send, ids = self.client.get, self.client.send, self.ids
        api = (await get("/api/modelServing/v1/modelApis"))["items"][0]
        base = f"/api/modelServing/v1/modelApis/{api['id']}"
        ids["modelApiId"] = api["id"]
        ids["modelApiVersionId"] = (await get(f"{base}/versions"))[0]["id"]
        token = await send("POST", f"{base}/accessTokens", json={"name": "mine"})
        ids["accessTokenId"] = token["id"]
        body = {"collaborator": "a/b c", "role": "Viewer"}
        await send("POST", f"{base}/collaborators", json=body)
        ids["collaborator"] = "a/b c"
        volume = body_of("ModelApiVolume")
        await send("POST", f"{base}/volumes", json=volume)
        ids["volumeName"], ids["environmentVariableName"] = volume["name"], "PATH"
        deployments = await get("/api/modelServing/v1/modelDeployments")
        ids["modelDeploymentId"] = deployments["items"][0]["id"]
        asked = await send("POST", "/api/modelApis/async/v1/a", json={"parameters": {"x": 1}})
        ids["asyncPredictionId"] = asked["asyncPredictionId"]
        for kind in ("Provider", "Tier"):
            made = await send("POST", f"/api/admin/v1/compute{kind}s", json={"name": "x"})
            ids[f"compute{kind}Id"] = made["id"]
        reviews = "/api/registeredmodels/beta/model-1/versions/1/reviews"
        review = await send("POST", reviews, json={"notes": "n"})
        ids["modelReviewId"] = review["modelReviewId"]

    def path(self, template: str) -> str:
        """Return a template with the names of what there is."""
        return re.sub(r"\{(\w+)\}", lambda match: quote(self.ids[match[1]], safe=""), template)

    def query(self, operation: dict[str, Any]) -> dict[str, object]:
        """Return values of the required query members."""
        times = {
            "startingReferenceTimestampInclusive": "2024-01-01T00:00:00Z",
            "endingReferenceTimestampInclusive": "2025-01-01T00:00:00Z",
            "window": "7d",
            "memberToRemoveId": self.ids["userId"],
        }
        known = times | self.ids
        return {
            fact["name"]: known[fact["name"]]
            for fact in operation["params"]
            if fact["in"] == "query" and fact.get("required")
        }

    def body(self, operation: dict[str, Any]) -> object:
        """Return a body that the operation takes."""
        if not operation["body"]:
            return None
        body = body_of(operation["body"])
        own: dict[str, object] = {
            "projectId": self.ids["projectId"],
            "goalId": self.ids["goalId"],
            "userId": self.ids["userId"],
            "datasetId": self.ids["datasetId"],
            "snapshotId": self.ids["snapshotId"],
        }
        if isinstance(body, dict):
            body |= {name: value for name, value in own.items() if name in body}
        special = {
            "add_collaborator_to_project": {"id": self.ids["userId"], "role": "contributor"},
            "remove_dataset_grant": {
                "targetId": self.ids["userId"],
                "targetRole": "DatasetRwOwner",
            },
        }
        if operation["name"] == "update_hardware_tier":
            body["id"] = self.ids["hardwareTierId"]
        if operation["name"] == "create_org":
            body["members"] = []
        return special.get(operation["name"], body)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A server with one of everything."""
    async with domino(DominoServer()) as client:
        found = World(client)
        await found.learn()
        yield found


def wrong(operation: dict[str, Any], status: int, kind: str, body: bytes) -> list[str]:
    """Return what is wrong with the answer of an operation."""
    model = operation["response"]
    if operation.get("response_media"):
        return [] if body and "json" not in kind else ["no file"]
    if model is None or status == 204:
        return [] if not body or json.loads(body) is not None else ["null"]
    if not kind.startswith("application/json"):
        return [f"{kind}: no JSON"]
    document = json.loads(body)
    if operation["response_list"]:
        if not isinstance(document, list) or not document:
            return ["no rows"]
        return [text for row in document for text in problems(model, row)]
    return list(problems(model, document))


@pytest.mark.parametrize("name", ALL)
async def test_the_answer_of_an_operation_fits_its_model(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    status, headers, body = await world.client.raw(
        operation["verb"],
        world.path(operation["path"]),
        json=world.body(operation),
        params=world.query(operation),
    )
    assert status in operation["success"], body
    assert wrong(operation, status, headers.get("Content-Type", ""), body) == []
    assert headers["X-Request-Id"]


NEWER = [name for name in ALL if "newer_path" in OPERATIONS[name]]


@pytest.mark.parametrize("name", NEWER)
async def test_the_later_path_of_an_operation_answers_too(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    newer = operation["newer_path"]
    status, headers, body = await world.client.raw(
        newer["verb"], world.path(newer["path"]), json=world.body(operation)
    )
    assert status in operation["success"], body
    if name != "get_registered_models":
        assert wrong(operation, status, headers.get("Content-Type", ""), body) == []
    else:
        assert list(problems("TokenPaginatedMetadataV1", json.loads(body)["metadata"])) == []


def test_each_operation_has_a_handler_and_the_path_of_the_facts() -> None:
    served = {item.name: item for item in facts().operations}
    assert served.keys() == OPERATIONS.keys() == HANDLERS.keys()
    for name, operation in OPERATIONS.items():
        mine = served[name]
        assert (mine.verb, mine.path) == (operation["verb"], operation["path"])
        assert mine.query.keys() == {
            fact["name"] for fact in operation["params"] if fact["in"] == "query"
        }
        assert [mine.status] == operation["success"]
        assert mine.body == (operation["body"] or "")


def test_each_model_has_the_members_of_the_facts() -> None:
    assert facts().models.keys() == MODELS.keys()
    for name, model in facts().models.items():
        if MODELS[name]["kind"] == "object":
            assert model.fields.keys() == fields_of(name).keys(), name


WITH_BODY = [name for name in ALL if OPERATIONS[name]["body"]]


@pytest.mark.parametrize("name", WITH_BODY)
async def test_a_body_that_is_no_json_is_refused(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    status, _, body = await world.client.raw(
        operation["verb"],
        world.path(operation["path"]),
        data=b"{no json",
        params=world.query(operation),
    )
    assert status == 400
    assert list(problems("InvalidBodyEnvelopeV1", json.loads(body))) == []


DEMANDING = [
    name
    for name in WITH_BODY
    if any(f.get("required") for f in MODELS[OPERATIONS[name]["body"]]["fields"])
]


@pytest.mark.parametrize("name", DEMANDING)
async def test_a_body_without_what_it_must_have_is_refused(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    status, _, body = await world.client.raw(
        operation["verb"],
        world.path(operation["path"]),
        json={},
        params=world.query(operation),
    )
    assert status == 400
    assert "required" in json.loads(body)["message"]


WITH_ID = [
    name
    for name in ALL
    if "{" in OPERATIONS[name]["path"]
    and OPERATIONS[name]["path"].split("/")[-1].startswith("{")
    and name not in {"retrieve_metric_values", "request_async_prediction"}
    and name != "delete_model_api_environment_variable"
]


@pytest.mark.parametrize("name", WITH_ID)
async def test_what_is_not_there_is_answered_with_the_failure_document(
    world: World, name: str
) -> None:
    operation = OPERATIONS[name]
    before, _, _ = operation["path"].rpartition("/")
    status, headers, body = await world.client.raw(
        operation["verb"],
        world.path(before) + "/no%2Fsuch",
        json=world.body(operation),
        params=world.query(operation),
    )
    document = json.loads(body)
    assert status == 404
    assert list(problems("FailureEnvelopeV1", document)) == []
    assert document["requestId"] == headers["X-Request-Id"]
    assert "no/such not found" in document["errors"][0]
