"""Faults on writes: before they are done, and after, when only the answer is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from comet_async.server import FaultRule, LocalServer
from tests.server.write_cases import CASES, Case
from tests.server.write_world import FACTS, World

LOST = ["rst_before", "close_before", "status", "truncate_length", "rst_mid_body", "empty_200"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world, and a client that never repeats a request: aiohttp does when a connection drops."""
    async with (
        LocalServer(extras=False) as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        session._retry_connection = False
        found = World(server, session)
        await found.build()
        server.log.clear()
        yield found


async def attempt(world: World, case: Case) -> None:
    """Send a write whose answer may be lost in any way."""
    try:
        await world.write(case.name, case.sent)
    except (aiohttp.ClientError, AssertionError, KeyError, ValueError):
        return


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_each_write_can_be_lost_before_it_is_done_and_after(world: World, case: Case) -> None:
    template = FACTS[case.name]["path"]
    before = await world.snapshot()
    world.server.faults.add("rst_before", match="/", applied=False, times=1)
    await attempt(world, case)
    assert world.server.log.applied_counts() == {}
    world.server.faults.clear()
    assert await world.snapshot() == before

    world.server.faults.add("rst_before", match="/", applied=True, times=1)
    await attempt(world, case)
    assert world.server.log.applied_counts() == {template: 1}
    records = [record for record in world.server.log if record.template == template]
    assert [record.applied for record in records] == [False, True]
    assert [record.fault for record in records] == ["rst_before", "rst_before"]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("applied", [True, False])
async def test_any_fault_comes_before_or_after_as_its_rule_says(
    world: World, fault: str, applied: bool
) -> None:
    rule = FaultRule(fault, match="/write/", times=1, applied=applied)
    world.server.faults.add(rule)
    case = next(case for case in CASES if case.name == "log_experiment_metric")
    await attempt(world, case)
    assert world.server.faults.hits(rule) == 1
    points = await world.read(
        "experiment/metrics/get-metric", {"experimentKey": "$key", "metricName": "val/f1"}
    )
    assert len(points["metrics"]) == int(applied)


async def test_without_a_word_each_fault_is_where_it_was(world: World) -> None:
    """Those that spoil an answer come after the write, those that replace it in its place."""
    case = next(case for case in CASES if case.name == "log_experiment_metric")
    for fault, done in (
        ("status", 0),
        ("rst_before", 0),
        ("truncate_length", 1),
        ("rst_mid_body", 2),
    ):
        world.server.faults.add(fault, match="/write/", times=1)
        await attempt(world, case)
        counts = world.server.log.applied_counts()
        assert counts.get(FACTS[case.name]["path"], 0) == done


async def test_a_refused_write_does_not_count_as_done(world: World) -> None:
    await world.write("log_experiment_metric", {"experimentKey": "$key"})
    assert world.server.log.counts() == {FACTS["log_experiment_metric"]["path"]: 1}
    assert world.server.log.applied_counts() == {}


async def test_a_rate_limit_holds_for_writes_and_nothing_is_done(world: World) -> None:
    world.server.faults.add("status", {"status": 429, "retry_after": 1}, match="/write/")
    case = next(case for case in CASES if case.name == "create_project")
    status, body = await world.write(case.name, case.sent)
    assert (status, body["code"]) == (429, 429)
    assert world.server.log.applied_counts() == {}


async def test_the_same_upload_is_known_as_a_repetition(world: World) -> None:
    """Each form has another boundary; its parts tell that it is the same."""
    rule = FaultRule("status", 503, match="upload-asset", per_key=1)
    world.server.faults.add(rule)
    sent = {"experimentKey": "$key", "fileName": "a", "file": b"same bytes"}
    statuses = [(await world.write("upload_experiment_asset", sent))[0] for _ in range(2)]
    other, _ = await world.write("upload_experiment_asset", {**sent, "file": b"other bytes"})
    assert (statuses, other) == ([503, 200], 503)
