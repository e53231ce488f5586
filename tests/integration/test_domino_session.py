"""Operations of Domino over a socket: refusals that explain themselves, newer ones sent by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comet_async import Session, comet, domino
from comet_async.domino.removed import MOVED, REMOVED
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import NotFoundError, UsageError
from comet_async.request import Effect, Request
from comet_async.service import Service
from tests.conformance.domino_facts import OPERATIONS, calls
from tests.support.domino_answers import NOT_FOUND
from tests.support.raw_server import answer, raw_server

KEY = "sentinel0KEY0that0nobody0sees"
GONE = sorted(name for name, fact in OPERATIONS.items() if "gone_in" in fact)
NEWER = sorted(name for name, fact in OPERATIONS.items() if "newer_path" in fact)
PLAIN = sorted(set(OPERATIONS) - set(GONE) - set(NEWER))


def service(url: str) -> Service:
    return domino.service(KEY, host=url, environ={})


async def refused(request: Request[Any]) -> NotFoundError:
    """Send a request to a server that knows no path, and return the error."""
    async with (
        raw_server(answer(NOT_FOUND, status="404 Not Found")) as server,
        Session(service(server.url), retry=RetryPolicy(attempts=1)) as session,
    ):
        with pytest.raises(NotFoundError) as caught:
            await session.send(request)
    return caught.value


@pytest.mark.parametrize("name", GONE)
async def test_a_removed_operation_explains_itself(name: str) -> None:
    request, _ = calls(name)
    error = await refused(request)
    assert "servers of 6.3.0 and later no longer have this operation" in error.message
    assert "Not Found" in error.message
    assert error.request_id == "r-1"
    assert (request.method, request.path) in REMOVED
    assert KEY not in f"{error!s} {error!r}"


@pytest.mark.parametrize("name", NEWER)
async def test_a_moved_operation_tells_where_it_is(name: str) -> None:
    request, _ = calls(name)
    error = await refused(request)
    newer = MOVED[request.method, request.path]
    assert f"newer servers have it at {newer}: send domino.moved(request)" in error.message
    async with (
        raw_server(answer(b"{}", status="404 Not Found")) as server,
        Session(service(server.url), retry=RetryPolicy(attempts=1)) as session,
    ):
        with pytest.raises(NotFoundError) as caught:
            await session.send(domino.moved(request))
        (heard,) = server.heard
    assert heard.line.split()[1].startswith("/api/registeredmodels/v1")
    assert "newer servers" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("get_compute_providers", "/api/admin/v1/deploymentTargets"),
        ("get_compute_tiers", "resource configurations of deployment targets took its place"),
        ("copy_project_beta", "copy_project took its place"),
    ],
)
async def test_a_removed_operation_names_what_took_its_place(name: str, told: str) -> None:
    error = await refused(calls(name)[0])
    assert told in error.message


async def test_what_is_still_there_has_no_advice() -> None:
    for name in PLAIN:
        request, _ = calls(name)
        assert service("http://h").advice(request, 404) is None
    for name in (*GONE, *NEWER):
        assert service("http://h").advice(calls(name)[0], 500) is None
    error = await refused(domino.get_job_details("j1"))
    assert error.message == "Not Found"


def test_what_did_not_move_has_no_newer_path() -> None:
    with pytest.raises(UsageError, match="has no newer path"):
        domino.moved(domino.get_job_details("j1"))


async def test_an_operation_that_no_document_here_lists_is_sent_by_hand() -> None:
    request = Request(
        service="domino",
        method="POST",
        path="/api/apps/v1/apps/{appId}/versions",
        answer=dict[str, object],
        effect=Effect.APPEND,
        path_params=(("appId", "a/1"),),
        query=(("dryRun", "true"),),
        body=b'{"name":"v2"}',
        content_type="application/json",
    )
    async with (
        raw_server(answer(b'{"id": "v2", "metadata": {"requestId": "r"}}')) as server,
        Session(service(server.url)) as session,
    ):
        found = await session.send(request)
        (heard,) = server.heard
    assert found == {"id": "v2", "metadata": {"requestId": "r"}}
    assert heard.line == "POST /api/apps/v1/apps/a%2F1/versions?dryRun=true HTTP/1.1"
    assert heard.headers["x-domino-api-key"] == KEY
    assert heard.headers["content-type"] == "application/json"
    assert json.loads(heard.body) == {"name": "v2"}


async def test_a_file_keeps_its_slashes_encoded_on_the_wire() -> None:
    request = domino.get_project_file_contents("p1", "c1", "data/100%2Fa b.csv")
    async with (
        raw_server(answer(b"a,b\n", headers=[("Content-Type", "text/csv")])) as server,
        Session(service(server.url)) as session,
    ):
        found = await session.send(request)
        (heard,) = server.heard
    assert (found.data, found.content_type) == (b"a,b\n", "text/csv")
    assert heard.line == (
        "GET /api/projects/v1/projects/p1/files/c1/data%2F100%252Fa%20b.csv/content HTTP/1.1"
    )


async def test_lists_and_bodies_of_deletions_arrive() -> None:
    async with (
        raw_server(answer(b"[]"), answer(b'{"grants": null}')) as server,
        Session(service(server.url)) as session,
    ):
        asked = domino.get_ai_gateway_audit_data(endpoint_ids=["a b", "c&d"])
        assert await session.send(asked) == []
        removed = await session.send(domino.remove_dataset_grant("d1", "u1", "DatasetRwReader"))
        audit, deletion = server.heard
    assert removed.grants == []
    assert audit.line == (
        "GET /api/aigateway/v1/audit?endpointIds=a%20b&endpointIds=c%26d HTTP/1.1"
    )
    assert deletion.line.startswith("DELETE /api/datasetrw/v1/datasets/d1/grants ")
    assert json.loads(deletion.body) == {"targetId": "u1", "targetRole": "DatasetRwReader"}


async def test_one_session_serves_both_services_each_with_its_key() -> None:
    other = "another0key0of0the0other0one"
    async with (
        raw_server(answer(b'{"user": {"id": "u1"}}')) as here,
        raw_server(answer(b'{"workspaceNames": ["w"]}')) as there,
        Session(service(here.url), comet.service(other, url=there.url)) as session,
    ):
        assert (await session.send(domino.get_current_user())).user.id == "u1"
        assert (await session.send(comet.get_workspaces())).workspace_names == ["w"]
    assert (here.heard[0].headers["x-domino-api-key"], there.heard[0].headers["authorization"]) == (
        KEY,
        other,
    )
    assert other.encode() not in here.heard[0].head
    assert KEY.encode() not in there.heard[0].head


@pytest.mark.parametrize("given", [{"key": KEY}, {"token": KEY}])
async def test_the_key_does_not_follow_a_redirect(given: dict[str, Any]) -> None:
    async with raw_server(answer(b"octets")) as storage:
        location = ("Location", f"{storage.url}/file?signature=1")
        async with (
            raw_server(answer(status="302 Found", headers=[location])) as server,
            Session(domino.service(host=server.url, environ={}, **given)) as session,
        ):
            found = await session.send(domino.get_project_file_contents("p", "c", "f"))
    assert found.data == b"octets"
    assert KEY.encode() in server.heard[0].head
    assert KEY.encode() not in storage.heard[0].head
    assert storage.heard[0].line == "GET /file?signature=1 HTTP/1.1"
