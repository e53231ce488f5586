from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

from comet_async import Limits, Session, comet, harvest
from comet_async.harvest.schema import ON_DEMAND
from comet_async.harvest.sources import COMET
from comet_async.server import HOSTILE_NAMES, LocalServer, SyntheticSpec

KEY = "sentinel-key-4f1d6c2b8e"
LIMITS = Limits(concurrency=8)
DEFAULT = [name for name in harvest.TABLES if COMET.has(name) and name not in ON_DEMAND]
Row = dict[str, Any]


class Raw:
    """The server's own answers, read without the package."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/api/rest/v2/"
        self._session = session

    async def bytes(self, path: str, **query: str) -> bytes:
        headers = {"Authorization": "any"}
        async with self._session.get(self._url + path, params=query, headers=headers) as answer:
            assert answer.status == 200
            return await answer.read()

    async def get(self, path: str, **query: str) -> Any:
        return json.loads(await self.bytes(path, **query))

    async def series(self, key: str) -> list[Row]:
        """Return the points of an experiment, whole where an asset holds the whole series."""
        points = (await self.get("experiment/metrics/get-all", experimentKey=key))["metrics"]
        return sorted(points, key=lambda point: point["metricName"].encode())

    async def metric_names(self, project_id: str) -> set[str]:
        columns = (await self.get("project/column-names", projectId=project_id))["columns"]
        return {column["name"] for column in columns if column["source"] == "metrics"}


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    spec = SyntheticSpec(
        experiments=6, points=40, hostile_names=True, assets=35, remote_assets=2, archived=2
    )
    async with LocalServer(synthetic=spec) as started:
        yield started


@pytest.fixture
async def samples() -> AsyncIterator[LocalServer]:
    async with LocalServer(sample=True) as started:
        yield started


def table(root: Path, name: str) -> list[Row]:
    """Return the rows of a table, timestamps as milliseconds."""
    parts = [pq.read_table(path) for path in sorted((root / "tables" / name).glob("*.parquet"))]
    whole = pa.concat_tables(parts)
    for index, field in enumerate(whole.schema):
        if pa.types.is_timestamp(field.type):
            numbers = whole[field.name].cast(pa.int64())
            whole = whole.set_column(index, field.name, numbers)
    rows: list[Row] = whole.to_pylist()
    return rows


def of(rows: list[Row], key: str) -> list[Row]:
    return [row for row in rows if row["experiment_key"] == key]


def same(left: object, right: object) -> bool:
    """Compare values; NaN equals NaN, and a float is not an int."""
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    return left == right


EXACT = harvest.Selection(exact=True)


async def taken(
    server: LocalServer, scope: str, root: Path, selection: harvest.Selection = EXACT
) -> harvest.Report:
    service = comet.service(KEY, url=server.url, limits=LIMITS)
    async with Session(service) as session:
        plan = await harvest.plan(session, scope, selection=selection)
        return await harvest.run(session, plan, root)


def every_file(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def number(text: str | None) -> float | None:
    """Return the number in a text of the wire, written by other means than the package's."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return None


@pytest.mark.timeout(180)
async def test_every_value_of_the_sample_equals_the_servers_own_answer(
    samples: LocalServer, tmp_path: Path
) -> None:
    report = await taken(samples, "samples", tmp_path)

    assert report.exit_code == 0
    assert report.tables[0].stored >= 24
    async with aiohttp.ClientSession() as session:
        await compare(tmp_path, "samples", report, Raw(samples.url, session))


@pytest.mark.timeout(180)
async def test_every_synthetic_value_equals_the_servers_own_answer(
    server: LocalServer, tmp_path: Path
) -> None:
    report = await taken(server, "synthetic", tmp_path)

    assert report.exit_code == 0
    async with aiohttp.ClientSession() as session:
        await compare(tmp_path, "synthetic", report, Raw(server.url, session))


async def compare(tmp_path: Path, workspace: str, report: harvest.Report, raw: Raw) -> None:
    """Compare every row and file of a harvest with raw answers."""
    experiments = table(tmp_path, "experiments")
    listed = []
    for project in (await raw.get("projects", workspaceName=workspace))["projects"]:
        listed += (await raw.get("experiments", projectId=project["projectId"]))["experiments"]
    assert {row["experiment_key"] for row in experiments} == {
        row["experimentKey"] for row in listed
    }
    tables = {name: table(tmp_path, name) for name in DEFAULT}
    for row in listed:
        key = row["experimentKey"]
        check_experiment(of(experiments, key), row)
        check_metrics(of(tables["metrics"], key), await raw.series(key))
        check_summaries(
            of(tables["metric_summaries"], key),
            await raw.get("experiment/metrics/summary", experimentKey=key),
        )
        check_values(
            of(tables["parameters"], key), await raw.get("experiment/parameters", experimentKey=key)
        )
        check_values(
            of(tables["others"], key), await raw.get("experiment/log-other", experimentKey=key)
        )
        tags = (await raw.get("experiment/tags", experimentKey=key))["tags"]
        assert [found["tag"] for found in of(tables["tags"], key)] == tags
        await check_texts(tables, raw, key)
        check_system(
            of(tables["system_details"], key),
            await raw.get("experiment/system-details", experimentKey=key),
        )
        await check_assets(of(tables["assets"], key), raw, key, tmp_path)
    assert {entry.table: entry.rows for entry in report.tables if entry.table != "files"} == {
        name: len(rows) for name, rows in tables.items()
    }


