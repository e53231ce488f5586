"""What `API` leaves on disk, and the frames that it makes of files."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from comet_async import API, APIExperiment, Limits, Session, comet
from comet_async.api import Curve, Extremes, Image
from comet_async.errors import (
    ArchiveError,
    BadRequestError,
    DestinationError,
    NotFoundError,
    UsageError,
)
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.service import Service
from comet_async.testing import LOCAL_KEY, FakeTransport, reply

POINTS = 15_500
SPEC = SyntheticSpec(experiments=3, metrics=3, logged_points=POINTS, full_metric_parts=3, curves=1)
ASSETS = "/api/rest/v2/experiment/asset/list"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC) as started:
        yield started


@pytest.fixture
async def run(server: LocalServer) -> AsyncIterator[APIExperiment]:
    async with API(LOCAL_KEY, url=server.url, limits=Limits()) as api:
        yield (await api.get_experiments("synthetic", "synthetic"))[0]


@pytest.fixture
async def scripted() -> AsyncIterator[tuple[APIExperiment, FakeTransport]]:
    """An experiment whose answers are scripted."""
    fake = FakeTransport()
    service = comet.service("k" * 25, url="http://127.0.0.1:9", limits=Limits())
    async with Session(service, transport=fake) as session:
        metadata = comet.Experiment(experiment_key="e" * 32)
        yield APIExperiment(API(session=session), metadata), fake


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_series_comes_whole_of_all_its_parts(run: APIExperiment) -> None:
    frame = await run.get_metric_total_df("loss")
    assert frame is not None
    assert list(frame) == ["value", "timestamp", "step", "epoch", "datetime", "duration"]
    assert len(frame) == POINTS
    assert list(frame["step"]) == sorted(frame["step"])
    assert len(await run.get_metrics("loss")) == 15_000


async def test_a_series_without_assets_is_that_of_the_server(run: APIExperiment) -> None:
    assert await run.get_metric_total_df("nothing") is None
    await run.log_metric("fresh", 0.5, step=1, timestamp=17)
    assert await run.get_metric_total_df("fresh", fallback_to_sampled_data=False) is None
    frame = await run.get_metric_total_df("fresh")
    assert frame is not None
    assert frame[["value", "timestamp", "step"]].to_numpy().tolist() == [[0.5, 17.0, 1.0]]


@pytest.mark.parametrize("kind", ["slip", "symlink", "crc"])
async def test_a_dangerous_archive_leaves_nothing(
    run: APIExperiment, server: LocalServer, tmp_path: Path, kind: str
) -> None:
    name = (await run.get_model_names())[0]
    server.faults.add("zip", argument=kind, match="model/download")
    (tmp_path / "mine").write_text("stays")
    with pytest.raises(ArchiveError):
        await run.download_model(name, tmp_path)
    assert names_in(tmp_path) == ["mine"]


async def test_a_folder_that_cannot_be_is_an_error(run: APIExperiment, tmp_path: Path) -> None:
    name = (await run.get_model_names())[0]
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DestinationError, match="cannot write"):
        await run.download_model(name, tmp_path / "file")


async def test_files_of_a_folder_stay_inside_and_whole(
    scripted: tuple[APIExperiment, FakeTransport], tmp_path: Path
) -> None:
    run, fake = scripted
    rows = [{"assetId": name, "fileName": name} for name in ("logs/a", "../b", "c")]
    fake.on("GET", ASSETS, reply(json={"assets": rows}))
    fake.on("GET", "/api/rest/v2/experiment/asset/get-asset", reply(body=b"octets"))
    (tmp_path / "c").write_text("mine")
    written = await run.download_tensorflow_folder(tmp_path)
    assert len(written) == 2
    assert all(path.is_relative_to(tmp_path) and ".." not in path.parts for path in written)
    assert (tmp_path / "c").read_text() == "mine"
    assert (tmp_path / "logs" / "a").read_bytes() == b"octets"
    assert len(await run.download_tensorflow_folder(tmp_path, overwrite=True)) == 3
    assert (tmp_path / "c").read_bytes() == b"octets"


async def test_the_first_file_that_fails_is_an_error(
    scripted: tuple[APIExperiment, FakeTransport], tmp_path: Path
) -> None:
    run, fake = scripted
    fake.on("GET", ASSETS, reply(json={"assets": [{"assetId": "a", "fileName": "a"}]}))
    gone = reply(status=404, json={"msg": "gone", "code": 404})
    fake.on("GET", "/api/rest/v2/experiment/asset/get-asset", gone)
    with pytest.raises(NotFoundError):
        await run.download_tensorflow_folder(tmp_path)


async def test_status_400_of_an_experiment_alone_means_that_there_is_none(
    scripted: tuple[APIExperiment, FakeTransport],
) -> None:
    run, fake = scripted
    api = run._api
    assert isinstance(api, API)
    wrong = reply(status=400, json={"msg": "no", "code": 400})
    fake.on("GET", "/api/rest/v2/experiment/metadata", wrong)
    fake.on("GET", "/api/rest/v2/project", wrong)
    assert await api.get_experiment_by_key("k" * 32) is None
    with pytest.raises(BadRequestError):
        await api.get_project("team", "p")


async def test_a_version_without_files_is_not_there(
    scripted: tuple[APIExperiment, FakeTransport],
) -> None:
    run, fake = scripted
    api = run._api
    assert isinstance(api, API)
    path = "/api/rest/v2/registry-model/item/download-instructions"
    fake.on("GET", path, reply(json={"versions": []}))
    with pytest.raises(NotFoundError, match="no such version"):
        await api.get_model_registry_version_assets("team", "m", "1.0.0")


async def test_a_file_tells_its_experiment_in_its_link(
    scripted: tuple[APIExperiment, FakeTransport], tmp_path: Path
) -> None:
    run, fake = scripted
    api = run._api
    assert isinstance(api, API)
    link = "https://comet.example.com/api/asset/download?experimentKey=exp9&assetId=a"
    asset = {"assetId": "a", "fileName": "m.bin", "link": link}
    remote = {"assetId": "b", "fileName": "r.bin", "link": "s3://bucket/r.bin", "remote": True}
    path = "/api/rest/v2/registry-model/item/download-instructions"
    fake.on("GET", path, reply(json={"versions": [{"assets": [asset, remote]}]}))
    fake.on(
        "GET", "/api/rest/v2/registry-model/compact-details", reply(json={"registryModelId": "r"})
    )
    fake.on("GET", "/api/rest/v2/experiment/asset/get-asset", reply(body=b"octets"))
    model = await api.get_model("team", "m")
    assert await model.download("1.0.0", tmp_path) == [tmp_path / "m.bin"]
    assert ("experimentKey", "exp9") in fake.queries[-1]


async def test_a_view_of_an_experiment_keeps_its_states(
    scripted: tuple[APIExperiment, FakeTransport],
) -> None:
    run, fake = scripted
    fake.on(
        "GET",
        "/api/rest/v2/experiment/metadata",
        reply(json={"experimentKey": "e" * 32, "projectId": "p"}),
    )
    fake.on("POST", "/api/rest/v2/write/chart-templates/upsert", reply(json={"templateId": "t"}))
    view = comet.View(
        template_id="other",
        template_name="mine",
        dashboard_chart_state="{}",
        v3={"experimentKey": "other", "a": 1},
    )
    assert (await run.create_view(view)).template_id == "t"
    assert json.loads(fake.sent[-1].body or b"") == {
        "projectId": "p",
        "templateName": "mine",
        "experimentKey": "e" * 32,
        "dashboardChartState": "{}",
        "v3": {"a": 1},
    }


def test_a_session_without_comet_serves_no_api() -> None:
    with pytest.raises(UsageError, match="comet"):
        API(session=Session(Service(name="other", base_url="https://example.com")))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Extremes(1.0, 2.0, math.inf), {"minimum": 1.0, "maximum": 2.0, "last": math.inf}),
        (
            Image.of(comet.Asset(asset_id="a", file_name="f", link="l", step=1)),
            {"name": "f", "link": "l", "asset_id": "a", "step": 1, "context": None, "size": None},
        ),
        (
            Curve(name="c", x=[1.0], y=[2.0], step=3, asset_id="a"),
            {"name": "c", "x": [1.0], "y": [2.0], "step": 3, "assetId": "a"},
        ),
    ],
)
def test_values_are_told_as_dicts(value: Extremes | Image | Curve, told: dict[str, object]) -> None:
    make: Callable[[], dict[str, object]] = value.to_dict
    assert make() == told
