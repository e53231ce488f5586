"""Events: what a session does, told as it happens to an observer of your own.

An event names the endpoint by its template and never holds a key, a header or a body. Observers
are called in the event loop, in the context of the caller (its context variables, as the current
span of a trace), and must return quickly. Each observer hears every event; when one raises, the
call that it observes stops with that error.

One request is told as `RequestStarted`, its attempts and waits, `RequestEnded`; `call` is the same
number in all of them and in no other request of the process.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import msgspec

from comet_async.request import Effect

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "BytesReceived",
    "Event",
    "Observer",
    "Paused",
    "RequestEnded",
    "RequestStarted",
    "RetryScheduled",
    "WaitReason",
    "Waited",
]

WaitReason: TypeAlias = Literal["slot", "pause", "quota", "smoothing"]


class RequestStarted(msgspec.Struct, frozen=True, tag=True):
    """A request was given to a session: it may still wait, be sent several times, or not at all.

    `host` and `port` are those of the service's base URL. Each range of a large download is a
    request of its own.
    """

    service: str
    method: str
    path: str
    effect: Effect
    host: str
    port: int
    call: int


class RequestEnded(msgspec.Struct, frozen=True, tag=True):
    """A request is over, with its value or an error.

    `attempts` counts those that began, `status` is the last answer's, None when none came,
    `seconds` runs from `RequestStarted`, waits included, `failure` is the error's type, None for a
    value.
    """

    service: str
    method: str
    path: str
    effect: Effect
    attempts: int
    status: int | None
    seconds: float
    failure: str | None
    call: int


class AttemptStarted(msgspec.Struct, frozen=True, tag=True):
    """A request goes on the wire: `number` counts from 1 within its call.

    Told once more, with the same number, for each redirect that is followed.
    """

    service: str
    method: str
    path: str
    number: int
    call: int = 0


class AttemptEnded(msgspec.Struct, frozen=True, tag=True):
    """An attempt is over.

    `status` is None when no answer came, `received` counts body bytes on the wire, `seconds` runs
    from the start of the attempt, `failure` is None for a usable answer.
    """

    service: str
    method: str
    path: str
    number: int
    status: int | None
    received: int
    seconds: float
    failure: str | None
    call: int = 0


class RetryScheduled(msgspec.Struct, frozen=True, tag=True):
    """An attempt failed and is made again in `delay` seconds."""

    service: str
    method: str
    path: str
    number: int
    failure: str
    delay: float
    call: int = 0


class Waited(msgspec.Struct, frozen=True, tag=True):
    """A request waited `seconds` for its turn."""

    service: str
    reason: WaitReason
    seconds: float
    call: int = 0


class Paused(msgspec.Struct, frozen=True, tag=True):
    """The server asked for quiet: every request to the service waits `seconds`."""

    service: str
    seconds: float
    reason: str
    call: int = 0


class BytesReceived(msgspec.Struct, frozen=True, tag=True):
    """A download has `received` bytes of `total` (None when the server gave no length)."""

    service: str
    path: str
    file: str
    received: int
    total: int | None


Event: TypeAlias = (
    RequestStarted
    | RequestEnded
    | AttemptStarted
    | AttemptEnded
    | RetryScheduled
    | Waited
    | Paused
    | BytesReceived
)


class Observer(Protocol):
    """Anything that can be called with an event."""

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
