"""Two harvests compared: rows added, removed and changed, and the experiments they are of."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

import comet_async
from comet_async import harvest
from comet_async.errors import UsageError
from comet_async.harvest.diffing import LakeDiff, RowDiff, key_of
from tests.support.command_line import Run, control_bytes, isolate, runner
from tests.support.lakes import curve, make_lake, part, rows, snapshot


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` in an empty folder."""
    isolate(monkeypatch, tmp_path)
    return runner(capfd)


def compared(one: Path, two: Path, limit: int = 0) -> LakeDiff:
    return harvest.diff(comet_async.open_lake(one), comet_async.open_lake(two), rows=limit)


def numbers(found: LakeDiff, table: str) -> tuple[int, int, int]:
    told = next(entry for entry in found.tables if entry.name == table)
    return told.added, told.removed, told.changed


def test_the_same_rows_in_another_order_and_in_other_files_are_the_same(tmp_path: Path) -> None:
    one = make_lake(tmp_path / "one", values={"k1": [1.0, float("nan"), None], "k2": [2.0]})
    two = make_lake(tmp_path / "two", values={"k1": [], "k2": [2.0]})
    points = curve("k1", [1.0, float("nan"), None])[::-1]
    part(two, "metrics", rows("metrics", *points), 7)
    part(two, "metrics", rows("metrics", *curve("k2", [2.0])), 1)

    found = compared(one, two)
    assert found.same
    assert [(t.name, t.rows_before, t.rows_after) for t in found.tables] == [
        ("experiments", 2, 2),
        ("metrics", 4, 4),
        ("parameters", 2, 2),
    ]


def test_rows_added_removed_and_changed(tmp_path: Path) -> None:
    one = make_lake(tmp_path / "one", values={"k1": [1.0, 2.0], "k2": [1.0], "k4": [1.0]})
    two = make_lake(tmp_path / "two", values={"k1": [1.0, 2.5, 3.0], "k3": [1.0], "k4": [1.0]})
    found = compared(one, two, 10)

    assert not found.same
    assert numbers(found, "metrics") == (2, 1, 1)
    assert found.experiments.added == ("k3",)
    assert found.experiments.removed == ("k2",)
    assert found.experiments.changed == ("k1",)
    metrics = next(table for table in found.tables if table.name == "metrics")
    assert metrics.rows[0] == RowDiff(
        "changed",
        {"experiment_key": "k1", "metric": "loss", "context": None, "step": 1},
        {"value": 2.0},
        {"value": 2.5},
    )
    assert [(row.what, row.key["experiment_key"]) for row in metrics.rows[1:]] == [
        ("added", "k1"),
        ("added", "k3"),
        ("removed", "k2"),
    ]
    assert metrics.rows[1].after == {"value": 3.0, "offset": 2}
    assert metrics.rows[3].before == {"value": 1.0, "offset": 0}


def test_rows_that_repeat_are_counted(tmp_path: Path) -> None:
    point = curve("k1", [1.0])[0]
    one = make_lake(tmp_path / "one", values={"k1": []})
    two = make_lake(tmp_path / "two", values={"k1": []})
    part(one, "metrics", rows("metrics", point, point, point))
    part(two, "metrics", rows("metrics", point, {**point, "value": 2.0}))

    found = compared(one, two)
    assert numbers(found, "metrics") == (0, 1, 1)
    assert numbers(compared(two, one), "metrics") == (1, 0, 1)
    assert found.experiments.changed == ("k1",)


def test_rows_are_limited(tmp_path: Path) -> None:
    one = make_lake(tmp_path / "one", values={"k1": [1.0] * 9})
    two = make_lake(tmp_path / "two", values={"k1": [2.0] * 9})

    found = compared(one, two, 4)
    assert numbers(found, "metrics") == (0, 0, 9)
    assert [len(table.rows) for table in found.tables] == [0, 4, 0]
    with pytest.raises(UsageError, match="not negative"):
        compared(one, two, -1)


