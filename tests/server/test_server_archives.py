from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comet_async.server import ArchiveError, LocalServer
from comet_async.server.numbers_text import java_double, span, text_of
from comet_async.server.records import Json, Mark

KEY = "a" * 32


def metric(
    name: str, value: object, step: int | None, **more: object
) -> tuple[str, dict[str, Any]]:
    inner = {"metricName": name, "metricValue": value, "step": step, "epoch": None}
    return "metric_msg", {"local_timestamp": 1_700_000_000_500, "metric": inner, **more}


@pytest.fixture
def reading(connect: Any) -> Callable[..., Any]:
    """Serve archives and return the answers of some reads of the made run."""

    async def read(archives: list[Path], *paths: str, **query: object) -> list[Any]:
        headers = {"Authorization": "k"}
        async with (
            LocalServer(archives) as server,
            aiohttp.ClientSession(headers=headers) as session,
        ):
            client = connect(server, session)
            return [await client.get(path, experimentKey=KEY, **query) for path in paths]

    return read


async def test_header_and_texts(make_archive: Any, reading: Any) -> None:
    path = make_archive(
        [
            ("log_other", {"key": "Name", "value": "a run"}),
            ("file_name", {"file_name": "/src/train.py"}),
            ("html", {"html": "<p>"}),
            ("html", {"html": "</p>"}),
            ("standard_output", {"output": "one\n", "stderr": False}),
            ("standard_output", {"output": "two\n", "stderr": True}),
            ("graph", {"graph": "digraph"}),
            ("cloud_details", {"provider": "AWS", "cloud_metadata": {"zone": "a"}}),
            ("git_metadata", {"git_metadata": {"user": "u", "branch": "b", "other": 1}}),
            ("log_dependency", {"name": "numpy", "version": "2.0"}),
            ("gpu_static_info", {"gpu_static_info": [{"name": "gpu"}]}),
            ("no_such_type", {"x": 1}),
        ],
        tags=["b", "a"],
        customer_error_reported=True,
    )
    facts, html, output, graph, cloud, git, tags, system = await reading(
        [path],
        "experiment/metadata",
        "experiment/html",
        "experiment/output",
        "experiment/graph",
        "experiment/cloud-details",
        "experiment/git/metadata",
        "experiment/tags",
        "experiment/system-details",
    )
    assert (facts["experimentName"], facts["fileName"]) == ("a run", "train.py")
    assert (facts["filePath"], facts["durationMillis"]) == ("/src/train.py", 60_000)
    assert (facts["workspaceName"], facts["projectName"]) == ("team", "made")
    assert (facts["hasCrashed"], "userName" in facts) == (True, False)
    assert html == {"html": "<p></p>"}
    assert output == {"output": "one\ntwo\n"}
    assert graph == {"graph": "digraph"}
    assert cloud == {"experimentKey": KEY, "provider": "AWS", "metadata": {"zone": "a"}}
    assert git == {"user": "u", "root": None, "branch": "b", "parent": None, "origin": None}
    assert tags == {"tags": ["a", "b"]}
    assert system["installedPackages"] == ["numpy==2.0"]
    assert system["gpuStaticInfoList"] == [{"name": "gpu"}]


async def test_html_override_replaces(make_archive: Any, reading: Any) -> None:
    path = make_archive([("html", {"html": "old"}), ("htmlOverride", {"htmlOverride": "new"})])
    assert await reading([path], "experiment/html") == [{"html": "new"}]


async def test_metric_values_of_every_kind(make_archive: Any, reading: Any) -> None:
    values = [5, 0.5, 8.63e-4, 3.4359738368e10, "NaN", "Infinity", "words", True, None]
    path = make_archive([metric("m", value, at) for at, value in enumerate(values)])
    points, summary = await reading(
        [path], "experiment/metrics/get-all", "experiment/metrics/summary"
    )
    assert [point["metricValue"] for point in points["metrics"]] == [
        *("5", "0.5", "8.63E-4", "3.4359738368E10", "NaN", "Infinity", "words", "true", "null"),
    ]
    row = summary["values"][0]
    assert (row["valueMin"], row["valueMax"], row["valueCurrent"]) == (
        "8.63E-4",
        "Infinity",
        "null",
    )
    assert (row["stepMin"], row["stepMax"], row["stepCurrent"]) == (2, 5, 8)


