"""The HTTP adapter over a bare loopback socket: exact bytes out, errors mapped (rows A1 to A9, E1)."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import traceback
from collections.abc import Coroutine
from pathlib import Path

import aiohttp
import msgspec
import pytest
import trustme
from aiohttp import abc as aiohttp_abc

from comet_async.credentials import Secret
from comet_async.engine import by_connection
from comet_async.engine.aiohttp_errors import mapped, mapped_in_body
from comet_async.engine.aiohttp_transport import AiohttpTransport, _PublicResolver, ssl_context
from comet_async.engine.by_client import KnowingResponse
from comet_async.engine.transport import (
    HttpAnswer,
    HttpRequest,
    StaleConnection,
    Timeouts,
)
from comet_async.errors import (
    BodyTooLarge,
    BodyTruncated,
    ConnectError,
    ConnectionLost,
    ProtocolError,
    ProxyError,
    RedirectError,
    RequestTimeout,
    TlsError,
    TransportError,
    UsageError,
)
from tests.support.doubles import KEY
from tests.support.raw_server import Action, answer, raw, raw_server, reset, silence, stall


@pytest.fixture(params=["by_connection", "by_client"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test both ways: over the connections alone, and through aiohttp's client."""
    found: str = request.param
    assert by_connection.is_possible()
    if found == "by_client":
        monkeypatch.setattr(by_connection, "is_possible", lambda: False)
    return found


QUICK = Timeouts(connect=0.3, headers=0.3, idle=0.3, total=1.0)


def asked(url: str, **changes: object) -> HttpRequest:
    request = HttpRequest(
        method="GET",
        url=url,
        headers=(("Accept", "*/*"), ("Authorization", Secret(KEY)), ("User-Agent", "mine")),
        timeouts=Timeouts(),
    )
    return msgspec.structs.replace(request, **changes)


async def fetched(
    action: Action, transport: AiohttpTransport | None = None, **changes: object
) -> HttpAnswer:
    """Fetch once from a server that acts so, and close everything."""
    client = transport or AiohttpTransport()
    async with raw_server(action) as server:
        try:
            return await client.fetch(asked(server.url + "/x", **changes))
        finally:
            await client.aclose()


async def failure(
    kind: type[TransportError],
    action: Action,
    transport: AiohttpTransport | None = None,
    **changes: object,
) -> TransportError:
    with pytest.raises(kind) as caught:
        await fetched(action, transport, **changes)
    clean(caught.value)
    return caught.value


def clean(error: BaseException) -> None:
    """See that an error holds no key, no object of aiohttp and no frame of it."""
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "aiohttp/client" not in told
    assert KEY not in f"{error} {error!r} {error.__dict__}"


async def test_a_request_goes_out_as_it_stands() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"[1]", headers=[("X-Own", "é")])) as server:
        found = await transport.fetch(
            asked(
                f"{server.url}/a%2Fb?x=%20&plus=a+b&tilde=~%7E",
                method="POST",
                body=b'{"x":1}',
                headers=(("Content-Type", "application/json"), ("Authorization", Secret(KEY))),
            )
        )
        await transport.aclose()
    heard = server.heard[0]
    assert heard.line == "POST /a%2Fb?x=%20&plus=a+b&tilde=~%7E HTTP/1.1"
    assert heard.body == b'{"x":1}'
    assert heard.headers["authorization"] == KEY
    assert heard.headers["content-type"] == "application/json"
    assert "cookie" not in heard.headers
    assert (found.status, found.body, found.received, found.peer) == (200, b"[1]", 3, None)
    assert found.headers["content-length"] == "3"
    assert repr(found) == "<HttpAnswer 200, 3 bytes>"


async def test_a_connection_is_kept_and_cookies_are_not() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1", headers=[("Set-Cookie", "a=b; Path=/")])) as server:
        for _ in range(3):
            await transport.fetch(asked(server.url + "/"))
        await transport.aclose()
    assert server.connections == 1
    assert all("cookie" not in heard.headers for heard in server.heard)


