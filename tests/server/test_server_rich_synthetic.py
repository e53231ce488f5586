from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]  # has no stubs
import pytest

from comet_async.server import (
    NON_FINITE_METRIC,
    TEXT_METRIC,
    LocalServer,
    SyntheticSource,
    SyntheticSpec,
)
from comet_async.testing import local_server

Connect = Callable[[LocalServer, aiohttp.ClientSession], Any]
PROJECT = {"workspaceName": "synthetic", "projectName": "synthetic"}


@asynccontextmanager
async def serving(connect: Connect, spec: SyntheticSpec) -> AsyncIterator[Any]:
    async with (
        local_server(synthetic=spec) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        yield connect(server, session)


def keys(spec: SyntheticSpec) -> list[str]:
    source = SyntheticSource(spec)
    return [source.key(index) for index in range(spec.experiments)]


async def test_shares_of_the_runs_have_texts_and_git(connect: Connect) -> None:
    spec = SyntheticSpec(
        experiments=20,
        points=2,
        git_share=0.5,
        patch_share=0.25,
        html_share=0.1,
        code_share=0.0,
        graph_share=1.0,
        output_lines=1000,
    )
    async with serving(connect, spec) as client:
        found = {"git": 0, "patch": 0, "html": 0, "code": 0, "graph": 0}
        for key in keys(spec):
            run = {"experimentKey": key}
            git = await client.get("experiment/git/metadata", **run)
            found["git"] += git["root"] is not None
            _, headers, body = await client.raw("experiment/git/patch", **run)
            if headers["Content-Type"] == "application/zip":
                found["patch"] += 1
                assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["git_diff.patch"]
            for kind in ("html", "code", "graph"):
                found[kind] += bool((await client.get(f"experiment/{kind}", **run))[kind])
            output = (await client.get("experiment/output", **run))["output"]
            assert len(output.splitlines()) == 1000
        assert found == {"git": 10, "patch": 5, "html": 2, "code": 0, "graph": 20}
        columns = (await client.get("project/column-names", **PROJECT))["columns"]
        assert {"name": "hasHtml", "id": "hasHtml--metadata", "type": "boolean"} in [
            {name: row[name] for name in ("name", "id", "type")} for row in columns
        ]
        rule = {"field": "hasHtml", "type": "boolean", "operator": "equal", "value": 1}
        query = {"condition": "AND", "rules": [rule], "valid": True}
        body = {**PROJECT, "predicates": [{"source": "metadata", "query": query}]}
        assert len((await client.post("project/query", body))["experimentKeys"]) == 2


async def test_system_metrics_are_read_as_metrics_and_are_no_columns(connect: Connect) -> None:
    spec = SyntheticSpec(experiments=1, metrics=2, points=10, system_metrics=6)
    names = [
        *("sys.cpu.percent.avg", "sys.gpu.0.utilization", "sys.ram.used", "sys.load.avg"),
        *("sys.network.send_bps", "sys.gpu.1.utilization"),
    ]
    async with serving(connect, spec) as client:
        run = {"experimentKey": keys(spec)[0]}
        details = await client.get("experiment/system-details", **run)
        assert details["systemMetricNames"] == names
        columns = (await client.get("project/column-names", **PROJECT))["columns"]
        assert [row["name"] for row in columns if row["source"] == "metrics"] == [
            "loss",
            "accuracy",
        ]
        body = {"targetedExperiments": keys(spec), "metrics": names, "fetchFull": True}
        chart = await client.post("experiments/multi-metric-chart", body)
        entry = chart["experiments"][keys(spec)[0]]
        assert [item["metricName"] for item in entry["metrics"]] == names
        for item in entry["metrics"]:
            answer = await client.get(
                "experiment/metrics/get-metric", **run, metricName=item["metricName"]
            )
            points = answer["metrics"]
            assert [float(point["metricValue"]) for point in points] == item["values"]
            assert len(points) == 10
        summary = await client.get("experiment/metrics/summary", **run)
        assert [row["name"] for row in summary["values"]] == ["loss", "accuracy", *names]


async def test_several_models_and_registry_models(connect: Connect) -> None:
    spec = SyntheticSpec(
        experiments=4, assets=20, asset_bytes=10, models=2, registry_models=2, registry_versions=4
    )
    async with serving(connect, spec) as client:
        run = {"experimentKey": keys(spec)[0]}
        models = (await client.get("experiment/model", **run))["models"]
        assert [row["modelName"] for row in models] == ["net", "net-1"]
        assert [item["registryModelName"] for row in models for item in row["registryRecords"]] == [
            "synthetic-model",
            "synthetic-model-1",
        ]
        files = await client.get("experiment/model/asset/list", **run, modelName="net-1")
        assert [row["fileName"] for row in files["assets"]] == ["model-element-0009.pt"]
        place = {"workspaceName": "synthetic"}
        assert (await client.get("registry-model/count", **place))["registryModelCount"] == 2
        items = await client.get("registry-model/items", **place, modelName="synthetic-model-1")
        assert [row["version"] for row in items["items"]] == ["1.3.0", "1.2.0", "1.1.0", "1.0.0"]
        _, _, data = await client.raw(
            "registry-model/item/download", **place, modelName="synthetic-model-1"
        )
        assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["model-element-0009.pt"]


async def test_artifacts_with_versions_and_files(connect: Connect) -> None:
    spec = SyntheticSpec(
        experiments=3, artifacts=5, artifact_versions=3, artifact_files=4, asset_bytes=(7, 8)
    )
    async with serving(connect, spec) as client:
        rows = (await client.get("artifacts/get-all", workspace="synthetic"))["artifacts"]
        assert [row["name"] for row in rows][2:] == [f"data-{number:03d}" for number in range(5)]
        details = await client.get("artifacts/get", artifactId=rows[3]["artifactId"])
        assert (details["latestVersion"], len(details["versions"])) == ("3.0.0", 3)
        newest = details["versions"][-1]
        assert newest["alias"] == ["Latest"]
        files = await client.get(
            "artifacts/version/files",
            workspace="synthetic",
            artifactName="data-001",
            version="3.0.0",
        )
        assert [(row["fileName"], row["fileSize"]) for row in files["files"]] == [
            ("data/part-0000.bin", 7),
            ("data/part-0001.bin", 8),
            ("data/part-0002.bin", 7),
            ("data/part-0003.bin", 8),
        ]
        for row in files["files"]:
            _, _, data = await client.raw(
                "experiment/asset/get-asset",
                experimentKey="",
                artifactVersionId=newest["artifactVersionId"],
                assetId=row["assetId"],
            )
            assert len(data) == row["fileSize"]
        written = await client.get("get/artifacts", experimentKey=keys(spec)[1])
        assert {row["artifactName"] for row in written["artifacts"]} == {"data-001", "data-004"}


def test_shared_curves_repeat_at_their_own_times() -> None:
    source = SyntheticSource(SyntheticSpec(experiments=6, points=50, curves=3))
    for name in source.at(0).metric_names():
        first, other, same = (source.at(index).series(name) for index in (0, 1, 3))
        assert first is not None
        assert other is not None
        assert same is not None
        assert list(first.values) == list(same.values)
        assert first.timestamps != same.timestamps
        assert name == TEXT_METRIC or list(first.values) != list(other.values)
    alone = SyntheticSource(SyntheticSpec(experiments=6, points=50))
    assert alone.at(1).series("loss") == source.at(1).series("loss")
    assert alone.at(1).metric_summary("loss") == source.at(1).metric_summary("loss")
    assert alone.at(1).metric_current("loss") == source.at(4).metric_current("loss")


LOGGED = SyntheticSpec(
    experiments=1, metrics=10, points=3, logged_points=20_000, remote_assets=1, curves=1
)


async def test_a_metric_that_was_sampled_down(connect: Connect) -> None:
    run = SyntheticSource(LOGGED).at(0)
    async with serving(connect, LOGGED) as client:
        query = {"experimentKey": run.key, "metricName": "val/loss"}
        stored = (await client.get("experiment/metrics/get-metric", **query))["metrics"]
        steps = [point["step"] for point in stored]
        assert (len(stored), steps[0], steps[-1]) == (15_000, 0, 199_990)
        assert steps == sorted(set(steps))
        body = {"targetedExperiments": [run.key], "metrics": ["val/loss"], "fetchFull": True}
        chart = await client.post("experiments/multi-metric-chart", body)
        entry = chart["experiments"][run.key]["metrics"][0]
        assert entry["values"] == [float(point["metricValue"]) for point in stored]
        rows = await whole(client, run.key, "val_loss")
        assert len(rows) == 20_000
        assert [int(row["step"]) for row in rows] == list(range(0, 200_000, 10))
        by_step = {int(row["step"]): row for row in rows}
        for point in stored[::100]:
            row = by_step[point["step"]]
            assert row["value"] == point["metricValue"]
            assert float(row["timestamp"]) * 1000 == point["timestamp"]
            assert int(row["epoch"]) == point["epoch"]


async def whole(client: Any, key: str, stem: str) -> list[dict[str, str]]:
    """Read the whole series of a metric, as a client does: part after part, by number."""
    answer = await client.get(
        "experiment/asset/list", experimentKey=key, type="ASSET_TYPE_FULL_METRIC"
    )
    named = re.compile(re.escape(stem) + r"_(\d+)\.csv\.zip")
    listed = [row for row in answer["assets"] if named.fullmatch(row["fileName"])]
    numbers = [int(re.sub(named, r"\1", row["fileName"])) for row in listed]
    assert numbers != sorted(numbers), "the order of the list is that of the names"
    rows: list[dict[str, str]] = []
    for _number, row in sorted(zip(numbers, listed, strict=True), key=lambda pair: pair[0]):
        _, _, data = await client.raw(
            "experiment/asset/get-asset", experimentKey=key, assetId=row["assetId"]
        )
        assert len(data) == row["fileSize"]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text = archive.read(archive.namelist()[0]).decode()
        rows += csv.DictReader(io.StringIO(text))
    assert sorted(numbers) == list(range(12))
    return rows


def test_the_parts_of_whole_metrics_are_those_of_all_numeric_metrics() -> None:
    run = SyntheticSource(LOGGED).at(0)
    parts = [asset for asset in run.assets() if asset.type == "ASSET_TYPE_FULL_METRIC"]
    stems = {asset.file_name.rpartition("_")[0] for asset in parts}
    assert len(stems) == 9
    assert {"loss", "pr_cision_", "learning_rate", "odd_non-finite"} <= stems
    assert len({asset.asset_id for asset in parts}) == len(parts) == 9 * 12
    assert len(run.assets()) == 3 + len(parts)
    assert run.content(run.assets()[2].asset_id) is None
    odd = run.series(NON_FINITE_METRIC)
    assert odd is not None
    assert {"NaN", "Infinity", "-Infinity"} <= set(odd.values)
    beyond = SyntheticSource(SyntheticSpec(experiments=1)).at(0)
    assert beyond.content(beyond._asset_id(5)) is None


@pytest.mark.parametrize(
    "wrong",
    [{"logged_points": 15_000}, {"full_metric_parts": 0}, {"models": 0}, {"curves": 0}],
)
def test_an_impossible_specification_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SyntheticSpec(**wrong)


async def test_a_hundred_thousand_experiments_are_listed_page_by_page(connect: Connect) -> None:
    spec = SyntheticSpec(experiments=100_000, projects=4)
    source = SyntheticSource(spec)
    async with serving(connect, spec) as client:
        before = psutil.Process().memory_info().rss
        found = bytearray(spec.experiments)
        for project in source.projects():
            for page in range(1, 27):
                rows = (
                    await client.get(
                        "experiments", projectId=project.project_id, page=page, size=1000
                    )
                )["experiments"]
                for row in rows:
                    found[source.index(row["experimentKey"]) or 0] += 1
                assert len(rows) == (1000 if page < 26 else 0)
        assert set(found) == {1}
        assert psutil.Process().memory_info().rss - before < 32 << 20