async def test_points_keep_context_epoch_and_null_step(make_archive: Any, reading: Any) -> None:
    messages = [metric("m", 1, None), metric("m", 2, 3, context="train", message_id=9)]
    (body,) = await reading([make_archive(messages)], "experiment/metrics/get-all")
    assert [(p["step"], p["runContext"], p["offset"]) for p in body["metrics"]] == [
        (None, None, 0),
        (3, "train", 9),
    ]


async def test_more_than_15_000_values_are_sampled_and_kept_in_a_full_file(
    make_archive: Any, connect: Any
) -> None:
    path = make_archive([metric("my loss", at / 2, at) for at in range(20_001)])
    headers = {"Authorization": "k"}
    async with LocalServer([path]) as server, aiohttp.ClientSession(headers=headers) as session:
        client = connect(server, session)
        body = await client.get(
            "experiment/metrics/get-metric", experimentKey=KEY, metricName="my loss"
        )
        steps = [point["step"] for point in body["metrics"]]
        assert (len(steps), steps[0], steps[-1]) == (15_000, 0, 20_000)
        assert steps == sorted(set(steps))
        listed = await client.get(
            "experiment/asset/list", experimentKey=KEY, type="ASSET_TYPE_FULL_METRIC"
        )
        (asset,) = listed["assets"]
        assert asset["fileName"] == "my_loss_0.csv.zip"
        data = (
            await client.raw(
                "experiment/asset/get-asset", experimentKey=KEY, assetId=asset["assetId"]
            )
        )[2]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("my_loss_0.csv").decode())))
    assert (len(rows), rows[-1]["value"], rows[-1]["step"]) == (20_001, "10000.0", "20000")


async def test_parameters_take_the_last_value(make_archive: Any, reading: Any) -> None:
    def parameter(value: object) -> tuple[str, dict[str, Any]]:
        return "parameter_msg", {"param": {"paramName": "p", "paramValue": value, "step": None}}

    several = ("parameter_msg", {"params": {"paramName": "list", "paramValue": [1, 2]}})
    path = make_archive([parameter(3), parameter(1), parameter(True), several])
    (body,) = await reading([path], "experiment/parameters")
    first, second = body["values"]
    assert (first["valueMin"], first["valueMax"], first["valueCurrent"]) == ("1", "3", "true")
    assert (second["name"], second["valueCurrent"]) == ("list", "[1, 2]")


async def test_assets_of_special_kinds(make_archive: Any, reading: Any) -> None:
    spatial = {"name": "cloud", "items": [{"file_path": "tmp1", "file_name": "c.json"}]}
    model = {"model_name": "far", "remote_assets": [{"uri": "s3://b/m", "fileName": "m"}]}
    lost = {"file_path": "not-there", "upload_type": "asset", "additional_params": {}}
    path = make_archive(
        [("3d-image", spatial), ("remote_model", model), ("file_upload", lost)],
        files={"tmp1": b"{}"},
    )
    assets, models = await reading([path], "experiment/asset/list", "experiment/model")
    assert [(row["fileName"], row["type"], row["remote"]) for row in assets["assets"]] == [
        ("c.json", "3d-image", False),
        ("m", "model-element", True),
    ]
    assert [row["modelName"] for row in models["models"]] == ["far"]