async def test_a_redirect_is_not_followed_here_and_tells_its_peer() -> None:
    found = await fetched(answer(b"", status="302 Found", headers=[("Location", "/y")]))
    assert (found.status, found.headers["location"]) == (302, "/y")
    assert found.peer == "127.0.0.1"


async def test_a_compressed_body_is_unpacked_whole_or_not_at_all() -> None:
    packed = gzip.compress(b"[1, 2]" * 1000)
    encoded = [("Content-Encoding", "gzip")]
    found = await fetched(answer(packed, headers=encoded))
    assert (found.body, found.received) == (b"[1, 2]" * 1000, len(packed))
    await failure(BodyTruncated, answer(packed[:-9], headers=encoded))
    await failure(BodyTooLarge, answer(packed, headers=encoded), max_body_bytes=5999)


async def test_a_chunked_body_comes_whole() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = await fetched(raw(head + b"2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n"))
    assert found.body == b"[1]"


def in_pieces(head: bytes, *pieces: bytes) -> Action:
    async def act(heard: object, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for piece in pieces:
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(piece)
        await writer.drain()

    return act


async def test_a_body_in_pieces_comes_whole_within_the_cap() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    script = in_pieces(head, b"abc", b"def", b"ghi")
    assert (await fetched(script)).body == b"abcdefghi"
    assert (await fetched(script, timeouts=Timeouts(total=None))).body == b"abcdefghi"
    error = await failure(BodyTooLarge, script, max_body_bytes=5)
    assert "cap of 5 bytes" in str(error)
    await failure(BodyTooLarge, answer(b"123456"), max_body_bytes=5)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", BodyTruncated),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", BodyTruncated),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", BodyTruncated),
        (b"", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nContent-", ConnectionLost),
        (b"\x16\x03\x01 nonsense\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", ProtocolError),
    ],
)
async def test_broken_answers(data: bytes, kind: type[TransportError]) -> None:
    error = await failure(kind, raw(data))
    assert error.sent


async def test_a_reset_is_a_lost_connection_without_a_hidden_second_try() -> None:
    transport = AiohttpTransport()
    async with raw_server(reset) as server:
        with pytest.raises(ConnectionLost) as caught:
            await transport.fetch(asked(server.url + "/x"))
        await transport.aclose()
        assert len(server.heard) == 1
    clean(caught.value)


async def test_a_kept_connection_that_breaks_is_told_apart() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1"), reset) as server:
        await transport.fetch(asked(server.url + "/"))
        with pytest.raises(StaleConnection) as caught:
            await transport.fetch(asked(server.url + "/"))
        assert server.connections == 1
        await transport.aclose()
    clean(caught.value)


async def test_a_fresh_connection_is_made_on_demand() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        for fresh in (False, True, False):
            await transport.fetch(asked(server.url + "/", fresh=fresh))
        assert server.connections == 2
        await transport.aclose()


async def test_bytes_after_an_answer_are_never_taken_for_the_next() -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    transport = AiohttpTransport()
    first = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood" + smuggled, close=False)
    async with raw_server(first, answer(b"good")) as server:
        for _ in range(2):
            assert (await transport.fetch(asked(server.url + "/"))).body == b"good"
        await transport.aclose()


@pytest.mark.parametrize(
    "script",
    [
        silence,
        stall(b"HTTP/1.1 200 OK\r\nContent-Le"),
        stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    ],
)
async def test_silence_ends_in_a_timeout(script: Action) -> None:
    error = await failure(RequestTimeout, script, timeouts=QUICK)
    assert error.sent
    no_total = msgspec.structs.replace(QUICK, total=None)
    await failure(RequestTimeout, script, timeouts=no_total)


async def test_a_drip_ends_in_a_timeout() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
    slow = Timeouts(low_speed_bytes=1e6, low_speed_seconds=0.05)
    error = await failure(RequestTimeout, in_pieces(head, *[b"x"] * 100), timeouts=slow)
    assert "too slowly" in str(error)