async def check_texts(tables: dict[str, list[Row]], raw: Raw, key: str) -> None:
    """Compare code, output, HTML and graph; an experiment without one has no row."""
    for name in ("code", "output", "html", "graph"):
        text = (await raw.get(f"experiment/{name}", experimentKey=key))[name]
        assert [row[name] for row in of(tables[name], key)] == ([text] if text else []), name


def check_experiment(rows: list[Row], sent: Row) -> None:
    (row,) = rows
    for column, member in {
        "experiment_name": "experimentName",
        "workspace_name": "workspaceName",
        "project_id": "projectId",
        "project_name": "projectName",
        "user_name": "userName",
        "optimization_id": "optimizationId",
        "file_path": "filePath",
        "file_name": "fileName",
        "start_time": "startTimeMillis",
        "end_time": "endTimeMillis",
        "duration_ms": "durationMillis",
        "archived": "archived",
        "running": "running",
        "has_crashed": "hasCrashed",
        "throttled": "throttle",
    }.items():
        assert row[column] == sent.get(member), column


def check_metrics(rows: list[Row], points: list[Row]) -> None:
    assert len(rows) == len(points)
    for row, point in zip(rows, points, strict=True):
        for column, member in {
            "metric": "metricName",
            "context": "runContext",
            "step": "step",
            "epoch": "epoch",
            "timestamp": "timestamp",
            "offset": "offset",
        }.items():
            assert row[column] == point.get(member), column
        text = point["metricValue"]
        assert harvest.original_text(row["value"], row["value_text"]) == text
        assert same(row["value"], number(text))


def check_summaries(rows: list[Row], answer: Row) -> None:
    assert [row["metric"] for row in rows] == [value["name"] for value in answer["values"]]
    for row, value in zip(rows, answer["values"], strict=True):
        for prefix, suffix in {"min": "Min", "max": "Max", "last": "Current"}.items():
            text = value.get(f"value{suffix}")
            assert harvest.original_text(row[prefix], row[f"{prefix}_text"]) == text
            assert same(row[prefix], number(text))
            assert row[f"{prefix}_timestamp"] == value.get(f"timestamp{suffix}")
            assert row[f"{prefix}_step"] == value.get(f"step{suffix}")
            assert row[f"{prefix}_context"] == value.get(f"runContext{suffix}")
        assert row["editable"] == value.get("editable")


def check_values(rows: list[Row], answer: Row) -> None:
    assert len(rows) == len(answer["values"])
    for row, value in zip(rows, answer["values"], strict=True):
        assert row["name"] == value["name"]
        assert row["value"] == value.get("valueCurrent")
        assert same(row["number"], number(value.get("valueCurrent")))
        assert row["timestamp"] == value.get("timestampCurrent")
        assert row["value_min"] == value.get("valueMin")
        assert row["value_max"] == value.get("valueMax")
        assert row["value_min_timestamp"] == value.get("timestampMin")
        assert row["value_max_timestamp"] == value.get("timestampMax")


def check_system(rows: list[Row], sent: Row) -> None:
    (row,) = rows
    for column, member in {
        "user": "user",
        "hostname": "hostname",
        "ip": "ip",
        "os": "os",
        "os_type": "osType",
        "os_release": "osRelease",
        "machine": "machine",
        "processor": "processor",
        "total_ram": "totalRam",
        "max_total_memory": "maxTotalMemory",
        "python_version": "pythonVersion",
        "python_version_verbose": "pythonVersionVerbose",
        "pid": "pid",
        "executable": "executable",
    }.items():
        assert row[column] == sent.get(member), column
    for column, member in {
        "command": "command",
        "network_interface_ips": "networkInterfaceIps",
        "os_packages": "osPackages",
        "installed_packages": "installedPackages",
        "system_metric_names": "systemMetricNames",
    }.items():
        assert row[column] == (sent.get(member) or []), column
    assert (json.loads(row["env_json"]) if row["env_json"] else None) == (sent.get("env") or None)
    assert len(row["gpus"]) == len(sent.get("gpuStaticInfoList") or [])


