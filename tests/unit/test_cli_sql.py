"""`comet-async sql`: answers in three forms, and nothing but the tables within reach."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async.cli.records import csv_cell, plain
from comet_async.server import HOSTILE_NAMES
from tests.support.command_line import Run, control_bytes, isolate, runner
from tests.support.lakes import curve, make_lake, part, rows, snapshot

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` in a folder with a lake."""
    isolate(monkeypatch, tmp_path)
    make_lake(tmp_path / "lake")
    return runner(capfd)


def hostile(root: Path) -> list[str]:
    """Give the experiments of a lake nasty names, and return these."""
    names = [*HOSTILE_NAMES, *FORMULAS, "~x", "-rf", "a\nb"]
    names = [name.encode("utf-8", "replace").decode() for name in names]
    found = [{"experiment_key": f"k{n}", "experiment_name": x} for n, x in enumerate(names)]
    part(root, "experiments", rows("experiments", *found))
    return names


def test_an_answer_as_a_table(run: Run) -> None:
    ended = run("sql", "lake", "select metric, count(*) as points from metrics group by all")

    assert ended.lines == ["metric  points", "loss         5"]
    assert (ended.code, ended.err) == (0, "")


def test_nested_values_and_numbers_in_a_table(run: Run) -> None:
    query = "select {'a': 1.5::decimal(2,1)} s, [1, 2] l, -2 n, 'nan'::double f, '=x' t"
    assert [line.split() for line in run("sql", "lake", query).lines] == [
        ["s", "l", "n", "f", "t"],
        ['{"a":1.5}', "[1,2]", "-2", "NaN", "=x"],
    ]
    long = run("sql", "lake", "select range(100) l").lines[1]
    assert long == str([*range(100)]).replace(" ", "")


def test_a_table_has_the_first_rows_and_says_so(run: Run) -> None:
    ended = run("sql", "lake", "from range(30)", "--limit", "20")
    assert len(ended.lines) == 21
    assert "these are the first 20 rows; --limit 0 shows all" in ended.err
    assert len(run("sql", "lake", "from range(2500)", "--limit", "0").lines) == 2501
    assert run("sql", "lake", "from range(20)", "--limit", "20").err == ""


def test_an_answer_as_json(run: Run) -> None:
    query = (
        "select 1 a, 2 a, 2.50::decimal(4,2) d, 'nan'::double n, '-inf'::double i,"
        " timestamptz '2026-01-02 03:04:05Z' t, [1, null] l, {'x': {'y': 1}} s, 'x'::blob b,"
        " interval 2 seconds v, 170141183460469231731687303715884105727::hugeint h, null z, true f,"
        " map {1: 'one'} m, '7a7e2a1c-0000-4000-8000-000000000000'::uuid u"
    )
    assert json.loads(run("sql", "lake", query, "--json").out) == [
        {
            "a": 1,
            "a_2": 2,
            "d": 2.5,
            "n": "NaN",
            "i": "-Infinity",
            "t": "2026-01-02T03:04:05Z",
            "l": [1, None],
            "s": {"x": {"y": 1}},
            "b": "eA==",
            "v": 2.0,
            "h": 2**127 - 1,
            "z": None,
            "f": True,
            "m": {"1": "one"},
            "u": "7a7e2a1c-0000-4000-8000-000000000000",
        }
    ]
    assert run("sql", "lake", "from metrics where false", "--json").out == "[]\n"


def test_names_of_columns_that_repeat_get_numbers(run: Run) -> None:
    found = run("sql", "lake", "select 1 a, 2 a, 3 a_2, 4 a", "--csv").lines
    assert found == ["a,a_3,a_2,a_4", "1,2,3,4"]


def test_an_answer_as_csv(run: Run) -> None:
    query = "select 'a,\"b' t, -1.5 n, true f, null z, [1] l, '-inf'::double i, -3 m"
    assert run("sql", "lake", query, "--csv").out == (
        't,n,f,z,l,i,m\n"a,""b",-1.5,true,,[1],-Infinity,-3\n'
    )


@pytest.mark.parametrize("text", FORMULAS)
def test_m3_cells_that_would_be_formulas_are_texts(run: Run, text: str) -> None:
    folder = Path("lake")
    part(folder, "experiments", rows("experiments", {"experiment_key": text}))
    query = "select experiment_key from experiments"
    safe = list(csv.reader(io.StringIO(run("sql", "lake", query, "--csv").out)))
    raw = run("sql", "lake", query, "--csv", "--raw").out

    assert safe[1] == ["'" + text.replace("\t", "\\t").replace("\r", "\\r")]
    assert list(csv.reader(io.StringIO(raw, newline="")))[1] == [text]


def test_m3_heads_are_cells_too(run: Run) -> None:
    assert run("sql", "lake", 'select 1 as "=x"', "--csv").lines == ["'=x", "1"]


