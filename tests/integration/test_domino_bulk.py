"""Bulk verbs over the embedded Domino, which fails as servers do."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from comet_async import Failed, RetryPolicy, Session, domino, domino_bulk
from comet_async.domino import NewJob
from comet_async.server import DominoServer, DominoSpec
from comet_async.testing import domino_server, local_service

SPEC = DominoSpec(projects=3, jobs=20, log_lines=50, log_ties=4)


def session(server: DominoServer) -> Session:
    return Session(local_service(server), retry=RetryPolicy(base=0.001, cap=0.002))


async def every_job(client: Session) -> list[str]:
    projects = [project.id async for project in client.items(domino.paged_projects())]
    found: list[str] = []
    async with domino_bulk.list_jobs(client, projects) as outcomes:
        async for outcome in outcomes:
            assert not isinstance(outcome, Failed)
            found.append(outcome.key)
    return found


def written(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.log")}


@pytest.mark.parametrize(
    "fault", ["status", "storm429", "rst_before", "rst_mid_body", "truncate_length", "html_502"]
)
async def test_jobs_and_their_logs_come_whole_past_faults(fault: str, tmp_path: Path) -> None:
    async with domino_server(SPEC) as server, session(server) as client:
        jobs = await every_job(client)
        whole = await domino_bulk.save_logs(client, jobs, tmp_path / "quiet")
        server.faults.add(fault, 503 if fault == "status" else None, times=25, probability=0.3)
        first = await domino_bulk.save_logs(client, jobs, tmp_path / "faults")
        server.faults.clear()
        rest = await domino_bulk.save_logs(client, jobs, tmp_path / "faults")
    assert len(set(jobs)) == len(jobs) == SPEC.projects * SPEC.jobs
    assert (whole.exit_code, rest.exit_code) == (0, 0)
    assert whole.lines == first.lines + rest.lines == len(jobs) * SPEC.log_lines
    assert rest.already == first.done
    quiet, loud = written(tmp_path / "quiet"), written(tmp_path / "faults")
    assert quiet == loud
    assert len(quiet) == len(jobs)


async def test_a_job_that_is_started_is_waited_for_and_followed() -> None:
    async with domino_server(SPEC) as server, session(server) as client:
        project = (await client.send(domino.get_projects())).projects[0].id
        patient = domino_bulk.Polling(first=0.05, factor=1.0)
        server.clock.speed = 100.0
        ended = await domino_bulk.run_job(
            client, NewJob(project_id=project, run_command="python train.py"), polling=patient
        )
        with anyio.fail_after(10):
            lines = [line async for line in domino_bulk.follow_log(client, ended.id, interval=0.01)]
        held = [line async for line in client.items(domino.paged_job_logs(ended.id))]
    assert ended.status is not None
    assert ended.status.execution_status == "Succeeded"
    assert lines == held
