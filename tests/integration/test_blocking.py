"""Blocking sessions: threads, signals, forks, callbacks, and those that nobody closes."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

import comet_async
from comet_async import Failed, Ok, Request, Throttle, blocking, comet, harvest
from comet_async.errors import UsageError
from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.service import Service
from comet_async.testing import local_server, local_service

SPEC = SyntheticSpec(experiments=8, assets=1, asset_bytes=200_000)
SOURCE = SyntheticSource(SPEC)
KEYS = [SOURCE.key(index) for index in range(SPEC.experiments)]
PROJECT = SOURCE.projects()[0].name


@pytest.fixture(scope="module")
def listening() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SPEC)) as server:
        yield server


@pytest.fixture
def server(listening: LocalServer) -> Iterator[LocalServer]:
    listening.log.clear()
    yield listening
    listening.faults.clear()


@pytest.fixture
def service(server: LocalServer) -> Iterator[Service]:
    """The server's profile; afterwards there is no portal."""
    yield local_service(server)
    assert portals() == []


def portals() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "comet-async-portal"]


def metadata(key: str) -> Request[comet.Experiment]:
    return comet.get_experiment_metadata(key)


def test_it_takes_what_the_asynchronous_session_takes() -> None:
    ours, theirs = blocking.Session, comet_async.Session
    assert inspect.signature(ours) == inspect.signature(theirs)
    verbs = {name for name, _ in inspect.getmembers(theirs) if not name.startswith("_")}
    assert verbs <= set(dir(ours))
    for name in ("send", "fan_out", "collect", "items", "pages", "download", "download_many"):
        here, there = (inspect.signature(getattr(kind, name)) for kind in (ours, theirs))
        assert [*here.parameters] == [*there.parameters]
        defaults = [[p.default for p in one.parameters.values()] for one in (here, there)]
        assert defaults[0] == defaults[1]


def test_one_portal_serves_all_sessions_and_ends_with_the_last(service: Service) -> None:
    with blocking.Session(service) as one:
        (portal,) = portals()
        two = blocking.Session(service)
        assert portals() == [portal]
        assert one.send(metadata(KEYS[0])) == two.send(metadata(KEYS[0]))
        assert one != two
        assert len({one, two}) == 2
    assert portals() == [portal]
    two.close()
    two.close()
    assert not portal.is_alive()


def test_threads_share_a_session(service: Service, server: LocalServer) -> None:
    together = threading.Barrier(8, timeout=20)
    server.faults.add("slow_start", 0.2)

    def work(key: str) -> str:
        together.wait()
        return session.send(metadata(key)).experiment_key

    with blocking.Session(service) as session, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, KEYS))
    assert found == KEYS
    assert session.counters.requests == 8


def test_pairs_are_drawn_by_the_reader_and_may_come_from_the_session(service: Service) -> None:
    drawn: set[str] = set()

    def pairs() -> Iterator[tuple[str, Request[comet.Experiment]]]:
        for run in session.items(
            comet.paged_experiments(workspace_name="synthetic", project_name=PROJECT, size=3)
        ):
            drawn.add(threading.current_thread().name)
            yield run.experiment_key, metadata(run.experiment_key)

    with blocking.Session(service) as session:
        with session.fan_out(pairs(), concurrency=2) as outcomes:
            found = {outcome.key for outcome in outcomes if isinstance(outcome, Ok)}
        assert found == set(KEYS)
        assert session.collect(pairs()).ok.keys() == found
    assert drawn == {threading.current_thread().name}


def test_a_limit_may_be_shared(service: Service) -> None:
    throttle = Throttle()
    for _ in range(2):  # each time in another portal
        with (
            blocking.Session(service, throttle=throttle) as one,
            blocking.Session(service, throttle=throttle) as two,
        ):
            pairs = [(key, metadata(key)) for key in KEYS]
            assert not one.collect(pairs).failed
            assert not two.collect(pairs).failed


def test_a_callback_that_calls_is_told_so(service: Service, tmp_path: Path) -> None:
    told: list[str] = []

    def progress(received: int, total: int | None) -> None:
        told.append(threading.current_thread().name)
        session.send(comet.get_workspaces())

    with blocking.Session(service) as session:
        asset = session.send(comet.get_experiment_asset_list(KEYS[0])).assets[0]
        request = comet.get_experiment_asset(asset.asset_id, experiment_key=KEYS[0])
        with pytest.raises(UsageError, match="wait for itself for ever"):
            session.download(request, tmp_path / "one", progress=progress)
        assert session.send(comet.get_workspaces()).workspace_names == ["synthetic"]
    assert set(told) == {"comet-async-portal"}


def test_a_session_may_be_closed_inside_its_fan_out(service: Service) -> None:
    session = blocking.Session(service)
    pairs = ((key, metadata(key)) for key in KEYS)
    with session.fan_out(pairs, concurrency=1, buffer=0) as outcomes:
        assert isinstance(next(outcomes), Ok)
        session.close()
        (rest,) = {type(outcome) for outcome in outcomes}
        assert rest is Failed
    with pytest.raises(UsageError, match="closed; make another one"):
        next(outcomes)


def test_a_block_that_was_left_gives_nothing(service: Service) -> None:
    with blocking.Session(service) as session:
        with session.fan_out((key, metadata(key)) for key in KEYS) as outcomes:
            next(outcomes)
        with pytest.raises(UsageError, match="the block has ended"):
            next(outcomes)


def test_forgotten_ones_are_closed_by_the_garbage_collector(service: Service) -> None:
    session = blocking.Session(service)
    session.send(metadata(KEYS[0]))
    block = session.fan_out((key, metadata(key)) for key in KEYS)
    next(block.__enter__())
    (portal,) = portals()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del session, block
        gc.collect()
    portal.join(20)
    assert not portal.is_alive()


def test_call_runs_any_coroutine_function(service: Service, tmp_path: Path) -> None:
    async def nested(given: dict[str, list[object]], *, other: object) -> tuple[object, object]:
        await anyio.lowlevel.checkpoint()
        return given["sessions"][0], other

    with blocking.Session(service) as session:
        plan = blocking.call(harvest.plan, session, "synthetic", tables=["tags"])
        report = blocking.call(harvest.run, session, plan, tmp_path / "lake")
        one, other = blocking.call(nested, {"sessions": [session]}, other=(session, 1))
        assert one is session.asynchronous
        assert other == (session.asynchronous, 1)
    assert report.exit_code == 0
    assert comet_async.open_lake(tmp_path / "lake").table("tags").rows > 0


async def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_what_work_raises_comes_to_the_caller_alone(service: Service, error: BaseException) -> None:
    with blocking.Session(service) as session:
        with pytest.raises(type(error)) as raised:
            blocking.call(raising, error)
        assert raised.value is error
        assert raised.traceback[-1].name == "raising"
        session.send(comet.get_workspaces())


def test_context_variables_of_the_caller_are_seen() -> None:
    told = contextvars.ContextVar("told", default="nothing")

    async def read() -> str:
        return told.get()

    told.set("something")
    assert blocking.call(read) == "something"
    assert portals() == []


async def lasting() -> None:
    asyncio.get_running_loop().call_soon(sys.exit, 7)
    await anyio.sleep_forever()


def test_those_who_wait_are_told_when_the_portal_breaks_down(service: Service) -> None:
    kept = blocking.Session(service)
    with pytest.raises(UsageError, match="came to its end"):
        blocking.call(lasting)
    with pytest.raises(UsageError, match="closed; make another one"):
        kept.send(metadata(KEYS[0]))
    kept.close()
    with blocking.Session(service) as session:
        session.send(metadata(KEYS[0]))
