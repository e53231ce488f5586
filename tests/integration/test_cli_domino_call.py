"""`comet-async call --service domino` against a server that answers what it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.conformance.domino_facts import OPERATIONS
from tests.support.command_line import KEY, Run, isolate, runner
from tests.support.domino_answers import NOT_FOUND, refusal
from tests.support.raw_server import Action, RawServer, answer, raw_server_in_thread

Answering: TypeAlias = Callable[..., RawServer]
JOB = b'{"job": {"id": "j1", "status": {"executionStatus": "Succeeded"}}, "more": 1}'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    isolate(monkeypatch, tmp_path)
    return runner(capfd)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Let the environment name a Domino that gives these answers."""
    with ExitStack() as stack:

        def start(*actions: Action) -> RawServer:
            server = stack.enter_context(raw_server_in_thread(*actions))
            monkeypatch.setenv("DOMINO_API_HOST", f"{server.url}/u/me/project")
            monkeypatch.setenv("DOMINO_USER_API_KEY", KEY)
            return server

        yield start


def test_the_answer_is_json_with_wire_names(run: Run, answering: Answering) -> None:
    server = answering(answer(JOB))
    ended = run("call", "--service", "domino", "get-job-details", "--job-id", "j1")
    assert (ended.code, ended.err) == (0, "")
    job = json.loads(ended.out)["job"]
    assert (job["id"], job["status"]["executionStatus"]) == ("j1", "Succeeded")
    (heard,) = server.heard
    assert heard.line == "GET /api/jobs/beta/jobs/j1 HTTP/1.1"
    assert heard.headers["x-domino-api-key"] == KEY
    assert "authorization" not in heard.headers


def test_raw_is_the_body_unchanged_but_for_the_key(run: Run, answering: Answering) -> None:
    answering(answer(JOB[:-1] + f', "echo": "{KEY}"}}'.encode()))
    ended = run("call", "--service", "domino", "get_job_details", "--job-id", "j1", "--raw")
    assert ended.code == 0
    assert ended.out.strip() == JOB[:-1].decode() + ', "echo": "***"}'