async def test_older_catch_all_messages(make_archive: Any, reading: Any) -> None:
    old = {
        "local_timestamp": 1_700_000_000_000,
        "metric": {"metricName": "loss", "metricValue": 1.5, "step": 1},
        "code": "print(1)",
        "stdout": "text",
        "log_other": {"key": "Name", "val": "old run"},
        "env_details": {"hostname": "h"},
        "log_system_info": {"key": "k", "value": "v"},
    }
    code, others, system, output = await reading(
        [make_archive([("ws_msg", old)])],
        "experiment/code",
        "experiment/log-other",
        "experiment/system-details",
        "experiment/output",
    )
    assert (code, output) == ({"code": "print(1)"}, {"output": "text"})
    assert others["values"][0]["valueCurrent"] == "old run"
    assert system["hostname"] == "h"
    assert system["logAdditionalSystemInfoList"] == [{"key": "k", "value": "v"}]


async def test_damaged_lines_and_lone_surrogates_do_not_matter(
    tmp_path: Path, reading: Any
) -> None:
    lines = [
        '{"type": "log_other", "payload": {"key": "half", "value": "\\ud800"}}',
        "not json",
        "[]",
        '{"type": 1}',
        "[" * 100_000,
        '{"type": "metric_msg", "payload": {"metric": {"metricName": 7}}}',
    ]
    header = {"offline_id": KEY, "start_time": 1, "stop_time": 2, "workspace": None}
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("experiment.json", json.dumps(header))
        archive.writestr("messages.json", "\n".join(lines))
    others, facts = await reading([path], "experiment/log-other", "experiment/metadata")
    assert others["values"][0]["valueCurrent"] == "?"
    assert (facts["workspaceName"], facts["projectName"]) == ("default", "general")


async def test_a_directory_of_archives(make_archive: Any, tmp_path: Path, connect: Any) -> None:
    make_archive([], name="one.zip", offline_id="1" * 32)
    make_archive([], name="two.zip", offline_id="2" * 32, project_name="other")
    (tmp_path / "notes.txt").write_text("no archive")
    headers = {"Authorization": "k"}
    async with LocalServer([tmp_path]) as server, aiohttp.ClientSession(headers=headers) as session:
        body = await connect(server, session).get("projects", workspaceName="team")
    assert [row["projectName"] for row in body["projects"]] == ["made", "other"]


