"""The cache of reads: bounded, shared by readers at the same time, never older than a write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async import comet
from comet_async.api.cache import NOT_CACHED, READ_ENDPOINTS, ReadCache
from comet_async.api.copying import copied
from comet_async.comet.common import SERVICE
from comet_async.errors import NotFoundError, UsageError
from comet_async.request import Blob, Effect, Request, build

TAGS = comet.get_experiment_tags("e1")
LISTING = comet.get_experiments(project_id="p1")


class Server:
    """Answers tags by a number that counts up, when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.state = 0
        self.gate = anyio.Event()
        self.gate.set()

    async def send(self, request: Request[comet.Tags]) -> comet.Tags:
        self.asked += 1
        seen = self.state
        await self.gate.wait()
        await anyio.lowlevel.checkpoint()
        return comet.Tags(tags=[f"{request.query[0][1]}:{seen}"])

    def hold(self) -> None:
        self.gate = anyio.Event()


async def test_a_second_read_asks_nobody() -> None:
    server, cache = Server(), ReadCache()
    first = await cache.read(TAGS, server.send)
    assert await cache.read(TAGS, server.send) == first
    assert server.asked == 1
    assert len(cache) == 1
    assert repr(cache).startswith("<ReadCache on, 1 answers")


async def test_requests_that_differ_are_kept_apart() -> None:
    server, cache = Server(), ReadCache()
    other = comet.get_experiment_tags("e2")
    assert await cache.read(TAGS, server.send) != await cache.read(other, server.send)
    raw = TAGS.returning(bytes)

    async def octets(request: Request[bytes]) -> bytes:
        return b"raw"

    assert await cache.read(raw, octets) == b"raw"
    assert server.asked == 2


async def test_who_is_told_of_the_body_gets_a_body_to_be_told_of() -> None:
    server, cache = Server(), ReadCache()
    tapped = TAGS.tapped(lambda _body: None)
    for request in (TAGS, tapped, tapped):
        await cache.read(request, server.send)
    assert server.asked == 3


async def test_equal_reads_at_the_same_time_are_one_exchange() -> None:
    server, cache = Server(), ReadCache()
    server.hold()
    found: list[comet.Tags] = []

    async def read() -> None:
        found.append(await cache.read(TAGS, server.send))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        server.gate.set()
    assert server.asked == 1
    assert found == [comet.Tags(tags=["e1:0"])] * 5


async def test_no_reader_has_the_lists_of_another() -> None:
    server, cache = Server(), ReadCache()
    server.hold()
    found: list[comet.Tags] = []

    async def read() -> None:
        found.append(await cache.read(TAGS, server.send))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        server.gate.set()
    await read()
    await read()
    for tags in found:
        assert tags == comet.Tags(tags=["e1:0"])
        tags.tags.append("spoilt")
    assert server.asked == 1


class Held(msgspec.Struct, frozen=True):
    fixed: str | None
    anything: object


class Loose(msgspec.Struct):
    text: str


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.tuples(inner)
        | st.builds(Held, st.none() | st.text(), inner)
        | st.builds(Loose, st.text())
    ),
)


def changeable(value: object) -> set[int]:
    """Return the identity of everything in a value that can be changed."""
    found = {id(value)} if isinstance(value, list | dict | Loose) else set()
    if isinstance(value, dict):
        inner: list[object] = list(value.values())
    elif isinstance(value, Held):
        inner = [value.anything]
    else:
        inner = [*value] if isinstance(value, list | tuple) else []
    return found.union(*map(changeable, inner))


@given(value=VALUES)
def test_a_copy_is_equal_and_has_nothing_in_common_that_can_be_changed(value: object) -> None:
    copy = copied(value)
    assert copy == value
    assert type(copy) is type(value)
    assert changeable(copy).isdisjoint(changeable(value))


def test_what_cannot_be_changed_is_not_copied() -> None:
    experiment = comet.Experiment(experiment_key="e1", experiment_name="run")
    listing = comet.Experiments(experiments=[experiment])
    assert copied(experiment) is experiment
    assert copied(listing).experiments[0] is experiment
    assert copied(listing).experiments is not listing.experiments


async def test_a_failure_is_shared_and_not_kept() -> None:
    cache, asked = ReadCache(), 0
    gate = anyio.Event()

    async def fail(request: Request[comet.Tags]) -> comet.Tags:
        nonlocal asked
        asked += 1
        await gate.wait()
        raise NotFoundError("gone", request=request, status=404)

    errors: list[NotFoundError] = []

    async def read() -> None:
        try:
            await cache.read(TAGS, fail)
        except NotFoundError as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        gate.set()
    assert asked == 1
    assert [str(error) for error in errors] == [str(errors[0])] * 3
    assert len({id(error) for error in errors}) == 3
    with pytest.raises(NotFoundError):
        await cache.read(TAGS, fail)
    assert asked == 2


