"""The Domino catalogue against the facts of the wire, both ways: names, paths, parameters."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from comet_async import domino
from comet_async.domino.removed import MOVED, REMOVED
from comet_async.request import Blob, Effect, Request
from comet_async.wire import Flat
from tests.conformance.domino_facts import (
    ALL,
    BY_MODEL,
    MODELS,
    OPEN,
    OPERATIONS,
    WRITES,
    answer,
    body_argument,
    body_model,
    calls,
    fields_of,
    members_of,
    sent,
    snake,
    without_none,
)

# One server document claims a default of 25 for it, so that rows would be lost.
SENT_UNASKED: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("get_model_deployment_versions", "get_model_deployments", "list_model_apis"),
    frozenset({"offset"}),
)
# POST that leaves the same state when repeated, and one that only reads.
IDEMPOTENT_POSTS = {"add_dataset_tag", "upsert_billing_tags"}
READING_POSTS = {"validate_model_version_stage"}
# No document says what these answer.
ANY_ANSWER = "unknown: decode as any JSON"
# Words for permissions that have no name.
ALLOWED: Mapping[str, str] = {
    "any signed-in user": "Any signed-in user may do it.",
    "data source access": "Needs access to the data source.",
    "data source manage": "Needs to manage the data source.",
    "data source ownership": "Needs to own the data source.",
    "project access": "Needs access to the project.",
}
TYPES: Mapping[str, object] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": Sequence[str],
    "object": Mapping[str, object],
}


def told(name: str) -> str:
    """Return an operation's docstring on one line."""
    return " ".join((inspect.getdoc(domino.ENDPOINTS[name]) or "").split())


def without_arguments(name: str) -> str:
    text = inspect.getdoc(domino.ENDPOINTS[name]) or ""
    return " ".join(text.split("\nArgs:\n")[0].split())


def test_every_fact_has_a_function_and_every_function_a_fact() -> None:
    assert len(OPERATIONS) == 161
    assert set(OPERATIONS) == set(domino.ENDPOINTS)
    assert set(domino.ENDPOINTS) <= set(domino.__all__)
    functions = {n for n in domino.__all__ if inspect.isfunction(getattr(domino, n))}
    returning = {
        name
        for name in functions
        if typing.get_origin(
            inspect.signature(getattr(domino, name), eval_str=True).return_annotation
        )
        is Request
    }
    assert returning - {"moved"} == set(domino.ENDPOINTS)


@pytest.mark.parametrize("name", ALL)
def test_method_path_and_service_agree(name: str) -> None:
    fact = OPERATIONS[name]
    for request in calls(name):
        assert (request.method, request.path) == (fact["verb"], fact["path"])
        assert request.service == "domino"
        assert (request.content_type is None) == (fact["body"] is None)


@pytest.mark.parametrize("name", ALL)
def test_effects_agree_and_are_told(name: str) -> None:
    verb = OPERATIONS[name]["verb"]
    if verb == "GET" or name in READING_POSTS:
        effect, words = Effect.READ, "Return "
    elif verb == "POST" and name not in IDEMPOTENT_POSTS:
        effect, words = (
            Effect.APPEND,
            "Appends: it is not repeated where the server may have acted.",
        )
    else:
        effect, words = Effect.IDEMPOTENT, "Idempotent"
    assert {request.effect for request in calls(name)} == {effect}
    assert words in told(name)
    assert ("Appends" in told(name), "Idempotent" in told(name)) == (
        effect is Effect.APPEND,
        effect is Effect.IDEMPOTENT,
    )


@pytest.mark.parametrize("name", ALL)
def test_answers_agree(name: str) -> None:
    fact = OPERATIONS[name]
    model = fact["response"]
    if model is not None:
        wanted: Any = BY_MODEL[model]
        wanted = types.GenericAlias(list, wanted) if fact.get("response_list") else wanted
    elif "response_media" in fact:
        assert fact["response_media"] == "application/octet-stream"
        wanted = Blob
    else:
        wanted = object if fact.get("response_note") == ANY_ANSWER else type(None)
    assert answer(name) == wanted
    hint = inspect.signature(domino.ENDPOINTS[name], eval_str=True).return_annotation
    assert typing.get_origin(hint) is Request
    assert typing.get_args(hint) == (wanted,)


@pytest.mark.parametrize("name", ALL)
def test_what_is_sent_agrees(name: str) -> None:
    whole = body_argument(name)
    needed = {fact["name"] for fact in members_of(name) if fact.get("required")}
    known = {fact["name"]: fact["in"] for fact in members_of(name)}
    smallest, everything = (sent(request) for request in calls(name))
    if whole is not None and whole[1] is Mapping:
        for found in (smallest, everything):
            assert found.pop("k") == "body"
    elif whole is not None:
        fields = fields_of(str(body_model(name)))
        known |= {field["name"]: "body" for field in fields}
        needed |= {field["name"] for field in fields if field.get("required")}
    assert set(smallest) == needed | SENT_UNASKED.get(name, frozenset())
    assert everything == known


@pytest.mark.parametrize("name", ALL)
def test_signatures_agree(name: str) -> None:
    """Path first, then the rest; what is required is positional, but for flags."""
    facts = members_of(name)
    parameters = list(inspect.signature(domino.ENDPOINTS[name]).parameters.values())
    whole = body_argument(name)
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    flags = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    optional = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty]
    needed = [fact for fact in facts if fact.get("required")]
    assert len(positional + flags + optional) == len(parameters)
    assert positional == [
        *(snake(fact["name"]) for fact in needed if fact["type"] not in FLAGS),
        *([] if whole is None else [whole[0]]),
    ]
    assert flags == [snake(fact["name"]) for fact in needed if fact["type"] in FLAGS]
    assert optional == [snake(fact["name"]) for fact in facts if not fact.get("required")]
    unset = {p.name: p.default for p in parameters if p.name in optional}
    assert unset == {
        wire: 0 if wire in SENT_UNASKED.get(name, frozenset()) else None for wire in optional
    }