def test_parts_that_both_share_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_lake(tmp_path / "lake")
    snapshot(root, 1)
    part(root, "metrics", rows("metrics", *curve("k1", [7.0], context="new")), 2)
    shared = (root / "tables" / "metrics" / "part-000001.parquet").stat().st_ino
    queries: list[str] = []
    real = comet_async.lake.LakeTable.sql  # type: ignore[attr-defined]  # loaded by open_lake

    def heard(self: object, parts: object = None) -> object:
        queries.append(text := real(self, parts))
        return text

    monkeypatch.setattr("comet_async.lake.table.LakeTable.sql", heard)
    found = compared(root / "snapshots" / "1", root)

    assert numbers(found, "metrics") == (1, 0, 0)
    assert not any("part-000001" in text for text in queries if "offset" in text)
    assert shared


def test_j7_columns_that_are_new_or_wider_change_no_row(tmp_path: Path) -> None:
    one = make_lake(tmp_path / "one")
    two = make_lake(tmp_path / "two")
    path = two / "tables" / "metrics" / "part-000001.parquet"
    table = pq.read_table(path)
    wider = table.set_column(0, "experiment_key", table.column(0).cast(pa.large_string()))
    pq.write_table(wider.append_column("note", pa.nulls(5, pa.string())), path)
    part(one, "things", pa.table({"experiment_key": ["k1"], "n": pa.array([1], pa.int32())}))
    part(two, "things", pa.table({"experiment_key": ["k1"], "n": pa.array([1], pa.int64())}))

    found = compared(one, two)
    assert numbers(found, "metrics") == numbers(found, "things") == (0, 0, 0)
    metrics = next(table for table in found.tables if table.name == "metrics")
    assert (metrics.columns_added, metrics.columns_removed) == (("note",), ())
    assert not found.same
    back = next(table for table in compared(two, one).tables if table.name == "metrics")
    assert (back.columns_added, back.columns_removed) == ((), ("note",))


def test_tables_that_one_side_lacks(tmp_path: Path) -> None:
    one = make_lake(tmp_path / "one")
    two = make_lake(tmp_path / "two")
    part(two, "tags", rows("tags", {"experiment_key": "k1", "tag": "best"}))
    part(one, "workspaces", pa.table({"name": ["team"]}))

    found = compared(one, two, 5)
    assert (found.tables_added, found.tables_removed) == (("tags",), ("workspaces",))
    assert (numbers(found, "tags"), numbers(found, "workspaces")) == ((1, 0, 0), (0, 1, 0))
    assert found.experiments.changed == ("k1",)
    empty = part(two, "others", rows("others"))
    assert empty.exists()
    assert compared(one, two).tables_added == ("others", "tags")


def test_experiments_that_no_table_lists_and_rows_of_none(tmp_path: Path) -> None:
    one, two = make_lake(tmp_path / "one"), make_lake(tmp_path / "two")
    for root, value in ((one, 1.0), (two, 2.0)):
        points = [*curve("unlisted", [value]), {"metric": "loss", "value": value}]
        part(root, "metrics", rows("metrics", *points))

    found = compared(one, two)
    assert numbers(found, "metrics") == (0, 0, 2)
    assert found.experiments == harvest.ExperimentsDiff(changed=("unlisted",))


def test_without_the_table_of_experiments_keys_come_from_rows(tmp_path: Path) -> None:
    part(tmp_path / "one", "metrics", rows("metrics", *curve("k1", [1.0])))
    part(tmp_path / "two", "metrics", rows("metrics", *curve("k2", [1.0])))
    part(tmp_path / "two", "workspaces", pa.table({"name": ["team"]}))

    experiments = compared(tmp_path / "one", tmp_path / "two").experiments
    assert (experiments.added, experiments.removed) == (("k2",), ("k1",))


