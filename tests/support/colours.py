"""One test body for three kinds of caller: asynchronous, synchronous, synchronous inside a loop.

A body is a coroutine function that takes a session. For the synchronous colours it is given a
blocking one behind `await`s that never wait, so that the same lines run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, TypeVar, cast

from comet_async import Session, blocking
from comet_async.service import Service

__all__ = ["COLOURS", "Body", "Run", "without_loop"]

T = TypeVar("T")

Body = Callable[[Session], Coroutine[Any, Any, T]]
Run = Callable[..., Any]


class Awaited:
    """A blocking object that is used as if it were asynchronous."""

    def __init__(self, blocking_one: object) -> None:
        self._blocking = blocking_one

    def __repr__(self) -> str:
        return repr(self._blocking)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._blocking, name)
        return _function(found) if callable(found) else found


def _function(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **options: Any) -> Any:
        if function.__name__ in {"fan_out", "download_many"}:
            return _entered(function(*args, **options))
        if function.__name__ in {"items", "pages"}:
            return _each(function(*args, **options))
        return _at_once(function, *args, **options)

    return called


async def _at_once(function: Callable[..., T], *args: Any, **options: Any) -> T:
    return function(*args, **options)


async def _each(items: Iterator[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


@asynccontextmanager
async def _entered(block: AbstractContextManager[Iterator[T]]) -> AsyncIterator[AsyncIterator[T]]:
    with block as items:
        yield _each(items)


def without_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    work.close()
    raise AssertionError("it waited, without an event loop")


def asynchronous(body: Body[T], *services: Service, **options: Any) -> T:
    """Run `body` with an asynchronous session."""

    async def main() -> T:
        async with Session(*services, **options) as session:
            return await body(session)

    return asyncio.run(main())


def synchronous(body: Body[T], *services: Service, **options: Any) -> T:
    """Run `body` with a blocking session, without an event loop."""
    with blocking.Session(*services, **options) as session:
        return without_loop(body(cast("Session", Awaited(session))))


def inside_a_loop(body: Body[T], *services: Service, **options: Any) -> T:
    """Run `body` with a blocking session, in a thread whose event loop is running."""

    async def main() -> T:
        return synchronous(body, *services, **options)

    return asyncio.run(main())


COLOURS: dict[str, Callable[..., Any]] = {
    "async": asynchronous,
    "sync": synchronous,
    "sync-in-a-loop": inside_a_loop,
}
