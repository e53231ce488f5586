"""What writes do to each other: lists that move, versions, aliases, stages, names, states."""

from __future__ import annotations

import io
import itertools
import json
import threading
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.server.write_world import World, at, panel_zip

RUN = {"experimentKey": "$key"}
LAB = {"workspaceName": "team", "projectName": "lab"}
OTHER = {"workspaceName": "team", "projectName": "other"}
GENERAL = {"workspaceName": "team", "projectName": "general"}
MODEL = {"workspaceName": "team", "modelName": "net"}
ARTIFACT = {"workspace": "team", "artifactName": "data"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with (
        LocalServer(extras=False) as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        found = World(server, session)
        await found.build()
        yield found


@pytest.fixture
async def invented() -> AsyncIterator[World]:
    """A server of synthetic runs and invented objects, of which nothing was written yet."""
    spec = SyntheticSpec(experiments=12, points=20, archived=2)
    async with (
        LocalServer(synthetic=spec) as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        found = World(server, session)
        rows = await found.read("experiments", SYNTHETIC)
        found.ids["key"] = rows["experiments"][3]["experimentKey"]
        yield found


SYNTHETIC = {"workspaceName": "synthetic", "projectName": "synthetic"}


async def keys(world: World, address: dict[str, str], **query: str) -> list[str]:
    rows = (await world.read("experiments", {**address, **query}))["experiments"]
    return [row["experimentKey"] for row in rows]


async def test_a_synthetic_run_can_be_written_to_and_keeps_the_rest(invented: World) -> None:
    before = await invented.read("experiment/metrics/get-all", RUN)
    name = before["metrics"][0]["metricName"]
    old = [row for row in before["metrics"] if row["metricName"] == name]
    row = {**RUN, "metricName": name, "metricValue": -7.5, "step": 10_000}
    await invented.done("log_experiment_metric", row)
    await invented.done(
        "log_experiment_parameter", {**RUN, "parameterName": "n", "parameterValue": 1}
    )
    after = await invented.read("experiment/metrics/get-metric", {**RUN, "metricName": name})
    assert after["metrics"][:-1] == old
    assert after["metrics"][-1]["metricValue"] == "-7.5"
    assert after["metrics"][-1]["offset"] == old[-1]["offset"] + 1
    chart = {"targetedExperiments": [invented.ids["key"]], "metrics": [name], "fetchFull": True}
    url = f"{invented.server.url}/api/rest/v2/experiments/multi-metric-chart"
    async with invented.session.post(url, json=chart) as response:
        entry = (await response.json())["experiments"][invented.ids["key"]]
    assert entry["metrics"][0]["values"][-1] == -7.5
    assert len(entry["metrics"][0]["values"]) == len(old) + 1
    whole = await invented.read("experiment/metrics/get-all", RUN)
    assert len(whole["metrics"]) == len(before["metrics"]) + 1


async def test_archive_and_restore_move_lists_of_runs_that_were_not_written(
    invented: World,
) -> None:
    live, archived = (
        await keys(invented, SYNTHETIC),
        await keys(invented, SYNTHETIC, archived="True"),
    )
    await invented.done("archive_experiment", RUN)
    key = invented.ids["key"]
    assert await keys(invented, SYNTHETIC) == [item for item in live if item != key]
    assert sorted(await keys(invented, SYNTHETIC, archived="True")) == sorted([*archived, key])
    await invented.done("restore_experiment", RUN)
    assert await keys(invented, SYNTHETIC) == live


async def test_queries_follow_what_was_written(invented: World) -> None:
    await invented.done("add_experiment_tags", {**RUN, "addedTags": ["chosen"]})
    await invented.done("log_experiment_metric", {**RUN, "metricName": "new", "metricValue": 9})
    for source, name, operator, value in (
        ("tag", "chosen", "equal", "chosen"),
        ("metrics", "new", "greater", 8),
    ):
        rule = {"id": name, "field": name, "type": "double", "operator": operator, "value": value}
        query = {"condition": "AND", "rules": [rule], "valid": True}
        body = {**SYNTHETIC, "predicates": [{"source": source, "query": query}], "archived": False}
        url = f"{invented.server.url}/api/rest/v2/project/query"
        async with invented.session.post(url, json=body) as response:
            assert (await response.json())["experimentKeys"] == [invented.ids["key"]]


async def test_each_change_moves_the_time_of_its_project_and_a_beat_does_not(world: World) -> None:
    async def moved() -> int:
        return int((await world.read("project", LAB))["lastUpdated"])

    first = await moved()
    await world.done("add_experiment_tags", {**RUN, "addedTags": ["x"]})
    second = await moved()
    await world.done("set_experiment_alive", RUN)
    assert second > first
    assert await moved() == second


async def test_a_symlink_goes_with_the_run_and_with_its_project(world: World) -> None:
    await world.done("create_experiment_symlink", {**RUN, "projectName": "linked"})
    linked = {"workspaceName": "team", "projectName": "linked"}
    assert await keys(world, linked) == [world.ids["key"]]
    await world.done("archive_experiment", RUN)
    assert await keys(world, linked) == []
    assert await keys(world, linked, archived="true") == [world.ids["key"]]
    await world.done("restore_experiment", RUN)
    project = (await world.read("project", linked))["projectId"]
    await world.done("delete_project", {"projectId": project, "deleteAllExperiments": True})
    assert await keys(world, LAB) == [world.ids["key"]]
    await world.done("create_experiment_symlink", {**RUN, "projectName": "again"})
    await world.done("delete_experiment", RUN)
    assert await keys(world, {"workspaceName": "team", "projectName": "again"}) == []


async def test_a_deleted_project_leaves_its_runs_to_the_general_one(world: World) -> None:
    await world.done("delete_project", {**LAB, "deleteAllExperiments": False})
    assert await keys(world, GENERAL) == [world.ids["key"]]
    assert await keys(world, GENERAL, archived="true") == [world.ids["archived"]]
    status, _ = await world.write("delete_project", GENERAL)
    assert status == 400
    await world.done("delete_project", {**GENERAL, "deleteAllExperiments": True})
    assert (await world.read("experiment/metadata", RUN))["sdk_error_code"] == 90211


async def test_a_project_made_again_is_another_and_empty(world: World) -> None:
    await world.done("delete_project", {**LAB, "deleteAllExperiments": True})
    made = await world.done("create_project", LAB)
    assert made["projectId"] != world.ids["project"]
    assert await keys(world, LAB) == []


async def test_a_renamed_project_keeps_id_runs_and_times(world: World) -> None:
    earlier = (await world.read("project", LAB))["lastUpdated"]
    await world.done("update_project", {"projectId": "$project", "newProjectName": "renamed"})
    renamed = {"workspaceName": "team", "projectName": "renamed"}
    row = await world.read("project", renamed)
    assert (row["projectId"], row["numberOfExperiments"]) == (world.ids["project"], 1)
    assert 0 < row["lastUpdated"] - earlier < 1_000
    await world.done("create_experiment", LAB)
    assert len(await keys(world, LAB)) == 1


async def test_a_move_of_many_is_done_whole_or_not_at_all(world: World) -> None:
    move = {"targetWorkspaceName": "team", "targetProjectName": "target", "symlink": False}
    status, _ = await world.write(
        "move_experiments", {**move, "experimentKeys": ["$key", "$archived", "nobody"]}
    )
    assert status == 400
    assert (await world.read("project", {**LAB, "projectName": "target"}))["code"] == 404
    await world.done("move_experiments", {**move, "experimentKeys": ["$key", "$archived"]})
    assert await keys(world, LAB) == []
    target = {"workspaceName": "team", "projectName": "target"}
    assert await keys(world, target) == [world.ids["key"]]
    assert await keys(world, target, archived="true") == [world.ids["archived"]]


async def test_parameters_are_dropped_together_or_not_at_all(world: World) -> None:
    rows = [
        {"experimentKey": "$key", "parameterName": "lr"},
        {"experimentKey": "$key", "parameterName": "nothing"},
    ]
    status, _ = await world.write("delete_experiment_parameters", {"[]": rows})
    assert status == 400
    values = (await world.read("experiment/parameters", RUN))["values"]
    assert [row["name"] for row in values] == ["lr", "batch"]


async def test_a_member_is_added_once(world: World) -> None:
    member = {"userEmail": "ann@example.com", "workspaceName": "team"}
    await world.done("add_workspace_member", member)
    status, body = await world.write("add_workspace_member", member)
    assert status == 400
    assert "already member of" in body["msg"]


async def test_points_that_come_late_are_shown_by_step_and_the_last_one_is_current(
    world: World,
) -> None:
    for value, step in (("NaN", 5), (2.5, 1), ("-Infinity", 3), (1, None)):
        row = {**RUN, "metricName": "m", "metricValue": value, "step": step, "timestamp": 7}
        await world.done("log_experiment_metric", row)
    found = await world.read("experiment/metrics/get-metric", {**RUN, "metricName": "m"})
    steps = [(row["step"], row["metricValue"], row["offset"]) for row in found["metrics"]]
    assert steps == [(None, "1", 3), (1, "2.5", 1), (3, "-Infinity", 2), (5, "NaN", 0)]
    summary = await world.read("experiment/metrics/summary", RUN)
    row = at(summary, "values name=m")
    assert (row["valueMax"], row["valueMin"], row["valueCurrent"]) == ("2.5", "-Infinity", "1")


async def test_bare_tokens_of_the_sdk_are_numbers(world: World) -> None:
    url = f"{world.server.url}/api/rest/v2/write/experiment/metric"
    key = world.ids["key"]
    body = f'{{"experimentKey": "{key}", "metricName": "n", "metricValue": NaN, "step": 1}}'
    async with world.session.post(url, data=body.encode()) as response:
        assert response.status == 200
    found = await world.read("experiment/metrics/get-metric", {**RUN, "metricName": "n"})
    assert found["metrics"][0]["metricValue"] == "NaN"


async def test_more_points_than_are_stored_are_sampled_evenly(world: World) -> None:
    values = [{"metricName": "long", "metricValue": at, "step": at} for at in range(20_000)]
    url = f"{world.server.url}/clientlib/batch/logger/experiment/metric"
    body = {"experimentKey": world.ids["key"], "values": values}
    async with world.session.post(url, data=io.BytesIO(json.dumps(body).encode())) as response:
        assert response.status == 200
    found = await world.read("experiment/metrics/get-metric", {**RUN, "metricName": "long"})
    steps = [row["step"] for row in found["metrics"]]
    assert (len(steps), steps[0], steps[-1]) == (15_000, 0, 19_999)
    assert {second - first for first, second in itertools.pairwise(steps)} == {1, 2}
    full = {**RUN, "type": "ASSET_TYPE_FULL_METRIC"}
    [asset] = (await world.read("experiment/asset/list", full))["assets"]
    assert asset["fileName"] == "long_0.csv.zip"
    query = {**RUN, "assetId": asset["assetId"]}
    data = await world.read("experiment/asset/get-asset", query)
    assert len(data) == asset["fileSize"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = archive.read("long_0.csv").decode().splitlines()
    assert len(lines) == 1 + 20_000
    assert (lines[0], lines[-1].split(",")[0]) == ("value,timestamp,step,epoch", "19999")
    await world.done("delete_experiment_metric", {**RUN, "metricName": "long"})
    assert (await world.read("experiment/asset/list", full))["assets"] == []


async def test_writes_from_several_threads_and_over_http_are_all_kept(world: World) -> None:
    key = world.ids["key"]

    def append() -> None:
        for number in range(50):
            world.server.changes.append(key, "threads", [number])

    thread = threading.Thread(target=append)
    thread.start()
    for number in range(50):
        row = {**RUN, "metricName": "http", "metricValue": number, "step": number}
        await world.done("log_experiment_metric", row)
    thread.join()
    whole = await world.read("experiment/metrics/get-all", RUN)
    names = [row["metricName"] for row in whole["metrics"]]
    assert (names.count("threads"), names.count("http")) == (50, 50)


async def versions(world: World) -> dict[str, list[str]]:
    rows = (await world.read("artifacts/get", ARTIFACT))["versions"]
    return {row["version"]: row["alias"] for row in rows}


def artifact(**more: Any) -> dict[str, Any]:
    return {**RUN, "artifactName": "data", "artifactType": "dataset", **more}


async def test_an_alias_has_one_version_and_latest_the_newest_that_is_closed(world: World) -> None:
    assert await versions(world) == {"1.0.0": ["Latest"], "1.5.0": []}
    made = await world.done("upsert_artifact", artifact(alias=["best"], version="3.0.0"))
    third = {"artifactVersionId": made["artifactVersionId"], **RUN, "state": "CLOSED"}
    assert (await versions(world))["1.0.0"] == ["Latest"]
    await world.done("set_artifact_version_state", third)
    found = {"1.0.0": [], "1.5.0": [], "3.0.0": ["Latest", "best"]}
    assert await versions(world) == found
    await world.done(
        "update_artifact_version", {"artifactVersionId": "$version", "alias": ["BEST"]}
    )
    assert await versions(world) == {"1.0.0": ["BEST"], "1.5.0": [], "3.0.0": ["Latest"]}
    nxt = await world.done("upsert_artifact", artifact())
    assert (nxt["previousVersion"], nxt["currentVersion"]) == ("3.0.0", "4.0.0")


async def test_a_failed_version_is_final_and_cannot_be_read_by_name(world: World) -> None:
    state = {"artifactVersionId": "$open", **RUN}
    await world.done("set_artifact_version_state", {**state, "state": "ERROR"})
    status, body = await world.write("set_artifact_version_state", {**state, "state": "CLOSED"})
    assert (status, body["sdk_error_code"]) == (400, 90401)
    named = await world.read("artifacts/version", {**ARTIFACT, "version": "1.5.0"})
    assert named["sdk_error_code"] == 90403


async def test_files_go_to_open_versions_with_their_paths(world: World) -> None:
    for version, status in (("$open", 200), ("$version", 400)):
        sent = {**RUN, "artifactVersionId": version, "fileName": "d/e/f.txt", "file": b"first"}
        answered, body = await world.write("upload_experiment_asset", sent)
        assert answered == status, body
    again = {**RUN, "artifactVersionId": "$open", "fileName": "d/e/f.txt", "file": b"second"}
    await world.done("upload_experiment_asset", again)
    done = {"artifactVersionId": "$open", **RUN, "state": "CLOSED"}
    await world.done("set_artifact_version_state", done)
    files = (await world.read("artifacts/version/files", {**ARTIFACT, "version": "1.5.0"}))["files"]
    assert [(row["fileName"], row["dir"], row["fileSize"]) for row in files] == [
        ("d/e/f.txt", "d/e", 6)
    ]
    query = {"artifactVersionId": "$open", "assetId": files[0]["assetId"], "experimentKey": ""}
    assert await world.read("experiment/asset/get-asset", query) == b"second"
    assert (await world.read("artifacts/version", {**ARTIFACT, "version": "1.5.0"}))[
        "sizeInBytes"
    ] == 6
    assert len((await world.read("experiment/asset/list", RUN))["assets"]) == 2


async def test_lineage_tells_who_wrote_and_who_read(world: World) -> None:
    reader = {"experimentKey": "$ended"}
    query = {**ARTIFACT, "version": "1.0.0", "consumerExperimentKey": "$ended"}
    await world.read("artifacts/version", query)
    read = (await world.read("get/artifacts", {**reader, "filter": "input"}))["artifacts"]
    assert [(row["artifactVersion"], row["direction"]) for row in read] == [("1.0.0", "input")]
    wrote = (await world.read("get/artifacts", {**RUN, "filter": "all"}))["artifacts"]
    assert [row["direction"] for row in wrote] == ["output", "output"]


async def test_invented_artifacts_take_new_versions(invented: World) -> None:
    sent = {**RUN, "artifactName": "training-data", "artifactType": "dataset"}
    made = await invented.done("upsert_artifact", sent)
    assert made["currentVersion"] == "3.0.0"
    query = {"workspace": "synthetic", "artifactName": "training-data"}
    rows = (await invented.read("artifacts/get", query))["versions"]
    assert [row["version"] for row in rows] == ["1.0.0", "2.0.0", "3.0.0"]
    status, body = await invented.write("upsert_artifact", {**sent, "artifactType": "model"})
    assert (status, body["sdk_error_code"]) == (400, 0)


async def test_registry_versions_are_not_made_twice_and_models_not_again(world: World) -> None:
    sent = {"experimentModelId": "$model", "registryModelName": "Net", "version": "1.0.0"}
    for name in ("create_registry_model", "create_registry_model_item"):
        status, body = await world.write(name, sent)
        assert (status, body["code"]) == (400, 400)
        assert "exists" in body["msg"]
    taken = {"experimentModelId": "$model", "registryModelName": "second", "version": "1.0"}
    made = await world.done("create_registry_model", taken)
    rename = {"registryModelId": made["registryModelId"], "registryModelName": "net"}
    status, body = await world.write("update_registry_model", rename)
    assert (status, "exists" in body["msg"]) == (400, True)


async def test_the_history_tells_every_status_the_newest_first(world: World) -> None:
    for status in ("QA", "QA", "Production"):
        await world.done(
            "set_registry_model_item_status", {"modelItemId": "$item", "status": status}
        )
    url = f"{world.server.url}/api/rest/v2/registry-model/history/item"
    body = {"registryModelItemId": world.ids["item"], "groupedBy": "DAY"}
    async with world.session.post(url, json=body) as response:
        days = await response.json()
    events = [event for day in days.values() for event in day]
    assert [event["newValue"].get("registryModelStatus") for event in events] == [
        "Production",
        "QA",
        None,
    ]
    assert events[0]["previousValue"]["registryModelStatus"] == "QA"
    assert events[-1]["actionType"] == "MODEL_VERSION_CREATED"


async def test_the_history_of_a_synthetic_version_goes_on(invented: World) -> None:
    model = {"workspaceName": "synthetic", "modelName": "synthetic-model"}
    found = (await invented.read("registry-model/items", model))["items"]
    row = next(row for row in found if row["status"] != "None")
    sent = {"modelItemId": row["registryModelItemId"], "status": "Archived"}
    await invented.done("set_registry_model_item_status", sent)
    url = f"{invented.server.url}/api/rest/v2/registry-model/history/item"
    body = {"registryModelItemId": row["registryModelItemId"]}
    async with invented.session.post(url, json=body) as response:
        days = await response.json()
    events = [event for day in days.values() for event in day]
    statuses = [event["newValue"].get("registryModelStatus") for event in events]
    assert statuses == ["Archived", row["status"], None]


async def test_a_view_is_changed_in_its_place_and_what_is_not_sent_stays(world: World) -> None:
    sent = {"projectId": "$project", "templateName": "v", "reactGridTableState": '{"a":1}'}
    made = await world.done("upsert_view", {**sent, "v2": {"x": 1}})
    changed = {"projectId": "$project", "templateName": "v2", "templateId": made["templateId"]}
    await world.done("upsert_view", changed)
    [view] = (await world.read("views/get-all", {"projectId": "$project"}))["views"]
    assert (view["templateName"], view["reactGridTableState"]) == ("v2", '{"a":1}')
    assert view["v2"] == {"x": 1}
    other = (await world.read("project", OTHER))["projectId"]
    status, _ = await world.write("upsert_view", {**changed, "projectId": other})
    assert status == 404


async def test_a_panel_is_replaced_under_its_id_and_in_its_workspace_only(world: World) -> None:
    made = await world.done("upload_panel_zip", {"teamName": "team", "file": panel_zip()})
    template = made["templateId"]
    sent = {"teamName": "team", "templateId": template, "file": panel_zip("print()")}
    assert await world.done("upload_panel_zip", sent) == made
    panel = await world.read("code-panel/download", {"templateId": template})
    assert (panel["revisionId"], panel["code"]["pyCode"]) == (2, "print()")
    await world.done("create_workspace", {"name": "foreign"})
    status, _ = await world.write("upload_panel_zip", {**sent, "teamName": "foreign"})
    assert status == 404


async def test_an_experiment_without_beat_is_over_at_once(world: World) -> None:
    made = await world.done("create_experiment", {**LAB, "disableHeartBeat": True})
    row = await world.read("experiment/metadata", {"experimentKey": made["experimentKey"]})
    assert (row["running"], row["durationMillis"]) == (False, 0)


async def test_points_after_the_end_move_it(world: World) -> None:
    times = {"startTimeMillis": 1_000, "endTimeMillis": 2_000}
    await world.done("set_experiment_start_end", {"experimentKey": "$ended", **times})
    row = {"experimentKey": "$ended", "metricName": "late", "metricValue": 1, "timestamp": 5_000}
    await world.done("log_experiment_metric", row)
    metadata = await world.read("experiment/metadata", {"experimentKey": "$ended"})
    assert (metadata["endTimeMillis"], metadata["running"]) == (5_000, False)


async def test_edits_of_the_server_and_writes_see_each_other(world: World) -> None:
    key = world.ids["key"]
    world.server.changes.set_parameter(key, "lr", "9")
    await world.done("log_experiment_parameter", {**RUN, "parameterName": "m", "parameterValue": 2})
    world.server.changes.rename(key, "named")
    await world.done("add_experiment_tags", {**RUN, "addedTags": ["second"]})
    values = (await world.read("experiment/parameters", RUN))["values"]
    assert {row["name"]: row["valueCurrent"] for row in values} == {
        "lr": "9",
        "batch": "0.1",
        "m": "2",
    }
    assert (await world.read("experiment/tags", RUN))["tags"] == ["first", "second"]
    assert (await world.read("experiment/metadata", RUN))["experimentName"] == "named"
    assert await world.read("experiment/asset/get-asset", {**RUN, "assetId": "$asset"}) == b"a"
