from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

from comet_async.errors import DecodeError, UsageError
from comet_async.harvest import SCHEMA_VERSION, TABLES, original_text
from comet_async.harvest.arrow import batch, require
from comet_async.harvest.schema import checked_tables
from tests.support.harvests import parquet

TYPES = {
    "string": pa.string(),
    "name": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("ms", "UTC"),
    "strings": pa.list_(pa.string()),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_file_without_rows_has_the_documented_columns_and_types(table: str) -> None:
    file = pq.ParquetFile(pa.BufferReader(parquet(TABLES[table], [])))
    schema = file.schema_arrow

    assert schema.names == [column.name for column in TABLES[table].columns]
    for column in TABLES[table].columns:
        if column.kind in TYPES:
            assert schema.field(column.name).type == TYPES[column.kind], column.name
        assert column.meaning.endswith(".")
    assert file.metadata.metadata[b"comet_async.table"] == table.encode()
    assert file.metadata.metadata[b"comet_async.schema_version"] == b"%d" % SCHEMA_VERSION


def test_nested_columns_are_lists_of_structs() -> None:
    schema = pq.ParquetFile(pa.BufferReader(parquet(TABLES["system_details"], []))).schema_arrow

    gpu = schema.field("gpus").type.value_type
    assert [(field.name, str(field.type)) for field in gpu] == [
        ("gpu_index", "int64"),
        ("name", "string"),
        ("uuid", "string"),
        ("total_memory", "double"),
        ("power_limit", "double"),
    ]
    fact = schema.field("additional_info").type.value_type
    assert [(field.name, str(field.type)) for field in fact] == [
        ("key", "string"),
        ("value", "string"),
    ]


def test_files_are_zstd_with_statistics() -> None:
    rows = batch(TABLES["tags"], {"experiment_key": ["a", "b"], "tag": ["x", None]})
    file = pq.ParquetFile(pa.BufferReader(parquet(TABLES["tags"], [rows, rows])))

    column = file.metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert (column.statistics.min, column.statistics.max) == ("a", "b")
    assert file.read().to_pydict() == {
        "experiment_key": ["a", "b", "a", "b"],
        "tag": ["x", None, "x", None],
    }


def test_a_value_that_does_not_fit_its_column_is_a_decode_error_that_names_it() -> None:
    good: dict[str, list[object]] = {
        "experiment_key": ["k"],
        "metric": ["m"],
        "context": [None],
        "epoch": [None],
    }
    more: dict[str, list[object]] = {
        "timestamp": [1],
        "value": [1.0],
        "value_text": [None],
        "offset": [2**63],
    }
    with pytest.raises(DecodeError, match=r"metrics\.offset"):
        batch(TABLES["metrics"], {**good, **more, "step": [1]})
    with pytest.raises(DecodeError, match=r"tags\.tag"):
        batch(TABLES["tags"], {"experiment_key": ["k"], "tag": ["\ud800"]})


def test_extreme_values_survive_a_file() -> None:
    values = [5e-324, 1.7976931348623157e308, -0.0, math.inf, math.nan, 0.1]
    integers = [-(2**63), 2**63 - 1, 2**53 + 1, 0, -1, None]
    columns: dict[str, Sequence[object]] = {
        "experiment_key": ["k"] * 6,
        "metric": ["a/b", "ü", "", "a b+c", "x" * 1000, "\n"],
        "context": [None] * 6,
        "step": integers,
        "epoch": integers,
        "timestamp": [0, -1, 1760000000123, None, 1, 2],
        "value": values,
        "value_text": [None] * 6,
        "offset": integers,
    }
    data = parquet(TABLES["metrics"], [batch(TABLES["metrics"], columns)])
    found = pq.read_table(pa.BufferReader(data))

    assert found["step"].to_pylist() == integers
    assert found["metric"].to_pylist() == columns["metric"]
    assert [repr(value) for value in found["value"].to_pylist()] == [repr(v) for v in values]
    assert found["timestamp"].cast(pa.int64()).to_pylist() == columns["timestamp"]


@pytest.mark.parametrize(
    ("value", "text", "sent"),
    [
        (0.5, None, "0.5"),
        (1.0, "1", "1"),
        (0.000863, "8.63E-4", "8.63E-4"),
        (None, "good", "good"),
        (None, None, None),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_original_text(value: float | None, text: str | None, sent: str | None) -> None:
    assert original_text(value, text) == sent


def test_tables_are_checked_and_put_in_order() -> None:
    assert checked_tables(None) == tuple(TABLES)
    assert checked_tables(["tags", "metrics"]) == ("metrics", "tags")
    with pytest.raises(UsageError, match="losses: no such table; known are experiments, metrics"):
        checked_tables(["losses"])
    with pytest.raises(UsageError, match="nothing"):
        checked_tables([])


def test_without_pyarrow_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'comet_async\[harvest\]'"):
        require()
