"""Kept connections: with foreign request classes, and in states that a test has to plant."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.by_client import send_once
from comet_async.engine.connections import Connector, peer_of
from comet_async.engine.transport import HttpRequest
from comet_async.errors import ConnectionLost
from tests.support.raw_server import answer, raw_server, reset


def connector() -> Connector:
    return Connector(ssl.create_default_context(), aiohttp.ThreadedResolver(), keep=True)


async def test_other_request_classes_work_but_know_nothing() -> None:
    moved = answer(status="302 Found", headers=[("Location", "/y")])
    async with (
        raw_server(moved, answer(b"1"), reset) as server,
        aiohttp.ClientSession(connector=connector(), middlewares=(send_once,)) as client,
    ):
        async with client.get(server.url, allow_redirects=False) as response:
            assert response.status == 302
        async with client.get(server.url) as response:
            assert await response.read() == b"1"
        with pytest.raises(aiohttp.ClientError) as caught:
            await client.get(server.url)
        assert type(caught.value).__name__ == "Dropped"
        assert server.connections == 1


async def test_a_connection_that_breaks_while_it_is_made_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*args: object) -> None:
        raise aiohttp.ClientOSError(104, "reset")

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", broken)
    transport = AiohttpTransport()
    with pytest.raises(ConnectionLost):
        await transport.fetch(HttpRequest(method="GET", url="http://127.0.0.1:9/", headers=()))
    await transport.aclose()


async def test_a_connection_without_a_protocol_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Bare:
        protocol = None

    async def made(*args: object) -> Bare:
        return Bare()

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", made)
    own = connector()
    found = await own.connect(object(), [], aiohttp.ClientTimeout())  # type: ignore[arg-type]  # never looked at
    assert isinstance(found, Bare)
    await own.close()


async def test_a_connection_that_is_closed_already_is_watched_for_nothing() -> None:
    loop = asyncio.get_running_loop()
    protocol = ResponseHandler(loop)
    protocol.connection_lost(None)
    own = connector()
    assert protocol.closed is None
    assert own.watch(protocol).body is None
    assert own._watches == {}
    await own.close()


async def test_a_watch_that_is_cancelled_still_ends_its_reader() -> None:
    loop = asyncio.get_running_loop()
    own = connector()
    watch = own.watch(ResponseHandler(loop))
    watch.body = aiohttp.StreamReader(ResponseHandler(loop), 1024, loop=loop)
    body = watch.body
    closed: asyncio.Future[None] = loop.create_future()
    closed.cancel()
    watch.closed(closed)
    with pytest.raises(aiohttp.ClientPayloadError, match="the connection was closed"):
        await body.read()
    await own.close()


def test_no_connection_has_no_other_end() -> None:
    assert peer_of(None) is None