async def test_a_database_file_keeps_the_runs(
    make_archive: Any, tmp_path: Path, connect: Any
) -> None:
    archive, file = make_archive([metric("m", 1, 1)]), tmp_path / "runs.sqlite"
    headers = {"Authorization": "k"}
    async with LocalServer([archive], database=file):
        assert file.stat().st_size > 0
    async with (
        LocalServer(database=file) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        body = await connect(server, session).get("experiment/metrics/get-all", experimentKey=KEY)
    assert len(body["metrics"]) == 1


async def test_an_archive_replaces_an_older_one_and_a_resumed_one_adds(
    make_archive: Any, reading: Any
) -> None:
    old = make_archive([metric("gone", 1, 1), metric("m", 5, 1)], name="1.zip")
    new = make_archive([metric("m", 1, 1)], name="2.zip")
    more = make_archive([metric("m", 9, 2)], name="3.zip", resume_strategy="get")
    (body,) = await reading([old, new], "experiment/metrics/get-all")
    assert [(p["metricName"], p["metricValue"]) for p in body["metrics"]] == [("m", "1")]
    points, summary = await reading(
        [old, new, more], "experiment/metrics/get-all", "experiment/metrics/summary"
    )
    assert [p["metricValue"] for p in points["metrics"]] == ["1", "9"]
    row = summary["values"][0]
    assert (row["valueMin"], row["valueMax"], row["valueCurrent"]) == ("1", "9", "9")


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


HEADER = json.dumps({"offline_id": KEY, "start_time": 1, "stop_time": 2}).encode()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"messages.json": b""}, "experiment.json is missing"),
        ({"experiment.json": HEADER}, "messages.json is missing"),
        ({"experiment.json": b"{", "messages.json": b""}, "not JSON"),
        ({"experiment.json": b"[]", "messages.json": b""}, "no object"),
        ({"experiment.json": b'{"offline_id": "../x"}', "messages.json": b""}, "no experiment key"),
        ({"experiment.json": HEADER.replace(b"1", b'"x"', 1), "messages.json": b""}, "start_time"),
        ({"../evil": b"", "experiment.json": HEADER}, "unexpected member name"),
        ({"/etc/passwd": b"", "experiment.json": HEADER}, "unexpected member name"),
        ({"a/b": b"", "experiment.json": HEADER}, "unexpected member name"),
        ({"C:\\x": b"", "experiment.json": HEADER}, "unexpected member name"),
    ],
)
async def test_an_unusable_archive_is_refused(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    path = _zip(tmp_path / "bad.zip", members)
    with pytest.raises(ArchiveError, match=message):
        async with LocalServer([path]):
            pass


async def test_links_duplicates_and_files_that_are_no_zip_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.zip"
    with zipfile.ZipFile(link, "w") as archive:
        info = zipfile.ZipInfo("tmplink")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("experiment.json", HEADER)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("experiment.json", HEADER)
    text = tmp_path / "text.zip"
    text.write_text("no zip at all")
    for path, message in (
        (link, "no plain file"),
        (twice, "there twice"),
        (text, "not a zip"),
        (tmp_path / "nothing.zip", "no such file"),
    ):
        with pytest.raises(ArchiveError, match=message):
            async with LocalServer([path]):
                pass


async def test_a_damaged_member_is_refused(tmp_path: Path, make_archive: Any) -> None:
    upload = {"file_path": "tmp1", "upload_type": "asset", "additional_params": {"fileName": "f"}}
    path = make_archive([("file_upload", upload)], files={"tmp1": b"planted content"})
    path.write_bytes(path.read_bytes().replace(b"planted content", b"changed content"))
    with pytest.raises(ArchiveError, match="CRC"):
        async with LocalServer([path]):
            pass


async def test_the_samples_that_ship_with_the_package(connect: Any) -> None:
    headers = {"Authorization": "k"}
    async with (
        LocalServer(sample=True) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        client = connect(server, session)
        rows = (await client.get("projects", workspaceName="samples"))["projects"]
        counts = {row["projectName"]: row["numberOfExperiments"] for row in rows}
        assert set(counts) == {"digits-classification", "tabular-benchmarks"}
        assert sum(counts.values()) >= 24
        address = {"workspaceName": "samples", "projectName": "digits-classification"}
        runs = (await client.get("experiments", **address))["experiments"]
        key = runs[0]["experimentKey"]
        for kind in ("html", "output", "graph", "code"):
            assert (await client.get(f"experiment/{kind}", experimentKey=key))[kind]
        git = await client.get("experiment/git/metadata", experimentKey=key)
        assert git["branch"] == "refs/heads/main"
        patch = (await client.raw("experiment/git/patch", experimentKey=key))[2]
        assert zipfile.ZipFile(io.BytesIO(patch)).namelist() == ["git_diff.patch"]
        other = runs[1]["experimentKey"]
        assert await client.get("experiment/output", experimentKey=other) == {"output": None}
        models = await client.get("registry-model", workspaceName="samples")
        assert models["registryModels"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (8.63224093336612e-4, "8.63224093336612E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-12345678.5, "-1.23456785E7"),
        (3.4359738368e10, "3.4359738368E10"),
        (1e16, "1.0E16"),
        (1e300, "1.0E300"),
        (5e-324, "5.0E-324"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_java_notation(value: float, text: str) -> None:
    assert java_double(value) == text
    assert text == "NaN" or float(text) == value


def test_text_forms_and_spans() -> None:
    values: list[Json] = [True, False, None, 3, "x", {"a": [1]}]
    assert [text_of(item) for item in values] == ["true", "false", "null", "3", "x", '{"a": [1]}']
    only_text = span("n", [Mark("b"), Mark("a")])
    assert (only_text.minimum.value, only_text.maximum.value) == ("a", "a")
