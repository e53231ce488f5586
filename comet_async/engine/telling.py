"""What a lane counts and tells its observers: requests, attempts, retries and waits."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from comet_async.engine.observing import Counters
from comet_async.engine.redirects import origin
from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Observer,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
    WaitReason,
)
from comet_async.request import Request
from comet_async.service import Service

__all__ = ["Teller", "Trip"]

T = TypeVar("T")

_CALLS = itertools.count(1)
"""Numbers of requests that are observed, over all sessions: observers may serve several."""


class Trip(msgspec.Struct):
    """One attempt under way: its number, and what is known of its answer so far.

    `fresh` asks for a new connection; `home` ends with a redirect to another origin; `acted` begins
    with a redirect to the result of what was done; `call` numbers the request for observers.
    """

    number: int
    fresh: bool = False
    status: int | None = None
    received: int = 0
    body: bytes = b""
    began: float | None = None
    home: bool = True
    acted: bool = False
    call: int = 0

    def __repr__(self) -> str:
        return f"<Trip {self.number}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("number", self.number), ("status", self.status)]


class Teller:
    """Counts for a session and tells its observers, in the context of whoever made the request.

    Args:
        service: The profile.
        counters: The session's totals.
        observers: Told in this order; each is told everything.
    """

    def __init__(
        self, service: Service, counters: Counters, observers: tuple[Observer, ...]
    ) -> None:
        _, self._host, self._port = origin(service.base_url)
        self._name = service.name
        self._counters = counters
        self._observers = observers

    @property
    def watched(self) -> bool:
        """Whether there is an observer to tell."""
        return bool(self._observers)

    def tell(self, event: Event) -> None:
        """Tell every observer, then raise what the first of them to fail has raised."""
        failed: Exception | None = None
        for observer in self._observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 raised when all others were told
                failed = failed or error
        if failed is not None:
            try:
                raise failed
            finally:
                del failed

    async def whole(
        self,
        request: Request[object],
        once: Callable[[Trip], Awaitable[T]],
        attempts: Callable[[Request[object], Callable[[Trip], Awaitable[T]], int], Awaitable[T]],
    ) -> T:
        """Run `attempts` of `once`, and tell of the begin and the end of the whole.

        Args:
            request: What is asked.
            once: One attempt.
            attempts: Runs it as often as it takes; called with the number of the request.
        """
        call = next(_CALLS)
        clock = asyncio.get_running_loop().time
        began = clock()
        number = 0
        status: int | None = None
        failure: str | None = None

        async def noted(trip: Trip) -> T:
            nonlocal number, status
            number, status = trip.number, None
            try:
                return await once(trip)
            finally:
                status = trip.status

        about = (self._name, request.method, request.path, request.effect)
        try:
            self.tell(RequestStarted(*about, self._host, self._port, call))
            return await attempts(request, noted, call)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            self.tell(RequestEnded(*about, number, status, clock() - began, failure, call))

    def starting(self, request: Request[object], trip: Trip) -> None:
        """Count and tell that a request goes on the wire."""
        self._counters.requests += 1
        if self._observers:
            trip.began = asyncio.get_running_loop().time()
            about = (self._name, request.method, request.path, trip.number)
            self.tell(AttemptStarted(*about, trip.call))

    def ended(self, request: Request[object], trip: Trip, error: BaseException | None) -> None:
        """Count and tell what has come of an attempt."""
        self._counters.bytes_received += trip.received
        if self._observers:
            now = asyncio.get_running_loop().time()
            self.tell(
                AttemptEnded(
                    self._name,
                    request.method,
                    request.path,
                    trip.number,
                    trip.status,
                    trip.received,
                    0.0 if trip.began is None else now - trip.began,
                    None if error is None else type(error).__name__,
                    trip.call,
                )
            )

    def retrying(self, request: Request[object], trip: Trip, failure: str, delay: float) -> None:
        """Count and tell that an attempt is made again in `delay` seconds."""
        self._counters.retries += 1
        about = (self._name, request.method, request.path, trip.number)
        self.tell(RetryScheduled(*about, failure, delay, trip.call))

    def waits_of(self, call: int) -> Callable[[WaitReason, float], None]:
        """Return what counts and tells the waits of a request."""

        def waited(reason: WaitReason, seconds: float) -> None:
            self._counters.seconds_waiting += seconds
            self.tell(Waited(self._name, reason, seconds, call))

        return waited
