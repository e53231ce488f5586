"""Cancellation leaves nothing behind, wherever it strikes (rows H1, H2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from comet_async import Session, comet
from comet_async.server import LocalServer, serve_in_thread
from comet_async.service import Limits, Quota
from tests.faults.harness_cancel import cancelled_at
from tests.faults.harness_leaks import (
    SPEC,
    Ground,
    assert_idle,
    held_by_process,
    new_folder,
    parts_in,
    settled,
    sizes_in,
)
from tests.faults.harness_random import cancel_at_random

Scenario = Callable[[Ground, Session, Path], Awaitable[None]]


@pytest.fixture(scope="module")
def shared() -> Iterator[Ground]:
    with serve_in_thread(LocalServer(synthetic=SPEC, storage=True)) as server:
        yield asyncio.run(Ground(server).find_assets())


@pytest.fixture
def ground(shared: Ground) -> Iterator[Ground]:
    shared.server.log.clear()
    yield shared
    shared.server.faults.clear()


async def first_send(ground: Ground, session: Session, folder: Path) -> None:
    await session.send(comet.get_experiment_metadata(ground.keys[0]))


async def second_send(ground: Ground, session: Session, folder: Path) -> None:
    """Over a kept connection, with an answer of many pieces."""
    await session.send(comet.get_experiment_metadata(ground.keys[0]))
    await session.send(ground.assets[2][0])


async def repeated_send(ground: Ground, session: Session, folder: Path) -> None:
    """Through a gateway's answer and a lost connection."""
    faults = ground.server.faults
    faults.clear()
    faults.add("status", 503, times=1)
    faults.add("close_before", times=1)
    await session.send(comet.get_experiment_metadata(ground.keys[0]))


async def throttled_send(ground: Ground, session: Session, folder: Path) -> None:
    """Two at once through the shared pause after a throttled answer."""
    ground.server.faults.clear()
    ground.server.faults.add("status", {"status": 429, "retry_after": 0.01}, times=1)
    async with asyncio.TaskGroup() as tasks:
        for key in ground.keys[:2]:
            tasks.create_task(session.send(comet.get_experiment_metadata(key)))


async def small_download(ground: Ground, session: Session, folder: Path) -> None:
    """Over a redirect to storage, durably."""
    request, size = ground.assets[1]
    await session.download(request, folder / "small", expected_size=size, durable=True)


async def broken_download(ground: Ground, session: Session, folder: Path) -> None:
    """The first body is cut, the second one comes whole, in several blocks."""
    ground.server.faults.clear()
    ground.server.faults.add("rst_mid_body", match="/assets/", times=1)
    request, size = ground.assets[0]
    await session.download(request, folder / "large", expected_size=size)


async def several_downloads(ground: Ground, session: Session, folder: Path) -> None:
    pairs = [(folder / str(n), ground.assets[n][0]) for n in (1, 2, 4)]
    async with session.download_many(pairs, concurrency=2) as outcomes:
        async for outcome in outcomes:
            assert outcome.value.size > 0  # type: ignore[union-attr]  # none fails here


async def wide_fan_out(ground: Ground, session: Session, folder: Path) -> None:
    pairs = ((key, comet.get_experiment_metadata(key)) for key in ground.keys[:7])
    async with session.fan_out(pairs, concurrency=3, buffer=1) as outcomes:
        async for _ in outcomes:
            await asyncio.sleep(0)


async def left_fan_out(ground: Ground, session: Session, folder: Path) -> None:
    """Leaves the block at the second outcome, with requests under way."""
    pairs = ((key, comet.get_experiment_metadata(key)) for key in ground.keys)
    async with session.fan_out(pairs, concurrency=4, ordered=True) as outcomes:
        async for outcome in outcomes:
            if outcome.key == ground.keys[1]:
                break


async def listing(ground: Ground, session: Session, folder: Path) -> None:
    pages = comet.paged_experiments(project_id=ground.project_id, size=4)
    assert len([item async for item in session.items(pages)]) == len(ground.keys)


async def collected(ground: Ground, session: Session, folder: Path) -> None:
    pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys[:5]]
    assert len((await session.collect(pairs)).ok) == 5


SCENARIOS: tuple[Scenario, ...] = (
    first_send,
    second_send,
    repeated_send,
    throttled_send,
    small_download,
    broken_download,
    several_downloads,
    wide_fan_out,
    left_fan_out,
    listing,
    collected,
)
NARROW = Limits(quotas=(Quota(4, 0.03),), rate=400.0, burst=2, concurrency=2)
"""Requests wait for slots, for the quota and for smoothing."""


async def _strike(
    ground: Ground, limits: Limits | None, folder: Path, scenario: Scenario, at: int
) -> bool:
    """Cancel at one suspension; return whether there was one."""
    async with ground.session(limits) as session:
        result = await cancelled_at(at, _as_coroutine(scenario, ground, session, folder))
        assert_idle(session)
        assert parts_in(folder) == []
        ground.server.faults.clear()
        if scenario is not throttled_send:  # whose session is slow from then on
            found = await session.send(comet.get_experiment_metadata(ground.keys[1]))
            assert found.experiment_key == ground.keys[1]
    assert sizes_in(folder) <= {size for _, size in ground.assets}
    return result.cancelled


async def _as_coroutine(scenario: Scenario, ground: Ground, session: Session, folder: Path) -> None:
    await scenario(ground, session, folder)


async def _at_every_await(
    ground: Ground, limits: Limits | None, folder: Path, scenario: Scenario
) -> int:
    """Return how many suspensions there were, each of which was cancelled once."""
    assert not await _strike(ground, limits, new_folder(folder), scenario, 0)
    before = held_by_process()
    at = 1
    while await _strike(ground, limits, new_folder(folder), scenario, at):
        at += 1
    await settled(before)
    return at - 1


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_cancel_at_every_await(ground: Ground, tmp_path: Path, scenario: Scenario) -> None:
    assert await _at_every_await(ground, None, tmp_path, scenario) >= 3


@pytest.mark.parametrize(
    "scenario", [wide_fan_out, collected, listing], ids=lambda scenario: scenario.__name__
)
async def test_cancel_at_every_await_of_a_throttled_session(
    ground: Ground, tmp_path: Path, scenario: Scenario
) -> None:
    assert await _at_every_await(ground, NARROW, tmp_path, scenario) >= 6


async def test_cancel_at_every_await_from_opening_to_closing(ground: Ground) -> None:
    """Two services, so that two transports are to be closed."""
    second = msgspec.structs.replace(ground.service(), name="second")
    request = comet.get_experiment_metadata(ground.keys[0])

    async def whole() -> None:
        async with Session(ground.service(), second) as session:
            await session.send(request)
            await session.send(msgspec.structs.replace(request, service="second"))

    before = held_by_process()
    at = 1
    while (await cancelled_at(at, whole())).cancelled:
        await settled(before)
        at += 1
    assert at > 5


async def test_five_hundred_cancellations_at_random_leave_nothing(
    ground: Ground, tmp_path: Path
) -> None:
    faults = ground.server.faults
    faults.add("status", 503, probability=0.02)
    faults.add("close_before", probability=0.02)
    before = held_by_process()
    async with ground.session() as session:
        tally = await cancel_at_random(ground, session, tmp_path, 500, seed=11)
        faults.clear()
        assert (await session.send(ground.assets[1][0])).data
    await settled(before)
    assert tally.cancelled >= 100
    assert tally.finished >= 20
    assert sizes_in(tmp_path) == set()
