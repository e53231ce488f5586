"""`comet-async artifact`: what it lists, fetches and labels, and what wrong input says."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

from comet_async.server import HOSTILE_NAMES, LocalServer, SyntheticSpec
from tests.support.command_line import Run, control_bytes, environment, started

SPEC = SyntheticSpec(
    experiments=2,
    points=5,
    assets=1,
    artifacts=3,
    artifact_versions=3,
    artifact_files=4,
    asset_bytes=(300, 0, 700),
)
DATA = "synthetic/data-000"
NAMES = [f"data/part-{number:04d}.bin" for number in range(4)]
MIXED = "synthetic/training-data"
"""An artifact of the server's own with a remote file."""


def told(run: Run, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    ended = run("artifact", *arguments, "--json")
    assert ended.code == code, ended.err
    return [json.loads(line) for line in ended.lines]


def shown(run: Run, address: str) -> dict[str, Any]:
    ended = run("artifact", "show", address, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def asked(server: LocalServer, path: str) -> int:
    return sum(path in entry.path for entry in list(server.log))


def test_artifacts_of_a_workspace_all_or_of_a_type(run: Run) -> None:
    rows = told(run, "ls", "synthetic")
    assert [row["name"] for row in rows][:3] == ["data-000", "data-001", "data-002"]
    assert list(rows[0]) == ["name", "type", "id"]
    typed = told(run, "ls", "synthetic", "--type", "dataset")
    assert {row["type"] for row in typed} == {"dataset"}
    assert len(typed) < len(rows)
    assert run("artifact", "ls", "synthetic").lines[0].split() == ["name", "type", "id"]


def test_an_artifact_its_versions_and_one_of_them_are_shown(run: Run) -> None:
    found = shown(run, DATA)
    assert (found["latest"], found["versions"]) == ("3.0.0", ["1.0.0", "2.0.0", "3.0.0"])
    rows = told(run, "versions", DATA)
    assert [row["version"] for row in rows] == ["3.0.0", "2.0.0", "1.0.0"]
    assert [row["aliases"] for row in rows] == [["Latest"], [], []]
    by_number, by_alias = shown(run, f"{DATA}:3.0.0"), shown(run, f"{DATA}:latest")
    assert by_number == by_alias
    assert (by_number["size"], by_number["metadata"]) == (1300, {"rows": 300})
    assert by_number["id"] == rows[0]["id"]
    lines = run("artifact", "show", DATA).lines
    assert lines[-1].split(None, 1) == ["versions", "1.0.0, 2.0.0, 3.0.0"]


def test_a_name_may_hold_slashes_and_blanks(run: Run) -> None:
    assert shown(run, "synthetic/my ds/1")["name"] == "my ds/1"
    assert shown(run, "synthetic/my ds%2F1")["name"] == "my ds/1"


def test_files_of_the_latest_or_of_a_version_are_listed(run: Run) -> None:
    rows = told(run, "files", DATA)
    assert [(row["name"], row["size"]) for row in rows] == [
        *zip(NAMES, (300, 0, 700, 300), strict=True)
    ]
    old = told(run, "files", f"{DATA}:1.0.0")
    assert [row["name"] for row in old] == NAMES
    assert not {row["id"] for row in rows} & {row["id"] for row in old}
    remote = [row for row in told(run, "files", MIXED) if row["remote"]]
    assert [(row["name"], row["link"]) for row in remote] == [
        ("archive.tar", "s3://bucket/archive.tar")
    ]


def test_all_files_arrive_and_a_second_run_fetches_none(
    run: Run, tmp_path: Path, server: LocalServer
) -> None:
    rows = told(run, "download", f"{DATA}:2.0.0", "-o", "out/deep")
    assert [row["state"] for row in rows] == ["stored"] * 4
    for row in rows:
        data = (tmp_path / "out" / "deep" / row["name"]).read_bytes()
        assert row["path"] == f"out/deep/{row['name']}"
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])
    before = asked(server, "get-asset")
    ended = run("artifact", "download", f"{DATA}:2.0.0", "-o", "out/deep")
    assert ended.code == 0
    assert "synthetic/data-000:2.0.0 in out/deep: 0 files stored (0 bytes), 4 there already" in (
        ended.err
    )
    assert asked(server, "get-asset") == before
    (tmp_path / "out" / "deep" / NAMES[2]).unlink()
    again = told(run, "download", f"{DATA}:2.0.0", "-o", "out/deep")
    assert [row["state"] for row in again] == ["whole", "whole", "stored", "whole"]
    assert asked(server, "get-asset") == before + 1


