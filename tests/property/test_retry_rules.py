"""Delays keep to their formula; any Retry-After is a number of seconds or nothing (rows B1 to B5)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from comet_async.engine.retry import Failure, Kind, RetryBudget, RetryPolicy, retry_after
from comet_async.errors import status_error
from comet_async.request import Effect

POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 10),
    unreached_attempts=st.integers(1, 10),
    throttled_attempts=st.integers(1, 30),
    unreadable_attempts=st.integers(1, 5),
    base=st.floats(0.0, 5.0),
    cap=st.floats(0.0, 60.0),
    budget=st.floats(0.0, 1000.0),
    longest_wait=st.floats(0.0, 600.0),
)
WAITS = st.none() | st.floats(0.0, 1e9)
FAILURES = st.builds(Failure, st.sampled_from(Kind), sent=st.booleans(), wait=WAITS)
BOUNDED = FAILURES.filter(lambda failure: failure.kind is not Kind.STALE)
DRAWS = st.floats(0.0, 1.0, exclude_max=True)


@given(
    policy=POLICIES,
    attempt=st.integers(1, 2000),
    effect=st.sampled_from(Effect),
    failure=FAILURES,
    elapsed=st.floats(0.0, 2000.0),
    random=DRAWS,
    proven=st.booleans(),
)
def test_a_delay_keeps_to_its_formula(
    *,
    policy: RetryPolicy,
    attempt: int,
    effect: Effect,
    failure: Failure,
    elapsed: float,
    random: float,
    proven: bool,
) -> None:
    delay = policy.delay(attempt, effect, failure, elapsed, random, proven=proven)
    if delay is None:
        return
    assert failure.kind is not Kind.FINAL
    assert effect is not Effect.APPEND or not failure.sent or failure.kind is Kind.THROTTLED
    assert elapsed + delay <= policy.budget
    if failure.kind is Kind.STALE:
        assert delay == 0.0
    elif failure.wait is not None:
        assert delay == failure.wait <= policy.longest_wait
    else:
        bound = min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 60))
        assert delay == random * bound


@given(POLICIES, st.sampled_from(Effect), BOUNDED, DRAWS)
def test_attempts_are_bounded(
    policy: RetryPolicy, effect: Effect, failure: Failure, random: float
) -> None:
    made = 1
    while policy.delay(made, effect, failure, 0.0, random) is not None:
        made += 1
        assert made <= 30
    assert policy.delay(made + 1, effect, failure, 0.0, random) is None


@given(POLICIES, FAILURES, st.floats(0.0, 999.0), st.floats(0.001, 999.0), DRAWS)
def test_later_is_never_more_patient(
    policy: RetryPolicy, failure: Failure, elapsed: float, more: float, random: float
) -> None:
    early = policy.delay(1, Effect.READ, failure, elapsed, random)
    late = policy.delay(1, Effect.READ, failure, elapsed + more, random)
    assert late is None or late == early


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.from_regex(r"-?\d+(\.\d+)?"))
def test_any_text_is_seconds_or_nothing(text: str) -> None:
    found = retry_after({"retry-after": text}, ("Retry-After",), now=lambda: 1.7e9)
    assert found is None or (found >= 0.0 and not math.isnan(found))


@given(
    st.text("MonTueWdFriJaFb,: 0123456789GMT+-", max_size=50),
    st.text("MonTueWdFriJaFb,: 0123456789GMT+-", max_size=50),
)
def test_anything_like_a_date_is_seconds_or_nothing(text: str, date: str) -> None:
    headers = {"retry-after": text, "date": date}
    found = retry_after(headers, ("Retry-After",), now=lambda: 1.7e9)
    assert found is None or found >= 0.0


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 made aware below
    st.integers(-1000, 100_000),
    st.floats(0.0, 1e10),
)
def test_dates_are_compared_with_the_servers_own(today: datetime, ahead: int, clock: float) -> None:
    today = today.replace(tzinfo=UTC, microsecond=0)
    headers = {
        "date": format_datetime(today, usegmt=True),
        "retry-after": format_datetime(today + timedelta(seconds=ahead), usegmt=True),
    }
    found = retry_after(headers, ("Retry-After",), now=lambda: clock)
    assert found == (float(ahead) if ahead > 0 else None)


@given(st.lists(st.booleans(), max_size=400), st.floats(1.0, 200.0), st.floats(0.0, 1.0))
def test_a_budget_never_grants_more_than_it_has(
    moves: list[bool], capacity: float, refill: float
) -> None:
    budget = RetryBudget(capacity, refill)
    granted = successes = 0
    for success in moves:
        if success:
            budget.succeeded()
            successes += 1
        else:
            granted += budget.take()
        assert granted <= capacity + refill * successes + 1e-6


@given(st.integers(400, 599))
def test_the_class_of_a_status_is_of_its_hundred(status: int) -> None:
    name = status_error(status).__mro__
    assert any(kind.__name__ == ("ClientError" if status < 500 else "ServerError") for kind in name)
