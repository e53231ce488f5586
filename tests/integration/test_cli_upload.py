"""`comet-async upload`: what is sent under which name, once, and what is told of each file."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import KEY, Run, control_bytes, environment, started

SPEC = SyntheticSpec(experiments=1, points=5, assets=0)
PROJECT = "synthetic/synthetic"
SENT = "upload-asset"


@pytest.fixture
def experiment(run: Run) -> str:
    members = {"workspaceName": "synthetic", "projectName": "uploads", "experimentName": "target"}
    ended = run("call", "create_experiment", "--experiment", json.dumps(members), "--yes")
    return str(json.loads(ended.out)["experimentKey"])


def uploaded(run: Run, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    ended = run("upload", *arguments, "--json")
    assert ended.code == code, ended.err
    return [json.loads(line) for line in ended.lines]


def assets(run: Run, key: str) -> list[dict[str, Any]]:
    ended = run("call", "get_experiment_asset_list", "--experiment-key", key)
    found: list[dict[str, Any]] = json.loads(ended.out)["assets"]
    return sorted(found, key=lambda row: (row["fileName"], row["fileSize"]))


def names(run: Run, key: str) -> list[str]:
    return [row["fileName"] for row in assets(run, key)]


def writes(server: LocalServer) -> int:
    return sum(SENT in entry.path for entry in list(server.log))


def folder(root: Path) -> Path:
    """Make a folder with files, links and a pipe."""
    made = root / "data"
    (made / "deep" / "er").mkdir(parents=True)
    (made / "a.txt").write_text("one")
    (made / "deep" / "b c.txt").write_text("two!")
    (made / "deep" / "er" / "empty").write_text("")
    (made / "twin.txt").symlink_to("a.txt")
    (root / "secret.txt").write_text("secret")
    (made / "away.txt").symlink_to(root / "secret.txt")
    (made / "broken").symlink_to("nowhere")
    (made / "loop").symlink_to("loop")
    (made / "up").symlink_to("..")
    os.mkfifo(made / "pipe")
    return made


def test_a_file_arrives_with_all_that_is_told_of_it(
    run: Run, experiment: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n")
    details = ("--type", "dataframe", "--step", "7", "--metadata", '{"split": "val"}')
    (row,) = uploaded(run, experiment, "t.csv", "--name", "tables/t.csv", *details)
    (asset,) = assets(run, experiment)
    assert row == {
        "name": "tables/t.csv",
        "size": 8,
        "state": "uploaded",
        "asset_id": asset["assetId"],
        "path": "t.csv",
        "problem": None,
    }
    told = [asset[name] for name in ("fileName", "fileSize", "type", "step", "metadata")]
    assert told == ["tables/t.csv", 8, "dataframe", 7, '{"split":"val"}']
    asked = ("--experiment-key", experiment, "--asset-id", asset["assetId"], "-o", "back.csv")
    assert run("call", "get_experiment_asset", *asked).code == 0
    assert (tmp_path / "back.csv").read_bytes() == b"a,b\n1,2\n"


def test_a_folder_gives_its_files_and_follows_no_link_out_of_it(
    run: Run, experiment: str, tmp_path: Path
) -> None:
    folder(tmp_path)
    ended = run("upload", experiment, "data")
    assert ended.code == 0
    assert names(run, experiment) == ["a.txt", "deep/b c.txt", "deep/er/empty", "twin.txt"]
    left_out = [line for line in ended.err.splitlines() if "left out" in line]
    assert len(left_out) == 5
    assert "secret" not in ended.out
    assert f"4 uploaded (10 bytes); experiment {experiment} (target)" in ended.err
    assert ended.lines[0].split() == ["name", "size", "state", "asset_id", "path"]
    assert len(ended.lines) == 5


def test_the_folder_where_one_stands_is_a_folder(
    run: Run, experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(tmp_path) / "deep")
    rows = uploaded(run, experiment, ".")
    assert [(row["name"], row["path"]) for row in rows] == [
        ("b c.txt", "b c.txt"),
        ("er/empty", "er/empty"),
    ]


def test_a_name_stands_before_those_of_a_folder(run: Run, experiment: str, tmp_path: Path) -> None:
    folder(tmp_path)
    uploaded(run, experiment, "data/deep", "--name", "put/there/")
    assert names(run, experiment) == ["put/there/b c.txt", "put/there/er/empty"]


def test_what_is_there_is_skipped_when_it_has_the_same_size(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    folder(tmp_path)
    uploaded(run, experiment, "data")
    (tmp_path / "data" / "a.txt").write_text("other")
    (tmp_path / "data" / "new.txt").write_text("new")
    before = writes(server)
    rows = uploaded(run, experiment, "data", "--skip-existing")
    assert {row["name"]: row["state"] for row in rows} == {
        "a.txt": "uploaded",
        "new.txt": "uploaded",
        "twin.txt": "uploaded",
        "deep/b c.txt": "skipped",
        "deep/er/empty": "skipped",
    }
    assert writes(server) - before == 3


def test_overwriting_replaces_and_else_there_are_two(
    run: Run, experiment: str, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("1")
    uploaded(run, experiment, "f")
    uploaded(run, experiment, "f")
    assert names(run, experiment) == ["f", "f"]
    (tmp_path / "f").write_text("22")
    uploaded(run, experiment, "f", "--overwrite")
    assert [row["fileSize"] for row in assets(run, experiment)] == [2]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    folder(tmp_path)
    (tmp_path / "f").write_text("1")
    uploaded(run, experiment, "f")
    before = writes(server)
    address = "synthetic/uploads/" + experiment
    plan = uploaded(run, address, "f", "data/deep", "--overwrite", "--dry-run")
    assert [(row["name"], row["size"], row["would"]) for row in plan] == [
        ("f", 1, "replace"),
        ("b c.txt", 4, "upload"),
        ("er/empty", 0, "upload"),
    ]
    skipping = uploaded(run, experiment, "f", "--skip-existing", "--dry-run")
    assert [row["would"] for row in skipping] == ["skip"]
    ended = run("upload", experiment, "f", "--dry-run")
    assert ended.lines[0].split() == ["name", "size", "would", "path"]
    assert ended.err == "comet-async: nothing was sent\n"
    assert writes(server) == before


@pytest.mark.parametrize("fault", ["rst_before", "status", "empty_200"])
def test_a_lost_answer_is_an_unknown_outcome_and_nothing_is_sent_again(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer, fault: str
) -> None:
    for name in ("bad", "good"):
        (tmp_path / name).write_text(name)
    server.faults.add(fault, match="fileName=bad", applied=True)
    before = writes(server)
    rows = uploaded(run, experiment, "bad", "good", code=3)
    assert {row["name"]: row["state"] for row in rows} == {"bad": "unknown", "good": "uploaded"}
    assert rows[0]["problem"]
    assert writes(server) - before == 2
    assert names(run, experiment) == ["bad", "good"]
    server.faults.clear()
    again = uploaded(run, experiment, "bad", "good", "--skip-existing")
    assert [row["state"] for row in again] == ["skipped", "skipped"]


def test_what_overwrites_may_be_sent_again_and_is_there_once(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    (tmp_path / "f").write_text("1")
    server.faults.add("rst_before", match="fileName=f", times=1, applied=True)
    before = writes(server)
    (row,) = uploaded(run, experiment, "f", "--overwrite")
    assert row["state"] == "uploaded"
    assert writes(server) - before == 2
    assert names(run, experiment) == ["f"]


def test_many_files_each_arrive_once(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    made = tmp_path / "data"
    made.mkdir()
    wanted = [f"{number:03}" for number in range(150)]
    for name in wanted:
        (made / name).write_text(name)
    before = writes(server)
    rows = uploaded(run, experiment, "data", "--quiet")
    assert [row["name"] for row in rows] == wanted
    assert {row["state"] for row in rows} == {"uploaded"}
    assert len({row["asset_id"] for row in rows}) == 150
    assert names(run, experiment) == wanted
    assert writes(server) - before == 150


def test_a_refusal_is_a_failure_of_that_file_alone(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    for name in ("bad", "good"):
        (tmp_path / name).write_text(name)
    refusal: dict[str, str | float | None] = {"status": 400, "msg": "too many\x1b[31m assets"}
    server.faults.add("status", refusal, match="fileName=bad")
    ended = run("upload", experiment, "bad", "good")
    assert ended.code == 3
    assert ended.lines[0].split()[-1] == "problem"
    assert "failed: bad: " in ended.err
    assert "1 uploaded (4 bytes), 1 failed;" in ended.err
    assert control_bytes(ended.out + ended.err) == []
    assert names(run, experiment) == ["good"]


def test_a_file_that_cannot_be_read_fails_alone(run: Run, experiment: str, tmp_path: Path) -> None:
    made = tmp_path / "data"
    made.mkdir()
    (made / "good").write_text("good")
    (made / os.fsdecode(b"no-\xff-text")).write_text("x")
    rows = uploaded(run, experiment, "data", code=3)
    assert [row["state"] for row in rows] == ["uploaded", "failed"]
    assert [row["name"] for row in rows] == ["good", "no-\\udcff-text"]
    assert "is no Unicode text" in rows[1]["problem"]


def test_a_name_with_control_characters_arrives_as_it_is(
    run: Run, experiment: str, tmp_path: Path
) -> None:
    name = 'a\x1b[31m"\n\x7fb'
    made = tmp_path / "data"
    made.mkdir()
    (made / name).write_text("x")
    ended = run("upload", experiment, "data")
    assert ended.code == 0
    assert control_bytes(ended.out + ended.err) == []
    assert names(run, experiment) == [name]


def test_a_key_refused_meanwhile_ends_all(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    (tmp_path / "f").write_text("1")
    server.faults.add("status", 401, match=SENT)
    ended = run("upload", experiment, "f")
    assert ended.code == 4
    assert "0 uploaded (0 bytes), 1 failed;" in ended.err


def test_an_empty_folder_sends_nothing(
    run: Run, experiment: str, tmp_path: Path, server: LocalServer
) -> None:
    (tmp_path / "empty").mkdir()
    before = len(server.log)
    ended = run("upload", experiment, "empty")
    assert (ended.code, ended.out, ended.err) == (
        0,
        "",
        "comet-async: there is no file to upload\n",
    )
    assert len(server.log) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "'nowhere' does not exist"),
        ((), "Missing argument 'FILE|DIR...'"),
        (("f", "--metadata", "[1]"), "it is no JSON object"),
        (("f", "--metadata", "{"), "not JSON"),
        (("f", "--overwrite", "--skip-existing"), "not both"),
        (("f", "d", "--name", "x"), "--name is for one file or one folder"),
        (("f", "d/f"), "two files would have the name f: f and d/f"),
        (("pipe",), "pipe is no regular file"),
        (("f", "--step", "x"), "Invalid value for '--step'"),
    ],
)
def test_wrong_input_gives_one_line_before_anything_is_asked(
    run: Run, tmp_path: Path, server: LocalServer, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "d").mkdir()
    for name in ("f", "d/f"):
        (tmp_path / name).write_text("1")
    os.mkfifo(tmp_path / "pipe")
    before = len(server.log)
    ended = run("upload", "0" * 32, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1
    assert len(server.log) == before


@pytest.mark.parametrize(
    ("experiment", "code", "told"),
    [
        ("target", 2, "'target' is no experiment; use a key or WORKSPACE/PROJECT/EXPERIMENT"),
        (PROJECT, 2, f"'{PROJECT}' is no experiment"),
        (f"{PROJECT}/none", 2, "has no experiment 'none'"),
        ("0" * 32, 1, "answered 400"),
    ],
)
def test_a_wrong_experiment_gives_one_line(
    run: Run, tmp_path: Path, experiment: str, code: int, told: str
) -> None:
    (tmp_path / "f").write_text("1")
    ended = run("upload", experiment, "f")
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.usefixtures("heard")
def test_a_signal_ends_it_and_says_what_is_not_known(
    run: Run, experiment: str, server: LocalServer, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    uploaded(run, experiment, "first")
    server.faults.add("stall_headers", match="fileName=second")
    before = writes(server)
    arguments = ("upload", experiment, "first", "second", "--skip-existing")
    with started(*arguments, env=environment(server.url), cwd=tmp_path) as process:
        while writes(server) == before:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert KEY not in out + err
    assert "Traceback" not in err
    assert "unknown: second: stopped while it was sent" in err
    again = f"comet-async upload {experiment} first second --skip-existing"
    assert f"to go on with what is not there: {again}\n" in err
    assert [line.split()[2] for line in out.splitlines()[1:]] == ["skipped", "unknown"]


def test_help_has_examples(run: Run) -> None:
    ended = run("upload", "--help")
    assert "Examples:\n  comet-async upload team/resnet/baseline model.pt\n" in ended.out
