"""Logs and runs of Domino jobs: every line once, over seams, faults and stops."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import anyio.lowlevel
import pytest

from comet_async import RetryPolicy, Session, domino, domino_bulk
from comet_async.domino import NewJob
from comet_async.errors import LedgerError, UsageError
from tests.support.domino_logs import LogServer, line
from tests.support.raw_server import RawServer, answer, raw_server, reset

START = 1_647_051_415_275_957_459


def session(server: RawServer) -> Session:
    policy = RetryPolicy(base=0.001, cap=0.002, unreached_attempts=1)
    return Session(domino.service("KEY", host=server.url), retry=policy)


def log(count: int, seed: int) -> list[tuple[int, str, str]]:
    """Return lines that share moments and texts as lines of real logs do."""
    draw = random.Random(seed)
    nano = START
    rows: list[tuple[int, str, str]] = []
    for _ in range(count):
        nano += draw.choice([0, 0, 1, 1, 700, 400_000, 90_000_000])
        rows.append(line(nano, draw.choice(["tick", "tick", "done", ""])))
    return rows


def texts(rows: list[tuple[int, str, str]]) -> bytes:
    return "".join(f"{text}\n" for _, text, _ in rows).encode()


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("digits", [3, 6, 9])
async def test_every_line_comes_once(again: bool, digits: int, tmp_path: Path) -> None:
    logs = {f"job{seed}": log(300, seed) for seed in range(20)} | {"empty": []}
    stub = LogServer(logs, again=again, cap=60, digits=digits)
    async with raw_server(stub.act) as server, session(server) as client:
        report = await domino_bulk.save_logs(client, list(logs), tmp_path)
    assert dict(report.failed) == {}
    assert (report.jobs, report.done, report.lines) == (21, 21, 6000)
    for job_id, rows in logs.items():
        assert (tmp_path / f"{job_id}.log").read_bytes() == (texts(rows) if rows else b"")


async def test_a_run_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    logs = {"a": log(500, 1), "b": log(500, 2)}
    stub = LogServer(logs, cap=100)
    async with raw_server(stub.act) as server, session(server) as client:

        def fail(job_id: str, lines: int) -> None:
            if lines >= 250:
                stub.faults[:] = [answer(b"{}", status="403 Forbidden")] * 2

        first = await domino_bulk.save_logs(client, logs, tmp_path, progress=fail)
        assert set(first.failed) == {"a", "b"}
        assert first.exit_code == 3
        assert not (tmp_path / "a.log").exists()
        stub.faults.clear()
        second = await domino_bulk.save_logs(client, logs, tmp_path)
        third = await domino_bulk.save_logs(client, logs, tmp_path)
    assert first.lines > 0
    assert first.lines + second.lines == 1000
    assert (third.already, third.lines) == (2, 0)
    assert (tmp_path / "a.log").read_bytes() == texts(logs["a"])
    assert (tmp_path / "b.log").read_bytes() == texts(logs["b"])


CHILD = """
import asyncio, sys
from comet_async import Session, domino, domino_bulk

async def main(url, folder, *jobs):
    async with Session(domino.service("KEY", host=url)) as client:
        await domino_bulk.save_logs(client, jobs, folder, limit=100, concurrency=3)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("at", [1, 4, 9, 14, 21])
async def test_a_killed_process_is_resumed_with_every_line_once(at: int, tmp_path: Path) -> None:
    logs = {f"job{seed}": log(500, seed) for seed in range(4)}
    stub = LogServer(logs, cap=100)
    async with raw_server(stub.act) as server:
        command = [sys.executable, "-c", CHILD, server.url, str(tmp_path), *logs]
        child = await anyio.open_process(command, stdout=None, stderr=None)
        await stub.until(at)
        child.kill()
        await child.wait()
        stub.asked.clear()
        async with session(server) as client:
            report = await domino_bulk.save_logs(client, logs, tmp_path, limit=100)
    assert dict(report.failed) == {}
    assert report.done + report.already == 4
    for job_id, rows in logs.items():
        assert (tmp_path / f"{job_id}.log").read_bytes() == texts(rows)
    found = {path.name async for path in anyio.Path(tmp_path).iterdir()}
    assert found == {".logs.jsonl", *(f"{job_id}.log" for job_id in logs)}


async def test_passing_faults_cost_no_line(tmp_path: Path) -> None:
    logs = {"a": log(400, 3)}
    stub = LogServer(logs, cap=90)
    async with raw_server(stub.act) as server, session(server) as client:
        await client.send(domino.get_job_details("a"))  # the service has answered once
        stub.faults += [
            answer(b"{}", status="503 Service Unavailable"),
            answer(b"{}", status="429 Too Many Requests", headers=[("Retry-After", "0")]),
            reset,
        ]
        report = await domino_bulk.save_logs(client, logs, tmp_path, form="ndjson")
    assert dict(report.failed) == {}
    lines = (tmp_path / "a.ndjson").read_bytes().splitlines()
    assert len(lines) == 400