def test_what_stands_in_the_way_is_left_unless_forced(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "data"
    folder.mkdir(parents=True)
    (folder / "part-0000.bin").write_text("mine")
    (folder / "part-0001.bin").mkdir()
    (folder / "part-0002.bin").symlink_to(tmp_path / "elsewhere")
    rows = told(run, "download", DATA, "-o", "out", code=3)
    assert [row["state"] for row in rows] == ["failed", "failed", "failed", "stored"]
    assert "--force replaces it" in rows[0]["problem"]
    assert (folder / "part-0000.bin").read_text() == "mine"
    (folder / "part-0001.bin").rmdir()
    forced = told(run, "download", DATA, "-o", "out", "--force")
    assert [row["state"] for row in forced] == ["stored"] * 4
    assert [path.stat().st_size for path in sorted(folder.iterdir())] == [300, 0, 700, 300]
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_where_a_folder_is_to_be_fails_those_in_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "data").write_text("mine")
    rows = told(run, "download", DATA, "-o", "out", code=3)
    assert {row["state"] for row in rows} == {"failed"}
    assert "a file stands where the folder out/data is to be" in rows[0]["problem"]


def test_a_file_that_fails_is_told_and_the_others_arrive(
    run: Run, tmp_path: Path, server: LocalServer
) -> None:
    missing = told(run, "files", DATA)[1]["id"]
    server.faults.add("status", 404, match=missing)
    ended = run("artifact", "download", DATA, "-o", "out")
    assert ended.code == 3
    assert ended.lines[0].split() == ["name", "size", "state", "path", "problem"]
    assert f"failed: {NAMES[1]}: " in ended.err
    assert "3 files stored (1,300 bytes), 1 failed" in ended.err
    server.faults.clear()
    assert run("artifact", "download", DATA, "-o", "out").code == 0
    assert len(list((tmp_path / "out" / "data").iterdir())) == 4


def test_remote_files_are_listed_and_not_fetched(run: Run, tmp_path: Path) -> None:
    rows = told(run, "download", MIXED, "-o", "out")
    remote = [row for row in rows if row["state"] == "remote"]
    assert [(row["name"], row["link"]) for row in remote] == [
        ("archive.tar", "s3://bucket/archive.tar")
    ]
    assert not (tmp_path / "out" / "archive.tar").exists()
    assert (tmp_path / "out" / "data" / "test.csv").exists()
    ended = run("artifact", "download", MIXED, "-o", "out")
    assert "1 remote, not fetched" in ended.err
    assert ended.lines[0].split() == ["name", "size", "state", "path", "link"]


def test_a_dry_run_says_what_it_would_do(run: Run, tmp_path: Path, server: LocalServer) -> None:
    before = asked(server, "get-asset")
    assert [row["state"] for row in told(run, "download", DATA, "-o", "out", "--dry-run")] == [
        "would fetch"
    ] * 4
    assert not (tmp_path / "out").exists()
    told(run, "download", DATA, "-o", "out")
    (tmp_path / "out" / NAMES[0]).write_text("mine")
    (tmp_path / "out" / NAMES[1]).unlink()
    plan = told(run, "download", DATA, "-o", "out", "--dry-run")
    assert [row["state"] for row in plan] == [
        "would fail",
        "would fetch",
        "would leave",
        "would leave",
    ]
    forced = told(run, "download", DATA, "-o", "out", "--dry-run", "--force")
    assert [row["state"] for row in forced] == [
        "would replace",
        "would fetch",
        "would replace",
        "would replace",
    ]
    assert asked(server, "get-asset") == before + 4


