from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async import Limits, RetryPolicy, Service, Session, comet, harvest
from comet_async.errors import DestinationError, LedgerError, NotFoundError, UsageError
from comet_async.server import LocalServer, SyntheticSpec

SPEC = SyntheticSpec(experiments=12, points=30, metrics=4, assets=4, remote_assets=1)
LIMITS = Limits(concurrency=4)
QUICK = RetryPolicy(attempts=2, base=0.001, unreadable_attempts=1)
STALLED = 30.0


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC, extras=False, seed=7) as started:
        yield started


@pytest.fixture
async def session(server: LocalServer) -> AsyncIterator[Session]:
    service = comet.service("KEY", url=server.url, limits=LIMITS)
    async with Session(service, retry=QUICK) as opened:
        yield opened


EXACT = harvest.Selection(exact=True)


async def taken(session: Session, root: Path) -> harvest.Report:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    return await harvest.run(session, plan, root)


def experiments(plan: harvest.Plan) -> list[str]:
    return [subject.key for subject in plan.listed if subject.kind == "experiment"]


def by_table(report: harvest.Report) -> dict[str, harvest.TableReport]:
    return {entry.table: entry for entry in report.tables}


def keys(root: Path, table: str, *, below: str = "tables") -> set[str]:
    found: set[str] = set()
    for path in (root / below / table).glob("*.parquet"):
        found.update(pq.read_table(path)["experiment_key"].to_pylist())
    return found


def snapshot(root: Path) -> dict[str, bytes]:
    """Return every file of tables and files by its path."""
    found = [*(root / "tables").rglob("*"), *(root / "files").rglob("*")]
    return {str(path.relative_to(root)): path.read_bytes() for path in found if path.is_file()}


def leftovers(root: Path) -> list[Path]:
    """Return temporary files."""
    return [path for path in root.rglob("*") if path.name.endswith(".part")]


