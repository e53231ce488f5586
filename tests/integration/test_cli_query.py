"""`comet-async query`: forms of output, notes, and what wrong input says."""

from __future__ import annotations

import json
import sys

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import Run

SPEC = SyntheticSpec(experiments=8, points=20, archived=2)
PROJECT = "synthetic/synthetic"
ALL = 'Metric("loss") != None'


def keys_of(run: Run, *arguments: str) -> list[str]:
    ended = run("query", PROJECT, *arguments)
    assert ended.code == 0, ended.err
    return ended.lines


def test_keys_come_one_to_a_line_in_a_pipe(run: Run) -> None:
    keys = keys_of(run, ALL)
    assert len(keys) == len(set(keys)) == 6
    assert all(len(key) == 32 for key in keys)
    assert keys_of(run, ALL, "--keys") == keys
    assert not set(keys) & set(keys_of(run, ALL, "--archived"))
    with_tag = keys_of(run, 'Tag("best")')
    assert sorted([*with_tag, *keys_of(run, 'not Tag("best")')]) == sorted(keys)


def test_a_table_has_key_name_and_the_columns_of_the_expression(run: Run) -> None:
    ended = run("query", PROJECT, f'{ALL} and Metadata("duration") > 0', "--table")
    assert ended.code == 0
    heads = ["key", "name", 'Metric("loss")', 'Metadata("duration")']
    assert ended.lines[0].split() == heads
    assert len(ended.lines) == 7
    assert all(float(line.split()[-1]) > 0 for line in ended.lines[1:])
    assert ended.err == "comet-async: 6 of 6 experiments\n"


def test_a_table_says_what_it_does_not_show(run: Run, server: LocalServer) -> None:
    before = len(server.log)
    ended = run("query", PROJECT, ALL, "--table", "--limit", "2")
    assert len(ended.lines) == 3
    assert "6 of 6 experiments; these are the first 2, --limit 0 shows all" in ended.err
    assert len(server.log) - before == 6  # columns, query, and two for each of the two
    assert len(run("query", PROJECT, ALL, "--table", "--limit", "0").lines) == 7


def test_a_table_is_what_a_terminal_gets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comet_async.cli.query.is_terminal", lambda stream: stream is sys.stdout)
    assert run("query", PROJECT, ALL).lines[0].split()[:2] == ["key", "name"]


def test_json_has_a_line_for_each(run: Run) -> None:
    rows = [json.loads(line) for line in run("query", PROJECT, ALL, "--json").lines]
    assert [row["key"] for row in rows] == keys_of(run, ALL)
    assert all(list(row) == ["key", "name", 'Metric("loss")'] for row in rows)
    assert all(isinstance(row['Metric("loss")'], float) for row in rows)


def test_nothing_found_is_no_error_and_an_unknown_tag_is_noted(run: Run) -> None:
    ended = run("query", PROJECT, 'Tag("bset")')
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (
        "comet-async: note: no experiment of the project has the tag bset; did you mean best?\n"
    )
    ended = run("query", PROJECT, 'Metric("lss") > 0', "--no-strict")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == 'comet-async: note: the project has no Metric("lss")\n'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((PROJECT, 'Metric("loss") <'), "column 17: expected a column"),
        ((PROJECT, 'Metric("loss") < 1 ; 2'), "column 20: expected `and`, `or` or the end"),
        ((PROJECT, 'Metric("lss") < 1'), 'is unknown in this project; did you mean Metric("loss")'),
        ((PROJECT, 'Metric("loss").contains("x")'), "contains() needs a column of texts"),
        ((PROJECT, 'Metric("loss") < "low"'), "compare it with a number"),
        (("synthetic", ALL), "is no project; use WORKSPACE/PROJECT"),
        ((PROJECT,), "Missing argument 'EXPRESSION'"),
        ((PROJECT, ALL, "--limit", "-1"), "Invalid value for '--limit'"),
    ],
)
def test_wrong_input_gives_one_line_and_code_2(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    ended = run("query", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1


def test_help_has_examples(run: Run) -> None:
    ended = run("query", "--help")
    assert ended.code == 0
    assert 'Examples:\n  comet-async query team/resnet \'Metric("loss") < 0.1' in ended.out
