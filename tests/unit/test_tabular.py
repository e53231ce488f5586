"""Results as Arrow, Polars, pandas and DuckDB: the same values and types in all four."""

from __future__ import annotations

import datetime as dt
import importlib
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

from comet_async import Collected, open_lake
from comet_async.api.short_forms import MetricColumns
from comet_async.domino import CostAllocation
from comet_async.domino_bulk import CostRow, CostTable
from comet_async.errors import UsageError
from comet_async.lake import LakeTable, Tabular
from comet_async.tabular import arrow_of_rows

BIG = 2**60 + 1
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        ("whole", pa.int64()),
        ("number", pa.float64()),
        ("text", pa.string()),
        ("yes", pa.bool_()),
        ("at", pa.timestamp("ms", "UTC")),
        ("texts", pa.list_(pa.string())),
    ]
)
ROWS: list[dict[str, Any]] = [
    {
        "whole": BIG,
        "number": math.nan,
        "text": "é\u200f日",
        "yes": True,
        "at": MOMENT,
        "texts": ["a"],
    },
    {"whole": None, "number": None, "text": None, "yes": None, "at": None, "texts": None},
    {"whole": -1, "number": math.inf, "text": "", "yes": False, "at": MOMENT, "texts": []},
    {"whole": 0, "number": -math.inf, "text": "x", "yes": True, "at": MOMENT, "texts": [""]},
]


class Made(Tabular):
    """A table of one's own."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def to_arrow(self) -> Any:
        return pa.Table.from_pylist(self.rows, SCHEMA)


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in which NaN equals itself."""
    return [
        {name: "NaN" if isinstance(v, float) and math.isnan(v) else v for name, v in row.items()}
        for row in rows
    ]


def in_lake(folder: Path, rows: list[dict[str, Any]]) -> LakeTable:
    place = folder / "tables" / "things"
    place.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), place / "part-000001.parquet")
    return open_lake(folder)["things"]


