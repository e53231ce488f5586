"""Failures among siblings, and sessions that are not used as they should be (rows H5, H6)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from comet_async import Request, Session, comet
from comet_async.comet import Experiment
from comet_async.errors import NotFoundError, PermissionDeniedError, StatusError
from comet_async.events import AttemptStarted, Event
from comet_async.server import LocalServer, serve_in_thread
from tests.faults.harness_leaks import KEY, SPEC, Ground, assert_idle, held_by_process, settled

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with LocalServer(synthetic=SPEC) as server:
        yield Ground(server)


class BugError(Exception):
    """A mistake in the user's own code."""


async def consumed(
    session: Session,
    pairs: list[tuple[str, Request[Experiment]]],
    *,
    concurrency: int,
    until: str | None = None,
) -> None:
    """Read a fan-out, raising in its body at one key."""
    async with session.fan_out(pairs, concurrency=concurrency) as outcomes:
        async for outcome in outcomes:
            if outcome.key == until:
                raise BugError("body")


async def test_one_refused_key_leaves_its_siblings_whole(ground: Ground) -> None:
    refused = ground.keys[3]
    ground.server.faults.add("status", 403, match=refused)
    pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys]
    async with ground.session() as session:
        found = await session.collect(pairs)
    assert list(found.failed) == [refused]
    assert isinstance(found.failed[refused], PermissionDeniedError)
    assert [value.experiment_key for value in found.ok.values()] == [
        key for key in ground.keys if key != refused
    ]
    assert len(ground.server.log.matching(refused)) == 1


async def test_a_task_group_cancels_the_siblings_of_a_failure(ground: Ground) -> None:
    ground.server.faults.add("status", 404, match=ground.keys[0])
    ground.server.faults.add("stall_headers", 30.0, match=ground.keys[1])
    before = held_by_process()
    async with ground.session() as session:
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.TaskGroup() as tasks:
                sends = [
                    tasks.create_task(session.send(comet.get_experiment_metadata(key)))
                    for key in ground.keys[:2]
                ]
        assert_idle(session)
        assert [type(error) for error in raised.value.exceptions] == [NotFoundError]
        assert sends[1].cancelled()
    await settled(before)


async def test_a_group_keeps_all_its_errors_readable_and_without_the_key(ground: Ground) -> None:
    ground.server.faults.add("status", 403, match=ground.keys[0])
    ground.server.faults.add("status", 404, match=ground.keys[1])
    async with ground.session() as session:
        sends = [session.send(comet.get_experiment_metadata(key)) for key in ground.keys[:3]]
        results = await asyncio.gather(*sends, return_exceptions=True)
    errors = [result for result in results if isinstance(result, Exception)]
    group = ExceptionGroup("two of three", errors)
    text = "".join(traceback.format_exception(group))
    assert [type(error) for error in errors] == [PermissionDeniedError, NotFoundError]
    assert "PermissionDeniedError: GET /api/rest/v2/experiment/metadata: answered 403" in text
    assert "NotFoundError: GET /api/rest/v2/experiment/metadata: answered 404" in text
    assert KEY not in text
    assert "aiohttp" not in text


async def test_a_bug_in_an_observer_stops_the_fan_out_and_leaves_as_itself(ground: Ground) -> None:
    def observer(event: Event, /) -> None:
        if isinstance(event, AttemptStarted):
            started.append(event)
            if len(started) == 3:
                raise BugError("third attempt")

    started: list[Event] = []
    pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys]
    before = held_by_process()
    async with Session(ground.service(), observer=observer) as session:
        with pytest.raises(BugError, match="third attempt"):
            await consumed(session, pairs, concurrency=1)
        assert_idle(session)
    await settled(before)
    assert len(ground.server.log) < len(ground.keys)


async def test_bugs_of_several_tasks_are_all_kept(ground: Ground) -> None:
    def observer(event: Event, /) -> None:
        if isinstance(event, AttemptStarted):
            raise BugError(event.path)

    pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys[:3]]
    async with Session(ground.service(), observer=observer) as session:
        with pytest.raises(ExceptionGroup) as raised:
            await consumed(session, pairs, concurrency=3)
        assert_idle(session)
    assert [type(error) for error in raised.value.exceptions] == [BugError] * 3


async def test_an_error_of_the_body_leaves_the_block_as_itself(ground: Ground) -> None:
    ground.server.faults.add("stall_headers", 30.0, match=ground.keys[5])
    pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys]
    before = held_by_process()
    async with ground.session() as session:
        with pytest.raises(BugError, match="body"):
            await consumed(session, pairs, concurrency=4, until=ground.keys[1])
        assert_idle(session)
    await settled(before)


async def test_failures_of_an_inner_fan_out_are_values_of_the_outer_one(ground: Ground) -> None:
    ground.server.faults.add("status", 404, match=ground.keys[2])
    seen: list[tuple[str, list[str]]] = []
    async with ground.session() as session:
        pairs = [(key, comet.get_experiment_metadata(key)) for key in ground.keys[:4]]
        async with session.fan_out(pairs, concurrency=2, ordered=True) as outer:
            async for outcome in outer:
                inner = await session.collect([(outcome.key, pairs[0][1])])
                seen.append((type(outcome).__name__, list(inner.ok)))
    assert seen == [("Failed" if key == ground.keys[2] else "Ok", [key]) for key in ground.keys[:4]]


async def test_a_status_error_is_caught_by_its_group(ground: Ground) -> None:
    ground.server.faults.add("status", 404, match=ground.keys[0])
    caught: list[BaseException] = []
    async with ground.session() as session:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.send(comet.get_experiment_metadata(ground.keys[0])))
        except* StatusError as group:
            caught.extend(group.exceptions)
    assert [type(error) for error in caught] == [NotFoundError]


