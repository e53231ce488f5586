"""What the phases of one run share: session, plan, folder, progress, efforts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio

from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    EmptyAnswer,
    MessageInsteadOfData,
)
from comet_async.harvest.lake import Lake
from comet_async.harvest.planner import Plan
from comet_async.harvest.progress import HarvestProgress
from comet_async.harvest.report import Effort

__all__ = ["ABSENT", "FAILED", "Job", "end_of", "stops"]

T = TypeVar("T")

ABSENT = "absent"
FAILED = "failed"

_FAILED_FROM = 400
_NO_CONTENT = 204


class Job:
    """One run.

    Args:
        session: Where answers come from.
        plan: What to fetch.
        lake: Where it goes.
        progress: Who is told.
    """

    def __init__(self, session: Session, plan: Plan, lake: Lake, progress: HarvestProgress) -> None:
        self.session = session
        self.plan = plan
        self.lake = lake
        self.progress = progress
        self.efforts: dict[str, Effort] = {}
        self._told = session.counters.bytes_received
        self._one = anyio.Lock()

    @property
    def width(self) -> int:
        """Requests under way at once."""
        return self.plan.limits.concurrency

    def effort(self, table: str) -> Effort:
        """Return what a table took so far."""
        return self.efforts.setdefault(table, Effort())

    def asks(self, table: str) -> None:
        """Count a request for a table."""
        effort = self.effort(table)
        effort.requests += 1
        if effort.began is None:
            effort.began = asyncio.get_running_loop().time()

    def failed(self, table: str) -> None:
        """Tell that an item of a table has failed."""
        self.progress.failed(table, 1)
        self.answered(table, 1, 0)

    def answered(self, table: str, items: int, rows: int) -> None:
        """Tell that items of a table have an end, and the bytes that came in meanwhile."""
        self.effort(table).ended = asyncio.get_running_loop().time()
        received = self.session.counters.bytes_received
        if received > self._told:
            self.progress.received(received - self._told)
            self._told = received
        self.progress.finished(table, items, rows)

    async def on_disk(self, act: Callable[[], T]) -> T:
        """Return `act()`, run in a worker thread, one at a time: the ledger has one writer.

        A cancellation waits for it, so that what is on disk and what the ledger says agree.
        """
        async with self._one:
            return await undivided(act)


def stops(error: CometAsyncError) -> bool:
    """Return whether an error of one item ends the whole run: key refused, or disk full."""
    return isinstance(error, (AuthenticationError, DestinationError))


def end_of(error: CometAsyncError) -> str:
    """Return what an error makes of its item: absent if the service says that there is nothing."""
    if isinstance(error, EmptyAnswer) and error.status == _NO_CONTENT:
        return ABSENT
    said = isinstance(error, MessageInsteadOfData) and error.code is not None
    return ABSENT if said and (error.code or 0) < _FAILED_FROM else FAILED
