"""`comet-async registry`: what it lists, fetches and changes, and what wrong input says."""

from __future__ import annotations

import json
import re
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import Run, environment, started

SPEC = SyntheticSpec(experiments=4, points=5, assets=6, asset_bytes=500, models=2)
MODEL = "synthetic/synthetic-model"


def told(run: Run, *arguments: str) -> list[dict[str, Any]]:
    ended = run("registry", *arguments, "--json")
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.lines]


def shown(run: Run, address: str) -> dict[str, Any]:
    ended = run("registry", "show", address, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.fixture
def mine(run: Run, request: pytest.FixtureRequest) -> str:
    """A model of this test's own, in version 1.0.0, with its experiment's key behind it."""
    name = re.sub("[^a-z]+", "-", request.node.name).strip("-")
    key = told_key(run)
    told(run, "register", key, "net", "--registry-name", name, "--version", "1.0.0")
    return f"synthetic/{name}"


def told_key(run: Run) -> str:
    return str(json.loads(run("ls", "synthetic/synthetic", "--json", "--limit", "1").out)["key"])


def writes(server: LocalServer) -> int:
    return sum("/write/" in entry.path for entry in list(server.log))


def test_models_of_a_workspace_and_versions_of_one(run: Run) -> None:
    (model,) = [row for row in told(run, "ls", "synthetic") if row["name"] == "synthetic-model"]
    assert (model["versions"], model["latest"], model["public"]) == (3, "1.2.0", False)
    rows = told(run, "versions", MODEL)
    assert [row["version"] for row in rows] == ["1.2.0", "1.1.0", "1.0.0"]
    assert rows[2]["stages"] == ["production"]
    assert rows[2]["tags"] == ["first", "candidate"]
    assert [row["status"] for row in rows] == ["Production", "QA", "Development"]
    assert {(row["files"], row["size"]) for row in rows} == {(1, 500)}
    heads = "version status tags stages created files size experiment comment id"
    assert run("registry", "versions", MODEL).lines[0].split() == heads.split()
    assert len(run("registry", "versions", MODEL, "--limit", "1").lines) == 2


def test_a_model_and_a_version_are_shown(run: Run) -> None:
    model = shown(run, MODEL)
    assert (model["name"], model["versions"]) == ("synthetic-model", ["1.2.0", "1.1.0", "1.0.0"])
    assert model["notes"].startswith("Notes of")
    version = shown(run, f"{MODEL}:1.0.0")
    assert version == told(run, "versions", MODEL)[2]
    lines = run("registry", "show", MODEL).lines
    assert lines[0].split() == ["name", "value"]
    assert lines[-1].split(None, 1) == ["versions", "1.2.0, 1.1.0, 1.0.0"]


def test_a_version_without_status_is_shown_where_a_server_is_old(
    run: Run, server: LocalServer
) -> None:
    server.faults.add("status", 404, match="item/details")
    assert {row["status"] for row in told(run, "versions", MODEL)} == {None}


def test_the_newest_version_comes_as_a_zip(run: Run, tmp_path: Path) -> None:
    (done,) = told(run, "download", MODEL, "-o", "models/deep")
    path = tmp_path / "models" / "deep" / "synthetic-model-1.2.0.zip"
    assert done["path"] == "models/deep/synthetic-model-1.2.0.zip"
    assert (done["size"], done["files"], done["done"]) == (path.stat().st_size, 1, True)
    with zipfile.ZipFile(path) as archive:
        assert [len(archive.read(name)) for name in archive.namelist()] == [500]
    again = run("registry", "download", MODEL, "-o", "models/deep")
    assert (again.code, again.out) == (2, "")
    assert "synthetic-model-1.2.0.zip exists; give --force to replace it" in again.err
    path.write_bytes(b"")
    assert run("registry", "download", MODEL, "-o", "models/deep", "--force").code == 0
    assert zipfile.is_zipfile(path)


def test_a_stage_or_a_version_is_expanded_and_nothing_else_is_left(
    run: Run, tmp_path: Path
) -> None:
    ended = run("registry", "download", MODEL, "--stage", "production", "-o", "m", "--expand")
    assert (ended.code, ended.lines) == (0, ["m/synthetic-model-1.0.0"])
    assert "wrote synthetic/synthetic-model:1.0.0: 1 file, zip of" in ended.err
    named = run("registry", "download", f"{MODEL}:1.1.0", "-o", "m", "--expand")
    assert named.lines == ["m/synthetic-model-1.1.0"]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "synthetic-model-1.0.0",
        "synthetic-model-1.1.0",
    ]
    (file,) = (tmp_path / "m" / "synthetic-model-1.0.0").iterdir()
    assert file.stat().st_size == 500
    again = run("registry", "download", f"{MODEL}:1.1.0", "-o", "m", "--expand")
    assert (again.code, again.out) == (2, "")
    assert run("registry", "download", f"{MODEL}:1.1.0", "-o", "m", "--expand", "--force").code == 0


