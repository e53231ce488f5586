"""What the stages share that ask for one subject after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from comet_async.engine.fan_out import Failed, Ok, fan_out
from comet_async.errors import AuthenticationError
from comet_async.harvest.job import Job, failures_of, stops
from comet_async.harvest.ledger import Due

__all__ = ["due_chunks", "due_items", "one_by_one"]

T = TypeVar("T")


async def one_by_one(
    job: Job,
    tables: Sequence[str],
    read: Callable[[Due], Awaitable[T]],
    take: Callable[[Due, T], Awaitable[None]],
    *,
    width: int | None = None,
) -> None:
    """Read every subject of which one of `tables` is planned, many at once, and store the rest.

    Args:
        job: The run.
        tables: Names of tables.
        read: Asks for a subject; an error of its own becomes the end of its items.
        take: Told of what was read, one subject after the other.
        width: Subjects under way at once; None for as many as requests.

    Raises:
        AuthenticationError: The key is refused; what had come is stored.
        DestinationError: The disk is full or failing; earlier parts are whole.
        HarvestError: The folder or the ledger is not as it should be.
    """
    items = due_items(job, tables)
    try:
        async with fan_out(read, items, concurrency=width or job.width, buffer=0) as outcomes:
            async for outcome in outcomes:
                match outcome:
                    case Ok(due, found):
                        await take(due, found)
                    case Failed(due, error):
                        if stops(error):
                            raise error
                        await job.take(failures_of(sorted(due.tables), due.id, error))
    except AuthenticationError:
        await job.flush()
        raise
    await job.flush()


async def due_items(
    job: Job, tables: Sequence[str], project: str | None = None
) -> AsyncIterator[tuple[Due, Due]]:
    """Give the subjects of which one of `tables` is planned, in the plan's order."""
    async for chunk in due_chunks(job, tables, project):
        for due in chunk:
            yield due, due


async def due_chunks(
    job: Job, tables: Sequence[str], project: str | None = None
) -> AsyncIterator[list[Due]]:
    """Give the same many at a time: memory does not grow with their number."""
    after = 0
    ledger = job.lake.ledger
    while chunk := await job.on_disk(partial(ledger.due, tables, after, project=project)):
        yield chunk
        after = chunk[-1].id
