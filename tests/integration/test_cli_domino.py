"""`comet-async domino`: the bulk verbs from the shell, against an embedded Domino."""

from __future__ import annotations

import json
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async.server import DominoServer, DominoSpec, serve_in_thread
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.job import JobPlan
from comet_async.server.domino.project_parts import FILES, file_bytes
from comet_async.testing import domino_server
from tests.support.command_line import (
    KEY,
    Ended,
    Run,
    control_bytes,
    environment,
    isolate,
    runner,
    started,
)
from tests.support.terminals import Terminal

SPEC = DominoSpec(projects=2, jobs=7, log_lines=30, job_seconds=0.05, audit_events=50)
PROJECT = made_id(Kind.PROJECT, 0)
DAYS = ("--since", "2024-01-01", "--until", "2024-01-03")
COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def domino() -> Iterator[DominoServer]:
    with serve_in_thread(domino_server(SPEC, api_keys=[KEY])) as server:
        server.clock.speed = 100.0  # a job waits for 5 s before it runs
        yield server


@pytest.fixture
def run(
    domino: DominoServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("DOMINO_API_HOST", domino.url)
    monkeypatch.setenv("DOMINO_USER_API_KEY", KEY)
    return runner(capfd)


def records(ended: Ended) -> list[dict[str, object]]:
    assert ended.code == 0, ended.err
    assert control_bytes(ended.out + ended.err) == []
    return [json.loads(line) for line in ended.lines]


@pytest.fixture
def project(run: Run) -> str:
    """Name of the first project."""
    found = records(run("domino", "jobs", PROJECT, "--json", "-q"))
    return str(found[0]["project"])


def test_jobs_of_named_projects_of_all_and_by_filters(run: Run, project: str) -> None:
    of_one = records(run("domino", "jobs", project, "--json"))
    assert [row["number"] for row in of_one] == [1, 2, 3, 4, 5, 6, 7]
    assert of_one == records(run("domino", "jobs", PROJECT, "--json"))
    everything = records(run("domino", "jobs", "--json"))
    assert len(everything) == 14
    failed = records(run("domino", "jobs", "--status", "failed", "--json"))
    assert failed == [row for row in everything if row["status"] == "Failed"] != []
    assert records(run("domino", "jobs", "--since", "2100-01-01", "--json")) == []
    ended = run("domino", "jobs", project)
    assert ended.lines[0].split()[:4] == ["id", "project", "number", "status"]
    assert len(ended.lines) == 8
    assert " requests" in ended.err
    assert run("domino", "jobs", project, "-q").err == ""


def test_a_project_that_is_not_there_is_one_line(run: Run) -> None:
    ended = run("domino", "jobs", "nowhere\x1b")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "comet-async: the key sees no project of Domino with the name or id nowhere\\x1b\n"
    )


def test_logs_come_once_and_go_on(run: Run, project: str, tmp_path: Path) -> None:
    first = run("domino", "logs", "--project", project, "-o", "logs", "--json")
    assert first.code == 0, first.err
    report = json.loads(first.out)
    assert (report["jobs"], report["done"], report["lines"]) == (7, 7, 210)
    assert len([*(tmp_path / "logs").glob("*.log")]) == 7
    again = json.loads(run("domino", "logs", "--project", project, "-o", "logs", "--json").out)
    assert (again["already"], again["lines"]) == (7, 0)
    ids = [str(row["id"]) for row in records(run("domino", "jobs", project, "--json"))]
    (tmp_path / "ids.txt").write_text("\n".join(ids[:2]))
    named = run("domino", "logs", "--keys-from", "ids.txt", "-o", "two", "--form", "ndjson", "-q")
    assert (named.code, named.out, named.err) == (0, "", "")
    assert sorted(path.stem for path in (tmp_path / "two").glob("*.ndjson")) == sorted(ids[:2])


