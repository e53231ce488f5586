"""What only blocking `API`s have: no key in a traceback, many threads, and nobody who closes them."""

from __future__ import annotations

import gc
import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest

import comet_async
from comet_async import Limits, blocking, bulk, comet
from comet_async.api import Experiments
from comet_async.errors import CometAsyncError, NotFoundError, UsageError
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import LOCAL_KEY, local_server

WORKSPACE = "synthetic"
SPEC = SyntheticSpec(experiments=24, projects=2, points=2, metrics=1, parameters=1, assets=1)
SENTINEL = "Zk9xW2sentinelQp4vZk9xW2s"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SPEC, api_keys=[LOCAL_KEY])) as started:
        yield started


@pytest.fixture
def opened(server: LocalServer) -> Iterator[Callable[[], blocking.API]]:
    """Give what makes an API; afterwards there is no portal."""
    yield lambda: blocking.API(LOCAL_KEY, url=server.url, limits=Limits())
    gc.collect()
    for portal in portals():
        portal.join(10)
    assert portals() == []


def portals() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "comet-async-portal"]


def frames_of(error: BaseException) -> list[FrameType]:
    found = [frame.frame for frame in inspect.getinnerframes(error.__traceback__)]  # type: ignore[arg-type]  # it was raised
    return [frame for frame in found if "comet_async" in frame.f_code.co_filename][1:]


def shown(frame: FrameType) -> str:
    """Return the locals of a frame; an object that could not be made shows what it has got."""
    found = {name: value for name, value in frame.f_locals.items() if name != "self"}
    return f"{found} {vars(frame.f_locals['self']) if 'self' in frame.f_locals else ''}"


def test_no_frame_of_an_error_shows_the_key(
    server: LocalServer, opened: Callable[[], blocking.API], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_URL_OVERRIDE", server.url)
    with opened() as api:
        for make in (
            lambda: blocking.API(SENTINEL, version="v1"),
            lambda: blocking.API(SENTINEL, url="no url"),
            lambda: blocking.API(SENTINEL, nothing=1),  # type: ignore[call-arg]  # what is wrong
            lambda: blocking.Model(WORKSPACE, "m", api_key=SENTINEL, api=api),
            lambda: blocking.Model.from_registry(WORKSPACE, "m", api_key=SENTINEL),
        ):
            with pytest.raises((CometAsyncError, TypeError)) as caught:
                make()
            frames = frames_of(caught.value)
            assert len(frames) > 2
            assert SENTINEL not in "".join(map(shown, frames))
            assert SENTINEL not in repr(caught.value)


def test_no_object_shows_the_key(server: LocalServer, opened: Callable[[], blocking.API]) -> None:
    with opened() as api:
        model = blocking.Model(WORKSPACE, "any", api=api)
        for one in (api, model, api.session):
            assert LOCAL_KEY not in repr(vars(one))


def test_what_was_made_of_a_forgotten_one_keeps_it_open(opened: Callable[[], blocking.API]) -> None:
    run = opened().get_experiments(WORKSPACE)[0]
    model = blocking.Model(WORKSPACE, "none", api=opened())
    session = opened().session
    gc.collect()
    assert run.get_metadata().experiment_key == run.key
    with pytest.raises(NotFoundError) as caught:  # the server's answer, so it is open
        model.find_versions()
    del caught
    assert session.concurrency >= 1
    assert len(portals()) == 1


def test_threads_read_and_write_side_by_side(opened: Callable[[], blocking.API]) -> None:
    with opened() as api:
        runs = api.get_experiments(WORKSPACE)
        together = threading.Barrier(8, timeout=20)

        def work(number: int) -> list[str]:
            run = runs[number]
            together.wait()
            run.add_tag(f"of {number}")
            api.archive_experiments([run.key])
            return run.get_tags()

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(work, range(8)))
        assert all(f"of {number}" in tags for number, tags in enumerate(found))
        left = {run.key for run in api.get_experiments(WORKSPACE)}
        assert left == {run.key for run in runs[8:]}


def test_a_hook_is_told_of_the_progress_and_may_not_call_back(
    opened: Callable[[], blocking.API],
) -> None:
    seen: list[tuple[int, int]] = []
    known: list[object] = []

    def call_back(over: int, total: int) -> None:
        seen.append((over, total))
        known.append(runs[over].to_dict()["id"])
        api.get_workspaces()

    with opened() as api:
        runs = api.get_experiments(WORKSPACE)[:5]
        keys = [run.key for run in runs]
        api.archive_experiments(keys[:3], progress=lambda over, total: seen.append((over, total)))
        assert seen == [(1, 3), (2, 3), (3, 3)]
        with pytest.raises(UsageError, match="portal's own thread"):
            api.archive_experiments(keys[3:4], progress=call_back)
        assert seen[3:] == [(1, 1)]
        assert known == [keys[1]]  # what needs no request does not wait
        assert api.get_workspaces() == [WORKSPACE]