def test_a_token_is_read_from_its_file_each_time(
    run: Run, answering: Answering, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = answering(answer(JOB))
    file = tmp_path / "token"
    monkeypatch.setenv("DOMINO_TOKEN_FILE", str(file))
    for token in ("first0token0that0is0long", "other0token0that0is0long"):
        file.write_text(f"{token}\nmore\n")
        assert run("call", "--service", "domino", "get_job_details", "--job-id", "j").code == 0
        assert server.heard[-1].headers["authorization"] == f"Bearer {token}"
        assert "x-domino-api-key" not in server.heard[-1].headers


def test_the_proxy_of_a_run_is_given_no_key(
    run: Run, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = answering(answer(JOB))
    monkeypatch.setenv("DOMINO_API_PROXY", server.url.removeprefix("http://"))
    monkeypatch.setenv("DOMINO_API_HOST", "https://domino.example.invalid")
    assert run("call", "--service", "domino", "get_job_details", "--job-id", "j").code == 0
    (heard,) = server.heard
    assert {"authorization", "x-domino-api-key"} & set(heard.headers) == set()


def test_the_url_before_the_command_counts_more(
    run: Run, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = answering(answer(JOB))
    monkeypatch.setenv("DOMINO_API_HOST", "https://domino.example.invalid")
    ended = run("--url", server.url, "call", "--service", "domino", "get_current_user")
    assert ended.code == 1
    assert "missing required field `user`" in ended.err
    assert {heard.line for heard in server.heard} == {"GET /api/users/v1/self HTTP/1.1"}


def test_a_removed_operation_explains_itself(run: Run, answering: Answering) -> None:
    answering(answer(NOT_FOUND, status="404 Not Found"))
    ended = run("call", "--service", "domino", "get_compute_providers")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "Not Found; servers of 6.3.0 and later no longer have this operation" in ended.err
    assert "/api/admin/v1/deploymentTargets" in ended.err


def test_a_moved_operation_is_asked_for_at_its_newer_path(run: Run, answering: Answering) -> None:
    server = answering(
        answer(NOT_FOUND, status="404 Not Found"), answer(b'{"name": "m", "project": null}')
    )
    command = ("call", "--service", "domino", "get_registered_model_by_name", "--model-name", "m/1")
    ended = run(*command)
    assert ended.code == 1
    assert "newer servers have it at /api/registeredmodels/v1/{modelName}" in ended.err
    assert "give `comet-async call` --newer-path" in ended.err
    assert json.loads(run(*command, "--newer-path").out)["name"] == "m"
    assert [heard.line.split()[1] for heard in server.heard] == [
        "/api/registeredmodels/beta/m%2F1",
        "/api/registeredmodels/v1/m%2F1",
    ]
    assert "No such option" in run("call", "get_workspaces", "--newer-path").err


def test_all_pages_are_one_list(run: Run, answering: Answering) -> None:
    page = b'{"jobs": [{"id": "j1"}, {"id": "j2"}], "metadata": {"totalCount": 2}}'
    server = answering(answer(page), answer(b'{"jobs": [], "metadata": {"totalCount": 2}}'))
    ended = run("call", "--service", "domino", "get_jobs", "--project-id", "p", "--all")
    assert (ended.code, ended.err) == (0, "")
    assert [job["id"] for job in json.loads(ended.out)] == ["j1", "j2"]
    assert "projectId=p" in server.heard[0].line


def test_a_refused_key_ends_with_4(run: Run, answering: Answering) -> None:
    answering(answer(refusal("no such key", request_id="r-7"), status="401 Unauthorized"))
    ended = run("call", "--service", "domino", "get_current_user")
    assert ended.code == 4
    assert ended.err.endswith("answered 401: no such key - check the API key\n")


def test_a_file_of_a_project_goes_to_disk(run: Run, answering: Answering, tmp_path: Path) -> None:
    server = answering(answer(bytes(range(256)), headers=[("Content-Type", "image/png")]))
    file = tmp_path / "plot.png"
    ended = run(
        *("call", "--service", "domino", "get_project_file_contents", "--project-id", "p"),
        *("--commit-id", "c", "--path", "results/plot.png", "-o", str(file)),
    )
    assert ended.code == 0
    assert file.read_bytes() == bytes(range(256))
    assert "/files/c/results%2Fplot.png/content " in server.heard[0].line


def test_writes_want_a_yes_and_take_json(run: Run, answering: Answering) -> None:
    server = answering(answer(JOB))
    body = json.dumps({"projectId": "p", "runCommand": "python a.py", "mainRepoGitRef": None})
    command = ("call", "--service", "domino", "start_job", "--job", body)
    refused = run(*command)
    assert (refused.code, refused.err) == (
        2,
        "comet-async: start_job changes the server's state; give --yes to do it\n",
    )
    assert server.heard == []
    assert run(*command, "--yes").code == 0
    (heard,) = server.heard
    assert json.loads(heard.body) == {"projectId": "p", "runCommand": "python a.py"}
    typo = run("call", "--service", "domino", "start_job", "--job", '{"projectid": "p"}', "--yes")
    assert typo.code == 2
    assert "missing required field `projectId`" in typo.err or "unknown field" in typo.err


def test_lists_are_options_given_several_times(run: Run, answering: Answering) -> None:
    server = answering(answer(b"[]"))
    command = ("call", "--service", "domino", "get_ai_gateway_audit_data")
    ended = run(*command, "--endpoint-ids", "a", "--endpoint-ids", "b")
    assert (ended.code, ended.out) == (0, "[]\n")
    assert server.heard[0].line.split()[1].endswith("?endpointIds=a&endpointIds=b")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["get_job_details", "--job-id", "j"],
            4,
            "no Domino key or token; set DOMINO_USER_API_KEY",
        ),
        (["get_job_detail"], 2, "near: get_job_details"),
        (["get_workspaces"], 2, "is an endpoint of comet: `comet-async call get_workspaces ...`"),
        (["get_jobs"], 2, "Missing option '--project-id'"),
        (
            ["update_billing_tag_settings", "--mode", "required", "--yes"],
            2,
            "Missing option '--notifications'",
        ),
        (
            ["update_data_source", "--data-source-id", "d", "--config", '{"port": 1}', "--yes"],
            2,
            "Expected `str`, got `int`",
        ),
        (
            ["request_async_prediction", "--async-model-id", "m", "--parameters", "[1]", "--yes"],
            2,
            "Expected `object`, got `array`",
        ),
        (["nothing_like_it_at_all"], 2, "`comet-async call --service domino --list` shows all"),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    ended = run("call", "--service", "domino", *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert message in ended.err


def test_a_host_is_needed_and_the_service_is_named_before_the_operation(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMINO_USER_API_KEY", KEY)
    ended = run("call", "--service", "domino", "get_current_user")
    assert ended.code == 2
    assert "no Domino host; give one, or set DOMINO_API_HOST" in ended.err
    other = run("call", "get_current_user", "--service", "domino")
    assert other.code == 2
    assert "`comet-async call --service domino get_current_user ...`" in other.err
    assert run("call", "--service", "neptune", "get_runs").code == 2


def test_the_list_tells_where_every_operation_stands(run: Run) -> None:
    rows = json.loads(run("call", "--service", "domino", "--list", "--json").out)
    assert [row["name"] for row in rows] == sorted(OPERATIONS)
    assert {row["name"]: row["method"] for row in rows} == {
        name: fact["verb"] for name, fact in OPERATIONS.items()
    }
    told = {row["name"]: row["standing"] for row in rows}
    assert told["get_registered_models"] == "beta, moved"
    assert told["copy_project_beta"] == "beta, deprecated, removed"
    assert told["get_compute_providers"] == "removed, inferred"
    assert told["get_project_by_id"] == ""
    shown = run("call", "--service", "domino", "--list")
    assert len(shown.lines) == 162
    assert shown.lines[0].split() == ["name", "method", "kind", "summary", "standing"]


def test_help_is_that_of_the_operation(run: Run) -> None:
    shown = run("call", "--service", "domino", "get_compute_providers", "--help")
    assert shown.code == 0
    assert "Gone from servers of 6.3.0 and later" in shown.out
    assert "\nExamples:\n  comet-async call --service domino get_compute_providers\n" in shown.out
