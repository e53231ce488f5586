"""`comet-async ls`: each level, its order, its choice, and what wrong addresses say."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from comet_async.server import HOSTILE_NAMES, LocalServer, SyntheticSpec
from tests.support.command_line import Run, control_bytes

SPEC = SyntheticSpec(
    experiments=60, points=5, assets=3, archived=2, projects=1, hostile_names=True, asset_bytes=64
)
PROJECT = "synthetic/synthetic"


def listed(run: Run, *arguments: str) -> list[dict[str, Any]]:
    ended = run("ls", *arguments, "--json")
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.lines]


def test_workspaces_then_projects(run: Run) -> None:
    assert listed(run) == [{"workspace": "synthetic"}]
    assert run("ls").lines == ["workspace", "synthetic"]
    (project,) = listed(run, "synthetic")
    assert (project["name"], project["experiments"]) == ("synthetic", 58)
    assert project["updated"].endswith("Z")
    assert run("ls", "synthetic").lines[0].split() == ["name", "experiments", "updated", "id"]


def test_experiments_come_newest_first_and_all_of_them_in_a_pipe(run: Run) -> None:
    rows = listed(run, PROJECT)
    started = [row["started"] for row in rows]
    assert len({row["key"] for row in rows}) == 58
    assert started == sorted(started, reverse=True)
    assert list(rows[0]) == ["key", "name", "state", "started", "duration"]
    ended = run("ls", PROJECT)
    assert (len(ended.lines), ended.err) == (59, "")
    assert ended.lines[1].split()[0] == rows[0]["key"]


def test_a_terminal_gets_fifty_and_is_told_of_the_rest(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_output(stream: object) -> bool:
        return stream is sys.stdout

    monkeypatch.setattr("comet_async.cli.listings.is_terminal", only_output)
    ended = run("ls", PROJECT)
    assert len(ended.lines) == 51
    assert ended.err == "comet-async: 8 more of 58 experiments; --limit 0 shows all\n"
    assert len(run("ls", PROJECT, "--limit", "0").lines) == 59
    assert len(listed(run, PROJECT)) == 58


def test_a_limit_holds_in_every_form(run: Run) -> None:
    assert len(listed(run, PROJECT, "--limit", "3")) == 3
    ended = run("ls", PROJECT, "--limit", "3")
    assert len(ended.lines) == 4
    assert "55 more of 58 experiments" in ended.err


@pytest.mark.parametrize(
    ("column", "falling"), [("started", True), ("duration", True), ("name", False), ("key", False)]
)
def test_a_column_sorts_and_reverse_turns_it_round(run: Run, column: str, falling: bool) -> None:
    values = [row[column] for row in listed(run, PROJECT, "--sort", column)]
    assert values == sorted(values, reverse=falling)
    turned = [row[column] for row in listed(run, PROJECT, "--sort", column, "--reverse")]
    assert turned == sorted(values, reverse=not falling)


def test_where_and_archived_choose(run: Run) -> None:
    everything = {row["key"] for row in listed(run, PROJECT)}
    best = {row["key"] for row in listed(run, PROJECT, "--where", 'Tag("best")')}
    queried = set(run("query", PROJECT, 'Tag("best")').lines)
    assert best == queried
    assert best < everything
    archived = listed(run, PROJECT, "--archived")
    assert len(archived) == 2
    assert not {row["key"] for row in archived} & everything


def test_assets_of_an_experiment_by_key_or_name(run: Run) -> None:
    first = listed(run, PROJECT, "--limit", "1")[0]
    by_key = listed(run, f"{PROJECT}/{first['key']}")
    assert [row["name"] for row in by_key] == sorted(HOSTILE_NAMES[:3], key=str.casefold)
    assert list(by_key[0]) == ["name", "type", "size", "step", "id"]
    assert listed(run, f"{PROJECT}/{first['name']}") == by_key
    ended = run("ls", f"{PROJECT}/{first['key']}")
    assert len(ended.lines) == 4
    assert control_bytes(ended.out) == []


def test_a_key_in_an_address_takes_no_listing_of_the_project(run: Run, server: LocalServer) -> None:
    key = listed(run, PROJECT, "--limit", "1")[0]["key"]
    before = len(server.log)
    listed(run, f"{PROJECT}/{key}")
    assert [entry.path.rpartition("/v2/")[2] for entry in list(server.log)[before:]] == [
        "projects",
        "experiment/metadata",
        "experiment/asset/list",
    ]


def test_a_key_of_another_project_is_not_of_this_one(run: Run) -> None:
    key = new_experiment(run, "elsewhere", "x")
    ended = run("ls", f"{PROJECT}/{key}")
    assert (ended.code, ended.out) == (2, "")
    assert f"the project 'synthetic' has no experiment '{key}'" in ended.err


def test_an_archived_experiment_is_found_by_its_address(run: Run) -> None:
    key = listed(run, PROJECT, "--archived")[0]["key"]
    assert len(listed(run, f"{PROJECT}/{key}")) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("synthetic//x",), "'synthetic//x' is no address; use WORKSPACE"),
        (("",), "'' is no address"),
        (("synthetic/synthetc",), "has no project 'synthetc'; did you mean synthetic?"),
        (("synthetic/nowhere/x",), "synthetic has no project 'nowhere'"),
        ((f"{PROJECT}/none-such",), "'synthetic' has no experiment 'none-such'"),
        (("synthetic", "--where", 'Tag("best")'), "--where chooses among experiments"),
        (("--archived",), "--archived chooses among experiments; name a WORKSPACE/PROJECT"),
        ((PROJECT, "--where", "Metric("), "expected"),
        ((PROJECT, "--where", 'Metric("lss") < 1'), "did you mean"),
        ((PROJECT, "--sort", "size"), "--sort size is no column here; use key, name, state"),
        ((PROJECT, "--limit", "-1"), "Invalid value for '--limit'"),
    ],
)
def test_wrong_input_gives_one_line_and_code_2(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    ended = run("ls", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1


def test_what_chooses_experiments_is_refused_for_assets(run: Run) -> None:
    key = listed(run, PROJECT, "--limit", "1")[0]["key"]
    ended = run("ls", f"{PROJECT}/{key}", "--archived")
    assert (ended.code, ended.out) == (2, "")


def test_an_unknown_workspace_is_the_servers_to_tell(run: Run) -> None:
    ended = run("ls", "nowhere")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


def test_a_refused_key_ends_with_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMET_API_KEY", "another-key-of-nobody")
    assert run("ls").code == 4


def test_help_has_examples(run: Run, server: LocalServer) -> None:
    before = len(server.log)
    ended = run("ls", "--help")
    assert "Examples:\n  comet-async ls\n" in ended.out
    assert len(server.log) == before


def made(run: Run, endpoint: str, **members: str) -> dict[str, Any]:
    options = [text for name, value in members.items() for text in (f"--{name}", value)]
    ended = run("call", endpoint, *options, "--yes")
    assert ended.code == 0, ended.err
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def new_experiment(run: Run, project: str, name: str) -> str:
    members = {"workspaceName": "synthetic", "projectName": project, "experimentName": name}
    answer = made(run, "create_experiment", experiment=json.dumps(members))
    return str(answer["experimentKey"])


def test_names_with_slashes_are_read_every_way_they_can_be(run: Run) -> None:
    key = new_experiment(run, "plain", "b/c")
    assert listed(run, "synthetic/plain/b/c") == listed(run, "synthetic/plain/b%2Fc") == []
    made(run, "create_project", **{"workspace-name": "synthetic", "project-name": "plain/b"})
    other = new_experiment(run, "plain/b", "c")
    ended = run("ls", "synthetic/plain/b/c")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "comet-async: 'synthetic/plain/b/c' is ambiguous; it can be"
        f" synthetic/plain/{key}, synthetic/plain%2Fb/{other}\n"
    )
    assert [row["key"] for row in listed(run, "synthetic/plain%2Fb")] == [other]
    assert listed(run, f"synthetic/plain%2Fb/{other}") == []


def test_experiments_of_one_name_are_listed_by_key(run: Run) -> None:
    keys = [new_experiment(run, "twins", "twin") for _ in range(2)]
    ended = run("ls", "synthetic/twins/twin")
    assert (ended.code, ended.out) == (2, "")
    assert "is ambiguous" in ended.err
    assert all(f"synthetic/twins/{key}" in ended.err for key in keys)