def descriptors() -> int:
    """Return how many descriptors are open, where the system tells it; a server's are among them."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def states(root: Path, table: str) -> dict[str, int]:
    """Return how many items are in which state."""
    database = sqlite3.connect(root / "ledger.sqlite")
    try:
        rows = database.execute(
            "SELECT state, count(*) FROM item WHERE tbl = ? GROUP BY 1", (table,)
        ).fetchall()
    finally:
        database.close()
    return dict(rows)


def state_of_run(root: Path) -> str:
    database = sqlite3.connect(root / "ledger.sqlite")
    try:
        (state,) = database.execute("SELECT state FROM run ORDER BY id DESC LIMIT 1").fetchone()
    finally:
        database.close()
    return str(state)


def lines(root: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "failures.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("seed", range(4))
async def test_counts_add_up_under_faults(tmp_path: Path, seed: int) -> None:
    faults = ("status", "rst_mid_body", "invalid_json", "truncated_json", "close_before")
    async with LocalServer(synthetic=SPEC, seed=seed) as server:
        service = comet.service("KEY", url=server.url, limits=LIMITS)
        async with Session(service, retry=QUICK) as session:
            plan = await harvest.plan(session, "synthetic", selection=EXACT)
            rules = [
                server.faults.add(name, 500 if name == "status" else None, probability=0.05)
                for name in faults
            ]
            report = await harvest.run(session, plan, tmp_path)
            struck = sum(server.faults.hits(rule) for rule in rules)

    assert struck > 10
    assert report.failed > 0
    assert report.exit_code == 3
    assert report.stopped is None
    tables = by_table(report)
    for name, entry in tables.items():
        assert entry.planned == entry.stored + entry.absent + entry.failed
        if name in harvest.TABLES and harvest.TABLES[name].subject == "experiment":
            assert entry.planned == 12
            assert len(keys(tmp_path, name)) == (entry.stored if entry.rows else 0)
    listed, in_versions = tables["assets"].stored, tables["artifact_files"].rows
    states = pq.read_table(tmp_path / "tables" / "artifact_files")["state"].to_pylist()
    remote = states.count("remote")
    assert tables["files"].planned == listed * 5 + in_versions
    assert tables["files"].absent == listed + remote
    on_disk = [path for path in snapshot(tmp_path) if path.startswith("files/")]
    assert len(on_disk) == tables["files"].stored
    assert len(lines(tmp_path)) == report.failed == len(report.failures)
    assert all(line["reason"] and line["table"] for line in lines(tmp_path))
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("fault", "argument"),
    [
        ("status", 403),
        ("status", 404),
        ("status", 500),
        ("invalid_json", None),
        ("wrong_types", None),
        ("html_login", None),
        ("error_200", 90211),
    ],
)
async def test_one_failing_experiment_stops_nothing(
    server: LocalServer, session: Session, tmp_path: Path, fault: str, argument: float | None
) -> None:
    plan = await harvest.plan(session, "synthetic", tables=["tags", "parameters"], selection=EXACT)
    bad = experiments(plan)[3]
    server.faults.add(fault, argument, f"tags.*{bad}")
    report = await harvest.run(session, plan, tmp_path)

    assert report.exit_code == 3
    tables = by_table(report)
    assert (tables["tags"].stored, tables["tags"].failed) == (11, 1)
    assert (tables["parameters"].stored, tables["parameters"].failed) == (12, 0)
    assert bad not in keys(tmp_path, "tags")
    (line,) = lines(tmp_path)
    assert (line["table"], line["key"]) == ("tags", bad)
    assert line["reason"].startswith("GET /api/rest/v2/experiment/tags:")
    assert report.failures[0].reason == line["reason"]


async def test_a_failing_and_an_absent_file_stop_nothing(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    plan = await harvest.plan(session, "synthetic", tables=["assets"])
    missing, broken, lying = experiments(plan)[:3]
    server.faults.add("no_content", None, f"get-asset.*{missing}", times=1)
    server.faults.add("status", 404, f"get-asset.*{broken}", times=1)
    server.faults.add("size_lies", None, f"asset/list.*{lying}")
    report = await harvest.run(session, plan, tmp_path)

    files = by_table(report)["files"]
    assert files.planned == 60
    assert files.absent == 12 + 1
    assert files.failed == len(lines(tmp_path)) >= 2
    assert report.exit_code == 3
    table = pq.read_table(tmp_path / "tables" / "assets").to_pylist()
    assert len(table) == 60
    for row in table:
        stored = row["state"] == "stored"
        assert stored == (row["local_path"] is not None) == (row["reason"] is None) or (
            row["state"] == "remote"
        )
    reasons = " ".join(line["reason"] for line in lines(tmp_path))
    assert "answered 404" in reasons
    assert "were listed" in reasons


async def test_a_refused_key_stops_the_run(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    server.faults.add("status", 401, experiments(plan)[6])
    report = await harvest.run(session, plan, tmp_path)

    assert report.exit_code == 4
    assert report.stopped is not None
    assert "check the API key" in report.stopped
    for entry in report.tables:
        assert entry.planned == entry.stored + entry.absent + entry.failed
    assert not (tmp_path / "tables").exists()
    stored = by_table(report)["metrics"].stored
    assert (
        stored
        == len(keys(tmp_path, "metrics", below="parts"))
        == states(tmp_path, "metrics")["stored"]
    )
    assert len(lines(tmp_path)) == report.failed
    assert state_of_run(tmp_path) == "stopped"

    server.faults.clear()
    server.log.clear()
    again = await taken(session, tmp_path)
    assert again.exit_code == 0
    assert len(keys(tmp_path, "metrics")) == 12
    assert server.log.counts()["/api/rest/v2/experiment/metrics/get-all"] == 12 - stored


@pytest.mark.parametrize("allowed", [0, 1, 4, 9, 20, 60])
async def test_g8_j10_a_full_disk_stops_the_run_and_leaves_what_was_there(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    plan = await harvest.plan(session, "synthetic", tables=["tags"], selection=EXACT)
    await harvest.run(session, plan, tmp_path)
    before = snapshot(tmp_path)
    whole = await harvest.plan(session, "synthetic", selection=EXACT)
    real, writes = os.write, 0

    def write(descriptor: int, data: bytes) -> int:
        nonlocal writes
        if len(data) < 32:
            return real(descriptor, data)
        writes += 1
        if writes > allowed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    report = await harvest.run(session, whole, tmp_path)
    monkeypatch.undo()

    assert report.exit_code == 5
    assert report.stopped is not None
    assert "No space left on device" in report.stopped
    assert "check the folder, its permissions and the free space" in report.stopped
    for entry in report.tables:
        assert entry.planned == entry.stored + entry.absent + entry.failed
    after = snapshot(tmp_path)
    assert {path: after[path] for path in before} == before
    assert [path for path in leftovers(tmp_path) if "tables" in path.parts] == []
    assert (await taken(session, tmp_path)).exit_code == 0


async def test_j9_a_second_run_asks_for_nothing_and_changes_nothing(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    first = await taken(session, tmp_path)
    before = snapshot(tmp_path)
    server.log.clear()
    plan = await harvest.plan(session, "synthetic", selection=EXACT, into=tmp_path)
    forecast = plan.forecast()
    second = await harvest.run(session, plan, tmp_path)

    # No entry of a listing tells whether a project, a workspace, a registered model or an artifact
    # has changed: of these few it asks again. Of experiments it asks for nothing but their list.
    asked = {record.path.rpartition("/v2/")[2] for record in server.log}
    assert {path for path in asked if path.startswith("experiment")} == {"experiments"}
    assert {table.table for table in forecast.tables if table.requests} == {
        *("projects", "panels", "registry_models")
    }
    assert [entry.stored for entry in first.tables] == [entry.stored for entry in second.tables]
    assert (first.snapshot, second.snapshot) == (1, None)
    assert snapshot(tmp_path) == before
    assert state_of_run(tmp_path) == "published"


async def test_j4_only_what_failed_is_asked_again(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    rule = server.faults.add("status", 403, "experiment/tags", times=3)
    files = server.faults.add("status", 403, "get-asset", times=2)
    report = await taken(session, tmp_path)
    assert report.exit_code == 3
    assert (server.faults.hits(rule), server.faults.hits(files)) == (3, 2)
    assert (by_table(report)["tags"].failed, by_table(report)["files"].failed) == (3, 2)

    server.log.clear()
    again = await taken(session, tmp_path)
    assert again.exit_code == 0
    counts = server.log.counts()
    assert counts["/api/rest/v2/experiment/tags"] == 3
    assert counts["/api/rest/v2/experiment/asset/get-asset"] == 2
    asked = {path.rpartition("/v2/")[2] for path in counts}
    assert {path for path in asked if path.startswith("experiment")} == {
        *("experiments", "experiment/tags", "experiment/asset/get-asset")
    }
    assert len(keys(tmp_path, "tags")) == 12


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("match", ["metrics/get-all", "experiment/tags", "asset/list", "get-asset"])
async def test_a_cancelled_run_leaves_nothing_temporary_and_can_be_run_again(
    server: LocalServer, session: Session, tmp_path: Path, match: str, native: bool
) -> None:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    stalled = experiments(plan)[7]
    server.faults.add("stall_body", STALLED, f"{match}.*{stalled}")
    started = asyncio.Event()
    told = Waiting(started, 30 if match != "get-asset" else 225)
    if native:
        task = asyncio.create_task(harvest.run(session, plan, tmp_path, progress=told))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        with anyio.CancelScope() as scope:
            told.act = scope.cancel
            await harvest.run(session, plan, tmp_path, progress=told)
        assert scope.cancelled_caught

    assert [path for path in leftovers(tmp_path) if "parts" in path.parts] == []
    assert state_of_run(tmp_path) == "interrupted"
    assert not (tmp_path / "tables").exists()
    for table in ("experiments", "metrics"):
        marked = states(tmp_path, table).get("stored", 0)
        assert marked == len(keys(tmp_path, table, below="parts"))
    done = states(tmp_path, "metrics").get("stored", 0)
    server.faults.clear()
    server.log.clear()
    report = await taken(session, tmp_path)
    assert report.exit_code == 0
    assert len(keys(tmp_path, "metrics")) == 12
    asked = server.log.counts().get("/api/rest/v2/experiment/metrics/get-all", 0)
    assert asked == 12 - done


async def test_runs_cancelled_at_any_time_leave_nothing_temporary(
    session: Session, tmp_path: Path
) -> None:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    before = descriptors()
    stopped = 0
    for tick in range(0, 40, 2):
        root = tmp_path / str(tick)
        task = asyncio.create_task(harvest.run(session, plan, root))
        await asyncio.sleep(tick / 200)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        stopped += task.cancelled()
        assert [path for path in leftovers(root) if "parts" in path.parts] == []
        assert (await harvest.run(session, plan, root)).exit_code == 0
    assert stopped >= 10
    assert descriptors() <= before + 2 * LIMITS.concurrency


class Waiting:
    """A progress that acts when so many items are over."""

    def __init__(self, event: asyncio.Event, after: int) -> None:
        self._after = after
        self.act = event.set
        self._done = 0

    def planned(self, table: str, items: int) -> None:
        """Ignore it."""

    def finished(self, table: str, items: int, rows: int) -> None:
        self._done += items
        if self._done >= self._after:
            self.act()

    def failed(self, table: str, items: int) -> None:
        """Ignore it."""

    def received(self, size: int) -> None:
        """Ignore it."""


async def test_a_planted_link_fails_its_file_and_is_not_followed(
    session: Session, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "lake"
    plan = await harvest.plan(session, "synthetic", tables=["assets"])
    victim = experiments(plan)[0]

    class Planting(Waiting):
        def planned(self, table: str, items: int) -> None:
            folder = root / "files" / "synthetic"
            if table == "files" and not folder.exists():
                folder.mkdir(parents=True)
                (folder / victim).symlink_to(outside)

    report = await harvest.run(session, plan, root, progress=Planting(asyncio.Event(), 10**9))

    assert list(outside.iterdir()) == []
    assert report.exit_code == 3
    assert by_table(report)["files"].failed == 4
    assert {line["key"] for line in lines(root)} == {victim}
    assert "is no folder of this harvest; remove it" in lines(root)[0]["reason"]


async def test_another_server_or_scope_is_refused_before_any_request(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    await harvest.run(session, plan, tmp_path)
    narrow = await harvest.plan(session, "synthetic/synthetic")
    before = len(server.log)
    with pytest.raises(LedgerError, match="is of synthetic at"):
        await harvest.run(session, narrow, tmp_path)
    async with Session(comet.service("KEY", url="http://127.0.0.1:9")) as other:
        with pytest.raises(UsageError, match="the session of another server"):
            await harvest.run(other, plan, tmp_path)
    with pytest.raises(DestinationError, match="cannot write"):
        await harvest.run(session, plan, tmp_path / "ledger.sqlite" / "x")
    assert len(server.log) == before


async def test_two_runs_on_one_folder_do_not_meet(session: Session, tmp_path: Path) -> None:
    plan = await harvest.plan(session, "synthetic", selection=EXACT)
    results = await asyncio.gather(
        harvest.run(session, plan, tmp_path),
        harvest.run(session, plan, tmp_path),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, LedgerError)]
    done = [result for result in results if isinstance(result, harvest.Report)]
    assert (len(refused), len(done)) == (1, 1)
    assert "another harvest works in" in str(refused[0])
    assert done[0].exit_code == 0


async def test_a_plan_walks_every_page_of_the_listing() -> None:
    async with LocalServer(synthetic=SyntheticSpec(experiments=205, archived=3)) as server:
        service = comet.service("KEY", url=server.url, limits=LIMITS)
        async with Session(service) as session:
            plan = await harvest.plan(session, "synthetic/synthetic")
            whole = await harvest.plan(session, "synthetic", archived=True)
        sent = [(record.path, record.query) for record in server.log]

    assert plan.experiments == 202
    assert whole.experiments == 205
    assert len(sent) == plan.requests + whole.requests


async def test_a_plan_of_nobody_says_so(session: Session) -> None:
    with pytest.raises(NotFoundError, match="No such project"):
        await harvest.plan(session, "synthetic/nobody")


async def test_a_session_without_the_service_is_refused() -> None:
    async with Session(Service(name="other", base_url="http://127.0.0.1:9")) as session:
        with pytest.raises(UsageError, match=r"Session\(comet\.service\(\)\)"):
            await harvest.plan(session, "team")
