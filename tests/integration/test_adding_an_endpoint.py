"""The page that says how an endpoint is added is right: its code agrees with itself, and answers."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from comet_async import Session, comet
from comet_async.server import LocalServer
from comet_async.server.app import COMET_ROUTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "comet_async/docs/pages/adding-an-endpoint.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def loaded() -> ModuleType:
    """Return the page's Python blocks as one module."""
    module = ModuleType("page")
    for block in blocks("python"):
        exec(compile(block, "page", "exec", dont_inherit=True), module.__dict__)
    return module


def test_the_function_agrees_with_the_fact() -> None:
    (text,) = blocks("json")
    fact = json.loads(text)
    endpoint = getattr(loaded(), fact["name"])
    whole = endpoint("exp1", badge_name="reviewed")
    assert (whole.method, whole.path) == (fact["verb"], fact["path"])
    assert [name for name, _ in whole.query] == [param["name"] for param in fact["params"]]
    needed = [param["name"] for param in fact["params"] if param["required"]]
    assert [name for name, _ in endpoint("exp1").query] == needed
    known = json.loads((ROOT / "tests/conformance/comet-endpoints.json").read_text("utf-8"))
    assert set(fact) == set(next(one for one in known if one["kind"] == "read"))
    assert fact["name"] not in comet.ENDPOINTS
    for argument in inspect.signature(endpoint).parameters:
        assert f"    {argument}: " in inspect.getdoc(endpoint)  # type: ignore[operator]  # it has one


async def test_the_local_server_answers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = cast("Any", loaded())
    for route, handler in page.ROUTES.items():
        assert route not in COMET_ROUTES
        monkeypatch.setitem(COMET_ROUTES, route, handler)
    async with (
        LocalServer(sample=True) as server,
        Session(comet.service("any-key", url=server.url)) as session,
    ):
        runs = await session.send(
            comet.get_experiments(workspace_name="samples", project_name="tabular-benchmarks")
        )
        run = runs.experiments[0].experiment_key
        tags = (await session.send(comet.get_experiment_tags(run))).tags
        found = await session.send(page.get_experiment_badges(run, badge_name=tags[0]))
    assert [badge.badge_name for badge in found.badges] == tags[:1]


@pytest.mark.parametrize("path", re.findall(r"`((?:comet_async|tests)/[\w/.-]+)`", PAGE))
def test_the_files_that_it_names_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_domino_facts_that_it_names_exist() -> None:
    assert (ROOT / "tests/conformance/domino-endpoints.json").exists()
