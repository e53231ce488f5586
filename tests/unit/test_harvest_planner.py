from __future__ import annotations

import pytest

from comet_async.errors import UsageError
from comet_async.harvest import Plan, Scope, Selection
from comet_async.harvest.forecasts import seconds_for
from comet_async.harvest.planner import Listed, ProjectFacts, with_implied
from comet_async.harvest.scope import parse_scope
from comet_async.harvest.subjects import Subject
from comet_async.service import Limits, Quota

LIMITS = Limits(quotas=(Quota(100, 60.0),), rate=10.0, burst=20, concurrency=4)


def subject(key: str, project: str = "p") -> Subject:
    return Subject("experiment", key, "team", project, b"{}")


def make(
    count: int,
    tables: tuple[str, ...],
    *,
    facts: ProjectFacts | None = None,
    selection: Selection | None = None,
) -> Plan:
    return Plan(
        url="https://comet.example.com",
        scope=Scope("team", "resnet"),
        selection=selection or Selection(),
        tables=tables,
        listed=Listed(subject(f"k{number}") for number in range(count)),
        due={table: {"p": count} for table in tables},
        projects={"p": facts or ProjectFacts(project_id="p")},
        requests=3,
        limits=LIMITS,
        requests_each={"others": 1.0, "tags": 1.0, "html": 1.0, "git": 1.0, "metrics": 1.0},
    )


def requests(plan: Plan) -> dict[str, int]:
    return {table.table: table.requests for table in plan.forecast().tables}


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


def test_subjects_come_back_in_order_over_many_packed_pages() -> None:
    given = [subject(f"k{number}") for number in range(1234)]
    listed = Listed(given)
    assert list(listed) == given
    assert (listed.count("experiment"), listed.count("project")) == (1234, 0)


def test_a_plan_has_each_table_once_and_in_order() -> None:
    with pytest.raises(UsageError, match="each table once"):
        make(1, ("others", "metrics"))
    assert repr(make(1, ("metrics", "others"))) == (
        "<Plan team/resnet: 1 experiments, tables metrics, others>"
    )


def test_tables_come_with_those_that_belong_to_them() -> None:
    assert with_implied(["metrics"]) == ("metrics", "metric_series")
    assert with_implied(["system_metrics"]) == ("system_details", "system_metrics")


def test_a_forecast_counts_charts_in_batches_of_the_measured_size() -> None:
    facts = ProjectFacts(
        project_id="p", metrics=("a", "b"), parameters=("x",), bytes_each=12 * 1024 * 1024 / 24
    )
    plan = make(1000, ("metrics", "metric_series", "metric_summaries", "parameters"), facts=facts)
    assert requests(plan) == {
        "metrics": 42,
        "metric_series": 0,
        "metric_summaries": 0,
        "parameters": 0,
    }
    assert plan.charts == ("metrics", "metric_series", "parameters", "metric_summaries")


def test_parameters_alone_are_charts_too_and_at_most_250_experiments_each() -> None:
    facts = ProjectFacts(project_id="p", parameters=("x",), bytes_each=10.0)
    assert requests(make(1001, ("parameters",), facts=facts)) == {"parameters": 5}


def test_an_exact_harvest_asks_each_experiment() -> None:
    plan = make(60, ("metrics", "tags"), selection=Selection(exact=True))
    assert plan.charts == ()
    assert requests(plan) == {"metrics": 60, "tags": 60}


def test_tags_are_asked_by_tag_where_that_takes_fewer_requests() -> None:
    few = ProjectFacts(project_id="p", tags=("a", "b"))
    many = ProjectFacts(project_id="p", tags=tuple(map(str, range(100))))
    unknown = ProjectFacts(project_id="p", tags=None)
    counts = [requests(make(60, ("tags",), facts=facts))["tags"] for facts in (few, many, unknown)]
    assert counts == [2, 60, 60]


def test_what_only_some_have_is_forecast_by_the_measured_share() -> None:
    facts = ProjectFacts(
        project_id="p", flags=frozenset({"hasHtml"}), measured={"html": 0.25, "git": 1.5}
    )
    assert requests(make(60, ("git", "html"), facts=facts)) == {"git": 90, "html": 16}


def test_a_forecast_tells_bytes_and_time() -> None:
    forecast = make(120, ("others",)).forecast()
    assert (forecast.requests, forecast.listings, forecast.experiments) == (120, 3, 120)
    assert forecast.bytes == sum(table.bytes for table in forecast.tables) > 0
    assert forecast.seconds == 60.0
    assert str(forecast).startswith("120 requests, about 0.4 MB, at least 60 s")
    assert forecast.to_dict()["requests"] == 120


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0.0), (20, 0.0), (30, 1.0), (100, 8.0), (101, 60.0), (150, 63.0), (201, 120.0)],
)
def test_the_least_time_at_the_quota(count: int, seconds: float) -> None:
    assert seconds_for(count, LIMITS) == pytest.approx(seconds)


def test_without_limits_there_is_no_least_time() -> None:
    assert seconds_for(10**6, Limits()) == 0.0
