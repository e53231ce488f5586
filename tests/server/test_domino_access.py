"""Credentials, error documents and faults of the local Domino, over a real socket."""

from __future__ import annotations

import json
import urllib.request

import aiohttp
import pytest

from comet_async.server import RateLimit, serve_in_thread
from comet_async.server.domino import Access, Clock, DominoServer
from comet_async.testing import domino_server
from tests.support.domino_client import KEY, Domino, domino
from tests.support.domino_shapes import problems

PROJECTS = "/api/projects/beta/projects"
NEW = {"name": "fresh", "description": "d", "visibility": "private"}


async def status(client: Domino, **headers: str) -> int:
    """Return the status of a read with given headers in place of the usual key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session:
        return (await Domino(client.server, session).raw("GET", PROJECTS, headers=named))[0]


async def test_a_key_or_a_token_is_needed() -> None:
    server = domino_server(api_keys={KEY}, tokens={"t1"})
    async with domino(server) as client:
        statuses = [
            await status(client),
            await status(client, X_Domino_Api_Key="other"),
            await status(client, X_Domino_Api_Key=KEY),
            await status(client, Authorization="Bearer t1"),
            await status(client, Authorization="bearer other"),
            await status(client, Authorization=KEY),
        ]
    assert statuses == [401, 401, 200, 200, 401, 401]


async def test_a_token_rotates_while_the_server_runs() -> None:
    async with domino(domino_server(tokens={"old"})) as client:
        before = await status(client, Authorization="Bearer old")
        client.server.access.rotate("old", "new")
        after = [await status(client, Authorization=f"Bearer {name}") for name in ("old", "new")]
        client.server.access.allow("old")
        again = await status(client, Authorization="Bearer old")
        client.server.access.revoke(KEY)
        key = await client.answer(PROJECTS)
    assert (before, after, again) == (200, [401, 200], 200)
    assert key[0] == 401
    assert list(problems("FailureEnvelopeV1", key[1])) == []


@pytest.mark.parametrize(
    "server", [DominoServer(writable=False), DominoServer(readers={KEY})], ids=["all", "reader"]
)
async def test_who_may_only_read_is_told_so(server: DominoServer) -> None:
    async with domino(server) as client:
        refused, _, body = await client.raw("POST", PROJECTS, json=NEW)
        rows = (await client.get(PROJECTS))["metadata"]["totalCount"]
    assert refused == 403
    assert list(problems("FailureEnvelopeV1", json.loads(body))) == []
    assert (rows, server.log.applied_counts()) == (3, {})


async def test_the_proxy_within_a_run_needs_no_key_and_gives_tokens() -> None:
    async with domino(DominoServer(proxy=True, tokens=())) as client:
        keyless = await status(client)
        _, headers, token = await client.raw("GET", "/access-token")
        with_token = await status(client, Authorization=f"Bearer {token.decode()}")
        wrong = await status(client, Authorization="Bearer other")
    assert (keyless, with_token, wrong) == (200, 200, 401)
    assert headers["Content-Type"].startswith("text/plain")
    async with domino(DominoServer()) as client:
        assert (await client.raw("GET", "/access-token"))[0] == 404


@pytest.mark.parametrize(
    ("shape", "kind", "body"),
    [
        ("error", "application/json", b'{"error":"Project none not found"}'),
        ("message", "application/json", b'{"message":"Project none not found"}'),
        ("html", "text/html", b"<html><body><h1>404 Project none not found</h1></body></html>"),
    ],
)
async def test_errors_have_other_documents_too(shape: str, kind: str, body: bytes) -> None:
    async with domino(DominoServer(error_shape=shape)) as client:
        found = await client.raw("GET", "/api/projects/v1/projects/none")
    assert found[0] == 404
    assert found[1]["Content-Type"].startswith(kind)
    assert found[2] == body
    assert found[1]["X-Request-Id"]


@pytest.mark.parametrize(
    ("member", "body"),
    [
        ("failure", {"errors": ["later"]}),
        ("message", {"message": "later"}),
        ("error", {"error": "later"}),
    ],
)
async def test_a_scripted_status_has_a_document_of_domino(
    member: str, body: dict[str, object]
) -> None:
    async with domino(DominoServer()) as client:
        argument: dict[str, str | float | None] = {
            "status": 503,
            "msg": "later",
            "shape": member,
            "retry_after": 3,
        }
        client.server.faults.add("status", argument, times=1)
        found = await client.raw("GET", PROJECTS)
        document = json.loads(found[2])
        document.pop("requestId", None)
        after, _, _ = await client.raw("GET", PROJECTS)
    assert (found[0], found[1]["Retry-After"], document) == (503, "3", body)
    assert after == 200


@pytest.mark.parametrize(
    ("fault", "seen"),
    [("storm429", 429), ("error_200", 200), ("html_502", 502), ("html_login", 200)],
)
async def test_faults_strike_domino_as_they_do_comet(fault: str, seen: int) -> None:
    async with domino(DominoServer()) as client:
        client.server.faults.add(fault, 1, times=1)
        found, _, body = await client.raw("GET", PROJECTS)
    assert found == seen
    assert b"sdk_error_code" not in body


@pytest.mark.parametrize("fault", ["rst_before", "truncate_length", "close_before"])
@pytest.mark.parametrize("applied", [True, False])
async def test_a_write_whose_answer_is_lost_was_done_or_not(fault: str, applied: bool) -> None:
    async with domino(DominoServer()) as client:
        client.server.faults.add(fault, method="POST", applied=applied)
        try:
            _, _, body = await client.raw("POST", PROJECTS, json=NEW)
            document = json.loads(body)
        except (aiohttp.ClientError, ValueError):
            document = None
        names = [row["name"] for row in (await client.get(PROJECTS))["projects"]]
        counts = client.server.log.applied_counts()
    assert document is None
    assert ("fresh" in names) is applied
    assert counts == ({PROJECTS: 1} if applied else {})


async def test_the_rate_limit_is_told_in_a_document_of_domino() -> None:
    async with domino(DominoServer(rate_limit=RateLimit(1, 60))) as client:
        await client.get(PROJECTS)
        refused, headers, body = await client.raw("GET", PROJECTS)
    assert refused == 429
    assert int(headers["Retry-After"]) > 0
    assert list(problems("FailureEnvelopeV1", json.loads(body))) == []


async def test_what_is_no_path_is_told_so() -> None:
    async with domino(DominoServer()) as client:
        nothing = await client.answer("/api/none")
        wrong, _, _ = await client.raw("PUT", PROJECTS)
    assert nothing[0] == 404
    assert list(problems("FailureEnvelopeV1", nothing[1])) == []
    assert wrong == 405


@pytest.mark.parametrize(
    "query", [{"limit": "x"}, {"offset": "-1"}, {"limit": "9" * 30}], ids=["text", "sign", "long"]
)
async def test_a_number_that_is_none_is_refused(query: dict[str, str]) -> None:
    async with domino(DominoServer()) as client:
        assert (await client.answer(PROJECTS, **query))[0] == 400


def test_it_serves_from_a_thread() -> None:
    with serve_in_thread(DominoServer()) as server:
        asked = urllib.request.Request(server.url + PROJECTS, headers={"X-Domino-Api-Key": "k"})
        with urllib.request.urlopen(asked) as answer:
            rows = json.loads(answer.read())["projects"]
    assert len(rows) == 3


async def test_no_key_is_shown() -> None:
    async with domino(DominoServer(api_keys={KEY})) as client:
        await client.get(PROJECTS)
        server = client.server
        shown = [repr(server), repr(server.log[0]), repr(server.access), repr(server.faults)]
    assert all(KEY not in text for text in shown)


def test_the_clock_goes_as_it_is_told() -> None:
    times = iter([0.0, 10.0, 10.0, 10.0, 12.0])
    clock = Clock(1_000.0, speed=60, source=lambda: next(times))
    assert clock.now() == 1_600.0
    clock.speed = 0
    clock.advance(5)
    assert clock.text() == "1970-01-01T00:26:45.000Z"
    with pytest.raises(ValueError, match="backwards"):
        Clock(speed=-1)


def test_access_says_how_many_keys_there_are() -> None:
    assert [repr(Access()), repr(Access({"a", "b"}))] == ["<Access any>", "<Access 2 keys>"]
