"""A harvest from a server, opened: its curves are the server's, its states can be compared."""

from __future__ import annotations

from pathlib import Path

import comet_async
from comet_async import Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec


async def test_a_harvest_opened_compared_and_copied(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    async with LocalServer(synthetic=SyntheticSpec(experiments=3, points=20, assets=1)) as server:
        service = comet.service("any", url=server.url)
        async with Session(service) as session:
            workspaces = await session.send(comet.get_workspaces())
            plan = await harvest.plan(session, workspaces.workspace_names[0])
            report = await harvest.run(session, plan, root)
            key = report_key(root)
            named = await session.send(comet.get_experiment_metric(key, "loss"))
    assert report.exit_code == 0

    lake = comet_async.open_lake(root)
    assert {"experiments", "metrics", "parameters"} <= set(lake.tables)
    assert lake["experiments"].rows == 3
    long = lake.metrics("loss", wide=False, as_="polars", experiments=[key])
    sent = {point.step: float(point.metric_value or "nan") for point in named.metrics}
    assert dict(long.select("step", "value").iter_rows()) == sent
    assert lake.metrics("loss").shape[1] == 3

    assert [snapshot.number for snapshot in lake.snapshots()] == [1]
    assert harvest.diff(lake.at(1), lake).same
    await harvest.upload(root, (tmp_path / "there").as_uri())
    assert harvest.diff(lake, comet_async.open_lake(tmp_path / "there")).same


def report_key(root: Path) -> str:
    """Return the key of some experiment of a lake."""
    return str(
        comet_async.open_lake(root)["experiments"].to_arrow().to_pylist()[0]["experiment_key"]
    )
