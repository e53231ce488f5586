"""Polling: ask again and again, later each time, until something has come about."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import msgspec

from comet_async.engine.session import Session
from comet_async.errors import (
    CometAsyncError,
    RateLimitError,
    RequestTimeout,
    ResponseError,
    ServerError,
    TlsError,
    TransportError,
)
from comet_async.request import Request

__all__ = ["Polling", "WaitedTooLong", "poll"]

T = TypeVar("T")


class WaitedTooLong(CometAsyncError):
    """What was waited for has not come about in time; it may still do so.

    Args:
        message: What was waited for, and for how long.
    """

    remedy = "wait for it again, or longer"


class Polling(msgspec.Struct, frozen=True, kw_only=True):
    """How patiently something is waited for.

    Attributes:
        first: Seconds before the second look.
        factor: By what the wait grows with each look.
        longest: Seconds between two looks at most.
        jitter: Share of each wait that is left to chance, from 0 to 1.
        deadline: Seconds in all; None for as long as it takes.
        patience: Seconds for which looks may fail in passing ways, as while the server restarts,
            before the last failure is raised.
        sleep: Waits some seconds.
        clock: Seconds of a clock that never goes back.
        draw: Draws from [0, 1).
    """

    first: float = 2.0
    factor: float = 1.5
    longest: float = 30.0
    jitter: float = 0.5
    deadline: float | None = None
    patience: float = 600.0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random

    def wait(self, look: int) -> float:
        """Return the seconds to wait after a look.

        Args:
            look: Its number, from 1.

        `min(longest, first * factor**(look-1)) * (1 - jitter * draw())`.
        """
        grown = min(self.longest, self.first * self.factor ** min(look - 1, 60))
        return grown * (1 - self.jitter * self.draw())


async def poll(
    session: Session,
    request: Request[T],
    over: Callable[[T], bool],
    polling: Polling,
    *,
    what: str,
) -> T:
    """Return the first answer that says that something is over.

    Args:
        session: An open session with the service of the request.
        request: A look at it.
        over: Tells that from an answer; whatever it raises ends the wait.
        polling: How patiently.
        what: What is waited for, in words.

    Raises:
        WaitedTooLong: The deadline has passed.
        CometAsyncError: A look failed for good, or looks failed in passing ways for too long.
    """
    began = polling.clock()
    heard = began
    look = 0
    while True:
        look += 1
        try:
            answer = await session.send(request)
        except CometAsyncError as error:
            if not _passes(error) or polling.clock() - heard > polling.patience:
                raise
        else:
            heard = polling.clock()
            if over(answer):
                return answer
        wait = polling.wait(look)
        waited = polling.clock() - began
        if polling.deadline is not None and waited + wait > polling.deadline:
            wait = polling.deadline - waited
            if wait <= 0:
                raise WaitedTooLong(f"{what}: not over after {waited:,.0f} s", request=request)
        await polling.sleep(wait)


def _passes(error: CometAsyncError) -> bool:
    """Tell whether a later look may do better."""
    if isinstance(error, TlsError):
        return False
    return isinstance(
        error, (TransportError, RequestTimeout, ServerError, RateLimitError, ResponseError)
    )
