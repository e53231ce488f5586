"""The scripted transport that tests of the session stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import Session, comet
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.transport import HttpRequest
from comet_async.errors import ConnectError, ConnectionLost, NotFoundError
from comet_async.request import Blob
from comet_async.service import Service
from comet_async.testing import FakeTransport, Reply, reply

SERVICE = Service(name="comet", base_url="http://comet.example/clientlib")
WORKSPACES = "/api/rest/v2/workspaces"


def session(fake: FakeTransport, **options: object) -> Session:
    return Session(SERVICE, transport=fake, retry=RetryPolicy(attempts=1), **options)  # type: ignore[arg-type]  # options as given


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_answers_by_method_and_template_below_the_base_path() -> None:
    fake = FakeTransport().on("get", WORKSPACES, reply(json={"workspaceNames": ["team"]}))
    async with session(fake) as opened:
        assert await opened.send(comet.get_workspaces()) == comet.Workspaces(
            workspace_names=["team"]
        )
    assert fake.paths == ["GET /clientlib/api/rest/v2/workspaces"]
    assert fake.closed


async def test_answers_in_order_and_keeps_the_last() -> None:
    pages = [reply(json={"workspaceNames": [name]}) for name in ("a", "b")]
    fake = FakeTransport().on("GET", WORKSPACES, *pages)
    async with session(fake) as opened:
        seen = [(await opened.send(comet.get_workspaces())).workspace_names for _ in range(3)]
    assert seen == [["a"], ["b"], ["b"]]


async def test_latest_rule_wins_and_functions_see_the_request() -> None:
    async def told(request: HttpRequest) -> Reply:
        return reply(json={"metrics": [], "asked": request.url})

    fake = FakeTransport(reply(status=404, json={"msg": "no"}))
    fake.on("GET", "/api/rest/v2/experiment/metrics/get-metric", told)
    async with session(fake) as opened:
        raw = await opened.send(comet.get_experiment_metric("k/1", "loss").returning(bytes))
        with pytest.raises(NotFoundError):
            await opened.send(comet.get_workspaces())
    assert b"experimentKey=k%2F1" in raw
    assert fake.queries[0] == [("experimentKey", "k/1"), ("metricName", "loss")]


async def test_raises_what_the_script_says() -> None:
    fake = FakeTransport().on("GET", WORKSPACES, ConnectError("refused"))
    async with session(fake) as opened:
        with pytest.raises(ConnectError, match="refused"):
            await opened.send(comet.get_workspaces())


async def test_an_unscripted_request_is_an_assertion_error() -> None:
    async with session(FakeTransport()) as opened:
        with pytest.raises(AssertionError, match="no scripted answer for GET /clientlib/api"):
            await opened.send(comet.get_workspaces())


async def test_streams_in_pieces_and_breaks_where_told(tmp_path: Path) -> None:
    request = comet.get_experiment_asset("a", experiment_key="k")
    assert request.answer is Blob
    whole = reply(body=bytes(range(200)), piece_size=7)
    broken = reply(body=b"half", headers={"Content-Length": "8"}, broken_by=ConnectionLost("cut"))
    fake = FakeTransport().on("GET", request.path, whole, broken)
    async with session(fake) as opened:
        await opened.download(request, tmp_path / "whole")
        with pytest.raises(ConnectionLost):
            await opened.download(request, tmp_path / "half")
    assert (tmp_path / "whole").read_bytes() == bytes(range(200))
    assert names(tmp_path) == ["whole"]
    assert [stream.closed for stream in fake.streams] == [True, True]


def test_a_rule_without_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an answer"):
        FakeTransport().on("GET", WORKSPACES)
