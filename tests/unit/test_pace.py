"""How fast it goes, in numbers and words, by a clock that is told the time."""

from __future__ import annotations

import pytest

from comet_async.events import AttemptEnded, AttemptStarted, Paused, RetryScheduled, Waited
from comet_async.pace import Pace, told_time


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def pace(clock: Clock, said: list[str]) -> Pace:
    return Pace(clock, said.append)


def started(number: int = 1) -> AttemptStarted:
    return AttemptStarted("comet", "GET", "/x", number)


def ended() -> AttemptEnded:
    return AttemptEnded("comet", "GET", "/x", 1, 200, 10, 0.1, None)


def again(delay: float, failure: str = "503") -> RetryScheduled:
    return RetryScheduled("comet", "GET", "/x", 1, failure, delay)


def made(pace: Pace, clock: Clock, requests: int, seconds: float) -> None:
    """Make requests, evenly over some seconds."""
    for _ in range(requests):
        clock.now += seconds / requests
        pace(started())
        pace(ended())


def test_nothing_is_told_before_there_is_anything(pace: Pace, clock: Clock) -> None:
    assert (pace.status(), pace.rate(), pace.left(), pace.eventful) == ("", None, None, False)
    clock.now += 5.0
    assert (pace.now(), pace.rate()) == ("", 0.0)
    assert pace.summary() == "0 requests, 5.0 s"


def test_the_rate_is_that_of_late(pace: Pace, clock: Clock) -> None:
    made(pace, clock, 8, 4.0)
    assert pace.rate() == 2.0
    assert pace.now() == "2.0 requests/s"
    made(pace, clock, 400, 20.0)
    rate = pace.rate()
    assert rate is not None
    assert 19 <= rate <= 22
    assert pace.now() == f"{rate:.0f} requests/s"


def test_the_time_left_is_by_the_rate_and_never_less_than_the_quota(
    pace: Pace, clock: Clock
) -> None:
    pace.expect(100, lambda requests: requests * 0.1)
    assert pace.left() == 10.0
    made(pace, clock, 50, 25.0)
    assert pace.left() == 25.0
    pace.expect(50)
    assert pace.left() == 50.0
    assert pace.status() == "1.9 requests/s, about 50 s left"  # the oldest second is not whole
    slow = Pace(clock)
    slow.expect(1000, lambda requests: requests * 1.0)
    made(slow, clock, 500, 10.0)
    assert slow.left() == 500.0
    made(slow, clock, 500, 10.0)
    assert slow.left() is None


def test_requests_before_the_plan_and_repetitions_are_none_of_it(pace: Pace, clock: Clock) -> None:
    made(pace, clock, 10, 2.0)
    pace(started(2))
    pace(ended())
    pace.expect(10)
    assert pace.left() == pytest.approx(2.0)


def test_a_pause_is_said_at_once_and_counts_once(pace: Pace, clock: Clock, said: list[str]) -> None:
    pace(started())
    pace(Paused("comet", 12.0, "429"))
    pace(again(12.0, "429"))
    assert said == ["waiting 12 s: the server asked for quiet (429)"]
    clock.now += 4.0
    assert pace.now() == "the server asked for quiet: 8 s more"
    pace(Paused("comet", 10.0, "429"))
    assert len(said) == 2
    assert pace.paused == 14.0
    clock.now += 20.0
    assert pace.eventful
    assert pace.summary() == "1 request, 14 s of quiet that the server asked for, 24.0 s"


def test_waits_in_crowds_are_said_seldom(pace: Pace, clock: Clock, said: list[str]) -> None:
    for _ in range(5):
        pace(Paused("comet", 1.0, "429"))
        clock.now += 1.0
    for _ in range(5):
        pace(again(3.0))
        pace(Waited("comet", "quota", 2.0))
    pace(again(1.0))
    pace(Waited("comet", "slot", 5.0))
    assert said == [
        "waiting 1 s: the server asked for quiet (429)",
        "an answer failed (503): asking again in 3 s",
        "waited 2 s: the quota allows no more requests",
    ]
    clock.now += 30.0
    pace(again(3.0))
    assert len(said) == 4


def test_the_quota_holds_back_for_as_long_as_the_clock_says(pace: Pace, clock: Clock) -> None:
    clock.now += 60.0
    for _ in range(64):
        pace(Waited("comet", "quota", 50.0))
    clock.now += 10.0
    pace(Waited("comet", "quota", 0.5))
    assert pace.held == 50.5
    assert "50 s held back by the quota" in pace.summary()


def test_idle_requests_wait_for_a_turn(pace: Pace, clock: Clock) -> None:
    pace(started())
    clock.now += 10.0
    assert pace.now() == "0.0 requests/s"
    pace(ended())
    assert pace.now() == "waiting for a turn"
    pace(ended())
    pace(started(2))
    assert (pace.requests, pace.repeats) == (2, 1)
    assert pace.summary() == "2 requests (1 repeated), 10.0 s"


def test_a_pace_that_nobody_listens_to_counts(clock: Clock) -> None:
    pace = Pace(clock)
    pace(Paused("comet", 12.0, "429"))
    assert pace.paused == 12.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "0 s"),
        (89.0, "89 s"),
        (95.0, "2 min"),
        (3540.0, "59 min"),
        (3600.0, "1 h 00 min"),
        (172_000.0, "47 h 47 min"),
        (200_000.0, "2 d 7 h"),
    ],
)
def test_times_in_words(seconds: float, told: str) -> None:
    assert told_time(seconds) == told
