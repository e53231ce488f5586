"""`comet-async call` against the embedded server."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from comet_async.cli.main import program
from comet_async.server import HOSTILE_NAMES, LocalServer, SyntheticSpec
from tests.support.command_line import (
    KEY,
    Run,
    control_bytes,
    environment,
    process,
)

SPEC = SyntheticSpec(experiments=5, points=30, assets=len(HOSTILE_NAMES), hostile_names=True)


@pytest.fixture
def project(run: Run) -> str:
    found = json.loads(run("call", "get_projects", "--workspace-name", "synthetic").out)
    return str(found["projects"][0]["projectId"])


@pytest.fixture
def experiment(run: Run, project: str) -> str:
    found = json.loads(run("call", "get_experiments", "--project-id", project).out)
    return str(found["experiments"][0]["experimentKey"])


def test_prints_the_answer_as_json_with_wire_names(run: Run) -> None:
    ended = run("call", "get_workspaces")
    assert ended.code == 0
    assert ended.out == '{\n  "workspaceNames": [\n    "synthetic"\n  ]\n}\n'
    assert ended.err == ""


def test_hyphens_do_for_underscores(run: Run) -> None:
    assert run("call", "get-workspaces").code == 0


def test_raw_is_the_body_unchanged_but_for_the_key(
    run: Run, experiment: str, server: LocalServer
) -> None:
    options = ("call", "get_experiment_asset_list", "--experiment-key", experiment)
    raw = run(*options, "--raw")
    assert "curlDownload" in raw.out
    assert KEY not in raw.out
    plain = json.loads(run(*options).out)
    assert len(json.loads(raw.out)["assets"]) == len(plain["assets"]) == len(HOSTILE_NAMES)


def test_all_pages_are_one_list(run: Run, project: str) -> None:
    ended = run("call", "get_experiments", "--project-id", project, "--size", "2", "--all")
    keys = [row["experimentKey"] for row in json.loads(ended.out)]
    assert len(set(keys)) == 5
    refused = run("call", "get_experiments", "--project-id", project, "--page", "1", "--all")
    assert (refused.code, refused.err) == (
        2,
        "comet-async: --all walks the pages itself; leave --page out\n",
    )


def test_tables_are_plain_lines_without_a_terminal(run: Run, project: str) -> None:
    ended = run("call", "get_experiments", "--project-id", project, "--all", "--table")
    assert ended.lines[0].split()[0] == "experimentKey"
    assert len(ended.lines) == 6
    assert control_bytes(ended.out) == []


@pytest.mark.parametrize("form", [[], ["--table"], ["--raw"]])
def test_hostile_names_leave_no_control_bytes(run: Run, experiment: str, form: list[str]) -> None:
    ended = run("call", "get_experiment_asset_list", "--experiment-key", experiment, *form)
    assert ended.code == 0
    if form == ["--raw"]:
        assert len(json.loads(ended.out)["assets"]) == len(HOSTILE_NAMES)
        return
    assert control_bytes(ended.out) == []
    if form:
        assert len(ended.lines) == len(HOSTILE_NAMES) + 1
        return
    names = [row["fileName"] for row in json.loads(ended.out)["assets"]]
    assert sorted(names) == sorted(HOSTILE_NAMES)


def test_structured_arguments_come_as_json(run: Run, project: str, tmp_path: Path) -> None:
    rules = tmp_path / "predicates.json"
    rules.write_text("[]")
    typed = run("call", "query_project", "--project-id", project, "--predicates", "[]")
    filed = run("call", "query_project", "--project-id", project, "--predicates", f"@{rules}")
    assert json.loads(typed.out)["experimentsInProject"] == 5
    assert filed.out == typed.out
    broken = run("call", "query_project", "--project-id", project, "--predicates", "{")
    assert broken.code == 2
    assert broken.err.startswith("comet-async: Invalid value for '--predicates': not JSON")


def test_lists_are_repeated_options(run: Run, experiment: str) -> None:
    names = ("--metrics", "loss", "--metrics", "accuracy")
    ended = run("call", "get_multi_metric_chart", "--targeted-experiments", experiment, *names)
    assert ended.code == 0
    assert list(json.loads(ended.out)["experiments"]) == [experiment]


def test_a_blob_goes_to_a_file_whole(run: Run, experiment: str, tmp_path: Path) -> None:
    listed = run("call", "get_experiment_asset_list", "--experiment-key", experiment)
    asset = json.loads(listed.out)["assets"][0]["assetId"]
    options = ("call", "get_experiment_asset", "--experiment-key", experiment, "--asset-id", asset)
    saved = run(*options, "-o", "asset.bin")
    data = (tmp_path / "asset.bin").read_bytes()
    assert (saved.code, saved.out, len(data)) == (0, "", 4096)
    assert hashlib.sha256(data).hexdigest() in saved.err
    again = run(*options, "-o", "asset.bin")
    assert (again.code, again.err) == (
        2,
        "comet-async: asset.bin exists; give --force to replace it\n",
    )
    assert run(*options, "-o", "asset.bin", "--force").code == 0
    missing = run(*options, "-o", "nowhere/asset.bin")
    assert missing.code == 5
    assert "the folder nowhere does not exist" in missing.err
    assert run(*options, "--table").code == 2


def test_json_goes_to_a_file_too(run: Run, tmp_path: Path) -> None:
    assert run("call", "get_workspaces", "-o", "w.json").out == ""
    assert json.loads((tmp_path / "w.json").read_text()) == {"workspaceNames": ["synthetic"]}
    assert run("call", "get_workspaces", "--raw", "-o", "raw.json").code == 0
    assert (tmp_path / "raw.json").read_text() == '{"workspaceNames":["synthetic"]}'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "raw.json", "w.json"]


def test_the_configured_workspace_fills_in(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = run("call", "get_projects")
    assert missing.code == 2
    assert "Missing option '--workspace-name'" in missing.err
    monkeypatch.setenv("COMET_WORKSPACE", "synthetic")
    assert len(json.loads(run("call", "get_projects").out)["projects"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["call", "get_experimet_tags"], 2, "near: get_experiment_tags"),
        (["call", "get_workspaces", "--url", "http://x"], 2, "it goes before the command"),
        (["call", "get_workspaces", "--api-key", "x"], 2, "No such option '--api-key'"),
        (["--api-key", "x", "doctor"], 2, "No such option '--api-key'"),
        (["call", "get_experiments"], 2, "name the project by project_id"),
        (["call", "get_workspaces", "--table", "--raw"], 2, "exclude each other"),
        (["call", "get_workspaces", "--time-limit", "0"], 2, "--time-limit"),
        (["call", "get_experiment_tags", "--experiment-key", "nope"], 1, "answered 400"),
        (["--url", "ftp://x", "call", "get_workspaces"], 2, "is no base URL"),
        (["--url", "http://127.0.0.1:9", "call", "get_workspaces"], 1, "cannot connect"),
        (["nothing"], 2, "No such command 'nothing'"),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err
    assert ended.err.startswith("comet-async: ")
    assert ended.err.count("\n") == 1


def test_a_refused_key_ends_with_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMET_API_KEY", "another0key0that0is0refused")
    ended = run("call", "get_workspaces")
    assert ended.code == 4
    assert "answered 401" in ended.err
    assert "another0key" not in ended.err
    monkeypatch.delenv("COMET_API_KEY")
    assert run("call", "get_workspaces").code == 4


def test_verbose_logs_requests_without_the_key(run: Run, server: LocalServer) -> None:
    server.faults.add("status", 503, times=1)
    ended = run("-v", "call", "get_workspaces")
    assert ended.code == 0
    assert "attempt 1: 503" in ended.err or "attempt 1: ServerError" in ended.err
    assert "attempt 2: 200" in ended.err
    assert control_bytes(ended.err) == []


def test_a_server_that_sends_escapes_in_its_message(run: Run, server: LocalServer) -> None:
    server.faults.add("status", 404)
    ended = run("call", "get_experiment_tags", "--experiment-key", "\x1b]52;c;Zm9v\x07\u202e")
    assert ended.code == 1
    assert control_bytes(ended.err) == []


def test_bugs_are_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> int:
        raise ZeroDivisionError("division by \x1b[31mzero")

    monkeypatch.setattr("comet_async.cli.call.call_endpoint", broken)
    ended = run("call", "get_workspaces")
    assert ended.code == 1
    assert "internal error, please report it: ZeroDivisionError in broken" in ended.err
    assert control_bytes(ended.err) == []
    assert ended.err.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(server: LocalServer, tmp_path: Path) -> None:
    command = (
        f"{sys.executable} -m comet_async call --list --json | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", command],
        env=dict(environment(server.url)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() in (["[", "0"], ["[", "141"])


def test_closed_streams_do_not_matter(server: LocalServer, tmp_path: Path) -> None:
    for closed, code in ((">&-", 0), ("2>&-", 0), (">/dev/full", 5), ("<&- >&- 2>&-", 0)):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m comet_async call get_workspaces {closed}"],
            env=dict(environment(server.url)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (closed, done)
        assert "Traceback" not in done.stderr


def test_a_terminal_gets_no_octets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comet_async.cli.calling.is_terminal", lambda stream: True)
    asked = ("call", "get_experiment_asset", "--experiment-key", "k", "--asset-id", "a")
    ended = run(*asked)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("the answer is octets, which no terminal shows; give -o FILE\n")
    assert json.loads(run("call", "get_workspaces", "--raw").out) == {
        "workspaceNames": ["synthetic"]
    }


def test_help_and_version(run: Run, tmp_path: Path) -> None:
    for command in ([], ["call"], ["doctor"], ["login"], ["serve"], ["demo"], ["harvest"]):
        shown = run(*command, "--help")
        assert shown.code == 0
        assert "\nExamples:\n  comet-async " in shown.out
        assert "--api-key" not in shown.out
    bare = run()
    assert (bare.out + bare.err).startswith("Usage: comet-async [OPTIONS] COMMAND [ARGS]...\n")
    assert run("--version").out == "comet-async 0.1.0\n"
    assert "\nUsage" in "\n" + run("call").out
    listed = run("call", "--list")
    assert len(listed.lines) == 137
    rows = {row["name"]: row for row in json.loads(run("call", "--list", "--json").out)}
    assert rows["download_artifact_version"] == {
        "name": "download_artifact_version",
        "method": "GET",
        "kind": "download",
        "summary": "Return all stored files of one version of an artifact as a zip archive.",
    }
    assert process("--version", env=environment(), cwd=tmp_path).out == "comet-async 0.1.0\n"


def test_writes_want_a_yes_where_nobody_can_be_asked(run: Run, server: LocalServer) -> None:
    before = server.log.total
    refused = run("call", "archive_experiment", "--experiment-key", "e1")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "comet-async: archive_experiment changes the server's state; give --yes to do it\n"
    )
    assert server.log.total == before
    server.faults.add("no_content", match="/write/")
    done = run("call", "archive_experiment", "--experiment-key", "e1", "--yes")
    assert (done.code, done.out, done.err) == (0, "null\n", "")
    (sent,) = server.log.matching("/write/experiment/archive")
    assert sent.method == "GET"


@pytest.mark.parametrize(("typed", "code", "arrived"), [("n\n", 1, 0), ("y\n", 0, 1)])
def test_writes_ask_on_a_terminal(
    typed: str,
    code: int,
    arrived: int,
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("comet_async.cli.calling.is_terminal", lambda _: True)
    server.faults.add("no_content", match="/write/")
    before = len(server.log.matching("/write/experiment/restore"))
    command = ["call", "restore_experiment", "--experiment-key", "e1"]
    ended = CliRunner().invoke(program, command, input=typed)
    assert ended.exit_code == code
    assert "restore_experiment changes the server's state. Do it? [y/N]" in ended.stderr
    assert len(server.log.matching("/write/experiment/restore")) == before + arrived


def test_files_go_out_as_they_are(run: Run, experiment: str, tmp_path: Path) -> None:
    patch, read = tmp_path / "git.zip", tmp_path / "read.zip"
    with ZipFile(patch, "w") as archive:
        archive.writestr("git_diff.patch", bytes(range(256)))
    done = run(
        *("call", "set_experiment_git_patch", "--experiment-key", experiment),
        *("--file", str(patch), "--yes"),
    )
    assert (done.code, done.err) == (0, "")
    options = ("call", "get_experiment_git_patch", "--experiment-key", experiment)
    assert run(*options, "-o", str(read)).code == 0
    assert read.read_bytes() == patch.read_bytes()