def test_a_dry_run_of_a_download_names_what_would_be_written(
    run: Run, tmp_path: Path, server: LocalServer
) -> None:
    ended = run("registry", "download", MODEL, "-o", "m", "--dry-run")
    assert ended.lines == [
        "would write m/synthetic-model-1.2.0.zip: 1 file, 500 bytes before they are packed"
    ]
    (plan,) = told(run, "download", MODEL, "-o", "m", "--expand", "--dry-run")
    assert (plan["path"], plan["done"]) == ("m/synthetic-model-1.2.0", False)
    assert not (tmp_path / "m").exists()
    assert not any("item/download" in entry.path for entry in list(server.log)[-4:])


@pytest.mark.parametrize("kind", ["slip", "symlink", "bomb", "dup", "crc", "trunc"])
def test_a_dangerous_archive_leaves_nothing(
    run: Run, tmp_path: Path, server: LocalServer, kind: str
) -> None:
    server.faults.add("zip", kind, match="registry-model/item/download")
    ended = run("registry", "download", MODEL, "-o", "m", "--expand")
    assert (ended.code, ended.out) == (1, "")
    assert "is not expanded: " in ended.err
    assert list((tmp_path / "m").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "m"]


@pytest.mark.usefixtures("heard")
def test_a_signal_leaves_no_half_archive(run: Run, server: LocalServer, tmp_path: Path) -> None:
    assert run("registry", "ls", "synthetic").code == 0
    server.faults.add("stall_body", match="registry-model/item/download")
    seen = len(server.log)
    arguments = ("registry", "download", MODEL, "-o", "m", "--expand")
    with started(*arguments, env=environment(server.url), cwd=tmp_path) as process:
        while not any("item/download" in entry.path for entry in list(server.log)[seen:]):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert list((tmp_path / "m").iterdir()) == []


def test_a_model_of_an_experiment_is_registered(run: Run, server: LocalServer) -> None:
    key = told_key(run)
    details = ("--registry-name", "My New: Model", "--tag", "t", "--comment", "c")
    more = ("--status", "QA", "--description", "d", "--public", "--workspace", "synthetic")
    before = writes(server)
    (plan,) = told(run, "register", key, "net", *details, *more, "--version", "2.0.0", "--dry-run")
    assert (plan["target"], plan["value"], plan["done"]) == (
        "synthetic/my-new-model:2.0.0",
        "net",
        False,
    )
    assert writes(server) == before
    (done,) = told(run, "register", key, "net", *details, *more, "--version", "2.0.0")
    version = shown(run, "synthetic/my-new-model:2.0.0")
    assert done["answer"] == {"registryModelItemId": version["id"]}
    found = [version[name] for name in ("status", "tags", "comment", "experiment")]
    assert found == ["QA", ["t"], "c", key]
    model = shown(run, "synthetic/my-new-model")
    assert (model["description"], model["public"]) == ("d", True)
    ended = run("registry", "register", "synthetic/synthetic/" + key, "net", *details)
    assert ended.lines == ["done: register model 'net': synthetic/my-new-model as the next version"]
    assert shown(run, "synthetic/my-new-model")["versions"] == ["3.0.0", "2.0.0"]


def test_a_lost_answer_to_a_registration_is_not_sent_again(run: Run, server: LocalServer) -> None:
    server.faults.add("rst_before", match="item/create", applied=True)
    before = writes(server)
    ended = run("registry", "register", told_key(run), "net", "--registry-name", "lost")
    assert (ended.code, ended.out) == (1, "")
    assert "may or may not have been done" in ended.err
    assert writes(server) - before == 1
    assert shown(run, "synthetic/lost")["versions"] == ["1.0.0"]


@pytest.mark.parametrize("word", ["stage", "tag"])
def test_stages_and_tags_come_and_go(run: Run, mine: str, word: str, server: LocalServer) -> None:
    version = f"{mine}:1.0.0"
    before = writes(server)
    ended = run("registry", word, version, "a", "b", "a", "--dry-run")
    assert ended.lines == [f"would add {word} 'a': {version}", f"would add {word} 'b': {version}"]
    assert writes(server) == before
    rows = told(run, word, version, "a", "b")
    assert [(row["action"], row["value"], row["done"]) for row in rows] == [
        (f"add {word}", "a", True),
        (f"add {word}", "b", True),
    ]
    assert shown(run, version)["tags"] == ["a", "b"]
    nothing = run("registry", word, version, "a")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == "comet-async: there is nothing to change\n"
    assert run("registry", word, version, "a", "--remove").code == 0
    assert shown(run, version)["tags"] == ["b"]
    missing = run("registry", word, version, "a", "--remove")
    assert (missing.code, missing.out) == (2, "")
    assert f"{version} has no {word} 'a'; it has b" in missing.err


