"""What the adapter asks of aiohttp, call by call: URL, headers, body, options (row F2)."""

from __future__ import annotations

import aiohttp
from yarl import URL

from comet_async.credentials import Secret
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.transport import HttpRequest, Timeouts
from tests.conftest import MockedClient

URL_TEXT = "https://api.test/a%2Fb?x=1&y=a%2Bb"


async def test_a_hop_is_one_call_with_everything_spelled_out(mocked_http: MockedClient) -> None:
    mocked_http.add(URL_TEXT, "POST", status=201, body=b"[1]", headers={"X-Own": "1"})
    transport = AiohttpTransport()
    found = await transport.fetch(
        HttpRequest(
            method="POST",
            url=URL_TEXT,
            headers=(("Content-Type", "application/json"), ("Authorization", Secret("the-key"))),
            body=b'{"x":1}',
            timeouts=Timeouts(connect=3.0, idle=4.0),
        )
    )
    await transport.aclose()
    assert (found.status, found.body, found.headers["x-own"]) == (201, b"[1]", "1")
    ((_, url), calls), *others = mocked_http.requests.items()
    assert others == []
    assert url == URL(URL_TEXT, encoded=True)
    assert str(url) == URL_TEXT
    (call,) = calls
    assert call.kwargs["headers"] == [
        ("Content-Type", "application/json"),
        ("Authorization", "the-key"),
    ]
    assert call.kwargs["data"] == b'{"x":1}'
    assert call.kwargs["allow_redirects"] is False
    assert call.kwargs["proxy"] is None
    assert call.kwargs["timeout"] == aiohttp.ClientTimeout(
        total=None, connect=3.0, sock_connect=3.0, sock_read=None
    )


async def test_a_redirect_is_handed_back_with_one_call(mocked_http: MockedClient) -> None:
    mocked_http.add(
        "https://api.test/x", status=302, headers={"Location": "https://storage.test/y?sig=1"}
    )
    transport = AiohttpTransport()
    found = await transport.fetch(HttpRequest(method="GET", url="https://api.test/x", headers=()))
    await transport.aclose()
    assert (found.status, found.headers["location"]) == (302, "https://storage.test/y?sig=1")
    assert found.peer is None
    assert sum(len(calls) for calls in mocked_http.requests.values()) == 1
