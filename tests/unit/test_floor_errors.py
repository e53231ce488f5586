"""The exception tree: classes by status, one-line texts, pickles."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from comet_async import errors
from comet_async.errors import (
    Attempt,
    AuthenticationError,
    BadRequestError,
    ClientError,
    CometAsyncError,
    ConflictError,
    ConnectError,
    ConnectionLost,
    DecodeError,
    MessageInsteadOfData,
    NotFoundError,
    OutcomeUnknown,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeout,
    ServerError,
    SourceError,
    StatusError,
    TransportError,
    UsageError,
    may_have_acted,
    status_error,
)
from comet_async.request import Effect, build

TREE = [
    found
    for name, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, CometAsyncError)
]
REQUEST = build("comet", "GET", "/api/{id}", dict[str, str], Effect.READ, path_params={"id": "7"})


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_has_its_class(status: int) -> None:
    own = {
        400: BadRequestError,
        401: AuthenticationError,
        403: PermissionDeniedError,
        404: NotFoundError,
        409: ConflictError,
        429: RateLimitError,
    }
    expected = own.get(status, ClientError if status < 500 else ServerError)
    assert status_error(status) is expected
    assert issubclass(expected, StatusError)


def early(error: StatusError) -> StatusError:
    error.taken = False
    return error


def unsent(error: RequestTimeout) -> RequestTimeout:
    error.sent = False
    return error


@pytest.mark.parametrize(
    ("error", "acted"),
    [
        (ConnectionLost("reset"), True),
        (RequestTimeout("no answer"), True),
        (unsent(RequestTimeout("no connection")), False),
        (ConnectError("refused"), False),
        (OutcomeUnknown("lost"), True),
        (DecodeError("cut", status=200), True),
        (ClientError("slow", status=408), True),
        (ServerError("broken", status=500), True),
        (ServerError("odd", status=999), True),
        (ServerError("of a proxy"), True),
        (early(ServerError("too large", status=503)), False),
        (BadRequestError("no such key", status=400), False),
        (RateLimitError("too many", status=429), False),
        (MessageInsteadOfData("stored", status=200, code=200), True),
        (MessageInsteadOfData("stored", status=200), True),
        (MessageInsteadOfData("slow", status=200, code=408), True),
        (MessageInsteadOfData("broken", status=200, code=500), True),
        (MessageInsteadOfData("no such key", status=200, code=400), False),
        (MessageInsteadOfData("over the quota", status=200, code=90122), False),
        (SourceError("changed"), False),
        (UsageError("empty"), False),
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'code', '')}",
)
def test_a_server_may_have_acted_unless_it_says_or_shows_otherwise(
    error: CometAsyncError, acted: bool
) -> None:
    assert may_have_acted(error) is acted


def test_a_status_outside_http_is_a_server_error() -> None:
    assert status_error(999) is ServerError


@pytest.mark.parametrize("kind", TREE)
def test_every_error_pickles_with_all_it_carries(kind: type[CometAsyncError]) -> None:
    error = kind(
        "it broke",
        request=REQUEST,
        status=503,
        body_head=b"<html>",
        attempts=(Attempt(0.0, "503", 1.5), Attempt(1.5, "503")),
        request_id="r-1",
        code=40001,
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert twin.__dict__ == error.__dict__
        assert twin.args == error.args
        assert str(twin) == str(error)


def test_state_set_later_survives_a_pickle() -> None:
    slow = RequestTimeout("slow")
    slow.sent = False
    throttled = RateLimitError("slow down", status=429)
    throttled.retry_after = 12.5
    slow.add_note("a note is lost, not fatal")
    twin = pickle.loads(pickle.dumps(slow))
    assert twin.sent is False
    assert pickle.loads(pickle.dumps(throttled)).retry_after == 12.5


@pytest.mark.parametrize("kind", TREE)
def test_every_text_is_one_printable_line(kind: type[CometAsyncError]) -> None:
    error = kind("first\nsecond\r\x1b[31m\u202e" + "x" * 1000, request=REQUEST, status=500)
    text = str(error)
    assert text.isprintable()
    assert len(text) < 700
    assert text.startswith("GET /api/{id}: answered 500: first second")
    assert repr(error) == f"<{kind.__name__} {text}>"


def test_a_text_counts_attempts_and_ends_in_the_remedy() -> None:
    error = ServerError(
        "busy", status=503, attempts=(Attempt(0.0, "503", 0.5), Attempt(0.5, "503"))
    )
    assert str(error) == "answered 503: busy (2 attempts) - try again later"
    assert str(ServerError("busy", attempts=(Attempt(0.0, "503"),))) == "busy - try again later"


def test_an_error_without_a_message_is_named() -> None:
    assert str(CometAsyncError()) == "CometAsyncError"
    assert str(ConflictError()) == "ConflictError"


def test_a_usage_error_is_a_value_error_too() -> None:
    assert issubclass(UsageError, ValueError)


def test_what_cannot_have_been_sent_says_so() -> None:
    assert TransportError("x").sent
    assert not ConnectError("x").sent
    assert not errors.TlsError("x").sent


def test_the_public_list_is_complete() -> None:
    public = {found.__name__ for found in TREE} | {"Attempt", "may_have_acted", "status_error"}
    assert set(errors.__all__) == public
