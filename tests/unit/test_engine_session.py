"""The session over a scripted transport: sending, retrying, redirects, keys, misuse."""

from __future__ import annotations

import asyncio
import gc
import pickle
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import anyio
import msgspec
import pytest

from comet_async.credentials import Secret, StaticKey
from comet_async.engine.fan_out import Failed, Ok
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.session import Session
from comet_async.engine.throttle import Throttle
from comet_async.engine.transport import HttpRequest, Timeouts
from comet_async.errors import (
    AuthenticationError,
    BodyTruncated,
    ConnectError,
    ConnectionLost,
    DecodeError,
    EmptyAnswer,
    MessageInsteadOfData,
    NotFoundError,
    NotJson,
    OutcomeUnknown,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServerError,
    TransportError,
    UsageError,
)
from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Paused,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
)
from comet_async.paging import Paged, numbered_pages
from comet_async.request import Blob, Effect, Request, build
from comet_async.service import Limits, Quota, Service
from comet_async.testing import FakeTransport, Reply, reply
from tests.support.doubles import (
    KEY,
    Recorder,
    blob,
    comet_like,
    get,
    post,
    secret_of,
    session_over,
)
from tests.support.raw_server import answer, raw_server
from tests.support.virtual_time import run

FINE = reply(json={"a": 1})


def answers(*script: Reply | Exception) -> FakeTransport:
    fake = FakeTransport()
    for method in ("GET", "POST"):
        fake.on(method, "/thing", *script)
    return fake


def sent(
    fake: FakeTransport,
    request: Request[dict[str, int]] | None = None,
    *services: Service,
    recorder: Recorder | None = None,
) -> dict[str, int]:
    """Send one request in virtual time."""

    async def main() -> dict[str, int]:
        async with session_over(fake, *services, recorder=recorder) as session:
            return await session.send(request or get())

    return run(main())


