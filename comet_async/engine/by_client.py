"""Exchanges through aiohttp's `ClientSession`: uploads, proxies, and wherever others take part.

Mocks and instrumentation hook into that class, so whoever uses them sees every exchange. What it
does on its own is kept from happening: redirects, cookies, netrc, a hidden second try.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from comet_async.credentials import Secret
from comet_async.engine.aiohttp_errors import DROPS, ProxyFailed, dropped
from comet_async.engine.aiohttp_upload import BodyPayload
from comet_async.engine.connections import Connector, KnowingRequest, Opened, peer_of
from comet_async.engine.redirects import REDIRECTS
from comet_async.engine.transport import HttpRequest
from comet_async.engine.upload_body import UploadBody

__all__ = ["ByClient", "KnowingResponse", "Proxy", "read_proxy", "send_once"]

_PROXY_LOGIN_WANTED = 407


class KnowingResponse(aiohttp.ClientResponse):
    """A response that knows which address a redirect came from; None behind a proxy.

    aiohttp gives a connection back with the last byte of a body, an empty one at once.
    """

    peer: str | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}>"


class Proxy:
    """A proxy's URL without credentials, and the header that carries them.

    Args:
        url: The URL.
        login: Value of Proxy-Authorization, if it wants one.
    """

    __slots__ = ("login", "url")

    def __init__(self, url: Secret, login: Secret | None) -> None:
        self.url = url
        self.login = login


def read_proxy(proxy: str) -> Proxy | None:
    """Return a proxy's parts; None when the URL is unusable."""
    try:
        url = URL(proxy)
    except ValueError:
        return None
    if url.scheme not in {"http", "https"} or not url.host:
        return None
    plain = Secret(str(url.with_user(None)), origin="the proxy URL")
    if url.user is None:
        return Proxy(plain, None)
    login = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode("ascii")
    return Proxy(plain, Secret.header(f"Basic {login}"))


class ByClient:
    """Sends requests through a `ClientSession` for each connector.

    Args:
        proxy: The proxy to go through, if any.
        read_buffer: Bytes of a body that may wait to be read.
    """

    def __init__(self, proxy: Proxy | None, read_buffer: int) -> None:
        self._proxy = proxy
        self._read_buffer = read_buffer
        self._sessions: dict[Connector, aiohttp.ClientSession] = {}

    async def send(
        self,
        request: HttpRequest,
        connector: Connector,
        patience: aiohttp.ClientTimeout,
        upload: UploadBody | None = None,
    ) -> Opened:
        """Send a request and return its answer as soon as the headers are there.

        Args:
            request: The request.
            connector: Gives connections.
            patience: With connecting.
            upload: A body in place of the request's own.

        Raises:
            aiohttp.ClientError: There is no usable answer.
        """
        url = URL(request.url, encoded=True)
        headers = [
            (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in request.headers
        ]
        proxy, login = self._proxy, None
        if proxy is not None and proxy.login is not None:
            login = {"Proxy-Authorization": proxy.login.reveal()}
            if url.scheme == "http":
                # aiohttp sends proxy_headers with CONNECT only, not on the way to a plain server.
                headers.extend(login.items())
        response = await self._session(connector).request(
            request.method,
            url,
            headers=headers,
            data=request.body if upload is None else BodyPayload(upload),
            allow_redirects=False,
            timeout=patience,
            proxy=None if proxy is None else proxy.url.reveal(),
            proxy_headers=login,
        )
        peer = response.peer if isinstance(response, KnowingResponse) else None
        return Opened(response, response.status, response.headers, response.content, peer)

    def _session(self, connector: Connector) -> aiohttp.ClientSession:
        found = self._sessions.get(connector)
        if found is None:
            found = self._sessions[connector] = aiohttp.ClientSession(
                connector=connector,
                connector_owner=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=self._read_buffer,
                middlewares=(send_once,),
                request_class=KnowingRequest,
                response_class=KnowingResponse,
            )
        return found

    async def aclose(self) -> None:
        """End the sessions; their connections are the connectors' own."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()


async def send_once(
    request: aiohttp.ClientRequest,
    handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
) -> aiohttp.ClientResponse:
    """Send once: aiohttp repeats a dropped GET unseen, without a switch to stop it."""
    try:
        response = await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except DROPS as error:
        watch = request.watch if isinstance(request, KnowingRequest) else None
        raise dropped(error, reused=watch is not None and watch.reused) from None
    if response.status == _PROXY_LOGIN_WANTED and request.proxy is not None:
        response.close()
        raise ProxyFailed(f"it answered {response.status}")
    if isinstance(request, KnowingRequest) and request.watch is not None:
        request.watch.body = None if response.content.is_eof() else response.content
        if response.status in REDIRECTS and isinstance(response, KnowingResponse):
            response.peer = None if request.proxy is not None else peer_of(request.way)
    return response
