"""When to try again, and after how long: a pure policy over what an attempt ended in.

The delay is exponential backoff with full jitter, `random() * min(cap, base * 2**(n-1))` after the
n-th failure, or what the server asked for when it asked. Whether a request may be repeated at all
is decided by its effect, never by its HTTP verb.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from comet_async.engine.transport import StaleConnection
from comet_async.errors import (
    BodyTruncated,
    CometAsyncError,
    ConnectError,
    ConnectionLost,
    DecodeError,
    EmptyAnswer,
    NotJson,
    RequestTimeout,
    StatusError,
    TransportError,
)
from comet_async.request import Effect

__all__ = ["Failure", "Kind", "RetryBudget", "RetryPolicy", "failure_of", "retry_after"]

_RETRIED_STATUSES = frozenset({408, 500, 502, 503, 504})
_THROTTLED = 429
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


class Kind(enum.Enum):
    """What an attempt ended in, as far as a repetition is concerned."""

    UNREACHED = "unreached"
    """No connection: nothing was sent."""
    STALE = "stale"
    """A kept connection had been closed: chance, repeated at once and on a fresh one."""
    BROKEN = "broken"
    """The connection broke, stalled, or the body was cut."""
    STATUS = "status"
    """A status that passes with time: 408 or a 5xx of a gateway."""
    THROTTLED = "throttled"
    """429: more than the quota allows."""
    UNREADABLE = "unreadable"
    """An answer that cannot be decoded, or an empty one."""
    FINAL = "final"
    """Nothing that a repetition would change."""


class Failure(msgspec.Struct, frozen=True):
    """The end of an attempt, for the policy.

    Attributes:
        kind: What it ended in.
        sent: Whether the server can have acted: a byte of the request can have left, and of an
            upload that was answered all of them.
        wait: Seconds that the server asked for, if it did.
    """

    kind: Kind
    sent: bool = True
    wait: float | None = None


def failure_of(error: CometAsyncError) -> Failure:
    """Return how an error counts."""
    if isinstance(error, TransportError):
        if isinstance(error, StaleConnection):
            return Failure(Kind.STALE)
        passing = (ConnectionLost, BodyTruncated, RequestTimeout)
        if isinstance(error, ConnectError) or (
            isinstance(error, RequestTimeout) and not error.sent
        ):
            return Failure(Kind.UNREACHED, sent=False)
        return Failure(Kind.BROKEN if isinstance(error, passing) else Kind.FINAL, sent=error.sent)
    if isinstance(error, StatusError):
        if error.status == _THROTTLED:
            return Failure(Kind.THROTTLED, wait=error.retry_after)
        kind = Kind.STATUS if error.status in _RETRIED_STATUSES else Kind.FINAL
        return Failure(kind, sent=error.taken, wait=error.retry_after)
    unreadable = isinstance(error, (DecodeError, EmptyAnswer, NotJson))
    return Failure(Kind.UNREADABLE if unreadable else Kind.FINAL)


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently to repeat.

    Attributes:
        attempts: Tries in all for broken exchanges and passing statuses.
        unreached_attempts: Tries in all while no connection can be made, and of exchanges that
            break off while the service has never answered yet.
        throttled_attempts: Tries in all while the server throttles.
        unreadable_attempts: Tries in all for answers that cannot be decoded.
        base: Seconds; bound of the first delay.
        cap: Seconds; bound of every delay of our own choice.
        budget: Seconds from the start of a call after which no new attempt is planned.
        longest_wait: Seconds; a server that asks for more gets no further attempt.
    """

    attempts: int = 4
    unreached_attempts: int = 3
    throttled_attempts: int = 20
    unreadable_attempts: int = 2
    base: float = 0.5
    cap: float = 20.0
    budget: float = 600.0
    longest_wait: float = 300.0

    def delay(
        self,
        attempt: int,
        effect: Effect,
        failure: Failure,
        elapsed: float,
        random: float,
        *,
        proven: bool = False,
    ) -> float | None:
        """Return the seconds to wait before the next attempt, or None for no further one.

        Args:
            attempt: Number of the attempt that failed, from 1.
            effect: Effect of the request.
            failure: What the attempt ended in.
            elapsed: Seconds since the call began.
            random: A draw from [0, 1).
            proven: Whether this service has answered before. If so, a refused connection is a
                restart to be waited for within the budget; else a refusal or a connection that
                breaks off is rather a wrong address.
        """
        if attempt >= self._allowed(failure.kind, proven=proven) or not _repeatable(
            effect, failure
        ):
            return None
        if failure.kind is Kind.STALE:
            delay = 0.0
        elif failure.wait is not None:
            delay = failure.wait
            if delay > self.longest_wait:
                return None
        else:
            delay = random * min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        return None if elapsed + delay > self.budget else delay

    def _allowed(self, kind: Kind, *, proven: bool) -> float:
        if kind is Kind.STALE or (kind is Kind.UNREACHED and proven):
            return math.inf
        return {
            Kind.UNREACHED: self.unreached_attempts,
            Kind.BROKEN: self.attempts if proven else min(self.attempts, self.unreached_attempts),
            Kind.STATUS: self.attempts,
            Kind.THROTTLED: self.throttled_attempts,
            Kind.UNREADABLE: self.unreadable_attempts,
            Kind.FINAL: 1,
        }[kind]


def _repeatable(effect: Effect, failure: Failure) -> bool:
    """Tell whether a repetition is safe: an APPEND only when the server cannot have acted."""
    if effect is not Effect.APPEND:
        return True
    return not failure.sent or failure.kind is Kind.THROTTLED


class RetryBudget:
    """Bounds the retries of a whole session, so that an outage is not amplified.

    Each retry of an exchange that reached the server takes one token, each success gives back a
    tenth: with everything failing, the requests on the wire approach the number of calls.

    Args:
        capacity: Tokens at the start and at most.
        refill: Tokens that one success gives back.
    """

    __slots__ = ("_capacity", "_refill", "_tokens")

    def __init__(self, capacity: float = 100.0, refill: float = 0.1) -> None:
        self._capacity = capacity
        self._refill = refill
        self._tokens = capacity

    def take(self) -> bool:
        """Take a token for one retry; False when none is left."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def succeeded(self) -> None:
        """Give back for a success."""
        if self._tokens < self._capacity:
            self._tokens = min(self._capacity, self._tokens + self._refill)


def retry_after(
    headers: Mapping[str, str], names: tuple[str, ...], *, now: Callable[[], float]
) -> float | None:
    """Return the seconds to wait that a server asks for, or None.

    Seconds may have a fraction. A date is compared with the answer's own `Date`, so that a skewed
    clock here does no harm; without one, with `now`. Negative, past and unreadable values are no
    request to wait.

    Args:
        headers: Headers of the answer, names in lower case.
        names: Headers that hold a wait, in order of preference.
        now: Wall clock, seconds since 1970 UTC.
    """
    for name in names:
        text = headers.get(name.lower(), "").strip()
        if not text:
            continue
        if _NUMBER.fullmatch(text):
            return float(text)
        until = _date(text)
        if until is not None:
            today = _date(headers.get("date", ""))
            reference = today.timestamp() if today is not None else now()
            wait = until.timestamp() - reference
            return wait if wait > 0 else None
    return None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
