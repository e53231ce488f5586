from __future__ import annotations

import time
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]  # has no stubs
import pytest

from comet_async.server import (
    FIRST_NEGATIVE_OFFSET,
    HOSTILE_NAMES,
    NEGATIVE_OFFSET_METRIC,
    NON_FINITE_METRIC,
    TEXT_METRIC,
    LocalServer,
    SyntheticSource,
    SyntheticSpec,
)


def first(spec: SyntheticSpec) -> Any:
    source = SyntheticSource(spec)
    return source.at(0)


def test_a_hundred_thousand_experiments_cost_nothing_to_start() -> None:
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    source = SyntheticSource(SyntheticSpec(experiments=100_000))
    runs = source.runs(source.projects()[0].project_id, archived=False)
    key = runs[99_999].facts.key
    run = source.run(key)
    assert time.perf_counter() - began < 1
    assert psutil.Process().memory_info().rss - before < 8 << 20
    assert len(runs) == 100_000
    assert run is not None
    assert run.facts.name == "run-099999"


def test_every_key_leads_back_to_its_run_and_no_other_key_does() -> None:
    source = SyntheticSource(SyntheticSpec(experiments=1000, projects=7, workspaces=3))
    keys = [source.key(index) for index in range(1000)]
    assert len(set(keys)) == 1000
    assert all(len(key) == 32 and key == key.lower() for key in keys)
    assert [source.index(key) for key in keys] == list(range(1000))
    assert source.index("0" * 32) is None
    assert source.index("not hexadecimal at all") is None
    assert source.index(source.key(1000)) is None
    assert SyntheticSource(SyntheticSpec(experiments=1000, seed=1)).index(keys[0]) is None


def test_projects_share_out_all_experiments() -> None:
    source = SyntheticSource(SyntheticSpec(experiments=103, projects=5, workspaces=2, archived=1))
    live = [len(source.runs(item.project_id, archived=False)) for item in source.projects()]
    gone = [len(source.runs(item.project_id, archived=True)) for item in source.projects()]
    assert (sum(live) + sum(gone), gone) == (103, [1, 1, 1, 1, 1])
    for project in source.projects():
        for run in source.runs(project.project_id, archived=False):
            assert run.facts.project == project
    assert [item.workspace for item in source.projects()] == [
        "synthetic",
        "synthetic-1",
        "synthetic",
        "synthetic-1",
        "synthetic",
    ]


def test_the_same_seed_gives_the_same_data_and_another_seed_other_data() -> None:
    spec = SyntheticSpec(experiments=3)
    assert first(spec).series("loss") == first(SyntheticSpec(experiments=3)).series("loss")
    other = first(SyntheticSpec(experiments=3, seed=1))
    assert other.series("loss").values != first(spec).series("loss").values


def test_runs_differ() -> None:
    source = SyntheticSource(SyntheticSpec(experiments=2))
    left, right = source.at(0), source.at(1)
    assert left.series("loss") != right.series("loss")
    assert left.parameters() != right.parameters()


def test_the_sizes_are_those_of_the_specification() -> None:
    spec = SyntheticSpec(
        experiments=1, metrics=13, points=1000, parameters=20, assets=3, asset_bytes=(1, 2)
    )
    run = first(spec)
    assert len(run.metric_names()) == 13
    assert {len(run.series(name).values) for name in run.metric_names()} == {1000}
    assert len(run.parameters()) == 20
    assert [asset.size for asset in run.assets()] == [1, 2, 1]


def test_the_special_series() -> None:
    run = first(SyntheticSpec(experiments=1, points=20))
    assert {"NaN", "Infinity", "-Infinity"} <= set(run.series(NON_FINITE_METRIC).values)
    assert {"good", 'he said "so"', ""} <= set(run.series(TEXT_METRIC).values)
    offsets = run.series(NEGATIVE_OFFSET_METRIC).offsets
    assert (offsets[0], offsets[-1]) == (FIRST_NEGATIVE_OFFSET, FIRST_NEGATIVE_OFFSET + 19)
    assert {"val/loss", "learning rate", "précision/β"} <= set(run.metric_names())


