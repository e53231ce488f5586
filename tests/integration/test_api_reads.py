"""`API` and `APIExperiment` read from the embedded server, with no more requests than needed."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from comet_async import API, APIExperiment, Limits, Model, Session, comet
from comet_async.api import Experiments, Extremes, Image, Metric, MetricColumns, Parameter, Tag
from comet_async.api.short_forms import metric_columns, plain_value
from comet_async.errors import (
    DecodeError,
    DestinationError,
    NotFoundError,
    PermissionDeniedError,
    UsageError,
)
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import LOCAL_KEY, FakeTransport, local_server, reply

ARCHIVE = Path(__file__).parents[1] / "server" / "data" / "offline-sample.zip"
KEY = "799e7164eb874c5c9fbb3d4979b41082"
SPEC = SyntheticSpec(projects=3, experiments=126, points=12, metrics=2, parameters=2, archived=2)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer([ARCHIVE], synthetic=SPEC, storage=True) as started:
        yield started


@pytest.fixture
async def api(server: LocalServer) -> AsyncIterator[API]:
    async with API(LOCAL_KEY, url=server.url, limits=Limits()) as opened:
        server.log.clear()
        yield opened


async def run_of(api: API) -> APIExperiment:
    found = await api.get_experiment_by_key(KEY)
    assert found is not None
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def asked(server: LocalServer) -> Counter[str]:
    prefix = "/api/rest/v2/"
    counts = server.log.counts()
    return Counter({path.removeprefix(prefix): number for path, number in counts.items()})


async def test_what_was_listed_needs_no_further_request(api: API, server: LocalServer) -> None:
    runs = await api.get_experiments("synthetic", "synthetic")
    assert len({run.name for run in runs}) == len(runs) == 40
    assert {run.workspace for run in runs} == {"synthetic"}
    assert all(run.start_server_timestamp and run.project_id and not run.archived for run in runs)
    assert runs[0].url == f"{server.url}/synthetic/synthetic/{runs[0].key}"
    assert runs[0].to_dict()["id"] == runs[0].id == runs[0].key
    assert repr(runs[0]) == f"<APIExperiment 'synthetic/synthetic/{runs[0].key}'>"
    assert asked(server) == {"experiments": 1}


async def test_a_workspace_is_one_request_for_each_project(api: API, server: LocalServer) -> None:
    runs = await api.get_experiments("synthetic")
    assert Counter(run.project_name for run in runs) == dict.fromkeys(
        await api.get_projects("synthetic"), 40
    )
    assert asked(server) == {"projects": 2, "experiments": 3}


async def test_the_iterator_gives_the_same_page_by_page(api: API, server: LocalServer) -> None:
    listed = {run.key for run in await api.get_experiments("synthetic")}
    server.log.clear()
    given = [run.key async for run in api.gen_experiments("synthetic", page_size=15)]
    assert len(given) == 120
    assert set(given) == listed
    assert asked(server) == {"projects": 1, "experiments": 12}
    first = [run async for run in api.gen_experiments("synthetic", "synthetic", page_size=15)][:3]
    assert [run.key for run in first] == given[:3]


async def test_the_iterator_can_be_left_early(api: API, server: LocalServer) -> None:
    async for run in api.gen_experiments("synthetic", "synthetic", page_size=10):
        assert run.workspace == "synthetic"
        break
    assert asked(server) == {"experiments": 1}


async def test_a_page_of_the_iterator_is_that_of_the_listing(api: API) -> None:
    names = ("synthetic", "synthetic", None, 2, 7, "startTime", "desc")
    listed = await api.get_experiments(*names)
    assert [run async for run in api.gen_experiments(*names)] == listed
    assert len(listed) == 7
    with pytest.raises(UsageError, match="project_name"):
        await api.get_experiments("synthetic", page=1, page_size=5)
    with pytest.raises(UsageError, match="page_size"):
        await api.get_experiments("synthetic", "synthetic", page=1)


async def test_patterns_match_keys_and_names(api: API) -> None:
    run = (await api.get_experiments("synthetic", "synthetic"))[3]
    assert run.name is not None
    for pattern in (run.key[:12], f"{run.name}$"):
        assert await api.get_experiments("synthetic", "synthetic", pattern) == [run]
    assert [r async for r in api.gen_experiments("synthetic", pattern=run.key)] == [run]
    with pytest.raises(UsageError, match="no pattern"):
        await api.get_experiments("synthetic", "synthetic", "(")


async def test_an_experiment_is_found_by_key_and_by_name(api: API, server: LocalServer) -> None:
    by_key = await api.get_experiment("demo", "offline-demo", KEY)
    by_name = await api.get_experiment("demo", "offline-demo", "offline sample run")
    assert by_key == by_name is not None
    assert len({by_key, by_name}) == 1
    assert asked(server) == {"experiment/metadata": 1, "experiments": 1}
    assert await api.get_experiment("demo", "offline-demo", "none of that name") is None
    assert await api.get_experiment("demo", "no such project", "x") is None
    assert await api.get_experiment_by_id("0" * 32) is None


async def test_paths_lead_to_what_they_name(api: API) -> None:
    assert await api.get() == await api.get_workspaces()
    assert await api.get("synthetic") == await api.get_projects("synthetic")
    assert await api.get("demo/offline-demo") == await api.get("demo", "offline-demo")
    assert await api.get(f"demo/offline-demo/{KEY}") == await run_of(api)
    assert await api.get("demo", f"offline-demo/{KEY}") == await run_of(api)
    assert await api.get("demo/offline-demo/none") is None
    with pytest.raises(UsageError, match="project_name"):
        await api.get("demo/offline-demo", "offline-demo")


async def test_archived_experiments_are_listed_apart(api: API) -> None:
    archived = await api.get_archived_experiments("synthetic")
    assert archived
    assert all(run.archived for run in archived)
    assert "/archive/" in archived[0].url
    found = await api.get_archived_experiment(
        "synthetic", archived[0].project_name or "", archived[0].name or ""
    )
    assert found == archived[0]


async def test_a_query_of_many_takes_three_requests(api: API, server: LocalServer) -> None:
    found = await api.query("synthetic", "synthetic", Metric("loss") > -1e9)
    assert len(found) == 40
    assert all(run.name for run in found)
    assert asked(server) == {"project/column-names": 1, "project/query": 1, "experiments": 1}


async def test_a_query_of_few_asks_for_each(api: API, server: LocalServer) -> None:
    assert await api.query("demo", "offline-demo", Tag("v1")) == [await run_of(api)]
    assert asked(server)["experiments"] == 0
    server.log.clear()
    assert await api.search("demo", "offline-demo", Tag("v1")) == [await run_of(api)]
    assert asked(server)["experiments/search"] == 2


async def test_a_search_gives_all_pages_or_one(api: API, server: LocalServer) -> None:
    everything = Metric("loss") > -1e9
    found = await api.search("synthetic", "synthetic", everything, page_size=15)
    assert len({run.key for run in found}) == 40
    assert asked(server)["experiments/search"] == 4
    page = await api.search("synthetic", "synthetic", everything, page=2, page_size=15)
    assert page == found[15:30]


async def test_an_unknown_column_is_an_error_unless_it_may_be(api: API) -> None:
    wrong = Parameter("batch_sise") > 1
    with pytest.raises(UsageError, match="batch_size"):
        await api.query("demo", "offline-demo", wrong)
    assert await api.query("demo", "offline-demo", wrong, strict=False) == []
    names = [str(variable) for variable in await api.get_query_variables("demo", "offline-demo")]
    assert 'Metric("loss")' in names
    assert 'Tag("v1")' in names


async def test_charts_of_many_go_in_batches(api: API, server: LocalServer) -> None:
    keys = [run.key for run in await api.get_experiments("synthetic")]
    server.log.clear()
    charts = await api.get_metrics_for_chart(keys + keys[:5], ["loss"], full=True)
    assert list(charts) == keys
    assert asked(server) == {"experiments/multi-metric-chart": 5}
    assert await api.get_metrics_for_chart([], ["loss"]) == {}
    assert await api.get_metrics_for_chart(keys) == {}
    assert (await api.get_metrics_for_chart([KEY], parameters=["batch_size"]))[KEY].params


async def test_a_frame_has_a_row_for_each_place(api: API) -> None:
    keys = [run.key for run in await api.get_experiments("synthetic", "synthetic")][:3]
    frame = await api.get_metrics_df(keys, ["loss", "accuracy"], interpolate=False)
    assert frame is not None
    assert list(frame) == ["experiment_key", "experiment_name", "step", "loss", "accuracy"]
    assert set(frame["experiment_key"]) == set(keys)
    whole = await api.get_metrics_df(keys, ["loss"], x_axis="duration")
    assert whole is not None
    assert len(whole) == 300
    assert await api.get_metrics_df([], ["loss"]) is None
    with pytest.raises(UsageError, match="x_axis"):
        await api.get_metrics_df(keys, ["loss"], x_axis="time")


async def test_short_forms_are_plain_values(api: API) -> None:
    run = await run_of(api)
    parameters = await run.parameters()
    assert parameters["batch_size"] == 32
    assert isinstance(parameters["batch_size"], int)
    assert {type(value) for value in parameters.values()} >= {int, bool, float, str}
    assert (await run.others())["Name"] == "offline sample run"
    loss = await run.metric("loss")
    assert loss.step == list(range(50))
    assert len(loss) == len(loss.value) == len(loss.time) == len(loss.epoch) == 50
    extremes = (await run.metric_extremes())["loss"]
    assert extremes == Extremes(min(loss.value), max(loss.value), loss.value[-1])
    assert list(loss.to_dict()) == ["step", "epoch", "time", "value"]
    images = await run.images()
    assert images
    assert all(isinstance(image, Image) and image.link for image in images)
    assert [image.asset_id for image in images] == [
        asset.asset_id for asset in await run.get_asset_list("image")
    ]
    ids = await api.project_ids("demo")
    assert ids["offline-demo"] == run.project_id


def test_values_that_only_look_like_numbers_stay_texts() -> None:
    texts = ["007", "1_000", "\u0661", "1e", ".5", "-", "0x10", "", "None", " 1", "1" * 400]
    assert [plain_value(text) for text in texts] == texts
    numbers = ["0", "-3", "1.", "8.63E-4", "-0.5", "Infinity", "-Infinity", "true", "False"]
    assert [plain_value(text) for text in numbers] == [
        *(0, -3, 1.0, 8.63e-4, -0.5, math.inf, -math.inf, True, False)
    ]
    assert [plain_value(value) for value in (3, 0.5, None)] == [3, 0.5, None]
    assert isinstance(plain_value("9007199254740993"), int)


def test_columns_are_in_order_whatever_the_server_sent() -> None:
    points = [
        comet.MetricPoint(metric_name="m", metric_value="x", timestamp=3000),
        comet.MetricPoint(metric_name="m", metric_value="2", step=2, timestamp=1000, offset=2),
        comet.MetricPoint(metric_name="m", metric_value="1", step=2, timestamp=1000, offset=1),
        comet.MetricPoint(metric_name="m", metric_value="0", step=1),
    ]
    found = metric_columns("m", points)
    assert isinstance(found, MetricColumns)
    assert found.step == [None, 1, 2, 2]
    assert found.time == [3.0, None, 1.0, 1.0]
    assert found.value[1:] == [0.0, 1.0, 2.0]
    assert math.isnan(found.value[0])


async def test_the_system_is_one_request_while_it_is_cached(api: API, server: LocalServer) -> None:
    run = await run_of(api)
    assert [await run.get_pid(), await run.get_hostname()] == [1234, "demo-host"]
    assert await run.get_environment_details() == await run.get_os_packages()
    assert asked(server)["experiment/system-details"] == 1
    api.use_cache(cache=False)
    await run.get_pid()
    await run.get_hostname()
    assert asked(server)["experiment/system-details"] == 3
    assert api.use_cache() is False
    assert api.use_cache(cache=True) is True
    api.do_cache("experiments")
    for _ in range(3):
        await api.get_experiments("demo", "offline-demo")
    assert asked(server)["experiments"] == 1
    api.clear_cache()
    await api.get_experiments("demo", "offline-demo")
    assert asked(server)["experiments"] == 2
    api.do_not_cache("experiments")
    for _ in range(2):
        await api.get_experiments("demo", "offline-demo")
    assert asked(server)["experiments"] == 4


async def test_one_entry_or_all(api: API) -> None:
    run = await run_of(api)
    one = await run.get_metrics_summary("loss")
    assert one in await run.get_metrics_summary()
    assert await run.get_metrics_summary("nothing") is None
    assert await run.get_parameters_summary("none such") is None
    assert await run.get_others_summary("Name") == ["offline sample run"]
    assert await run.get_state() == "finished"
    assert await run.get_name() == run.name == "offline sample run"


async def test_a_server_that_lacks_all_metrics_is_asked_for_each(
    api: API, server: LocalServer
) -> None:
    run = await run_of(api)
    whole = await run.get_metrics()
    api.clear_cache()
    server.faults.add("status", argument=404, match="metrics/get-all")
    assert sorted(map(repr, await run.get_metrics())) == sorted(map(repr, whole))


async def test_everything_as_plain_values(api: API, server: LocalServer) -> None:
    run = await run_of(api)
    assert await run.to_json() == run.to_dict()
    server.log.clear()
    told = await run.to_json(full=True)
    assert sum(asked(server).values()) == 13
    assert told["tags"] == await run.get_tags()
    assert set(told) > {"asset_list", "metrics", "system_details", "git_patch", "git_metadata"}


async def test_contents_come_in_the_form_asked_for(api: API) -> None:
    run = await run_of(api)
    asset = next(a for a in await run.get_asset_list() if a.file_name == "docs/notes.txt")
    data = await run.get_asset(asset.asset_id)
    assert await run.get_asset(asset.asset_id, "text") == data.decode()
    assert getattr(await run.get_asset(asset.asset_id, "response"), "data") == data  # noqa: B009
    with pytest.raises(DecodeError):
        await run.get_asset(asset.asset_id, "json")
    with pytest.raises(UsageError, match="return_type"):
        await run.get_asset(asset.asset_id, "csv")
    with pytest.raises(UsageError, match="stream"):
        await run.get_asset(asset.asset_id, stream=True)
    assert await run.get_asset_by_name("nothing") is None
    assert await run.get_assets_by_name("nothing") == []
    curve = (await run.get_curves())[0]
    assert await run.get_curve(curve.asset_id) == curve
    assert len(curve.x) == len(curve.y) > 0
    with pytest.raises(DecodeError, match="curve"):
        await run.get_curve(asset.asset_id)
    with pytest.raises(UsageError, match="direction"):
        await run.get_artifact_lineage("up")


async def test_archives_are_unpacked_beside_what_is_there(api: API, tmp_path: Path) -> None:
    run = await run_of(api)
    (tmp_path / "mine.txt").write_text("stays")
    written = await run.download_model("toy-model", tmp_path / "new")
    assert [path.relative_to(tmp_path / "new") for path in written] == [Path("model.bin")]
    assert await run.download_model("toy-model", tmp_path) == [tmp_path / "model.bin"]
    assert await run.download_model("toy-model", tmp_path) == [tmp_path / "model.bin"]
    with pytest.raises(DestinationError, match="exists"):
        await run.download_model("toy-model", tmp_path, overwrite=False)
    assert names_in(tmp_path) == ["mine.txt", "model.bin", "new"]
    packed = await run.download_model("toy-model", tmp_path, expand=False)
    assert packed == [tmp_path / "toy-model.zip"]
    model = await api.get_model("demo", "toy-registry")
    assert [path.name for path in await model.download("1.0.0", tmp_path, expand=False)] == [
        "toy-registry_1.0.0.zip"
    ]
    assert [path.name for path in await model.download("1.0.0")] == ["model.bin"]


async def test_a_folder_for_tensorflow_takes_only_what_is_missing(api: API, tmp_path: Path) -> None:
    run = await run_of(api)
    assert await run.download_tensorflow_folder(tmp_path) == []


async def test_a_model_that_is_not_there_is_an_error(api: API, server: LocalServer) -> None:
    with pytest.raises(NotFoundError):
        await api.get_model("demo", "nothing")
    async with await Model.from_registry("demo", "toy-registry", api=api) as model:
        assert (model.name, model.workspace) == ("toy-registry", "demo")
        assert repr(model) == "Model('demo', 'toy-registry')"
        with pytest.raises(UsageError, match="exactly one"):
            await model.get_registry_model_metadata()
        item = (await model.get_details("1.0.0")).registry_model_item_id
        assert await model.get_registry_model_metadata(
            model_item_id=item
        ) == await model.get_registry_model_metadata("1.0.0")
    assert await api.get_registry_model_details("demo", "toy-registry", "9.9.9") is None


async def test_a_model_of_its_own_closes_its_own(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COMET_URL_OVERRIDE", server.url)
    async with Model("demo", "toy-registry", api_key=LOCAL_KEY) as model:
        assert await model.find_versions("1") == ["1.0.0"]
    with pytest.raises(UsageError, match="closed"):
        await model.find_versions()


async def test_projects_and_what_is_configured(
    api: API, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await api.get_project("demo", "nothing") is None
    assert await api.get_project_by_id("nothing") is None
    with pytest.raises(NotFoundError, match="demo/nothing"):
        await api.get_project_notes("demo", "nothing")
    with pytest.raises(UsageError, match="COMET_WORKSPACE"):
        await api.get_panel_experiments()
    monkeypatch.setenv("COMET_WORKSPACE", "demo")
    monkeypatch.setenv("COMET_PROJECT_NAME", "offline-demo")
    run = await run_of(api)
    assert await api.get_panel_experiment_keys() == [KEY]
    assert await api.get_panel_project_id() == run.project_id
    assert "loss" in await api.get_panel_metrics_names()
    assert not any(name.startswith("sys.") for name in await api.get_panel_metrics_names())


async def test_it_opens_by_itself_and_closes_once(server: LocalServer) -> None:
    api = API(LOCAL_KEY, url=server.url, limits=Limits())
    with pytest.raises(UsageError, match="not open"):
        _ = api.session
    assert repr(api) == f"<API {server.url}>"
    assert await api.get_workspaces() == ["demo", "synthetic"]
    assert api.session.counters.requests == 1
    await api.close()
    await api.close()
    with pytest.raises(UsageError, match="closed"):
        await api.get_workspaces()


async def test_a_session_that_is_given_stays_open(server: LocalServer) -> None:
    service = comet.service(LOCAL_KEY, url=server.url, limits=Limits())
    async with Session(service) as session:
        async with API(session=session) as api:
            assert await api.get_default_workspace() == "demo"
            assert api.server_url == server.url
        assert (await session.send(comet.get_workspaces())).workspace_names
        with pytest.raises(UsageError, match="brings its own"):
            API(LOCAL_KEY, session=session)
        with pytest.raises(UsageError, match="session=") as caught:
            API(session)  # type: ignore[arg-type]  # that is the point
        assert LOCAL_KEY not in str(caught.value)
    with pytest.raises(UsageError, match="v2"):
        API(LOCAL_KEY, version="v1")


async def test_a_failure_of_one_stops_the_rest() -> None:
    fake = FakeTransport()
    fake.on(
        "GET",
        "/api/rest/v2/projects",
        reply(json={"projects": [{"projectId": "p", "projectName": "p"}]}),
    )
    fake.on("GET", "/api/rest/v2/experiments", reply(status=403, json={"msg": "no", "code": 403}))
    service = comet.service("k" * 25, url="http://127.0.0.1:9", limits=Limits())
    async with Session(service, transport=fake) as session:
        with pytest.raises(PermissionDeniedError):
            await API(session=session).get_experiments("team")


async def test_many_readers_share_one_exchange(api: API, server: LocalServer) -> None:
    run = await run_of(api)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(run.get_tags)
    assert asked(server)["experiment/tags"] == 1


async def test_no_frame_of_an_error_shows_the_key(server: LocalServer) -> None:
    key = "Zk9xW2sentinelQp4vZk9xW2s"
    service = comet.service(LOCAL_KEY, url=server.url, limits=Limits())
    async with Session(service) as session, API(session=session) as api:
        for make in (
            lambda: API(key, session=session),
            lambda: API(key, version="v1"),
            lambda: API(key, url="no url"),
            lambda: Model("team", "m", api_key=key, api=api),
        ):
            with pytest.raises(UsageError) as caught:
                make()
            frames = [frame.frame for frame in inspect.getinnerframes(caught.tb)]
            ours = [frame for frame in frames if "comet_async" in frame.f_code.co_filename]
            assert key not in "".join(repr(frame.f_locals) for frame in ours[1:])
            assert key not in repr(caught.value)
    assert key not in repr(API(key, url=server.url).__dict__)


async def test_a_list_of_experiments_shows_metrics_when_they_were_read(
    api: API, server: LocalServer
) -> None:
    runs = await api.get_experiments("synthetic", (await api.get_projects("synthetic"))[0])
    assert isinstance(runs, Experiments)
    server.log.clear()
    assert repr(runs).splitlines()[1].split() == ["name", "state", "started", "duration"]
    assert (runs[0].state, runs[0].known_metrics) == ("finished", {})
    extremes = await runs[0].metric_extremes()
    assert runs[0].known_metrics["loss"] == extremes["loss"].last
    assert "loss" in repr(runs).splitlines()[1]
    asked_before = asked(server)
    shown = await api.with_metrics(runs, "loss")
    assert shown == runs
    assert asked(server).total() == asked_before.total() + len(runs) - 1
    assert repr(shown).splitlines()[1].split()[-1] == "loss"
    loss = f"{runs[1].known_metrics['loss']:.4g}"
    assert repr(shown).splitlines()[3].endswith(loss)
    assert loss in shown._repr_html_()
    queried = await api.query("synthetic", runs[0].project_name or "", Metric("loss") >= 0)
    assert isinstance(queried, Experiments)
    assert asked(server).total() < asked_before.total() + len(runs) + 10


async def test_metrics_are_shown_without_a_cache_too(server: LocalServer) -> None:
    async with API(LOCAL_KEY, cache=False, url=server.url, limits=Limits()) as api:
        runs = await api.get_experiments("synthetic", (await api.get_projects("synthetic"))[0])
        assert repr((await api.with_metrics(runs[:2], "loss"))[1:]).splitlines()[1].endswith("loss")
        assert runs[0].known_metrics == {}


async def test_a_model_shows_the_versions_that_were_asked_for() -> None:
    async with local_server(sample=True) as sample, API(LOCAL_KEY, url=sample.url) as api:
        model = await api.get_model("samples", "digits-classifier")
        assert "1.1.0" not in model._repr_html_()
        await model.find_versions()
        assert "1.1.0" in model._repr_html_()
