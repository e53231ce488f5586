from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async import comet
from comet_async.comet.common import Cell, number
from comet_async.harvest import TABLES, original_text
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import (
    AssetEnd,
    asset_columns,
    asset_row,
    experiment_columns,
    metric_columns,
    summary_columns,
    system_columns,
    tag_columns,
    value_columns,
)

RECORDED = Path(__file__).parents[1] / "conformance" / "recorded"


def series(*cells: Cell) -> comet.MetricSeries:
    points = [comet.MetricPoint(metric_name="m", metric_value=cell) for cell in cells]
    return comet.MetricSeries(metrics=points)


@pytest.mark.parametrize(
    ("cell", "value", "text"),
    [
        ("0.5", 0.5, None),
        ("1e-05", 1e-05, None),
        ("1", 1.0, "1"),
        ("8.63E-4", 0.000863, "8.63E-4"),
        ("0.10", 0.1, "0.10"),
        ("0.1000000000000000055511151231257827", 0.1, "0.1000000000000000055511151231257827"),
        ("Infinity", math.inf, "Infinity"),
        ("-Infinity", -math.inf, "-Infinity"),
        ("good", None, "good"),
        ("", None, ""),
        ("1_0", None, "1_0"),
        ("\u0661", None, "\u0661"),
        (3, 3.0, "3"),
        (0.25, 0.25, None),
        (None, None, None),
    ],
)
@pytest.mark.parametrize("others", [(), ("0.5",), (None, "word"), ("7",)])
def test_a_metric_keeps_its_text_where_the_number_does_not_tell_it(
    cell: Cell, value: float | None, text: str | None, others: tuple[Cell, ...]
) -> None:
    columns = metric_columns("k", series(cell, *others))

    assert columns["value"][0] == value
    assert columns["value_text"][0] == text


def test_nan_is_a_number_with_its_text() -> None:
    columns = metric_columns("k", series("NaN", "0.5"))

    assert [repr(value) for value in columns["value"]] == ["nan", "0.5"]
    assert columns["value_text"] == ["NaN", None]


@given(st.lists(st.one_of(st.floats().map(repr), st.text(), st.integers().map(str), st.none())))
def test_no_text_is_lost(cells: list[str | None]) -> None:
    columns = metric_columns("k", series(*cells))
    numbers = [value if isinstance(value, float) else None for value in columns["value"]]
    texts = [text if isinstance(text, str) else None for text in columns["value_text"]]

    assert list(map(original_text, numbers, texts)) == cells
    assert [repr(value) for value in numbers] == [repr(number(cell)) for cell in cells]


def test_recorded_points_become_rows() -> None:
    body = (RECORDED / "metrics-get-all-negative-offset.json").read_bytes()
    columns = metric_columns("k", msgspec.json.decode(body, type=comet.MetricSeries))

    assert columns["metric"] == ["epoch_duration", "train_loss", "val_loss", "accuracy"]
    assert columns["value"] == [0.8397483790000706, 0.123456789, 0.23456789, 0.876]
    assert columns["value_text"] == [None, None, "0.234567890", None]
    assert columns["offset"] == list(range(-227196944980285897, -227196944980285893))
    assert columns["context"] == [None, "train", "val", "val"]
    assert columns["step"] == [12] * 4
    assert columns["epoch"] == [0] * 4
    assert columns["timestamp"] == [1757001865179, 1757001866000, 1757001867000, 1757001868000]


def test_recorded_summaries_become_rows() -> None:
    body = (RECORDED / "metrics-summary-java-notation.json").read_bytes()
    columns = summary_columns("k", msgspec.json.decode(body, type=comet.ValueSummaries))

    assert columns["metric"] == ["batch_loss", "batch_tolerance_accuracy", "epoch_duration"]
    assert columns["min"] == [0.000863224093336612, 0.0, 0.123456789]
    assert columns["min_text"] == ["8.63224093336612E-4", None, None]
    assert columns["max_step"] == [1, 11497, 1000]
    assert columns["last_timestamp"] == [1757001981929, 1757001981929, 1757002100000]
    assert columns["editable"] == [False, False, True]


def test_recorded_others_become_rows() -> None:
    body = (RECORDED / "log-other-with-editable.json").read_bytes()
    columns = value_columns("k", msgspec.json.decode(body, type=comet.ValueSummaries))

    assert columns["name"] == ["max_loss", "Name", "storage_size_bytes", "trainable_params"]
    assert columns["value"] == ["2.429072618484497", "example 001", "0", "134794"]
    assert columns["number"] == [2.429072618484497, None, 0.0, 134794.0]


def test_recorded_system_details_become_one_row() -> None:
    body = (RECORDED / "system-details-2025.json").read_bytes()
    answer = msgspec.json.decode(body, type=comet.SystemDetails, strict=False)
    columns = system_columns("k", answer)

    assert columns["total_ram"] == [13608370176.0]
    assert columns["command"] == [answer.command]
    assert columns["env_json"] == [None]
    assert columns["gpus"] == [[]]
    assert batch(TABLES["system_details"], columns).num_rows == 1


def test_gpus_and_environment_are_kept() -> None:
    answer = comet.SystemDetails(
        experiment_key="k",
        env={"A": "1"},
        gpu_static_info_list=[comet.Gpu(gpu_index=0, name="T4", total_memory=15)],
        log_additional_system_info_list=[comet.AdditionalSystemInfo(key="a", value="b")],
    )
    columns = system_columns("k", answer)

    assert columns["env_json"] == ['{"A":"1"}']
    assert columns["gpus"] == [
        [{"gpu_index": 0, "name": "T4", "uuid": None, "total_memory": 15, "power_limit": None}]
    ]
    assert columns["additional_info"] == [[{"key": "a", "value": "b"}]]
    assert batch(TABLES["system_details"], columns).num_rows == 1


def test_tags_and_experiments_become_rows() -> None:
    assert tag_columns("k", comet.Tags(tags=["a", "b"])) == {
        "experiment_key": ["k", "k"],
        "tag": ["a", "b"],
    }
    rows = experiment_columns([comet.Experiment(experiment_key="k", duration_millis=7)])
    assert (rows["experiment_key"], rows["duration_ms"]) == (["k"], [7])
    assert batch(TABLES["experiments"], rows).num_rows == 1


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("s3://bucket/key?version=3", "s3://bucket/key?version=3"),
        ("https://host/file?id=5", "https://host/file?id=5"),
        ("https://h/f?X-Amz-Signature=abc&x=1", "https://h/f"),
        ("https://h/f?a=1&sig=abc", "https://h/f"),
        (None, None),
    ],
)
def test_links_are_kept_for_remote_files_without_a_signature(
    link: str | None, kept: str | None
) -> None:
    assert asset_row(comet.Asset(asset_id="a", remote=True, link=link)).link == kept
    assert asset_row(comet.Asset(asset_id="a", remote=False, link=link)).link is None


def test_an_asset_row_holds_what_was_listed() -> None:
    asset = comet.Asset(
        asset_id="a",
        file_name="../x",
        file_size=12.0,
        metadata={"a": [1]},
        tags=["t"],
        created_at=5,
        etag="e",
    )
    end = AssetEnd(key="k", workspace="w", row=asset_row(asset), state="failed", reason="no")
    columns = asset_columns([end])

    assert columns["name"] == ["../x"]
    assert columns["listed_size"] == [12]
    assert columns["metadata"] == ['{"a":[1]}']
    assert columns["tags"] == [("t",)]
    assert (columns["state"], columns["reason"]) == (["failed"], ["no"])
    assert batch(TABLES["assets"], columns).num_rows == 1
