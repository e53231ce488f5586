"""The way past aiohttp's client: what goes out, when it is taken, and when not."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import aiohttp
import msgspec
import pytest
from aiohttp.client_proto import ResponseHandler

from comet_async.credentials import Secret
from comet_async.engine import by_connection
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.by_connection import ByConnection
from comet_async.engine.transport import HttpAnswer, HttpRequest
from comet_async.errors import ConnectionLost, ProtocolError
from tests.conftest import MockedClient
from tests.support.raw_server import answer, raw, raw_server

KEY = "key-of-these-tests"


def asked(url: str, **changes: object) -> HttpRequest:
    request = HttpRequest(
        method="GET",
        url=url,
        headers=(("Accept", "*/*"), ("Authorization", Secret(KEY)), ("User-Agent", "mine")),
    )
    return msgspec.structs.replace(request, **changes)


async def heard(path: str, **changes: object) -> tuple[bytes, bytes]:
    """Return the head and the body of a request as they reach a server."""
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        assert (await transport.fetch(asked(server.url + path, **changes))).body == b"1"
        await transport.aclose()
        (one,) = server.heard
        return one.head.replace(str(server.port).encode(), b"PORT"), one.body


async def test_the_head_is_what_was_asked_and_nothing_else() -> None:
    head, _ = await heard("/a%2Fb?x=%20&plus=a+b&tilde=~%7E")
    assert head.split(b"\r\n") == [
        b"GET /a%2Fb?x=%20&plus=a+b&tilde=~%7E HTTP/1.1",
        b"Host: 127.0.0.1:PORT",
        b"Accept: */*",
        b"Authorization: key-of-these-tests",
        b"User-Agent: mine",
    ]


@pytest.mark.parametrize(
    ("path", "line"),
    [("", b"GET / HTTP/1.1"), ("?x=/y", b"GET /?x=/y HTTP/1.1"), ("/?q", b"GET /?q HTTP/1.1")],
)
async def test_a_target_without_a_path_gets_one(path: str, line: bytes) -> None:
    assert (await heard(path))[0].startswith(line + b"\r\n")


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
async def test_a_body_goes_out_whole_with_its_length(size: int) -> None:
    sent = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    head, body = await heard("/", method="POST", body=sent)
    assert body == sent
    assert f"\r\nContent-Length: {size}".encode() in head


async def test_a_post_without_a_body_says_so() -> None:
    assert b"\r\nContent-Length: 0" in (await heard("/", method="POST"))[0]
    assert b"Content-Length" not in (await heard("/"))[0]


async def test_a_fresh_connection_is_announced_as_the_last_use() -> None:
    assert b"\r\nConnection: close" in (await heard("/", fresh=True))[0]
    assert b"Connection:" not in (await heard("/"))[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": (("X-Own", "1\r\nX-Planted: 1"),)},
        {"headers": (("X-Own", "1\x00"),)},
        {"headers": (("X-Own: 1\r\nX", "1"),)},
        {"headers": (("X:Own", "1"),)},
    ],
)
async def test_a_header_that_breaks_its_line_is_refused(changes: dict[str, object]) -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        with pytest.raises(ProtocolError, match="not acceptable HTTP"):
            await transport.fetch(asked(server.url + "/", **changes))
        assert server.heard == []
        await transport.aclose()


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: 1", "/ä", "/\x7f"])
async def test_a_target_that_breaks_its_line_is_refused(path: str) -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        with pytest.raises(ProtocolError, match="not acceptable HTTP"):
            await transport.fetch(asked(server.url + path))
        assert server.heard == []
        await transport.aclose()


@pytest.mark.parametrize("url", ["/x", "http://", "nonsense"])
async def test_a_url_without_a_host_is_refused(url: str) -> None:
    transport = AiohttpTransport()
    with pytest.raises(ProtocolError, match="not acceptable HTTP"):
        await transport.fetch(asked(url))
    await transport.aclose()


async def test_interim_answers_are_passed_over_and_a_switch_is_an_answer() -> None:
    async def fetched(data: bytes) -> HttpAnswer:
        transport = AiohttpTransport()
        async with raw_server(raw(data)) as server:
            try:
                return await transport.fetch(asked(server.url + "/"))
            finally:
                await transport.aclose()

    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    found = await fetched(interim * 2 + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
    assert (found.status, found.body) == (200, b"1")
    switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    assert (await fetched(switched)).status == 101


async def test_the_answer_to_a_head_has_no_body_whatever_its_length_says() -> None:
    transport = AiohttpTransport()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    async with raw_server(raw(head, close=False), answer(b"1")) as server:
        found = await transport.fetch(asked(server.url + "/", method="HEAD"))
        assert (found.status, found.body, found.headers["content-length"]) == (200, b"", "9")
        assert (await transport.fetch(asked(server.url + "/"))).body == b"1"
        assert server.connections == 1
        await transport.aclose()


async def test_many_origins_are_served_and_few_remembered() -> None:
    way = ByConnection(1024)
    for number in range(200):
        origin = way._origin(f"http://host-{number}.test")
        assert origin.host == f"host-{number}.test"
        assert way._origin(f"http://host-{number}.test") is origin
    assert len(way._origins) <= 64


async def test_a_connection_that_is_gone_already_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "aiohttp.connector.Connection.transport", property(lambda self: None), raising=True
    )
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        with pytest.raises(ConnectionLost):
            await transport.fetch(asked(server.url + "/"))
        await transport.aclose()


async def test_the_key_is_in_no_frame_while_an_answer_is_awaited() -> None:
    transport = AiohttpTransport()

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    async with raw_server(never) as server:
        task = asyncio.ensure_future(transport.fetch(asked(server.url + "/")))
        await server.reached.wait()
        seen = []
        awaited: object = task.get_coro()
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None)
            if frame is not None:
                seen.append(repr(frame.f_locals))
            awaited = getattr(awaited, "cr_await", None)
        assert len(seen) >= 4
        assert KEY not in "".join(seen)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await transport.aclose()


async def test_a_mock_of_the_client_sees_every_exchange(mocked_http: MockedClient) -> None:
    assert by_connection.takes_part()
    mocked_http.add("http://127.0.0.1:9/x", body=b"mocked")
    transport = AiohttpTransport()
    assert (await transport.fetch(asked("http://127.0.0.1:9/x"))).body == b"mocked"
    await transport.aclose()


def test_without_a_mock_the_client_is_aiohttps_own() -> None:
    assert not by_connection.takes_part()
    assert by_connection.is_possible()


def test_a_mock_that_was_there_first_is_seen_too() -> None:
    code = """
from aioresponses import aioresponses
with aioresponses():
    from comet_async.engine import by_connection
    assert by_connection.takes_part()
assert by_connection.takes_part()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        (aiohttp.__version__, True),
        ("3.12.0", True),
        ("3.14.99rc1", True),
        ("3.11.18", False),
        ("3.15.0", False),
        ("4.0.0a1", False),
        ("unknown", False),
    ],
)
def test_only_tested_versions_are_taken(version: str, *, fits: bool) -> None:
    assert by_connection._fits(version, ResponseHandler) is fits


def test_parts_of_another_form_are_not_taken() -> None:
    class Other:
        should_close = property()

        async def read(self) -> None: ...

        def set_response_params(self, *, read_until_eof: bool) -> None: ...

    class Blocking(ResponseHandler):
        def read(self) -> None:  # type: ignore[override]  # the point
            ...

    for changed in (Other, Blocking, object):
        assert not by_connection._fits(aiohttp.__version__, changed)
