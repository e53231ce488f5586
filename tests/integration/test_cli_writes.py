"""`comet-async archive`, `restore`, `move`, `tag` and `delete` against a server that keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.command_line import KEY, Run, isolate, runner

COUNT = 12
SPEC = SyntheticSpec(experiments=COUNT, points=2, metrics=1, parameters=1, assets=0)
PROJECT = "synthetic/synthetic"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """Serve data that each test may change, for itself alone."""
    isolate(monkeypatch, tmp_path)
    with serve_in_thread(local_server(synthetic=SPEC, api_keys=[KEY])) as listening:
        monkeypatch.setenv("COMET_URL_OVERRIDE", listening.url)
        monkeypatch.setenv("COMET_API_KEY", KEY)
        yield listening


@pytest.fixture
def run(server: LocalServer, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` against the server, in this process."""
    del server
    return runner(capfd)


def keys(run: Run, expression: str = 'Metadata("duration") >= 0', *more: str) -> list[str]:
    """Return the keys of the experiments that an expression wants."""
    ended = run("query", PROJECT, expression, "--keys", *more)
    assert ended.code == 0, ended.err
    return ended.lines


def test_archive_and_restore(run: Run) -> None:
    every = keys(run)
    assert len(every) == COUNT
    ended = run("archive", *every[:3])
    assert (ended.code, ended.out) == (0, "")
    assert "archive 3 of 3; 3 requests" in ended.err
    assert set(keys(run)) == set(every[3:])
    assert set(keys(run, 'Metadata("duration") >= 0', "--archived")) == set(every[:3])
    ended = run("restore", PROJECT, "--all", "--json")
    assert ended.code == 0
    report = json.loads(ended.out)
    assert (report["operation"], set(report["done"])) == ("restore", set(every[:3]))
    assert set(keys(run)) == set(every)


def test_a_dry_run_prints_keys_and_changes_nothing(run: Run, server: LocalServer) -> None:
    every = keys(run)
    ended = run("archive", PROJECT, "--all", "--dry-run")
    assert ended.code == 0
    assert set(ended.lines) == set(every)
    assert f"would archive {COUNT} of {COUNT}" in ended.err
    assert server.log.applied_counts() == {}


def test_tag_by_expression_then_move_by_tag(run: Run) -> None:
    every = keys(run)
    assert run("tag", every[0], every[1], "--tag", "chosen", "-t", "a b").code == 0
    assert set(keys(run, 'Tag("chosen") and Tag("a b")')) == set(every[:2])
    assert (
        run(
            "call",
            "create_project",
            "--workspace-name",
            "synthetic",
            "--project-name",
            "other",
            "--yes",
        ).code
        == 0
    )
    ended = run("move", PROJECT, "--where", 'Tag("chosen")', "--to", "synthetic/other")
    assert ended.code == 0
    assert "move 2 of 2; 1 requests" in ended.err
    assert set(keys(run)) == set(every[2:])
    assert run("tag", every[0], "-t", "chosen", "--remove").code == 0
    left = run("query", "synthetic/other", 'Tag("chosen")', "--keys")
    assert left.lines == [every[1]]


def test_delete_wants_the_number(run: Run, tmp_path: Path) -> None:
    every = keys(run)
    listed = tmp_path / "keys.txt"
    listed.write_text("\n".join([*every[:2], "", every[0]]))
    asked = run("delete", "--keys-from", str(listed))
    assert asked.code == 2
    assert "2 experiments would be deleted for good; say --confirm 2" in asked.err
    wrong = run("delete", "--keys-from", str(listed), "--confirm", "3")
    assert wrong.code == 2
    assert "2 experiments are chosen, not 3; nothing was sent" in wrong.err
    assert set(keys(run)) == set(every)
    assert run("delete", "--keys-from", str(listed), "--confirm", "2").code == 0
    assert set(keys(run)) == set(every[2:])


def test_failures_are_told_and_a_ledger_goes_on(
    run: Run, server: LocalServer, tmp_path: Path
) -> None:
    every = keys(run)
    book = str(tmp_path / "book.jsonl")
    server.faults.add("status", 403, every[4])
    first = run("archive", *every, "--ledger", book)
    assert first.code == 3
    assert f"failed: {every[4]}: " in first.err
    assert f"archive {COUNT - 1} of {COUNT}, 1 failed" in first.err
    server.faults.clear()
    second = run("archive", *every, "--ledger", book)
    assert second.code == 0
    assert f"archive 1 of {COUNT}, {COUNT - 1} done earlier; 1 requests" in second.err
    assert KEY not in Path(book).read_text()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["archive"], "name experiment keys, a file of them, or WORKSPACE/PROJECT"),
        (["archive", PROJECT], "synthetic/synthetic is a whole project: choose with --where"),
        (["archive", PROJECT, "a/b", "--all"], "name keys, or one WORKSPACE/PROJECT"),
        (["archive", "abc"], "'abc' is no experiment key"),
        (["archive", "0" * 32, "--all"], "--where and --all choose among"),
        (["archive", PROJECT, "--all", "--where", "Tag('x')"], "--where or --all, not both"),
        (["archive", PROJECT, "--where", "Tag("], "Tag("),
        (["archive", "synthetic/", "--all"], "is no WORKSPACE/PROJECT"),
        (["move", "0" * 32, "--to", "other"], "--to other: name WORKSPACE/PROJECT"),
        (["move", "0" * 32], "Missing option '--to'"),
        (["tag", "0" * 32], "Missing option"),
        (
            ["archive", "--keys-from", "nowhere.txt"],
            "cannot read keys from nowhere.txt: No such file",
        ),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    run: Run, server: LocalServer, command: list[str], problem: str
) -> None:
    ended = run(*command)
    assert ended.code in (1, 2)
    assert problem in ended.err
    assert ended.out == ""
    assert server.log.applied_counts() == {}


def test_nothing_chosen_is_no_error(run: Run) -> None:
    ended = run("archive", PROJECT, "--where", 'Metadata("duration") < 0')
    assert ended.code == 0
    assert "no experiment is chosen; nothing was sent" in ended.err
