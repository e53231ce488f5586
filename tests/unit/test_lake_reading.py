"""A harvest opened: its tables in every form, its earlier states, and parts that differ."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

import comet_async
from comet_async.errors import PartError, UsageError
from comet_async.lake.drift import sql_type, unified
from comet_async.lake.layout import Part
from tests.support.lakes import curve, make_lake, part, rows, snapshot

NASTY = "a'k[1]\"*{x}=1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_lake(tmp_path / NASTY)


def test_tables_and_columns(root: Path) -> None:
    lake = comet_async.open_lake(root)

    assert lake.tables == ("experiments", "metrics", "parameters")
    assert (list(lake), len(lake), "metrics" in lake, "tags" in lake) == (
        [*lake.tables],
        3,
        True,
        False,
    )
    assert lake.schema("metrics").names[:3] == ["experiment_key", "metric", "context"]
    assert str(lake.schema("metrics").field("timestamp").type) == "timestamp[ms, tz=UTC]"
    assert lake["metrics"].rows == 5
    assert repr(lake["metrics"]) == "<LakeTable metrics: 5 rows, 1 files>"


def test_a_table_in_every_form_is_the_same(root: Path) -> None:
    table = comet_async.open_lake(root).table(
        "metrics", columns=["value", "step"], experiments=["run k1"]
    )
    expected = [(3.0, 0), (2.0, 1), (1.0, 2)]

    assert table.columns == ("value", "step")
    assert [tuple(row.values()) for row in table.to_arrow().to_pylist()] == expected
    assert table.to_polars().collect().rows() == expected
    assert [tuple(row) for row in table.to_pandas().itertuples(index=False)] == expected
    assert table.to_duckdb().fetchall() == expected
    assert table.dataset().count_rows() == 3


def test_whole_tables_have_every_row(root: Path) -> None:
    table = comet_async.open_lake(root)["parameters"]

    assert table.to_arrow().num_rows == table.to_polars().collect().height == 2
    assert len(table.to_pandas()) == len(table.to_duckdb().fetchall()) == 2


def test_experiments_are_chosen_by_key_and_by_name(root: Path) -> None:
    lake = comet_async.open_lake(root)

    assert lake.table("metrics", experiments=["k2", "run k2"]).to_arrow().num_rows == 2
    assert lake.table("metrics", experiments="k1").to_arrow().num_rows == 3
    assert lake.table("metrics", experiments=[]).to_duckdb().fetchall() == []
    with pytest.raises(UsageError, match="no experiment has the key or name nobody"):
        lake.table("metrics", experiments=["nobody"])


def test_what_is_not_there_is_told(root: Path) -> None:
    lake = comet_async.open_lake(root)

    with pytest.raises(UsageError, match="no table tags; there are: experiments, metrics, param"):
        lake["tags"]
    with pytest.raises(UsageError, match="metrics has no column loss; it has experiment_key, "):
        lake.table("metrics", columns=["loss"]).to_arrow()


def test_a_table_without_experiments_cannot_be_chosen_by_them(root: Path) -> None:
    part(root, "workspaces", pa.table({"name": ["team"]}))
    table = comet_async.open_lake(root).table("workspaces", experiments=["k1"])

    for read in (table.to_arrow, table.to_polars, table.to_duckdb):
        with pytest.raises(UsageError, match="workspaces has no column experiment_key"):
            read()


def test_duckdb_has_a_view_for_each_table(root: Path) -> None:
    part(root, 'odd "name"', pa.table({"a": [1]}))
    connection = comet_async.open_lake(root).duckdb()

    assert connection.sql("select count(*) from metrics").fetchall() == [(5,)]
    assert connection.sql('from "odd ""name"""').fetchall() == [(1,)]
    assert connection.sql("select current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="holds no harvest: it has no folder `tables`"):
        comet_async.open_lake(tmp_path)
    for name in ("missing", "file"):
        with pytest.raises(UsageError, match=f"{name}: no such folder"):
            comet_async.open_lake(tmp_path / name)


def test_a_harvest_that_has_just_begun_has_no_tables(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("")
    lake = comet_async.open_lake(tmp_path)

    assert lake.tables == ()
    with pytest.raises(UsageError, match="no table metrics; there are: none yet"):
        lake["metrics"]
    with pytest.raises(UsageError, match="has no table metrics"):
        lake.metrics("loss")


def test_snapshots_show_earlier_states(root: Path) -> None:
    snapshot(root, 2)
    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)
    snapshot(root, 10)
    (root / "snapshots" / "11.making").mkdir()
    lake = comet_async.open_lake(root)

    assert [(s.number, s.scope, s.added) for s in lake.snapshots()] == [
        (2, "team", 2),
        (10, "team", 2),
    ]
    assert lake["metrics"].rows == 1
    assert (
        lake.at(2)["metrics"].rows == comet_async.open_lake(root, snapshot=2)["metrics"].rows == 5
    )
    with pytest.raises(UsageError, match="has no snapshot 3; there are: 2, 10"):
        lake.at(3)


def test_what_was_opened_stays_while_a_newer_harvest_swaps_tables(root: Path) -> None:
    snapshot(root, 1)
    lake = comet_async.open_lake(root)
    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)

    assert lake["metrics"].to_arrow().num_rows == 5
    assert comet_async.open_lake(root)["metrics"].to_arrow().num_rows == 1


