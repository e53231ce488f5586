"""What the stages of one run share: session, plan, folder, progress, efforts, and the writers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar, cast

import anyio
import msgspec

from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DecodeError,
    DestinationError,
    EmptyAnswer,
    MessageInsteadOfData,
)
from comet_async.harvest.answers import ANSWERS, Answer, answer_rows
from comet_async.harvest.arrow import Batch
from comet_async.harvest.lake import Lake
from comet_async.harvest.ledger_parts import Part, Placed
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.planner import Plan
from comet_async.harvest.progress import HarvestProgress
from comet_async.harvest.report import Effort
from comet_async.harvest.subjects import Subject
from comet_async.request import Request

__all__ = ["ABSENT", "FAILED", "STORED", "Found", "Job", "end_of", "failures_of", "stops"]

T = TypeVar("T")
U = TypeVar("U")

ABSENT = "absent"
FAILED = "failed"
STORED = "stored"

_FAILED_FROM = 400
_NO_CONTENT = 204
_MARKS = 256
_PULSE = 10.0
_AT_A_TIME = 4


class Found(msgspec.Struct, frozen=True):
    """What one exchange or several have brought.

    Attributes:
        rows: Table, subject and rows of each item that has an answer; None for no rows.
        ends: Table, subject, state and reason of each item that has none.
    """

    rows: list[tuple[str, int, Batch | None]] = []
    ends: list[tuple[str, int, str, str | None]] = []


class Job:
    """One run.

    Args:
        session: Where answers come from.
        plan: What to fetch.
        lake: Where it goes.
        progress: Who is told.

    Attributes:
        converting: Held while an answer is turned into columns: one at a time bounds the memory.
    """

    def __init__(self, session: Session, plan: Plan, lake: Lake, progress: HarvestProgress) -> None:
        self.session = session
        self.plan = plan
        self.lake = lake
        self.progress = progress
        self.efforts: dict[str, Effort] = {}
        self._writers: dict[str, TableWriter] = {}
        self._ends: list[tuple[str, int, str, str | None]] = []
        self._names: dict[str, set[str]] = {}
        self._told = session.counters.bytes_received
        self._one = anyio.Lock()
        self._beaten = asyncio.get_running_loop().time()
        self.converting = anyio.CapacityLimiter(1)
        self._heard = deque(plan.answers)
        self._answers: TableWriter | None = None
        if plan.keeps_answers:
            self._answers = TableWriter(lake.store(ANSWERS), self._answered)

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

    async def remember(self, project: str, names: Iterable[str]) -> None:
        """Keep names of system metrics of a project, on disk where they are new."""
        known = self._names.setdefault(project, set())
        fresh = set(names) - known
        if fresh:
            known |= fresh
            await self.on_disk(partial(self.lake.ledger.remember, project, fresh))

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

    async def ask(self, table: str, request: Request[T]) -> T:
        """Return the answer to a request for a table."""
        self.asks(table)
        if self._answers is not None:
            request = request.tapped(partial(self._hear, table, cast("Request[object]", request)))
        return await self.session.send(request)

    async def converted(
        self,
        table: str,
        request: Request[T],
        convert: Callable[[bytes], U],
        *,
        sized: Callable[[int], None],
        tries: int = 1,
    ) -> U:
        """Return what `convert` makes of the body of an answer, in a worker thread.

        Args:
            table: For which it is asked.
            request: What to ask.
            convert: Reads the body; a DecodeError of its own names the request.
            sized: Told of the body's bytes before that.
            tries: How often to ask in all, where it cannot be read.

        Raises:
            DecodeError: It could not be read.
            CometAsyncError: As `Session.send` does.
        """
        while True:
            tries -= 1
            body = await self.ask(table, request.returning(bytes))
            sized(len(body))
            try:
                return await anyio.to_thread.run_sync(convert, body, limiter=self.converting)
            except DecodeError as error:
                if tries < 1:
                    error.request = error.request or cast("Request[object]", request)
                    raise

    def _hear(self, table: str, request: Request[object], body: bytes) -> None:
        self._heard.append(Answer.now(table, request, body))

    async def keep_listed(
        self, table: str, subjects: Iterable[Subject], asked: Callable[[Subject], Request[T]]
    ) -> None:
        """Keep entries of listings with the answers, where these are kept.

        Args:
            table: For which they were listed.
            subjects: What was listed.
            asked: Returns the request that listed one.
        """
        if self._answers is None:
            return
        for subject in subjects:
            self._hear(table, cast("Request[object]", asked(subject)), subject.listed)
        await self.keep_answers(now=False)

    async def keep_answers(self, *, now: bool) -> None:
        """Put on disk what was heard, before the ledger says that anything of it is stored."""
        writer = self._answers
        if writer is None:
            return
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        if heard:
            writer.add(0, await anyio.to_thread.run_sync(answer_rows, heard))
        if now or writer.due:
            await self.on_disk(writer.flush)

    def _answered(self, part: Part | None, items: list[Placed]) -> None:
        del items
        if part is not None:
            self.lake.ledger.answered(part)

    async def on_disk(self, act: Callable[[], T]) -> T:
        """Return `act()`, run in a worker thread, one at a time: the ledger has one writer.

        A cancellation waits for it, so that what is on disk and what the ledger says agree.
        """
        async with self._one:
            now = asyncio.get_running_loop().time()
            if now - self._beaten >= _PULSE:
                self._beaten = now
                await undivided(self.lake.ledger.beat)
            return await undivided(act)

    async def take(self, found: Found, *, told: bool = False) -> None:
        """Put rows to the writers, and on disk what is due.

        Args:
            found: Items with their rows or their ends.
            told: Whether the progress knows of them already.
        """
        # Arrow lets go of the interpreter for each size: a busy thread beside then takes it for
        # milliseconds, so many at once would hold up the loop.
        if len(found.rows) > _AT_A_TIME:
            await self.on_disk(partial(self._add, found.rows))
        else:
            self._add(found.rows)
        if not told:
            for table, counts in _counted(found.rows).items():
                self.answered(table, *counts)
        for table, subject, state, reason in found.ends:
            self._ends.append((table, subject, state, reason))
            if state == FAILED:
                self.failed(table)
            else:
                self.answered(table, 1, 0)
        due = [writer for writer in self._writers.values() if writer.due]
        marks = len(self._ends) >= _MARKS
        await self.keep_answers(now=bool(due) or marks)
        if marks:
            await self._marks()
        for writer in due:
            await self.on_disk(writer.flush)

    def _add(self, rows: Iterable[tuple[str, int, Batch | None]]) -> None:
        for table, subject, found in rows:
            self.writer(table).add(subject, found if found is not None and found.num_rows else None)

    def writer(self, table: str) -> TableWriter:
        """Return the writer of a table."""
        found = self._writers.get(table)
        if found is None:
            stored = partial(self._stored, table)
            found = self._writers[table] = TableWriter(self.lake.store(table), stored)
        return found

    def _stored(self, table: str, part: Part | None, items: list[Placed]) -> None:
        if part is None:
            ends = [(table, item.subject, STORED, None) for item in items]
            self.lake.ledger.ended(ends)
        else:
            self.lake.ledger.stored(part, items)

    async def flush(self) -> None:
        """Put everything on disk that is held."""
        await self.keep_answers(now=True)
        await self._marks()
        for writer in self._writers.values():
            await self.on_disk(writer.flush)

    async def _marks(self) -> None:
        ends, self._ends = self._ends, []
        if ends:
            await self.on_disk(partial(self.lake.ledger.ended, ends))


def _counted(rows: Iterable[tuple[str, int, Batch | None]]) -> dict[str, tuple[int, int]]:
    """Return how many items and rows there are by table."""
    counts: dict[str, tuple[int, int]] = {}
    for table, _, found in rows:
        items, size = counts.get(table, (0, 0))
        counts[table] = items + 1, size + (0 if found is None else found.num_rows)
    return counts


def failures_of(tables: Iterable[str], subject: int, error: CometAsyncError) -> Found:
    """Return the ends that an error makes of the items of a subject."""
    reason = str(error)
    return Found(ends=[(table, subject, end_of(error), reason) for table in tables])


def stops(error: CometAsyncError) -> bool:
    """Return whether an error of one item ends the whole run: key refused, or disk full."""
    return isinstance(error, (AuthenticationError, DestinationError))


def end_of(error: CometAsyncError) -> str:
    """Return what an error makes of its item: absent if the service says that there is nothing."""
    if isinstance(error, EmptyAnswer) and error.status == _NO_CONTENT:
        return ABSENT
    said = isinstance(error, MessageInsteadOfData) and error.code is not None
    return ABSENT if said and (error.code or 0) < _FAILED_FROM else FAILED