def test_generators_of_arguments_may_ask_the_api(opened: Callable[[], blocking.API]) -> None:
    def failing() -> Iterator[str]:
        yield api.get_experiments(WORKSPACE)[0].key
        raise ZeroDivisionError

    with opened() as api:
        tags = api.send_each(
            (run.key, comet.get_experiment_tags(run.key))
            for run in api.gen_experiments(WORKSPACE)
            if run.get_metadata().experiment_key == run.key
        )
        assert len(tags) == SPEC.experiments
        with pytest.raises(ZeroDivisionError):
            api.archive_experiments(failing())  # type: ignore[arg-type]  # as one is tempted to
        keys = [run.key for run in api.get_experiments(WORKSPACE)]
        assert set(keys) == set(tags)
        found = api.get_metrics_for_chart(experiment_keys=map(str, keys), metrics=["loss"])  # type: ignore[arg-type]  # as above
        assert set(found) == set(keys)


def test_failures_of_many_writes_tell_what_was_done(opened: Callable[[], blocking.API]) -> None:
    with opened() as api:
        keys = [run.key for run in api.get_experiments(WORKSPACE)][:2]
        with pytest.raises(bulk.WritesFailed) as caught:
            api.archive_experiments([keys[0], "0" * 32, keys[1]])
        assert caught.value.report.done == tuple(keys)
        assert [*caught.value.report.failed] == ["0" * 32]


def test_a_call_under_way_ends_when_another_thread_closes(
    server: LocalServer, opened: Callable[[], blocking.API]
) -> None:
    api = opened()
    run = api.get_experiments(WORKSPACE)[0]
    server.faults.add("slow_start", 0.5, match=run.key)
    asked = threading.Event()

    def ask() -> object:
        asked.set()
        try:
            return run.get_metadata()
        except CometAsyncError as error:
            return error

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(ask)
        asked.wait(10)
        api.close()
        assert answer.result(10) is not None
    with pytest.raises(UsageError, match="closed; make another one"):
        run.get_metadata()


URL = "http://127.0.0.1:1"


def test_with_in_place_of_async_with_says_what_to_write() -> None:
    for made in (
        comet_async.Session(comet.service(LOCAL_KEY, url=URL)),
        comet_async.API(LOCAL_KEY, url=URL),
        comet_async.Model("team", "toy", api_key=LOCAL_KEY),
    ):
        name = type(made).__name__
        told = rf"`async with {name}\(\.\.\.\)`.* comet_async\.blocking\.{name} "
        with (
            pytest.raises(UsageError, match=told),
            made,  # type: ignore[union-attr]  # pyright: ignore[reportGeneralTypeIssues]  # that is the point
        ):
            raise AssertionError("it was entered")


async def test_async_with_in_place_of_with_says_what_to_write() -> None:
    for made in (
        blocking.Session(comet.service(LOCAL_KEY, url=URL)),
        blocking.API(LOCAL_KEY, url=URL),
        blocking.Model("team", "toy", api_key=LOCAL_KEY),
    ):
        name = type(made).__name__
        told = rf"`with {name}\(\.\.\.\)`, .*comet_async\.blocking; .* comet_async\.{name} "
        with made, pytest.raises(UsageError, match=told):
            async with made:  # type: ignore[union-attr]  # pyright: ignore[reportGeneralTypeIssues]  # as above
                raise AssertionError("it was entered")


def test_experiments_show_themselves_as_the_asynchronous_ones_do(
    opened: Callable[[], blocking.API],
) -> None:
    with opened() as api:
        runs = api.get_experiments(WORKSPACE, api.get_projects(WORKSPACE)[0])
        shown = api.with_metrics(runs, "metric-0", "loss")
        assert shown == runs
        assert all(isinstance(run, blocking.APIExperiment) for run in shown)
        assert isinstance(runs, Experiments)
        assert isinstance(shown[:3], Experiments)
        assert repr(shown).splitlines()[1].split()[-1] == "loss"
        assert repr(shown[:1]).splitlines()[2].endswith(f"{shown[0].known_metrics['loss']:.4g}")
        html = f"{shown._repr_html_()}{shown[0]._repr_html_()}{api.session._repr_html_()}"
        assert shown[0].key in html
        assert LOCAL_KEY not in html
        assert api._repr_html_() is None
    assert "<table>" in shown[0]._repr_html_()
