"""Many writes as one operation: bounded, accounted for, and resumed where they were stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

import anyio
import msgspec

from comet_async.bulk.ledger import Entry, State, WriteLedger
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.session import Session
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    StatusError,
    UsageError,
    may_have_acted,
)
from comet_async.redaction import mask
from comet_async.request import Effect, Request
from comet_async.service import service_named

__all__ = ["Operation", "Options", "WritesFailed", "WritesReport", "apply", "each_once"]

_CONCURRENCY = 16
_OF_ONE_ITEM = frozenset({400, 404, 409, 410, 422})
_OF_SIZE = frozenset({413, 414, 431})


class Options(TypedDict, total=False):
    """What every bulk write can be told.

    Attributes:
        ledger: File that remembers what was done, so that the same call goes on where an earlier
            one was stopped; None for none.
        dry_run: Tell what would be done, and send nothing.
        repeat_unknown: Send again what may have been done already, though that may do it twice.
        concurrency: Requests under way at once, from 1; 16 unless told, within the session's
            limits.
        progress: Called with the items that are over, and all of them.
    """

    ledger: Path | str | None
    dry_run: bool
    repeat_unknown: bool
    concurrency: int
    progress: Callable[[int, int], None] | None


class Operation(msgspec.Struct, frozen=True):
    """What is to be done to each of many items.

    Attributes:
        name: As "archive".
        request: Returns the request that does it to some items.
        arguments: With what it is done, for the ledger; a ledger of others is refused.
        size: Items that one request takes at most.
    """

    name: str
    request: Callable[[Sequence[str]], Request[object]]
    arguments: Mapping[str, str] = MappingProxyType({})
    size: int = 1


class WritesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the items of a bulk write; the numbers add up.

    Attributes:
        operation: What was done.
        items: How many there were, each counted once.
        already: Done in an earlier run, and left alone.
        done: Items that are done now, in the order given; of a dry run, those that would be.
        failed: Items that are not, each with the reason.
        unknown: Items that may be done or not; they are not sent again unless that is asked for.
        dry_run: Whether nothing was sent.
        requests: Requests that were made, or would be.
        seconds: Time that it took.
    """

    operation: str
    items: int
    already: int
    done: tuple[str, ...]
    failed: Mapping[str, str]
    unknown: Mapping[str, str]
    dry_run: bool
    requests: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when all items are done, else 3."""
        return 3 if self.failed or self.unknown else 0

    def raise_for_failures(self) -> None:
        """Raise what tells the failures, if there are any.

        Raises:
            WritesFailed: An item failed, or nobody knows whether it is done.
        """
        if self.exit_code:
            raise WritesFailed(self)

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values."""
        return {**msgspec.to_builtins(self), "exit_code": self.exit_code}

    def __str__(self) -> str:
        would = "would " if self.dry_run else ""
        told = [f"{would}{self.operation} {len(self.done):,} of {self.items:,}"]
        for number, what in (
            (self.already, "done earlier"),
            (len(self.failed), "failed"),
            (len(self.unknown), "of unknown outcome"),
        ):
            if number:
                told.append(f"{number:,} {what}")
        return f"{', '.join(told)}; {self.requests:,} requests, {self.seconds:.1f} s"


class WritesFailed(CometAsyncError):
    """Some of many writes were not done, or may not have been.

    Args:
        report: What became of each.
    """

    def __init__(self, report: WritesReport) -> None:
        first = next(iter({**report.failed, **report.unknown}.items()), ("", ""))
        super().__init__(f"{report}; the first is {first[0]}: {first[1]}")
        self.report = report


async def apply(
    session: Session,
    operation: Operation,
    items: Iterable[str],
    *,
    ledger: Path | str | None = None,
    dry_run: bool = False,
    repeat_unknown: bool = False,
    concurrency: int = _CONCURRENCY,
    progress: Callable[[int, int], None] | None = None,
) -> WritesReport:
    """Do an operation to each of many items, and account for each.

    A request for several items that the server refuses for what may be one of them (400, 404, 409,
    410, 422) or for its size (413, 414, 431) is halved, down to one item, so one bad item holds up
    no other. What concerns all of them alike, as 403 does, fails them at once: smaller requests
    would be refused as well. An item whose request may have done something, and would do it twice,
    is never sent again: it is reported as unknown.

    Args:
        session: An open session with one service.
        operation: What to do.
        items: To what; each counts once.
        ledger: As in `Options`.
        dry_run: As in `Options`.
        repeat_unknown: As in `Options`.
        concurrency: As in `Options`.
        progress: As in `Options`.

    Raises:
        UsageError: `items` is a single text, an item is empty or no request can be made of it, or
            `concurrency` is below 1; nothing was sent.
        AuthenticationError: The key is refused; what was done is in the ledger.
        LedgerError: The ledger is of something else, damaged, or in use.
        DestinationError: The ledger cannot be written.
    """
    wanted = each_once(operation.name, items)
    if not all(item.strip() for item in wanted):
        raise UsageError(f"{operation.name}: an item is empty")
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        book: WriteLedger | None = None
        if ledger is not None and not (dry_run and not await anyio.Path(ledger).exists()):
            book = _ledger(session, operation, Path(ledger))
            await stack.enter_async_context(book)
        run = _Run(session, operation, book, progress, wanted)
        if book is not None:
            wanted = run.left(wanted, book.entries, repeat_unknown=repeat_unknown)
        await run.all(wanted, dry_run=dry_run, concurrency=concurrency)
    return run.report(time.perf_counter() - began, dry_run=dry_run)


