"""One test body for three kinds of caller: asynchronous, synchronous, synchronous inside a loop.

A body is a coroutine function that takes a session, or an `API`. For the synchronous colours it is
given a blocking one behind `await`s that never wait, so that the same lines run. Which members are
coroutines is what the asynchronous class says.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar, cast

from comet_async import API, Session, blocking
from comet_async.blocking.block import Block
from comet_async.blocking.facade import Facade
from tests.faults.harness_leaks import Held, held_by_process, settled

__all__ = ["API_COLOURS", "COLOURS", "Run", "nothing_left", "tasks_of", "used_by"]

T = TypeVar("T")

Body = Callable[[Any], Coroutine[Any, Any, T]]
Run = Callable[..., Any]
_PATIENCE = 5.0
_OF_A_LOOP = "asyncio_"  # threads that end before their loop does; the server's loop has some


class Awaited:
    """A blocking object that is used as if it were asynchronous, and passes for one.

    Args:
        blocking_one: The blocking object.
        used: Takes "class.member" of all that is asked of it, and of all that comes of it.
    """

    def __init__(self, blocking_one: Facade, used: set[str]) -> None:
        self.blocking = blocking_one
        self.used = used

    @property  # type: ignore[misc]  # read-only, where that of any object can be set
    def __class__(self) -> type:
        return type(self.blocking.asynchronous)

    def __repr__(self) -> str:
        return repr(self.blocking)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Awaited) and self.blocking == other.blocking

    def __hash__(self) -> int:
        return hash(self.blocking)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.blocking, name)
        self.used.add(f"{type(self.blocking).__name__}.{name}")
        member = inspect.getattr_static(self.__class__, name, None)
        if isinstance(member, property) or not callable(found):
            return self._shown(found)
        if inspect.iscoroutinefunction(getattr(member, "__func__", member)):
            return self._coroutine(found)
        return lambda *args, **options: self._shown(found(*_plain(args), **_plain(options)))

    def _coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def called(*args: Any, **options: Any) -> Any:
            return self._shown(function(*_plain(args), **_plain(options)))

        return called

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Facade):
            return Awaited(value, self.used)
        if isinstance(value, Block):
            return self._entered(value)
        if isinstance(value, Iterator):
            return self._each(value)
        return [self._shown(item) for item in value] if isinstance(value, list) else value

    async def _each(self, items: Iterator[Any]) -> AsyncIterator[Any]:
        for item in items:
            yield self._shown(item)

    @asynccontextmanager
    async def _entered(self, block: Block[Any, Any]) -> AsyncIterator[Any]:
        with block as given:
            yield self._shown(given)


def _plain(value: Any) -> Any:
    if isinstance(value, Awaited):
        return value.blocking
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if type(value) is dict:
        return {name: _plain(item) for name, item in value.items()}
    return value


def used_by(asked: object) -> set[str]:
    """Return what was used of a blocking object and of all that came of it; nothing of another."""
    return asked.used if isinstance(asked, Awaited) else set()


def tasks_of(asked: object) -> int:
    """Return how many tasks the loop has that does the work of an object."""

    async def counted() -> int:
        return len(asyncio.all_tasks()) - 1

    if isinstance(asked, Awaited):
        return blocking.call(counted)
    return len(asyncio.all_tasks())


def without_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    work.close()
    raise AssertionError("it waited, without an event loop")


def _colours(asynchronous_class: Any, blocking_class: Any) -> dict[str, Run]:
    """Return by name what runs a body, with the object that further arguments make."""

    def asynchronous(body: Body[T], *args: Any, **options: Any) -> T:
        async def main() -> T:
            async with asynchronous_class(*args, **options) as made:
                return await body(made)

        return asyncio.run(main())

    def synchronous(body: Body[T], *args: Any, **options: Any) -> T:
        with blocking_class(*args, **options) as made:
            return without_loop(body(Awaited(made, set())))

    def inside_a_loop(body: Body[T], *args: Any, **options: Any) -> T:
        async def main() -> T:
            return synchronous(body, *args, **options)

        return asyncio.run(main())

    return {"async": asynchronous, "sync": synchronous, "sync-in-a-loop": inside_a_loop}


COLOURS = _colours(Session, blocking.Session)
API_COLOURS = _colours(API, blocking.API)


@contextmanager
def nothing_left() -> Iterator[None]:
    """See that no thread, socket, file or task is held after the block that was not before."""
    blocking.call(_held)  # libuv keeps a pipe for the rest of the process, once it was used
    threads, before = set(threading.enumerate()), asyncio.run(_held())
    yield
    more = [
        thread
        for thread in threading.enumerate()
        if thread not in threads and not thread.name.startswith(_OF_A_LOOP)
    ]
    for thread in more:
        thread.join(_PATIENCE)  # workers end a moment after their loop, not with it
    assert not (left := [thread for thread in more if thread.is_alive()]), f"left behind: {left}"
    asyncio.run(settled(before))


async def _held() -> Held:
    return held_by_process()
