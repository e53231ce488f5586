"""Counters and the logging observer."""

from __future__ import annotations

import logging

import pytest

from comet_async.engine.observing import Counters, log_events
from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    BytesReceived,
    Event,
    Paused,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
)
from comet_async.request import Effect

CASES: list[tuple[Event, int, str]] = [
    (
        RequestStarted("comet", "GET", "/x", Effect.READ, "comet.example", 443, 7),
        logging.DEBUG,
        "comet: GET /x begins",
    ),
    (
        RequestEnded("comet", "GET", "/x", Effect.READ, 2, 200, 3.5, None, 7),
        logging.DEBUG,
        "comet: GET /x ends: 200, 2 attempts in 3.500 s",
    ),
    (
        RequestEnded("comet", "GET", "/x", Effect.READ, 1, 404, 0.5, "NotFoundError", 7),
        logging.DEBUG,
        "comet: GET /x ends: NotFoundError, 1 attempts in 0.500 s",
    ),
    (AttemptStarted("comet", "GET", "/x", 1), logging.DEBUG, "comet: GET /x attempt 1"),
    (
        AttemptEnded("comet", "GET", "/x", 2, 200, 12, 0.25, None),
        logging.DEBUG,
        "comet: GET /x attempt 2: 200, 12 bytes in 0.250 s",
    ),
    (
        AttemptEnded("comet", "GET", "/x", 2, 500, 0, 1.0, "ServerError"),
        logging.DEBUG,
        "comet: GET /x attempt 2: ServerError, 0 bytes in 1.000 s",
    ),
    (
        RetryScheduled("comet", "GET", "/x", 1, "503", 0.52),
        logging.INFO,
        "comet: GET /x attempt 1 failed (503), next in 0.5 s",
    ),
    (Waited("comet", "quota", 1.5), logging.DEBUG, "comet: waited 1.500 s for quota"),
    (Paused("comet", 30.0, "429"), logging.INFO, "comet: every request waits 30.0 s (429)"),
    (
        BytesReceived("comet", "/x", "model.bin", 10, None),
        logging.DEBUG,
        "comet: model.bin 10 of None bytes",
    ),
]


@pytest.mark.parametrize(("event", "level", "text"), CASES)
def test_each_event_is_one_line(
    event: Event, level: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "comet_async"):
        log_events(event)
    assert caplog.record_tuples == [("comet_async", level, text)]


def test_a_quiet_logger_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "comet_async"):
        for event, _, _ in CASES:
            log_events(event)
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 2


def test_counters_start_at_nothing() -> None:
    assert Counters() == Counters(0, 0, 0, 0, 0.0)