FLAGS = {"boolean", "BillingTagsSettingNotificationsV1"}


@pytest.mark.parametrize("name", ALL)
def test_types_of_arguments_agree(name: str) -> None:
    parameters = inspect.signature(domino.ENDPOINTS[name], eval_str=True).parameters
    for fact in members_of(name):
        kind = without_none(parameters[snake(fact["name"])].annotation)
        if fact["type"] is None:
            assert kind in {str, int, bool}
            assert "since 6.3.0" in argument_told(name, snake(fact["name"]))
        else:
            assert kind == type_of_argument(fact), fact


def type_of_argument(fact: Mapping[str, Any]) -> object:
    """Return what we take for a wire parameter; enumerations are texts, for they are open."""
    model = MODELS.get(fact["type"])
    kind: Any = TYPES.get(fact["type"])
    if model is not None and model["kind"] == "map":
        value: Any = TYPES[model["value_type"]]
        kind = Mapping[str, value]
    elif model is not None:
        kind = TYPES[model["of"]] if "of" in model else BY_MODEL[model["name"]]
    return Sequence[kind] if fact.get("list") else kind


def argument_told(name: str, argument: str) -> str:
    """Return what a docstring says on one argument, on one line."""
    text = inspect.getdoc(domino.ENDPOINTS[name]) or ""
    _, _, rest = text.partition(f"\n    {argument}: ")
    lines = rest.splitlines()
    more = next((i for i, line in enumerate(lines) if i and not line.startswith(" " * 8)), None)
    return " ".join(" ".join(lines[:more]).split())


@pytest.mark.parametrize("name", ALL)
def test_values_and_defaults_of_arguments_are_told(name: str) -> None:
    for fact in members_of(name):
        text = argument_told(name, snake(fact["name"]))
        assert text, fact
        model = MODELS.get(fact["type"] or "", {})
        values = fact.get("values", model.get("values", ()))
        named = [kind for kind in OPEN.values() if f"`{kind.__name__}`" in text]
        if named:
            assert [list(kind) for kind in named] == [values]
        else:
            assert all(f'"{value}"' in text for value in values), (text, values)
        default = fact.get("default")
        if default not in {None, 0, ""}:
            assert f"{default}".lower() in text.lower().replace(",", ""), (text, default)


@pytest.mark.parametrize("name", ALL)
def test_docstrings_say_where_an_operation_stands(name: str) -> None:
    fact, text = OPERATIONS[name], without_arguments(name)
    assert ("Beta." in text) == fact.get("beta", False)
    assert ("Deprecated" in text) == (fact.get("deprecated", False) or "deprecated_in" in fact)
    assert (f"Deprecated since {fact.get('deprecated_in')}." in text) == ("deprecated_in" in fact)
    gone = "Gone from servers of 6.3.0 and later, which answer 404."
    assert fact.get("gone_in", "6.3.0") == "6.3.0"
    assert (gone in text) == ("gone_in" in fact)
    assert ("The path is inferred, not documented." in text) == fact.get("inferred", False)
    inferred = " (inferred)" if fact.get("newer_path_inferred") else ""
    moved = f"Moved to {fact.get('newer_path')}{inferred}: `moved` makes that request."
    assert (moved in text) == ("newer_path" in fact)
    assert ("Moved to" in text) == ("newer_path" in fact)


@pytest.mark.parametrize("name", ALL)
def test_docstrings_name_permissions_source_and_every_argument(name: str) -> None:
    fact, text = OPERATIONS[name], told(name)
    assert text.startswith("Return ") == (fact["verb"] == "GET" or name in READING_POSTS)
    assert "Returns: " in text
    assert text.endswith(f"Source: Domino REST API, {fact['tag']}.")
    for argument in inspect.signature(domino.ENDPOINTS[name]).parameters:
        assert argument_told(name, argument)
    for permission in fact.get("permissions", ()):
        words = ALLOWED.get(permission, permission)
        assert words in text
    assert ("Needs " in without_arguments(name) or "Any signed-in" in text) == (
        "permissions" in fact
    )


def test_moved_and_removed_operations_are_those_of_the_facts() -> None:
    at = {(fact["verb"], fact["path"]): fact for fact in OPERATIONS.values()}
    assert len(at) == 161
    assert dict(MOVED) == {
        asked: fact["newer_path"] for asked, fact in at.items() if "newer_path" in fact
    }
    assert {asked for asked, fact in at.items() if "gone_in" in fact} == REMOVED


@pytest.mark.parametrize("name", WRITES)
def test_a_body_of_more_than_four_members_is_a_struct(name: str) -> None:
    model = body_model(name)
    whole = body_argument(name)
    if model is None:
        assert whole is None
    elif MODELS[model].get("opaque"):
        assert whole is not None
        assert whole[1] is Mapping
    elif len(MODELS[model]["fields"]) > 4:
        assert whole is not None
        assert whole[1] is BY_MODEL[model]


@pytest.mark.parametrize("name", [n for n in ALL if body_argument(n)])
def test_bodies_arrive_as_they_were_given(name: str) -> None:
    """Each member of a body has its value, by its name on the wire."""
    _, request = calls(name)
    whole = body_argument(name)
    assert whole is not None
    if whole[1] is Mapping:
        assert json.loads(request.body or b"") == {"k": "any"}
        return
    kind: type[Flat] = whole[1]
    found = msgspec.json.decode(request.body or b"", type=kind)
    assert all(getattr(found, field.name) is not None for field in msgspec.structs.fields(kind))
