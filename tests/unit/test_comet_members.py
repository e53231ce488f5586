"""Answers as the read-only dicts that people had."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from typing import TypeVar

import msgspec
import pandas as pd
import pytest

import comet_async.api  # noqa: F401  its structs are looked at, too
from comet_async import comet
from comet_async.api import Curve
from comet_async.comet.members import Members

S = TypeVar("S")
POINT = comet.MetricPoint(metric_name="loss", metric_value="0.5", step=0, timestamp=7)
WIRE = {
    "metricName": "loss",
    "metricValue": "0.5",
    "timestamp": 7,
    "step": 0,
    "epoch": None,
    "runContext": None,
    "offset": None,
}
TAKEN = {
    ("Asset", "items"),
    ("ChartMetric", "values"),
    ("RegistryItems", "items"),
    ("ValueSummaries", "values"),
}


def below(kind: type[S]) -> list[type[S]]:
    return [found for sub in kind.__subclasses__() for found in [sub, *below(sub)]]


def test_members_are_had_by_their_names_on_the_wire() -> None:
    assert POINT["metricName"] == "loss"
    assert POINT["step"] == 0
    assert POINT["epoch"] is None
    assert "{metricName} at {step}".format(**POINT) == "loss at 0"


def test_it_is_a_mapping_with_all_its_views() -> None:
    mapping: object = POINT
    assert isinstance(mapping, Mapping)
    assert list(POINT) == list(POINT.keys()) == list(WIRE)
    assert list(POINT.values()) == list(WIRE.values())
    assert dict(POINT.items()) == WIRE
    assert len(POINT) == 7
    assert dict(POINT) == {**POINT} == POINT.to_dict() == WIRE
    assert POINT


def test_get_has_its_default_for_what_was_not_sent() -> None:
    assert POINT.get("metricValue") == "0.5"
    assert POINT.get("step", 5) == 0
    assert POINT.get("epoch", 5) == 5
    assert POINT.get("epoch") is None
    assert POINT.get("nothing", 5) == 5


@pytest.mark.parametrize(("name", "there"), [("metricName", True), ("metric_name", False)])
def test_in_asks_for_a_name_on_the_wire(name: str, there: bool) -> None:
    assert (name in POINT) is there


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("metric_name", r"use \['metricName'\] or \.metric_name of MetricPoint"),
        ("metricNam", "has metricName"),
        ("zzz", "has metricName, metricValue, timestamp, step, epoch, runContext, offset"),
    ],
)
def test_another_name_is_a_key_error_that_helps(name: str, told: str) -> None:
    with pytest.raises(KeyError, match=told):
        POINT[name]


def test_members_within_members_are_had_in_the_same_way() -> None:
    answer = comet.MetricSeries(metrics=[POINT])
    assert answer["metrics"] == [POINT]
    assert msgspec.json.decode(msgspec.json.encode(answer)) == {"metrics": [WIRE]}


def test_curves_are_had_in_the_same_way() -> None:
    assert Curve(name="roc", x=[1.0], asset_id="a")["assetId"] == "a"


def test_a_frame_of_answers_has_a_column_for_each_name() -> None:
    frame = pd.DataFrame([POINT, POINT])
    assert list(frame.columns) == list(WIRE)
    assert frame["metricName"].tolist() == ["loss", "loss"]


def test_what_else_is_done_with_structs_goes_on() -> None:
    assert pickle.loads(pickle.dumps(POINT)) == copy.copy(POINT) == POINT
    assert len({POINT, copy.copy(POINT)}) == 1
    assert json.dumps(POINT, default=comet.MetricPoint.to_dict) == json.dumps(WIRE)


@pytest.mark.parametrize("kind", below(Members), ids=lambda kind: kind.__name__)
def test_no_member_hides_a_way_to_read_members(kind: type[Members]) -> None:
    ways = set(vars(Members)) - set(vars(object))
    hidden = {(kind.__name__, name) for name in kind.__struct_fields__ if name in ways}
    assert hidden <= TAKEN
