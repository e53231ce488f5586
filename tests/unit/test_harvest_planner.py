from __future__ import annotations

import pytest

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.harvest import Plan, Scope
from comet_async.harvest.planner import Item, parse_scope, seconds_for
from comet_async.service import Limits, Quota

LIMITS = Limits(quotas=(Quota(100, 60.0),), rate=10.0, burst=20, concurrency=4)


def make(*keys: str, tables: tuple[str, ...] = ("experiments", "metrics", "tags")) -> Plan:
    return Plan(
        url="https://comet.example.com",
        scope=Scope("team", "resnet"),
        archived=False,
        tables=tables,
        experiments=tuple(comet.Experiment(experiment_key=key) for key in keys),
        requests=1,
        limits=LIMITS,
    )


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("team", Scope("team")),
        ("team/resnet", Scope("team", "resnet")),
        ("team/a/b", Scope("team", "a/b")),
    ],
)
def test_a_scope_is_a_workspace_or_a_project(text: str, scope: Scope) -> None:
    assert parse_scope(text) == scope
    assert str(scope) == text


@pytest.mark.parametrize("text", ["", " ", "/p", "team/", "team/ "])
def test_a_scope_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="use WORKSPACE or WORKSPACE/PROJECT"):
        parse_scope(text)


def test_a_plan_gives_its_items_experiment_by_experiment() -> None:
    assert list(make("a", "b").items()) == [
        Item("metrics", 0, "a"),
        Item("tags", 0, "a"),
        Item("metrics", 1, "b"),
        Item("tags", 1, "b"),
    ]
    assert repr(make("a")) == "<Plan team/resnet: 1 experiments, tables experiments, metrics, tags>"


def test_a_plan_has_each_experiment_and_table_once() -> None:
    with pytest.raises(UsageError, match="each experiment once"):
        make("a", "a")
    with pytest.raises(UsageError, match="each table once"):
        make("a", tables=("tags", "metrics"))


def test_a_forecast_counts_a_request_for_each_table_and_experiment() -> None:
    forecast = make(*(f"k{index}" for index in range(60))).forecast()

    assert forecast.requests == 120
    assert [(table.table, table.requests) for table in forecast.tables] == [
        ("metrics", 60),
        ("tags", 60),
    ]
    assert forecast.bytes == sum(table.bytes for table in forecast.tables) > 0
    assert forecast.seconds == 60.0
    assert str(forecast).startswith("120 requests, about 12.0 MB, at least 60 s")


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [(0, 0.0), (20, 0.0), (30, 1.0), (100, 8.0), (101, 60.0), (150, 63.0), (201, 120.0)],
)
def test_the_least_time_at_the_quota(requests: int, seconds: float) -> None:
    assert seconds_for(requests, LIMITS) == pytest.approx(seconds)


def test_without_limits_there_is_no_least_time() -> None:
    assert seconds_for(10**6, Limits()) == 0.0