def test_a_log_that_cannot_be_read_is_named(run: Run) -> None:
    ended = run("domino", "logs", "no0such0job", "-o", "logs")
    assert ended.code == 3
    assert "failed: no0such0job: " in ended.err
    assert "logs of 0 of 1 jobs, 1 failed" in ended.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("logs -o logs", "name job ids, a file of them, or projects"),
        ("logs a --project b -o logs", "name job ids, a file of them, or projects"),
        ("logs a --tag b -o logs", "what chooses among jobs goes with --project"),
        ("files p c -o code", "name paths, or a file of them"),
        ("audit gateway f --kind k", "--kind is of events of sources"),
        ("audit gateway f", "start"),
        ("jobs --state odd", "'odd' is not one of"),
    ],
)
def test_bad_orders_are_refused_before_any_request(
    run: Run, domino: DominoServer, line: str, told: str
) -> None:
    before = len(domino.log)
    ended = run("domino", *shlex.split(line))
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert len(domino.log) == before


def test_a_job_is_run_to_its_end(run: Run, project: str) -> None:
    ended = run("domino", "run", project, "python train.py", "--title", "mine", "--every", "0.05")
    assert ended.code in {0, 1}, ended.err
    job = ended.lines[0]
    assert f"({job}): " in ended.err
    found = {row["id"]: row for row in records(run("domino", "jobs", project, "--json"))}
    assert (found[job]["title"], found[job]["command"]) == ("mine", "python train.py")
    assert (found[job]["status"] == "Succeeded") == (ended.code == 0)
    begun = run("domino", "run", project, "sleep 1", "--no-wait", "--json", "-q")
    assert (begun.code, begun.err) == (0, "")
    assert json.loads(begun.out)["runCommand"] == "sleep 1"


@pytest.mark.parametrize("outcome", ["Failed", "Stopped", "Error"])
def test_a_job_that_fails_is_an_exit_code_and_its_id_is_told(
    run: Run, domino: DominoServer, project: str, outcome: str
) -> None:
    domino.world.plan = JobPlan(outcome=outcome)
    ended = run("domino", "run", project, "python train.py", "--every", "0.02", "-q")
    assert (ended.code, len(ended.lines)) == (1, 1)
    (job,) = domino.world.jobs(PROJECT).part(0, 1, newest_first=True)
    assert (job.command, job.job_id in ended.lines[0]) == ("python train.py", True)
    assert f"ended as '{outcome}'" in ended.err


def test_a_log_is_followed(run: Run, project: str) -> None:
    (first, *_) = records(run("domino", "jobs", project, "--json"))
    ended = run("domino", "follow", str(first["id"]), "--every", "0.02")
    assert (ended.code, len(ended.lines), ended.err) == (0, 30, "")
    told = records(run("domino", "follow", str(first["id"]), "--json"))
    assert [row["line"] for row in told] == ended.lines
    assert all(row["time"] and row["stream"] for row in told)


def test_grants_and_models_are_listed(run: Run, project: str) -> None:
    grants = records(run("domino", "grants", "--json"))
    assert {row["project"] for row in grants} >= {project}
    of_one = records(run("domino", "grants", project, "--json"))
    assert of_one == [row for row in grants if row["project"] == project] != []
    assert set(of_one[0]) == {
        "dataset",
        "project",
        "target",
        "role",
        "organization",
        "dataset_id",
        "target_id",
    }
    models = records(run("domino", "models", "--details", "--json"))
    assert models
    assert {
        row["project"] for row in records(run("domino", "models", "--project", project, "--json"))
    } == {project}


def test_costs_are_shown(run: Run) -> None:
    found = records(run("domino", "cost", "7d", "--aggregate", "namespace", "--json"))
    assert found
    assert {"name", "total_cost", "hardware_tier_name"} <= set(found[0])
    ended = run("domino", "cost", "7d")
    assert ended.lines[0].split()[:2] == ["name", "total"]


def test_costs_that_are_off_say_so(run: Run, domino: DominoServer) -> None:
    domino.faults.add("status", 404, match="allocation")
    ended = run("domino", "cost", "7d")
    assert ended.code == 1
    assert "ask an administrator whether cost analysis is switched on" in ended.err


def test_an_audit_is_written_and_goes_on(run: Run, tmp_path: Path) -> None:
    first = run("domino", "audit", "gateway", "audit.jsonl", *DAYS, "--json")
    assert first.code == 0, first.err
    report = json.loads(first.out)
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(lines) == report["events"] == 50
    again = run("domino", "audit", "gateway", "audit.jsonl", "-q", "--until", "2024-01-04")
    assert (again.code, again.out, again.err) == (0, "", "")
    assert (tmp_path / "audit.jsonl").read_text().splitlines() == lines
    sources = run("domino", "audit", "sources", "s.jsonl", *DAYS)
    assert sources.code == 0, sources.err
    assert " requests" in sources.err


