"""A session gives the same to asynchronous code, to synchronous code, and inside a running loop."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async import (
    Blob,
    Failed,
    Ok,
    Outcome,
    Paged,
    Request,
    RetryPolicy,
    Session,
    comet,
)
from comet_async.comet.account import Workspaces
from comet_async.errors import (
    AuthenticationError,
    DestinationError,
    NotFoundError,
    ServerError,
    UsageError,
)
from comet_async.request import Effect, build
from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.service import Limits
from comet_async.testing import local_server
from tests.support.colours import COLOURS, Run, nothing_left

KEY = "the-one-valid-key-of-this-server"
SPEC = SyntheticSpec(experiments=7, assets=2, asset_bytes=300_000)
SOURCE = SyntheticSource(SPEC)
KEYS = [SOURCE.key(index) for index in range(SPEC.experiments)]
PROJECT = SOURCE.projects()[0].name
WORKSPACES = Workspaces(workspace_names=["synthetic"])


@pytest.fixture(scope="module")
def listening() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SPEC, api_keys=[KEY])) as server:
        yield server


@pytest.fixture
def server(listening: LocalServer) -> Iterator[LocalServer]:
    listening.log.clear()
    yield listening
    listening.faults.clear()


@pytest.fixture(params=COLOURS)
def run(request: pytest.FixtureRequest, server: LocalServer) -> Iterator[Run]:
    """Run a body in each colour; afterwards no thread, socket or file is held."""

    def run(body: object, *, key: str = KEY) -> object:
        service = comet.service(key, url=server.url, limits=Limits(concurrency=4))
        return COLOURS[request.param](body, service, retry=RetryPolicy(attempts=1))

    with nothing_left():
        yield run


def metadata(key: str) -> Request[comet.Experiment]:
    return comet.get_experiment_metadata(key)


def listed() -> Paged[comet.Experiments, comet.Experiment]:
    return comet.paged_experiments(workspace_name="synthetic", project_name=PROJECT, size=3)


def test_send(run: Run) -> None:
    async def body(session: Session) -> tuple[Workspaces, int]:
        return await session.send(comet.get_workspaces()), session.counters.requests

    assert run(body) == (WORKSPACES, 1)


def test_errors_come_as_themselves(run: Run, server: LocalServer) -> None:
    missing = build("comet", "GET", "/api/rest/v2/nothing", bytes, Effect.READ)

    async def body(session: Session) -> None:
        with pytest.raises(NotFoundError) as raised:
            await session.send(missing)
        assert (raised.value.status, raised.value.request) == (404, missing)
        frames = [entry.name for entry in raised.traceback]
        assert frames[0] == "body"
        assert "_attempts" in frames
        with pytest.raises(UsageError, match="this session has comet"):
            await session.send(build("other", "GET", "/x", bytes, Effect.READ))

    run(body)
    assert len(server.log) == 1


def test_a_wrong_key(run: Run) -> None:
    async def body(session: Session) -> None:
        await session.send(comet.get_workspaces())

    with pytest.raises(AuthenticationError):
        run(body, key="not-the-key-of-this-server")


def test_collect(run: Run, server: LocalServer) -> None:
    server.faults.add("status", 500, match=KEYS[2])

    async def body(session: Session) -> None:
        found = await session.collect((key, metadata(key)) for key in KEYS)
        assert list(found.ok) == [key for key in KEYS if key != KEYS[2]]
        assert [one.experiment_key for one in found.ok.values()] == list(found.ok)
        assert isinstance(found.failed[KEYS[2]], ServerError)
        with pytest.raises(UsageError, match="comes twice"):
            await session.collect([(1, metadata(KEYS[0])), (1, metadata(KEYS[1]))])

    run(body)


def test_fan_out_gives_outcomes_as_they_are_complete(run: Run, server: LocalServer) -> None:
    server.faults.add("slow_start", 0.2, match=KEYS[0])
    server.faults.add("status", 500, match=KEYS[1])

    async def body(session: Session) -> list[Outcome[str, comet.Experiment]]:
        async with session.fan_out((key, metadata(key)) for key in KEYS[:3]) as outcomes:
            return [outcome async for outcome in outcomes]

    *others, last = run(body)
    assert isinstance(last, Ok)
    assert last.key == last.value.experiment_key == KEYS[0]
    assert {outcome.key: type(outcome) for outcome in others} == {KEYS[1]: Failed, KEYS[2]: Ok}


def test_fan_out_in_order(run: Run, server: LocalServer) -> None:
    server.faults.add("slow_start", 0.1, match=KEYS[0])

    async def body(session: Session) -> list[str]:
        async with session.fan_out(((k, metadata(k)) for k in KEYS), ordered=True) as outcomes:
            return [outcome.key async for outcome in outcomes]

    assert run(body) == KEYS


def test_fan_out_draws_no_more_than_there_is_room_for(run: Run, server: LocalServer) -> None:
    drawn = itertools.count()

    async def body(session: Session) -> None:
        endless = ((number, metadata(KEYS[0])) for number in drawn)
        async with session.fan_out(endless, concurrency=3, buffer=2) as outcomes:
            for _ in range(4):
                await anext(outcomes)

    run(body)
    assert 4 <= next(drawn) <= 4 + 3 + 2
    assert len(server.log) <= 4 + 3 + 2


def test_leaving_fan_out_early_cancels_what_is_under_way(run: Run, server: LocalServer) -> None:
    server.faults.add("slow_start", 3600, match=KEYS[1])

    async def body(session: Session) -> Outcome[str, comet.Experiment]:
        async with session.fan_out((k, metadata(k)) for k in KEYS[:2]) as outcomes:
            first = await anext(outcomes)
        assert "0 active, 0 queued" in repr(session)
        return first

    assert run(body).key == KEYS[0]


def test_an_exception_of_the_block_leaves_it_as_itself(run: Run, server: LocalServer) -> None:
    server.faults.add("slow_start", 3600)
    own = ZeroDivisionError("the block's own")

    async def body(session: Session) -> None:
        async with session.fan_out((k, metadata(k)) for k in KEYS):
            raise own

    with pytest.raises(ZeroDivisionError) as raised:
        run(body)
    assert raised.value is own
    assert raised.traceback[-1].name == "body"


def test_a_bug_in_the_work_stops_everything_and_leaves_as_itself(
    run: Run, server: LocalServer
) -> None:
    server.faults.add("slow_start", 3600, match=KEYS[1])

    def tap(body: bytes) -> None:
        raise ZeroDivisionError

    async def body(session: Session) -> None:
        pairs = [(KEYS[1], metadata(KEYS[1])), (KEYS[0], metadata(KEYS[0]).tapped(tap))]
        async with session.fan_out(pairs) as outcomes:
            async for outcome in outcomes:
                raise AssertionError(outcome)

    with pytest.raises(ZeroDivisionError):
        run(body)


def test_an_exception_of_the_pairs_leaves_as_itself(run: Run) -> None:
    def pairs() -> Iterator[tuple[str, Request[comet.Experiment]]]:
        yield KEYS[0], metadata(KEYS[0])
        raise ZeroDivisionError

    async def body(session: Session) -> None:
        async with session.fan_out(pairs()) as outcomes:
            async for _ in outcomes:
                pass

    with pytest.raises(ZeroDivisionError):
        run(body)


def test_fan_out_refuses_what_makes_no_sense(run: Run) -> None:
    async def body(session: Session) -> None:
        async with session.fan_out([], concurrency=0):
            raise AssertionError

    with pytest.raises(UsageError, match="concurrency >= 1"):
        run(body)


def test_items_of_all_pages(run: Run, server: LocalServer) -> None:
    async def body(session: Session) -> tuple[list[str], list[int]]:
        found = [run.experiment_key async for run in session.items(listed())]
        return found, [len(page) async for page in session.pages(listed())]

    found, sizes = run(body)
    assert sorted(found) == sorted(KEYS)
    assert sizes == [3, 3, 1]


def test_items_are_asked_for_as_they_are_wanted(run: Run, server: LocalServer) -> None:
    async def body(session: Session) -> None:
        async for _ in session.items(listed()):
            break

    run(body)
    assert len(server.log) == 1


def asset(name: str) -> Request[Blob]:
    return comet.get_experiment_asset(name, experiment_key=KEYS[0])


def test_download(run: Run, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []

    async def body(session: Session) -> None:
        assets = (await session.send(comet.get_experiment_asset_list(KEYS[0]))).assets
        name, path = assets[0].asset_id, tmp_path / "one"
        done = await session.download(
            asset(name), path, progress=lambda received, total: told.append((received, total))
        )
        assert done.path == path
        assert done.size == path.stat().st_size == SPEC.asset_bytes
        with pytest.raises(DestinationError, match="exists"):
            await session.download(asset(name), path)
        pairs = [(tmp_path / f"{number}", asset(a.asset_id)) for number, a in enumerate(assets)]
        async with session.download_many(pairs) as outcomes:
            found = [outcome async for outcome in outcomes]
        assert {outcome.key for outcome in found if isinstance(outcome, Ok)} == dict(pairs).keys()

    run(body)
    assert told[-1] == (SPEC.asset_bytes, SPEC.asset_bytes)


def test_nothing_is_sent_when_it_is_closed(run: Run, server: LocalServer) -> None:
    kept: list[Session] = []

    async def body(session: Session) -> None:
        kept.append(session)

    async def later(session: Session) -> None:
        with pytest.raises(UsageError, match="closed; make another one"):
            await kept[0].send(comet.get_workspaces())
        with pytest.raises(UsageError, match="closed; make another one"):
            await kept[0].collect([(1, comet.get_workspaces())])
        with pytest.raises(UsageError, match="closed; make another one"):
            async with kept[0].fan_out([(1, comet.get_workspaces())]):
                raise AssertionError

    run(body)
    run(later)
    assert len(server.log) == 0
