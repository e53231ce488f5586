"""One service inside a session: `retry( slot -> pause, quota -> hops -> decode )`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

import anyio
import msgspec

from comet_async.engine.addresses import is_private
from comet_async.engine.large import LARGE, LargeAnswers, Turn
from comet_async.engine.observing import Counters
from comet_async.engine.outgoing import Outgoing
from comet_async.engine.reading import finished, read_answer
from comet_async.engine.redirects import MAX_HOPS, REDIRECTS, RESULTS, next_hop, origin
from comet_async.engine.retry import Kind, RetryBudget, RetryPolicy, failure_of, retry_after
from comet_async.engine.telling import Teller, Trip
from comet_async.engine.threads import SharedHops
from comet_async.engine.throttle import Bucket, Throttle
from comet_async.engine.transport import (
    HttpAnswer,
    HttpRequest,
    HttpStream,
    StaleConnection,
    Timeouts,
    Transport,
)
from comet_async.errors import (
    Attempt,
    CometAsyncError,
    OutcomeUnknown,
    RedirectError,
    StatusError,
    TransportError,
)
from comet_async.events import Observer, Paused
from comet_async.redaction import without_keys
from comet_async.request import Effect, Request
from comet_async.service import Service

__all__ = ["Lane", "Options"]

_RANGES = 8
T = TypeVar("T")
A = TypeVar("A", HttpAnswer, HttpStream)

_FREE = frozenset({Kind.UNREACHED, Kind.STALE, Kind.THROTTLED})
"""Ends of attempts that the retry budget does not count: no load on the server, or paced by it."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a session hands to each of its lanes."""

    retry: RetryPolicy
    timeouts: Timeouts
    max_body_bytes: int
    user_agent: str
    observers: tuple[Observer, ...]
    random: Callable[[], float]
    private: Callable[[str], bool] = is_private


