from __future__ import annotations

import asyncio
import logging
import ssl
import time
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]  # has no stubs
import pytest
import trustme

from comet_async.server import LocalServer, SyntheticSpec

SPEC = SyntheticSpec(experiments=2, points=5)
SECRET = "sentinel-key-7d1f2c"


async def raw(server: LocalServer, request: bytes, *, patience: float = 10) -> bytes:
    """Send bytes and return what comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
    try:
        writer.write(request)
        async with asyncio.timeout(patience):
            return await reader.read(100_000)
    except (ConnectionResetError, TimeoutError):
        return b""
    finally:
        writer.close()


def request_of(
    server: LocalServer, *lines: str, target: str = "/api/rest/v2/workspaces", method: str = "GET"
) -> bytes:
    """Return a request with the right Host, unless the lines hold another."""
    named = [*lines]
    if not any(line.lower().startswith("host:") for line in lines):
        named.insert(0, f"Host: 127.0.0.1:{server.ports[0]}")
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *named, "Authorization: k"])
    return f"{head}\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com", ""])
def test_only_loopback_addresses_are_listened_on(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        LocalServer(host=host)


async def test_it_listens_on_the_loopback_interface_alone() -> None:
    async with LocalServer(synthetic=SPEC, storage=True) as server:
        ports = {f"{port:04X}" for port in server.ports}
        table = await asyncio.to_thread(Path("/proc/net/tcp").read_text)
        local = [line.split()[1] for line in table.splitlines()[1:] if line.split()[3] == "0A"]
        ours = [address for address in local if address.partition(":")[2] in ports]
        assert {address.partition(":")[0] for address in ours} == {"0100007F"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1",
        "",
        "127.0.0.2",
        "[::ffff",
    ],
)
async def test_a_foreign_host_is_refused(host: str) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        answer = await raw(server, request_of(server, f"Host: {host}"))
        assert answer.split(b" ", 2)[1] in (b"400", b"403")
        assert b"workspaceNames" not in answer


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_loopback_names_are_served(name: str) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        answer = await raw(server, request_of(server, f"Host: {name}:{server.ports[0]}"))
        assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_ipv6_loopback() -> None:
    try:
        async with LocalServer(synthetic=SPEC, host="::1") as server:
            assert server.url.startswith("http://[::1]:")
            async with (
                aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
                session.get(f"{server.url}/api/rest/v2/workspaces") as response,
            ):
                assert response.status == 200
    except OSError:
        pytest.skip("no IPv6 here")


@pytest.mark.parametrize(
    "line",
    [
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1:1",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_requests_of_foreign_pages_are_refused(line: str, method: str) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        target = "/api/rest/v2/project/query" if method == "POST" else "/api/rest/v2/workspaces"
        answer = await raw(server, request_of(server, line, target=target, method=method))
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"Access-Control" not in answer


async def test_the_own_origin_is_served_and_no_cross_origin_header_is_sent() -> None:
    async with LocalServer(synthetic=SPEC) as server:
        answer = await raw(server, request_of(server, f"Origin: {server.url}"))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Access-Control" not in answer
        preflight = await raw(
            server,
            request_of(server, f"Origin: {server.url}", method="OPTIONS"),
        )
        assert preflight.startswith(b"HTTP/1.1 405 ")


async def test_a_body_beyond_the_limit_is_413_however_it_is_announced() -> None:
    async with LocalServer(synthetic=SPEC, max_body=1000) as server:
        target = "/api/rest/v2/project/query"
        announced = request_of(server, "Content-Length: 5000", target=target, method="POST")
        assert (await raw(server, announced)).startswith(b"HTTP/1.1 413 ")
        chunked = request_of(server, "Transfer-Encoding: chunked", target=target, method="POST")
        chunks = b"3e8\r\n" + b"x" * 1000 + b"\r\n" + b"1\r\nx\r\n"
        assert (await raw(server, chunked + chunks)).startswith(b"HTTP/1.1 413 ")
        small = request_of(server, "Content-Length: 2", target=target, method="POST") + b"{}"
        assert (await raw(server, small)).startswith(b"HTTP/1.1 400 ")


async def test_slow_headers_are_cut_off_even_when_they_keep_coming() -> None:
    async with LocalServer(synthetic=SPEC, header_timeout=0.3) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        began = time.monotonic()
        ended = False
        while not ended and time.monotonic() - began < 10:
            try:
                writer.write(b"X")
                await writer.drain()
                async with asyncio.timeout(0.05):
                    ended = await reader.read(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True
        assert ended
        assert 0.25 < time.monotonic() - began < 8
        writer.close()


async def test_a_connection_that_says_nothing_is_cut_off() -> None:
    async with LocalServer(synthetic=SPEC, header_timeout=0.2) as server:
        began = time.monotonic()
        assert await raw(server, b"", patience=5) == b""
        assert 0.15 < time.monotonic() - began < 4


async def test_an_idle_connection_between_requests_is_not_cut_off() -> None:
    async with (
        LocalServer(synthetic=SPEC, header_timeout=0.2) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        for _ in range(2):
            async with session.get(f"{server.url}/api/rest/v2/workspaces") as response:
                assert response.status == 200
            await asyncio.sleep(0.4)


async def test_a_slow_body_is_cut_off() -> None:
    async with LocalServer(synthetic=SPEC, body_timeout=0.2) as server:
        target = "/api/rest/v2/project/query"
        head = request_of(server, "Content-Length: 50", target=target, method="POST")
        began = time.monotonic()
        assert (await raw(server, head + b"{")).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    "target",
    [
        "/../../../../etc/passwd",
        "/api/rest/v2/../../../../etc/passwd",
        "/api/rest/v2/template/..%2f..%2f..%2fetc%2fpasswd/download",
        "/api/rest/v2/template/%2e%2e/download",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/asset/download?experimentKey=..%2f..&assetId=..%2f..%2fetc%2fpasswd",
        "/api/rest/v2/experiment/asset/get-asset?experimentKey=%00&assetId=/etc/passwd",
        "//etc/passwd",
    ],
)
async def test_nothing_outside_is_reachable(target: str, sample_archive: Path) -> None:
    async with LocalServer([sample_archive], synthetic=SPEC) as server:
        answer = await raw(server, request_of(server, target=target))
        assert answer.split(b" ", 2)[1] in (b"400", b"404")
        assert b"root:" not in answer


async def test_keys() -> None:
    async with LocalServer(synthetic=SPEC, api_keys={SECRET}) as server:
        url = f"{server.url}/api/rest/v2/workspaces"
        statuses: list[int] = []
        codes: list[int] = []
        async with aiohttp.ClientSession() as session:
            for headers in (
                {"Authorization": SECRET},
                {"Comet-Sdk-Api": SECRET},
                {"Authorization": "wrong"},
                {"Authorization": f"Bearer {SECRET}"},
                {},
            ):
                async with session.get(url, headers=headers) as response:
                    statuses.append(response.status)
                    codes.append((await response.json()).get("sdk_error_code"))
            async with session.get(f"{server.url}/clientlib/isAlive/ver") as response:
                assert await response.json() == {"msg": "ok", "version": "4.40.0"}
        assert statuses == [200, 200, 401, 401, 401]
        assert codes == [None, None, 90212, 90212, 90212]


async def test_without_a_list_any_key_will_do_but_none_at_all() -> None:
    async with LocalServer(synthetic=SPEC) as server, aiohttp.ClientSession() as session:
        url = f"{server.url}/api/rest/v2/workspaces"
        async with session.get(url, headers={"Authorization": "anything"}) as response:
            assert response.status == 200
        async with session.get(url) as response:
            assert response.status == 401


async def test_the_key_is_in_no_log_and_no_repr(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with LocalServer(synthetic=SPEC, api_keys={SECRET}) as server:
        headers = {"Authorization": SECRET, "Comet-Sdk-Api": SECRET}
        async with aiohttp.ClientSession(headers=headers) as session:
            for path in ("workspaces", "nothing", "experiment/metadata"):
                async with session.get(f"{server.url}/api/rest/v2/{path}") as response:
                    await response.read()
        await raw(server, f"GET / HTTP/9.9\r\nAuthorization: {SECRET}\r\n\r\n".encode())
        await raw(server, f"BROKEN {SECRET}\r\nAuthorization : {SECRET}\r\n\r\n".encode())
        shown = repr([server, *server.log, server.log, server.faults, server.store])
        assert server.log[0].header("authorization") == SECRET
    output = "".join(capfd.readouterr())
    for text in (shown, caplog.text, output):
        assert SECRET not in text


async def test_a_broken_route_is_a_500_that_names_no_detail(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalServer(synthetic=SPEC) as server:

        def fail(*_: object, **__: object) -> Any:
            raise RuntimeError(SECRET)

        monkeypatch.setattr(server.store, "workspaces", fail)
        answer = await raw(server, request_of(server))
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b'"msg":"internal error"' in answer
    assert SECRET not in caplog.text
    assert "RuntimeError" in caplog.text


async def test_many_requests_on_one_connection_leak_no_descriptors() -> None:
    async with (
        LocalServer(synthetic=SPEC, storage=True) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        url = f"{server.url}/api/rest/v2/workspaces"
        async with session.get(url) as response:
            await response.read()
        before = psutil.Process().num_fds()
        for _ in range(200):
            async with session.get(url) as response:
                await response.read()
        assert psutil.Process().num_fds() <= before + 1


async def test_tls_on_both_ports() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with (
        LocalServer(synthetic=SPEC, ssl_context=context, storage=True) as server,
        aiohttp.ClientSession(headers={"Authorization": "k"}) as session,
    ):
        assert (server.url[:8], str(server.storage_url)[:8]) == ("https://", "https://")
        async with session.get(f"{server.url}/api/rest/v2/workspaces", ssl=trusting) as response:
            assert await response.json() == {"workspaceNames": ["synthetic"]}
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{server.url}/api/rest/v2/workspaces")
