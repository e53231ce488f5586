"""The retry policy by literals (rows B1 to B6, B10, I7, K1 to K3); formulas are in tests/property."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import pytest

from comet_async import errors
from comet_async.engine.retry import (
    Failure,
    Kind,
    RetryBudget,
    RetryPolicy,
    failure_of,
    retry_after,
)
from comet_async.engine.transport import StaleConnection
from comet_async.errors import CometAsyncError, RequestTimeout, StatusError, status_error
from comet_async.request import Effect

POLICY = RetryPolicy()
BROKEN = Failure(Kind.BROKEN)
DATE = "Wed, 01 Jul 2026 12:00:00 GMT"
NAMES = ("Retry-After-Custom", "Retry-After")


def never() -> float:
    raise AssertionError("the wall clock was asked")


def seconds(headers: Mapping[str, str], now: float = 0.0) -> float | None:
    return retry_after(headers, NAMES, now=lambda: now)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("0.001", 0.001),
        ("86400", 86400.0),
        ("999999999999", 999999999999.0),
        ("9" * 400, float("inf")),
        ("-1", None),
        ("-0.5", None),
        ("+5", None),
        ("1e3", None),
        ("1,5", None),
        (".5", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("\x00", None),
        ("5 seconds", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 99 Jan 2026 00:00:00 GMT", None),
        ("Wed, 01 Jul 2026 12:00:00 +99999999", None),
    ],
)
def test_seconds_and_garbage(text: str, wait: float | None) -> None:
    assert retry_after({"retry-after": text}, NAMES, now=never) == wait


@pytest.mark.parametrize("clock", [0.0, 1.0e9, 4.0e9])
def test_a_date_counts_from_the_answers_own_date_whatever_the_clock_says(clock: float) -> None:
    headers = {"retry-after": "Wed, 01 Jul 2026 12:00:02 GMT", "date": DATE}
    assert seconds(headers, clock) == 2.0


def test_a_date_in_other_forms() -> None:
    for text in (
        "Wednesday, 01-Jul-26 12:00:30 GMT",
        "Wed Jul  1 12:00:30 2026",
        "Wed, 01 Jul 2026 14:00:30 +0200",
        "Wed, 01 Jul 2026 12:00:30 -0000",
    ):
        assert seconds({"retry-after": text, "date": DATE}) == 30.0


def test_without_a_date_header_the_clock_counts() -> None:
    assert seconds({"retry-after": DATE}, 1782907199.0) == 1.0
    assert seconds({"retry-after": DATE, "date": "nonsense"}, 1782907190.0) == 10.0


def test_a_date_that_is_past_or_now_is_no_request_to_wait() -> None:
    assert seconds({"retry-after": DATE, "date": DATE}) is None
    assert seconds({"retry-after": "Wed, 01 Jul 2026 11:00:00 GMT", "date": DATE}) is None


def test_the_first_readable_header_counts() -> None:
    assert retry_after({"retry-after-custom": "3", "retry-after": "9"}, NAMES, now=never) == 3.0
    assert retry_after({"retry-after-custom": "bad", "retry-after": "9"}, NAMES, now=never) == 9.0
    assert retry_after({"retry-after-custom": "3"}, ("Retry-After",), now=never) is None
    assert retry_after({}, NAMES, now=never) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, Kind.STATUS),
        (429, Kind.THROTTLED),
        (500, Kind.STATUS),
        (502, Kind.STATUS),
        (503, Kind.STATUS),
        (504, Kind.STATUS),
        (400, Kind.FINAL),
        (401, Kind.FINAL),
        (402, Kind.FINAL),
        (403, Kind.FINAL),
        (404, Kind.FINAL),
        (409, Kind.FINAL),
        (418, Kind.FINAL),
        (501, Kind.FINAL),
        (505, Kind.FINAL),
    ],
)
def test_statuses_by_kind(status: int, kind: Kind) -> None:
    error = status_error(status)("no", status=status)
    error.retry_after = 7.0
    assert failure_of(error) == Failure(kind, wait=7.0)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.ConnectError(), Failure(Kind.UNREACHED, sent=False)),
        (errors.ProxyError(), Failure(Kind.UNREACHED, sent=False)),
        (errors.TlsError(), Failure(Kind.FINAL, sent=False)),
        (errors.ConnectionLost(), Failure(Kind.BROKEN)),
        (errors.BodyTruncated(), Failure(Kind.BROKEN)),
        (errors.RequestTimeout(), Failure(Kind.BROKEN)),
        (errors.ProtocolError(), Failure(Kind.FINAL)),
        (errors.RedirectError(), Failure(Kind.FINAL)),
        (errors.BodyTooLarge(), Failure(Kind.FINAL)),
        (errors.DecodeError(), Failure(Kind.UNREADABLE)),
        (errors.EmptyAnswer(), Failure(Kind.UNREADABLE)),
        (errors.NotJson(), Failure(Kind.UNREADABLE)),
        (errors.MessageInsteadOfData(), Failure(Kind.FINAL)),
        (errors.UsageError(), Failure(Kind.FINAL)),
        (errors.DestinationError(), Failure(Kind.FINAL)),
    ],
)
def test_errors_by_kind(error: CometAsyncError, failure: Failure) -> None:
    assert failure_of(error) == failure


def test_a_timeout_before_the_connection_stood_is_unreached() -> None:
    slow = RequestTimeout()
    slow.sent = False
    assert failure_of(slow) == Failure(Kind.UNREACHED, sent=False)


def test_a_stale_connection_is_no_attempt_of_the_servers_and_repeated_at_once() -> None:
    stale = failure_of(StaleConnection())
    assert stale == Failure(Kind.STALE)
    for effect in (Effect.READ, Effect.IDEMPOTENT):
        assert POLICY.delay(50, effect, stale, 1.0, 0.5) == 0.0
        assert POLICY.delay(50, effect, stale, 601.0, 0.5) is None
    assert POLICY.delay(1, Effect.APPEND, stale, 0.0, 0.5) is None


def test_every_error_has_a_kind() -> None:
    tree = [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, CometAsyncError)
    ]
    assert len(tree) > 25
    for kind in tree:
        status = 500 if issubclass(kind, StatusError) else None
        assert isinstance(failure_of(kind("x", status=status)).kind, Kind)


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 0.25), (2, 0.5), (3, 1.0), (4, None), (5, None)]
)
def test_broken_exchanges_back_off_exponentially_and_end(attempt: int, delay: float | None) -> None:
    assert POLICY.delay(attempt, Effect.READ, BROKEN, 0.0, 0.5, proven=True) == delay


def test_a_delay_never_exceeds_the_cap() -> None:
    patient = RetryPolicy(attempts=1000, cap=20.0)
    assert patient.delay(999, Effect.READ, BROKEN, 0.0, 1.0, proven=True) == 20.0


@pytest.mark.parametrize(
    ("kind", "attempts"),
    [
        (Kind.UNREACHED, 3),
        (Kind.BROKEN, 3),
        (Kind.STATUS, 4),
        (Kind.THROTTLED, 20),
        (Kind.UNREADABLE, 2),
        (Kind.FINAL, 1),
    ],
)
def test_attempts_by_kind(kind: Kind, attempts: int) -> None:
    made = 1
    while POLICY.delay(made, Effect.READ, Failure(kind), 0.0, 0.0) is not None:
        made += 1
    assert made == attempts


@pytest.mark.parametrize(
    ("attempts", "proven", "tries"), [(4, True, 4), (4, False, 3), (1, False, 1)]
)
def test_a_connection_that_breaks_off_is_tried_less_before_the_first_answer(
    attempts: int, tries: int, *, proven: bool
) -> None:
    policy = RetryPolicy(attempts=attempts)
    delays = [
        policy.delay(made, Effect.READ, BROKEN, 0.0, 0.5, proven=proven) for made in range(1, 6)
    ]
    assert delays.index(None) + 1 == tries


def test_a_service_that_has_answered_before_is_waited_for_within_the_budget() -> None:
    gone = Failure(Kind.UNREACHED, sent=False)
    assert POLICY.delay(500, Effect.READ, gone, 10.0, 0.5, proven=True) == 10.0
    assert POLICY.delay(500, Effect.READ, gone, 595.0, 0.5, proven=True) is None
    assert POLICY.delay(500, Effect.READ, gone, 10.0, 0.5, proven=False) is None


@pytest.mark.parametrize(
    ("failure", "repeated"),
    [
        (Failure(Kind.UNREACHED, sent=False), True),
        (Failure(Kind.THROTTLED), True),
        (Failure(Kind.BROKEN, sent=False), True),
        (Failure(Kind.BROKEN), False),
        (Failure(Kind.STATUS), False),
        (Failure(Kind.STATUS, wait=1.0), False),
        (Failure(Kind.UNREADABLE), False),
    ],
)
def test_an_append_is_repeated_only_when_the_server_cannot_have_acted(
    failure: Failure, repeated: bool
) -> None:
    assert (POLICY.delay(1, Effect.APPEND, failure, 0.0, 0.5) is not None) is repeated
    for effect in (Effect.READ, Effect.IDEMPOTENT):
        assert POLICY.delay(1, effect, failure, 0.0, 0.5) is not None


def test_what_the_server_asks_for_is_waited_exactly() -> None:
    throttled = Failure(Kind.THROTTLED, wait=12.5)
    assert POLICY.delay(1, Effect.READ, throttled, 0.0, 0.9) == 12.5
    assert POLICY.delay(1, Effect.READ, Failure(Kind.THROTTLED, wait=0.0), 0.0, 0.9) == 0.0


@pytest.mark.parametrize("wait", [300.1, 86400.0, float("inf")])
def test_a_wait_above_the_longest_is_not_begun(wait: float) -> None:
    assert POLICY.delay(1, Effect.READ, Failure(Kind.THROTTLED, wait=wait), 0.0, 0.5) is None
    assert POLICY.delay(1, Effect.READ, Failure(Kind.THROTTLED, wait=300.0), 0.0, 0.5) == 300.0


def test_no_attempt_is_planned_beyond_the_budget() -> None:
    assert POLICY.delay(1, Effect.READ, BROKEN, 599.9, 0.5) is None
    assert POLICY.delay(1, Effect.READ, BROKEN, 599.75, 0.5) == 0.25


def test_a_retry_budget_bounds_an_outage_to_a_tenth() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.succeeded()
    calls = 10_000
    granted = sum(budget.take() for _ in range(calls * 3))
    assert granted == 100
    assert (calls + granted) / calls <= 1.1


def test_a_retry_budget_grants_one_retry_for_ten_successes() -> None:
    budget = RetryBudget(capacity=1.0)
    assert budget.take()
    assert not budget.take()
    for _ in range(11):
        budget.succeeded()
    assert budget.take()
    assert not budget.take()