def test_m3_numbers_are_left_as_they_are() -> None:
    assert [csv_cell(x) for x in (-1, -1.5, float("-inf"))] == ["-1", "-1.5", "-Infinity"]
    assert csv_cell(["=x"]) == '["=x"]'


def test_m2_hostile_names_give_one_record_each(run: Run) -> None:
    names = hostile(Path("lake"))
    query = "select experiment_name as n from experiments order by experiment_key"
    found = {row["n"] for row in json.loads(run("sql", "lake", query, "--json").out)}

    assert found == set(names)
    for form in ("--json", "--csv"):
        ended = run("sql", "lake", query, form)
        lines = [line for line in ended.lines if line not in {"n", "[", "]"}]
        assert len(lines) == len(names), form
        assert control_bytes(ended.out) == []
    plain_form = run("sql", "lake", query)
    assert len(plain_form.lines) == len(names) + 1
    assert control_bytes(plain_form.out) == []


def test_m2_a_folder_with_a_nasty_name(run: Run) -> None:
    make_lake(Path("-rf\n'x'"))
    ended = run("sql", "--csv", "--", "-rf\n'x'", "select count(*) n from metrics")
    assert ended.lines == ["n", "5"]


def test_raw_goes_with_csv_and_never_to_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("sql", "lake", "select 1", "--raw").code == 2
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ended = run("sql", "lake", "select '\x1b[2J' as x", "--csv", "--raw")
    assert control_bytes(ended.out) == []


def test_a_query_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 42 as x"))
    assert run("sql", "lake", "-", "--csv").lines == ["x", "42"]


def test_an_earlier_state(run: Run) -> None:
    root = Path("lake")
    snapshot(root, 1)
    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)
    query = "select count(*) n from metrics"

    assert run("sql", "lake", query, "--csv").lines == ["n", "1"]
    assert run("sql", "lake", query, "--csv", "--snapshot", "1").lines == ["n", "5"]
    ended = run("sql", "lake", query, "--snapshot", "4")
    assert (ended.code, "has no snapshot 4" in ended.err) == (2, True)


def test_mistakes_are_one_line(run: Run) -> None:
    ended = run("sql", "lake", "select loss from\nmetrics")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "loss" in ended.err
    assert "^" not in ended.err
    late = run("sql", "lake", "select cast(metric as int) from metrics", "--json")
    assert (late.code, late.err.count("\n")) == (1, 1)
    nowhere = run("sql", "home", "select 1")
    assert (nowhere.code, nowhere.err.count("\n")) == (2, 1)


def test_j7_types_that_differ_between_parts_are_told(run: Run) -> None:
    part(Path("lake"), "things", pa.table({"a": pa.array([1], pa.int32())}), 1)
    part(Path("lake"), "things", pa.table({"a": ["x"]}), 2)
    ended = run("sql", "lake", "select a from things order by a", "--csv")

    assert ended.lines == ["a", "1", "x"]
    assert ended.err == "comet-async: note: things.a is int32 and string in different parts\n"


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('{outside}')",
        "select * from read_text('{outside}')",
        "select * from '{outside}'",
        "select * from read_parquet('{part}')",
        "select * from glob('/*')",
        "copy metrics to '{new}'",
        "copy (select 1 a) to '{part}' (format parquet, use_tmp_file false)",
        "with x as (copy (select 1 a) to '{part}' (format parquet, use_tmp_file false)) from x",
        "explain analyze copy (select 1 a) to '{part}' (format parquet, use_tmp_file false)",
        "attach '{new}'",
        "export database '{new}'",
        "install httpfs",
        "load httpfs",
        "select * from 'http://127.0.0.1:1/x.parquet'",
        "set enable_external_access = true",
        "set threads = 1",
        "set temp_directory = '{new}'",
        "from root",
    ],
)
def test_queries_reach_the_tables_only(run: Run, query: str) -> None:
    outside = Path("outside.csv").absolute()
    outside.write_text("a\nsecret\n")
    place = Path("lake/tables/metrics/part-000001.parquet").absolute()
    new = Path("new").absolute()
    before = place.read_bytes()
    ended = run("sql", "lake", query.format(outside=outside, part=place, new=new))

    assert (ended.code, ended.out) == (1, "")
    assert place.read_bytes() == before
    assert not new.exists()
    assert not Path(".tmp").exists()
    assert "secret" not in ended.err


def test_a_sort_beyond_memory_leaves_nothing_behind(run: Run) -> None:
    before = set(Path().iterdir())
    assert run("sql", "lake", "select 1 as x", "--csv").code == 0
    assert set(Path().iterdir()) == before


def test_values_without_a_form_of_their_own() -> None:
    assert plain(Path("x")) == "x"
    assert plain(float("inf")) == "Infinity"
