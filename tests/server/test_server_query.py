from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer, SyntheticSpec

KEY = "799e7164eb874c5c9fbb3d4979b41082"
ADDRESS = {"workspaceName": "demo", "projectName": "offline-demo"}


def rule(source: str, name: str, kind: str, operator: str, value: Any) -> dict[str, Any]:
    return {
        "id": name,
        "field": name,
        "type": kind,
        "operator": operator,
        "value": value,
        "source": source,
    }


def predicate(
    source: str, name: str, kind: str, operator: str, value: Any, **more: Any
) -> dict[str, Any]:
    inner = rule(source, name, kind, operator, value)
    del inner["source"]
    query = {"condition": "AND", "rules": [inner], "valid": True}
    return {"source": source, "query": query, **more}


async def selected(client: Any, *predicates: dict[str, Any]) -> bool:
    body = await client.post("project/query", ADDRESS | {"predicates": [*predicates]})
    assert body["experimentsInProject"] == 1
    assert body["experimentKeys"] in ([], [KEY])
    return bool(body["experimentKeys"])


@pytest.mark.parametrize(
    ("source", "name", "kind", "operator", "value", "expected"),
    [
        ("metrics", "loss", "double", "equal", 0.07914603074299226, True),
        ("metrics", "loss", "double", "equal", 0.5, False),
        ("metrics", "loss", "double", "not_equal", 0.5, True),
        ("metrics", "loss", "double", "less", 0.5, True),
        ("metrics", "loss", "double", "less", 0.01, False),
        ("metrics", "loss", "double", "less_or_equal", 1, True),
        ("metrics", "loss", "double", "greater", 0.01, True),
        ("metrics", "loss", "double", "greater_or_equal", 2, False),
        ("metrics", "loss", "double", "between", ["0.01", "0.5"], True),
        ("metrics", "loss", "double", "between", ["2", "3"], False),
        ("metrics", "loss", "double", "not_between", ["2", "3"], True),
        ("metrics", "loss", "double", "is_null", None, False),
        ("metrics", "loss", "double", "is_not_null", None, True),
        ("metrics", "nobody", "double", "is_null", None, True),
        ("metrics", "nobody", "double", "not_equal", 1, False),
        ("metrics", "bad_nan", "double", "less", 1, False),
        ("metrics", "bad_inf", "double", "greater", 1e308, True),
        ("params", "batch_size", "double", "equal", 32, True),
        ("params", "flag", "boolean", "equal", 1, True),
        ("params", "flag", "boolean", "equal", 0, False),
        ("params", "flag", "boolean", "not_equal", 1, False),
        ("log_other", "Name", "string", "equal", "offline sample run", True),
        ("log_other", "Name", "string", "not_equal", "offline sample run", False),
        ("log_other", "Name", "string", "contains", "sample", True),
        ("log_other", "Name", "string", "not_contains", "sample", False),
        ("log_other", "Name", "string", "begins_with", "off", True),
        ("log_other", "Name", "string", "not_begins_with", "off", False),
        ("log_other", "Name", "string", "ends_with", "run", True),
        ("log_other", "Name", "string", "not_ends_with", "run", False),
        ("log_other", "Name", "string", "is_empty", None, False),
        ("log_other", "Name", "string", "is_not_empty", None, True),
        ("log_other", "nobody", "string", "is_empty", None, True),
        ("tag", "v1", "string", "equal", "v1", True),
        ("tag", "best", "string", "equal", "best", False),
        ("tag", "best", "string", "not_equal", "best", True),
        ("tag", "v1", "string", "not_equal", "v1", False),
        ("metadata", "duration", "timenumber", "less", 2, True),
        ("metadata", "duration", "timenumber", "greater", 120, False),
        ("metadata", "hasHtml", "boolean", "equal", 1, True),
        ("metadata", "hasImages", "boolean", "equal", 0, False),
        ("metadata", "start_server_timestamp", "datetime", "less", "2030-01-01 00:00:00", True),
        (
            "metadata",
            "start_server_timestamp",
            "datetime",
            "less",
            "2019-09-24 05:00:00.123456+02:00",
            False,
        ),
        ("metadata", "user_name", "string", "equal", "demo", True),
        ("env_details", "os_type", "string", "equal", "Linux", True),
        ("env_details", "hostname", "string", "contains", "host", True),
        ("no_such_source", "x", "string", "is_null", None, True),
    ],
)
async def test_each_operator_and_source(  # noqa: PLR0917  one row of the table
    client: Any, source: str, name: str, kind: str, operator: str, value: Any, expected: bool
) -> None:
    assert await selected(client, predicate(source, name, kind, operator, value)) is expected


async def test_the_negated_mark_is_not_applied_a_second_time(client: Any) -> None:
    inverted = predicate("tag", "best", "string", "not_equal", "best", negated=True)
    assert await selected(client, inverted)


async def test_predicates_are_joined_by_and(client: Any) -> None:
    holds = predicate("metrics", "loss", "double", "less", 1)
    fails = predicate("tag", "best", "string", "equal", "best")
    assert await selected(client, holds)
    assert not await selected(client, holds, fails)


async def test_or_with_a_source_in_each_rule(client: Any) -> None:
    rules = [
        rule("metrics", "loss", "double", "greater", 100),
        rule("tag", "v1", "string", "equal", "v1"),
    ]
    nested = {"source": "nested", "query": {"condition": "OR", "rules": rules, "valid": True}}
    assert await selected(client, nested)
    nested["query"] = {"condition": "AND", "rules": rules, "valid": True}
    assert not await selected(client, nested)


