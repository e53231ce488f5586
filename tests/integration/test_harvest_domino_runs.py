"""Harvests of Domino again and again: what is asked, what changed, what failed, what was killed."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from benchmarks.kill_campaign import contents, differences
from comet_async import RetryPolicy, Session, comet, domino, harvest, open_lake
from comet_async.errors import LedgerError, UsageError
from comet_async.harvest.sources import COMET, DOMINO
from comet_async.server.domino import Clock, DominoServer, DominoSpec, PagingStyle
from comet_async.server.threaded import serve_in_thread
from tests.support.command_line import PYTHON, control_bytes, isolate, runner
from tests.support.domino_client import KEY
from tests.support.domino_harvests import OF_JOBS, QUICK, rows, taken

SPEC = DominoSpec(projects=2, jobs=9, log_lines=40)
PATIENT = RetryPolicy(attempts=12, base=0.001, cap=0.01, unreadable_attempts=8)
FAULTS = ("status", "rst_mid_body", "truncate_length", "close_before", "invalid_json")


@pytest.fixture
async def server() -> AsyncIterator[DominoServer]:
    async with DominoServer(SPEC, clock=Clock(speed=0)) as started:
        yield started


def requests(report: harvest.Report) -> dict[str, int]:
    """Return the requests of each table that took any, those of the plan aside."""
    return {
        table.table: table.requests
        for table in report.tables
        if table.requests and table.table != "domino_jobs"
    }


def planned(report: harvest.Report) -> dict[str, int]:
    return {table.table: table.planned for table in report.tables}


def project_of(server: DominoServer, at: int = 0) -> str:
    return str(next(row["id"] for place, row in enumerate(server.world.projects) if place == at))


def job_ids(server: DominoServer, at: int = 0) -> list[str]:
    return [job.job_id for job in server.world.jobs(project_of(server, at))]


async def test_finished_jobs_are_not_asked_again(server: DominoServer, tmp_path: Path) -> None:
    first = await taken(server.url, tmp_path)
    assert first.exit_code == 0
    assert requests(first)["domino_job_details"] == 18
    again = await taken(server.url, tmp_path)
    assert (again.exit_code, again.snapshot) == (0, None)
    # No listing tells of a new goal, snapshot or version: these alone are asked again.
    assert requests(again).keys() == {"domino_goals", "domino_snapshots", "domino_model_versions"}
    assert planned(again) == planned(first)
    found = await harvest.verify(tmp_path)
    assert (found.problems, found.unfinished) == ((), 0)


async def test_running_jobs_are_asked_again_until_they_are_over(tmp_path: Path) -> None:
    clock = Clock(speed=0)
    spec = DominoSpec(projects=1, jobs=4, running=1, log_lines=100, job_seconds=50.0)
    async with DominoServer(spec, clock=clock) as server:
        *_, running = job_ids(server)
        for passed, lines, complete in ((10.0, 21, False), (20.0, 61, False), (60.0, 100, True)):
            clock.advance(passed)
            report = await taken(server.url, tmp_path, tables=OF_JOBS)
            assert requests(report)["domino_job_details"] == (4 if passed == 10.0 else 1)
            states = {row["job_id"]: row for row in rows(tmp_path, "domino_job_log_states")}
            assert (states[running]["lines"], states[running]["is_complete"]) == (lines, complete)
            numbers = sorted(
                row["line"] for row in rows(tmp_path, "domino_job_logs") if row["job_id"] == running
            )
            assert numbers == list(range(1, lines + 1))
        last = await taken(server.url, tmp_path, tables=OF_JOBS)
    assert requests(last) == {}
    assert last.snapshot is None
    (job,) = [row for row in rows(tmp_path, "domino_jobs") if row["job_id"] == running]
    assert job["is_completed"]


async def test_new_jobs_come_and_those_that_vanished_go(
    server: DominoServer, tmp_path: Path
) -> None:
    await taken(server.url, tmp_path)
    gone, *others = job_ids(server)
    server.world.archive_job(gone)
    async with Session(domino.service(KEY, host=server.url)) as session:
        new = domino.NewJob(project_id=project_of(server), run_command="python new.py")
        started = (await session.send(domino.start_job(new))).job.id
    report = await taken(server.url, tmp_path)
    assert (report.exit_code, report.snapshot) == (0, 2)
    assert requests(report)["domino_job_details"] == 1
    for table in ("domino_jobs", "domino_job_stage_times", "domino_job_details"):
        known = {row["job_id"] for row in rows(tmp_path, table)}
        assert known == {*others, *job_ids(server, 1), started}
    assert gone not in {row["job_id"] for row in rows(tmp_path, "domino_job_logs")}
    told = (tmp_path / "snapshots" / "2" / "changes.jsonl").read_text().splitlines()
    changes = {(change["what"], change["key"]) for change in map(json.loads, told)}
    assert changes == {("deleted", gone), ("added", started)}
    about = json.loads((tmp_path / "snapshots" / "2" / "snapshot.json").read_text())
    assert (about["scope"], about["added"], about["deleted"]) == ("domino:*", 1, 1)
    lake = open_lake(tmp_path)
    assert lake.at(1).table("domino_jobs").rows == lake.table("domino_jobs").rows == 18
    with_archived = await taken(server.url, tmp_path, archived=True)
    assert planned(with_archived)["domino_jobs"] == 19
    assert gone in {row["job_id"] for row in rows(tmp_path, "domino_jobs")}


async def test_a_new_goal_is_found_though_no_listing_tells_of_it(
    server: DominoServer, tmp_path: Path
) -> None:
    await taken(server.url, tmp_path, tables=["domino_projects", "domino_goals"])
    async with Session(domino.service(KEY, host=server.url)) as session:
        await session.send(domino.add_goal_to_project(project_of(server), "ship it"))
    report = await taken(server.url, tmp_path, tables=["domino_projects", "domino_goals"])
    assert report.snapshot == 2
    assert "ship it" in {row["title"] for row in rows(tmp_path, "domino_goals")}


@pytest.mark.parametrize("scope", ["project-2", "user-2/project-2", None])
async def test_a_project_is_named_by_name_owner_or_id(
    server: DominoServer, tmp_path: Path, scope: str | None
) -> None:
    project = project_of(server, 1)
    report = await taken(server.url, tmp_path, f"domino:{scope or project}")
    assert report.exit_code == 0
    assert set(planned(report)) == {name for name in harvest.TABLES if DOMINO.has(name)} - {
        "answers"
    }
    assert {row["job_id"] for row in rows(tmp_path, "domino_jobs")} == set(job_ids(server, 1))
    for table in ("domino_projects", "domino_jobs", "domino_goals", "domino_datasets"):
        assert {row["project_id"] for row in rows(tmp_path, table)} == {project}, table
    assert len(rows(tmp_path, "domino_snapshots")) == 4
    assert rows(tmp_path, "domino_environments")


@pytest.mark.parametrize(
    ("scope", "chosen", "told"),
    [
        ("domino:nothing", {}, "no project of Domino with the name or id nothing"),
        ("domino:", {}, "use domino:PROJECT or domino:"),
        ("domino:*", {"tables": ["metrics"]}, "metrics is no table of a Domino harvest"),
        ("domino:*", {"archives": True}, "model_archives is no table of a Domino harvest"),
        ("domino:*", {"selection": harvest.Selection(exact=True)}, "exact is of experiments"),
        (
            "domino:*",
            {"selection": harvest.Selection(keys=frozenset({"nobody"}))},
            "has no job nobody",
        ),
    ],
)
async def test_what_domino_has_not_is_refused(
    server: DominoServer, tmp_path: Path, scope: str, chosen: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        await taken(server.url, tmp_path / "lake", scope, **chosen)
    assert not (tmp_path / "lake").exists()


async def test_tables_of_the_other_service_and_sessions_without_it_are_refused(
    server: DominoServer,
) -> None:
    async with Session(comet.service("KEY", url=server.url)) as session:
        with pytest.raises(UsageError, match="domino_jobs is no table of a Comet harvest"):
            await harvest.plan(session, "team", tables=["domino_jobs"])
        with pytest.raises(UsageError, match=r"Domino service: Session\(domino\.service\(\)\)"):
            await harvest.plan(session, "domino:*")
    assert not {name for name in harvest.TABLES if COMET.has(name) and DOMINO.has(name)} - {
        "answers"
    }


async def test_jobs_are_chosen_by_key_tag_time_and_state(
    server: DominoServer, tmp_path: Path
) -> None:
    jobs = [job for at in (0, 1) for job in server.world.jobs(project_of(server, at))]
    now = server.clock.now()
    moment = datetime.fromtimestamp(jobs[4].started, UTC)
    chosen = {
        "keys": harvest.Selection(keys=frozenset({jobs[3].job_id})),
        "tags": harvest.Selection(tags=("tuned",)),
        "none": harvest.Selection(tags=("tuned", "nightly")),
        "since": harvest.Selection(since=moment),
        "until": harvest.Selection(until=moment),
        "crashed": harvest.Selection(states=("crashed",)),
        "finished": harvest.Selection(states=("finished",)),
        "running": harvest.Selection(states=("running",)),
    }
    wanted = {
        "keys": {jobs[3].job_id},
        "tags": {job.job_id for job in jobs if {tag.name for tag in job.tags} >= {"tuned"}},
        "none": set[str](),
        "since": {job.job_id for job in jobs if job.started >= jobs[4].started},
        "until": {job.job_id for job in jobs if job.started < jobs[4].started},
        "crashed": {job.job_id for job in jobs if job.status(now) in ("Failed", "Error")},
        "finished": {job.job_id for job in jobs if job.status(now) in ("Succeeded", "Stopped")},
        "running": set[str](),
    }
    assert all(wanted[name] for name in ("tags", "since", "until", "crashed", "finished"))
    for name, selection in chosen.items():
        root = tmp_path / name
        await taken(server.url, root, tables=["domino_jobs"], selection=selection)
        assert {row["job_id"] for row in rows(root, "domino_jobs")} == wanted[name], name


@pytest.mark.parametrize("style", [PagingStyle(cap=3), PagingStyle(nested=True, total=False)])
@pytest.mark.parametrize("repeats", [True, False])
async def test_capped_pages_and_logs_past_the_cap_are_whole(
    tmp_path: Path, style: PagingStyle, repeats: bool
) -> None:
    spec = DominoSpec(projects=1, jobs=7, log_lines=25_003, log_ties=7, datasets=5, snapshots=4)
    async with DominoServer(spec, paging=style) as server:
        server.world.cursor_repeats = repeats
        report = await taken(server.url, tmp_path)
        wanted = set(job_ids(server))
    assert report.exit_code == 0
    assert {row["job_id"] for row in rows(tmp_path, "domino_jobs")} == wanted
    assert len(rows(tmp_path, "domino_snapshots")) == 20
    lines = open_lake(tmp_path).table("domino_job_logs").to_arrow()
    found = sorted(
        zip(lines["job_id"].to_pylist(), lines["line"].to_pylist(), strict=True)  # type: ignore[index]
    )
    assert found == [(key, line) for key in sorted(wanted) for line in range(1, 25_004)]


@pytest.mark.parametrize("seed", range(3))
async def test_counts_add_up_under_faults_and_the_next_run_repairs(
    tmp_path: Path, seed: int
) -> None:
    async with DominoServer(SPEC, seed=seed) as server:
        await taken(server.url, tmp_path / "clean")
        async with Session(domino.service(KEY, host=server.url), retry=QUICK) as session:
            plan = await harvest.plan(session, "domino:*")
            rules = [
                server.faults.add(name, 500 if name == "status" else None, probability=0.05)
                for name in FAULTS
            ]
            report = await harvest.run(session, plan, tmp_path / "lake")
            struck = sum(server.faults.hits(rule) for rule in rules)
        assert struck > 5
        assert (report.exit_code, report.failed > 0) == (3, True)
        for table in report.tables:
            assert table.planned == table.stored + table.absent + table.failed
        assert len(report.failures) == report.failed
        server.faults.clear()
        repaired = await taken(server.url, tmp_path / "lake")
    assert repaired.exit_code == 0
    assert differences(tmp_path / "lake", contents(tmp_path / "clean")) == []


@pytest.mark.parametrize(("status", "code"), [(403, 3), (401, 4)])
async def test_refusals_have_the_exit_codes_of_every_harvest(
    server: DominoServer, tmp_path: Path, status: int, code: int
) -> None:
    server.faults.add("status", status, match="/logs")
    report = await taken(server.url, tmp_path)
    assert report.exit_code == code
    assert (report.stopped is not None) == (code == 4)
    assert KEY not in repr(report)
    assert all(KEY.encode() not in path.read_bytes() for path in files_of(tmp_path))


def files_of(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_a_folder_of_another_scope_is_refused(server: DominoServer, tmp_path: Path) -> None:
    await taken(server.url, tmp_path, "domino:project-1", tables=["domino_jobs"])
    with pytest.raises(LedgerError, match="is of domino:project-1 at http://127"):
        await taken(server.url, tmp_path, "domino:*", tables=["domino_jobs"])


async def test_answers_are_kept_as_they_came(server: DominoServer, tmp_path: Path) -> None:
    await taken(server.url, tmp_path, answers=True, tables=["domino_jobs", "domino_job_details"])
    kept = rows(tmp_path, "answers")
    numbers = [
        job["number"]
        for row in kept
        if row["endpoint"] == "/api/jobs/beta/jobs"
        for job in json.loads(row["answer"])["jobs"]
    ]
    assert sorted(numbers) == sorted([*range(1, 10), *range(1, 10)])
    assert sum(row["endpoint"] == "/api/jobs/beta/jobs/{jobId}" for row in kept) == 18


CHILD = """
import asyncio, sys
from tests.integration.test_harvest_domino_runs import PATIENT
from tests.support.domino_harvests import taken
from pathlib import Path
print(asyncio.run(taken(sys.argv[1], Path(sys.argv[2]), retry=PATIENT)).exit_code)
"""


def items(root: Path, state: str) -> int:
    """Return how many items the ledger of a folder has in a state; 0 where there is none yet."""
    path = root / "ledger.sqlite"
    if not path.exists():
        return 0
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        statement = "SELECT count(*) FROM item WHERE state = ?"
        return int(database.execute(statement, (state,)).fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


@pytest.mark.timeout(120)
async def test_a_killed_harvest_goes_on_where_it_was(tmp_path: Path) -> None:
    async with DominoServer(DominoSpec(projects=2, jobs=20, log_lines=300), seed=3) as server:
        await taken(server.url, tmp_path / "clean")
        before = len(server.log)
        server.faults.add("slow_start", 0.1, match="/logs")
        for name in FAULTS:
            server.faults.add(name, 500 if name == "status" else None, probability=0.03)
        arguments = [sys.executable, "-c", CHILD, server.url, str(tmp_path / "lake")]
        child = await asyncio.create_subprocess_exec(*arguments)
        while items(tmp_path / "lake", "stored") < 60:
            assert child.returncode is None
            await anyio.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        await child.wait()
        stored = items(tmp_path / "lake", "stored")
        left = items(tmp_path / "lake", "planned")
        assert left > 0
        assert not (tmp_path / "lake" / "tables").exists()
        server.faults.clear()
        report = await taken(server.url, tmp_path / "lake")
    assert before
    assert report.exit_code == 0
    read = sum(requests(report).values())
    assert read < stored + left
    assert differences(tmp_path / "lake", contents(tmp_path / "clean")) == []
    assert (await harvest.verify(tmp_path / "lake")).problems == ()


def test_the_command_harvests_domino(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    isolate(monkeypatch, tmp_path)
    run = runner(capfd)
    missing = run("harvest", "domino:*", "-o", "lake")
    assert missing.code == 4
    assert "DOMINO_USER_API_KEY" in missing.err
    with serve_in_thread(DominoServer(SPEC, api_keys=[KEY])) as server:
        monkeypatch.setenv("DOMINO_API_HOST", server.url)
        monkeypatch.setenv("DOMINO_USER_API_KEY", KEY)
        planned = run("harvest", "domino:project-1", "--plan")
        assert planned.code == 0, planned.err
        assert "domino:project-1: 9 jobs, " in planned.out
        assert not (tmp_path / "lake").exists()
        ended = run("harvest", "domino:project-1", "-o", "lake", "--json")
        report = json.loads(ended.out)
        assert (ended.code, report["exit_code"], report["scope"]) == (0, 0, "domino:project-1")
        assert control_bytes(ended.out + ended.err) == []
        assert run("verify", "lake", "-q").code == 0
        monkeypatch.setenv("DOMINO_USER_API_KEY", "another")
        assert run("harvest", "domino:*", "-o", "other").code == 4
    names = [line.split()[0] for line in run("harvest", "--list-tables").lines[1:]]
    assert names == [*harvest.TABLES]
    query = run("sql", "lake", "select count(*) from domino_job_logs", "--csv")
    assert query.lines[-1] == str(9 * SPEC.log_lines)
    assert KEY not in ended.out + ended.err
    assert subprocess.run([*PYTHON, "harvest", "--help"], check=True, capture_output=True).stdout