async def check_assets(rows: list[Row], raw: Raw, key: str, root: Path) -> None:
    sent = (await raw.get("experiment/asset/list", experimentKey=key))["assets"]
    assert {row["asset_id"] for row in rows} == {asset["assetId"] for asset in sent}
    by_id = {row["asset_id"]: row for row in rows}
    for asset in sent:
        row = by_id[asset["assetId"]]
        assert row["name"] == asset["fileName"]
        assert row["listed_size"] == asset["fileSize"]
        assert row["type"] == asset["type"]
        assert row["step"] == asset.get("step")
        assert row["context"] == asset.get("runContext")
        assert row["created"] == asset.get("createdAt")
        if asset["remote"]:
            assert (row["state"], row["link"], row["local_path"]) == ("remote", asset["link"], None)
            continue
        data = await raw.bytes(
            "experiment/asset/get-asset", experimentKey=key, assetId=asset["assetId"]
        )
        stored = root / row["local_path"]
        assert row["state"] == "stored"
        assert stored.read_bytes() == data
        assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    paths = [row["local_path"].casefold() for row in rows if row["local_path"]]
    assert len(set(paths)) == len(paths)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ["sample", "synthetic"])
async def test_every_value_of_charts_equals_the_servers_own_answer(
    samples: LocalServer, server: LocalServer, tmp_path: Path, which: str
) -> None:
    chosen, workspace = {"sample": (samples, "samples"), "synthetic": (server, "synthetic")}[which]
    report = await taken(chosen, workspace, tmp_path, harvest.Selection())

    assert report.exit_code == 0
    metrics, parameters = table(tmp_path, "metrics"), table(tmp_path, "parameters")
    summaries, series = table(tmp_path, "metric_summaries"), table(tmp_path, "metric_series")
    async with aiohttp.ClientSession() as session:
        raw = Raw(chosen.url, session)
        for row in table(tmp_path, "experiments"):
            key = row["experiment_key"]
            answer = await raw.get("experiment/parameters", experimentKey=key)
            sent = {value["name"]: value.get("valueCurrent") for value in answer["values"]}
            assert {found["name"]: found["value"] for found in of(parameters, key)} == sent
            names = await raw.metric_names(row["project_id"])
            points = [point for point in await raw.series(key) if point["metricName"] in names]
            check_chart(of(metrics, key), points)
            counts = Counter(point["metricName"] for point in points)
            assert {found["metric"]: found["points"] for found in of(series, key)} == counts
            told = await raw.get("experiment/metrics/summary", experimentKey=key)
            check_derived(of(summaries, key), told["values"])


def check_chart(rows: list[Row], points: list[Row]) -> None:
    """Compare points as charts tell them: without context, offset and the text of a number."""
    assert len(rows) == len(points)
    members = {"step": "step", "epoch": "epoch", "timestamp": "timestamp"}
    found = sorted(rows, key=lambda row: row["metric"].encode())
    for row, point in zip(found, points, strict=True):
        assert row["metric"] == point["metricName"]
        for column, member in members.items():
            assert row[column] == point.get(member), column
        assert same(row["value"], number(point["metricValue"]))
        if row["value"] is None:
            assert row["value_text"] == point["metricValue"]


def check_derived(rows: list[Row], values: list[Row]) -> None:
    """Compare the summaries that were computed; the service's own have contexts too."""
    told = {value["name"]: value for value in values}
    for row in rows:
        value = told[row["metric"]]
        if row["source"] == "server" or number(value.get("valueMin")) is None:
            continue
        for prefix, suffix in {"min": "Min", "max": "Max", "last": "Current"}.items():
            expected = number(value.get(f"value{suffix}"))
            if expected is not None and math.isfinite(expected):
                assert same(row[prefix], expected), (row["metric"], prefix)


async def test_hostile_names_stay_inside_the_folder(server: LocalServer, tmp_path: Path) -> None:
    root = tmp_path / "a" / "b" / "lake"
    report = await taken(server, "synthetic", root)

    below = every_file(root / "files")
    of_artifacts = every_file(root / "files" / "@artifacts")
    assert len(below) - len(of_artifacts) == 4 * len(HOSTILE_NAMES)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["lake"]
    assert report.tables[-1].stored == len(below)


async def test_counts_add_up_and_requests_are_what_was_forecast(
    server: LocalServer, tmp_path: Path
) -> None:
    service = comet.service(KEY, url=server.url, limits=LIMITS)
    async with Session(service) as session:
        plan = await harvest.plan(session, "synthetic/synthetic", archived=True)
        before = len(server.log)
        report = await harvest.run(session, plan, tmp_path)

    for entry in report.tables:
        assert entry.planned == entry.stored + entry.absent + entry.failed
        many = {"files": 6 * 37, "projects": 1, "dashboards": 1}
        assert entry.planned == many.get(entry.table, 6)
    files = report.tables[-1]
    assert (files.stored, files.absent, files.failed) == (6 * 35, 6 * 2, 0)
    spent = len(server.log) - before - files.requests
    # Whether an experiment has a patch or a model is not known before: nobody measures six.
    assert plan.forecast().requests <= spent <= plan.forecast().requests + 2 * 6 + 6
    assert report.requests == len(server.log) - before + plan.requests
    archived = {row["archived"] for row in table(tmp_path, "experiments")}
    assert archived == {True, False}