def test_files_come_and_stay(run: Run, project: str, tmp_path: Path) -> None:
    paths = [*FILES][:3]
    (tmp_path / "paths.txt").write_text("\n".join(paths))
    ended = run("domino", "files", project, COMMIT, "--paths-from", "paths.txt", "-o", "code")
    assert ended.code == 0, ended.err
    for path in paths:
        wanted = file_bytes(PROJECT, COMMIT, path, SPEC.file_bytes)
        assert (tmp_path / "code" / path).read_bytes() == wanted
    again = run("domino", "files", project, COMMIT, *paths, "-o", "code", "--json")
    assert json.loads(again.out)["already"] == 3


def test_a_snapshot_is_taken(run: Run, project: str) -> None:
    (grant, *_) = records(run("domino", "grants", project, "--json"))
    ended = run("domino", "snapshot", str(grant["dataset_id"]), "--every", "0.05", "--json")
    assert ended.code == 0, ended.err
    assert str(json.loads(ended.out)["status"]).casefold() == "active"


def test_without_a_key_it_says_what_to_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOMINO_USER_API_KEY")
    ended = run("domino", "jobs")
    assert (ended.code, ended.out) == (4, "")
    assert "no Domino key or token; set " in ended.err


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("line", "stalls", "told"),
    [
        (
            "domino jobs {project}",
            "/jobs/beta/jobs",
            "stopped: nothing was changed; to ask again: ",
        ),
        (
            "domino logs --project {project} -o logs",
            "/logs",
            "stopped: what came is kept; to go on: ",
        ),
        (
            "domino audit gateway audit.jsonl --since 2024-01-01 --until 2024-01-03",
            "audit",
            "stopped: what came is kept; to go on: ",
        ),
        (
            "domino files {project} {commit} a b -o code",
            "/files/",
            "stopped: what came is kept; to go on: ",
        ),
    ],
)
def test_ctrl_c_says_how_to_go_on(
    run: Run,
    domino: DominoServer,
    project: str,
    tmp_path: Path,
    *,
    line: str,
    stalls: str,
    told: str,
) -> None:
    domino.faults.add("stall_headers", match=stalls)
    seen = len(domino.log)
    words = shlex.split(line.format(project=PROJECT, commit=COMMIT))
    env = environment(DOMINO_API_HOST=domino.url, DOMINO_USER_API_KEY=KEY)
    with started(*words, env=env, cwd=tmp_path) as process:
        while not any(stalls in entry.path for entry in [*domino.log][seen:]):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, ""), err
    assert err.splitlines()[-1] == f"comet-async: {told}{shlex.join(['comet-async', *words])}"
    domino.faults.clear()
    again = run(*words)
    assert again.code == (3 if "files" in words else 0), again.err  # there is no file "a"
    assert [path for path in tmp_path.rglob("*") if path.name.endswith(".part")] == []


@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_the_waiting_and_not_the_job(
    run: Run, domino: DominoServer, project: str, tmp_path: Path
) -> None:
    domino.faults.add("stall_headers", match="/jobs/beta/jobs/")
    env = environment(DOMINO_API_HOST=domino.url, DOMINO_USER_API_KEY=KEY)
    words = ("domino", "run", project, "python train.py", "--every", "0.05")
    with started(*words, env=env, cwd=tmp_path) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        err = process.communicate()[1]
    job = said.partition("(")[2].partition(")")[0]
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "comet-async: stopped waiting: the job goes on; to see how it ends:"
        f" comet-async domino follow {job}"
    )


@pytest.mark.parametrize("line", ["jobs", "grants", "models --details", "cost 7d"])
def test_no_line_is_wider_than_the_terminal(
    run: Run, domino: DominoServer, tmp_path: Path, line: str
) -> None:
    env = environment(DOMINO_API_HOST=domino.url, DOMINO_USER_API_KEY=KEY)
    words = ("domino", *shlex.split(line))
    begun = {width: Terminal(*words, env=env, cwd=tmp_path, width=width) for width in (80, 40)}
    for width, terminal in begun.items():
        found = terminal.ended()
        assert found.code == 0, found.raw
        assert found.wider_than(width) == []
