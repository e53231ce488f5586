from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from comet_async.server import SyntheticSource, SyntheticSpec
from comet_async.testing import local_server

SPEC = SyntheticSpec(experiments=8, metrics=2, points=100)
KEYS = [SyntheticSource(SPEC).key(index) for index in range(8)]
CHART = "experiments/multi-metric-chart"


def asked(keys: list[str], *metrics: str) -> dict[str, Any]:
    return {"targetedExperiments": keys, "metrics": [*metrics], "fetchFull": True}


@pytest.mark.parametrize("refusal", [400, 413, 504])
async def test_a_chart_of_too_many_points_is_refused(
    connect: Callable[..., Any], refusal: int
) -> None:
    async with (
        local_server(synthetic=SPEC, chart_points=400, chart_refusal=refusal) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        answer = await client.post(CHART, asked(KEYS[:3], "loss", "accuracy"), status=refusal)
        assert answer["code"] == refusal
        assert "400 points" in answer["msg"]
        chart = await client.post(CHART, asked(KEYS[:2], "loss", "accuracy"))
        assert list(chart["experiments"]) == KEYS[:2]
        chart = await client.post(CHART, asked(KEYS[:4], "loss"))
        assert len(chart["experiments"]) == 4


async def test_a_batch_halved_down_to_one_passes(connect: Callable[..., Any]) -> None:
    async with (
        local_server(synthetic=SPEC, chart_points=200) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        for count in (8, 4, 2):
            await client.post(CHART, asked(KEYS[:count], "loss", "accuracy"), status=413)
        await client.post(CHART, asked(KEYS[:1], "loss", "accuracy"))
        assert server.log.counts() == {f"/api/rest/v2/{CHART}": 4}


async def test_a_chart_takes_time_in_proportion_to_its_points(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    async with (
        local_server(synthetic=SPEC, chart_seconds_per_million=50) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        monkeypatch.setattr("comet_async.server.pipeline.asyncio.sleep", no_sleep)
        first = await client.post(CHART, asked(KEYS[:2], "loss"))
        assert await client.post(CHART, asked(KEYS[:2], "loss")) == first
        await client.post(CHART, asked(KEYS[:1], "loss"))
    assert [wait for wait in waits if wait] == pytest.approx([0.01, 0.01, 0.005])


@pytest.mark.parametrize(
    "wrong",
    [{"chart_refusal": 200}, {"chart_points": -1}, {"chart_seconds_per_million": -1.0}],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a chart|a delay"):
        local_server(synthetic=SPEC, **wrong)


async def test_a_chart_loses_an_experiment_once(connect: Callable[..., Any]) -> None:
    async with (
        local_server(synthetic=SPEC) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        server.faults.add("missing_experiment", KEYS[1], CHART, times=1)
        chart = await client.post(CHART, asked(KEYS[:3], "loss"))
        assert list(chart["experiments"]) == [KEYS[0], KEYS[2]]
        chart = await client.post(CHART, asked(KEYS[:3], "loss"))
        assert list(chart["experiments"]) == KEYS[:3]
        server.faults.add("missing_experiment", match=CHART, times=1)
        lost = await client.post(CHART, asked(KEYS[:1], "loss"))
        assert lost == {"experiments": {}, "empty": True}
        server.faults.add("missing_experiment", times=1)
        assert (await client.get("workspaces"))["workspaceNames"] == ["synthetic"]
