"""Cancellations at random times around every verb of a session, with faults on the wire."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import msgspec

from comet_async import CometAsyncError, Ok, Session, comet
from tests.faults.harness_leaks import Ground, assert_idle, parts_in

__all__ = ["VERBS", "Tally", "cancel_at_random"]

Verb = Callable[[Ground, Session, Path, random.Random], Awaitable[None]]

_SHORTEST, _LONGEST = 0.0002, 0.4


class Tally(msgspec.Struct):
    """How the calls ended: cancelled, with the right value, or with an error of ours."""

    cancelled: int = 0
    finished: int = 0
    failed: int = 0


async def send(ground: Ground, session: Session, folder: Path, draw: random.Random) -> None:
    """One small answer."""
    key = draw.choice(ground.keys)
    found = await session.send(comet.get_experiment_metadata(key))
    assert found.experiment_key == key


async def blob(ground: Ground, session: Session, folder: Path, draw: random.Random) -> None:
    """Octets over a redirect, held in memory."""
    request, size = draw.choice(ground.assets)
    assert len((await session.send(request)).data) == size


async def download(ground: Ground, session: Session, folder: Path, draw: random.Random) -> None:
    """Octets over a redirect, into a file that is whole or absent."""
    request, size = draw.choice(ground.assets)
    path = folder / f"{draw.getrandbits(64):016x}"
    try:
        assert (await session.download(request, path, expected_size=size)).size == size
    finally:
        if path.exists():
            assert path.stat().st_size == size
            path.unlink()


async def fan_out(ground: Ground, session: Session, folder: Path, draw: random.Random) -> None:
    """Six requests at once, and a consumer."""
    pairs = ((key, comet.get_experiment_metadata(key)) for key in ground.keys[:6])
    got = 0
    async with session.fan_out(pairs, concurrency=3, buffer=1) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Ok):
                assert outcome.value.experiment_key == outcome.key
            got += 1
    assert got == 6


async def items(ground: Ground, session: Session, folder: Path, draw: random.Random) -> None:
    """Three pages."""
    listing = comet.paged_experiments(project_id=ground.project_id, size=4, sort_by="startTime")
    found = [item.experiment_key async for item in session.items(listing)]
    assert found == ground.keys


VERBS: tuple[Verb, ...] = (send, blob, download, fan_out, items)


async def cancel_at_random(
    ground: Ground, session: Session, folder: Path, count: int, *, seed: int, width: int = 8
) -> Tally:
    """Make `count` calls under timeouts from 0.2 to 400 ms, `width` at once; return how they ended.

    Raises:
        AssertionError: A value was wrong, or something was left behind.
    """
    draw = random.Random(seed)
    tally = Tally()
    turns = iter(range(count))

    async def worker() -> None:
        for _ in turns:
            call = partial(draw.choice(VERBS), ground, session, folder, draw)
            patience = math.exp(draw.uniform(math.log(_SHORTEST), math.log(_LONGEST)))
            await _one(call, patience, tally)

    async with anyio.create_task_group() as tasks:
        for _ in range(width):
            tasks.start_soon(worker)
    assert_idle(session)
    assert parts_in(folder) == []
    assert tally.cancelled + tally.finished + tally.failed == count
    return tally


async def _one(call: Callable[[], Awaitable[None]], patience: float, tally: Tally) -> None:
    ended = False
    with anyio.move_on_after(patience) as scope:
        try:
            await call()
            ended = True
        except CometAsyncError:
            tally.failed += 1
            return
    assert ended or scope.cancelled_caught
    tally.finished += ended
    tally.cancelled += not ended
