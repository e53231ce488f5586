from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import socket
import ssl
import urllib.request
from typing import Any

import aiohttp
import pytest

from comet_async.server import (
    LocalServer,
    LoggedRequest,
    RateLimit,
    RequestLog,
    SyntheticSpec,
    blackhole_port,
    full_port,
    garbage_port,
    refused_port,
    rst_accept_port,
    serve_forever,
    serve_in_thread,
)
from comet_async.server.cache import BodyCache
from comet_async.server.replies import Later
from comet_async.server.threaded import _Background

SPEC = SyntheticSpec(experiments=30, points=5)


def test_the_rate_limit_is_an_exact_sliding_window() -> None:
    now = [100.0]
    limit = RateLimit(3, 10.0, clock=lambda: now[0])
    outcomes: list[str | None] = []
    for moment in (100, 104, 108, 109, 110, 113.9, 114):
        now[0] = moment
        outcomes.append(limit.check())
    assert outcomes == [None, None, None, "1", None, "1", None]
    assert (limit.violations, limit.max_per_window) == (2, 5)
    limit.limit = 0
    assert limit.check() == "10"
    limit.reset()
    assert (limit.violations, limit.max_per_window) == (0, 0)


def test_the_rate_limit_in_fractions_and_with_tolerance() -> None:
    now = [0.0]
    limit = RateLimit(1, 1.0, tolerance=0.1, fractional=True, clock=lambda: now[0])
    assert limit.check() is None
    now[0] = 0.5
    assert limit.check() == "0.400"
    now[0] = 0.91
    assert limit.check() is None


async def test_the_server_answers_429_and_the_limit_can_change() -> None:
    async with (
        LocalServer(synthetic=SPEC, rate_limit=RateLimit(2, 60)) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):

        async def status() -> tuple[int, str | None]:
            async with session.get(f"{server.url}/api/rest/v2/workspaces") as response:
                return response.status, response.headers.get("Retry-After")

        assert [(await status())[0] for _ in range(3)] == [200, 200, 429]
        assert server.rate_limit is not None
        assert (server.rate_limit.violations, server.rate_limit.max_per_window) == (1, 3)
        code, wait = await status()
        assert code == 429
        assert 50 <= int(str(wait)) <= 60
        server.rate_limit.limit = 100
        assert (await status())[0] == 200
        server.rate_limit = None
        assert (await status())[0] == 200


async def test_the_log_records_what_was_sent_and_answered() -> None:
    async with (
        LocalServer(synthetic=SPEC) as server,
        aiohttp.ClientSession(headers={"Authorization": "key"}) as session,
    ):
        base = f"{server.url}/api/rest/v2"
        async with session.get(f"{base}/projects", params={"workspaceName": "a b"}) as response:
            await response.read()
        async with session.post(f"{base}/project/query", json={"x": 1}) as response:
            await response.read()
        first, second = server.log
        assert (first.method, first.path) == ("GET", "/api/rest/v2/projects")
        assert (first.query, first.status) == ("workspaceName=a+b", 400)
        assert (second.method, json.loads(second.body)) == ("POST", {"x": 1})
        assert first.header("AUTHORIZATION") == "key"
        assert first.header("nothing") is None
        assert first.time <= second.time
        assert (first.listener, first.port, first.fault) == ("api", server.ports[0], None)
        assert server.log.matching("project/query", method="POST") == [second]
        assert server.log.matching("project/query", method="GET") == []
        with pytest.raises(dataclasses.FrozenInstanceError):
            first.status = 1  # type: ignore[misc]  # the point of the test
        server.log.clear()
        assert (len(server.log), server.log.total) == (0, 2)


def test_the_log_is_bounded_and_indexed_like_a_list() -> None:
    log = RequestLog(limit=3)
    for number in range(5):
        log.open(LoggedRequest(float(number), "GET", f"/{number}", "", ()))
    assert [record.path for record in log] == ["/2", "/3", "/4"]
    assert (log[0].path, log[-1].path, [item.path for item in log[1:]]) == (
        "/2",
        "/4",
        ["/3", "/4"],
    )
    with pytest.raises(IndexError):
        _ = log[3]
    log.update(0, status=200)
    log.update(4, status=200)
    assert [record.status for record in log] == [None, None, 200]
    assert repr(log) == "<RequestLog 3 records>"


async def test_gzip_is_sent_to_those_who_accept_it_and_only_for_large_json() -> None:
    async with (
        LocalServer(synthetic=SPEC) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}, auto_decompress=False) as session,
    ):
        url = f"{server.url}/api/rest/v2/experiments?workspaceName=synthetic&projectName=synthetic"
        bodies: list[bytes] = []
        for accept, packed in (
            ("gzip, deflate", True),
            ("deflate, gzip;q=0.5", True),
            ("identity", False),
            ("gzip;q=0", False),
        ):
            async with session.get(url, headers={"Accept-Encoding": accept}) as response:
                body = await response.read()
                assert (response.headers.get("Content-Encoding") == "gzip") is packed, accept
                assert response.headers["Content-Type"] == "application/json"
                bodies.append(gzip.decompress(body) if packed else body)
        assert len(set(bodies)) == 1
        small = f"{server.url}/api/rest/v2/workspaces"
        async with session.get(small, headers={"Accept-Encoding": "gzip"}) as response:
            assert "Content-Encoding" not in response.headers


