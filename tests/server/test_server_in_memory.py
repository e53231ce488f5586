from __future__ import annotations

import math
import random
import struct
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from comet_async.server import (
    Facts,
    Logged,
    Mark,
    MemorySource,
    Series,
    Store,
    Value,
    memory_project,
    series_of,
    serve_in_thread,
)
from comet_async.testing import local_server

PROJECT = memory_project("team", "exact values")
KEY = "f" * 32
NAMES = [
    "val/loss",
    "a+b",
    "two  blanks",
    " ",
    "précision/β",
    "\U0001f600",
    '"quoted"\\',
    "a&b=c%2F",
]
TEXTS = [
    *("NaN", "Infinity", "-Infinity", "1e-308", "1.0E-308", "4.9E-324", "-0.0", "0.1"),
    *("1.7976931348623157E308", "9007199254740993", "a word", ""),
]
STEPS = [None, 0, 1, 2**31, 2**53 - 1, 2**53, *range(6)]


def run(key: str, *series: Series, start_ms: int = 1000, **more: Any) -> Logged:
    facts = Facts(key, PROJECT, key[:4], start_ms, start_ms + 10)
    return Logged(facts, series={item.name: item for item in series}, **more)


@pytest.fixture
async def client(connect: Any) -> AsyncIterator[Any]:
    odd = [series_of(name, TEXTS, steps=STEPS) for name in NAMES]
    parameters = (Value.single("lr", Mark("0.1", 1000)),)
    source = MemorySource([run(KEY, *odd, parameters=parameters, tags=("exact",))])
    async with (
        local_server(sources=[source]) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        yield connect(server, session)


@pytest.mark.parametrize("name", NAMES)
async def test_values_are_served_as_they_were_given(client: Any, name: str) -> None:
    answer = await client.get("experiment/metrics/get-metric", experimentKey=KEY, metricName=name)
    assert [point["metricValue"] for point in answer["metrics"]] == TEXTS
    assert [point["step"] for point in answer["metrics"]] == STEPS
    assert {point["metricName"] for point in answer["metrics"]} == {name}
    body = {"targetedExperiments": [KEY], "metrics": [name], "fetchFull": True, "params": ["lr"]}
    chart = await client.post("experiments/multi-metric-chart", body)
    entry = chart["experiments"][KEY]
    assert entry["params"] == {"lr": "0.1"}
    assert entry["metrics"][0]["steps"] == STEPS
    assert entry["metrics"][0]["values"] == [
        *("NaN", "Infinity", "-Infinity", 1e-308, 1e-308, 5e-324, 0.0, 0.1),
        *(1.7976931348623157e308, 2.0**53, "a word", ""),
    ]
    assert math.copysign(1, entry["metrics"][0]["values"][6]) == -1


async def test_names_are_columns_and_all_points_come_at_once(client: Any) -> None:
    address = {"workspaceName": "team", "projectName": "exact values"}
    columns = (await client.get("project/column-names", **address))["columns"]
    assert [row["name"] for row in columns if row["source"] == "metrics"] == NAMES
    assert [row["name"] for row in columns if row["source"] == "tag"] == ["exact"]
    everything = await client.get("experiment/metrics/get-all", experimentKey=KEY)
    assert [point["metricValue"] for point in everything["metrics"]] == TEXTS * len(NAMES)
    details = await client.get("experiment/system-details", experimentKey=KEY)
    assert details["os"] is None
    for path in ("html", "code", "output", "graph"):
        assert (await client.get(f"experiment/{path}", experimentKey=KEY))[path] is None
    assert (await client.get("experiment/git/metadata", experimentKey=KEY))["root"] is None


async def test_a_million_random_doubles_arrive_bit_by_bit(connect: Any) -> None:
    chance = random.Random(20)
    doubles: list[float] = []
    while len(doubles) < 1_000_000:
        data = chance.randbytes(8 * 100_000)
        doubles += [value for value in struct.unpack("<100000d", data) if math.isfinite(value)]
    del doubles[1_000_000:]
    per_run = 10 * 12_500
    runs = []
    for number in range(8):
        base = number * per_run
        parts = [doubles[base + at * 12_500 : base + (at + 1) * 12_500] for at in range(10)]
        series = [series_of(f"m/{at}", [*map(repr, part)]) for at, part in enumerate(parts)]
        runs.append(run(f"{number:032d}", *series, start_ms=number))
    with serve_in_thread(local_server(sources=[MemorySource(runs)], compression=False)) as server:
        async with aiohttp.ClientSession(headers={"Authorization": "k"}) as session:
            client = connect(server, session)
            got: list[float] = []
            for number in range(8):
                body = {
                    "targetedExperiments": [f"{number:032d}"],
                    "metrics": [f"m/{at}" for at in range(10)],
                    "fetchFull": True,
                }
                chart = await client.post("experiments/multi-metric-chart", body)
                entry = chart["experiments"][f"{number:032d}"]
                got += [value for item in entry["metrics"] for value in item["values"]]
        assert server.log.counts() == {"/api/rest/v2/experiments/multi-metric-chart": 8}
    assert struct.pack("<1000000d", *got) == struct.pack("<1000000d", *doubles)


async def test_counts_of_requests_are_by_template(client: Any) -> None:
    log = client.server.log
    for _ in range(3):
        await client.get("experiment/metadata", experimentKey=KEY)
    await client.answer("registry-model/item/anything/metadata")
    await client.answer("no/such/path")
    assert log.counts() == {
        "/api/rest/v2/experiment/metadata": 3,
        "/api/rest/v2/registry-model/item/{modelItemId}/metadata": 1,
        "": 1,
    }
    log.clear()
    assert log.counts() == {}


def test_a_source_of_nothing_and_numbers_in_java_notation() -> None:
    assert Store([MemorySource([])]).workspaces() == []
    series = series_of("loss", [1e-5, 3, 1e10, float("nan")], start_ms=7)
    assert list(series.values) == ["1.0E-5", "3", "1.0E10", "NaN"]
    assert (list(series.timestamps), list(series.offsets)) == ([7, 1007, 2007, 3007], [0, 1, 2, 3])


def test_runs_come_in_order_of_time() -> None:
    source = MemorySource([run("b" * 32, start_ms=2), run("a" * 32, start_ms=1)])
    runs = source.runs(PROJECT.project_id, archived=False)
    assert [item.facts.key[0] for item in runs] == ["a", "b"]
    assert source.run("c" * 32) is None
    assert runs[0].metric_summary("loss") is None
    assert runs[0].metric_current("loss") is None
    assert runs[0].content("x") is None
    assert (runs[0].cloud(), runs[0].patch()) == (None, None)
