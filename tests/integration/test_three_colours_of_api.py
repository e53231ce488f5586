"""`API` is the same to asynchronous code, to synchronous code, and inside a running loop."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from comet_async import API, Limits, Ok, blocking, bulk, comet
from comet_async.errors import (
    AuthenticationError,
    ClientError,
    DestinationError,
    NotFoundError,
    UsageError,
)
from comet_async.query import Metric, Tag
from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.colours import API_COLOURS, Run, nothing_left, tasks_of

KEY = "the-one-valid-key-of-this-server"
SPEC = SyntheticSpec(experiments=9, projects=2, points=20, assets=2, asset_bytes=3_000)
WORKSPACE = "synthetic"
PROJECT = SyntheticSource(SPEC).projects()[0].name


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """Serve data that each test may change, for itself alone."""
    with serve_in_thread(local_server(synthetic=SPEC, api_keys=[KEY])) as started:
        yield started


@pytest.fixture(params=API_COLOURS)
def run(request: pytest.FixtureRequest, server: LocalServer) -> Iterator[Run]:
    """Run a body in each colour; afterwards no thread, socket or file is held."""

    def run(body: object, *, key: str = KEY, **options: object) -> object:
        return API_COLOURS[request.param](body, key, url=server.url, limits=Limits(), **options)

    with nothing_left():
        yield run


async def _projects(api: API) -> list[str]:
    return sorted(await api.get_projects(WORKSPACE))


def test_listings_and_what_each_experiment_tells(run: Run) -> None:
    async def body(api: API) -> None:
        assert await api.get_workspaces() == [WORKSPACE]
        first, second = await _projects(api)
        runs = await api.get_experiments(WORKSPACE, first)
        every = [found.key async for found in api.gen_experiments(WORKSPACE)]
        assert (
            len(every)
            == len(set(every))
            == len(runs) + len(await api.get_experiments(WORKSPACE, second))
        )
        one = runs[0]
        assert one.key in every
        assert (one.workspace, one.project_name) == (WORKSPACE, first)
        assert await api.get_experiment_by_key(one.key) == one
        assert await api.get_experiment_by_key("0" * 32) is None
        assert await api.get(WORKSPACE, first, one.key) == one
        summary = await one.get_metrics_summary("loss")
        assert summary is not None
        points = await one.get_metrics("loss")
        assert min(float(point.value or "nan") for point in points) == summary.minimum
        assert (await one.metric_extremes())["loss"].minimum == summary.minimum
        assert await one.get_tags() == (await one.get_tags())

    run(body)


def test_query(run: Run) -> None:
    async def body(api: API) -> set[str]:
        project = (await _projects(api))[0]
        runs = await api.get_experiments(WORKSPACE, project)
        await runs[0].add_tag("chosen")
        found = await api.query(WORKSPACE, project, (Metric("loss") > -1) & Tag("chosen"))
        assert [one.key for one in found] == [runs[0].key]
        with pytest.raises(UsageError, match="did you mean"):
            await api.query(WORKSPACE, project, Metric("los") > 0)
        return {one.key for one in found}

    assert len(run(body)) == 1


def test_writes_are_read_back(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"what was seen")

    async def body(api: API) -> None:
        made = await api.create_experiment(WORKSPACE, "new", "first")
        assert made.name == "first"
        await made.log_metric("loss", 0.25, step=1)
        await made.log_parameter("lr", 0.5)
        await made.add_tags(["a", "b"])
        await made.log_other("kind", "trial")
        assert [point.value for point in await made.get_metrics("loss")] == [0.25]
        assert await made.parameters() == {"lr": 0.5}
        assert set(await made.get_tags()) == {"a", "b"}
        await made.log_asset(str(file))
        (asset,) = await made.get_asset_list()
        assert asset.file_name == "notes.txt"
        there = tmp_path / "there.txt"
        await api.download_experiment_asset(made.key, asset.asset_id, str(there))
        assert there.read_bytes() == b"what was seen"
        there.unlink()

    run(body)


def test_many_are_archived_moved_and_deleted(run: Run, tmp_path: Path) -> None:
    async def body(api: API) -> None:
        first, second = await _projects(api)
        keys = [one.key for one in await api.get_experiments(WORKSPACE, first)]
        assert await api.archive_experiments(keys[:2], dry_run=True) == keys[:2]
        book = tmp_path / "book.jsonl"
        assert await api.archive_experiments(keys[:2], ledger=book) == keys[:2]
        assert await api.archive_experiments(keys[:3], ledger=book) == keys[2:3]
        archived = await api.get_archived_experiments(WORKSPACE, first)
        assert {one.key for one in archived} == set(keys[:3])
        await api.move_experiments(keys[3:], WORKSPACE, second)
        assert await api.get_experiments(WORKSPACE, first) == []
        with pytest.raises(UsageError, match="confirm=True"):
            await api.delete_experiments(keys[3:])
        assert await api.delete_experiments(keys[3:], confirm=True) == keys[3:]
        with pytest.raises(bulk.WritesFailed, match="1 failed"):
            await api.archive_experiments(["0" * 32])
        book.unlink()

    run(body)


def test_the_cache_forgets_at_writes_of_every_kind(run: Run, server: LocalServer) -> None:
    async def body(api: API) -> None:
        project = (await _projects(api))[0]
        one = (await api.get_experiments(WORKSPACE, project))[0]
        server.log.clear()
        before = await one.get_tags()
        assert await one.get_tags() == before
        assert server.log.counts()["/api/rest/v2/experiment/tags"] == 1
        await one.add_tag("new")
        assert set(await one.get_tags()) == {*before, "new"}
        await api.archive_experiments([one.key])
        await one.get_tags()
        assert server.log.counts()["/api/rest/v2/experiment/tags"] == 3
        assert api.use_cache() is True
        api.do_not_cache("experiment/tags")
        await one.get_tags()
        await one.get_tags()
        assert server.log.counts()["/api/rest/v2/experiment/tags"] == 5
        api.do_cache("experiment/tags")
        api.clear_cache()
        with pytest.raises(UsageError, match="experiment/tag"):
            api.do_cache("experiment/tagz")

    run(body)


def test_registry(run: Run) -> None:
    async def body(api: API) -> None:
        name = (await api.get_registry_model_names(WORKSPACE))[0]
        (version, *_) = await api.get_registry_model_versions(WORKSPACE, name)
        model = await api.get_model(WORKSPACE, name)
        assert version in [found.version for found in (await model.get_details(version),)]
        await model.add_tag(version, "shown")
        assert "shown" in await model.tags(version)
        await model.delete_tag(version, "shown")
        assert "shown" not in await model.tags(version)

    run(body)


def test_an_artifact_is_saved_in_a_folder(run: Run, tmp_path: Path) -> None:
    async def body(api: API) -> None:
        name = (await api.get_artifact_list(WORKSPACE)).artifacts[0].name
        assert name is not None
        latest = await api.get_artifact(WORKSPACE, name)
        listed = await api.get_artifact_files(WORKSPACE, name, version=latest.artifact_version)
        sizes = {file.file_name: file.file_size for file in listed.files if not file.is_remote}
        assert sizes
        for which in ("latest", latest.artifact_version):
            assert which is not None
            folder = tmp_path / threading.current_thread().name / which
            paths = await api.download_artifact(WORKSPACE, name, which, folder)
            saved = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}
            assert saved == sizes
        with pytest.raises(DestinationError):
            await api.download_artifact(WORKSPACE, name, "latest", folder, overwrite=False)
        with pytest.raises(ClientError):
            await api.download_artifact(WORKSPACE, name, "99.0.0", folder)

    run(body)


def test_errors_come_as_themselves(run: Run) -> None:
    async def wrong_key(api: API) -> None:
        with pytest.raises(AuthenticationError):
            await api.get_workspaces()

    async def nothing_there(api: API) -> None:
        with pytest.raises(NotFoundError):
            await api.set_project_notes(WORKSPACE, "nowhere", "said")
        assert await api.get_project(WORKSPACE, "nowhere") is None

    async def closed(api: API) -> None:
        await api.get_workspaces()
        await api.close()
        with pytest.raises(UsageError):
            await api.get_workspaces()

    run(wrong_key, key="another")
    run(nothing_there)
    run(closed)


def test_what_needs_no_request_is_there_when_it_is_closed(run: Run) -> None:
    async def body(api: API) -> None:
        one = (await api.get_experiments(WORKSPACE, PROJECT))[0]
        known = one.to_dict()
        await api.close()
        assert one.to_dict() == known
        assert api.use_cache(cache=False) is False
        api.clear_cache()
        with pytest.raises(UsageError, match="experiment/tag"):
            api.do_cache("experiment/tagz")
        with pytest.raises(UsageError, match="closed; make another one"):
            await one.get_tags()
        with pytest.raises(UsageError, match="closed; make another one"):
            assert api.session
        listing = api.gen_experiments(WORKSPACE)
        with pytest.raises(UsageError, match="closed; make another one"):
            await anext(listing)

    run(body)


def test_its_session_is_of_the_same_colour(run: Run) -> None:
    async def body(api: API) -> None:
        keys = [one.key for one in await api.get_experiments(WORKSPACE)]
        session = api.session
        answer = await session.send(comet.get_workspaces())
        assert answer.workspace_names == [WORKSPACE]
        pairs = [(key, comet.get_experiment_metadata(key)) for key in keys]
        async with session.fan_out(pairs, ordered=True) as outcomes:
            assert [outcome.key async for outcome in outcomes if isinstance(outcome, Ok)] == keys
        listed = comet.paged_experiments(workspace_name=WORKSPACE, project_name=PROJECT, size=2)
        found = [one.experiment_key async for one in session.items(listed)]
        assert set(found) <= set(keys)
        assert len(found) > 2

    run(body)


def test_leaving_a_listing_early_leaves_nothing_behind(run: Run, server: LocalServer) -> None:
    async def body(api: API) -> None:
        await api.get_workspaces()
        server.log.clear()
        before = tasks_of(api)
        async for _ in api.gen_experiments(WORKSPACE, PROJECT, page_size=2):
            break
        assert "0 active, 0 queued" in repr(api.session)
        assert tasks_of(api) == before
        assert await api.get_workspaces() == [WORKSPACE]

    run(body)
    assert server.log.counts() == {"/api/rest/v2/experiments": 1}


def test_without_a_block_and_from_many_threads(server: LocalServer) -> None:
    api = blocking.API(KEY, url=server.url, limits=Limits())
    try:
        runs = api.get_experiments(WORKSPACE)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda one: one.get_metrics_summary("loss"), runs))
        assert all(summary is not None for summary in found)
        assert json.dumps([one.to_json() for one in runs])
    finally:
        api.close()
    with pytest.raises(UsageError):
        api.get_workspaces()