async def test_compression_can_be_switched_off() -> None:
    async with (
        LocalServer(synthetic=SPEC, compression=False) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        url = f"{server.url}/api/rest/v2/experiments?workspaceName=synthetic&projectName=synthetic"
        async with session.get(url) as response:
            assert "Content-Encoding" not in response.headers
            assert len((await response.json())["experiments"]) == 30


async def test_the_cache_keeps_the_newest_documents_within_its_limit() -> None:
    cache, built = BodyCache(limit=100), []

    async def get(name: str | None, size: int = 20) -> bytes:
        def build() -> bytes:
            built.append(name)
            return b"x" * size

        return await cache.get(Later(build, name))

    for name in ("a", "a", "b", "c", "d", "e", "a", "f", "a", "b"):
        assert len(await get(name)) == 20
    assert built == ["a", "b", "c", "d", "e", "f", "b"]
    await get("large", 26)
    await get("large", 26)
    await get(None)
    await get(None)
    assert built[7:] == ["large", "large", None, None]


async def test_a_large_list_does_not_hold_up_other_requests() -> None:
    spec = SyntheticSpec(experiments=25_000)
    async with (
        LocalServer(synthetic=spec, compression=False) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        base = f"{server.url}/api/rest/v2"
        loop = asyncio.get_running_loop()
        address = {"workspaceName": "synthetic", "projectName": "synthetic"}
        large = asyncio.ensure_future(session.get(f"{base}/experiments", params=address))
        waits: list[float] = []
        while not large.done():
            began = loop.time()
            async with session.get(f"{base}/workspaces") as response:
                assert response.status == 200
            waits.append(loop.time() - began)
            await asyncio.sleep(0.01)
        response = await large
        assert len((await response.json())["experiments"]) == 25_000
        assert len(waits) > 2
        assert max(waits) < 3


def test_a_synchronous_client_reads_from_a_server_on_a_thread() -> None:
    with serve_in_thread(LocalServer(synthetic=SPEC)) as server:
        request = urllib.request.Request(
            f"{server.url}/api/rest/v2/workspaces", headers={"Authorization": "k"}
        )
        with urllib.request.urlopen(request, timeout=5) as response:
            assert json.loads(response.read()) == {"workspaceNames": ["synthetic"]}
        port = server.ports[0]
        assert len(server.log) == 1
    with pytest.raises(OSError, match=r"refused"), socket.create_connection(("127.0.0.1", port)):
        pass


def test_a_thread_whose_loop_is_closed_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    background = _Background(LocalServer())
    background.start()
    background.stop()
    monkeypatch.setattr(background._thread, "is_alive", lambda: True)
    background.stop()


def test_a_server_that_cannot_start_on_a_thread_says_why() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match="in use"), serve_in_thread(LocalServer(port=port)):
            pass


async def test_serve_forever_tells_its_address_and_ends_when_cancelled() -> None:
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        await serve_forever(
            LocalServer(synthetic=SPEC), started=lambda server: started.set_result(server.url)
        )

    task = asyncio.ensure_future(serve())
    url = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


async def test_two_servers_and_a_restart_on_the_same_port() -> None:
    async with LocalServer(synthetic=SPEC) as first, LocalServer(synthetic=SPEC) as second:
        assert first.url != second.url
        port = first.ports[0]
    async with LocalServer(synthetic=SPEC, port=port) as again:
        assert again.ports == [port]


async def test_without_extras_nothing_is_invented(connect: Any, sample_archive: Any) -> None:
    async with (
        LocalServer([sample_archive], extras=False) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        client = connect(server, session)
        assert await client.get("artifacts/get-all", workspace="demo") == {"artifacts": []}
        assert await client.get("code-panel/get-all", workspace="demo") == {
            "codePanelTemplateRows": []
        }
        key = "799e7164eb874c5c9fbb3d4979b41082"
        assert (await client.get("experiment/metadata", experimentKey=key))[
            "optimizationId"
        ] is None
        cloud = await client.get("experiment/cloud-details", experimentKey=key)
        assert cloud == {"experimentKey": None, "provider": None, "metadata": None}


def _connect(port: int, timeout: float = 1.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def test_a_refused_port() -> None:
    with refused_port() as port, pytest.raises(ConnectionRefusedError):
        _connect(port)


def test_a_full_port_never_completes_a_connect() -> None:
    with full_port() as port, pytest.raises(TimeoutError):
        _connect(port, 0.3)


def test_a_blackhole_accepts_and_never_answers() -> None:
    with blackhole_port() as port, _connect(port, 0.3) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            peer.recv(1)


def test_a_reset_at_accept() -> None:
    with rst_accept_port() as port:
        for _ in range(3):
            with pytest.raises(ConnectionResetError), _connect(port) as peer:
                peer.recv(1)


def test_garbage_is_neither_http_nor_tls() -> None:
    with garbage_port() as port:
        with _connect(port) as peer:
            assert not peer.recv(100).startswith(b"HTTP/")
        with pytest.raises(ssl.SSLError), _connect(port) as peer:
            ssl.create_default_context().wrap_socket(peer, server_hostname="localhost")
