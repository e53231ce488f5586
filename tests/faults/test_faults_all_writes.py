"""Every write and upload of the catalogue under every fault: what arrives, and what is said (K1).

A write that adds something arrives at most once, unless the server said itself that it did not
act (429). One that leaves the same state when repeated is repeated until it is done. The error is
`OutcomeUnknown` exactly where the server may have acted and nobody knows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from comet_async import Limits, Session, StaticKey, Timeouts, comet
from comet_async.errors import CometAsyncError, OutcomeUnknown, RateLimitError, ServerError
from comet_async.request import Effect, Request
from tests.conformance.comet_facts import ALL, FACTS, WRITES, calls
from tests.faults.support_client import KEY, QUICK, here
from tests.support.receiving import (
    Arrival,
    Way,
    answers,
    receiver,
    resets,
    stops_reading,
    take_body,
)

SHAPES = {
    name: FACTS[name]["response"]["shape"]
    for name in WRITES
    if isinstance(FACTS[name]["response"]["shape"], dict)
}


def cut(body: bytes) -> Way:
    """Take all of it, and answer with less than is announced."""

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + body)
        await writer.drain()
        raise ConnectionError

    return way


FAULTS: dict[str, Way] = {
    "reset": resets(),
    "500": answers(b"{}", status="500 Broken"),
    "503": answers(b"{}", status="503 Unavailable", extra="Retry-After: 0.001\r\n"),
    "429": answers(b"{}", status="429 Too Many", extra="Retry-After: 0.001\r\n"),
    "truncated": cut(b'{"msg": "sa'),
}
UNSEEN = {"reset", "truncated"}


def usable(name: str) -> Way:
    """An answer as the facts describe it."""
    samples = {"str": "x", "int": 200, "list": ["x"], "any": None, "saved": "saved"}
    told: dict[str, Any] = {}
    for member, kind in SHAPES.get(name, {}).items():
        shape = "list" if isinstance(kind, list) else kind.split("|")[0].split(" ")[0]
        told[member] = samples[shape]
    told.update({"sdk_error_code": 0} if "sdk_error_code" in told else {})
    return answers(msgspec.json.encode(told))


MOVED = comet.move_experiments("ws", "proj", ["e1"], symlink=False)
"""The table of calls uses each argument once, so it only links."""


def both_effects(name: str) -> list[Request[Any]]:
    """The smallest call of an endpoint, and one for each other effect that it can have."""
    found: dict[Effect, Request[Any]] = {}
    for request in (*calls(name), *([MOVED] if name == "move_experiments" else [])):
        found.setdefault(request.effect, request)
    return list(found.values())


CASES = [(name, request) for name in WRITES for request in both_effects(name)]
IDS = [f"{name}-{request.effect.value}" for name, request in CASES]


def test_the_table_has_every_write() -> None:
    assert len(ALL) == 136
    assert len(WRITES) == 70
    effects = Counter(request.effect for _, request in CASES)
    assert effects[Effect.READ] == 0
    assert effects[Effect.APPEND] + effects[Effect.IDEMPOTENT] == len(CASES) >= 75


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize(("name", "request_"), CASES, ids=IDS)
async def test_k1_a_fault_and_then_success(name: str, request_: Request[Any], fault: str) -> None:
    failure: CometAsyncError | None = None
    async with (
        receiver(FAULTS[fault], usable(name)) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        try:
            await session.send(request_)
        except CometAsyncError as error:
            failure = error
    assert {arrival.path for arrival in server.arrivals} == {request_.target.partition("?")[0]}
    assert all(arrival.whole for arrival in server.arrivals)
    if request_.effect is Effect.IDEMPOTENT or fault == "429":
        assert failure is None
        assert len(server.arrivals) == 2
        return
    assert len(server.arrivals) == 1
    assert type(failure) is (OutcomeUnknown if fault in UNSEEN else ServerError)
    assert failure is not None
    assert KEY not in f"{failure!r} {failure.__dict__}"


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize(("name", "request_"), CASES, ids=IDS)
async def test_k1_a_fault_that_stays(name: str, request_: Request[Any], fault: str) -> None:
    async with (
        receiver(FAULTS[fault]) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        with pytest.raises(CometAsyncError) as caught:
            await session.send(request_)
    appends = request_.effect is Effect.APPEND
    assert isinstance(caught.value, OutcomeUnknown) == (appends and fault in UNSEEN)
    assert isinstance(caught.value, RateLimitError) == (fault == "429")
    most = QUICK.throttled_attempts if fault == "429" else QUICK.attempts
    assert 1 <= len(server.arrivals) <= most
    assert (len(server.arrivals) == 1) == (appends and fault != "429")
    assert len(caught.value.attempts) == len(server.arrivals)


def silent_at_first() -> Way:
    """Take the first request to each path and never answer it, then answer as the facts say."""
    names = {comet_request.target: name for name, comet_request in CASES}
    seen: Counter[str] = Counter()

    async def way(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        seen[arrival.target] += 1
        first = seen[arrival.target] == 1
        await (stops_reading(None) if first else usable(names[arrival.target]))(
            arrival, reader, writer
        )

    return way


@pytest.mark.parametrize("effect", [Effect.APPEND, Effect.IDEMPOTENT])
async def test_k1_answers_that_never_come(effect: Effect) -> None:
    """All writes of one effect at once: each waits a second for its answer."""
    asked = [(name, request) for name, request in CASES if request.effect is effect]
    patience = Timeouts(headers=1.0, stored=1.0)
    limits = Limits(concurrency=len(asked))
    async with receiver(silent_at_first()) as server:
        service = comet.service(StaticKey(KEY), url=server.url, limits=limits)
        async with Session(service, retry=QUICK, timeouts=patience) as session:
            found = await session.collect(asked)
    arrived = Counter(arrival.target for arrival in server.whole)
    assert set(arrived) == {request.target for _, request in asked}
    if effect is Effect.APPEND:
        assert set(arrived.values()) == {1}
        assert {type(error) for error in found.failed.values()} == {OutcomeUnknown}
        assert not found.ok
    else:
        assert set(arrived.values()) == {2}
        assert not found.failed


@pytest.mark.parametrize("name", WRITES)
async def test_what_a_server_answers_is_what_the_function_promises(name: str) -> None:
    for request in both_effects(name):
        async with receiver(usable(name)) as server, Session(here(server.url)) as session:
            found = await session.send(request)
        kind = type(None) if found is None else type(found)
        assert kind is request.answer
        assert len(server.arrivals) == 1
        if name == "upload_experiment_asset":
            assert isinstance(found, comet.UploadedAsset)