def test_a_status_is_set_where_it_is_allowed(run: Run, mine: str, server: LocalServer) -> None:
    version = f"{mine}:1.0.0"
    before = writes(server)
    assert run("registry", "status", version, "Production", "--dry-run").lines == [
        f"would set status 'Production': {version}"
    ]
    assert writes(server) == before
    assert run("registry", "status", version, "Production").code == 0
    assert shown(run, version)["status"] == "Production"
    assert "nothing to change" in run("registry", "status", version, "Production").err
    wrong = run("registry", "status", version, "Prod")
    assert (wrong.code, wrong.out) == (2, "")
    assert "'Prod' is no status; use None, Development" in wrong.err


def test_deleting_wants_a_yes(run: Run, mine: str, server: LocalServer) -> None:
    key, name = told_key(run), mine.removeprefix("synthetic/")
    told(run, "register", key, "net", "--registry-name", name, "--version", "1.1.0")
    before = len(server.log)
    for address in (mine, f"{mine}:1.0.0"):
        ended = run("registry", "delete", address)
        assert (ended.code, ended.out) == (2, "")
        assert "for good; give --yes to do it" in ended.err
    assert len(server.log) == before
    written = writes(server)
    planned = run("registry", "delete", mine, "--dry-run")
    assert planned.lines == [f"would delete model with 2 versions: {mine}"]
    assert run("registry", "delete", f"{mine}:1.0.0", "--dry-run").lines == [
        f"would delete version: {mine}:1.0.0"
    ]
    assert writes(server) == written
    assert run("registry", "delete", f"{mine}:1.0.0", "--yes").code == 0
    assert shown(run, mine)["versions"] == ["1.1.0"]
    assert run("registry", "delete", mine, "--yes").code == 0
    assert run("registry", "show", mine).code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "synthetic"), "'synthetic' is no address; use WORKSPACE/MODEL[:VERSION]"),
        (("show", "synthetic/m:"), "'synthetic/m:' is no address"),
        (("show", "synthetic/synthetic-modl"), "did you mean synthetic-model"),
        (("show", f"{MODEL}:9.0.0"), "has no version '9.0.0'; it has 1.2.0, 1.1.0, 1.0.0"),
        (("versions", f"{MODEL}:1.0.0"), "is no address; use WORKSPACE/MODEL"),
        (("download", MODEL), "Missing option '-o' / '--output'"),
        (("download", f"{MODEL}:1.0.0", "--stage", "s", "-o", "m"), "a version or --stage"),
        (("download", f"{MODEL}:9.0.0", "-o", "m"), "has no version '9.0.0'"),
        (("register", "x", "net"), "'x' is no experiment"),
        (("register", "x", "///"), "'///' is no name for a registered model"),
        (("stage", MODEL, "a"), "is no address; use WORKSPACE/MODEL:VERSION"),
        (("stage", f"{MODEL}:1.0.0"), "Missing argument 'STAGE...'"),
        (("status", f"{MODEL}:9.0.0", "QA"), "has no version '9.0.0'"),
        (("delete", f"{MODEL}:9.0.0", "--yes"), "has no version '9.0.0'"),
        (("shw",), "No such command 'shw'"),
        ((), "Missing command (see `comet-async registry --help`)"),
    ],
)
def test_wrong_input_gives_one_line_and_code_2(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    ended = run("registry", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_registration_is_checked_before_it_is_sent(
    run: Run, mine: str, server: LocalServer
) -> None:
    key, name = told_key(run), mine.removeprefix("synthetic/")
    before = writes(server)
    for options, message in (
        (("other",), "has no model 'other'; it has net"),
        (("net", "--workspace", "team"), "the experiment is of synthetic, not of team"),
        (("net", "--registry-name", name, "--version", "1.0.0"), "is registered already"),
        (("net", "--status", "Prod"), "'Prod' is no status"),
    ):
        ended = run("registry", "register", key, *options)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err
        assert len(ended.err.splitlines()) == 1
    assert writes(server) == before


def test_a_stage_of_no_version_is_the_servers_to_tell(run: Run) -> None:
    ended = run("registry", "download", MODEL, "--stage", "none-such", "-o", "m")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["ls", "show", "versions", "download", "register", "stage", "tag", "status", "delete"]
)
def test_help_has_examples(run: Run, name: str) -> None:
    ended = run("registry", name, "--help")
    assert f"Examples:\n  comet-async registry {name} " in ended.out