@pytest.fixture(params=["Tabular", "LakeTable"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[list[dict[str, Any]]], Any]:
    return Made if request.param == "Tabular" else lambda rows: in_lake(tmp_path, rows)


def test_arrow_keeps_values_and_types(make: Callable[..., Any]) -> None:
    table = make(ROWS).to_arrow()
    assert table.schema.equals(SCHEMA)
    assert told(table.to_pylist()) == told(ROWS)


def test_polars_keeps_values_and_types(make: Callable[..., Any]) -> None:
    frame = make(ROWS).to_polars().lazy().collect()
    assert told(frame.to_dicts()) == told(ROWS)
    assert frame.schema["whole"] == pl.Int64
    assert frame.schema["at"] == pl.Datetime("ms", "UTC")
    assert frame["number"].null_count() == 1
    assert frame["number"].is_nan().sum() == 1


def test_duckdb_keeps_values_and_types(make: Callable[..., Any]) -> None:
    relation = make(ROWS).to_duckdb()
    assert [str(kind) for kind in relation.types] == [
        *("BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]")
    ]
    found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert told(found) == told(ROWS)
    assert found[0]["at"].utcoffset() == dt.timedelta(0)


def test_pandas_keeps_values_and_types(make: Callable[..., Any]) -> None:
    frame = make(ROWS).to_pandas()
    assert [str(kind) for kind in frame.dtypes[:5]] == [
        *("int64[pyarrow]", "double[pyarrow]", "string[pyarrow]", "bool[pyarrow]"),
        "timestamp[ms, tz=UTC][pyarrow]",
    ]
    assert frame["texts"][2] == []
    assert frame["whole"][0] == BIG
    assert frame["whole"].isna().tolist() == [False, True, False, False]
    assert frame["number"].isna().tolist() == [False, True, False, False]
    assert math.isnan(frame["number"][0])
    assert frame["number"].tolist()[2:] == [math.inf, -math.inf]
    assert frame["text"].tolist() == ["é\u200f日", pd.NA, "", "x"]
    assert frame["yes"].tolist() == [True, pd.NA, False, True]
    assert frame["at"][0] == MOMENT


def test_pandas_own_types_have_integers_with_nulls(make: Callable[..., Any]) -> None:
    frame = make(ROWS).to_pandas(dtypes="nullable")
    assert [str(kind) for kind in frame.dtypes[:4]] == ["Int64", "Float64", "string", "boolean"]
    assert frame["whole"].tolist() == [BIG, pd.NA, -1, 0]
    assert frame["yes"].tolist() == [True, pd.NA, False, True]
    assert str(frame.dtypes["at"]) == "datetime64[ms, UTC]"


def test_pandas_of_numpy_has_what_numpy_has(make: Callable[..., Any]) -> None:
    frame = make(ROWS).to_pandas(dtypes="numpy")
    assert str(frame.dtypes["whole"]) == "float64"
    assert frame["number"].isna().tolist() == [True, True, False, False]
    assert str(frame.dtypes["at"]) == "datetime64[ms, UTC]"


def test_an_empty_table_keeps_its_columns_and_types(make: Callable[..., Any]) -> None:
    table = make([])
    assert table.to_arrow().schema.equals(SCHEMA)
    assert table.to_polars().lazy().collect().schema["whole"] == pl.Int64
    assert str(table.to_pandas().dtypes["whole"]) == "int64[pyarrow]"
    relation = table.to_duckdb()
    assert (relation.columns, relation.fetchall()) == (SCHEMA.names, [])


@pytest.mark.parametrize("kind", ["Arrow", "", "object"])
def test_unknown_dtypes_are_refused(make: Callable[..., Any], kind: Any) -> None:
    with pytest.raises(UsageError, match="dtypes is one of arrow, nullable, numpy"):
        make(ROWS).to_pandas(dtypes=kind)


@pytest.mark.parametrize(
    ("verb", "package", "wanted"),
    [
        ("to_arrow", "pyarrow", "harvest"),
        ("to_polars", "polars", "polars"),
        ("to_pandas", "pandas", "pandas"),
        ("to_duckdb", "duckdb", "harvest"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(
    verb: str, package: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = importlib.import_module

    def absent(name: str, parent: str | None = None) -> ModuleType:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return load(name, parent)

    monkeypatch.setattr(importlib, "import_module", absent)
    columns = MetricColumns("loss", [1], [None], [0.5], [0.25])
    with pytest.raises(UsageError, match=rf"this needs {package}: .*'comet_async\[{wanted}\]'"):
        getattr(columns, verb)()


COLUMNS = MetricColumns(
    "loss", [1, None, BIG], [None, 2, 3], [1.5, None, 0.001], [math.nan, math.inf, -0.5]
)


def test_columns_of_a_metric_are_a_table() -> None:
    found = COLUMNS.to_arrow()
    assert str(found.schema.field("time").type) == "timestamp[ms, tz=UTC]"
    assert found.to_pydict()["step"] == [1, None, BIG]
    assert [row[0] for row in COLUMNS.to_duckdb().order("value").fetchall()] == [BIG, None, 1]
    assert COLUMNS.to_polars()["epoch"].to_list() == [None, 2, 3]
    frame = COLUMNS.to_pandas()
    assert frame["time"][2] == pd.Timestamp("1970-01-01 00:00:00.001", tz="UTC")
    assert frame["value"].isna().tolist() == [False, False, False]


def test_costs_are_a_table() -> None:
    row = CostRow(allocation=CostAllocation(name="a", total_cost=1.5), labels={"team": "x"})
    costs = CostTable(rows=[row], labels=["team"], missing={})
    assert costs.to_polars()["total_cost"].to_list() == [1.5]
    assert costs.to_pandas()["label_team"].tolist() == ["x"]
    assert costs.to_duckdb().project("name, total_cost, cpu_cost").fetchall() == [("a", 1.5, None)]


class Point(msgspec.Struct, frozen=True):
    """One point."""

    step: int | None
    value: float


class Points(msgspec.Struct, frozen=True):
    """An answer that is a list."""

    metrics: list[Point]


def test_results_of_a_fan_out_are_one_table_under_their_keys() -> None:
    ok = {"one": Points([Point(1, 0.5), Point(None, math.nan)]), "two": Points([])}
    found = Collected(ok, {"three": UsageError("no")}).to_arrow()
    assert told(found.to_pylist()) == told(
        [{"key": "one", "step": 1, "value": 0.5}, {"key": "one", "step": None, "value": math.nan}]
    )
    assert [str(kind) for kind in found.schema.types] == ["string", "int64", "double"]


def test_tables_of_a_fan_out_keep_their_types() -> None:
    empty = MetricColumns("loss", [], [], [], [])
    found = Collected({"a": COLUMNS, "b": empty, "c": COLUMNS}, {}).to_arrow()
    assert [str(kind) for kind in found.schema.types] == [
        *("string", "int64", "int64", "timestamp[ms, tz=UTC]", "double")
    ]
    assert found.to_pydict()["key"] == ["a"] * 3 + ["c"] * 3


def test_plain_results_have_the_column_value() -> None:
    found = Collected({"a": 1, "b": None, "c": BIG}, {}).to_pandas(dtypes="nullable")
    assert found["value"].tolist() == [1, pd.NA, BIG]
    assert Collected({}, {}).to_arrow().num_rows == 0


def test_columns_without_a_common_type_are_texts() -> None:
    rows: list[dict[str, object]] = [
        {"x": 1},
        {"x": "a"},
        {"x": {"b": [1, None]}},
        {"x": None},
        {"x": 2**70},
    ]
    found = arrow_of_rows(rows).to_pydict()["x"]
    assert found == ["1", "a", '{"b":[1,null]}', None, str(2**70)]


def test_integers_beside_floats_are_not_rounded() -> None:
    found = arrow_of_rows([{"x": BIG}, {"x": 0.5}]).to_pydict()["x"]
    assert found == [str(BIG), "0.5"]


def test_curves_are_a_relation_too(tmp_path: Path) -> None:
    place = tmp_path / "tables" / "metrics"
    place.mkdir(parents=True)
    rows: dict[str, list[object]] = {
        "experiment_key": ["k", "k"],
        "metric": ["loss", "loss"],
        "context": [None, None],
        "step": [1, None],
        "epoch": [None, BIG],
        "timestamp": [MOMENT, None],
        "value": [0.5, math.nan],
        "value_text": [None, None],
        "offset": [0, 1],
    }
    kinds = [pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64()]
    kinds += [pa.timestamp("ms", "UTC"), pa.float64(), pa.string(), pa.int64()]
    pq.write_table(
        pa.table(rows, schema=pa.schema([*zip(rows, kinds, strict=True)])), place / "part-1.parquet"
    )
    lake = open_lake(tmp_path)
    assert lake.metrics("loss", as_="duckdb").fetchall() == [(1, 0.5)]
    long = lake.metrics("loss", wide=False)
    assert sorted(long["epoch"].dropna()) == [BIG]
    assert str(long.dtypes["epoch"]) == "int64[pyarrow]"
    assert lake.metrics("loss")["k"].tolist() == [0.5]
