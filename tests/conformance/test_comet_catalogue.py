"""The Comet catalogue against the facts of the wire, both ways: names, paths, parameters."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

import pytest

from comet_async import comet
from comet_async.request import Blob, Effect, Request
from tests.conformance.comet_facts import CHOICES, FACTS, HERE, NAMES, calls, snake

# Optional members that go on the wire unasked, because every known client sends them.
SENT_UNASKED: Mapping[str, set[str]] = {
    "get_multi_metric_chart": {"metrics", "params", "independentMetrics", "fetchFull"},
    "get_registry_model_items": {"versionPrefix"},
    "query_project": {"archived"},
    "search_experiments": {
        "limit",
        "page",
        "deleted",
        "viewId",
        "ignorePinnedExperimentsFirst",
        "pinnedOnly",
        "multipleSort",
        "chainsQueryRules",
    },
}


def sent(request: Request[Any]) -> dict[str, str]:
    """Return where each wire name stands in a request."""
    body: dict[str, object] = json.loads(request.body) if request.body else {}
    return {
        **{name: "query" for name, _ in request.query},
        **{name: "path" for name, _ in request.path_params},
        **dict.fromkeys(body, "body"),
    }


def test_every_fact_has_a_function_and_every_function_a_fact() -> None:
    assert len(FACTS) == 66
    assert set(FACTS) <= set(comet.ENDPOINTS)
    every = json.loads((HERE / "comet-endpoints.json").read_text("utf-8"))
    assert set(comet.ENDPOINTS) <= {fact["name"] for fact in every}
    assert set(comet.ENDPOINTS) <= set(comet.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_method_path_and_effect_agree(name: str) -> None:
    fact = FACTS[name]
    for request in calls(name):
        assert (request.method, request.path) == (fact["verb"], fact["path"])
        assert request.effect is Effect.READ
        assert request.service == "comet"
        assert (request.answer is Blob) == (fact["kind"] == "download")


@pytest.mark.parametrize("name", NAMES)
def test_parameters_agree(name: str) -> None:
    fact = FACTS[name]
    told = {param["name"]: param["in"] for param in fact["params"]}
    needed = {param["name"] for param in fact["params"] if param["required"]}
    smallest, *others = (sent(request) for request in calls(name))
    chosen = {wire for wire in told if snake(wire) in CHOICES.get(name, ((),))[0]}
    assert set(smallest) == needed | chosen | SENT_UNASKED.get(name, set())
    together: dict[str, str] = {}
    for names in others:
        together.update(names)
    assert together == told


@pytest.mark.parametrize("name", NAMES)
def test_signatures_agree(name: str) -> None:
    params = FACTS[name]["params"]
    signature = inspect.signature(comet.ENDPOINTS[name]).parameters.values()
    positional = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    keyword = [p.name for p in signature if p.kind is p.KEYWORD_ONLY]
    assert positional == [snake(param["name"]) for param in params if param["required"]]
    assert keyword == [snake(param["name"]) for param in params if not param["required"]]
    assert [p.default for p in signature if p.kind is p.KEYWORD_ONLY] == [None] * len(keyword)


@pytest.mark.parametrize("name", NAMES)
def test_docstrings_name_source_and_every_argument(name: str) -> None:
    text = inspect.getdoc(comet.ENDPOINTS[name]) or ""
    assert text.startswith("Return ")
    assert "Returns:\n" in text
    assert "Source: " in text
    for param in FACTS[name]["params"]:
        assert f"    {snake(param['name'])}: " in text