def refused(
    fake: FakeTransport, request: Request[dict[str, int]] | None = None, *services: Service
) -> BaseException:
    """Send one request and return its error."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 the callers look at it
        sent(fake, request, *services)
    return caught.value


def test_one_request_as_it_goes_on_the_wire() -> None:
    fake = answers(FINE)
    request = get(name="a b").with_timeout(20)
    assert sent(fake, request) == {"a": 1}
    hop = fake.sent[0]
    assert (hop.method, hop.url) == ("GET", "https://api.test/rest/thing?name=a%20b")
    assert [name for name, _ in hop.headers] == [
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Authorization",
    ]
    assert dict(hop.headers)["Accept"] == "application/json"
    assert dict(hop.headers)["Accept-Encoding"] == "gzip"
    assert dict(hop.headers)["User-Agent"] == f"comet_async/{version('comet_async')}"
    assert secret_of(hop) == KEY
    assert (hop.timeouts.total, hop.timeouts.headers, hop.timeouts.idle) == (20.0, 20.0, 61.0)
    assert fake.closed


def test_a_body_goes_with_its_type_and_a_blob_is_asked_for_as_it_is() -> None:
    fake = FakeTransport(FINE)

    async def main() -> Blob:
        async with session_over(fake) as session:
            await session.send(post())
            return await session.send(blob())

    found = run(main())
    assert found == Blob(b'{"a":1}', "application/json")
    assert dict(fake.sent[0].headers)["Content-Type"] == "application/json"
    assert fake.sent[0].body == b'{"x":1}'
    assert dict(fake.sent[1].headers)["Accept-Encoding"] == "identity"


def test_the_key_may_have_a_prefix_come_later_or_be_absent() -> None:
    async def later() -> Secret:
        await asyncio.sleep(1)
        return Secret(KEY)

    bearer = msgspec.structs.replace(
        comet_like(), auth_prefix="Bearer ", auth_header="X-Auth", headers=(("X-Own", "1"),)
    )
    fake = answers(FINE)
    sent(fake, None, bearer)
    assert secret_of(fake.sent[0], "X-Auth") == f"Bearer {KEY}"
    assert dict(fake.sent[0].headers)["X-Own"] == "1"
    sent(fake, None, msgspec.structs.replace(comet_like(), credentials=later))
    assert secret_of(fake.sent[1]) == KEY
    sent(fake, None, msgspec.structs.replace(comet_like(), credentials=None))
    assert secret_of(fake.sent[2]) is None


def test_a_key_rotates_under_a_running_session() -> None:
    keys = iter(f"rotating-key-number-{number}" for number in range(7))
    service = msgspec.structs.replace(comet_like(), credentials=lambda: Secret(next(keys)))
    fake = FakeTransport(lambda hop: reply(status=404, body=f"no {secret_of(hop)}".encode()))

    async def main() -> list[str]:
        texts = []
        async with session_over(fake, service) as session:
            for _ in range(7):
                with pytest.raises(NotFoundError) as caught:
                    await session.send(get())
                texts.append(str(caught.value) + repr(caught.value.body_head))
        return texts

    texts = run(main())
    assert [secret_of(hop) for hop in fake.sent] == [f"rotating-key-number-{n}" for n in range(7)]
    assert all("***" in text and "rotating" not in text for text in texts)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (402, "ClientError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (418, "ClientError"),
        (501, "ServerError"),
    ],
)
def test_a_status_that_says_no_is_asked_once(status: int, kind: str) -> None:
    fake = answers(
        reply(
            status=status,
            json={"msg": f"no {KEY}", "code": 7},
            headers={"X-Request-Id": "r-1", "Retry-After": "5"},
        )
    )
    error = refused(fake)
    assert type(error).__name__ == kind
    assert len(fake.sent) == 1
    assert error.status == status  # type: ignore[attr-defined]  # a StatusError, by name above
    assert error.code == 7  # type: ignore[attr-defined]  # as above
    assert error.request_id == "r-1"  # type: ignore[attr-defined]  # as above
    assert "no ***" in str(error)
    assert KEY not in str(error)
    assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__


def test_an_unexpected_status_is_a_protocol_error() -> None:
    error = refused(answers(reply(status=304)))
    assert str(error).startswith("GET /thing: answered 304: unexpected status 304")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_passing_status_is_repeated(status: int) -> None:
    fake = answers(reply(status=status), reply(status=status), FINE)
    assert sent(fake) == {"a": 1}
    assert len(fake.sent) == 3


@pytest.mark.parametrize("failure", [ConnectionLost("x"), BodyTruncated("x")])
def test_a_broken_exchange_is_repeated_then_told_with_all_attempts(
    failure: TransportError,
) -> None:
    fake = answers(FINE, failure)

    async def main() -> tuple[TransportError, int, int]:
        async with session_over(fake) as session:
            assert await session.send(get()) == {"a": 1}
            with pytest.raises(type(failure)) as caught:
                await session.send(get())
            return caught.value, session.counters.requests, session.counters.retries

    error, requests, retries = run(main())
    assert (requests, retries) == (1 + 4, 3)
    assert [attempt.delay for attempt in error.attempts] == [0.25, 0.5, 1.0, None]
    assert [round(attempt.at, 2) for attempt in error.attempts] == [0.0, 0.25, 0.75, 1.75]
    assert {attempt.outcome for attempt in error.attempts} == {type(failure).__name__}
    assert "(4 attempts)" in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_service_that_never_answered_is_asked_three_times() -> None:
    fake = answers(ConnectionLost("x"))

    async def main() -> None:
        async with session_over(fake) as session:
            with pytest.raises(ConnectionLost):
                await session.send(get())

    run(main())
    assert len(fake.sent) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "attempts"),
    [
        (reply(body=b"{"), DecodeError, 2),
        (reply(body=b""), EmptyAnswer, 2),
        (reply(status=204), EmptyAnswer, 2),
        (reply(body=b" <!doctype html>", headers={"content-type": "text/html"}), NotJson, 2),
        (reply(json={"msg": "no such metric", "code": 400}), MessageInsteadOfData, 1),
    ],
)
def test_answers_that_are_no_data(answer: Reply, kind: type[Exception], attempts: int) -> None:
    fake = answers(answer)
    assert type(refused(fake)) is kind
    assert len(fake.sent) == attempts


def test_what_cannot_be_read_at_first_may_be_fine_at_second() -> None:
    assert sent(answers(reply(body=b'{"a"'), FINE)) == {"a": 1}


def test_a_401_stops_at_once_for_every_call() -> None:
    fake = answers(reply(status=401, json={"msg": "bad key", "code": 401}))

    async def main() -> list[object]:
        async with (
            session_over(fake) as session,
            session.fan_out(((n, get()) for n in range(5)), concurrency=5) as outcomes,
        ):
            return [outcome async for outcome in outcomes]

    found = run(main())
    assert len(fake.sent) == 5
    assert all(
        isinstance(outcome, Failed) and isinstance(outcome.error, AuthenticationError)
        for outcome in found
    )


def test_a_refused_connection_ends_soon_before_the_first_answer() -> None:
    fake = answers(ConnectError("cannot connect to api.test:443: Connection refused"))
    error = refused(fake)
    assert isinstance(error, ConnectError)
    assert len(fake.sent) == 3
    assert "api.test:443" in str(error)


def test_a_service_that_restarts_is_waited_for() -> None:
    gone = [ConnectError("refused")] * 30
    fake = answers(FINE, *gone, FINE)

    async def main() -> None:
        async with session_over(fake) as session:
            await session.send(get())
            assert await session.send(get()) == {"a": 1}

    run(main())
    assert len(fake.sent) == 32


@pytest.mark.parametrize("failure", [ConnectionLost("x"), BodyTruncated("x")])
def test_a_write_whose_fate_is_open_is_not_repeated(failure: TransportError) -> None:
    fake = answers(failure)
    error = refused(fake, post())
    assert isinstance(error, OutcomeUnknown)
    assert len(fake.sent) == 1
    assert len(error.attempts) == 1
    assert error.request == post()
    assert "may or may not have been done" in str(error)


def test_a_write_that_was_refused_for_certain_says_so() -> None:
    assert isinstance(refused(answers(reply(status=503)), post()), ServerError)
    unsent = ConnectionLost("broke while connecting")
    unsent.sent = False
    assert sent(answers(unsent, FINE), post()) == {"a": 1}


def test_a_write_is_repeated_when_nothing_was_sent_or_429() -> None:
    fake = answers(ConnectError("refused"), reply(status=429), FINE)
    assert sent(fake, post()) == {"a": 1}
    assert len(fake.sent) == 3


@pytest.mark.parametrize("effect", [Effect.READ, Effect.IDEMPOTENT])
def test_a_post_that_only_reads_or_sets_is_repeated(effect: Effect) -> None:
    fake = answers(ConnectionLost("x"), reply(status=502), FINE)
    assert sent(fake, post(effect=effect)) == {"a": 1}


def pauses(recorder: Recorder) -> list[tuple[float, str]]:
    told = [event for event in recorder.events if isinstance(event, Paused)]
    return [(event.seconds, event.reason) for event in told]


def test_one_429_holds_every_task_back() -> None:
    times: list[float] = []

    def serve(request: HttpRequest) -> Reply:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            return reply(status=429, headers={"Retry-After": "30"})
        return FINE

    recorder = Recorder()
    fake = FakeTransport(serve)

    async def main() -> int:
        async with session_over(fake, comet_like(Limits(concurrency=4)), recorder=recorder) as s:
            found = await s.collect((n, get()) for n in range(20))
            assert len(found.ok) == 20
            return s.counters.throttled

    assert run(main()) == 1
    first = times[0]
    later = [moment for moment in times if moment > first]
    assert min(later) >= first + 30.0
    assert pauses(recorder) == [(30.0, "429")]
    assert {event.reason for event in recorder.events if isinstance(event, Waited)} >= {"pause"}


def test_a_503_that_asks_for_quiet_gets_it() -> None:
    recorder = Recorder()
    fake = answers(reply(status=503, headers={"Retry-After-Custom": "12"}), FINE)
    assert sent(fake, recorder=recorder) == {"a": 1}
    assert pauses(recorder) == [(12.0, "503")]


@pytest.mark.parametrize(("asked", "told"), [("86400", "24 h"), ("301", "301 s")])
def test_a_wait_that_is_too_long_ends_at_once_and_says_so(asked: str, told: str) -> None:
    fake = answers(reply(status=429, json={"msg": "m", "code": 1}, headers={"Retry-After": asked}))
    error = refused(fake)
    assert isinstance(error, RateLimitError)
    assert str(error).startswith(f"GET /thing: answered 429: retry after {told}: m")
    assert error.retry_after == float(asked)
    assert len(fake.sent) == 1


def test_throttling_without_a_hint_backs_off_with_jitter() -> None:
    recorder = Recorder()
    fake = answers(reply(status=429), reply(status=429), FINE)
    assert sent(fake, recorder=recorder) == {"a": 1}
    delays = [e.delay for e in recorder.events if isinstance(e, RetryScheduled)]
    assert delays == [0.25, 0.5]


def test_events_of_one_call_in_order() -> None:
    recorder = Recorder()
    sent(answers(reply(status=500), FINE), recorder=recorder)
    assert [type(event) for event in recorder.events] == [
        RequestStarted,
        AttemptStarted,
        AttemptEnded,
        RetryScheduled,
        AttemptStarted,
        AttemptEnded,
        RequestEnded,
    ]
    ended = [event for event in recorder.events if isinstance(event, AttemptEnded)]
    assert [(e.number, e.status, e.failure) for e in ended] == [
        (1, 500, "ServerError"),
        (2, 200, None),
    ]
    assert ended[1].received == len(FINE.body)
    assert KEY not in repr(recorder.events)


def wholes(recorder: Recorder) -> list[tuple[int, int | None, str | None]]:
    ended = [event for event in recorder.events if isinstance(event, RequestEnded)]
    return [(event.attempts, event.status, event.failure) for event in ended]


def test_a_request_is_told_as_a_whole_with_one_number_in_all_its_events() -> None:
    recorder = Recorder()

    async def main() -> None:
        script = answers(reply(status=503), FINE)
        one_at_a_time = comet_like(Limits(concurrency=1))
        async with session_over(script, one_at_a_time, recorder=recorder) as session:
            await session.collect(((n, get()) for n in range(2)), concurrency=2)

    run(main())
    begun = [event for event in recorder.events if isinstance(event, RequestStarted)]
    assert [(e.method, e.path, e.effect) for e in begun] == [("GET", "/thing", Effect.READ)] * 2
    assert {(e.host, e.port) for e in begun} == {("api.test", 443)}
    first, second = (event.call for event in begun)
    assert second > first > 0
    numbered = [
        (type(event), event.call)
        for event in recorder.events
        if isinstance(event, (AttemptStarted, AttemptEnded, RetryScheduled, Waited, RequestEnded))
    ]
    kinds = {call: [kind for kind, other in numbered if other == call] for call in (first, second)}
    assert len(numbered) == sum(map(len, kinds.values()))
    assert sorted(wholes(recorder), key=str) == [(1, 200, None), (2, 200, None)]
    assert {RetryScheduled, Waited} <= {kind for found in kinds.values() for kind in found}
    assert all(found[-1] is RequestEnded for found in kinds.values())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (reply(status=404), (404, "NotFoundError")),
        (ConnectError("no"), (None, "ConnectError")),
        (reply(body=b"<html>", headers={"content-type": "text/html"}), (200, "NotJson")),
    ],
)
def test_a_request_that_fails_is_told_with_its_error(
    answer: Reply | Exception, told: tuple[int | None, str]
) -> None:
    recorder = Recorder()
    with pytest.raises((NotFoundError, ConnectError, NotJson)) as caught:
        sent(answers(answer), recorder=recorder)
    assert wholes(recorder) == [(len(caught.value.attempts), *told)]


def test_a_request_that_is_cancelled_while_it_waits_is_told_without_an_attempt() -> None:
    recorder = Recorder()

    async def main() -> None:
        script = answers(reply(json={"a": 1}, delay=100.0))
        one_at_a_time = comet_like(Limits(concurrency=1))
        async with session_over(script, one_at_a_time, recorder=recorder) as session:
            with anyio.move_on_after(5.0):
                await session.collect(((n, get()) for n in range(2)), concurrency=2)

    run(main())
    assert sorted(wholes(recorder), key=str) == [
        (0, None, "CancelledError"),
        (1, None, "CancelledError"),
    ]


def test_a_bad_observer_keeps_nothing_from_the_others() -> None:
    recorder = Recorder()

    def bad(event: object, /) -> None:
        raise LookupError("observer")

    async def main() -> None:
        async with Session(
            comet_like(), transport=answers(FINE), observer=[bad, recorder]
        ) as session:
            with pytest.raises(LookupError):
                await session.send(get())

    run(main())
    assert [type(event) for event in recorder.events] == [RequestStarted, RequestEnded]


def test_several_observers_hear_the_same() -> None:
    first, second = Recorder(), Recorder()

    async def main() -> None:
        async with Session(
            comet_like(), transport=answers(FINE), observer=[first, second]
        ) as session:
            await session.send(get())

    run(main())
    assert first.events == second.events != []


def test_an_observer_that_raises_stops_its_call_and_gives_everything_back() -> None:
    def bad(event: object, /) -> None:
        raise LookupError("observer")

    async def main() -> str:
        async with Session(comet_like(), transport=answers(FINE), observer=bad) as session:
            with pytest.raises(LookupError):
                await session.send(get())
            return repr(session)

    assert run(main()) == "<Session comet 0 active, 0 queued>"


def test_counters_add_up() -> None:
    async def main() -> Session:
        limits = Limits(concurrency=2, quotas=(Quota(5, 10.0),))
        fake = FakeTransport(reply(json={"a": 1}, delay=1.0))
        async with session_over(fake, comet_like(limits)) as session:
            await session.collect((n, get()) for n in range(10))
            return session

    counters = run(main()).counters
    assert (counters.requests, counters.retries, counters.throttled) == (10, 0, 0)
    assert counters.bytes_received == 10 * len(FINE.body)
    assert counters.seconds_waiting > 8.0


def test_repr_counts_active_and_queued() -> None:
    async def main() -> str:
        fake = FakeTransport(reply(json={"a": 1}, delay=100.0))
        service = comet_like(Limits(concurrency=12))
        async with (
            session_over(fake, service) as session,
            session.fan_out(((n, get()) for n in range(99)), concurrency=52),
        ):
            await asyncio.sleep(1.0)
            return repr(session)

    assert run(main()) == "<Session comet 12 active, 40 queued>"


def test_requests_find_their_service_by_name() -> None:
    other = msgspec.structs.replace(comet_like(), name="other", base_url="http://other.test")
    fake = FakeTransport(FINE)

    async def main() -> str:
        async with session_over(fake, comet_like(), other) as session:
            await session.send(msgspec.structs.replace(get(), service="other"))
            with pytest.raises(UsageError, match="/thing is of third; this session has comet, oth"):
                await session.send(msgspec.structs.replace(get(), service="third"))
            return repr(session)

    assert run(main()) == "<Session comet, other 0 active, 0 queued>"
    assert [hop.url for hop in fake.sent] == ["http://other.test/thing"]


def test_a_session_names_its_services() -> None:
    first, second = comet_like(), msgspec.structs.replace(comet_like(), name="other")
    assert Session(first, second).services == (first, second)


def test_a_session_needs_services_of_different_names() -> None:
    with pytest.raises(UsageError, match="at least one service"):
        Session()
    with pytest.raises(UsageError, match="its own name"):
        Session(comet_like(), comet_like())


def test_a_session_that_is_not_entered_or_closed_refuses() -> None:
    async def main() -> None:
        session = session_over(FakeTransport(FINE))
        with pytest.raises(UsageError, match="not open"):
            await session.send(get())
        with pytest.raises(UsageError, match="not open"):
            session.fan_out([])
        async with session:
            with pytest.raises(UsageError, match="entered once"):
                await session.__aenter__()
        with pytest.raises(UsageError, match="closed"):
            await session.send(get())
        with pytest.raises(UsageError, match="closed"):
            await session.collect([(1, get())])
        with pytest.raises(UsageError, match="closed"):
            session.download_many([])

    run(main())


def test_a_session_belongs_to_its_loop() -> None:
    session = session_over(FakeTransport(FINE))
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(session.__aenter__())
        with pytest.raises(UsageError, match="another event loop"):
            second.run(session.send(get()))
        first.run(session.__aexit__(None, None, None))


def test_a_session_that_is_never_closed_warns() -> None:
    async def main() -> None:
        await session_over(FakeTransport(FINE)).__aenter__()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(main())
        gc.collect()
    assert [str(w.message) for w in caught if w.category is ResourceWarning] == [
        "a Session was not closed; use `async with Session(...)`"
    ]


def test_a_transport_that_cannot_be_made_leaves_nothing_open() -> None:
    good = FakeTransport(FINE)

    def transport(service: Service) -> FakeTransport:
        if service.name == "bad":
            raise UsageError("cannot read the CA bundle")
        return good

    bad = msgspec.structs.replace(comet_like(), name="bad")

    async def main() -> None:
        with pytest.raises(UsageError, match="CA bundle"):
            await Session(comet_like(), bad, transport=transport).__aenter__()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(main())
        gc.collect()
    assert [w for w in caught if w.category is ResourceWarning] == []
    assert good.closed


def test_an_unused_session_is_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session_over(FakeTransport(FINE))
        gc.collect()


def test_defaults_may_be_changed() -> None:
    fake = answers(ConnectionLost("x"))

    async def main() -> None:
        async with Session(
            comet_like(),
            transport=fake,
            retry=RetryPolicy(attempts=2),
            timeouts=Timeouts(connect=1.0),
            user_agent="mine/1",
            max_body_bytes=99,
        ) as session:
            with pytest.raises(ConnectionLost):
                await session.send(get())

    run(main())
    assert len(fake.sent) == 2
    assert fake.sent[0].timeouts == Timeouts(connect=1.0)
    assert fake.sent[0].max_body_bytes == 99
    assert dict(fake.sent[0].headers)["User-Agent"] == "mine/1"


def test_two_sessions_share_limits_through_a_throttle() -> None:
    times: list[float] = []

    def serve(request: HttpRequest) -> Reply:
        times.append(asyncio.get_running_loop().time())
        return FINE

    async def main() -> None:
        throttle = Throttle()
        service = comet_like(Limits(quotas=(Quota(3, 10.0),)))
        fake = FakeTransport(serve)
        async with (
            Session(service, transport=fake, throttle=throttle) as one,
            Session(service, transport=fake, throttle=throttle) as two,
            anyio.create_task_group() as tasks,
        ):
            for session in (one, two, one, two, one, two):
                tasks.start_soon(session.send, get())

    run(main())
    assert times[3] - times[0] >= 10.0
    assert times[5] - times[2] >= 10.0


REDIRECT = reply(status=302, headers={"Location": "https://storage.test/file?X-Amz-Signature=1"})


def test_a_redirect_to_storage_is_followed_without_the_key() -> None:
    fake = answers(REDIRECT).on("GET", "/file", FINE)
    assert sent(fake) == {"a": 1}
    assert [hop.url for hop in fake.sent] == [
        "https://api.test/rest/thing",
        "https://storage.test/file?X-Amz-Signature=1",
    ]
    assert secret_of(fake.sent[1]) is None
    assert fake.sent[1].public_only


def test_a_redirect_on_the_same_origin_keeps_the_key_and_takes_a_token() -> None:
    limits = Limits(quotas=(Quota(1, 10.0),))
    recorder = Recorder()
    fake = answers(reply(status=307, headers={"Location": "/rest/other"})).on("GET", "/other", FINE)
    assert sent(fake, None, comet_like(limits), recorder=recorder) == {"a": 1}
    assert secret_of(fake.sent[1]) == KEY
    assert [e.reason for e in recorder.events if isinstance(e, Waited)] == ["quota"]


def test_a_redirect_loop_ends_after_five_hops() -> None:
    fake = answers(reply(status=302, headers={"Location": "/rest/thing"}))
    error = refused(fake)
    assert isinstance(error, RedirectError)
    assert "more than 5 redirects" in str(error)
    assert len(fake.sent) == 6


@pytest.mark.parametrize("location", ["https://169.254.169.254/latest", "https://localhost/x"])
def test_a_redirect_into_a_private_network_is_refused_unless_allowed(location: str) -> None:
    script = reply(status=302, headers={"Location": location})
    fake = answers(script).on("GET", "/latest", FINE).on("GET", "/x", FINE)
    error = refused(fake)
    assert isinstance(error, RedirectError)
    assert len(fake.sent) == 1
    allowed = msgspec.structs.replace(comet_like(), allow_private_redirects=True)
    assert sent(fake, None, allowed) == {"a": 1}
    assert not fake.sent[-1].public_only


def test_a_private_service_may_redirect_within_its_network() -> None:
    fake = answers(reply(status=302, headers={"Location": "http://10.0.0.9/file"}))
    fake.on("GET", "/file", FINE)
    assert sent(fake, None, comet_like(base_url="http://10.0.0.8/rest")) == {"a": 1}
    near = msgspec.structs.replace(
        reply(status=302, headers={"Location": "https://10.0.0.9/file"}), peer="10.0.0.8"
    )
    assert sent(answers(near).on("GET", "/file", FINE)) == {"a": 1}


def test_a_downgrade_is_refused_without_a_request() -> None:
    fake = answers(reply(status=302, headers={"Location": "http://storage.test/file"}))
    assert "plain http refused" in str(refused(fake))
    assert len(fake.sent) == 1


def test_a_redirected_write_to_another_origin_is_refused() -> None:
    fake = answers(reply(status=308, headers={"Location": "https://other.test/thing"}))
    assert "refused" in str(refused(fake, post()))
    assert len(fake.sent) == 1


def test_collect_keeps_order_and_parts_failures() -> None:
    fake = FakeTransport(FINE).on("GET", "/bad", reply(status=403, body=b"no"))

    async def main() -> None:
        async with session_over(fake) as session:
            found = await session.collect(
                (n, get("/bad" if n == 3 else "/thing")) for n in range(6)
            )
            assert list(found.ok) == [0, 1, 2, 4, 5]
            assert list(found.failed) == [3]
            assert isinstance(found.failed[3], PermissionDeniedError)
            with pytest.raises(UsageError, match="the key 'x' comes twice"):
                await session.collect([("x", get()), ("x", get())])
            with pytest.raises(UsageError, match="comes twice"):
                await session.collect([("x", get("/bad")), ("x", get())])

    run(main())


def test_fan_out_gives_outcomes_under_their_keys() -> None:
    async def main() -> None:
        async with (
            session_over(FakeTransport(FINE)) as session,
            session.fan_out([("a", get()), ("b", get())], ordered=True, buffer=0) as outcomes,
        ):
            assert [outcome async for outcome in outcomes] == [Ok("a", {"a": 1}), Ok("b", {"a": 1})]

    run(main())


def test_fan_out_uses_the_services_limit_as_its_width() -> None:
    drawn: list[int] = []

    def requests() -> Iterator[tuple[int, Request[dict[str, int]]]]:
        for number in range(100):
            drawn.append(number)
            yield number, get()

    async def main() -> None:
        fake = FakeTransport(reply(json={"a": 1}, delay=10.0))
        async with (
            session_over(fake, comet_like(Limits(concurrency=7))) as session,
            session.fan_out(requests()),
        ):
            await asyncio.sleep(1)

    run(main())
    assert len(drawn) == 7


def pages(*numbers: str) -> Paged[list[int], int]:
    first = build("comet", "GET", "/list", list[int], Effect.READ, query={"page": 1, "size": 2})
    return numbered_pages(first, lambda page: page, lambda item: item)


@pytest.mark.parametrize(
    ("script", "items", "requests"),
    [
        ([[1, 2], [3, 4], [5], []], [1, 2, 3, 4, 5], 4),
        ([[1], [2], [3], []], [1, 2, 3], 4),
        ([[1, 2], []], [1, 2], 2),
        ([[1, 2], [2, 3], [3]], [1, 2, 3], 3),
        ([[1, 2], [1, 2]], [1, 2], 2),
        ([[1, 1], [2], []], [1, 2], 3),
        ([[]], [], 1),
    ],
)
def test_items_walks_the_pages_and_gives_each_identity_once(
    script: Sequence[list[int]], items: list[int], requests: int
) -> None:
    fake = FakeTransport().on("GET", "/list", *(reply(json=page) for page in script))

    async def main() -> list[int]:
        async with session_over(fake) as session:
            return [item async for item in session.items(pages())]

    assert run(main()) == items
    assert [dict(query)["page"] for query in fake.queries] == [str(n + 1) for n in range(requests)]


def test_items_ends_with_the_first_error() -> None:
    fake = FakeTransport().on("GET", "/list", reply(json=[1, 2]), reply(status=404))

    async def main() -> None:
        async with session_over(fake) as session:
            items = session.items(pages())
            assert [await anext(items), await anext(items)] == [1, 2]
            with pytest.raises(NotFoundError):
                await anext(items)

    run(main())


def test_cancellation_at_every_suspension_gives_everything_back() -> None:
    async def main(steps: int) -> bool:
        fake = answers(reply(status=429), ConnectionLost("x"), REDIRECT)
        fake.on("GET", "/file", reply(json={"a": 1}, delay=0.5))
        service = comet_like(Limits(concurrency=1, quotas=(Quota(2, 5.0),), rate=10.0))
        async with session_over(fake, service) as session:
            tasks = [asyncio.ensure_future(session.send(get())) for _ in range(3)]
            for _ in range(steps):
                await asyncio.sleep(0 if steps % 2 else 0.05)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert repr(session) == "<Session comet 0 active, 0 queued>"
            assert await asyncio.wait_for(session.send(get()), 30) == {"a": 1}
            return all(isinstance(result, asyncio.CancelledError) for result in results)

    assert any(run(main(steps)) for steps in range(80))


def test_a_static_key_never_reaches_an_error() -> None:
    service = msgspec.structs.replace(comet_like(), credentials=StaticKey(KEY))
    body = f'{{"echo": "{KEY}"}} <{KEY[:10]}>'.encode() * 300
    error = refused(answers(reply(status=400, body=body)), None, service)
    text = f"{error} {error!r} {error.__dict__!r} {error.args!r}"
    assert KEY[:10] not in text
    assert KEY[10:] not in text
    assert len(error.body_head) <= 2048  # type: ignore[attr-defined]  # a StatusError


async def test_a_tap_is_told_of_the_answer_that_is_returned_and_of_no_other() -> None:
    told: list[bytes] = []
    fake = FakeTransport().on(
        "GET", "/x", reply(status=503), reply(body=b"{"), reply(json={"echo": KEY, "n": 1})
    )
    retry = RetryPolicy(base=0.001, unreadable_attempts=3)
    async with Session(comet_like(), transport=fake, retry=retry) as session:
        request = get("/x").returning(dict[str, object]).tapped(told.append)
        assert await session.send(request) == {"echo": KEY, "n": 1}
    assert told == [b'{"echo":"***","n":1}']
    assert request.fingerprint == get("/x").fingerprint


async def test_a_session_speaks_http_by_itself() -> None:
    async with raw_server(answer(b'{"a": 1}')) as server:
        async with Session(comet_like(base_url=server.url)) as session:
            assert await session.send(get(name="x")) == {"a": 1}
        assert server.heard[0].line == "GET /thing?name=x HTTP/1.1"
        assert server.heard[0].headers["authorization"] == KEY


async def most_unread(size: int) -> int:
    """Return how many answers of so many bytes were decoded at most before they were read."""
    decoded = read = most = 0

    def observer(event: Event, /) -> None:
        nonlocal decoded
        decoded += isinstance(event, AttemptEnded)

    fake = FakeTransport(lambda request: reply(body=b'{"a": 1}' + b" " * size))
    service = comet_like(Limits(concurrency=16))
    async with (
        Session(service, transport=fake, observer=observer) as session,
        session.fan_out((n, get()) for n in range(64)) as outcomes,
    ):
        async for outcome in outcomes:
            assert isinstance(outcome, Ok)
            most = max(most, decoded - read)
            read += 1
    assert read == 64
    return most


async def test_large_answers_of_a_burst_wait_as_bytes() -> None:
    assert await most_unread(300_000) <= 2
    assert await most_unread(20) > 8
