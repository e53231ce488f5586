"""An expression wants the same experiments of a lake as of the server that it was harvested from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import comet_async
from comet_async import Session, comet, harvest
from comet_async.api.query import query
from comet_async.charts.choosing import wanted_keys
from comet_async.lake import LakeReader
from comet_async.server import LocalServer, serve_in_thread
from comet_async.testing import local_server, local_service

TABLES = [
    "experiments", "metrics", "metric_summaries", "parameters", "others", "tags", "system_details",
]  # fmt: skip
PROJECT = {"workspace_name": "samples", "project_name": "digits-classification"}

EXPRESSIONS = [
    'Metric("val_accuracy") > 0.96',
    'Metric("val_accuracy") >= 0.9644444444444444',
    'Metric("val_loss") < 0.5',
    'Metric("val_loss") <= 0.5',
    'not Metric("val_loss") < 0.5',
    'Metric("val_accuracy").between(0.8, 0.9)',
    'not Metric("val_accuracy").between(0.8, 0.9)',
    'Metric("batch_loss") == None',
    'Metric("batch_loss") != None',
    'Parameter("family") == "mlp"',
    'Parameter("family") != "mlp"',
    'Parameter("family").contains("forest")',
    'not Parameter("family").contains("forest")',
    'Parameter("family").startswith("sgd")',
    'not Parameter("family").startswith("sgd")',
    'Parameter("family").endswith("boosting")',
    'not Parameter("family").endswith("boosting")',
    'Parameter("family") == ""',
    'Parameter("family") != ""',
    'Parameter("alpha") < 0.001',
    'Parameter("alpha") == 0.001',
    'Parameter("alpha") != 0.001',
    'Parameter("activation") == None',
    'Parameter("warm_start") == True',
    'Tag("best")',
    'not Tag("best")',
    'Metadata("duration") > 1',
    'Metadata("file_name") != None',
    'Metadata("start_server_timestamp") > datetime("2020-01-01T00:00:00")',
    'Metadata("start_server_timestamp") < datetime("2020-01-01T00:00:00")',
    'Environment("os") != None',
    'Other("Name").contains("mlp")',
    'Parameter("family") == "mlp" and Metric("val_accuracy") > 0.85',
    'Parameter("family") == "mlp" or Metric("val_accuracy") > 0.96',
    'not (Parameter("family") == "mlp" or Metric("val_accuracy") > 0.96)',
]


class World(NamedTuple):
    """A server, and a lake of it."""

    server: LocalServer
    lake: LakeReader


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lake")
    with serve_in_thread(local_server(sample=True)) as server:
        asyncio.run(harvested(server, folder))
        yield World(server, comet_async.open_lake(folder))


async def harvested(server: LocalServer, folder: Path) -> None:
    async with Session(local_service(server)) as session:
        plan = await harvest.plan(session, "samples/digits-classification", tables=TABLES)
        await harvest.run(session, plan, folder)


@pytest.mark.parametrize("expression", EXPRESSIONS)
async def test_lake_and_server_agree(world: World, expression: str) -> None:
    async with Session(local_service(world.server)) as session:
        served = await query(session, expression, strict=False, **PROJECT)  # type: ignore[arg-type]  # names of texts
    with world.lake.duckdb() as connection:
        found = wanted_keys(connection, world.lake.tables, expression)
    assert found == set(served.keys)


async def test_the_expressions_tell_experiments_apart(world: World) -> None:
    async with Session(local_service(world.server)) as session:
        listed = await session.send(comet.get_experiments(**PROJECT))  # type: ignore[arg-type]  # as above
    with world.lake.duckdb() as connection:
        counts = [len(wanted_keys(connection, world.lake.tables, one)) for one in EXPRESSIONS]
    assert sum(0 < count < len(listed.experiments) for count in counts) > len(EXPRESSIONS) / 2


async def test_the_last_point_counts_where_a_lake_has_no_summaries(world: World) -> None:
    tables = [name for name in world.lake.tables if name != "metric_summaries"]
    with world.lake.duckdb() as connection:
        every = wanted_keys(connection, world.lake.tables, 'Metric("val_accuracy") > 0.9')
        assert wanted_keys(connection, tables, 'Metric("val_accuracy") > 0.9') == every
        assert every
