"""Writes and reads by POST that fail on the way (rows K1 to K3)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from comet_async import RetryPolicy, Session, comet
from comet_async.errors import ConnectError, OutcomeUnknown, ServerError
from comet_async.events import Event, RetryScheduled
from comet_async.request import Effect, build
from comet_async.server import LocalServer, SyntheticSpec, refused_port
from tests.faults.support_client import KEY, QUICK, SCALED, append, here
from tests.faults.support_network import proxy_server
from tests.support.raw_server import RawServer, answer, raw_server, reset

SENT_AND_LOST = ["close_before", "rst_before", "rst_mid_headers", "rst_mid_body", "stall_headers"]
SPEC = SyntheticSpec(experiments=3, workspaces=1, metrics=2, points=5)


@pytest.mark.parametrize("fault", SENT_AND_LOST)
async def test_k1_write_that_fails_after_it_was_sent_is_not_repeated(fault: str) -> None:
    async with LocalServer() as server:
        server.faults.add(fault, match="/write/")
        async with Session(here(server.url), retry=QUICK, timeouts=SCALED) as session:
            with pytest.raises(OutcomeUnknown) as caught:
                await session.send(append())
    error = caught.value
    assert server.log.total == 1
    assert session.counters.requests == 1
    assert session.counters.retries == 0
    assert len(error.attempts) == 1
    assert error.request == append()
    assert "may or may not have been done" in str(error)
    assert "look at the server's state" in str(error)
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("fault", SENT_AND_LOST)
async def test_k1_write_on_a_kept_connection_is_not_repeated(fault: str) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        server.faults.add(fault, match="/write/")
        async with Session(here(server.url), retry=QUICK, timeouts=SCALED) as session:
            await session.send(comet.get_workspaces())
            with pytest.raises(OutcomeUnknown):
                await session.send(append())
    assert len(server.log.matching("/write/")) == 1


async def test_k1_write_on_a_connection_that_the_server_closed_is_not_repeated() -> None:
    """The bytes may have reached a server that answers nobody any more; only the user knows."""
    async with raw_server() as server:
        server.actions = [answer(b'{"workspaceNames": []}'), reset, answer(b"")]
        async with Session(here(server.url), retry=QUICK, timeouts=SCALED) as session:
            await session.send(comet.get_workspaces())
            with pytest.raises(OutcomeUnknown):
                await session.send(append())
    assert [heard.body for heard in server.heard] == [b"", append().body]


async def test_k1_each_write_of_a_fan_out_arrives_at_most_once() -> None:
    async with LocalServer() as server:
        server.faults.add("close_before", match="/write/", probability=0.5)
        server.faults.add("no_content", match="/write/")
        async with Session(here(server.url), retry=QUICK) as session:
            found = await session.collect((n, append(n)) for n in range(40))
    bodies = [record.body for record in server.log]
    assert sorted(bodies) == sorted(append(n).body or b"" for n in range(40))
    assert len(found.ok) + len(found.failed) == 40
    assert found.failed
    assert found.ok
    assert {type(error) for error in found.failed.values()} == {OutcomeUnknown}


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_k1_write_that_a_gateway_refuses_is_not_repeated(status: int) -> None:
    async with LocalServer() as server:
        server.faults.add("status", status)
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(Exception, match=f"answered {status}") as caught:
                await session.send(append())
    assert server.log.total == 1
    assert isinstance(caught.value, ServerError) == (status >= 500)


async def test_k1_write_that_is_throttled_was_not_done_and_is_repeated() -> None:
    async with LocalServer() as server:
        server.faults.add("status", {"status": 429, "retry_after": 0.01}, times=2)
        server.faults.add("no_content")
        async with Session(here(server.url), retry=QUICK) as session:
            await session.send(append())
    assert [record.status for record in server.log] == [429, 429, 204]


async def test_k1_write_declared_idempotent_is_repeated() -> None:
    request = build("comet", "POST", "/write/tag", type(None), Effect.IDEMPOTENT, json={"tag": "a"})
    async with LocalServer() as server:
        server.faults.add("close_before", times=2)
        server.faults.add("no_content")
        async with Session(here(server.url), retry=QUICK) as session:
            await session.send(request)
    assert server.log.total == 3


@pytest.mark.parametrize(
    "fault",
    [
        "close_before",
        "rst_before",
        "rst_mid_headers",
        "rst_mid_body",
        "truncate_length",
        "truncate_chunked",
        "stall_headers",
        "stall_body",
        "corrupt_gzip",
        "html_502",
        "empty_200",
    ],
)
async def test_k2_read_by_post_is_repeated(fault: str) -> None:
    async with (
        LocalServer(synthetic=SPEC) as server,
        Session(here(server.url), retry=QUICK, timeouts=SCALED) as session,
    ):
        names = (await session.send(comet.get_workspaces())).workspace_names
        project = (await session.send(comet.get_projects(names[0]))).projects[0]
        listed = await session.send(comet.get_experiments(project_id=project.project_id))
        keys = [item.experiment_key or "" for item in listed.experiments]
        chart = comet.get_multi_metric_chart(keys, metrics=["loss"])
        clean = await session.send(chart)
        server.faults.add(fault, method="POST", per_key=1)
        struck = await session.send(chart)
    assert struck == clean
    posts = [record for record in server.log if record.method == "POST"]
    assert [record.fault for record in posts] == [None, fault, None]
    assert posts[0].body == posts[1].body == posts[2].body


async def test_k2_query_is_repeated() -> None:
    async with (
        LocalServer(synthetic=SPEC) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        names = (await session.send(comet.get_workspaces())).workspace_names
        project = (await session.send(comet.get_projects(names[0]))).projects[0]
        query = comet.query_project([], project_id=project.project_id)
        clean = await session.send(query)
        server.faults.add("rst_mid_body", method="POST", per_key=2)
        struck = await session.send(query)
    assert struck == clean
    assert session.counters.retries == 2


@asynccontextmanager
async def late_server(port: socket.socket, script: RawServer) -> AsyncIterator[None]:
    server = await asyncio.start_server(script.serve, sock=port)
    try:
        yield
    finally:
        server.close()
        await script.stop()


async def test_k3_write_to_a_server_that_comes_up_is_done_exactly_once() -> None:
    script = RawServer([answer(b"")])
    failed, done = anyio.Event(), anyio.Event()

    async def write() -> None:
        await session.send(append())
        done.set()

    def watch(event: Event) -> None:
        if isinstance(event, RetryScheduled):
            failed.set()

    patience = RetryPolicy(base=0.3, cap=0.3)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{port.getsockname()[1]}"
        async with (
            Session(here(url), retry=patience, observer=watch, draw=lambda: 0.99) as session,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(write)
            await failed.wait()
            async with late_server(port, script):
                with anyio.fail_after(5):
                    await done.wait()
    assert [heard.body for heard in script.heard] == [append().body]
    assert session.counters.requests == 2


async def test_k3_write_to_a_server_that_stays_down_was_not_done() -> None:
    with refused_port() as port:
        async with Session(here(f"http://127.0.0.1:{port}"), retry=QUICK) as session:
            with pytest.raises(ConnectError) as caught:
                await session.send(append())
    assert not caught.value.sent
    assert len(caught.value.attempts) == 3


async def test_k3_write_through_a_proxy_that_dies_before_the_tunnel_was_not_done() -> None:
    async with proxy_server("dies") as proxy:
        service = here("https://127.0.0.1:9", proxy=proxy.url)
        async with Session(service, retry=QUICK) as session:
            with pytest.raises(ConnectError) as caught:
                await session.send(append())
    assert len(proxy.heard) == len(caught.value.attempts) == 3
    assert all(KEY.encode() not in heard.head for heard in proxy.heard)