class Lane:
    """Runs requests against one service.

    Args:
        service: The profile.
        transport: Speaks HTTP.
        throttle: Holds the buckets.
        counters: The session's totals.
        options: The session's settings.

    Attributes:
        ranges: Held by each range of a large file but its first: bounds them over all files.
        short: Runs short acts upon files.
        teller: Counts what is done here, and tells the observers.
    """

    def __init__(
        self,
        service: Service,
        transport: Transport,
        throttle: Throttle,
        counters: Counters,
        options: Options,
    ) -> None:
        self.service = service
        self.transport = transport
        self.counters = counters
        self.teller = Teller(service, counters, options.observers)
        self._options = options
        self._throttle = throttle
        self._budget = RetryBudget()
        self._buckets: dict[str, Bucket] = {}
        self._outgoing = Outgoing(
            service, options.user_agent, options.timeouts, options.max_body_bytes
        )
        self._proven = False
        self.ranges = anyio.CapacityLimiter(_RANGES)
        self.short = SharedHops()
        self._large = LargeAnswers()
        self._home = origin(service.base_url)
        self._home_private = options.private(urlsplit(service.base_url).hostname or "")

    async def send(self, request: Request[T], sent: Callable[[int], None] | None = None) -> T:
        """Return the request's value, held in memory.

        Args:
            request: What is asked.
            sent: Told of the bytes of an upload that have left.

        Raises:
            CometAsyncError: As `attempts` and `read` do.
        """

        async def once(trip: Trip) -> T:
            turn = Turn(self._large)
            try:
                answer = await self.hops(request, self.transport.fetch, trip, turn, sent)
                trip.received = answer.received
                trip.body = answer.body
                if len(answer.body) < LARGE:
                    return self.read(request, answer)
                return await self._large.decoded(lambda: self.read(request, answer))
            finally:
                turn.leave()

        return await self.attempts(request, once)

    def read(self, request: Request[T], answer: HttpAnswer) -> T:
        """Return the value of an answer, or raise what it says instead, its wait attached.

        Raises:
            StatusError: The status says no.
            ResponseError: The answer is not what the request promises.
        """
        try:
            value = read_answer(request, self.service, answer)
        except StatusError as error:
            names = self.service.retry_after_headers
            error.retry_after = retry_after(answer.headers, names, now=time.time)
            error.taken = not answer.early
            named = answer.headers.get(self.service.request_id_header.lower())
            error.request_id = error.request_id if named is None else named
            advice = self.service.advice(request, answer.status)
            if advice is not None:
                error.message = f"{error.message}; {advice}"
            raise
        if request.tap is not None:
            request.tap(without_keys(answer.body, self._outgoing.secrets()))
        return value

    def bucket(self, request: Request[object]) -> Bucket:
        """Return the bucket that a request draws from."""
        name = self.service.bucket_of(request)
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = self._throttle.bucket(self.service, name)
        return found

    def buckets(self) -> tuple[Bucket, ...]:
        """Return the buckets used so far."""
        return tuple(self._buckets.values())

    def attempts(
        self, request: Request[object], once: Callable[[Trip], Awaitable[T]]
    ) -> Awaitable[T]:
        """Run `once` until it succeeds or the policy has no further attempt.

        Raises:
            CometAsyncError: The last failure, with all attempts; for an APPEND whose bytes had
                left, `OutcomeUnknown`.
        """
        if not self.teller.watched:
            return self._attempts(request, once, 0)
        return self.teller.whole(request, once, self._attempts)

    async def _attempts(
        self, request: Request[object], once: Callable[[Trip], Awaitable[T]], call: int
    ) -> T:
        bucket = self.bucket(request)
        past: tuple[Attempt, ...] = ()
        fresh = alone = not self.service.keep_connections
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            if not bucket.slots.take():
                await bucket.enter(self.teller.waits_of(call))
            trip = Trip(len(past) + 1, fresh, call=call)
            try:
                value = await once(trip)
                self._budget.succeeded()
                bucket.succeeded()
                self.teller.ended(request, trip, None)
            except CometAsyncError as error:
                self.teller.ended(request, trip, error)
                secrets = self._outgoing.secrets()
                failed = _bare(finished(error, request, trip.body, secrets))
            except BaseException as error:
                self.teller.ended(request, trip, error)
                raise
            else:
                return value
            finally:
                bucket.leave()
            elapsed = clock() - began
            delay = self._delay(request, failed, trip, elapsed)
            outcome = str(failed.status or type(failed).__name__)
            past = (*past, Attempt(elapsed, outcome, delay))
            fresh = alone or isinstance(failed, StaleConnection)
            if delay is None:
                break
            self.teller.retrying(request, trip, outcome, delay)
            await asyncio.sleep(delay)
        failed.attempts = past
        failed = _final(failed, request, acted=trip.acted)
        try:
            raise failed
        finally:
            del failed

    async def hops(
        self,
        request: Request[object],
        do: Callable[[HttpRequest], Awaitable[A]],
        trip: Trip,
        turn: Turn | None = None,
        told: Callable[[int], None] | None = None,
    ) -> A:
        """Do one exchange, following redirects by hand; each hop to the service takes a token.

        Raises:
            TransportError: A hop failed, or a redirect is not to be followed.
        """
        enter = None if turn is None else turn.enter
        hop = await self._outgoing.first_hop(
            request, fresh=trip.fresh, before_large=enter, sent=told
        )
        bucket: Bucket | None = self.bucket(request)
        for _ in range(MAX_HOPS + 1):
            if bucket is not None and not bucket.take():
                await bucket.admit(self.teller.waits_of(trip.call))
            self.teller.starting(request, trip)
            sent = True
            try:
                answer = await do(hop)
            except TransportError as error:
                sent = error.sent
                raise
            finally:
                if bucket is not None:
                    bucket.settle(sent=sent)
            trip.status = answer.status
            self._proven = True
            if answer.status not in REDIRECTS:
                return answer
            trip.acted = trip.acted or answer.status in RESULTS
            if not isinstance(answer, HttpAnswer):
                await answer.aclose()
            peer = answer.peer
            near = self._home_private or (peer is not None and self._options.private(peer))
            hop = next_hop(
                hop,
                answer.status,
                answer.headers.get("location"),
                allow_private=not self.service.public_only
                and (near or self.service.allow_private_redirects),
                private=self._options.private,
            )
            del answer
            trip.home = origin(hop.url) == self._home
            bucket = self.bucket(request) if trip.home else None
        raise RedirectError(f"more than {MAX_HOPS} redirects")

    def _delay(
        self, request: Request[object], error: CometAsyncError, trip: Trip, elapsed: float
    ) -> float | None:
        """Ask the policy, and let the answer's wait hold every request back."""
        failure = failure_of(error)
        random = self._options.random()
        proven = self._proven and trip.home
        delay = self._options.retry.delay(
            trip.number, request.effect, failure, elapsed, random, proven=proven
        )
        if trip.acted and request.effect is Effect.APPEND:
            delay = None
        bucket = self.bucket(request)
        if failure.kind is Kind.THROTTLED or failure.wait is not None:
            self.counters.throttled += error.status == 429  # noqa: PLR2004 Too Many Requests
            self._throttled(bucket, error, delay, trip.call)
        elif failure.kind is Kind.UNREACHED and proven and delay is not None:
            bucket.pause(delay)
        free = delay is None or failure.kind in _FREE
        return delay if free or self._budget.take() else None

    def _throttled(
        self, bucket: Bucket, error: CometAsyncError, delay: float | None, call: int
    ) -> None:
        longest = self._options.retry.longest_wait
        asked = error.retry_after if isinstance(error, StatusError) else None
        if asked is not None and asked > longest:
            error.message = f"retry after {_told(asked)}: {error.message}"
        seconds = delay if delay is not None else min(asked or 0.0, longest)
        too_many = error.status == 429  # noqa: PLR2004 Too Many Requests
        begun = bucket.throttled(seconds) if too_many else bucket.pause(seconds)
        if begun and seconds > 0:
            self.teller.tell(Paused(self.service.name, seconds, str(error.status), call))


def _bare(error: CometAsyncError) -> CometAsyncError:
    """Drop the frames that an error came through: they hold bodies, signed URLs and headers."""
    error.__context__ = None if error.__suppress_context__ else error.__context__
    return error.with_traceback(None)


def _final(error: CometAsyncError, request: Request[object], *, acted: bool) -> CometAsyncError:
    """Return the error to raise: a write whose fate is open is an error of its own."""
    unsettled = isinstance(error, TransportError) and error.sent
    unseen = acted and isinstance(error, (TransportError, StatusError))
    if request.effect is not Effect.APPEND or not (unsettled or unseen):
        return error
    return OutcomeUnknown(
        f"the write may or may not have been done: {error.message}",
        request=request,
        status=error.status if unseen else None,
        attempts=error.attempts,
    )


def _told(seconds: float) -> str:
    hours = seconds / 3600.0
    return f"{hours:.3g} h" if hours >= 1 else f"{seconds:.3g} s"