@pytest.mark.parametrize("table", harvest.TABLES)
def test_every_table_has_a_key_among_its_columns(table: str) -> None:
    columns = [column.name for column in harvest.TABLES[table].columns]
    assert set(key_of(table, columns)) <= set(columns)
    assert key_of(table, columns)


def test_a_table_of_unknown_columns_goes_by_the_first() -> None:
    assert key_of("new", ["x", "y"]) == ("x",)


# The command.


def test_exit_codes_are_those_of_diff(run: Run) -> None:
    make_lake(Path("one"))
    make_lake(Path("two"))
    make_lake(Path("three"), values={"k1": [1.0]})

    same = run("diff", "one", "two")
    assert (same.code, same.out) == (0, "no difference\n")
    different = run("diff", "one", "three")
    assert different.code == 1
    assert different.lines[0].split() == [
        "table",
        "before",
        "after",
        "added",
        "removed",
        "changed",
        "columns",
    ]
    assert "experiments removed: k2" in different.lines
    for sides in (["one"], ["one", "missing"], ["one", "one@1"], ["one", "1", "x"], []):
        trouble = run("diff", *sides)
        assert (trouble.code, trouble.out, trouble.err.count("\n")) == (2, "", 1), sides
    Path("two/tables/metrics/part-000001.parquet").write_bytes(b"x")
    assert run("diff", "one", "two").code == 2


def test_states_of_one_harvest(run: Run) -> None:
    root = make_lake(Path("lake"))
    snapshot(root, 1)
    Path("lake/tables/metrics/part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [3.0, 9.0])), 2)
    snapshot(root, 2)
    make_lake(Path("odd@1"))

    for sides in (["lake@1", "lake"], ["lake", "1", "2"], ["lake@1", "lake@2"]):
        ended = run("diff", *sides, "--rows", "--limit", "1")
        assert ended.code == 1
        assert ended.lines[-1].split() == ["~", "k1", "loss", "1", "value:", "2.0", "->", "9.0"]
    assert run("diff", "lake@2", "lake").code == 0
    assert run("diff", "odd@1", "odd@1").code == 0


def test_columns_and_tables_that_came_and_went_are_told(run: Run) -> None:
    make_lake(Path("one"))
    make_lake(Path("two"))
    part(Path("two"), "tags", rows("tags", {"experiment_key": "k1", "tag": "best"}))
    part(Path("one"), "workspaces", pa.table({"name": ["team"]}))
    part(Path("one"), "things", pa.table({"experiment_key": ["k1"], "old": ["x"]}))
    part(Path("two"), "things", pa.table({"experiment_key": ["k1"], "new": ["x"]}))

    out = run("diff", "one", "two", "--rows").out
    assert "+new -old" in out
    assert "new table" in out
    assert "no longer there" in out
    assert "+  k1              best" in out


def test_many_experiments_are_cut_short(run: Run) -> None:
    make_lake(Path("one"), values={})
    make_lake(Path("two"), values={f"k{n:02}": [1.0] for n in range(25)})
    assert run("diff", "one", "two").lines[-1].endswith("k18, k19 and 5 more")


def test_m2_json_is_one_document_whatever_the_names(run: Run) -> None:
    name = "-rf\n\x1b]52;c;x\x07\u202e=1+1"
    make_lake(Path("one"), values={name: [float("nan")]})
    make_lake(Path("two"), values={name: [1.0], "~\t": [2.0]})

    for form in ([], ["--rows"], ["--json", "--rows"]):
        ended = run("diff", "one", "two", *form)
        assert ended.code == 1
        assert control_bytes(ended.out) == []
    found = json.loads(ended.out)
    assert found["same"] is False
    assert found["experiments"] == {"added": ["~\t"], "removed": [], "changed": [name]}
    changed = found["tables"][1]["rows"][0]
    assert (changed["before"], changed["after"]) == ({"value": "NaN"}, {"value": 1.0})
