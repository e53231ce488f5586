"""The Comet catalogue against the facts of the wire, both ways: names, paths, parameters."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from comet_async import comet
from comet_async.request import Blob, Effect, Request
from tests.conformance.comet_facts import (
    ALL,
    CHOICES,
    FACTS,
    NAMES,
    STRUCTS,
    WRITES,
    calls,
    params_of,
    snake,
)

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
    "upload_experiment_asset": {"fileName"},
}

# What a repetition would do; two effects where the arguments decide, in the order of `calls`.
APPENDS = {
    "add_workspace_member",
    "create_dashboard_template",
    "create_experiment",
    "create_experiment_symlink",
    "create_project",
    "create_project_share_link",
    "create_registry_model",
    "create_registry_model_item",
    "create_workspace",
    "log_artifact_remote_assets",
    "log_experiment_cpu_metrics",
    "log_experiment_dependency",
    "log_experiment_gpu_metrics",
    "log_experiment_load_metrics",
    "log_experiment_metric",
    "log_experiment_output",
    "log_experiment_ram_metrics",
    "log_experiment_remote_model",
    "register_model_item_v2",
    "upload_experiment_asset_complete",
    "upload_experiment_asset_start",
    "upsert_artifact",
    "upsert_chart_template_view",
}
DECIDED_BY_ARGUMENTS = {
    "log_experiment_html": (Effect.APPEND, Effect.IDEMPOTENT),
    "move_experiments": (Effect.APPEND, Effect.APPEND),
    "set_experiment_system_details": (Effect.IDEMPOTENT, Effect.APPEND),
    "update_project": (Effect.IDEMPOTENT, Effect.IDEMPOTENT, Effect.APPEND),
    "upload_experiment_asset": (Effect.APPEND, Effect.IDEMPOTENT, Effect.IDEMPOTENT),
    "upload_panel_zip": (Effect.APPEND, Effect.IDEMPOTENT),
    "upsert_view": (Effect.APPEND, Effect.IDEMPOTENT),
}


def sent(request: Request[Any]) -> dict[str, str]:
    """Return where each wire name stands in a request."""
    body: Any = json.loads(request.body) if request.body else {}
    if isinstance(body, list):
        body = {"[]": body}
    form = request.upload
    return {
        **{name: "query" for name, _ in request.query},
        **{name: "path" for name, _ in request.path_params},
        **dict.fromkeys(body, "body"),
        **({} if form is None else dict.fromkeys((name for name, _ in form.fields), "form")),
        **({} if form is None or form.part is None else {form.part: "form"}),
    }


def test_every_fact_has_a_function_and_every_function_a_fact() -> None:
    assert len(FACTS) == 136
    assert set(FACTS) == set(comet.ENDPOINTS)
    assert set(comet.ENDPOINTS) <= set(comet.__all__)


@pytest.mark.parametrize("name", ALL)
def test_method_path_and_service_agree(name: str) -> None:
    fact = FACTS[name]
    for request in calls(name):
        assert (request.method, request.path) == (fact["verb"], fact["path"])
        assert request.service == "comet"
        assert (request.answer is Blob) == (fact["kind"] == "download")


@pytest.mark.parametrize("name", NAMES)
def test_reads_change_nothing(name: str) -> None:
    assert {request.effect for request in calls(name)} == {Effect.READ}


@pytest.mark.parametrize("name", WRITES)
def test_writes_say_what_a_repetition_would_do(name: str) -> None:
    found = tuple(request.effect for request in calls(name))
    plain = Effect.APPEND if name in APPENDS else Effect.IDEMPOTENT
    assert found == DECIDED_BY_ARGUMENTS.get(name, (plain,) * len(found))
    text = inspect.getdoc(comet.ENDPOINTS[name]) or ""
    for effect, word in ((Effect.APPEND, "ppends"), (Effect.IDEMPOTENT, "dempotent")):
        assert effect not in found or word in text
    assert ("GET that changes state" in text) == (FACTS[name]["verb"] == "GET")


@pytest.mark.parametrize("name", WRITES)
def test_answers_of_writes_have_what_the_facts_name(name: str) -> None:
    """Acknowledgements are checked and dropped; everything else has a field for each member."""
    shape = FACTS[name]["response"]["shape"]
    members = set(shape) - {"msg", "code", "data", "sdk_error_code"}
    kind: Any = next(calls(name)).answer
    if isinstance(shape, str) or not members:
        assert kind is type(None)
    else:
        assert set(kind.__struct_encode_fields__) == members


@pytest.mark.parametrize("name", ALL)
def test_parameters_agree(name: str) -> None:
    told = {param["name"]: param["in"] for param in params_of(name)}
    needed = {param["name"] for param in params_of(name) if param["required"]}
    smallest, *others = (sent(request) for request in calls(name))
    chosen = {wire for wire in told if snake(wire) in CHOICES.get(name, ((),))[0]}
    assert set(smallest) == needed | chosen | SENT_UNASKED.get(name, set())
    together: dict[str, str] = {}
    for names in others:
        together.update(names)
    assert together == told


@pytest.mark.parametrize("name", sorted(set(ALL) - set(STRUCTS)))
def test_signatures_agree(name: str) -> None:
    """Required ones are positional, but for flags, which read badly without their names."""
    params = params_of(name)
    signature = inspect.signature(comet.ENDPOINTS[name]).parameters.values()
    positional = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    keyword = [p.name for p in signature if p.kind is p.KEYWORD_ONLY and p.default is None]
    flags = [p.name for p in signature if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    needed = [param for param in params if param["required"]]
    assert positional == [snake(p["name"]) for p in needed if p["type"] != "bool"]
    assert flags == [snake(p["name"]) for p in needed if p["type"] == "bool"]
    assert keyword == [snake(param["name"]) for param in params if not param["required"]]
    assert len(positional + flags + keyword) == len(signature)


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_structs_agree(name: str) -> None:
    fields = msgspec.structs.fields(STRUCTS[name])
    params = params_of(name)
    assert len(params) > 4
    assert {param["in"] for param in params} == {"body"}
    assert [field.encode_name for field in fields] == [param["name"] for param in params]
    assert [field.name for field in fields] == [snake(param["name"]) for param in params]
    assert [field.required for field in fields] == [param["required"] for param in params]
    assert all(field.required or field.default is None for field in fields)
    (argument,) = inspect.signature(comet.ENDPOINTS[name], eval_str=True).parameters.values()
    assert argument.annotation is STRUCTS[name]
    text = inspect.getdoc(STRUCTS[name]) or ""
    assert all(f"    {field.name}: " in text for field in fields)


@pytest.mark.parametrize("name", WRITES)
def test_a_body_of_more_than_four_members_is_a_struct(name: str) -> None:
    body = [param for param in params_of(name) if param["in"] == "body"]
    assert (len(body) > 4) == (name in STRUCTS)


@pytest.mark.parametrize("name", ALL)
def test_docstrings_name_source_and_every_argument(name: str) -> None:
    endpoint = comet.ENDPOINTS[name]
    text = inspect.getdoc(endpoint) or ""
    assert text.startswith("Return ") or name in WRITES
    assert "Returns:\n" in text
    assert "Source: " in text
    for argument in inspect.signature(endpoint).parameters:
        assert f"    {argument}: " in text
