"""J6, and plans that know less than the folder: what is lost is read again, whatever was planned."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.kill_campaign import contents, differences
from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

SPEC = SyntheticSpec(experiments=6, points=20, metrics=3, parameters=3, assets=1, system_metrics=2)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC, extras=False) as started:
        yield started


@pytest.fixture
async def session(server: LocalServer) -> AsyncIterator[Session]:
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
    async with Session(service, retry=RetryPolicy(attempts=2, base=0.001)) as opened:
        yield opened


async def taken(session: Session, root: Path, into: Path | None) -> harvest.Report:
    plan = await harvest.plan(session, "synthetic", into=into)
    return await harvest.run(session, plan, root)


def parts(root: Path) -> list[Path]:
    return sorted((root / "parts").rglob("*.parquet"))


def cut(path: Path, left: int) -> None:
    """Put a shorter file in the place of a part; its other names keep the whole one."""
    data = path.read_bytes()[:left]
    path.unlink()
    path.write_bytes(data)


async def test_j6_parts_cut_at_random_are_dropped_and_read_again(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    await taken(session, tmp_path, None)
    wanted = contents(tmp_path)
    chance = random.Random(6)
    for path in parts(tmp_path):
        cut(path, chance.randrange(path.stat().st_size))
    server.log.clear()
    plan = await harvest.plan(session, "synthetic", into=tmp_path)
    assert plan.forecast().requests > 0
    report = await harvest.run(session, plan, tmp_path)
    assert report.exit_code == 0
    assert differences(tmp_path, wanted) == []
    assert server.log.counts()["/api/rest/v2/experiments/multi-metric-chart"] == 2
    assert (await harvest.verify(tmp_path)).problems == ()


@pytest.mark.parametrize("table", ["metrics", "metric_series", "parameters", "system_metrics"])
async def test_j6_one_part_that_is_gone_is_read_again_and_no_other(
    server: LocalServer, session: Session, tmp_path: Path, table: str
) -> None:
    await taken(session, tmp_path, None)
    wanted = contents(tmp_path)
    (lost,) = [path for path in parts(tmp_path) if path.parent.name == table]
    lost.unlink()
    report = await taken(session, tmp_path, tmp_path)
    assert report.exit_code == 0
    assert differences(tmp_path, wanted) == []
    always = {name for name, schema in harvest.TABLES.items() if schema.subject != "experiment"}
    asked = {entry.table for entry in report.tables if entry.requests} - always
    charted = {"metrics", "metric_series", "parameters"}
    assert asked <= {"experiments", table, *(charted if table in charted else ())}


async def test_a_plan_that_thinks_all_is_there_loses_nothing_where_it_is_not(
    session: Session, tmp_path: Path
) -> None:
    await taken(session, tmp_path / "one", None)
    report = await taken(session, tmp_path / "other", tmp_path / "one")
    assert report.exit_code == 0
    # One by one, metrics come with those of the system.
    rows = {entry.table: entry.rows for entry in report.tables}
    assert rows["metrics"] == 6 * 3 * 20 + rows["system_metrics"] == 6 * 5 * 20
    assert rows["parameters"] == 6 * 3