async def test_a_refused_connection_names_the_place() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = AiohttpTransport()
    with pytest.raises(ConnectError) as caught:
        await transport.fetch(asked(f"http://127.0.0.1:{port}/"))
    assert f"cannot connect to 127.0.0.1:{port}: Connect call failed" in str(caught.value)
    assert not caught.value.sent
    clean(caught.value)
    await transport.aclose()


class Names(aiohttp_abc.AbstractResolver):
    """Gives scripted addresses, one for each look-up; None fails."""

    def __init__(self, *addresses: str | None) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    def __call__(self) -> Names:
        return self

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp_abc.ResolveResult]:
        self.asked.append(host)
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        if address is None:
            raise OSError(None, "no such host")
        return [
            aiohttp_abc.ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_name_that_does_not_resolve_and_then_does() -> None:
    transport = AiohttpTransport(resolver=Names(None, "127.0.0.1"))
    async with raw_server(answer(b"1")) as server:
        url = f"http://api.test:{server.port}/"
        with pytest.raises(ConnectError, match=r"cannot resolve the host of api\.test:") as caught:
            await transport.fetch(asked(url))
        clean(caught.value)
        assert (await transport.fetch(asked(url))).body == b"1"
        await transport.aclose()


async def test_a_public_hop_never_connects_into_a_private_network() -> None:
    """The name first leads outside and then inside: what counts is what is connected to."""
    transport = AiohttpTransport(resolver=Names("127.0.0.1"))
    async with raw_server(answer(b"secret")) as server:
        url = f"http://rebinding.test:{server.port}/"
        with pytest.raises(RedirectError, match="it is in a private network") as caught:
            await transport.fetch(asked(url, public_only=True))
        assert server.connections == 0
        assert (await transport.fetch(asked(url))).body == b"secret"
        await transport.aclose()
    clean(caught.value)


async def test_private_is_whatever_the_caller_says() -> None:
    transport = AiohttpTransport(resolver=Names("127.0.0.1"), private=lambda host: False)
    async with raw_server(answer(b"1")) as server:
        found = await transport.fetch(asked(f"http://x.test:{server.port}/", public_only=True))
        assert found.body == b"1"
        await transport.aclose()


async def test_a_connection_that_never_completes() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    transport = AiohttpTransport()
    with pytest.raises(RequestTimeout, match=r"no connection to 127\.0\.0\.1:\d+ in 0\.1 s") as it:
        await transport.fetch(asked(f"http://127.0.0.1:{port}/", timeouts=Timeouts(connect=0.1)))
    assert not it.value.sent
    clean(it.value)
    await transport.aclose()
    for one in (*waiting, full):
        one.close()


async def test_an_untrusted_certificate_ends_before_the_key_is_sent() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    async with raw_server(answer(b"1"), tls=context) as server:
        stranger, friend = AiohttpTransport(), AiohttpTransport(tls=trusted)
        with pytest.raises(TlsError, match="no trusted TLS connection to localhost") as caught:
            await stranger.fetch(asked(f"https://localhost:{server.port}/"))
        with pytest.raises(TlsError, match=r"mismatch|match"):
            await friend.fetch(asked(f"https://127.0.0.1:{server.port}/"))
        assert server.heard == []
        assert (await friend.fetch(asked(f"https://localhost:{server.port}/"))).body == b"1"
        await stranger.aclose()
        await friend.aclose()
    assert not caught.value.sent
    clean(caught.value)


async def test_https_to_a_plain_port_is_a_tls_error() -> None:
    def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = AiohttpTransport()
    with pytest.raises(TlsError) as caught:
        await transport.fetch(asked(f"https://127.0.0.1:{port}/"))
    clean(caught.value)
    await transport.aclose()
    server.close()


def test_ssl_contexts(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    assert ssl_context(str(bundle)).verify_mode is ssl.CERT_REQUIRED
    assert ssl_context(None).check_hostname
    ready = ssl.create_default_context()
    assert ssl_context(ready) is ready
    bundle.write_text("no certificate")
    for unreadable in (str(bundle), str(tmp_path / "none")):
        with pytest.raises(UsageError, match="cannot read the CA bundle"):
            ssl_context(unreadable)
    ready.check_hostname = False
    with pytest.raises(UsageError, match="does not verify"):
        ssl_context(ready)


async def test_a_proxy_is_asked_with_its_login_and_never_shown() -> None:
    async with raw_server(answer(b"1")) as proxy:
        url = f"http://user:p%40ss@127.0.0.1:{proxy.port}"
        transport = AiohttpTransport(proxy=url, resolver=Names("192.0.2.1"))
        found = await transport.fetch(asked("http://api.test/x", public_only=True))
        await transport.aclose()
    assert found.body == b"1"
    assert proxy.heard[0].line == "GET http://api.test/x HTTP/1.1"
    assert proxy.heard[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize(
    "script",
    [
        answer(b"no", status="407 Proxy Authentication Required"),
        answer(b"no", status="502 Bad Gateway"),
        raw(b""),
        reset,
    ],
)
async def test_a_proxy_that_fails_is_a_proxy_error(script: Action) -> None:
    async with raw_server(script) as proxy:
        transport = AiohttpTransport(proxy=f"http://me:hunter2@127.0.0.1:{proxy.port}")
        with pytest.raises(ProxyError, match=r"no connection to api\.test:443") as caught:
            await transport.fetch(asked("https://api.test/x"))
        await transport.aclose()
    clean(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not caught.value.sent


async def test_a_plain_request_through_a_proxy_that_wants_a_login() -> None:
    async with raw_server(answer(b"no", status="407 Proxy Authentication Required")) as proxy:
        transport = AiohttpTransport(proxy=proxy.url)
        with pytest.raises(ProxyError, match="it answered 407"):
            await transport.fetch(asked("http://api.test/x"))
        await transport.aclose()


async def test_a_redirect_through_a_proxy_has_no_peer() -> None:
    async with raw_server(answer(status="302 Found", headers=[("Location", "/y")])) as proxy:
        transport = AiohttpTransport(proxy=proxy.url)
        assert (await transport.fetch(asked("http://api.test/x"))).peer is None
        await transport.aclose()


async def test_a_proxy_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = AiohttpTransport(proxy=f"http://127.0.0.1:{port}")
    with pytest.raises(ProxyError) as caught:
        await transport.fetch(asked("http://api.test/x"))
    clean(caught.value)
    await transport.aclose()


@pytest.mark.parametrize("proxy", ["", "ftp://h", "http://", "http://h:port", "nonsense"])
def test_unusable_proxies(proxy: str) -> None:
    with pytest.raises(UsageError, match="URL is unusable"):
        AiohttpTransport(proxy=proxy)


async def test_the_environment_and_netrc_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        await transport.fetch(asked(server.url + "/"))
        await transport.aclose()
    assert server.heard[0].headers["authorization"] == KEY


async def read_all(transport: AiohttpTransport, request: HttpRequest) -> bytes:
    stream = await transport.open(request)
    pieces = []
    try:
        while piece := await stream.read_some():
            pieces.append(piece)
    finally:
        await stream.aclose()
    return b"".join(pieces)


async def test_a_stream_is_read_in_pieces_and_its_connection_kept() -> None:
    body = bytes(range(256)) * 8000
    transport = AiohttpTransport()
    async with raw_server(answer(body)) as server:
        for _ in range(2):
            assert await read_all(transport, asked(server.url + "/")) == body
        assert server.connections == 1
        await transport.aclose()


async def test_a_stream_left_early_closes_its_connection() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"x" * 4_000_000)) as server:
        stream = await transport.open(asked(server.url + "/"))
        assert (stream.status, stream.headers["content-length"]) == (200, "4000000")
        assert await stream.read_some()
        await stream.aclose()
        again = await transport.open(asked(server.url + "/"))
        await again.aclose()
        assert server.connections == 2
        await transport.aclose()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), BodyTruncated),
        (stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), RequestTimeout),
        (silence, RequestTimeout),
        (reset, ConnectionLost),
    ],
)
async def test_streams_that_break(script: Action, kind: type[TransportError]) -> None:
    transport = AiohttpTransport()
    async with raw_server(script) as server:
        with pytest.raises(kind) as caught:
            await read_all(transport, asked(server.url + "/", timeouts=QUICK))
        clean(caught.value)
        await transport.aclose()