def test_plain_metrics_on_demand() -> None:
    run = first(SyntheticSpec(experiments=1, odd_metrics=False, points=5))
    assert run.metric_names()[0] == "metric_010"
    assert all(float(text) > 0 for name in run.metric_names() for text in run.series(name).values)


@pytest.mark.parametrize("name", ["loss", NON_FINITE_METRIC, TEXT_METRIC, NEGATIVE_OFFSET_METRIC])
def test_the_summary_is_that_of_the_points(name: str) -> None:
    run = first(SyntheticSpec(experiments=1, points=50))
    series, summary = run.series(name), run.metric_summary(name)
    assert summary.current.value == series.values[-1] == run.metric_current(name)
    if name == TEXT_METRIC:
        return
    numbers = [
        float(text) for text in series.values if text not in {"NaN", "Infinity", "-Infinity"}
    ]
    assert float(summary.maximum.value) == max(numbers)
    assert float(summary.minimum.value) == min(numbers)
    at = series.values.index(summary.minimum.value)
    assert (summary.minimum.step, summary.minimum.timestamp_ms) == (
        series.steps[at],
        series.timestamps[at],
    )


@pytest.mark.parametrize("points", [0, 1])
def test_no_points_and_one_point(points: int) -> None:
    run = first(SyntheticSpec(experiments=1, points=points))
    assert len(run.metric_names()) == (10 if points else 0)
    if points:
        assert all(run.metric_summary(name) is not None for name in run.metric_names())


def test_hostile_names_are_served_as_they_are() -> None:
    count = len(HOSTILE_NAMES)
    run = first(SyntheticSpec(experiments=1, assets=count, hostile_names=True))
    assert tuple(asset.file_name for asset in run.assets()) == HOSTILE_NAMES


@pytest.mark.parametrize(
    "wrong",
    [{"points": 15_001}, {"points": -1}, {"projects": 0}, {"projects": 1, "workspaces": 2}],
)
def test_an_impossible_specification_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SyntheticSpec(**wrong)


async def test_series_arrive_as_they_are(connect: Any) -> None:
    spec = SyntheticSpec(experiments=2, points=30)
    run = first(spec)
    headers = {"Authorization": "k"}
    async with (
        LocalServer(synthetic=spec) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        client = connect(server, session)
        for name in run.metric_names():
            body = await client.get(
                "experiment/metrics/get-metric", experimentKey=run.key, metricName=name
            )
            series = run.series(name)
            assert [point["metricValue"] for point in body["metrics"]] == list(series.values)
            assert [point["offset"] for point in body["metrics"]] == list(series.offsets)
            assert {point["metricName"] for point in body["metrics"]} == {name}
        everything = await client.get("experiment/metrics/get-all", experimentKey=run.key)
        assert len(everything["metrics"]) == 300


async def test_a_full_series_of_15_000_points(connect: Any) -> None:
    spec = SyntheticSpec(experiments=1, metrics=1, points=15_000)
    headers = {"Authorization": "k"}
    async with (
        LocalServer(synthetic=spec) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        body = await connect(server, session).get(
            "experiment/metrics/get-metric", experimentKey=first(spec).key, metricName="loss"
        )
    assert [point["step"] for point in body["metrics"]] == list(range(0, 150_000, 10))


async def test_25_000_experiments_are_listed_at_once_and_read_fast_one_by_one(connect: Any) -> None:
    spec = SyntheticSpec(experiments=25_000, points=10)
    headers = {"Authorization": "k"}
    async with (
        LocalServer(synthetic=spec) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        client = connect(server, session)
        address = {"workspaceName": "synthetic", "projectName": "synthetic"}
        rows = (await client.get("experiments", **address))["experiments"]
        assert len({row["experimentKey"] for row in rows}) == 25_000
        began = time.perf_counter()
        for row in rows[::250]:
            await client.get("experiment/parameters", experimentKey=row["experimentKey"])
        assert time.perf_counter() - began < 10
