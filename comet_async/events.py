"""Events: what a session does, told as it happens to an observer of your own.

An event names the endpoint by its template and never holds a key, a header or a body. Observers
are called in the event loop and must return quickly; one that raises stops the call it observes.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import msgspec

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "BytesReceived",
    "Event",
    "Observer",
    "Paused",
    "RetryScheduled",
    "WaitReason",
    "Waited",
]

WaitReason: TypeAlias = Literal["slot", "pause", "quota", "smoothing"]


class AttemptStarted(msgspec.Struct, frozen=True, tag=True):
    """A request goes on the wire: `number` counts from 1 within its call."""

    service: str
    method: str
    path: str
    number: int


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


class RetryScheduled(msgspec.Struct, frozen=True, tag=True):
    """An attempt failed and is made again in `delay` seconds."""

    service: str
    method: str
    path: str
    number: int
    failure: str
    delay: float


class Waited(msgspec.Struct, frozen=True, tag=True):
    """A request waited `seconds` for its turn."""

    service: str
    reason: WaitReason
    seconds: float


class Paused(msgspec.Struct, frozen=True, tag=True):
    """The server asked for quiet: every request to the service waits `seconds`."""

    service: str
    seconds: float
    reason: str


class BytesReceived(msgspec.Struct, frozen=True, tag=True):
    """A download has `received` bytes of `total` (None when the server gave no length)."""

    service: str
    path: str
    file: str
    received: int
    total: int | None


Event: TypeAlias = AttemptStarted | AttemptEnded | RetryScheduled | Waited | Paused | BytesReceived


class Observer(Protocol):
    """Anything that can be called with an event."""

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
