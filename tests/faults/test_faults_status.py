"""Statuses and bodies that say no: rows B1 to B14."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from comet_async import Failed, RetryPolicy, comet
from comet_async.cli.exits import Exit, code_of
from comet_async.errors import (
    AuthenticationError,
    BadRequestError,
    BodyTruncated,
    ClientError,
    CometAsyncError,
    ConflictError,
    EmptyAnswer,
    MessageInsteadOfData,
    NotFoundError,
    NotJson,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    StatusError,
)
from tests.faults.answers_support import KEYS, Scene, checked, scene, undone

ONE = comet.get_experiment_metadata(KEYS[0])
SERIES = comet.get_all_experiment_metrics(KEYS[0])


async def read_all(tried: Scene, count: int = 24) -> None:
    """Read experiments, and see that every answer is there and right."""
    pairs = ((n, comet.get_experiment_metadata(KEYS[n % len(KEYS)])) for n in range(count))
    found = await tried.session.collect(pairs)
    assert found.failed == {}
    assert [found.ok[n].experiment_key for n in range(count)] == [
        KEYS[n % len(KEYS)] for n in range(count)
    ]


async def proven(tried: Scene) -> None:
    """Let the session learn what rate the server bears; without, it would go on at two a second."""
    await read_all(tried, 60)
    tried.forget()


def quiet_spell(tried: Scene, struck: int) -> float:
    """Return the seconds between the `struck` refused requests and the next arrival."""
    arrivals = tried.arrivals
    assert [record.fault for record in tried.server.log][: struck + 1] == [
        *["status"] * struck,
        None,
    ]
    return arrivals[struck] - arrivals[struck - 1]


@pytest.mark.parametrize("wait", [1, 0.35])
async def test_b1_retry_after_seconds_holds_every_task_back(wait: float) -> None:
    async with scene(concurrency=8) as tried:
        await proven(tried)
        tried.server.faults.add("status", {"status": 429, "retry_after": wait}, times=8)
        await read_all(tried)
        assert quiet_spell(tried, 8) >= wait - 0.05
        assert tried.pauses == [wait]
        assert tried.session.counters.throttled == 8
        assert len(tried.server.log) == 24 + 8


@pytest.mark.parametrize("kind", ["date", "skewed"])
async def test_b2_retry_after_date_is_compared_with_the_servers_own_clock(kind: str) -> None:
    async with scene() as tried:
        rule: dict[str, str | float | None] = {"status": 429, "retry_after": kind, "seconds": 2}
        tried.server.faults.add("status", rule, times=1)
        began = time.monotonic()
        assert (await tried.session.send(ONE)).experiment_key == KEYS[0]
        assert 1.0 <= tried.pauses[0] <= 3.0
        assert 0.95 <= time.monotonic() - began <= 4.0


async def test_b3_without_a_hint_the_wait_is_backoff_with_full_jitter() -> None:
    policy = RetryPolicy(base=0.01, cap=0.05)
    draws = random.Random(7)
    async with scene(retry=policy, draw=draws.random) as tried:
        tried.server.faults.add("status", 429, times=6)
        await tried.session.send(ONE)
        bounds = [0.01, 0.02, 0.04, 0.05, 0.05, 0.05]
        again = random.Random(7)
        assert tried.delays == [again.random() * bound for bound in bounds]
        assert len(set(tried.delays)) == 6


async def test_b3_retry_after_custom_is_honoured() -> None:
    async with scene() as tried:
        tried.server.faults.add("status", {"status": 429, "retry_after_custom": "0.4"}, times=1)
        await tried.session.send(ONE)
        assert tried.pauses == [0.4]
        assert quiet_spell(tried, 1) >= 0.35


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
@pytest.mark.parametrize(
    ("asked", "seconds", "told"), [("huge", 86_400.0, "24 h"), (301, 301.0, "301 s")]
)
async def test_b4_a_wait_above_the_cap_fails_at_once_and_says_so(
    status: int, kind: type[StatusError], asked: str | float, seconds: float, told: str
) -> None:
    async with scene() as tried:
        tried.server.faults.add("status", {"status": status, "retry_after": asked})
        began = time.monotonic()
        error = await tried.refused(ONE, kind)
        assert time.monotonic() - began < 2.0
        assert f"retry after {told}" in str(error)
        assert error.retry_after == seconds
        assert len(error.attempts) == len(tried.server.log) == 1


@pytest.mark.parametrize("hint", ["negative", "garbage", "1e3", "٣", ""])
async def test_b4_an_unusable_hint_is_ignored(hint: str) -> None:
    async with scene() as tried:
        tried.server.faults.add("status", {"status": 503, "retry_after": hint}, times=2)
        assert (await tried.session.send(ONE)).experiment_key == KEYS[0]
        assert tried.delays == [0.005, 0.01]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_b5_a_passing_status_is_retried_within_the_budget(status: int) -> None:
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        passing = tried.server.faults.add("status", status, times=3)
        assert await tried.session.send(SERIES) == clean
        assert tried.server.faults.hits(passing) == 3
        tried.forget()
        tried.server.faults.add("status", status)
        error = await tried.refused(SERIES, ClientError if status == 408 else ServerError)
        assert [attempt.outcome for attempt in error.attempts] == [str(status)] * 4
        assert [attempt.delay for attempt in error.attempts] == [0.005, 0.01, 0.01, None]
        assert error.status == status
        assert "(4 attempts)" in str(error)
        assert len(tried.server.log) == tried.attempts == 4


@pytest.mark.parametrize("wait", [1, 0.35])
async def test_b6_503_with_retry_after_holds_every_task_back(wait: float) -> None:
    async with scene(concurrency=8) as tried:
        await proven(tried)
        tried.server.faults.add("status", {"status": 503, "retry_after": wait}, times=8)
        await read_all(tried)
        assert quiet_spell(tried, 8) >= wait - 0.05
        assert tried.pauses == [wait]
        assert len(tried.server.log) == 24 + 8


async def test_b7_a_refused_key_is_tried_once_by_each_task_under_way() -> None:
    async def until_failed() -> None:
        pairs = ((key, comet.get_experiment_metadata(key)) for key in KEYS)
        async with tried.session.fan_out(pairs, buffer=0) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Failed)
                raise outcome.error

    async with scene(concurrency=4) as tried:
        tried.server.faults.add("status", 401)
        with pytest.raises(AuthenticationError) as caught:
            await until_failed()
        error = checked(caught.value)
        assert len(tried.server.log) == 4
        assert len(error.attempts) == 1
        assert tried.delays == []
        assert code_of(error) is Exit.AUTH


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, PermissionDeniedError), (404, NotFoundError), (400, BadRequestError)],
    ids=["b8_403", "b9_404", "b9_400"],
)
async def test_b8_b9_a_refused_item_fails_alone(status: int, kind: type[StatusError]) -> None:
    async with scene() as tried:
        denied: dict[str, str | float | None] = {
            "status": status,
            "msg": "not for you",
            "sdk_error_code": 40_001,
        }
        tried.server.faults.add("status", denied, match=f"experimentKey={KEYS[3]}")
        found = await tried.session.collect((k, comet.get_experiment_metadata(k)) for k in KEYS)
        assert set(found.ok) == set(KEYS) - {KEYS[3]}
        error = checked(found.failed[KEYS[3]], comet.get_experiment_metadata(KEYS[3]))
        assert type(error) is kind
        assert (error.status, error.message, error.code) == (status, "not for you", 40_001)
        assert len(tried.server.log) == len(KEYS)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (402, ClientError),
        (409, ConflictError),
        (418, ClientError),
        (451, ClientError),
        (501, ServerError),
        (505, ServerError),
        (599, ServerError),
    ],
)
async def test_b10_an_unknown_status_is_typed_and_final(
    status: int, kind: type[StatusError]
) -> None:
    async with scene() as tried:
        tried.server.faults.add("status", {"status": status, "msg": "no \x1b[31m" + "so " * 900})
        error = await tried.refused(ONE, kind)
        assert (type(error), error.status) == (kind, status)
        assert error.message.startswith("no ")
        assert len(str(error)) < 600
        assert len(error.body_head) <= 2048
        assert len(error.attempts) == len(tried.server.log) == 1


async def test_b11_an_error_document_with_status_200_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        request, _ = await tried.asset()
        tried.server.faults.add("error_200", 400)
        for one in (ONE, SERIES, ONE.returning(bytes), request):
            error = await tried.refused(one, MessageInsteadOfData)
            assert (error.status, error.message, error.code) == (200, "scripted error", 90_211)
            assert len(error.attempts) == 1
        await undone(tried.session.download(request, path), path, MessageInsteadOfData)


async def test_b12_a_login_page_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        request, octets = await tried.asset()
        page = tried.server.faults.add("html_login", times=1)
        assert (await tried.session.send(ONE)).experiment_key == KEYS[0]
        assert tried.server.faults.hits(page) == 1
        tried.server.faults.add("html_login")
        for one in (ONE, ONE.returning(bytes), request):
            error = await tried.refused(one, NotJson)
            assert len(error.attempts) == 2
            assert "looks like a web page" in str(error)
        await undone(tried.session.download(request, path), path, NotJson)
        tried.server.faults.clear()
        await tried.session.download(request, path)
        assert path.read_bytes() == octets


async def test_b12_a_gateways_page_with_502_is_retried(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        request, octets = await tried.asset()
        tried.server.faults.add("html_502", per_key=2)
        assert await tried.session.send(SERIES) == clean
        await tried.session.download(request, path)
        assert path.read_bytes() == octets
        tried.server.faults.add("html_502")
        error = await tried.refused(SERIES, ServerError)
        assert len(error.attempts) == 4
        assert "<html>" not in str(error)


@pytest.mark.parametrize("fault", ["no_content", "empty_200"])
async def test_b13_an_empty_answer_is_retried_once(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        request, octets = await tried.asset()
        tried.server.faults.add(fault, times=1)
        assert await tried.session.send(SERIES) == clean
        tried.server.faults.add(fault)
        error = await tried.refused(SERIES, EmptyAnswer)
        assert [attempt.outcome for attempt in error.attempts] == [
            str(204 if fault == "no_content" else 200)
        ] * 2
        kind: type[CometAsyncError] = EmptyAnswer if fault == "no_content" else BodyTruncated
        download = tried.session.download(request, path, expected_size=len(octets))
        await undone(download, path, kind)


async def test_b13_an_empty_answer_is_a_value_where_nothing_is_promised() -> None:
    async with scene() as tried:
        tried.server.faults.add("no_content")
        found = await tried.session.collect([(0, ONE.returning(type(None)))])
        assert (found.ok, found.failed) == ({0: None}, {})


async def test_b14_json_is_accepted_whatever_its_type_says() -> None:
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        mislabelled = tried.server.faults.add("json_as_octet")
        assert await tried.session.send(SERIES) == clean
        assert tried.server.faults.hits(mislabelled) == 1