async def test_the_log_of_a_running_job_is_continued(tmp_path: Path) -> None:
    rows = log(100, 4)
    stub = LogServer({"a": rows[:40]})
    stub.complete.clear()
    async with raw_server(stub.act) as server, session(server) as client:
        first = await domino_bulk.save_logs(client, ["a", "a"], tmp_path)
        assert (first.jobs, first.growing, first.lines) == (1, 1, 40)
        assert not (tmp_path / "a.log").exists()
        stub.logs["a"] = rows
        stub.statuses["a"] = ["Succeeded"]
        second = await domino_bulk.save_logs(client, ["a"], tmp_path)
    assert (second.done, second.lines) == (1, 60)
    assert (tmp_path / "a.log").read_bytes() == texts(rows)


async def test_a_moment_with_more_lines_than_an_answer_holds_is_told(tmp_path: Path) -> None:
    stub = LogServer({"a": [line(START, f"{number}") for number in range(50)]}, cap=20)
    async with raw_server(stub.act) as server, session(server) as client:
        report = await domino_bulk.save_logs(client, ["a"], tmp_path)
    assert "lines of one instant" in report.failed["a"]


async def test_a_ledger_of_other_logs_is_refused(tmp_path: Path) -> None:
    stub = LogServer({"a": []})
    async with raw_server(stub.act) as server, session(server) as client:
        await domino_bulk.save_logs(client, ["a"], tmp_path)
        with pytest.raises(LedgerError, match="another operation"):
            await domino_bulk.save_logs(client, ["a"], tmp_path, log_type="stdErr")
        with pytest.raises(UsageError, match="list of jobs"):
            await domino_bulk.save_logs(client, "a", tmp_path)


async def test_follow_reads_once_more_after_the_end() -> None:
    rows = log(90, 5)
    stub = LogServer({"a": rows[:30]}, again=False)
    stub.complete.clear()
    stub.statuses["a"] = ["Running", "Running", "Failed"]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        stub.logs["a"] = rows[: 30 * (len(slept) + 1)]

    async with raw_server(stub.act) as server, session(server) as client:
        found = [one.log async for one in domino_bulk.follow_log(client, "a", sleep=sleep)]
    assert found == [text for _, text, _ in rows]
    assert slept == [4.0, 4.0]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("Failed", domino_bulk.JobFailed),
        ("Error", domino_bulk.JobFailed),
        ("Unheard", domino_bulk.JobFailed),
        ("stopped", domino_bulk.JobStopped),
        ("SUCCEEDED", None),
    ],
)
async def test_completed_is_not_succeeded(end: str, error: type[Exception] | None) -> None:
    stub = LogServer({})
    stub.statuses["new"] = ["Running", "Running", end]
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            stub.faults += [answer(b"{}", status="503 Service Unavailable")] * 4

    polling = domino_bulk.Polling(sleep=sleep, draw=lambda: 0.0)
    async with raw_server(stub.act) as server, session(server) as client:
        run = domino_bulk.run_job(client, NewJob(project_id="p", run_command="x"), polling=polling)
        if error is None:
            assert (await run).id == "new"
        else:
            with pytest.raises(error) as caught:
                await run
            assert type(caught.value) is error
    assert waits[:3] == [2.0, 3.0, 4.5]


async def test_a_wait_has_a_deadline() -> None:
    stub = LogServer({})
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    polling = domino_bulk.Polling(deadline=100, sleep=sleep, clock=lambda: now[0])
    async with raw_server(stub.act) as server, session(server) as client:
        with pytest.raises(domino_bulk.WaitedTooLong, match="not over after 100 s"):
            await domino_bulk.wait_for_job(client, "j", polling=polling)
    assert now == [100.0]


async def test_a_cancelled_wait_says_its_last_words() -> None:
    stub = LogServer({})
    async with raw_server(stub.act) as server, session(server) as client:
        with anyio.CancelScope() as scope:

            async def sleep(seconds: float) -> None:
                scope.cancel()
                await anyio.lowlevel.checkpoint()

            await domino_bulk.run_job(
                client,
                NewJob(project_id="p", run_command="x"),
                polling=domino_bulk.Polling(sleep=sleep),
                on_cancel=lambda job: domino.get_job_details(f"stop-{job.id}"),
            )
    assert scope.cancelled_caught
    assert "stop-new" in stub.asked[-1]
