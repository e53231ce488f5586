"""Charts that are refused, that leave experiments out, and system metrics that none gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import harvest
from comet_async.harvest import chart_stage
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec
from tests.faults.test_faults_harvest import SPEC, keys_of, rows, taken

CHART = "/api/rest/v2/experiments/multi-metric-chart"
ALONE = "/api/rest/v2/experiment/metrics/get-all"


@pytest.mark.parametrize(("limit", "refusal"), [(200, 413), (100, 504), (50, 400)])
async def test_charts_that_are_refused_are_halved_and_nothing_is_lost(
    tmp_path: Path, limit: int, refusal: int
) -> None:
    spec = SyntheticSpec(experiments=8, points=30, metrics=3, odd_metrics=False)
    async with LocalServer(
        synthetic=spec, extras=False, chart_points=limit, chart_refusal=refusal
    ) as server:
        report = await taken(server, tmp_path)
        counts = server.log.counts()
    assert report.exit_code == 0
    assert len(rows(tmp_path, "metrics")) == 8 * 3 * 30
    assert counts["/api/rest/v2/experiments/multi-metric-chart"] > 3
    # A chart of one experiment has 90 points: below that each is asked for by itself.
    alone = counts.get("/api/rest/v2/experiment/metrics/get-all", 0)
    assert alone == (8 if limit < 90 else 0)
    sources = {row["source"] for row in rows(tmp_path, "metric_series")}
    assert sources == ({"get-all"} if limit < 90 else {"chart"})


async def test_after_a_refusal_no_batch_is_asked_that_is_as_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_stage, "MAX_KEYS", 16)
    spec = SyntheticSpec(experiments=48, points=30, metrics=3, odd_metrics=False)
    async with LocalServer(synthetic=spec, extras=False, chart_points=4 * 90) as server:
        report = await taken(server, tmp_path)
        statuses = [record.status or 0 for record in server.log if record.path == CHART]
    assert report.exit_code == 0
    assert len(rows(tmp_path, "metrics")) == 48 * 90
    # Two batches may be on their way when the first is refused: 16, 8 and 4 of each.
    assert len([status for status in statuses if status >= 400]) <= 2 * 3
    assert len(statuses) <= 48 / 4 + 2 * 3 + 1


async def test_one_experiment_that_no_chart_takes_makes_no_other_be_asked_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_stage, "MAX_KEYS", 8)
    source = Changes(
        SyntheticSource(SyntheticSpec(experiments=24, points=30, metrics=3, odd_metrics=False))
    )
    async with LocalServer(sources=[source], extras=False, chart_points=10 * 90) as server:
        key = keys_of(server)[0]
        source.append(key, "loss", ["1.5"] * 1000)
        report = await taken(server, tmp_path)
        counts = server.log.counts()
    assert report.exit_code == 0
    assert len(rows(tmp_path, "metrics")) == 24 * 90 + 1000
    assert counts[ALONE] == 1
    assert counts[CHART] <= 1 + 7 + 2  # the plan; one batch halved three times, two not


async def test_an_experiment_that_a_chart_leaves_out_is_asked_for_once_more(tmp_path: Path) -> None:
    async with LocalServer(synthetic=SPEC, extras=False) as server:
        server.faults.add("missing_experiment", None, "multi-metric-chart", times=2)
        report = await taken(server, tmp_path)
        counts = server.log.counts()
    assert report.exit_code == 0
    assert len({row["experiment_key"] for row in rows(tmp_path, "metrics")}) == 8
    assert (counts[CHART], counts.get(ALONE, 0)) == (3, 0)  # of the plan, of the run, and again


async def test_an_experiment_that_every_chart_leaves_out_has_no_points(tmp_path: Path) -> None:
    async with LocalServer(synthetic=SPEC, extras=False) as server:
        gone = keys_of(server)[3]
        server.faults.add("missing_experiment", gone, "multi-metric-chart")
        report = await taken(server, tmp_path)
        counts = server.log.counts()
    assert report.exit_code == 0
    assert {row["experiment_key"] for row in rows(tmp_path, "metrics")} == {*keys_of(server)} - {
        gone
    }
    assert counts[CHART] == 3  # of the plan, of the run, and once more for the one left out


WITH_SYSTEM = SyntheticSpec(
    experiments=4, points=10, metrics=1, assets=0, odd_metrics=False, system_metrics=2
)


def failed(report: harvest.Report, table: str) -> list[harvest.Failure]:
    return [failure for failure in report.failures if failure.table == table]


async def test_system_metrics_that_no_chart_gives_fail_with_the_reason(tmp_path: Path) -> None:
    async with LocalServer(synthetic=WITH_SYSTEM, extras=False) as server:
        rule = server.faults.add("status", 403, "multi-metric-chart")
        report = await taken(server, tmp_path)
        assert report.exit_code == 3
        told = failed(report, "system_metrics")
        assert {failure.key for failure in told} == set(keys_of(server))
        assert {"403" in failure.reason for failure in told} == {True}
        assert server.faults.hits(rule) > 0

        server.faults.clear()
        assert (await taken(server, tmp_path)).exit_code == 0
    assert len(rows(tmp_path, "system_metrics")) > 0
    assert {row["experiment_key"] for row in rows(tmp_path, "system_metrics")} == set(
        keys_of(server)
    )


async def test_system_metrics_of_unknown_names_are_no_empty_answer(tmp_path: Path) -> None:
    async with LocalServer(synthetic=WITH_SYSTEM, extras=False) as server:
        server.faults.add("status", 403, "system-details", times=1)
        report = await taken(server, tmp_path / "lake")
        (details,) = failed(report, "system_details")
        (series,) = failed(report, "system_metrics")
        assert details.key == series.key
        assert "its system details: " in series.reason
        assert report.exit_code == 3

        assert (await taken(server, tmp_path / "lake")).exit_code == 0
        await taken(server, tmp_path / "clean")

    def points(root: Path) -> set[tuple[object, ...]]:
        return {tuple(row.values()) for row in rows(root, "system_metrics")}

    assert points(tmp_path / "lake") == points(tmp_path / "clean")
    assert {key for key, *_ in points(tmp_path / "clean")} == set(keys_of(server))
