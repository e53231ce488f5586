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
            report = await harvest.run(session, plan, tmp_path, assets=files)
        sent = len(server.log)
    assert report.exit_code == 0
    assert abs(forecast.requests - sent) <= 0.05 * sent
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