PRELUDE = """
import asyncio, gc, multiprocessing, os, sys, warnings
from comet_async import Session, comet
from comet_async.errors import UsageError

URL, KEY, EXPERIMENT = sys.argv[1:4]
REQUEST = comet.get_experiment_metadata(EXPERIMENT)

def opened():
    return Session(comet.service(KEY, url=URL))

async def tried(session):
    try:
        return (await session.send(REQUEST)).experiment_key
    except UsageError as error:
        return str(error)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with serve_in_thread(LocalServer(synthetic=SPEC)) as running:
        yield running


class Child:
    """A script in a process of its own: what it printed, and how it ended."""

    def __init__(self, server: LocalServer, script: str, *options: str) -> None:
        code = PRELUDE + textwrap.dedent(script)
        self.experiment = Ground(server).keys[0]
        done = subprocess.run(
            [sys.executable, *options, "-c", code, server.url, KEY, self.experiment],
            capture_output=True,
            text=True,
            timeout=15,
            cwd=ROOT,
            check=False,
        )
        self.code = done.returncode
        self.lines = done.stdout.splitlines()
        self.errors = done.stderr


def test_a_session_never_closed_warns_and_exits(server: LocalServer) -> None:
    child = Child(
        server,
        """
        async def main():
            session = await opened().__aenter__()
            print(await tried(session))
        asyncio.run(main())
        gc.collect()
        print("end")
        """,
        "-W",
        "always",
    )
    assert (child.code, child.lines) == (0, [child.experiment, "end"])
    assert "ResourceWarning: a Session was not closed" in child.errors
    assert KEY not in child.errors


def test_a_global_session_never_closed_does_not_hang_the_exit(server: LocalServer) -> None:
    child = Child(
        server,
        """
        session = opened()
        async def main():
            await session.__aenter__()
            async with session.fan_out((n, REQUEST) for n in range(20)) as outcomes:
                async for outcome in outcomes:
                    print(outcome.value.experiment_key)
                    break
        asyncio.run(main())
        """,
    )
    assert (child.code, child.lines) == (0, [child.experiment])


def test_a_session_whose_loop_is_closed_says_so(server: LocalServer) -> None:
    child = Child(
        server,
        """
        session = opened()
        async def first():
            await session.__aenter__()
            return await tried(session)
        print(asyncio.run(first()))
        print(asyncio.run(tried(session)))
        asyncio.run(session.__aexit__(None, None, None))
        print("closed")
        """,
    )
    assert child.code == 0, child.errors
    assert child.lines[0] == child.experiment
    assert "belongs to another event loop" in child.lines[1]
    assert child.lines[2] == "closed"


def test_a_session_in_the_loop_of_another_thread_is_a_usage_error(server: LocalServer) -> None:
    child = Child(
        server,
        """
        async def main():
            async with opened() as session:
                print(await tried(session))
                print(await asyncio.to_thread(lambda: asyncio.run(tried(session))))
                print(await tried(session))
        asyncio.run(main())
        """,
    )
    assert child.code == 0, child.errors
    assert child.lines[0] == child.lines[2] == child.experiment
    assert "belongs to another event loop" in child.lines[1]


FORKED = """
print("child", os.waitpid(child, 0)[1], flush=True)
for _ in range(3):
    print(loop.run_until_complete(tried(session)), flush=True)
loop.run_until_complete(session.__aexit__(None, None, None))
loop.close()
"""


@pytest.mark.parametrize("leaves", ["os._exit(0)", "sys.exit(0)"])
def test_a_fork_cannot_use_the_session_nor_spoil_it(server: LocalServer, leaves: str) -> None:
    script = f"""
loop = asyncio.new_event_loop()
session = opened()
loop.run_until_complete(session.__aenter__())
print(loop.run_until_complete(tried(session)), flush=True)
child = os.fork()
if child == 0:
    print(asyncio.run(tried(session)), flush=True)
    {leaves}
"""
    child = Child(server, script + FORKED)
    assert child.code == 0, child.errors
    assert child.lines[0] == child.experiment
    assert "belongs to another event loop" in child.lines[1]
    assert child.lines[2:] == ["child 0", *[child.experiment] * 3]


def test_a_fork_inside_the_running_loop_leaves_the_parent_whole(server: LocalServer) -> None:
    child = Child(
        server,
        """
        async def main():
            async with opened() as session:
                print(await tried(session), flush=True)
                child = os.fork()
                if child == 0:
                    loop = asyncio.new_event_loop()
                    print(loop.run_until_complete(tried(session)), flush=True)
                    os._exit(0)
                _, status = await asyncio.to_thread(os.waitpid, child, 0)
                print("child", status, flush=True)
                print(await tried(session), flush=True)
        asyncio.run(main())
        """,
    )
    assert child.code == 0, child.errors
    assert "belongs to another event loop" in child.lines[1]
    assert child.lines[2:] == ["child 0", child.experiment]


def test_a_worker_process_may_open_its_own_session(server: LocalServer) -> None:
    child = Child(
        server,
        """
        async def whole():
            async with opened() as session:
                return await tried(session)

        def work(results):
            results.put(asyncio.run(whole()))

        async def main():
            async with opened() as session:
                print(await tried(session), flush=True)
                context = multiprocessing.get_context("fork")
                results = context.Queue()
                worker = context.Process(target=work, args=(results,))
                worker.start()
                print(await asyncio.to_thread(results.get), flush=True)
                await asyncio.to_thread(worker.join)
                print(await tried(session), flush=True)
        asyncio.run(main())
        """,
    )
    assert child.code == 0, child.errors
    assert child.lines == [child.experiment] * 3