async def test_a_stream_that_drips_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
    slow = Timeouts(low_speed_bytes=1e6, low_speed_seconds=0.05)
    transport = AiohttpTransport()
    async with raw_server(in_pieces(head, *[b"x"] * 100)) as server:
        with pytest.raises(RequestTimeout, match="too slowly"):
            await read_all(transport, asked(server.url + "/", timeouts=slow))
        await transport.aclose()


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    "script", [silence, stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]
)
async def test_cancellation_passes_and_leaves_no_frame(script: Action, *, streamed: bool) -> None:
    transport = AiohttpTransport()
    async with raw_server(script) as server:
        request = asked(server.url + "/")
        work: Coroutine[object, object, object] = (
            read_all(transport, request) if streamed else transport.fetch(request)
        )
        task = asyncio.ensure_future(work)
        await server.reached.wait()
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert "aiohttp/client" not in "".join(traceback.format_exception(caught.value))
        await transport.aclose()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("x"), ProtocolError),
        (TimeoutError(), RequestTimeout),
        (aiohttp.ClientPayloadError("x"), BodyTruncated),
        (aiohttp.InvalidURL("http://h"), ProtocolError),
        (aiohttp.ServerDisconnectedError(), ConnectionLost),
        (aiohttp.ClientOSError(104, "reset"), ConnectionLost),
        (OSError(5, "io"), ConnectionLost),
    ],
)
def test_errors_by_class(
    error: aiohttp.ClientError | OSError | ValueError, kind: type[TransportError]
) -> None:
    assert type(mapped_in_body(error)) is kind
    assert type(mapped(error, asked("http://h/"), proxied=False)) is kind


