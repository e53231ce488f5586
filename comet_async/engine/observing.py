"""What a session counts and tells."""

from __future__ import annotations

import logging

import msgspec

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

__all__ = ["Counters", "log_events"]

_LOGGER = logging.getLogger("comet_async")


class Counters(msgspec.Struct):
    """Running totals of a session.

    Attributes:
        requests: Requests put on the wire, redirects and repetitions included.
        retries: Repetitions among them.
        throttled: Answers of 429.
        bytes_received: Body bytes on the wire.
        seconds_waiting: Seconds that requests waited for slots, quotas, smoothing and pauses,
            summed over requests.
    """

    requests: int = 0
    retries: int = 0
    throttled: int = 0
    bytes_received: int = 0
    seconds_waiting: float = 0.0


def log_events(event: Event, /) -> None:
    """Log an event to the logger `comet_async`: pauses and retries at INFO, the rest at DEBUG.

    Pass it as a session's observer. Texts name endpoints by template and hold no values.
    """
    level = logging.INFO if isinstance(event, (Paused, RetryScheduled)) else logging.DEBUG
    if _LOGGER.isEnabledFor(level):
        _LOGGER.log(level, "%s", _sentence(event))


def _sentence(event: Event) -> str:
    match event:
        case RequestStarted() | RequestEnded():
            return _of_the_whole(event)
        case AttemptStarted():
            return f"{event.service}: {event.method} {event.path} attempt {event.number}"
        case AttemptEnded():
            outcome = event.failure or event.status
            return (
                f"{event.service}: {event.method} {event.path} attempt {event.number}: {outcome},"
                f" {event.received} bytes in {event.seconds:.3f} s"
            )
        case RetryScheduled():
            return (
                f"{event.service}: {event.method} {event.path} attempt {event.number} failed"
                f" ({event.failure}), next in {event.delay:.1f} s"
            )
        case Waited() | Paused():
            return _of_a_wait(event)
        case _:
            return f"{event.service}: {event.file} {event.received} of {event.total} bytes"


def _of_the_whole(event: RequestStarted | RequestEnded) -> str:
    if isinstance(event, RequestStarted):
        return f"{event.service}: {event.method} {event.path} begins"
    return (
        f"{event.service}: {event.method} {event.path} ends: {event.failure or event.status},"
        f" {event.attempts} attempts in {event.seconds:.3f} s"
    )


def _of_a_wait(event: Waited | Paused) -> str:
    if isinstance(event, Waited):
        return f"{event.service}: waited {event.seconds:.3f} s for {event.reason}"
    return f"{event.service}: every request waits {event.seconds:.1f} s ({event.reason})"
