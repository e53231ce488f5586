"""What the unmodified SDK sends for a write is what our functions send for the same call."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from comet_async import comet
from comet_async.request import Request
from tests.unit.test_comet_writes import ROWS

SCRIPT = Path(__file__).with_name("sdk_writes.py")
# The SDK's twin of a path, and what it sends to no use: the first key of the metadata.
TWIN = "/clientlib/rest/v2/"
USELESS = ("metadata", "a")
# Of our table these are made by no call of the SDK's, or by one that first asks for an id.
LEAST = 40


class Sent(NamedTuple):
    method: str
    path: str
    query: frozenset[tuple[str, str]]
    body: str

    @classmethod
    def of(cls, method: str, target: str, body: bytes | None) -> Sent:
        parts = urlsplit(target)
        query = frozenset(
            (name, value.lower() if value in {"True", "False"} else value)
            for name, value in parse_qsl(parts.query)
            if (name, value) != USELESS
        )
        path = parts.path.replace(TWIN, "/api/rest/v2/")
        told: Any = json.loads(body) if body else None
        if isinstance(told, dict):
            told = {k: v for k, v in told.items() if v is not None and k != "apiKey"}
        return cls(method, path, query, json.dumps(told, sort_keys=True))


class Keeper(BaseHTTPRequestHandler):
    """Keeps what comes and answers with whatever members the SDK may look for."""

    kept: ClassVar[list[Sent]] = []

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        is_json = "json" in self.headers.get("Content-Type", "")
        if "/write/" in self.path or "log-remote-model" in self.path:
            self.kept.append(Sent.of(self.command, self.path, body if is_json else None))
        members = {
            "version": "4.40.0",
            "msg": "saved",
            "code": 200,
            "experimentKey": "exp1",
            "workspaceName": "ws",
            "projectName": "proj",
            "projectId": "p1",
        }
        answer = json.dumps(members).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> set[Sent]:
    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    home = tmp_path_factory.mktemp("home")
    (home / "up.txt").write_text("content")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
        "COMET_HTTP_SESSION_RETRY_TOTAL": "0",
    }
    Keeper.kept.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        child = subprocess.run(
            [
                sys.executable,
                str(SCRIPT),
                f"http://127.0.0.1:{server.server_address[1]}",
                str(home / "up.txt"),
            ],
            capture_output=True,
            check=False,
            cwd=home,
            env=environment,
            timeout=110,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert child.returncode == 0, child.stderr.decode()[-2000:]
    return set(Keeper.kept)


def ours() -> dict[Sent, Request[Any]]:
    uploads: list[Request[Any]] = [
        comet.set_experiment_git_patch("exp1", b"PK"),
        comet.upload_experiment_asset(
            "exp1",
            file=b"content",
            file_name="n.txt",
            step=1,
            overwrite=True,
            context="train",
            type="asset",
            extension="txt",
            metadata={"a": 1},
        ),
    ]
    requests = [row[0] for row in ROWS] + uploads
    return {Sent.of(request.method, request.target, request.body): request for request in requests}


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_each_write_of_the_sdk_is_one_of_ours(theirs: set[Sent]) -> None:
    mine = ours()
    assert sorted(theirs - set(mine)) == []
    assert len(theirs) >= LEAST