def logged(run: Run, name: str, files: dict[str, bytes], tmp_path: Path) -> str:
    """Log an artifact with these files, and return its address."""
    listed = run("ls", "synthetic/synthetic", "--json", "--limit", "1").out
    key = str(json.loads(listed)["key"])
    version = {"artifactName": name, "artifactType": "dataset", "experimentKey": key}
    made = run("call", "upsert_artifact", "--version", json.dumps(version), "--yes")
    version_id = str(json.loads(made.out)["artifactVersionId"])
    for number, (file_name, data) in enumerate(files.items()):
        path = tmp_path / f"source-{number}"
        path.write_bytes(data)
        options = ("--artifact-version-id", version_id, "--file-name", file_name)
        sent = run(
            *("call", "upload_experiment_asset", "--experiment-key", key, *options),
            *("--file", str(path), "--yes"),
        )
        assert sent.code == 0, sent.err
    state = ("--artifact-version-id", version_id, "--experiment-key", key, "--state", "CLOSED")
    assert run("call", "set_artifact_version_state", *state, "--yes").code == 0
    return f"synthetic/{name}"


def sendable(name: str) -> bool:
    """Tell whether a form takes a name that is not that of another's folder."""
    return bool(name.strip()) and ";" not in name and name != ".."


def test_names_that_lead_outside_stay_inside(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    files = {name: name.encode() for name in HOSTILE_NAMES if sendable(name)}
    address = logged(run, "hostile", files, tmp_path / "sources")
    rows = told(run, "download", address, "-o", "out")
    assert {row["state"] for row in rows} == {"stored"}
    root = (tmp_path / "out").resolve()
    written = [Path(row["path"]).resolve() for row in rows]
    assert all(path.is_relative_to(root) for path in written)
    assert len(set(written)) == len(files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out", "sources"]
    ended = run("artifact", "files", address)
    assert control_bytes(ended.out) == []


def test_two_files_of_one_place_are_not_mixed_up(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    address = logged(run, "twice", {"a": b"1", "a/b": b"22"}, tmp_path / "sources")
    rows = told(run, "download", address, "-o", "out", code=3)
    assert [(row["name"], row["state"]) for row in rows] == [("a", "stored"), ("a/b", "failed")]
    assert rows[1]["problem"] == "another file of these has its place"
    assert (tmp_path / "out" / "a").read_bytes() == b"1"


def test_a_full_disk_ends_with_5(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    ended = run("artifact", "download", DATA, "-o", "out")
    assert (ended.code, ended.out) == (5, "")
    assert "cannot write out: No space left on device" in ended.err


def test_a_folder_whose_name_is_no_text_is_written_to(run: Run, tmp_path: Path) -> None:
    folder = os.fsdecode(b"out-\xff")
    rows = told(run, "download", DATA, "-o", folder)
    assert [row["path"] for row in rows] == [f"out-\\udcff/{name}" for name in NAMES]
    assert (tmp_path / folder / NAMES[0]).stat().st_size == 300
    ended = run("artifact", "download", DATA, "-o", folder)
    assert "out-\\udcff/data/part-0000.bin" in ended.lines[1]


def test_a_key_refused_meanwhile_ends_all(run: Run, server: LocalServer) -> None:
    server.faults.add("status", 401, match="get-asset")
    ended = run("artifact", "download", DATA, "-o", "out")
    assert ended.code == 4
    assert "to go on with what is missing: comet-async artifact download" in ended.err


@pytest.mark.usefixtures("heard")
def test_a_signal_leaves_whole_files_alone_and_the_command_goes_on(
    run: Run, server: LocalServer, tmp_path: Path
) -> None:
    rows = told(run, "files", DATA)
    server.faults.add("stall_body", match=rows[2]["id"])
    arguments = ("artifact", "download", DATA, "-o", "out")
    done = [tmp_path / "out" / name for name in (NAMES[0], NAMES[1], NAMES[3])]
    with started(*arguments, env=environment(server.url), cwd=tmp_path) as process:
        while not all(path.exists() for path in done):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert f"to go on with what is missing: {shlex.join(['comet-async', *arguments])}\n" in err
    assert sorted((tmp_path / "out" / "data").iterdir()) == sorted(done)
    server.faults.clear()
    assert [row["state"] for row in told(run, "download", DATA, "-o", "out")] == [
        "whole",
        "whole",
        "stored",
        "whole",
    ]


@pytest.mark.parametrize(("word", "member"), [("alias", "aliases"), ("tag", "tags")])
def test_labels_come_and_go(run: Run, server: LocalServer, word: str, member: str) -> None:
    version = "synthetic/data-001:2.0.0"
    assert shown(run, version)[member] == []
    before = asked(server, "/write/")
    planned = run("artifact", word, version, "a", "b", "--dry-run")
    assert planned.lines == [f"would add {member} 'a, b': {version}"]
    assert asked(server, "/write/") == before
    (done,) = told(run, word, version, "a", "b")
    assert (done["value"], done["done"]) == ("a, b", True)
    assert shown(run, version)[member] == ["a", "b"]
    nothing = run("artifact", word, version, "b")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == "comet-async: there is nothing to change\n"
    removed = run("artifact", word, version, "a", "--remove")
    assert removed.lines == [f"done: remove {word} 'a': {version}"]
    assert shown(run, version)[member] == ["b"]
    missing = run("artifact", word, version, "a", "--remove")
    assert (missing.code, missing.out) == (2, "")
    assert f"{version} has no {word} 'a'; it has b" in missing.err


def test_an_alias_that_another_version_has_moves_and_that_is_said(run: Run) -> None:
    address = "synthetic/data-002"
    assert run("artifact", "alias", f"{address}:1.0.0", "best").code == 0
    planned = run("artifact", "alias", f"{address}:2.0.0", "BEST", "--dry-run")
    note = f"comet-async: note: the alias 'best' leaves {address}:1.0.0\n"
    assert note in planned.err
    same = run("artifact", "alias", f"{address}:1.0.0", "Best")
    assert same.err == "comet-async: there is nothing to change\n"
    assert run("artifact", "alias", f"{address}:2.0.0", "best").code == 0
    assert shown(run, f"{address}:best")["version"] == "2.0.0"
    assert shown(run, f"{address}:1.0.0")["aliases"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "synthetic"), "'synthetic' is no address; use WORKSPACE/NAME[:VERSION]"),
        (("show", "synthetic/dat-000"), "has no artifact 'dat-000'; did you mean data-000"),
        (("show", f"{DATA}:9"), "has no version '9'; it has 1.0.0, 2.0.0, 3.0.0"),
        (("show", "synthetic/dat-000:1.0.0"), "has no artifact 'dat-000'"),
        (("versions", f"{DATA}:1.0.0"), "is no address; use WORKSPACE/NAME"),
        (("files", f"{DATA}:"), "is no address"),
        (("files", f"{DATA}:9"), "has no version '9'"),
        (("download", DATA), "Missing option '-o' / '--output'"),
        (("download", f"{DATA}:9", "-o", "out"), "has no version '9'"),
        (("download", DATA, "-o", "plain"), "Invalid value for '-o'"),
        (("alias", DATA, "x"), "is no address; use WORKSPACE/NAME:VERSION"),
        (("tag", f"{DATA}:1.0.0"), "Missing argument 'TAG...'"),
        (("delete", DATA), "No such command 'delete'"),
        ((), "Missing command (see `comet-async artifact --help`)"),
    ],
)
def test_wrong_input_gives_one_line_and_code_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "plain").write_text("a file")
    ended = run("artifact", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


def test_an_unknown_workspace_is_the_servers_to_tell(run: Run) -> None:
    ended = run("artifact", "ls", "nowhere")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["ls", "show", "versions", "files", "download", "alias", "tag"])
def test_help_has_examples(run: Run, name: str) -> None:
    ended = run("artifact", name, "--help")
    assert f"Examples:\n  comet-async artifact {name} " in ended.out