def test_snapshots_without_a_word_or_with_a_damaged_one(root: Path) -> None:
    told = snapshot(root, 1) / "snapshot.json"
    told.unlink()
    assert [s.number for s in comet_async.open_lake(root).snapshots()] == [1]
    told.write_text("{")
    with pytest.raises(PartError, match=r"snapshot.json is damaged"):
        comet_async.open_lake(root).snapshots()


def test_damaged_and_missing_parts_are_named(root: Path) -> None:
    path = root / "tables" / "metrics" / "part-000001.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(PartError, match=r"part-000001.parquet is damaged"):
        comet_async.open_lake(root).duckdb()
    lake = comet_async.open_lake(root)
    path.unlink()
    with pytest.raises(PartError, match="is gone: a newer harvest has replaced it"):
        lake["metrics"].to_arrow()


def test_a_part_damaged_in_its_middle_is_an_error_of_ours(root: Path) -> None:
    path = root / "tables" / "metrics" / "part-000001.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 300 + whole[304:])
    with pytest.raises(PartError, match="metrics cannot be read: "):
        comet_async.open_lake(root)["metrics"].to_arrow()


def test_what_a_lake_shows_of_itself(root: Path) -> None:
    snapshot(root, 1)
    part(root, "<b>\x1b", pa.table({"a": [1]}))
    lines = repr(comet_async.open_lake(root)).splitlines()
    html = comet_async.open_lake(root)._repr_html_()

    assert lines[0].endswith(", 4 tables>")
    assert lines[2].startswith("  experiments  2 rows  ")
    assert lines[2].endswith(" KiB")
    assert (
        repr(comet_async.open_lake(root, snapshot=1))
        .splitlines()[0]
        .endswith(" at snapshot 1, 3 tables>")
    )
    assert "<b>" not in html
    assert "&lt;b&gt;\\x1b" in html
    assert "snapshot 1" in comet_async.open_lake(root, snapshot=1)._repr_html_()


