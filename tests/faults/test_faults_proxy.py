"""Proxies: used only when named, and silent about their password (rows A8 and A9)."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from comet_async import Session, comet
from comet_async.errors import ProxyError
from comet_async.server import refused_port
from tests.faults.support_client import KEY, QUICK, here
from tests.faults.support_network import certificate, proxy_server
from tests.support.raw_server import answer, raw_server

WORKSPACES = b'{"workspaceNames": ["team"]}'
LOGIN = "dXNlcjpyM2FsbHktU2VjcmV0"
"""Base64 of user:r3ally-Secret."""


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment with a netrc whose default entry would match every host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login netrcuser password netrcsecret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_bytes(netrc.read_bytes())
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def through(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, url)


async def test_a8_environment_is_not_read_unless_asked(surroundings: pytest.MonkeyPatch) -> None:
    async with proxy_server() as proxy, raw_server(answer(WORKSPACES)) as server:
        through(surroundings, proxy.url)
        async with Session(here(server.url)) as session:
            found = await session.send(comet.get_workspaces())
    assert found.workspace_names == ["team"]
    assert proxy.connections == 0
    assert server.heard[0].headers["authorization"] == KEY


async def test_a8_environment_is_used_when_enabled(surroundings: pytest.MonkeyPatch) -> None:
    async with proxy_server() as proxy, raw_server(answer(WORKSPACES)) as server:
        through(surroundings, proxy.url)
        async with Session(here(server.url, proxy="environment")) as session:
            found = await session.send(comet.get_workspaces())
    assert found.workspace_names == ["team"]
    assert len(proxy.heard) == 1
    assert proxy.heard[0].line == f"GET {server.url}/api/rest/v2/workspaces HTTP/1.1"
    assert server.heard[0].headers["authorization"] == KEY


async def test_a8_netrc_reaches_neither_server_nor_proxy(
    surroundings: pytest.MonkeyPatch, ca: trustme.CA, bundle: str
) -> None:
    async with (
        proxy_server() as proxy,
        raw_server(answer(WORKSPACES)) as plain,
        raw_server(answer(WORKSPACES), tls=certificate(ca)) as secure,
    ):
        through(surroundings, proxy.url)
        secure_url = f"https://127.0.0.1:{secure.port}"
        for url, how in (
            (plain.url, "environment"),
            (secure_url, "environment"),
            (plain.url, None),
        ):
            async with Session(here(url, tls=bundle, proxy=how)) as session:
                await session.send(comet.get_workspaces())
    heads = [heard.head for heard in (*proxy.heard, *plain.heard, *secure.heard)]
    assert len(heads) == 5
    for head in heads:
        assert b"netrc" not in head
        assert b"bmV0cmN1c2Vy" not in head
    assert {heard.headers["authorization"] for heard in (*plain.heard, *secure.heard)} == {KEY}
    assert all("proxy-authorization" not in heard.headers for heard in proxy.heard)


async def test_a8_tunnel_keeps_the_key_from_the_proxy(ca: trustme.CA, bundle: str) -> None:
    async with proxy_server() as proxy, raw_server(answer(WORKSPACES), tls=certificate(ca)) as far:
        named = proxy.url.replace("//", "//user:r3ally-Secret@")
        url = f"https://127.0.0.1:{far.port}"
        async with Session(here(url, tls=bundle, proxy=named)) as session:
            await session.send(comet.get_workspaces())
    assert proxy.heard[0].line == f"CONNECT 127.0.0.1:{far.port} HTTP/1.1"
    assert proxy.heard[0].headers["proxy-authorization"] == f"Basic {LOGIN}"
    assert KEY.encode() not in proxy.heard[0].head
    assert far.heard[0].headers["authorization"] == KEY
    assert "proxy-authorization" not in far.heard[0].headers


@pytest.mark.parametrize(
    ("mode", "scheme"),
    [
        ("407", "http"),
        ("407", "https"),
        ("dies", "https"),
        ("resets", "https"),
        ("garbage", "https"),
    ],
)
async def test_a9_proxy_that_fails_is_a_proxy_error(mode: str, scheme: str) -> None:
    async with proxy_server(mode) as proxy:
        named = proxy.url.replace("//", "//user:r3ally-Secret@")
        service = here(f"{scheme}://127.0.0.1:9", proxy=named)
        async with Session(service, retry=QUICK) as session:
            with pytest.raises(ProxyError) as caught:
                await session.send(comet.get_workspaces())
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert "127.0.0.1:9" in str(error)
    assert ("407" in str(error)) == (mode == "407")
    assert len(proxy.heard) == len(error.attempts) <= 3
    for shown in (str(error), repr(error), repr(error.__dict__), repr(service)):
        assert "r3ally-Secret" not in shown
        assert LOGIN not in shown


async def test_a9_proxy_that_is_not_there_is_a_proxy_error() -> None:
    with refused_port() as port:
        service = here("http://127.0.0.1:9", proxy=f"http://user:r3ally-Secret@127.0.0.1:{port}")
        async with Session(service, retry=QUICK) as session:
            with pytest.raises(ProxyError) as caught:
                await session.send(comet.get_workspaces())
    assert len(caught.value.attempts) == 3
    assert "r3ally-Secret" not in str(caught.value)
