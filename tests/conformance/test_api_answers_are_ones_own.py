"""Whatever a reader does to an answer, the next cached read gives what the server said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path

import msgspec
import pytest

from comet_async import API, Limits
from comet_async.api.cache import NOT_CACHED
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import LOCAL_KEY
from tests.conformance.api_calls import API_CALLS, plain

ARCHIVE = Path(__file__).parents[1] / "server" / "data" / "offline-sample.zip"
ASKS_AGAIN = {
    "APIExperiment.download_model",
    "APIExperiment.get_git_patch",
    "Model.download",
    "artifact.download",
    "download_experiment_asset",
    "download_registry_model",
    "download_registry_model(stage)",
    "get_experiment_by_key(unknown)",
    "get_project(unknown)",
    "query(and)",
    "query(metric)",
    "query(not tag)",
    "query(nothing)",
    "search(or)",
}
"""Calls that go past the cache: files, queries, and what there is not."""


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    spec = SyntheticSpec(experiments=12, points=20)
    async with LocalServer([ARCHIVE], synthetic=spec, storage=True) as started:
        yield started


def spoil(value: object) -> None:
    """Change every list and dict in a value, at any depth."""
    if isinstance(value, list):
        for item in value:
            spoil(item)
        value.append("spoilt")
        value.reverse()
    elif isinstance(value, dict):
        for member in value.values():
            spoil(member)
        value.clear()
        value["spoilt"] = True
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            spoil(getattr(value, name))


@pytest.mark.parametrize("name", sorted(API_CALLS))
async def test_a_spoilt_answer_is_whole_for_the_next_reader(name: str, server: LocalServer) -> None:
    async with API(LOCAL_KEY, url=server.url, limits=Limits()) as api:
        api.do_cache(*NOT_CACHED)
        for _ in range(2):
            answer = await API_CALLS[name](api)
            told = deepcopy(plain(answer))
            server.log.clear()
            spoil(answer)
            assert plain(await API_CALLS[name](api)) == told
        assert (len(server.log) > 0) == (name in ASKS_AGAIN)