async def test_search_pages_through_the_matches(client: Any) -> None:
    project = await client.get("project", workspaceName="synthetic", projectName="synthetic")
    tree = {
        "condition": "AND",
        "rules": [
            rule("metadata", "duration", "timenumber", "greater", 1),
            {
                "condition": "OR",
                "rules": [
                    rule("tag", "best", "string", "equal", "best"),
                    rule("tag", "v1", "string", "equal", "v1"),
                ],
            },
        ],
    }
    found: list[str] = []
    for page in (1, 2, 3, 4):
        body = {"projectId": project["projectId"], "rulesTree": tree, "limit": 4, "page": page}
        answer = await client.post("experiments/search", body)
        found += [row["experimentKey"] for row in answer["experiments"]]
    assert len(found) == len(set(found)) == 10
    archived = {"projectId": project["projectId"], "rulesTree": tree, "deleted": True}
    assert len((await client.post("experiments/search", archived))["experiments"]) == 2


@pytest.mark.parametrize(
    "predicates",
    [
        "text",
        ["text"],
        [{"source": "metrics"}],
        [{"source": "metrics", "query": {"rules": "text"}}],
        [{"source": "metrics", "query": {"rules": [{"field": "a", "operator": "sounds_like"}]}}],
        [{"source": "metrics", "query": {"rules": [{"field": "a"}]}}],
        [predicate("metrics", "loss", "double", "between", ["1"])],
    ],
)
async def test_malformed_predicates_are_a_bad_request(client: Any, predicates: Any) -> None:
    body = await client.post("project/query", ADDRESS | {"predicates": predicates}, status=400)
    assert body["code"] == 400


async def test_a_bottomless_tree_is_a_bad_request(client: Any) -> None:
    tree: dict[str, Any] = {"rules": []}
    for _ in range(100):
        tree = {"rules": [tree]}
    body = await client.post(
        "project/query", ADDRESS | {"predicates": [{"query": tree}]}, status=400
    )
    assert body["code"] == 400


async def test_column_names_cover_every_source(client: Any) -> None:
    columns = (await client.get("project/column-names", **ADDRESS))["columns"]
    assert all(column["id"] == f"{column['name']}--{column['source']}" for column in columns)
    types = {column["id"]: column["type"] for column in columns}
    assert types["loss--metrics"] == "double"
    assert types["bad_nan--metrics"] == "double"
    assert types["flag--params"] == "boolean"
    assert types["Name--log_other"] == "string"
    assert types["v1--tag"] == "string"
    assert types["os--env_details"] == "string"
    assert types["duration--metadata"] == "timenumber"


async def test_chart_of_two_metrics_with_parameters(client: Any) -> None:
    body = {
        "targetedExperiments": [KEY, "0" * 32],
        "metrics": ["loss", "bad_inf", "nobody"],
        "params": ["batch_size", "nobody"],
        "independentMetrics": True,
        "fetchFull": False,
    }
    chart = await client.post("experiments/multi-metric-chart", body)
    assert (list(chart["experiments"]), chart["empty"]) == ([KEY], False)
    entry = chart["experiments"][KEY]
    assert entry["params"] == {"batch_size": "32"}
    loss, infinite = entry["metrics"]
    assert set(loss) == {"metricName", "values", "steps", "epochs", "timestamps", "durations"}
    assert len(loss["values"]) == len(loss["durations"]) == 50
    assert (loss["values"][0], loss["steps"][-1], loss["durations"][0]) == (
        2.0032383276483317,
        49,
        0,
    )
    assert infinite["values"] == ["Infinity"]


async def test_chart_of_nothing_is_the_recorded_empty_answer(client: Any) -> None:
    recorded = Path(__file__).parents[1] / "conformance" / "recorded"
    expected = json.loads((recorded / "multi-metric-chart-empty.json").read_bytes())
    body = {"targetedExperiments": [KEY], "metrics": [], "params": []}
    assert await client.post("experiments/multi-metric-chart", body) == expected


async def test_chart_with_common_steps(client: Any) -> None:
    body = {
        "targetedExperiments": [KEY],
        "metrics": ["loss"],
        "params": None,
        "independentMetrics": False,
        "fetchFull": True,
    }
    entry = (await client.post("experiments/multi-metric-chart", body))["experiments"][KEY]
    assert (entry["steps"], entry["params"], entry["epochs"]) == (list(range(50)), None, None)


async def test_chart_samples_long_series_unless_asked_for_all(connect: Any) -> None:
    spec = SyntheticSpec(experiments=1, metrics=1, points=15_000)
    headers = {"Authorization": "k"}
    async with LocalServer(synthetic=spec) as server, aiohttp.ClientSession(headers=headers) as s:
        client = connect(server, s)
        listed = await client.get("experiments", workspaceName="synthetic", projectName="synthetic")
        key = listed["experiments"][0]["experimentKey"]
        body = {"targetedExperiments": [key], "metrics": ["loss"], "fetchFull": False}
        sampled = await client.post("experiments/multi-metric-chart", body)
        full = await client.post("experiments/multi-metric-chart", body | {"fetchFull": True})
    few = sampled["experiments"][key]["metrics"][0]
    many = full["experiments"][key]["metrics"][0]
    assert (len(few["values"]), len(many["values"])) == (500, 15_000)
    assert (few["steps"][0], few["steps"][-1]) == (many["steps"][0], many["steps"][-1])
