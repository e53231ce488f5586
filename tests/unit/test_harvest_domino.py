"""A harvest of Domino over scripted answers: what a local server would not send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from comet_async import Limits, Session, domino, harvest
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.transport import HttpRequest
from comet_async.errors import PermissionDeniedError, UsageError
from comet_async.testing import Answer, FakeTransport, reply
from tests.support.domino_harvests import Row, rows

SERVICE = domino.service("KEY", host="http://domino.example", limits=Limits(concurrency=4))
PROJECTS = "/api/projects/beta/projects"
JOBS = "/api/jobs/beta/jobs"
LOGS = "/api/jobs/beta/jobs/{jobId}/logs"
BEGAN = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
NANO = 10**9
FEW = ["domino_jobs", "domino_job_logs", "domino_job_log_states"]


def pages(name: str, shown: Sequence[Row]) -> Callable[[HttpRequest], Answer]:
    """Return a listing that is cut as it is asked for."""

    def page(request: HttpRequest) -> Answer:
        asked = parse_qs(urlsplit(request.url).query)
        offset, limit = (int(asked.get(key, ["0"])[0]) for key in ("offset", "limit"))
        told = {"offset": offset, "limit": limit, "totalCount": len(shown)}
        return reply(json={name: shown[offset : offset + limit], "metadata": told})

    return page


def scripted(*projects: Row, **jobs: Row) -> FakeTransport:
    """Return a deployment with these projects, and with jobs in the first, by id."""
    fake = FakeTransport(reply(status=500, json={"errors": ["down"]}))
    shown = [{"id": key, **job} for key, job in jobs.items()]
    listed = projects or ({"id": "p", "name": "one"},)
    fake.on("GET", PROJECTS, pages("projects", listed))
    return fake.on("GET", JOBS, pages("jobs", shown))


async def taken(
    fake: FakeTransport,
    root: Path,
    *tables: str,
    scope: str = "domino:*",
    answers: bool = False,
) -> harvest.Report:
    async with Session(SERVICE, transport=fake, retry=RetryPolicy(attempts=1)) as session:
        plan = await harvest.plan(session, scope, tables=tables, into=root, answers=answers)
        return await harvest.run(session, plan, root)


def log(*lines: str, complete: bool | None, **more: Any) -> Callable[[HttpRequest], Answer]:
    """Return a log that is read from a cursor on; each line is a second after the one before."""
    content = [
        {"log": text, "logType": "stdOut", "timestamp": f"2024-01-01T00:00:{second:02d}Z"}
        for second, text in enumerate(lines)
    ]

    def page(request: HttpRequest) -> Answer:
        asked = parse_qs(urlsplit(request.url).query).get("latestTimeNano", ["0"])[0]
        passed = max(0, -(-(int(asked) - BEGAN * NANO) // NANO))
        told = {"limit": 10_000, "latestTimeNano": f"{BEGAN + len(lines) - 1}{'0' * 9}"}
        logs = {"isComplete": complete, "logContent": content[passed:], **more}
        return reply(json={"logs": logs, "metadata": {"pagination": told if lines else {}}})

    return page


def octets(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def leftovers(root: Path) -> list[Path]:
    return [path for path in (root / "parts").rglob("*") if path.name.startswith(".")]


OVER: Row = {"status": {"isCompleted": True, "executionStatus": "Failed"}}


async def test_a_log_that_is_not_complete_is_asked_again_though_its_job_is_over(
    tmp_path: Path,
) -> None:
    fake = scripted(a=OVER, b=OVER).on("GET", LOGS, log("one", "two", complete=False))
    first = await taken(fake, tmp_path, *FEW)
    assert (first.exit_code, first.snapshot) == (0, 1)
    assert [row["text"] for row in rows(tmp_path, "domino_job_logs")] == ["one", "two"] * 2

    before = len(fake.sent)
    same = await taken(fake, tmp_path, *FEW)
    assert (same.exit_code, same.snapshot) == (0, None)
    assert len(fake.sent) > before + 2

    fake.on("GET", LOGS, log("one", "two", "three", complete=True))
    last = await taken(fake, tmp_path, *FEW)
    assert (last.exit_code, last.snapshot) == (0, 2)
    texts = [(row["line"], row["text"]) for row in rows(tmp_path, "domino_job_logs")]
    assert texts == [(1, "one"), (2, "two"), (3, "three")] * 2
    assert [row["is_complete"] for row in rows(tmp_path, "domino_job_log_states")] == [True] * 2

    before = len(fake.sent)
    await taken(fake, tmp_path, *FEW)
    assert len(fake.sent) == before + 2


async def test_the_state_of_a_log_tells_its_problem(tmp_path: Path) -> None:
    told = log(complete=True, problem="gone", helpLink="https://user:secret@help.example/x")
    report = await taken(scripted(a=OVER).on("GET", LOGS, told), tmp_path, *FEW)
    assert report.exit_code == 0
    assert rows(tmp_path, "domino_job_logs") == []
    (state,) = rows(tmp_path, "domino_job_log_states")
    assert state == {
        "job_id": "a",
        "lines": 0,
        "is_complete": True,
        "problem": "gone",
        "help_link": "https://help.example/x",
    }


async def test_a_line_without_a_time_keeps_what_was_sent(tmp_path: Path) -> None:
    lines = [{"log": "x", "timestamp": "noon"}, {"log": "y"}, {"timestamp": "2024-01-01T00:00:00Z"}]
    answer = {
        "logs": {"isComplete": True, "logContent": lines},
        "metadata": {"pagination": {"limit": 10_000, "latestTimeNano": "1704067200000000000"}},
    }
    nothing = {**answer, "logs": {"isComplete": True}}
    fake = scripted(a=OVER).on("GET", LOGS, reply(json=answer), reply(json=nothing))
    await taken(fake, tmp_path, *FEW)
    assert rows(tmp_path, "domino_job_logs") == [
        {"job_id": "a", "line": 1, "text": "x", "time_text": "noon"},
        {"job_id": "a", "line": 2, "text": "y"},
        {"job_id": "a", "line": 3, "time_ns": 1_704_067_200_000_000_000},
    ]


@pytest.mark.parametrize("answers", [False, True])
async def test_what_opens_a_repository_is_kept_nowhere(tmp_path: Path, answers: bool) -> None:
    uri = "https://robot:hunter2secret@git.example/team/code.git"
    project = {"id": "p", "name": "one", "mainRepository": {"id": "r", "uri": uri}}
    fake = scripted(project, a={**OVER, "gitRepos": [{"id": "r", "uri": uri}]})
    report = await taken(fake, tmp_path, "domino_projects", "domino_jobs", answers=answers)
    assert report.exit_code == 0
    (row,) = rows(tmp_path, "domino_projects")
    assert row["repository_uri"] == "https://git.example/team/code.git"
    assert "https://git.example/team/code.git" in rows(tmp_path, "domino_jobs")[0]["git_repos"]
    assert b"hunter2secret" not in octets(tmp_path)


async def test_times_keep_what_milliseconds_lack(tmp_path: Path) -> None:
    times = {
        "submissionTime": "2024-01-01T00:00:00.123Z",
        "startTime": "2024-01-01T01:00:00.123456+01:00",
        "completedTime": "later",
    }
    await taken(scripted(a={**OVER, "stageTimes": times}), tmp_path, "domino_job_stage_times")
    moment = datetime(2024, 1, 1, microsecond=123_000, tzinfo=UTC)
    assert rows(tmp_path, "domino_job_stage_times") == [
        {
            "job_id": "a",
            "submitted": moment,
            "started": moment,
            "started_text": "2024-01-01T01:00:00.123456+01:00",
            "completed_text": "later",
        }
    ]


async def test_statistics_that_are_no_numbers_are_text(tmp_path: Path) -> None:
    told = [{"name": "score", "value": "1e3"}, {"name": "verdict", "value": "good"}, {"name": "x"}]
    await taken(scripted(a={**OVER, "dominoStats": told}), tmp_path, "domino_job_statistics")
    assert rows(tmp_path, "domino_job_statistics") == [
        {"job_id": "a", "name": "score", "value": "1e3", "number": 1000.0},
        {"job_id": "a", "name": "verdict", "value": "good"},
        {"job_id": "a", "name": "x"},
    ]


async def test_a_job_that_tells_nothing_of_itself_counts_as_running(tmp_path: Path) -> None:
    fake = scripted(a={}).on("GET", "/api/jobs/beta/jobs/{jobId}", reply(json={"job": {"id": "a"}}))
    tables = ("domino_jobs", "domino_job_details", "domino_job_tags")
    first = await taken(fake, tmp_path, *tables)
    again = await taken(fake, tmp_path, *tables)
    assert first.exit_code == again.exit_code == 0
    assert fake.paths.count("GET /api/jobs/beta/jobs/a") == 2
    assert rows(tmp_path, "domino_jobs") == [{"job_id": "a", "project_id": "p"}]


async def test_a_name_that_several_owners_use_is_refused_and_an_owner_helps(
    tmp_path: Path,
) -> None:
    fake = scripted(
        {"id": "1", "name": "one", "ownerUsername": "ann"},
        {"id": "2", "name": "one", "ownerUsername": "bob"},
    )
    with pytest.raises(UsageError, match=r"several owners have a project one; .*: ann, bob"):
        await taken(fake, tmp_path / "no", "domino_projects", scope="domino:one")
    await taken(fake, tmp_path, "domino_projects", scope="domino:bob/one")
    assert [row["project_id"] for row in rows(tmp_path, "domino_projects")] == ["2"]


async def test_a_project_that_no_listing_shows_is_asked_by_its_id(tmp_path: Path) -> None:
    fake = scripted()
    one = {"project": {"id": "hidden", "name": "other"}}
    fake.on("GET", "/api/projects/v1/projects/hidden", reply(json=one))
    await taken(fake, tmp_path, "domino_projects", scope="domino:hidden")
    assert [row["project_name"] for row in rows(tmp_path, "domino_projects")] == ["other"]


async def test_servers_that_know_the_older_listings_alone_are_asked_by_them(
    tmp_path: Path,
) -> None:
    missing = reply(status=404, json={"errors": ["no such path"]})
    fake = scripted()
    fake.on("GET", "/api/datasetrw/v2/datasets", missing)
    fake.on("GET", "/api/registeredmodels/v1", missing)
    datasets = [{"id": "d", "projectId": "p"}, {"id": "e", "projectId": "q"}]
    fake.on("GET", "/api/datasetrw/v1/datasets", pages("datasets", datasets))
    fake.on("GET", "/api/registeredmodels/beta", reply(json={"items": [{"name": "m"}]}))
    tables = ("domino_datasets", "domino_registered_models")
    report = await taken(fake, tmp_path, *tables, scope="domino:one")
    assert report.exit_code == 0
    assert [row["dataset_id"] for row in rows(tmp_path, "domino_datasets")] == ["d"]
    assert [row["model_name"] for row in rows(tmp_path, "domino_registered_models")] == ["m"]


async def test_datasets_of_other_projects_that_a_server_sends_are_left_out(tmp_path: Path) -> None:
    fake = scripted()
    sent = [{"dataset": {"id": "d", "projectId": "p"}}, {"dataset": {"id": "e", "projectId": "q"}}]
    fake.on("GET", "/api/datasetrw/v2/datasets", pages("datasets", sent))
    await taken(fake, tmp_path, "domino_datasets", scope="domino:one")
    assert [row["dataset_id"] for row in rows(tmp_path, "domino_datasets")] == ["d"]
    (asked,) = [sent.url for sent in fake.sent if "datasets" in sent.url]
    assert parse_qs(urlsplit(asked).query)["projectIdsToInclude"] == ["p"]


async def test_an_entry_that_fits_no_table_fails_that_job_alone(tmp_path: Path) -> None:
    fake = scripted(a={**OVER, "number": 10**30}, b={**OVER, "number": 7})
    report = await taken(fake, tmp_path, "domino_jobs", "domino_job_stage_times")
    assert report.exit_code == 3
    assert {(failure.table, failure.key) for failure in report.failures} == {
        ("domino_jobs", "a"),
        ("domino_job_stage_times", "a"),
    }
    assert [row["job_id"] for row in rows(tmp_path, "domino_jobs")] == ["b"]


async def test_a_long_log_goes_to_a_part_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comet_async.harvest.domino.logs._MOST_BYTES", 1)
    fake = scripted(a=OVER, b={}).on("GET", LOGS, log("one", "two", complete=True))
    await taken(fake, tmp_path, *FEW)
    again = await taken(fake, tmp_path, *FEW)
    assert (again.exit_code, again.snapshot) == (0, 2)  # b runs: its state is written anew
    lines = [(row["job_id"], row["text"]) for row in rows(tmp_path, "domino_job_logs")]
    assert sorted(lines) == [("a", "one"), ("a", "two"), ("b", "one"), ("b", "two")]
    assert (await harvest.verify(tmp_path)).problems == ()
    assert leftovers(tmp_path) == []


async def test_a_long_log_that_breaks_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comet_async.harvest.domino.logs._MOST_BYTES", 1)

    def once(request: HttpRequest) -> Answer:
        cursor = "latestTimeNano" in urlsplit(request.url).query
        return reply(status=500, json={}) if cursor else log("one", complete=True)(request)

    fake = scripted(a=OVER).on("GET", LOGS, once)
    report = await taken(fake, tmp_path, *FEW)
    assert report.exit_code == 3
    assert rows(tmp_path, "domino_job_logs") == []
    assert leftovers(tmp_path) == []
    assert (await harvest.verify(tmp_path)).problems == ()


async def test_a_project_whose_jobs_the_key_may_not_see_is_told_of(tmp_path: Path) -> None:
    fake = scripted({"id": "p", "name": "open"}, {"id": "q", "name": "closed"}, a=OVER)
    whole = pages("jobs", [{"id": "a", **OVER}])

    def jobs(request: HttpRequest) -> Answer:
        closed = parse_qs(urlsplit(request.url).query)["projectId"] == ["q"]
        return reply(status=403, json={"errors": ["not yours"]}) if closed else whole(request)

    fake.on("GET", JOBS, jobs)
    report = await taken(fake, tmp_path, "domino_projects", "domino_jobs")
    assert report.exit_code == 0
    found = {
        row["project_name"]: row.get("problem", "") for row in rows(tmp_path, "domino_projects")
    }
    assert found["open"] == ""
    assert "not yours" in found["closed"]
    assert [row["job_id"] for row in rows(tmp_path, "domino_jobs")] == ["a"]
    for tables, scope in (
        (["domino_jobs"], "domino:*"),
        (["domino_projects", "domino_jobs"], "domino:closed"),
    ):
        with pytest.raises(PermissionDeniedError):
            await taken(fake, tmp_path / scope[-1], *tables, scope=scope)


async def test_a_deployment_without_a_registry_has_no_models(tmp_path: Path) -> None:
    missing = reply(status=404, json={"errors": ["no such path"]})
    fake = scripted()
    for path in ("v1", "beta"):
        fake.on("GET", f"/api/registeredmodels/{path}", missing)
    report = await taken(fake, tmp_path, "domino_registered_models", "domino_model_versions")
    assert (report.exit_code, report.requests) == (0, 3)


async def test_a_log_that_begins_anew_whatever_is_asked_has_each_line_once(
    tmp_path: Path,
) -> None:
    whole = log("one", "two", "three", complete=True)

    def page(request: HttpRequest) -> Answer:
        return whole(msgspec.structs.replace(request, url="http://domino.example/"))

    report = await taken(scripted(a=OVER).on("GET", LOGS, page), tmp_path, *FEW)
    assert report.exit_code == 0
    assert [row["text"] for row in rows(tmp_path, "domino_job_logs")] == ["one", "two", "three"]
