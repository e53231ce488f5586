"""The addresses of live logging and of archives that are uploaded, over raw HTTP."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer
from comet_async.server.app import LOGGING_ROUTES
from tests.server.write_world import World, at

KEY = "0123456789abcdef0123456789abcdef"
RUN = {"experimentKey": KEY}
HELLO = {
    "apiKey": "k",
    "local_timestamp": 1,
    "experimentKey": KEY,
    "offline": False,
    "projectName": "live",
    "teamName": "default",
    "libVersion": "3.58.8",
    "getOrCreateEnabled": False,
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with (
        LocalServer(api_keys={"k"}) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        yield World(server, session)


async def post(
    world: World, path: str, body: object, status: int = 200, *, packed: bool = False
) -> Any:
    """Send a JSON body to an address of live logging."""
    data = json.dumps(body).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    url = f"{world.server.url}/clientlib/{path}"
    data = gzip.compress(data) if packed else data
    async with world.session.post(url, data=data, headers=headers) as response:
        assert response.status == status, await response.text()
        return json.loads(await response.read())


async def metadata(world: World) -> dict[str, Any]:
    found: dict[str, Any] = await world.read("experiment/metadata", RUN)
    return found


async def test_the_handshake_makes_a_run_that_goes_on_until_it_says_so(world: World) -> None:
    hello = await post(world, "logger/add/run", HELLO)
    row = await metadata(world)
    assert hello["runId"] == KEY
    assert hello["project_id"] == row["projectId"]
    assert hello["focusUrl"].startswith(f"{world.server.url}/default/live/")
    assert (row["running"], row["projectName"], row["workspaceName"]) == (True, "live", "default")
    beat = {**RUN, "apiKey": "k", "runId": KEY, "projectId": row["projectId"], "is_alive": True}
    told = await post(world, "status-report/update", beat)
    assert told["is_alive_beat_duration_millis"] > 0
    assert told["gpu_monitor_interval_millis"] > 0
    assert (await metadata(world))["running"] is True
    await post(world, "status-report/update", {**beat, "is_alive": False})
    assert (await metadata(world))["running"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"teamName": "nobody"}, 90219),
        ({"experimentKey": "too-short"}, 0),
        ({"experimentKey": None}, 0),
        ({"getOrCreateEnabled": "yes"}, 0),
    ],
)
async def test_a_wrong_handshake_is_refused(
    world: World, change: dict[str, Any], code: int
) -> None:
    body = await post(world, "logger/add/run", {**HELLO, **change}, 400)
    assert body["sdk_error_code"] == code
    assert await world.read("workspaces", {}) == {"workspaceNames": []}


async def test_a_run_is_made_once_unless_the_client_would_go_on(world: World) -> None:
    await post(world, "logger/add/run", HELLO)
    again = await post(world, "logger/add/run", HELLO, 400)
    assert again["sdk_error_code"] == 90999
    await world.done("log_experiment_metric", {**RUN, "metricName": "m", "metricValue": 1})
    await world.done("stop_experiment", RUN)
    resumed = await post(world, "logger/add/run", {**HELLO, "getOrCreateEnabled": True})
    assert resumed["lastOffset"] == 1
    assert (await metadata(world))["running"] is True
    got = await post(world, "logger/get/run", {"apiKey": "k", "previousExperiment": KEY})
    assert got["runId"] == KEY
    unknown = {"apiKey": "k", "previousExperiment": "nobody"}
    assert (await post(world, "logger/get/run", unknown, 400))["sdk_error_code"] == 90210


async def test_a_key_may_stand_in_the_body_and_a_wrong_one_is_told_as_the_sdk_reads_it(
    world: World,
) -> None:
    async with aiohttp.ClientSession() as bare:
        stranger = World(world.server, bare)
        wrong = await post(stranger, "logger/add/run", {**HELLO, "apiKey": "wrong"}, 400)
        assert wrong["sdk_error_code"] == 90212
        await post(stranger, "logger/add/run", HELLO)
        await post(stranger, "health/ping", {}, 405)
    assert (await metadata(world))["running"] is True


async def test_batches_of_values_are_logged_with_their_places(world: World) -> None:
    await post(world, "logger/add/run", HELLO)
    points = [
        {"metricName": "loss", "metricValue": value, "step": at, "epoch": 2, "context": "train"}
        for at, value in enumerate([0.5, "NaN", "-Infinity"])
    ]
    batch = "batch/logger/experiment"
    await post(world, f"{batch}/metric", {**RUN, "values": points}, packed=True)
    rows = [{"parameterName": "lr", "parameterValue": value, "timestamp": 5} for value in (3, 1)]
    await post(world, f"{batch}/parameter", {**RUN, "values": rows}, packed=True)
    query = {**RUN, "metricName": "loss"}
    found = (await world.read("experiment/metrics/get-metric", query))["metrics"]
    assert [row["metricValue"] for row in found] == ["0.5", "NaN", "-Infinity"]
    assert {(row["epoch"], row["runContext"]) for row in found} == {(2, "train")}
    values = (await world.read("experiment/parameters", RUN))["values"]
    [row] = values
    assert (row["valueMax"], row["valueMin"], row["valueCurrent"]) == ("3", "1", "1")


@pytest.mark.parametrize("kind", ["metric", "parameter"])
async def test_a_batch_with_one_bad_row_is_not_logged_at_all(world: World, kind: str) -> None:
    await post(world, "logger/add/run", HELLO)
    good = {f"{kind}Name": "a", f"{kind}Value": 1}
    body = {**RUN, "values": [good, {f"{kind}Name": "b"}]}
    await post(world, f"batch/logger/experiment/{kind}", body, 400)
    assert (await world.read("experiment/metrics/get-all", RUN))["metrics"] == []
    assert (await world.read("experiment/parameters", RUN))["values"] == []


async def test_tags_and_the_times_of_an_archive(world: World) -> None:
    await post(world, "logger/add/run", {**HELLO, "offline": True})
    await post(world, "tags/add-tags-to-experiment", {**RUN, "addedTags": ["a", "b"]})
    times = {**RUN, "startTimestamp": 1_000, "endTimestamp": 4_000}
    await post(world, "status-report/offline-metadata", times)
    row = await metadata(world)
    assert (row["startTimeMillis"], row["endTimeMillis"], row["running"]) == (1_000, 4_000, False)
    assert (await world.read("experiment/tags", RUN))["tags"] == ["a", "b"]


async def test_a_symlink_of_the_client_is_one_of_the_api(world: World) -> None:
    await post(world, "logger/add/run", HELLO)
    url = f"{world.server.url}/clientlib/symlink/new"
    async with world.session.get(url, params={**RUN, "projectName": "more"}) as response:
        assert response.status == 200
    rows = await world.read("experiments", {"workspaceName": "default", "projectName": "more"})
    assert [row["experimentKey"] for row in rows["experiments"]] == [KEY]


async def upload(world: World, path: str, data: bytes, **query: str) -> tuple[int, Any]:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename="file")
    url = f"{world.server.url}/clientlib/{path}"
    async with world.session.post(url, params=query, data=form) as response:
        return response.status, json.loads(await response.read())


async def test_files_and_figures_keep_the_ids_of_the_client(world: World) -> None:
    await post(world, "logger/add/run", HELLO)
    own = {"experimentId": KEY, "projectId": "p"}
    await upload(world, "asset/upload", b"text", **own, assetId="a1", fileName="a.txt", step="3")
    await upload(world, "visualizations/upload", b"png", **own, imageId="i1", figName="fig")
    await upload(world, "git-patch/upload", b"PK", **own)
    assets = (await world.read("experiment/asset/list", RUN))["assets"]
    assert [(row["assetId"], row["fileName"], row["type"]) for row in assets] == [
        ("a1", "a.txt", "asset"),
        ("i1", "fig", "image"),
    ]
    assert await world.read("experiment/git/patch", RUN) == b"PK"
    status, body = await upload(world, "asset/upload", b"x", experimentId="nobody")
    assert (status, body["sdk_error_code"]) == (400, 90211)


@pytest.mark.parametrize(("path", "kind"), [("asset", "asset"), ("visualizations", "image")])
async def test_files_may_come_in_parts(world: World, path: str, kind: str) -> None:
    await post(world, "logger/add/run", HELLO)
    params = {"cloudType": "AWS", "preSignUrlTimeoutSec": 60, "numOfFileParts": 1}
    start = {"startUploadParams": params, "experimentId": KEY, "fileName": "p", "assetId": "p1"}
    begun = await post(world, f"{path}/upload-start", start)
    async with world.session.put(begun["preSignUrl"][0], data=b"part") as response:
        tag = response.headers["ETag"]
    parts = [{"ETag": tag, "PartNumber": 1}]
    done = {"requestId": begun["requestId"], "succeed": True, "fileSize": 4}
    wrong = {**done, "uploadedFileParts": [{"ETag": "x", "PartNumber": 1}]}
    await post(world, f"{path}/upload-complete", wrong, 400)
    await post(world, f"{path}/upload-complete", {**done, "uploadedFileParts": parts})
    listed = await world.read("experiment/asset/list", RUN)
    assert at(listed, "assets assetId=p1 type") == kind
    assert await world.read("experiment/asset/get-asset", {**RUN, "assetId": "p1"}) == b"part"


@pytest.mark.parametrize(
    "path", ["notification/experiment", "notify/event", "log/add", "rpc/get-pending-rpcs"]
)
async def test_messages_that_change_nothing_are_taken(world: World, path: str) -> None:
    await post(world, "logger/add/run", HELLO)
    before = await metadata(world)
    await post(world, path, {"apiKey": "k", "experimentKey": KEY})
    assert await metadata(world) == before
    assert "/clientlib/" + path not in world.server.log.applied_counts()


async def test_what_is_asked_for_at_the_start_is_answered(world: World) -> None:
    await post(world, "logger/add/run", HELLO)
    assert await post(world, "asset/3d-limits", {"apiKey": "k", "experimentKey": KEY})
    async with world.session.get(f"{world.server.url}/clientlib/health/ping") as response:
        assert response.status == 200
    asked = {(record.method, record.template) for record in world.server.log}
    assert asked <= set(LOGGING_ROUTES)