async def test_no_key_and_no_signature_is_written_anywhere(
    samples: LocalServer, tmp_path: Path
) -> None:
    report = await taken(samples, "samples", tmp_path)

    written = {path: path.read_bytes() for path in every_file(tmp_path)}
    assert [path for path, data in written.items() if KEY.encode() in data] == []
    assert KEY not in repr(report)
    assert KEY not in json.dumps(report.to_dict())
    texts = " ".join(str(row) for name in DEFAULT for row in table(tmp_path, name))
    assert KEY not in texts
    assert "X-Amz-Signature" not in texts


async def test_only_the_tables_asked_for_cost_requests(server: LocalServer, tmp_path: Path) -> None:
    service = comet.service(KEY, url=server.url, limits=LIMITS)
    async with Session(service) as session:
        plan = await harvest.plan(session, "synthetic/synthetic", tables=["tags", "metrics"])
        before = len(server.log)
        report = await harvest.run(session, plan, tmp_path)

    asked = {record.path.rpartition("v2/")[2] for record in list(server.log)[before:]}
    assert asked == {"project/query", "experiments/multi-metric-chart"}
    names = ["metrics", "metric_series", "tags"]
    assert [entry.table for entry in report.tables] == names
    assert {path.name for path in (tmp_path / "tables").iterdir()} == set(names)


async def test_without_files_the_assets_are_listed_only(
    server: LocalServer, tmp_path: Path
) -> None:
    service = comet.service(KEY, url=server.url, limits=LIMITS)
    async with Session(service) as session:
        plan = await harvest.plan(session, "synthetic", tables=["assets"])
        report = await harvest.run(session, plan, tmp_path, assets=False)

    assert [entry.table for entry in report.tables] == ["assets"]
    states = [row["state"] for row in table(tmp_path, "assets")]
    assert (states.count("listed"), states.count("remote")) == (4 * 35, 4 * 2)
    assert not (tmp_path / "files").exists()


async def test_an_empty_project_gives_empty_tables(tmp_path: Path) -> None:
    async with LocalServer(synthetic=SyntheticSpec(experiments=0)) as server:
        report = await taken(server, "synthetic", tmp_path)

    assert report.exit_code == 0
    assert table(tmp_path, "metrics") == table(tmp_path, "assets") == []
    of_experiments = [name for name in DEFAULT if harvest.TABLES[name].subject == "experiment"]
    planned = {entry.table: entry.planned for entry in report.tables}
    assert {planned[name] for name in of_experiments} == {0}


async def test_the_report_is_json(server: LocalServer, tmp_path: Path) -> None:
    report = await taken(server, "synthetic", tmp_path)
    plain = json.loads(json.dumps(report.to_dict()))

    assert plain["path"] == str(tmp_path)
    assert plain["scope"] == "synthetic"
    assert plain["exit_code"] == 0
    assert plain["failed"] == 0
    assert [entry["table"] for entry in plain["tables"]] == [*DEFAULT, "files"]
    for entry in plain["tables"]:
        assert entry["planned"] == entry["stored"] + entry["absent"] + entry["failed"]
    assert math.isfinite(plain["seconds"])
    assert (tmp_path / "failures.jsonl").read_bytes() == b""


async def test_progress_is_told(server: LocalServer, tmp_path: Path) -> None:
    told = Told()
    service = comet.service(KEY, url=server.url, limits=LIMITS)
    async with Session(service) as session:
        plan = await harvest.plan(session, "synthetic")
        before = session.counters.bytes_received
        report = await harvest.run(session, plan, tmp_path, progress=told)
        received = session.counters.bytes_received - before

    assert told.plans == told.ends
    assert told.plans == {entry.table: entry.planned for entry in report.tables}
    assert told.rows["metrics"] == 4 * 10 * 40
    assert told.size == received
    assert told.failures == 0


class Told:
    """A progress that adds up."""

    def __init__(self) -> None:
        self.plans: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.size = 0
        self.failures = 0

    def planned(self, table: str, items: int) -> None:
        self.plans[table] = self.plans.get(table, 0) + items

    def finished(self, table: str, items: int, rows: int) -> None:
        self.ends[table] = self.ends.get(table, 0) + items
        self.rows[table] = self.rows.get(table, 0) + rows
        assert self.ends[table] <= self.plans[table]

    def failed(self, table: str, items: int) -> None:
        self.failures += items

    def received(self, size: int) -> None:
        self.size += size
