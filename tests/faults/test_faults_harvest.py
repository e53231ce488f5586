"""Harvests under faults, with changes meanwhile, and of exact values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from benchmarks.fidelity_campaign import differing
from benchmarks.loss_campaign import campaign
from comet_async import Limits, RetryPolicy, Session, comet, harvest, open_lake
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec
from comet_async.server.records import Artifact

SPEC = SyntheticSpec(experiments=8, points=30, metrics=3, parameters=4, assets=2, odd_metrics=False)
QUICK = RetryPolicy(attempts=2, base=0.001, unreadable_attempts=1)


async def test_every_item_is_accounted_for_and_a_rerun_asks_for_the_failed() -> None:
    found = await campaign(2000)
    assert found.planned == 2000
    assert found.failed > 100
    assert found.unaccounted == 0
    assert found.asked_again == found.failed
    assert found.left == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("exact", [False, True])
async def test_random_points_come_bit_by_bit(exact: bool) -> None:
    assert await differing(60_000, 3, exact=exact) == 0


async def taken(server: LocalServer, root: Path, **more: object) -> harvest.Report:
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
    async with Session(service, retry=QUICK) as session:
        plan = await harvest.plan(
            session,
            "synthetic",
            selection=harvest.Selection(**more),  # type: ignore[arg-type]  # as given
            into=root,
        )
        return await harvest.run(session, plan, root)


def rows(root: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted((root / "tables" / table).glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


def changing() -> LocalServer:
    return LocalServer(sources=[Changes(SyntheticSource(SPEC))], extras=False)


def keys_of(server: LocalServer) -> list[str]:
    (project,) = server.store.projects("synthetic")
    return [run.facts.key for run in server.store.runs(project.project_id)]


async def test_j8_what_is_deleted_added_or_changed_meanwhile_is_told(tmp_path: Path) -> None:
    async with changing() as server:
        first = await taken(server, tmp_path)
        before = rows(tmp_path, "metrics")
        keys = keys_of(server)
        server.changes.delete(keys[0])
        server.changes.append(keys[1], "loss", ["0.25", "0.5"])
        server.changes.set_parameter(keys[2], "batch_size", "77")
        server.changes.rename(keys[2], "another name")
        server.log.clear()
        second = await taken(server, tmp_path)
        asked = server.log.counts()

    assert (first.snapshot, second.snapshot, second.exit_code) == (1, 2, 0)
    after = rows(tmp_path, "metrics")
    untouched = [row for row in before if row["experiment_key"] not in keys[:3]]
    assert [row for row in after if row["experiment_key"] not in keys[:3]] == untouched
    assert {row["experiment_key"] for row in after} == set(keys[1:])
    assert sum(row["experiment_key"] == keys[1] for row in after) == 3 * 30 + 2
    (changed,) = [
        row["value"]
        for row in rows(tmp_path, "parameters")
        if (row["experiment_key"], row["name"]) == (keys[2], "batch_size")
    ]
    assert changed == "77"
    assert asked["/api/rest/v2/experiment/system-details"] == 2
    told = (tmp_path / "snapshots" / "2" / "changes.jsonl").read_text()
    assert f'"deleted","kind":"experiment","key":"{keys[0]}"' in told
    lake = open_lake(tmp_path)
    difference = harvest.diff(lake.at(1), lake)
    assert difference.experiments.removed == (keys[0],)


async def test_series_that_cannot_be_read_are_asked_for_once_more(tmp_path: Path) -> None:
    async with LocalServer(synthetic=SPEC, extras=False) as server:
        server.faults.add("wrong_types", None, "metrics/get-all", times=1)
        report = await taken(server, tmp_path / "once", exact=True)
        assert report.exit_code == 0
        assert server.log.counts()["/api/rest/v2/experiment/metrics/get-all"] == 9
        server.faults.add("wrong_types", None, "metrics/get-all")
        report = await taken(server, tmp_path / "always", exact=True)
    assert {failure.table for failure in report.failures} == {"metrics", "metric_series"}
    assert len(report.failures) == 2 * 8


async def test_assets_are_stored_though_the_models_fail(tmp_path: Path) -> None:
    spec = replace(SPEC, assets=3, models=1)
    async with LocalServer(synthetic=spec, extras=False) as server:
        rule = server.faults.add("status", 403, "experiment/model")
        report = await taken(server, tmp_path)
        assert server.faults.hits(rule) > 0
        ends = {table.table: table for table in report.tables}
        assert (ends["assets"].failed, ends["files"].failed) == (0, 0)
        assert ends["models"].failed > 0
        assert {failure.table for failure in report.failures} == {"models"}
        server.faults.clear()
        server.log.clear()
        again = await taken(server, tmp_path)
        assert again.exit_code == 0
        # No list is asked for again: who has models is known by the list alone, who failed here.
        asked = server.log.counts()
    assert "/api/rest/v2/experiment/asset/list" not in asked
    assert len(rows(tmp_path, "models")) > 0


class Growing(Changes):
    """A source whose artifacts have so many of their versions."""

    shown = 1

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        found = super().artifacts(workspace)
        return [replace(one, versions=one.versions[: self.shown]) for one in found]


async def test_j8_news_that_no_listing_tells_are_found(tmp_path: Path) -> None:
    source = Growing(SyntheticSource(replace(SPEC, artifacts=2, artifact_versions=3)))
    async with LocalServer(sources=[source], extras=False) as server:
        first = await taken(server, tmp_path)
        before = {table: rows(tmp_path, table) for table in harvest.TABLES}
        assert len(before["artifact_versions"]) == 2
        again = await taken(server, tmp_path)
        assert (first.snapshot, again.snapshot) == (1, None)

        source.shown = 3
        server.store.extras = True
        server.faults.add("status", 403, "code-panel/get-all", times=1)
        partial = await taken(server, tmp_path)
        assert (partial.snapshot, partial.exit_code) == (2, 3)
        assert rows(tmp_path, "panels") == []
        whole = await taken(server, tmp_path)
        assert (whole.snapshot, whole.exit_code) == (3, 0)

    known = {row["artifact_id"] for row in before["artifacts"]}
    versions = [row["artifact_id"] for row in rows(tmp_path, "artifact_versions")]
    assert sum(artifact in known for artifact in versions) == 2 * 3
    assert [row["notes"] for row in before["projects"]] == [None]
    assert [row["notes"] is None for row in rows(tmp_path, "projects")] == [False]
    assert len(rows(tmp_path, "panels")) > 0
    assert len(rows(tmp_path, "dashboards")) > 0
    for table in ("experiments", "metrics", "parameters", "assets"):
        assert rows(tmp_path, table) == before[table]


async def test_j7_new_metrics_and_other_types_leave_old_rows_alone(tmp_path: Path) -> None:
    async with changing() as server:
        await taken(server, tmp_path)
        before = rows(tmp_path, "parameters")
        keys = keys_of(server)
        server.changes.set_parameter(keys[3], "batch_size", "large")
        server.changes.append(keys[3], "brand/new", ["NaN", "text", "1e-308"])
        server.changes.end(keys[3], 1_750_009_999_999)
        await taken(server, tmp_path)

    old = [row for row in before if row["experiment_key"] != keys[3]]
    assert [row for row in rows(tmp_path, "parameters") if row["experiment_key"] != keys[3]] == old
    fresh = [row for row in rows(tmp_path, "metrics") if row["metric"] == "brand/new"]
    assert [row["value_text"] for row in fresh] == ["NaN", "text", None] or [
        repr(row["value"]) for row in fresh
    ] == ["nan", "None", "1e-308"]


async def test_a_downsampled_series_says_so_and_is_whole_where_it_is_asked_exactly(
    tmp_path: Path,
) -> None:
    spec = SyntheticSpec(
        experiments=2, points=15_000, logged_points=20_000, metrics=1, odd_metrics=False
    )
    async with LocalServer(synthetic=spec, extras=False) as server:
        await taken(server, tmp_path / "fast")
        await taken(server, tmp_path / "exact", exact=True)
    fast, exact = tmp_path / "fast", tmp_path / "exact"
    assert {row["fidelity"] for row in rows(fast, "metric_series")} == {"downsampled"}
    assert len(rows(fast, "metrics")) == 2 * 15_000
    assert {row["source"] for row in rows(fast, "metric_summaries")} == {"server"}
    series = rows(exact, "metric_series")
    assert {(row["fidelity"], row["source"], row["points"]) for row in series} == {
        ("full", "full-metric asset", 20_000)
    }
    whole = [
        row
        for row in rows(exact, "metrics")
        if row["experiment_key"] == series[0]["experiment_key"]
    ]
    assert [row["step"] for row in whole] == sorted(row["step"] for row in whole)  # type: ignore[type-var]  # integers
    assert len(whole) == 20_000


async def test_g20_a_file_that_somebody_changed_is_told_and_left(tmp_path: Path) -> None:
    async with changing() as server:
        await taken(server, tmp_path)
        changed, gone, *_ = sorted(
            path for path in (tmp_path / "files").rglob("*") if path.is_file()
        )
        changed.write_bytes(b"mine")
        gone.unlink()
        report = await taken(server, tmp_path)
    assert report.altered == (str(changed.relative_to(tmp_path)),)
    assert changed.read_bytes() == b"mine"
    assert gone.exists()


async def test_identical_content_is_fetched_once(tmp_path: Path) -> None:
    async with changing() as server:
        keys = keys_of(server)
        for number, key in enumerate(keys):
            server.changes.put_asset(key, f"same-{number}.bin", b"the same" * 1000)
        report = await taken(server, tmp_path)
        fetched = server.log.counts()["/api/rest/v2/experiment/asset/get-asset"]
    files = report.tables[-1]
    assert (files.stored, files.failed) == (8 * 3, 0)
    same = (tmp_path / "files").rglob("same-*")
    assert {path.read_bytes() for path in same} == {b"the same" * 1000}
    etags = {row["etag"] for row in rows(tmp_path, "assets") if str(row["name"]).startswith("same")}
    assert fetched == (8 * 2 + 1 if etags != {None} else 8 * 3)
