"""Every write and upload: what it leads to is read back, and bad input changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer
from tests.server.write_cases import CASES, Case
from tests.server.write_world import FACTS, KEY, World, at

CHANGING = {"write", "upload"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A server with something of each kind in it."""
    async with (
        LocalServer(extras=False, api_keys={KEY, "reader"}, readers={"reader"}) as server,
        aiohttp.ClientSession(headers={"Authorization": KEY}) as session,
    ):
        found = World(server, session)
        await found.build()
        yield found


def test_every_write_and_upload_of_the_facts_has_a_case() -> None:
    named = [case.name for case in CASES]
    facts = {name for name, fact in FACTS.items() if fact["kind"] in CHANGING}
    assert len(named) == len(set(named)) == 70
    assert set(named) == facts


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_what_was_written_is_read_back(world: World, case: Case) -> None:
    before = world.server.log.applied_counts().get(FACTS[case.name]["path"], 0)
    answer = await world.done(case.name, case.sent)
    for member, expected in world.filled(case.answer).items():
        assert answer[member] == expected
    if isinstance(answer, dict):
        world.ids |= {f"answer.{name}": text for name, text in answer.items()}
    for read in case.reads:
        document = await world.read(read.path, read.query)
        found = at(document, world.filled(read.place)) if read.place else document
        assert found == world.filled(read.expected), (read, document)
    assert world.server.log.applied_counts()[FACTS[case.name]["path"]] == before + 1


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_bad_input_is_refused_and_changes_nothing(world: World, case: Case) -> None:
    before = await world.snapshot()
    applied = world.server.log.applied_counts()
    sent = {**case.sent, **case.refused}
    sent = {name: value for name, value in sent.items() if value is not None}
    status, body = await world.write(case.name, sent)
    assert (status, body["sdk_error_code"]) == (case.status, case.code), body
    assert set(body) == {"msg", "code", "data", "sdk_error_code"}
    assert (body["code"], body["data"]) == (case.status, None)
    assert body["msg"]
    assert await world.snapshot() == before
    assert world.server.log.applied_counts() == applied


@pytest.mark.parametrize("case", CASES, ids=repr)
async def test_without_a_key_or_the_right_to_write_nothing_changes(
    world: World, case: Case
) -> None:
    before = await world.snapshot()
    told = case.name == "log_experiment_remote_model"
    for key, status, code in (("wrong", 401, 90212), ("reader", 403, 90210)):
        headers = {"Authorization": key}
        async with aiohttp.ClientSession(headers=headers) as session:
            stranger = World(world.server, session)
            stranger.ids = world.ids
            sent = {**case.sent, **({"apiKey": key} if told else {})}
            answered, body = await stranger.write(case.name, sent)
        assert (answered, body["sdk_error_code"]) == (status, code)
    assert await world.snapshot() == before


BODIES: list[tuple[bytes, str]] = [
    (b'{"experimentKey": ', "body is not JSON"),
    (b"[1, 2]", "body must be an object"),
    (b"null", "body must be an object"),
    (b"", "Experiment key is missing"),
]


@pytest.mark.parametrize(("body", "message"), BODIES)
async def test_what_is_no_json_object_is_refused(world: World, body: bytes, message: str) -> None:
    url = f"{world.server.url}/api/rest/v2/write/experiment/metric"
    async with world.session.post(url, data=body) as response:
        assert (response.status, (await response.json())["msg"]) == (400, message)


async def test_a_server_that_is_not_writable_refuses_and_reads_on() -> None:
    async with (
        LocalServer(writable=False) as server,
        aiohttp.ClientSession(headers={"Authorization": KEY}) as session,
    ):
        world = World(server, session)
        status, body = await world.write("create_workspace", {"name": "team"})
        assert (status, body["sdk_error_code"]) == (403, 90210)
        assert (await world.read("workspaces", {})) == {"workspaceNames": []}


@pytest.mark.parametrize("name", ["log_experiment_output", "set_experiment_system_details"])
async def test_the_twin_address_does_the_same(world: World, name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    [twin] = FACTS[name]["alt_paths"]
    url = world.server.url + twin
    async with world.session.post(url, json=world.filled(case.sent)) as response:
        assert response.status == 200
    for read in case.reads:
        document: Any = await world.read(read.path, read.query)
        assert at(document, read.place) == read.expected