def test_a_bare_tls_error_is_a_tls_error() -> None:
    error = mapped(ssl.SSLError(1, "wrong version number"), asked("https://h/"), proxied=False)
    assert type(error) is TlsError
    assert str(error).startswith("no trusted TLS connection to h:443: wrong version number")


async def test_the_guard_on_names_closes_what_it_guards() -> None:
    class Closing(Names):
        closed = False

        async def close(self) -> None:
            self.closed = True

    inner = Closing("192.0.2.1")
    guard = _PublicResolver(lambda host: host.startswith("127."), inner)
    assert (await guard.resolve("x.test"))[0]["host"] == "192.0.2.1"
    await guard.close()
    assert inner.closed


async def test_one_set_of_timeouts_serves_many_requests() -> None:
    transport = AiohttpTransport()
    async with raw_server(answer(b"1")) as server:
        request = asked(server.url + "/")
        for _ in range(2):
            assert (await transport.fetch(request)).body == b"1"
        await transport.aclose()


def test_a_response_shows_its_status_and_nothing_else() -> None:
    response = KnowingResponse.__new__(KnowingResponse)
    response.status = 302
    assert repr(response) == "<KnowingResponse 302>"


async def test_a_bad_chunk_in_a_later_piece_ends_the_body_at_once() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    await failure(BodyTruncated, in_pieces(head, b"xyz\r\n"))


async def test_bytes_that_come_while_a_connection_is_idle_close_it() -> None:
    """They belong to no request, so they must not become the answer to the next one."""
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    first = in_pieces(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood", smuggled)
    transport = AiohttpTransport()
    async with raw_server(first, answer(b"good")) as server:
        assert (await transport.fetch(asked(server.url + "/"))).body == b"good"
        await asyncio.sleep(0.1)
        assert (await transport.fetch(asked(server.url + "/"))).body == b"good"
        assert server.connections == 2
        await transport.aclose()


async def test_a_transport_that_was_never_used_closes() -> None:
    await AiohttpTransport().aclose()