@pytest.mark.parametrize(
    ("name", "extra"),
    [("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "harvest"), ("duckdb", "harvest")],
)
def test_a_missing_package_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    real = importlib.import_module

    def missing(wanted: str, package: str | None = None) -> ModuleType:
        if wanted.partition(".")[0] == name:
            raise ImportError(wanted)
        return real(wanted, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    table = comet_async.open_lake(root)["metrics"]
    acts: dict[str, Callable[[], object]] = {
        "pandas": table.to_pandas,
        "polars": table.to_polars,
        "pyarrow": table.to_arrow,
        "duckdb": table.to_duckdb,
    }
    with pytest.raises(UsageError) as raised:
        acts[name]()
    assert str(raised.value) == f"this needs {name}: pip install 'comet_async[{extra}]'"


# Parts that differ in their columns.


def drifted(root: Path) -> Path:
    """Make two parts of one table, of which the second has other columns and types."""
    struct = pa.list_(pa.struct([("gpu", pa.int32())]))
    wider = pa.list_(pa.struct([("gpu", pa.int64()), ("name", pa.string())]))
    one = {
        "experiment_key": ["k1"],
        "count": pa.array([7], pa.int32()),
        "size": pa.array([5], pa.int64()),
        "huge": pa.array([2**53 + 1], pa.int64()),
        "label": pa.array([3], pa.int64()),
        "when": pa.array([1], pa.timestamp("ms", "UTC")),
        "gpus": pa.array([[{"gpu": 0}]], struct),
        "empty": pa.nulls(1),
        "old": ["x"],
    }
    two = {
        "new": [True],
        "experiment_key": ["k2"],
        "count": pa.array([2**40], pa.int64()),
        "size": pa.array([0.5]),
        "huge": pa.array([0.5]),
        "label": ["three"],
        "when": pa.array([1], pa.timestamp("us", "UTC")),
        "gpus": pa.array([[{"gpu": 2**40, "name": "g"}]], wider),
        "empty": ["now"],
    }
    part(root, "things", pa.table(one), 1)
    part(root, "things", pa.table(two), 2)
    return root


EXPECTED: list[dict[str, object]] = [
    {
        "experiment_key": "k1",
        "count": 7,
        "size": 5.0,
        "huge": "9007199254740993",
        "label": "3",
        "gpus": [{"gpu": 0, "name": None}],
        "empty": None,
        "old": "x",
        "new": None,
    },
    {
        "experiment_key": "k2",
        "count": 2**40,
        "size": 0.5,
        "huge": "0.5",
        "label": "three",
        "gpus": [{"gpu": 2**40, "name": "g"}],
        "empty": "now",
        "old": None,
        "new": True,
    },
]


def test_j7_columns_are_matched_by_name_and_widened_without_loss(tmp_path: Path) -> None:
    table = comet_async.open_lake(drifted(tmp_path))["things"]
    columns = list(EXPECTED[0])
    read = comet_async.open_lake(tmp_path).table("things", columns=columns)

    assert read.to_arrow().to_pylist() == EXPECTED
    assert read.to_polars().collect().to_dicts() == EXPECTED
    relation = read.to_duckdb()
    found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert sorted(found, key=lambda row: str(row["experiment_key"])) == EXPECTED
    assert [str(field.type) for field in table.schema][:3] == ["string", "int64", "double"]
    when = table.to_arrow().to_pydict()["when"]
    assert [getattr(moment, "microsecond", None) for moment in when] == [1000, 1]


def test_j7_what_was_widened_is_reported(tmp_path: Path) -> None:
    table = comet_async.open_lake(drifted(tmp_path))["things"]

    assert {name: table.widened[name] for name in ("count", "label", "when")} == {
        "count": ("int32", "int64"),
        "label": ("int64", "string"),
        "when": ("timestamp[ms, tz=UTC]", "timestamp[us, tz=UTC]"),
    }
    assert "old" not in table.widened
    assert "experiment_key" not in table.widened


def test_j7_old_rows_read_the_same_with_and_without_the_new_part(tmp_path: Path) -> None:
    drifted(tmp_path)
    both = comet_async.open_lake(tmp_path).table("things", experiments=["k1"])
    before = both.to_arrow().to_pylist()[0]
    assert both.to_duckdb().fetchall()[0][0] == both.to_polars().collect()[0, 0] == "k1"
    (tmp_path / "tables" / "things" / "part-000002.parquet").unlink()
    alone = comet_async.open_lake(tmp_path)["things"].to_arrow().to_pylist()[0]

    for name in ("count", "size", "old", "when", "experiment_key"):
        assert before[name] == alone[name]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([pa.int8(), pa.int64()], pa.int64()),
        ([pa.uint8(), pa.uint32()], pa.uint32()),
        ([pa.uint32(), pa.int8()], pa.int64()),
        ([pa.int8(), pa.uint64()], pa.string()),
        ([pa.float32(), pa.float64()], pa.float64()),
        ([pa.int32(), pa.float32()], pa.float64()),
        ([pa.bool_(), pa.int64()], pa.string()),
        ([pa.timestamp("us"), pa.timestamp("ms", "UTC")], pa.string()),
        ([pa.date32(), pa.date32()], pa.date32()),
        ([pa.list_(pa.int32()), pa.list_(pa.string())], pa.list_(pa.string())),
    ],
)
def test_j7_types_together(tmp_path: Path, types: Sequence[object], expected: object) -> None:
    parts = []
    for number, kind in enumerate(types):
        path = part(tmp_path, "t", pa.table({"a": pa.nulls(1, kind)}), number)
        parts.append(Part(path))

    assert unified(parts).field("a").type == expected
    assert unified(parts[::-1]).field("a").type == expected


def test_j7_a_column_of_nulls_or_without_statistics(tmp_path: Path) -> None:

    floats = Part(part(tmp_path, "t", pa.table({"a": [0.5]}), 1))
    nulls = Part(part(tmp_path, "t", pa.table({"a": pa.nulls(2, pa.int64())}), 2))
    path = tmp_path / "bare.parquet"
    pq.write_table(pa.table({"a": [1]}), path, write_statistics=False)

    assert unified([floats, nulls]).field("a").type == pa.float64()
    assert unified([floats, Part(path)]).field("a").type == pa.string()


def test_j7_texts_coded_by_dictionary_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "coded.parquet"
    pq.write_table(pa.table({"a": pa.array(["x"]).dictionary_encode()}), path)
    plain = part(tmp_path, "t", pa.table({"a": ["y"]}))

    assert unified([Part(path)]).field("a").type == pa.string()
    assert unified([Part(plain), Part(path)]).field("a").type == pa.string()


def test_names_of_types() -> None:
    assert sql_type(pa.timestamp("ms")) == "TIMESTAMP"
    assert sql_type(pa.list_(pa.time64("us"))) is None
    assert sql_type(pa.struct([("a", pa.time64("us"))])) is None


# Curves.


def named(root: Path, **names: str | None) -> Path:
    """Make a lake with experiments of these names, each with one point."""
    entries = [{"experiment_key": k, "experiment_name": n} for k, n in names.items()]
    part(root, "experiments", rows("experiments", *entries))
    points = [point for key in names for point in curve(key, [1.0])]
    part(root, "metrics", rows("metrics", *points))
    return root


def test_curves_have_a_column_for_each_experiment(root: Path) -> None:
    lake = comet_async.open_lake(root)
    frame = lake.metrics("loss")

    assert isinstance(frame, pd.DataFrame)
    assert frame.index.name == "step"
    assert frame.columns.tolist() == ["run k1", "run k2"]
    assert frame["run k1"].tolist() == [3.0, 2.0, 1.0]
    assert frame["run k2"].tolist()[:2] == [4.0, 5.0]
    assert frame["run k2"].isna().tolist() == [False, False, True]
    polars = lake.metrics("loss", as_="polars", experiments=["run k2"])
    assert isinstance(polars, pl.DataFrame)
    assert polars.to_dicts() == [{"step": 0, "run k2": 4.0}, {"step": 1, "run k2": 5.0}]
    assert lake.metrics("loss", as_="arrow").column_names == ["step", "run k1", "run k2"]


def test_names_that_several_share_are_told_apart(tmp_path: Path) -> None:
    named(tmp_path, abcdefghijk="same", abcdefghijl="same", k3=None, k4="step", k5="k3")
    names = comet_async.open_lake(tmp_path).metrics("loss", as_="arrow").column_names

    assert len(set(names)) == len(names) == 6
    assert names[0] == "step"
    assert "same (abcdefghi)" in names


def test_several_metrics_and_contexts_are_told_apart(tmp_path: Path) -> None:
    make_lake(tmp_path)
    points = [
        *curve("k1", [1.0], context="train"),
        *curve("k1", [2.0], context=None),
        *({**point, "metric": "val/acc"} for point in curve("k1", [3.0])),
    ]
    part(tmp_path, "metrics", rows("metrics", *points))
    lake = comet_async.open_lake(tmp_path)

    assert lake.metrics("*", as_="arrow").column_names == [
        "step",
        "run k1 | loss | train",
        "run k1 | loss | -",
        "run k1 | val/acc",
    ]
    assert lake.metrics(["loss", "val/*"], context="train", as_="arrow").to_pydict() == {
        "step": [0],
        "run k1": [1.0],
    }
    assert lake.metrics("val/acc").columns.tolist() == ["run k1"]


def test_the_last_stored_point_of_a_step_counts_and_points_without_one_are_left_out(
    tmp_path: Path,
) -> None:
    make_lake(tmp_path)
    points = curve("k1", [1.0, 2.0, float("nan")])
    points[1]["step"] = 0
    points[2]["step"] = None
    part(tmp_path, "metrics", rows("metrics", *points))
    lake = comet_async.open_lake(tmp_path)

    assert lake.metrics("loss", as_="arrow").to_pydict() == {"step": [0], "run k1": [2.0]}
    assert lake.metrics("loss", wide=False)["value"].tolist()[:2] == [1.0, 2.0]
    assert len(lake.metrics("loss", wide=False)) == 3
    assert lake.metrics("loss", by="epoch", as_="arrow").to_pydict() == {"epoch": []}


def test_the_long_form(root: Path) -> None:
    frame = comet_async.open_lake(root).metrics("l*", wide=False, as_="polars")

    assert frame.columns == [
        "experiment_key",
        "experiment_name",
        "metric",
        "context",
        "step",
        "epoch",
        "timestamp",
        "value",
    ]
    assert frame["experiment_name"].to_list() == ["run k1"] * 3 + ["run k2"] * 2


def test_curves_without_the_table_of_experiments_go_by_key(tmp_path: Path) -> None:
    part(tmp_path, "metrics", rows("metrics", *curve("k1", [1.0])))
    lake = comet_async.open_lake(tmp_path)

    assert lake.metrics("loss", as_="arrow").column_names == ["step", "k1"]
    assert lake.metrics("loss", experiments=["k1"], as_="arrow").column_names == ["step", "k1"]


def test_a_name_with_glob_characters_is_taken_as_it_is_first(tmp_path: Path) -> None:
    points = [{**point, "metric": name} for name in ("a[1]", "a1") for point in curve("k", [1.0])]
    part(tmp_path, "metrics", rows("metrics", *points))
    lake = comet_async.open_lake(tmp_path)

    assert set(lake.metrics("a[1]", wide=False)["metric"]) == {"a[1]"}
    assert set(lake.metrics("a[12]", wide=False)["metric"]) == {"a1"}


def test_curves_that_cannot_be_meant(root: Path) -> None:
    lake = comet_async.open_lake(root)

    with pytest.raises(UsageError, match="no metric matches los; there are: loss"):
        lake.metrics("los")
    with pytest.raises(UsageError, match="by is one of step, epoch, timestamp, not value"):
        lake.metrics("loss", by="value")  # type: ignore[call-overload]  # that is the point
    with pytest.raises(UsageError, match="as_ is one of pandas, polars, arrow, duckdb, not numpy"):
        lake.metrics("loss", as_="numpy")  # type: ignore[call-overload]  # as above
