"""A plain HTTP client of a local Domino."""

from __future__ import annotations

import json as documents
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from comet_async.server.domino import DominoServer

KEY = "the-key-of-the-tests"


class Domino:
    """Asks one server."""

    def __init__(self, server: DominoServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def raw(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and bytes; the path is sent as it is."""
        given = {name: str(value) for name, value in (params or {}).items()}
        url = URL(self.server.url + path, encoded=True)
        url = url.extend_query(given) if given else url
        async with self.session.request(
            method, url, json=json, data=data, headers=headers, allow_redirects=False
        ) as response:
            return response.status, response.headers.copy(), await response.read()

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
    ) -> Any:
        """Return the document of a request that must succeed, None when there is none."""
        status, _, body = await self.raw(method, path, json=json, params=params)
        assert status < 300, body
        return documents.loads(body) if body else None

    async def get(self, path: str, **query: object) -> Any:
        """Return the document of a read that must succeed."""
        return await self.send("GET", path, params=query)

    async def answer(self, path: str, **query: object) -> tuple[int, Any]:
        """Return status and document of a read."""
        status, _, body = await self.raw("GET", path, params=query)
        return status, documents.loads(body)


@asynccontextmanager
async def domino(server: DominoServer) -> AsyncGenerator[Domino, None]:
    """Yield a client of a server that listens meanwhile."""
    headers = {"X-Domino-Api-Key": KEY}
    async with server, aiohttp.ClientSession(headers=headers) as session:
        yield Domino(server, session)