def each_once(name: str, items: Iterable[str]) -> list[str]:
    """Return the items of an operation, each once, in order.

    Raises:
        UsageError: It is a single text, whose characters would be the items.
    """
    if isinstance(items, (str, bytes)):
        raise UsageError(f"{name} needs a list of items; put a single one into [...]")
    return list(dict.fromkeys(items))


def _ledger(session: Session, operation: Operation, path: Path) -> WriteLedger:
    """Return the ledger of an operation upon the server that its requests go to."""
    name = operation.request(["item"]).service
    service = service_named(session.services, name)
    if service is None:
        raise UsageError(f"{operation.name} needs a session with the service {name}")
    return WriteLedger(path, service.base_url, operation.name, operation.arguments)


class _Run:
    """One run of an operation."""

    def __init__(
        self,
        session: Session,
        operation: Operation,
        ledger: WriteLedger | None,
        progress: Callable[[int, int], None] | None,
        wanted: Sequence[str],
    ) -> None:
        self._session = session
        self._operation = operation
        self._ledger = ledger
        self._progress = progress
        self._wanted = wanted
        self._requests = 0
        self._already = 0
        self._done: list[str] = []
        self._failed: dict[str, str] = {}
        self._unknown: dict[str, str] = {}

    def left(
        self, wanted: Sequence[str], entries: Mapping[str, Entry], *, repeat_unknown: bool
    ) -> list[str]:
        """Return what is still to be done, by what an earlier run has left."""
        left: list[str] = []
        for item in wanted:
            entry = entries.get(item)
            if entry is None or entry.state == "failed":
                left.append(item)
            elif entry.state == "done":
                self._already += 1
            elif repeat_unknown or not self._appends([item]):
                left.append(item)
            else:
                self._unknown[item] = entry.reason or "it was stopped before its answer came"
        return left

    def _appends(self, items: Sequence[str]) -> bool:
        return self._operation.request(items).effect is Effect.APPEND

    async def all(self, items: Sequence[str], *, dry_run: bool, concurrency: int) -> None:
        """Do what is left."""
        size = self._operation.size
        batches = [items[at : at + size] for at in range(0, len(items), size)]
        for batch in batches:
            self._operation.request(batch)  # one that cannot be made is told now
        if dry_run:
            self._done, self._requests = list(items), len(batches)
            return
        keyed = ((batch[0], batch) for batch in batches)
        async with fan_out(self._batch, keyed, concurrency=concurrency) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Failed):  # neither key nor ledger will do for the others
                    raise outcome.error

    async def _batch(self, items: Sequence[str]) -> None:
        """Do it to a few items, and record what became of each.

        Raises:
            AuthenticationError: The key is refused.
            DestinationError: The ledger cannot be written.
        """
        request = self._operation.request(items)
        if request.effect is Effect.APPEND and self._ledger is not None:
            await self._ledger.record(items, "sent")
        self._requests += 1
        try:
            await self._session.send(request)
        except AuthenticationError as error:
            await self._over(items, "failed", str(error))
            raise
        except CometAsyncError as error:
            if len(items) > 1 and _smaller_may_do(error):
                middle = len(items) // 2
                await self._batch(items[:middle])
                await self._batch(items[middle:])
            else:
                twice = request.effect is Effect.APPEND and may_have_acted(error)
                await self._over(items, "unknown" if twice else "failed", str(error))
        else:
            await self._over(items, "done", None)

    async def _over(self, items: Sequence[str], state: State, reason: str | None) -> None:
        if self._ledger is not None:
            await self._ledger.record(items, state, reason)
        if state == "done":
            self._done += items
        else:
            (self._failed if state == "failed" else self._unknown).update(
                dict.fromkeys(items, mask(reason or ""))
            )
        if self._progress is not None:
            over = self._already + len(self._done) + len(self._failed) + len(self._unknown)
            self._progress(over, len(self._wanted))

    def report(self, seconds: float, *, dry_run: bool) -> WritesReport:
        """Return what became of all items."""
        done = set(self._done)
        return WritesReport(
            operation=self._operation.name,
            items=len(self._wanted),
            already=self._already,
            done=tuple(item for item in self._wanted if item in done),
            failed=self._failed,
            unknown=self._unknown,
            dry_run=dry_run,
            requests=self._requests,
            seconds=seconds,
        )


def _smaller_may_do(error: CometAsyncError) -> bool:
    """Tell whether the server refused a request for one of its items, or for its size."""
    return isinstance(error, StatusError) and error.status in _OF_ONE_ITEM | _OF_SIZE
