"""What a plan says that a run will take, and what the server then counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import Limits, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

MANY = SyntheticSpec(
    experiments=120,
    points=5,
    metrics=2,
    parameters=3,
    assets=3,
    asset_bytes=(100, 300, 500),
    remote_assets=1,
    git_share=1.0,
    html_share=1.0,
    system_metrics=2,
)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("files", [False, True])
async def test_a_forecast_is_what_is_spent(tmp_path: Path, exact: bool, files: bool) -> None:
    async with LocalServer(synthetic=MANY, extras=False) as server:
        service = comet.service("KEY", url=server.url, limits=Limits(concurrency=8))
        async with Session(service) as session:
            plan = await harvest.plan(
                session,
                "synthetic/synthetic",
                selection=harvest.Selection(exact=exact),
                into=tmp_path,
                files=files,
            )
            forecast = plan.forecast()
            server.log.clear()
            before = session.counters.bytes_received
            report = await harvest.run(session, plan, tmp_path, assets=files)
            received = session.counters.bytes_received - before
        sent = len(server.log)
    assert report.exit_code == 0
    assert abs(forecast.requests - sent) <= 0.05 * sent
    assert abs(forecast.bytes - received) <= 0.1 * received
    assert not forecast.uncounted
    told = {table.table: table for table in forecast.tables}
    if files:
        assert told["files"].requests == 120 * 3
        taken = report.tables[-1]
        assert abs(told["files"].bytes - taken.bytes) <= 0.05 * taken.bytes
    else:
        assert "files" not in told
    assert "not counted" not in str(forecast)


async def test_files_of_few_experiments_are_told_not_to_be_counted(tmp_path: Path) -> None:
    spec = SyntheticSpec(experiments=3, assets=1)
    async with (
        LocalServer(synthetic=spec, extras=False) as server,
        Session(comet.service("KEY", url=server.url)) as session,
    ):
        plan = await harvest.plan(session, "synthetic", tables=["assets"], into=tmp_path)
        assert plan.forecast().uncounted
        assert str(plan.forecast()).endswith("; files of assets not counted")
        assert plan.forecast().to_dict()["uncounted"] is True
        without = await harvest.plan(session, "synthetic", tables=["assets"], files=False)
        assert not without.forecast().uncounted


async def test_settings_that_alternate_are_sampled_evenly(tmp_path: Path) -> None:
    spec = SyntheticSpec(experiments=200, points=2, metrics=1, git_share=0.5, assets=0)
    async with (
        LocalServer(synthetic=spec, extras=False) as server,
        Session(comet.service("KEY", url=server.url, limits=Limits(concurrency=8))) as session,
    ):
        plan = await harvest.plan(session, "synthetic/synthetic", tables=["git"], files=False)
        forecast = plan.forecast()
        server.log.clear()
        await harvest.run(session, plan, tmp_path, assets=False)
    assert abs(forecast.requests - len(server.log)) <= 0.05 * len(server.log)


async def test_the_size_of_a_small_project_is_measured_by_its_chart(tmp_path: Path) -> None:
    async with (
        LocalServer(synthetic=SyntheticSpec(experiments=8, points=40), extras=False) as server,
        Session(comet.service("KEY", url=server.url)) as session,
    ):
        plan = await harvest.plan(session, "synthetic/synthetic", tables=["metrics"])
        before = session.counters.bytes_received
        await harvest.run(session, plan, tmp_path)
        received = session.counters.bytes_received - before
    told = {table.table: table for table in plan.forecast().tables}
    assert abs(told["metrics"].bytes - received) <= 0.25 * received
