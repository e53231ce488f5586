"""`API` writes to the embedded server; what it reads afterwards is what it wrote."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pandas as pd
import pytest

from comet_async import API, APIExperiment, Limits, bulk, comet
from comet_async.api.tables import table_content
from comet_async.errors import NotFoundError, StatusError, UsageError
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import LOCAL_KEY

SPEC = SyntheticSpec(experiments=8, points=5, metrics=1, parameters=1)
MODEL, VERSION = "synthetic-model", "1.0.0"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC) as started:
        yield started


@pytest.fixture
async def api(server: LocalServer) -> AsyncIterator[API]:
    async with API(LOCAL_KEY, url=server.url, limits=Limits()) as opened:
        yield opened


@pytest.fixture
async def run(api: API) -> APIExperiment:
    return await api.create_experiment("synthetic", "synthetic", "made")


async def keys_of(api: API) -> list[str]:
    return [run.key for run in await api.get_experiments("synthetic", "synthetic")]


async def test_what_was_created_is_known_and_listed(api: API, run: APIExperiment) -> None:
    assert (run.name, run.workspace, run.project_name) == ("made", "synthetic", "synthetic")
    assert run.key in await keys_of(api)
    assert run.project_id == (await api.project_ids("synthetic"))["synthetic"]


async def test_no_read_is_older_than_a_write(api: API, run: APIExperiment) -> None:
    assert await run.get_tags() == []
    await run.add_tag("a")
    assert await run.get_tags() == ["a"]
    await run.add_tags(["b", "c"])
    await run.delete_tags(["a"])
    assert sorted(await run.get_tags()) == ["b", "c"]
    await run.set_name("renamed")
    assert run.name == await run.get_name() == "renamed"
    await run.set_pid(3)
    assert await run.get_pid() == 3


async def test_readers_and_writers_at_once_end_with_the_last_write(
    api: API, run: APIExperiment
) -> None:
    seen: dict[int, list[int]] = {reader: [] for reader in range(4)}
    written = 0

    async def write() -> None:
        nonlocal written
        for value in range(1, 21):
            await run.log_other("count", value)
            written = value
            assert await run.get_others_summary("count") == [str(value)]

    async def read(reader: int) -> None:
        for _ in range(40):
            least = written
            found = await run.get_others_summary("count")
            seen[reader].append(int(found[0] or 0) if found else 0)
            assert seen[reader][-1] >= least

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        for reader in seen:
            tasks.start_soon(read, reader)
    assert await run.get_others_summary("count") == ["20"]
    assert all(values == sorted(values) for values in seen.values())


async def test_no_read_is_older_than_a_write_to_many(api: API, server: LocalServer) -> None:
    api.do_cache("experiments", "experiment/metadata")
    keys = await keys_of(api)
    over = False
    server.faults.add("slow_start", 0.02, match="write/experiment/archive")

    async def read(key: str) -> None:
        last = False
        while not last:
            last = over
            await anyio.lowlevel.checkpoint()  # what is cached waits for nothing
            listed = await keys_of(api)
            found = await api.get_experiment_by_key(key)
            assert found is not None
            if last:
                assert (listed, found.archived) == ([], True)

    async with anyio.create_task_group() as tasks:
        for key in keys:
            tasks.start_soon(read, key)
        assert await api.archive_experiments(keys) == keys
        over = True
    server.log.clear()
    assert await keys_of(api) == []
    assert server.log.counts() == {}


async def test_lists_of_experiments_go_at_once(api: API, server: LocalServer) -> None:
    keys = await keys_of(api)
    server.log.clear()
    assert await api.archive_experiments([*keys, keys[0]]) == keys
    assert server.log.counts() == {"/api/rest/v2/write/experiment/archive": len(keys)}
    assert await keys_of(api) == []
    await api.restore_experiment(keys[0])
    assert await keys_of(api) == [keys[0]]
    with pytest.raises(UsageError, match="confirm=True"):
        await api.delete_experiments(keys)
    assert await api.delete_experiments(keys[1:], confirm=True) == keys[1:]
    await api.delete_experiment(keys[0])
    assert await api.get_archived_experiments("synthetic", "synthetic") == []
    with pytest.raises(UsageError, match="a list"):
        await api.archive_experiments(keys[0])


async def test_of_many_writes_all_are_tried_and_failures_told(api: API) -> None:
    keys = await keys_of(api)
    assert await api.archive_experiments(keys, dry_run=True) == keys
    assert await keys_of(api) == keys
    with pytest.raises(bulk.WritesFailed, match="2 failed") as caught:
        await api.archive_experiments(["0" * 32, *keys, "1" * 32])
    report = caught.value.report
    assert (set(report.failed), report.done) == ({"0" * 32, "1" * 32}, tuple(keys))
    assert pickle.loads(pickle.dumps(caught.value)).report == report
    assert await keys_of(api) == []


async def test_of_writes_of_all_kinds_each_is_tried_under_any_key(api: API) -> None:
    known = (await keys_of(api))[0]
    writes = [
        (name, comet.add_experiment_tags(key, [tag]))
        for name, key, tag in (
            ("tag", known, "one"),
            ("lost", "0" * 32, "x"),
            ("tag", known, "two"),
            ("gone", "f" * 32, "x"),
        )
    ]
    with pytest.raises(StatusError) as caught:
        await api.send_all(writes)
    assert caught.value.__notes__ == ["2 of 4 failed: lost, gone"]
    tagged = await api.get_experiment_by_key(known)
    assert tagged is not None
    assert {"one", "two"} <= set(await tagged.get_tags())
    assert await api.send_all([writes[2], writes[0]]) == ["tag", "tag"]
    assert await api.send_all([]) == []


async def test_experiments_move_between_projects(api: API) -> None:
    made = await api.create_project("synthetic", "other", "described", public=True)
    keys = await keys_of(api)
    await api.move_experiments(keys, "synthetic", "other")
    assert {run.key for run in await api.get_experiments("synthetic", "other")} == set(keys)
    assert await keys_of(api) == []
    await api.update_project_by_id(made.project_id, new_project_name="renamed")
    found = await api.get_project_by_id(made.project_id)
    assert found is not None
    assert (found.project_name, found.project_description) == ("renamed", "described")
    await api.set_project_notes("synthetic", "renamed", "said")
    assert await api.get_project_notes("synthetic", "renamed") == "said"
    with pytest.raises(NotFoundError):
        await api.set_project_notes("synthetic", "other", "said")
    await api.set_project_owner(made.project_id, "somebody")
    await api.delete_project(project_id=made.project_id, delete_experiments=True)
    assert await api.get_project_by_id(made.project_id) is None


async def test_share_keys_come_and_go(api: API) -> None:
    project = (await api.project_ids("synthetic"))["synthetic"]
    before = await api.get_project_share_keys(project)
    made = await api.create_project_share_key(project)
    assert await api.get_project_share_keys(project) == [*before, made]
    await api.delete_project_share_key(project, made)
    assert await api.get_project_share_keys(project) == before


async def test_views_are_saved_anew(api: API, run: APIExperiment) -> None:
    view = comet.View(
        template_name="mine", dashboard_chart_state="{}", v2={"experimentKey": "x", "a": 1}
    )
    made = await api.create_view("synthetic", "synthetic", view)
    saved = {v.template_id: v for v in await api.get_views("synthetic", "synthetic")}
    assert saved[made.template_id].template_name == "mine"
    assert saved[made.template_id].v2 == {"a": 1}
    assert (await run.create_view(view)).experiment_key == run.key
    for nameless in (
        api.create_view("synthetic", "synthetic", comet.View()),
        run.create_view(comet.View()),
    ):
        with pytest.raises(UsageError, match="template_name"):
            await nameless


async def test_the_registry_changes(api: API) -> None:
    model = await api.get_model("synthetic", MODEL)
    await model.add_tag(VERSION, "x")
    assert "x" in await model.tags(VERSION)
    await model.delete_tag(VERSION, "x")
    assert "x" not in await model.tags(VERSION)
    allowed = await api.model_registry_allowed_status_values("synthetic")
    await model.set_status(VERSION, allowed[-1])
    assert await model.status(VERSION) == allowed[-1]
    await model.update_registry_model_metadata({"a": 1}, VERSION)
    entries = await model.get_registry_model_metadata(VERSION)
    assert {entry.key: entry.value for entry in entries}["a"] == 1
    await model.update_registry_model_status_configuration(
        {
            "status": allowed[0],
            "is_review_required": True,
            "status_configuration_items": [{"key": "k", "value": "v"}],
            "comment": "said",
        },
        VERSION,
    )
    found = await model.get_registry_model_status_configuration(VERSION)
    assert found is not None
    assert (found.status, found.is_review_required, found.comment) == (allowed[0], True, "said")
    await model.update_registry_model_status_configuration(found)
    assert await model.get_registry_model_status_configuration(VERSION) == found
    for wrong in ({}, {"status": "s", "status_configuration_items": ["k"]}):
        with pytest.raises(UsageError):
            await model.update_registry_model_status_configuration(wrong, VERSION)


async def test_models_and_versions_are_deleted(api: API) -> None:
    await api.update_registry_model("synthetic", MODEL, new_name="renamed", public=True)
    assert "renamed" in await api.get_registry_model_names("synthetic")
    await api.update_registry_model_notes("synthetic", "renamed", "said")
    assert await api.get_registry_model_notes("synthetic", "renamed") == "said"
    await api.update_registry_model_version("synthetic", "renamed", VERSION, "said", ["staging"])
    await api.add_registry_model_version_stage("synthetic", "renamed", VERSION, "prod")
    await api.delete_registry_model_version_stage("synthetic", "renamed", VERSION, "staging")
    version = await api.get_registry_model_details("synthetic", "renamed", VERSION)
    assert version is not None
    assert (version.comment, version.stages) == ("said", ["prod"])
    await api.delete_registry_model_version("synthetic", "renamed", VERSION)
    assert VERSION not in await api.get_registry_model_versions("synthetic", "renamed")
    with pytest.raises(NotFoundError, match=VERSION):
        await api.delete_registry_model_version("synthetic", "renamed", VERSION)
    await api.delete_registry_model("synthetic", "renamed")
    assert "renamed" not in await api.get_registry_model_names("synthetic")


async def test_a_model_of_an_experiment_is_registered(api: API) -> None:
    runs = await api.get_experiments("synthetic", "synthetic")
    named = [(run, name) for run in runs for name in await run.get_model_names()]
    run, name = named[0]
    made = await run.register_model(
        name,
        version="9.0.0",
        registry_name="fresh",
        description="d",
        comment="c",
        tags=["t"],
        metadata={"a": 1},
        status_configuration={"status": "Development"},
    )
    model = await api.get_model("synthetic", "fresh")
    details = await model.get_details("9.0.0")
    assert details.registry_model_item_id == made.registry_model_item_id
    assert (details.comment, details.tags) == ("c", ["t"])
    with pytest.raises(UsageError, match="workspace"):
        await run.register_model(name, workspace="another")
    with pytest.raises(UsageError, match="stages"):
        await run.register_model(name, stages=["s"])


async def test_files_are_sent_and_deleted(api: API, run: APIExperiment, tmp_path: Path) -> None:
    path = tmp_path / "a file.txt"
    path.write_text("content")
    made = await run.log_asset(path, metadata={"a": [1]})
    asset = (await run.get_asset_list())[0]
    assert (asset.asset_id, asset.file_name, asset.type) == (made.asset_id, path.name, "asset")
    assert asset.metadata_object == {"a": [1]}
    assert await run.get_asset(asset.asset_id) == b"content"
    await run.log_table(path)
    await run.log_table("t.json", [[1]], ["a"])
    assert [a.file_name for a in await run.get_asset_list()][1:] == [path.name, "t.json"]
    with path.open("rb") as opened:
        await run.log_video(opened, name="v.gif")
    assert [asset.file_name for asset in await run.get_asset_list("video")] == ["v.gif"]
    await run.delete_asset(asset.asset_id)
    assert asset.asset_id not in {a.asset_id for a in await run.get_asset_list()}
    with pytest.raises(UsageError, match="as many"):
        await run.log_curve("c", [1], [])
    with pytest.raises(UsageError, match="no file"):
        await run.log_table("nothing.csv")


async def test_text_and_state_are_set(api: API, run: APIExperiment, tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("print(1)")
    await run.set_code(filename=source)
    assert await run.get_code() == "print(1)"
    for code, filename in ((None, None), ("x", source)):
        with pytest.raises(UsageError, match="exactly one"):
            await run.set_code(code, filename)
    with pytest.raises(UsageError, match="cannot read"):
        await run.set_code(filename=tmp_path / "none")

    class Network:
        def to_json(self) -> str:
            return json.dumps({"layers": 2})

    await run.set_model_graph(Network())
    assert await run.get_model_graph() == '{"layers": 2}'
    patch = tmp_path / "patch"
    patch.write_bytes(b"diff")
    await run.set_git_patch(patch)
    first = await run.get_git_patch()
    assert first is not None
    await run.set_git_patch(first)
    assert await run.get_git_patch() == first
    with pytest.raises(UsageError, match="cannot read"):
        await run.set_git_patch(tmp_path / "none")
    with pytest.raises(UsageError, match="running"):
        await run.set_state("asleep")
    await run.set_state("crashed")
    assert await run.get_state() == "crashed"
    await run.set_start_time(1_700_000_000_000)
    await run.set_end_time(1_700_000_060_000)
    assert (run.start_server_timestamp, run.end_server_timestamp) == (
        1_700_000_000_000,
        1_700_000_060_000,
    )
    assert (await run.update_status()).is_alive_beat_duration_millis
    await run.archive()
    assert run.archived
    await api.create_project("synthetic", "links")
    assert await run.create_symlink("links")


async def test_what_lacks_a_member_is_refused_before_it_is_sent(
    run: APIExperiment, server: LocalServer
) -> None:
    server.log.clear()
    with pytest.raises(UsageError, match="usedMemory"):
        await run.log_gpu_metrics([{"gpuId": 0, "freeMemory": 1}])
    with pytest.raises(UsageError, match="uuid"):
        await run.set_gpu_static_info([{"gpuIndex": 0, "name": "n"}])
    names = {"gpuIndex": "zero", "name": "n", "uuid": "u", "totalMemory": 1, "powerLimit": 1}
    with pytest.raises(UsageError, match="gpu_static_info"):
        await run.set_gpu_static_info([names])
    assert len(server.log) == 0


async def test_deep_parameters_are_flattened_or_kept(run: APIExperiment) -> None:
    await run.log_parameters({"a": {"b": {"c": 1}, "empty": {}}, "d": 2})
    assert {"a|b|c": 1, "d": 2}.items() <= (await run.parameters()).items()
    assert (await run.others())["hasNestedParams"] is True
    await run.log_parameters({"e": {"f": 1}}, nested_support=False)
    assert "e" in await run.parameters()
    await run.delete_parameters(["d", "e"])
    await run.delete_parameter("a|b|c")
    assert "d" not in await run.parameters()
    await run.log_metrics({"x": {"y": 0.5}}, step=1)
    assert (await run.metric("x/y")).value == [0.5]


@pytest.mark.parametrize(
    ("name", "headers", "content"),
    [
        ("t.csv", ["a", "b"], b"a,b\r\n1,x|y\r\n"),
        ("t.tsv", False, b"1\tx|y\r\n"),
        ("t.json", ["a", "b"], b'[["a", "b"], [1, "x|y"]]'),
        ("t.json", False, b'[[1, "x|y"]]'),
        ("t.md", ["a", "b"], b"| a | b |\n| --- | --- |\n| 1 | x\\|y |\n"),
    ],
)
def test_rows_become_text(name: str, headers: list[str] | bool, content: bytes) -> None:
    assert table_content(name, [[1, "x|y"]], headers, {}) == content


def test_frames_write_themselves() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert table_content("t.csv", frame, headers=True, options={}) == b"a\n1\n2\n"
    assert table_content("t.tsv", frame, headers=["z"], options={"index": True}) == (
        b"\tz\n0\t1\n1\t2\n"
    )
    assert json.loads(table_content("t.json", frame, headers=False, options={})) == {
        "a": {"0": 1, "1": 2}
    }


@pytest.mark.parametrize("data", ["text", 3, [1], ["row"]])
def test_what_is_no_table_is_refused(data: object) -> None:
    with pytest.raises(UsageError, match="tabular_data"):
        table_content("t.csv", data, headers=False, options={})


def test_a_table_needs_a_known_ending_and_no_options() -> None:
    with pytest.raises(UsageError, match="ends in"):
        table_content("t.xlsx", [[1]], headers=False, options={})
    with pytest.raises(UsageError, match="sep"):
        table_content("t.csv", [[1]], headers=False, options={"sep": ";"})