async def test_when_the_one_who_asks_is_cancelled_the_next_one_asks() -> None:
    server, cache = Server(), ReadCache()
    server.hold()
    first = asyncio.create_task(cache.read(TAGS, server.send))
    await anyio.wait_all_tasks_blocked()
    second = asyncio.create_task(cache.read(TAGS, server.send))
    await anyio.wait_all_tasks_blocked()
    first.cancel()
    await anyio.wait_all_tasks_blocked()
    server.gate.set()
    assert await second == comet.Tags(tags=["e1:0"])
    assert first.cancelled()
    assert server.asked == 2


async def test_a_write_forgets_what_was_read() -> None:
    server, cache = Server(), ReadCache()
    await cache.read(TAGS, server.send)
    with cache.writing():
        server.state = 1
    assert await cache.read(TAGS, server.send) == comet.Tags(tags=["e1:1"])


async def test_a_read_across_a_write_is_not_kept() -> None:
    server, cache = Server(), ReadCache()
    server.hold()
    reading = asyncio.create_task(cache.read(TAGS, server.send))
    await anyio.wait_all_tasks_blocked()
    with cache.writing():
        server.state = 1
    server.gate.set()
    assert await reading == comet.Tags(tags=["e1:0"])
    assert await cache.read(TAGS, server.send) == comet.Tags(tags=["e1:1"])


async def test_who_reads_after_a_write_never_joins_a_read_from_before() -> None:
    server, cache = Server(), ReadCache()
    server.hold()
    before = asyncio.create_task(cache.read(TAGS, server.send))
    await anyio.wait_all_tasks_blocked()
    with cache.writing():
        server.state = 1
        during = asyncio.create_task(cache.read(TAGS, server.send))
        await anyio.wait_all_tasks_blocked()
        server.state = 2
    after = asyncio.create_task(cache.read(TAGS, server.send))
    await anyio.wait_all_tasks_blocked()
    server.gate.set()
    found = [(await task).tags for task in (before, during, after)]
    assert found == [["e1:0"], ["e1:1"], ["e1:2"]]
    assert await cache.read(TAGS, server.send) == comet.Tags(tags=["e1:2"])


async def test_nothing_read_during_one_of_two_writes_is_kept() -> None:
    server, cache = Server(), ReadCache()
    with cache.writing():
        with cache.writing():
            pass
        await cache.read(TAGS, server.send)
        assert len(cache) == 0


async def test_listings_and_writes_are_not_kept() -> None:
    cache, asked = ReadCache(), 0

    async def send(request: Request[comet.Experiments]) -> comet.Experiments:
        nonlocal asked
        asked += 1
        return comet.Experiments(experiments=[])

    write = build(SERVICE, "GET", "/write/x", comet.Experiments, Effect.IDEMPOTENT)
    for request in (LISTING, LISTING, write, write):
        await cache.read(request, send)
    assert (asked, len(cache)) == (4, 0)
    cache.include(["experiments"])
    for _ in range(2):
        await cache.read(LISTING, send)
    assert (asked, len(cache)) == (5, 1)
    cache.exclude(["/api/rest/v2/experiments"])
    assert (len(cache), cache.size) == (0, 0)
    await cache.read(LISTING, send)
    assert asked == 6


async def test_switching_it_off_forgets() -> None:
    server, cache = Server(), ReadCache()
    await cache.read(TAGS, server.send)
    cache.enabled = False
    assert (cache.enabled, len(cache)) == (False, 0)
    await cache.read(TAGS, server.send)
    assert (server.asked, len(cache)) == (2, 0)
    assert "off" in repr(cache)


def test_an_endpoint_that_is_none_is_refused() -> None:
    cache = ReadCache()
    with pytest.raises(UsageError, match=r"experiment/tag is no read.*experiment/tags"):
        cache.include(["experiment/tag"])
    with pytest.raises(UsageError, match="write/experiment/tags"):
        cache.exclude(["write/experiment/tags"])
    assert NOT_CACHED < READ_ENDPOINTS


@given(sizes=st.lists(st.integers(0, 60), max_size=30), most=st.integers(1, 8))
async def test_it_stays_within_its_bounds(sizes: list[int], most: int) -> None:
    cache = ReadCache(max_answers=most, max_bytes=100)
    kept: list[int] = []

    def sender(size: int) -> Callable[[Request[Blob]], Awaitable[Blob]]:
        async def send(request: Request[Blob]) -> Blob:
            return Blob(b"x" * size)

        return send

    for number, size in enumerate(sizes):
        await cache.read(comet.get_experiment_git_patch(f"e{number}"), sender(size))
        kept.append(size)
        while len(kept) > most or sum(kept) > 100:
            kept.pop(0)
        assert (len(cache), cache.size) == (len(kept), sum(kept))


async def test_what_is_larger_than_all_is_not_kept() -> None:
    cache = ReadCache(max_bytes=10)

    async def send(request: Request[Blob]) -> Blob:
        return Blob(b"x" * 11)

    await cache.read(comet.get_experiment_git_patch("e1"), send)
    assert len(cache) == 0
