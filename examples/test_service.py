"""How to test code that uses a session: without a network, and against an embedded server.

Run it with `python -m pytest examples/test_service.py`; besides `comet_async.testing` it needs
pytest-asyncio, with `asyncio_mode = "auto"`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from comet_async import RetryPolicy, Session, comet
from comet_async.errors import ConnectionLost, ServerError
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import FakeTransport, local_server, local_service, reply
from examples.service import best_runs, write_series

if not TYPE_CHECKING:
    from comet_async.testing import comet_server  # noqa: F401  pytest finds the fixture by its name

SUMMARY = "/api/rest/v2/experiment/metrics/summary"
QUICK = RetryPolicy(base=0.001)  # waits milliseconds where it would wait seconds
RUNS = {"one": "0.5", "two": "0.25", "three": "NaN"}


def summary(value: str) -> dict[str, object]:
    """Return what Comet answers about a run, shortened to what matters here."""
    return {"values": [{"name": "loss", "valueMin": value, "valueMax": value}]}


# Without a network: you script the answers and look at what was sent.


@pytest.fixture
def fake() -> FakeTransport:
    answers = [reply(json=summary(value)) for value in RUNS.values()]
    return FakeTransport().on("GET", SUMMARY, *answers)


async def test_the_best_run_is_first_and_nan_is_none(fake: FakeTransport) -> None:
    async with Session(comet.service("any-key"), transport=fake) as session:
        found = await best_runs(session, RUNS, "loss", highest=False, width=1)
    assert found == [(0.25, "two"), (0.5, "one")]
    assert fake.paths == [f"GET {SUMMARY}"] * 3
    assert fake.queries == [[("experimentKey", key)] for key in RUNS]


async def test_a_server_that_is_busy_is_asked_again(fake: FakeTransport) -> None:
    fake.on("GET", SUMMARY, reply(status=503), ConnectionLost("gone"), reply(json=summary("1")))
    service = comet.service("any-key")
    async with Session(service, transport=fake, retry=QUICK) as session:
        found = await best_runs(session, ["one"], "loss", highest=False, width=1)
    assert found == [(1.0, "one")]
    assert len(fake.sent) == 3


# Against the embedded server: real sockets, and the faults that you script.


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    """A Comet with 4 experiments of 10 points; loop and server are the test's own."""
    spec = SyntheticSpec(experiments=4, points=10, odd_metrics=False)
    async with local_server(synthetic=spec) as running:
        yield running


async def keys_of(session: Session) -> list[str]:
    asked = comet.get_experiments(workspace_name="synthetic", project_name="synthetic")
    return [run.experiment_key for run in (await session.send(asked)).experiments]


async def test_quiet_that_the_server_asks_for_is_kept(server: LocalServer) -> None:
    rule = server.faults.add("status", {"status": 429, "retry_after": 0.1}, "summary", times=1)
    async with Session(local_service(server)) as session:
        keys = await keys_of(session)
        found = await best_runs(session, keys, "metric_010", highest=True, width=2)
        assert session.counters.throttled == server.faults.hits(rule) == 1
    assert len(found) == 4


async def test_half_a_ranking_is_an_error(server: LocalServer) -> None:
    async with Session(local_service(server), retry=QUICK) as session:
        keys = await keys_of(session)
        server.faults.add("status", 500, match=f"summary?experimentKey={keys[2]}")
        with pytest.raises(ServerError):
            await best_runs(session, keys, "metric_010", highest=True, width=2)


async def test_a_series_that_is_lost_is_said_and_the_others_come(server: LocalServer) -> None:
    chunks: list[bytes] = []

    async def write(chunk: bytes) -> None:
        chunks.append(chunk)

    async with Session(local_service(server), retry=QUICK) as session:
        keys = await keys_of(session)
        server.faults.add("rst_mid_body", match=keys[0])  # the connection breaks, every time
        server.faults.add("slow_start", 0.05, match=keys[1])
        server.log.clear()
        await write_series(session, keys, "metric_010", write, as_csv=True, width=4)
    rows = b"".join(chunks).decode().splitlines()
    assert [row for row in rows if row.startswith(keys[0])] == [f"{keys[0]},,,BodyTruncated"]
    assert len(rows) == 1 + 3 * 10
    assert all(entry.header("authorization") for entry in server.log)


# From code of your own that blocks: the fixture's server runs on a thread of its own.


def test_the_fixture_serves_any_client(comet_server: LocalServer) -> None:
    from comet_async import blocking  # noqa: PLC0415  only this test needs it

    with blocking.Session(local_service(comet_server)) as session:
        assert session.send(comet.get_workspaces()).workspace_names
    assert [entry.path for entry in comet_server.log] == ["/api/rest/v2/workspaces"]
