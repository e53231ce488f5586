from __future__ import annotations

from typing import Any

import pytest

SYNTHETIC = {"workspaceName": "synthetic", "projectName": "synthetic"}
SAMPLE = {"workspaceName": "demo", "projectName": "offline-demo"}


async def first_key(client: Any) -> str:
    return str((await client.get("experiments", **SYNTHETIC))["experiments"][0]["experimentKey"])


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("html", "html"),
        ("code", "code"),
        ("output", "output"),
        ("graph", "graph"),
        ("git/metadata", "root"),
        ("cloud-details", "provider"),
        ("tags", "tags"),
        ("system-details", "totalRam"),
        ("metrics/summary", "values"),
        ("log-other", "values"),
        ("model", "models"),
    ],
)
async def test_synthetic_runs_have_something_of_everything(
    client: Any, path: str, member: str
) -> None:
    body = await client.get(f"experiment/{path}", experimentKey=await first_key(client))
    assert body[member]


async def test_synthetic_columns_and_queries_agree(client: Any) -> None:
    columns = (await client.get("project/column-names", **SYNTHETIC))["columns"]
    types = {column["id"]: column["type"] for column in columns}
    assert types["odd/text--metrics"] == "string"
    assert types["odd/non-finite--metrics"] == "double"
    assert types["augment--params"] == "boolean"
    assert types["best--tag"] == "string"

    async def count(source: str, name: str, kind: str, operator: str, value: object) -> int:
        rule = {"id": name, "field": name, "type": kind, "operator": operator, "value": value}
        query = {"condition": "AND", "rules": [rule], "valid": True}
        body = SYNTHETIC | {"predicates": [{"source": source, "query": query}]}
        return len((await client.post("project/query", body))["experimentKeys"])

    assert await count("tag", "best", "string", "equal", "best") == 1
    assert await count("params", "augment", "boolean", "equal", 1) == 5
    assert await count("params", "optimizer", "string", "equal", "adam") == 3
    assert await count("metrics", "loss", "double", "is_not_null", None) == 10
    assert await count("metadata", "installed_packages", "string", "contains", "numpy") == 10
    assert await count("metadata", "codeSHA", "string", "is_not_null", None) == 10
    assert await count("log_other", "Name", "string", "ends_with", "3") == 1


async def test_a_chart_of_many_runs_in_one_request(client: Any) -> None:
    rows = (await client.get("experiments", **SYNTHETIC))["experiments"]
    keys = [row["experimentKey"] for row in rows]
    body = {"targetedExperiments": keys, "metrics": ["loss", "odd/text"], "fetchFull": True}
    chart = await client.post("experiments/multi-metric-chart", body)
    assert set(chart["experiments"]) == set(keys)
    entry = chart["experiments"][keys[0]]
    assert [metric["metricName"] for metric in entry["metrics"]] == ["loss", "odd/text"]
    assert entry["metrics"][1]["values"][:2] == ["good", "bad"]
    assert entry["params"] is None


@pytest.mark.parametrize("body", [{"metrics": "loss"}, {"targetedExperiments": {"a": 1}}])
async def test_a_malformed_chart_request_is_refused(client: Any, body: dict[str, Any]) -> None:
    answer = await client.post("experiments/multi-metric-chart", body, status=400)
    assert "must be a list" in answer["msg"]


async def test_archived_runs_of_an_archive_sort_by_end_too(client: Any) -> None:
    rows = await client.get("experiments", **SAMPLE, sortBy="endTime", sortOrder="desc")
    assert len(rows["experiments"]) == 1
    assert await client.get("experiments", **SAMPLE, archived="True") == {"experiments": []}


async def test_projects_page_sorts_and_filters(client: Any) -> None:
    address = {"workspaceName": "synthetic", "sort": "name", "order": "desc"}
    assert len((await client.get("projects/page", **address))["rows"]) == 1
    private = await client.get("projects/page", **address, public="False")
    assert (private["rows"], private["totalRowCount"]) == ([], 1)


@pytest.mark.parametrize("text", ["not json", "[1]", '"x"', "\xff"])
async def test_a_body_that_is_no_object_is_refused(client: Any, text: str) -> None:
    url = client.url("project/query")
    async with client.session.post(url, data=text.encode("latin-1")) as response:
        assert response.status == 400
        assert set(await response.json()) == {"msg", "code", "data", "sdk_error_code"}


async def test_bare_nan_in_a_body_is_tolerated(client: Any) -> None:
    url = client.url("project/query")
    text = (
        '{"workspaceName": "demo", "projectName": "offline-demo", "predicates": [{"source":'
        ' "metrics", "query": {"rules": [{"field": "loss", "operator": "less", "type":'
        ' "double", "value": NaN}]}}]}'
    )
    async with client.session.post(url, data=text) as response:
        assert (await response.json())["experimentKeys"] == []
