from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comet_async.server import (
    Changes,
    Facts,
    LocalServer,
    Logged,
    MemorySource,
    Store,
    SyntheticSource,
    SyntheticSpec,
    memory_project,
    series_of,
    serve_in_thread,
)
from comet_async.testing import local_server

SPEC = SyntheticSpec(experiments=6, points=5, metrics=2, odd_metrics=True)
SOURCE = SyntheticSource(SPEC)
PROJECT = SOURCE.projects()[0]
KEYS = [SOURCE.key(index) for index in range(6)]
BY_ID = {"projectId": PROJECT.project_id}
NEW = "e" * 32


def logged(key: str = NEW, **more: Any) -> Logged:
    start = more.pop("start_ms", 1_800_000_000_000)
    facts = Facts(key, more.pop("project", PROJECT), "new", start, start + 60_000)
    return Logged(facts, series={"loss": series_of("loss", ["0.5"], start_ms=start)}, **more)


@pytest.fixture
async def client(connect: Any) -> AsyncIterator[Any]:
    async with (
        local_server(synthetic=SPEC) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        yield connect(server, session)


async def listed(client: Any, **query: object) -> dict[str, Any]:
    rows = (await client.get("experiments", **BY_ID, **query))["experiments"]
    return {row["experimentKey"]: row for row in rows}


async def charted(client: Any, *metrics: str, params: list[str] | None = None) -> Any:
    body = {"targetedExperiments": [*KEYS, NEW], "metrics": [*metrics], "fetchFull": True}
    chart = await client.post("experiments/multi-metric-chart", body | {"params": params})
    return chart["experiments"]


async def queried(client: Any, source: str, name: str, operator: str, value: Any) -> list[str]:
    kind = "string" if isinstance(value, str) else "double"
    rule = {"id": name, "field": name, "type": kind, "operator": operator, "value": value}
    query = {"condition": "AND", "rules": [rule], "valid": True}
    body = {**BY_ID, "predicates": [{"source": source, "query": query}], "archived": False}
    return list((await client.post("project/query", body))["experimentKeys"])


async def columns(client: Any) -> dict[str, str]:
    rows = (await client.get("project/column-names", **BY_ID))["columns"]
    return {row["id"]: row["type"] for row in rows}


async def values(client: Any, key: str, metric: str) -> list[str]:
    answer = await client.get("experiment/metrics/get-metric", experimentKey=key, metricName=metric)
    return [point["metricValue"] for point in answer["metrics"]]


async def test_j8_a_deleted_experiment_is_gone_from_every_answer(client: Any) -> None:
    gone = KEYS[2]
    before = await charted(client, "loss")
    client.server.changes.delete(gone)
    assert [*await listed(client)] == [key for key in KEYS if key != gone]
    assert set(await charted(client, "loss")) == set(before) - {gone}
    assert gone not in await queried(client, "metrics", "loss", "greater", 0)
    status, answer = await client.answer("experiment/metadata", experimentKey=gone)
    assert (status, answer["sdk_error_code"]) == (400, 90211)
    project = await client.get("project", **BY_ID)
    assert project["numberOfExperiments"] == 5
    asset = SOURCE.at(2).assets()[0].asset_id
    status, _ = await client.answer("experiment/asset/get-asset", experimentKey=gone, assetId=asset)
    assert status == 400
    with pytest.raises(KeyError):
        client.server.changes.delete(gone)


async def test_an_archived_experiment_moves_to_the_archive_and_back(client: Any) -> None:
    key = KEYS[1]
    client.server.changes.archive(key)
    assert key not in await listed(client)
    assert [*await listed(client, archived=True)] == [key]
    assert (await client.get("experiment/metadata", experimentKey=key))["archived"] is True
    client.server.changes.restore(key)
    assert [*await listed(client)] == KEYS


async def test_j8_an_added_experiment_is_in_every_answer(client: Any) -> None:
    client.server.changes.add(logged())
    rows = await listed(client, page=2, size=6)
    assert (rows[NEW]["experimentName"], rows[NEW]["durationMillis"]) == ("new", 60_000)
    assert (await charted(client, "loss"))[NEW]["metrics"][0]["values"] == [0.5]
    assert await queried(client, "metrics", "loss", "equal", 0.5) == [NEW]
    everything = await client.get("experiment/metrics/get-all", experimentKey=NEW)
    assert [point["metricValue"] for point in everything["metrics"]] == ["0.5"]
    with pytest.raises(ValueError, match="there is an experiment"):
        client.server.changes.add(logged())


async def test_an_experiment_older_than_all_others_comes_first(client: Any) -> None:
    client.server.changes.add(logged(start_ms=1))
    assert [*await listed(client)] == [NEW, *KEYS]


async def test_an_experiment_may_bring_a_new_project_and_workspace(client: Any) -> None:
    project = memory_project("elsewhere", "fresh")
    client.server.changes.add(logged(project=project))
    assert "elsewhere" in (await client.get("workspaces"))["workspaceNames"]
    rows = await client.get("projects", workspaceName="elsewhere")
    assert [row["projectName"] for row in rows["projects"]] == ["fresh"]
    rows = await client.get("experiments", workspaceName="elsewhere", projectName="fresh")
    assert [row["experimentKey"] for row in rows["experiments"]] == [NEW]


async def test_j8_appended_points_are_read_everywhere_and_move_the_end(client: Any) -> None:
    key = KEYS[3]
    before = (await listed(client))[key]
    old = await values(client, key, "loss")
    client.server.changes.append(key, "loss", [-0.25, "NaN"])
    assert await values(client, key, "loss") == [*old, "-0.25", "NaN"]
    entry = (await charted(client, "loss"))[key]["metrics"][0]
    assert entry["values"] == [*map(float, old), -0.25, "NaN"]
    assert entry["steps"] == [0, 10, 20, 30, 40, 41, 42]
    after = (await listed(client))[key]
    assert after["endTimeMillis"] == before["endTimeMillis"] + 2000 == entry["timestamps"][-1]
    assert after["durationMillis"] == before["durationMillis"] + 2000
    assert after == await client.get("experiment/metadata", experimentKey=key)
    summary = await client.get("experiment/metrics/summary", experimentKey=key)
    row = next(row for row in summary["values"] if row["name"] == "loss")
    assert (row["valueCurrent"], row["stepCurrent"], row["valueMin"]) == ("NaN", 42, "-0.25")
    everything = await client.get("experiment/metrics/get-all", experimentKey=key)
    points = [point for point in everything["metrics"] if point["metricName"] == "loss"]
    assert [point["offset"] for point in points] == list(range(7))


async def test_j7_a_new_metric_is_a_new_column(client: Any) -> None:
    assert "f1--metrics" not in await columns(client)
    client.server.changes.append(KEYS[0], "f1", [0.75], steps=[7])
    assert (await columns(client))["f1--metrics"] == "double"
    assert set(await charted(client, "f1")) == {KEYS[0]}
    assert await queried(client, "metrics", "f1", "greater", 0.7) == [KEYS[0]]
    client.server.changes.delete(KEYS[0])
    assert "f1--metrics" not in await columns(client)
    assert "loss--metrics" in await columns(client)


async def test_j7_a_value_of_another_type_widens_its_column(client: Any) -> None:
    assert (await columns(client))["batch_size--params"] == "double"
    client.server.changes.set_parameter(KEYS[4], "batch_size", "as much as fits")
    assert (await columns(client))["batch_size--params"] == "string"
    rows = await client.get("experiment/parameters", experimentKey=KEYS[4])
    names = [row["name"] for row in rows["values"]]
    assert names[1] == "batch_size"
    assert rows["values"][1]["valueCurrent"] == "as much as fits"
    entry = (await charted(client, params=["batch_size"]))[KEYS[4]]
    assert entry["params"] == {"batch_size": "as much as fits"}
    assert await queried(client, "params", "batch_size", "contains", "fits") == [KEYS[4]]
    client.server.changes.append(KEYS[5], "accuracy", ["a word"])
    assert (await columns(client))["accuracy--metrics"] == "string"


async def test_a_run_that_goes_on_and_then_ends(client: Any) -> None:
    changes, key = client.server.changes, KEYS[5]
    changes.set_running(key)
    row = (await listed(client))[key]
    assert (row["running"], row["endTimeMillis"], row["durationMillis"]) == (True, None, 0)
    changes.append(key, "loss", [0.1])
    assert (await listed(client))[key]["endTimeMillis"] is None
    changes.end(key, row["startTimeMillis"] + 5000, crashed=True)
    row = await client.get("experiment/metadata", experimentKey=key)
    assert (row["running"], row["hasCrashed"], row["durationMillis"]) == (False, True, 5000)


async def test_a_renamed_experiment(client: Any) -> None:
    client.server.changes.rename(KEYS[0], "better name")
    assert (await listed(client))[KEYS[0]]["experimentName"] == "better name"
    others = (await client.get("experiment/log-other", experimentKey=KEYS[0]))["values"]
    assert others[0]["valueCurrent"] == "better name"
    assert (await charted(client, "loss"))[KEYS[0]]["experimentName"] == "better name"
    assert await queried(client, "log_other", "Name", "equal", "better name") == [KEYS[0]]


async def test_assets_are_added_replaced_and_removed(client: Any) -> None:
    changes, key = client.server.changes, KEYS[0]
    old = [asset.asset_id for asset in SOURCE.at(0).assets()]

    async def names() -> list[tuple[str, int]]:
        rows = (await client.get("experiment/asset/list", experimentKey=key))["assets"]
        return [(row["assetId"], row["fileSize"]) for row in rows]

    async def read(asset_id: str) -> tuple[int, bytes]:
        status, _, data = await client.raw(
            "experiment/asset/get-asset", experimentKey=key, assetId=asset_id
        )
        return status, data

    added = changes.put_asset(key, "notes.txt", b"first")
    assert await names() == [(old[0], 4096), (old[1], 4096), (added, 5)]
    assert await read(added) == (200, b"first")
    changes.put_asset(key, "notes.txt", b"second text", asset_id=added)
    assert await names() == [(old[0], 4096), (old[1], 4096), (added, 11)]
    assert await read(added) == (200, b"second text")
    changes.remove_asset(key, old[0])
    changes.put_asset(key, "model.pt", b"new bytes", asset_id=old[1], type="model-element")
    assert await names() == [(old[1], 9), (added, 11)]
    assert (await read(old[0]))[0] == 400
    assert await read(old[1]) == (200, b"new bytes")
    again = changes.put_asset(key, "notes.txt", b"a file of the same name")
    assert again != added


async def test_any_change_can_be_made_of_the_methods_of_what_is_logged(client: Any) -> None:
    changes, key = client.server.changes, KEYS[0]
    whole = series_of("loss", ["1.5", "2.5"])
    changes.change(
        key,
        lambda run: (
            run.with_tags("seen")
            .with_other("note", "changed")
            .with_text("html", None)
            .with_text("code", "pass\n")
            .with_series(whole)
        ),
    )
    run = {"experimentKey": key}
    assert (await client.get("experiment/tags", **run))["tags"] == ["seen"]
    assert (await client.get("experiment/html", **run))["html"] is None
    assert (await client.get("experiment/code", **run))["code"] == "pass\n"
    assert await values(client, key, "loss") == ["1.5", "2.5"]
    assert (await client.get("experiment/git/metadata", **run))["branch"] == "refs/heads/main"
    assert (await client.get("experiment/system-details", **run))["hostname"] == "node-0"
    assert (await client.get("experiment/cloud-details", **run))["provider"] == "AWS"
    status, headers, _ = await client.raw("experiment/git/patch", **run)
    assert (status, headers["Content-Type"]) == (200, "application/zip")


async def test_kept_answers_do_not_outlive_a_change(client: Any) -> None:
    first = await values(client, KEYS[0], "loss")
    for number in range(3):
        client.server.changes.append(KEYS[0], "loss", [float(number)])
    assert await values(client, KEYS[0], "loss") == [*first, "0.0", "1.0", "2.0"]


async def test_a_deleted_experiment_takes_its_model_versions_along(client: Any) -> None:
    query = {"workspaceName": "synthetic", "modelName": "synthetic-model"}
    before = (await client.get("registry-model/items", **query))["items"]
    client.server.changes.delete(before[0]["experimentKey"])
    assert (await client.get("registry-model/items", **query))["items"] == before[1:]


async def test_the_project_says_when_it_was_changed(client: Any) -> None:
    before = (await client.get("project", **BY_ID))["lastUpdated"]
    client.server.changes.rename(KEYS[0], "x")
    assert (await client.get("project", **BY_ID))["lastUpdated"] > before


async def test_archived_runs_of_files_change_too(sample_archive: Path, connect: Any) -> None:
    key, place = "799e7164eb874c5c9fbb3d4979b41082", {"projectName": "offline-demo"}
    async with (
        LocalServer([sample_archive]) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        address = {"workspaceName": "demo", **place}
        before = await client.get("project/column-names", **address)
        server.changes.append(key, "extra", [1])
        after = await client.get("project/column-names", **address)
        old = {row["id"]: row["type"] for row in before["columns"]}
        new = {row["id"]: row["type"] for row in after["columns"]}
        assert new == old | {"extra--metrics": "double"}
        server.changes.delete(key)
        left = await client.get("project/column-names", **address)
        assert [row for row in left["columns"] if row["source"] == "metrics"] == []


async def test_changes_made_before_serving_and_from_another_thread() -> None:
    changes = Changes(SyntheticSource(SPEC))
    changes.delete(KEYS[0])
    with serve_in_thread(local_server(sources=[changes])) as server:
        assert server.store.run(KEYS[0]) is None
        worker = threading.Thread(target=changes.rename, args=(KEYS[1], "elsewhere"))
        worker.start()
        worker.join()
        run = server.store.run(KEYS[1])
        assert run is not None
        assert run.facts.name == "elsewhere"
        assert server.store.revision == 2


def test_a_change_in_process() -> None:
    store = Store([SyntheticSource(SPEC), MemorySource([logged(NEW)])])
    store.changes.rename(NEW, "here")
    run = store.run(NEW)
    assert run is not None
    assert run.facts.name == "here"
    assert repr(run) == f"<MemoryRun {NEW}>"
    assert "Changes 1" in repr(store.changes)


def test_what_did_not_change_is_not_copied() -> None:
    source = SyntheticSource(SyntheticSpec(experiments=100_000, projects=2))
    changes = Changes(source)
    changes.delete(source.key(0))
    first, second = (item.project_id for item in source.projects())
    assert type(changes.runs(second, archived=False)) is type(source.runs(second, archived=False))
    assert len(changes.runs(first, archived=False)) == 49_999
    assert changes.runs(first, archived=False) is changes.runs(first, archived=False)


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        series_of("loss", [1.0], steps=[1, 2])


def test_a_server_that_was_not_started_has_nothing_to_change() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = local_server(synthetic=SPEC).changes
