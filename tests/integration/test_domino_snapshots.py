"""Snapshots of Domino datasets: waited for until they are active, or told why not."""

from __future__ import annotations

import json

import anyio.lowlevel
import pytest

from comet_async import Session, domino, domino_bulk
from tests.support.raw_server import Action, answer, raw_server


def states(*names: str) -> list[Action]:
    return [
        answer(json.dumps({"snapshot": {"id": "s", "datasetId": "d", "status": name}}).encode())
        for name in names
    ]


async def no_wait(seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


async def taken(*names: str) -> tuple[domino.SnapshotDetails, list[str]]:
    async with raw_server(*states(*names)) as server:
        service = domino.service("KEY", host=server.url)
        polling = domino_bulk.Polling(sleep=no_wait)
        async with Session(service) as session:
            found = await domino_bulk.take_snapshot(session, "d", ["."], polling=polling)
        return found, [heard.line.split(" ")[0] for heard in server.heard]


async def test_a_snapshot_is_waited_for() -> None:
    found, asked = await taken("pending", "pending", "Copying", "ACTIVE")
    assert found.id == "s"
    assert asked == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize("end", ["failed", "markForDeletion"])
async def test_a_snapshot_that_fails_is_told(end: str) -> None:
    with pytest.raises(domino_bulk.SnapshotFailed, match=end.casefold()):
        await taken("pending", "copying", end)
