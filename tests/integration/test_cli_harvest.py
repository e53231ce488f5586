"""`comet-async harvest`, `demo` and `serve`, with and without signals."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from comet_async.cli.demo import query_line
from comet_async.harvest.lake import CONTENTS
from comet_async.harvest.schema import ON_DEMAND, TABLES
from comet_async.harvest.sources import COMET
from comet_async.server import HOSTILE_NAMES, DominoSpec, LocalServer, SyntheticSpec
from tests.support.command_line import (
    PYTHON,
    Run,
    control_bytes,
    environment,
    isolate,
    runner,
    started,
)

SPEC = SyntheticSpec(experiments=2, points=20, assets=len(HOSTILE_NAMES), hostile_names=True)


def rows(folder: Path, table: str) -> int:
    parquet = importlib.import_module("pyarrow.parquet")
    parts = sorted((folder / "tables" / table).glob("*.parquet"))
    return sum(parquet.read_metadata(part).num_rows for part in parts)


def test_harvest_writes_tables_and_a_report_that_adds_up(run: Run, tmp_path: Path) -> None:
    ended = run("harvest", "synthetic", "-o", "lake", "--json")
    report = json.loads(ended.out)
    tables = {table["table"]: table for table in report["tables"]}
    assert (ended.code, report["exit_code"], report["failed"]) == (0, 0, 0)
    of_artifacts = tables["artifact_files"]["rows"]
    assert tables["files"]["planned"] == 2 * len(HOSTILE_NAMES) + of_artifacts
    for name, table in tables.items():
        assert table["planned"] == table["stored"] + table["absent"] + table["failed"]
        if name != "files":
            assert rows(tmp_path / "lake", name) == table["rows"]
    assert control_bytes(ended.out + ended.err) == []
    assert "synthetic: 2 experiments, " in ended.err
    assert "metrics 2/2" in ended.err
    again = run("harvest", "synthetic", "-o", "lake", "--json")
    assert "synthetic: 2 experiments, 14 requests" in again.err  # none is of an experiment
    assert json.loads(again.out)["snapshot"] is None


def test_a_plan_says_what_it_would_take_and_does_nothing(run: Run, tmp_path: Path) -> None:
    ended = run("harvest", "synthetic/synthetic", "--plan", "--tables", "metrics,others")
    assert ended.code == 0
    assert ended.lines[0].split() == ["table", "requests", "bytes"]
    assert [line.split()[:2] for line in ended.lines[1:4]] == [
        ["metrics", "1"],
        ["metric_series", "0"],
        ["others", "2"],
    ]
    assert "2 experiments, 3 requests" in ended.lines[4]
    assert not (tmp_path / "lake").exists()
    assert [path.name for path in tmp_path.rglob("*.sqlite")] == []
    told = json.loads(run("harvest", "synthetic/synthetic", "--plan", "--json").out)
    assert told["experiments"] == 2
    assert sum(table["requests"] for table in told["tables"]) == told["requests"]


def test_an_expression_says_which_experiments(run: Run, tmp_path: Path) -> None:
    arguments = ("harvest", "synthetic/synthetic", "-o", "lake", "--tables", "parameters", "--json")
    (key,) = run("query", "synthetic/synthetic", 'Metadata("duration") <= 600').lines
    ended = run(*arguments, "--where", 'Metadata("duration") <= 600')
    assert ended.code == 0, ended.err
    (table,) = [t for t in json.loads(ended.out)["tables"] if t["table"] == "parameters"]
    assert table["planned"] == table["stored"] == 1
    parquet = importlib.import_module("pyarrow.parquet")
    (part,) = (tmp_path / "lake" / "tables" / "parameters").glob("*.parquet")
    assert set(parquet.read_table(part)["experiment_key"].to_pylist()) == {key}
    unknown = run(*arguments, "--where", 'Metric("lss") < 1')
    assert (unknown.code, unknown.out) == (2, "")
    assert 'did you mean Metric("loss")' in unknown.err


def test_tables_are_listed_without_a_server(run: Run) -> None:
    ended = run("harvest", "--list-tables")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.lines[:3]] == ["table", "experiments", "metrics"]


@pytest.mark.parametrize(
    ("options", "experiments"),
    [
        (["--tag", "best"], 1),
        (["--since", "2025-06-15T15:07:00"], 1),
        (["--until", "2025-06-15T15:07:00"], 1),
        (["--state", "running"], 0),
    ],
)
def test_experiments_are_chosen(run: Run, options: list[str], experiments: int) -> None:
    ended = run("harvest", "synthetic", "-o", "lake", "--tables", "experiments", "--json", *options)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["tables"][0]["rows"] == experiments


def test_the_finished_state_is_copied(run: Run, tmp_path: Path) -> None:
    there = tmp_path / "copy"
    options = ("--tables", "tags", "--copy-to", there.as_uri())
    assert run("harvest", "synthetic", "-o", "lake", *options).code == 0
    copied = sorted(path.name for path in (there / "tables" / "tags").iterdir())
    assert copied == sorted(path.name for path in (tmp_path / "lake/tables/tags").iterdir())

    bad = run("harvest", "synthetic", "-o", "lake", "--copy-to", "nothing9://user:sesame@x/y")
    assert bad.code == 5
    assert "nothing9://x/y is not up to date: cannot use" in bad.err
    assert "sesame" not in bad.err + bad.out


def test_a_key_that_is_nowhere_is_an_error(run: Run, tmp_path: Path) -> None:
    ended = run("harvest", "synthetic", "-o", "lake", "--keys", "none", "--keys", "nor\x1bme")
    assert ended.code == 2
    assert "synthetic has no experiment none, nor" in ended.err
    assert "archived ones have to be asked for" in ended.err
    assert control_bytes(ended.err) == []
    assert not (tmp_path / "lake").exists()


def test_verify_finds_what_was_changed(run: Run, tmp_path: Path) -> None:
    run("harvest", "synthetic", "-o", "lake", "-q")
    assert run("verify", "lake", "-q").code == 0
    file = next(path for path in (tmp_path / "lake" / "files").rglob("*") if path.is_file())
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)
    found = run("verify", "lake", "--json", "-q")
    assert (found.code, len(json.loads(found.out)["problems"])) == (3, 1)
    assert run("verify", "lake", "--quick", "-q").code == 0
    part = next((tmp_path / "lake" / "parts" / "metrics").iterdir())
    part.write_bytes(part.read_bytes()[:-5])
    found = run("verify", "lake", "--quick", "-q")
    assert found.code == 3
    assert "bytes, " in found.err
    assert control_bytes(found.out + found.err) == []


def test_verify_of_no_harvest_says_so(run: Run, tmp_path: Path) -> None:
    ended = run("verify", str(tmp_path))
    assert ended.code == 1
    assert "it is no harvest" in ended.err


def test_harvest_prints_a_table_and_obeys_its_options(run: Run, tmp_path: Path) -> None:
    options = ("--tables", "metrics,tags", "--tables", "experiments", "--no-assets")
    ended = run("harvest", "synthetic", "-o", "lake", *options)
    assert [line.split()[0] for line in ended.lines[:5]] == [
        "table",
        "experiments",
        "metrics",
        "metric_series",
        "tags",
    ]
    assert ended.lines[5].endswith(" s")
    assert control_bytes(ended.out + ended.err) == []
    quiet = run("harvest", "synthetic", "-o", "other", *options, "--quiet")
    assert quiet == (0, "", "")
    assert rows(tmp_path / "other", "metrics") == rows(tmp_path / "lake", "metrics") > 0


@pytest.mark.parametrize(
    ("fault", "match", "code", "message"),
    [
        (403, "log-other", 3, "failed: others of "),
        (401, "log-other", 4, "stopped: "),
    ],
)
def test_exit_codes_of_a_report(
    run: Run, server: LocalServer, *, fault: int, match: str, code: int, message: str
) -> None:
    server.faults.add("status", fault, match=match)
    ended = run("harvest", "synthetic", "-o", "lake", "--no-assets", "--json")
    assert (ended.code, json.loads(ended.out)["exit_code"]) == (code, code)
    assert message in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["synthetic"], 2, "Missing option '-o'"),
        (["synthetic", "-o", "lake", "--query", "{"], 2, "it is no JSON list of predicates"),
        (["synthetic", "-o", "lake", "--where", "loss < 1"], 2, "'--where': column 1: expected a"),
        (["synthetic", "-o", "lake", "--since", "soon"], 2, "Invalid value for '--since'"),
        (["synthetic", "-o", "lake", "--tables", "nope"], 2, "nope: no such table"),
        (["synthetic/", "-o", "lake"], 2, "use WORKSPACE or WORKSPACE/PROJECT"),
        (["synthetic", "-o", "file"], 5, "file is a file"),
        (["synthetic", "-o", "file/below"], 5, "is not writable"),
    ],
)
def test_bad_orders_are_refused_before_any_request(
    run: Run, server: LocalServer, tmp_path: Path, *, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "file").write_text("here")
    before = len(server.log)
    ended = run("harvest", *arguments)
    assert ended.code == code
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert len(server.log) == before
    assert not (tmp_path / "lake").exists()


def test_a_reader_that_goes_away_leaves_the_exit_code(server: LocalServer, tmp_path: Path) -> None:
    command = " ".join([*PYTHON, "harvest synthetic -o lake -q --json --no-assets"])
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; echo ${{PIPESTATUS[0]}}"],
        env=dict(environment(server.url)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_first_signal_is_graceful_and_a_second_immediate(
    server: LocalServer, tmp_path: Path, *, number: int, code: int, signals: int
) -> None:
    server.faults.add("stall_headers", match="log-other")
    seen = len(server.log)
    env = environment(server.url)
    with started("harvest", "synthetic", "-o", "lake", env=env, cwd=tmp_path) as process:
        while not any("log-other" in entry.path for entry in list(server.log)[seen:]):
            assert process.poll() is None
            time.sleep(0.02)
        began = time.monotonic()
        for _ in range(signals):
            process.send_signal(number)
            time.sleep(0.02)
        out, err = process.communicate()
        took = time.monotonic() - began
    # A second signal may fall into the exit itself; a shell tells both endings as 128 + n.
    endings = {code} if signals == 1 else {code, -number}
    assert process.returncode in endings, err
    assert took < 20.0  # it does not wait for the answer, which never comes
    assert out == ""
    assert "Traceback" not in err
    assert control_bytes(err) == []
    if signals == 1:
        assert "stopped before the end" in err
        assert [*tmp_path.glob("lake/**/*.part"), *tmp_path.glob("lake/**/*.tmp")] == []


@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({"TERM": "xterm", "COLUMNS": "100"}, False),
        ({"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}, True),
        ({"TERM": "dumb", "COLUMNS": "100"}, True),
        ({"TERM": "xterm", "COLUMNS": "1"}, True),
    ],
)
def test_terminals_get_what_they_can_show(
    server: LocalServer, tmp_path: Path, settings: dict[str, str], plain: bool
) -> None:
    server.faults.add("status", 403, match="get-asset")
    terminal, ours = os.openpty()
    process = subprocess.Popen(
        [*PYTHON, "harvest", "synthetic", "-o", "lake", "--tables", "assets"],
        env=dict(environment(server.url, **settings)),
        cwd=tmp_path,
        stdout=ours,
        stderr=ours,
    )
    os.close(ours)
    written = b""
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        written += piece
    os.close(terminal)
    text = written.decode().replace("\r\n", "\n")
    assert process.wait() == 3, text
    assert "failed: files of " in text
    assert "\x1b[31mred" not in text
    assert not {"\x07", "\x9b", "\u202e", "\0"} & set(text)
    assert (control_bytes(text) == []) is plain


def test_demo_needs_nothing_and_its_query_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    isolate(monkeypatch, tmp_path)
    ended = runner(capfd)("demo")
    assert ended.code == 0, ended.err
    assert ended.lines[0].split() == ["table", "rows", "files", "bytes", "requests", "seconds"]
    usual = [name for name in TABLES if COMET.has(name) and name not in ON_DEMAND]
    names = [*usual, "files"]
    assert [line.split()[0] for line in ended.lines[1 : 1 + len(names)]] == names
    assert " requests" in ended.out
    assert rows(tmp_path / "comet-demo", "experiments") == 31
    written = {path.name for path in (tmp_path / "comet-demo").iterdir()}
    assert written <= {*CONTENTS, ".comet-demo"}
    asked = in_a_shell(ended.lines[-1].strip(), tmp_path)
    assert "best_val_accuracy" in asked
    assert "wine-" in asked


def in_a_shell(line: str, folder: Path) -> str:
    """Return what a line prints that is pasted into a shell."""
    shell = dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    asked = subprocess.run(
        ["bash", "-c", line], env=shell, cwd=folder, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


def test_demo_of_domino_needs_nothing_and_its_query_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    isolate(monkeypatch, tmp_path)
    ended = runner(capfd)("demo", "--domino")
    assert ended.code == 0, ended.err
    spec = DominoSpec()
    jobs = spec.projects * spec.jobs
    assert rows(tmp_path / "comet-demo", "domino_jobs") == jobs
    assert rows(tmp_path / "comet-demo", "domino_job_logs") == jobs * spec.log_lines
    assert not (tmp_path / "comet-demo" / "tables" / "experiments").exists()
    asked = in_a_shell(ended.lines[-1].strip(), tmp_path)
    assert "execution_status" in asked
    assert "Succeeded" in asked


def test_demo_replaces_only_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    isolate(monkeypatch, tmp_path)
    run = runner(capfd)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    refused = run("demo", "-o", "foreign")
    assert refused == (
        2,
        "",
        "comet-async: foreign is not empty and no demo wrote it; name another one with -o\n",
    )
    assert (foreign / "thesis.txt").read_text() == "mine"
    own = tmp_path / "own"
    (own / "tables" / "stale").mkdir(parents=True)
    (own / ".comet-demo").touch()
    (own / "notes.txt").write_text("mine")
    assert run("demo", "-o", "own", "--keep").code == 2
    assert (own / "tables" / "stale").is_dir()
    assert run("demo", "-o", "own").code == 0
    assert not (own / "tables" / "stale").exists()
    assert (own / "notes.txt").read_text() == "mine"


def test_demo_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr("comet_async.cli.demo.find_spec", lambda name: None)
    ended = runner(capfd)("demo")
    assert ended == (
        1,
        "",
        "comet-async: the demo needs pyarrow: pip install 'comet_async[harvest]'\n",
    )
    assert not (tmp_path / "comet-demo").exists()


def test_query_lines_are_quoted_for_any_folder(tmp_path: Path) -> None:
    for name in ("plain", "with blank", "it's", 'a"b$HOME`x`!'):
        line = query_line(tmp_path / name, "SELECT * FROM '{0}/tags.parquet' LIMIT 5")
        shown = subprocess.run(
            ["bash", "-c", f'set -- {line}; printf %s "$3"'],
            capture_output=True,
            text=True,
            check=True,
        )
        code = shown.stdout
        compile(code, "<line>", "exec")
        assert str(tmp_path / name).replace("'", "''") in code.replace("\\", "")


@pytest.mark.usefixtures("heard")
def test_serve_prints_where_it_is_and_ends_quietly(tmp_path: Path) -> None:
    with started("serve", "--synthetic", "3", env=environment(), cwd=tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        url = lines[0].removeprefix("Comet at ")
        assert url.startswith("http://127.0.0.1:")
        assert lines[1:] == [f"export COMET_URL_OVERRIDE={url}", "export COMET_API_KEY=anything"]
        request = urllib.request.Request(
            f"{url}/api/rest/v2/workspaces", headers={"Authorization": "anything"}
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer) == {"workspaceNames": ["synthetic"]}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (0, "", "comet-async: Ctrl-C ends it\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--host", "0.0.0.0"], 2, "Invalid value for '--host'"),
        (["--port", "70000"], 2, "Invalid value for '--port'"),
        (["missing.zip"], 2, "'missing.zip' does not exist"),
        (["broken.zip"], 2, "broken.zip"),
        (["--synthetic", "0"], 2, "Invalid value for '--synthetic'"),
    ],
)
def test_serve_refuses_what_it_cannot_serve(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    ended = run("serve", *arguments)
    assert ended.code == code
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_serve_names_a_port_that_is_taken(run: Run, server: LocalServer) -> None:
    ended = run("serve", "--synthetic", "1", "--port", str(server.ports[0]))
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1 port {server.ports[0]}: " in ended.err
