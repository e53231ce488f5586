from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer, SyntheticSpec

SAMPLE = Path(__file__).parent / "data" / "offline-sample.zip"


class Client:
    """A plain HTTP client of a local server."""

    def __init__(self, server: LocalServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def get(self, path: str, **query: object) -> Any:
        """Return the JSON body of a read that must succeed."""
        status, body = await self.answer(path, **query)
        assert status == 200, body
        return body

    async def answer(self, path: str, **query: object) -> tuple[int, Any]:
        """Return status and JSON body of a read."""
        parameters = {key: str(value) for key, value in query.items()}
        async with self.session.get(self.url(path), params=parameters) as response:
            assert response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(await response.read())

    async def post(self, path: str, body: object, status: int = 200) -> Any:
        """Return the JSON body of a POST."""
        async with self.session.post(self.url(path), json=body) as response:
            assert response.status == status, await response.text()
            return json.loads(await response.read())

    async def raw(
        self, path: str, headers: dict[str, str] | None = None, **query: object
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and bytes of a read; redirects are not followed."""
        parameters = {key: str(value) for key, value in query.items()}
        async with self.session.get(
            self.url(path), params=parameters, headers=headers, allow_redirects=False
        ) as response:
            return response.status, response.headers.copy(), await response.read()

    def url(self, path: str) -> str:
        """Return the URL of a path of the REST API, or of an absolute path."""
        return self.server.url + (path if path.startswith("/") else f"/api/rest/v2/{path}")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client of a server with the sample archive and twelve synthetic experiments."""
    spec = SyntheticSpec(experiments=12, points=20, archived=2, remote_assets=1)
    headers = {"Authorization": "the-key-of-the-tests"}
    async with (
        LocalServer([SAMPLE], synthetic=spec, storage=True) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        yield Client(server, session)


@pytest.fixture
def connect() -> Callable[[LocalServer, aiohttp.ClientSession], Client]:
    """The class of clients, for tests with a server of their own."""
    return Client


@pytest.fixture
def sample_archive() -> Path:
    """An archive as the SDK wrote it."""
    return SAMPLE


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    """Write an archive with given header members, messages and files."""

    def make(
        messages: list[tuple[str, dict[str, Any]]],
        *,
        name: str = "archive.zip",
        files: dict[str, bytes] | None = None,
        **header: Any,
    ) -> Path:
        head = {
            "offline_id": "a" * 32,
            "project_name": "made",
            "workspace": "team",
            "start_time": 1_700_000_000_000,
            "stop_time": 1_700_000_060_000,
            "tags": [],
        }
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("experiment.json", json.dumps(head | header))
            lines = (json.dumps({"type": kind, "payload": body}) + "\n" for kind, body in messages)
            archive.writestr("messages.json", "".join(lines))
            for member, data in (files or {}).items():
                archive.writestr(member, data)
        return path

    return make
