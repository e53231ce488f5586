"""One test body for three kinds of caller of `API`, as `colours` has it for sessions.

The synchronous colours are given blocking objects behind `await`s that never wait. Which members
are coroutines, iterators or plain is what the asynchronous class says.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar, cast

from comet_async import API, blocking
from comet_async.blocking.facade import Facade
from tests.support.colours import without_loop

__all__ = ["COLOURS", "Body", "Run"]

T = TypeVar("T")

Body = Callable[[API], Coroutine[Any, Any, T]]
Run = Callable[..., Any]


class Awaited:
    """A blocking object that is used as if it were asynchronous."""

    def __init__(self, blocking_one: Facade) -> None:
        self.blocking = blocking_one

    def __repr__(self) -> str:
        return repr(self.blocking)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Awaited) and self.blocking == other.blocking

    def __hash__(self) -> int:
        return hash(self.blocking)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.blocking, name)
        member = inspect.getattr_static(type(self.blocking.asynchronous), name)
        if not callable(found) or isinstance(member, property):
            return _shown(found)
        if inspect.isasyncgenfunction(member):
            return lambda *args, **options: _each(found(*_plain(args), **options))
        if inspect.iscoroutinefunction(member):
            return _coroutine(found)
        return lambda *args, **options: _shown(found(*_plain(args), **options))


def _coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*args: Any, **options: Any) -> Any:
        return _shown(function(*_plain(args), **options))

    return called


async def _each(items: Iterator[T]) -> AsyncIterator[T]:
    for item in items:
        yield _shown(item)


def _shown(value: Any) -> Any:
    if isinstance(value, Facade):
        return Awaited(value)
    return [_shown(item) for item in value] if type(value) is list else value


def _plain(values: tuple[Any, ...]) -> list[Any]:
    return [value.blocking if isinstance(value, Awaited) else value for value in values]


def asynchronous(body: Body[T], key: str, **options: Any) -> T:
    """Run `body` with an asynchronous API."""

    async def main() -> T:
        async with API(key, **options) as api:
            return await body(api)

    return asyncio.run(main())


def synchronous(body: Body[T], key: str, **options: Any) -> T:
    """Run `body` with a blocking API, without an event loop."""
    with blocking.API(key, **options) as api:
        return without_loop(body(cast("API", Awaited(cast("Facade", api)))))


def inside_a_loop(body: Body[T], key: str, **options: Any) -> T:
    """Run `body` with a blocking API, in a thread whose event loop is running."""

    async def main() -> T:
        return synchronous(body, key, **options)

    return asyncio.run(main())


COLOURS: dict[str, Callable[..., Any]] = {
    "async": asynchronous,
    "sync": synchronous,
    "sync-in-a-loop": inside_a_loop,
}
