"""Every endpoint of the Comet catalogue under any arguments."""

from __future__ import annotations

import inspect
import io
import json
import math
import pickle
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.request import Effect, Request

READS = {
    name for name in comet.ENDPOINTS if name.startswith(("get_", "download_", "query_", "search_"))
}
WORDS = st.text(max_size=12)
JSON_OBJECTS = st.dictionaries(
    WORDS, st.none() | st.booleans() | st.integers(-9, 9) | WORDS, max_size=3
)


def values_of(annotation: object) -> st.SearchStrategy[Any]:
    args = typing.get_args(annotation)
    if args and typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return st.one_of(*map(values_of, args))
    if args and typing.get_origin(annotation) in {list, Sequence} and is_body(args[0]):
        return st.lists(bodies(args[0]), max_size=2)
    if is_body(annotation):
        return bodies(annotation)
    by_type: dict[object, st.SearchStrategy[Any]] = {
        str: WORDS,
        int: st.integers(-3, 500),
        float: st.floats(),
        bytes: st.binary(max_size=20),
        list[int]: st.lists(st.integers(0, 100), max_size=3),
        list[str]: st.lists(WORDS, max_size=3),
        dict[str, object]: JSON_OBJECTS,
        dict[str, str | int | float | None]: st.dictionaries(WORDS, WORDS, max_size=2),
        Path: WORDS.map(Path),
        BinaryIO: st.binary(max_size=20).map(io.BytesIO),
        bool: st.booleans(),
        object: st.none() | JSON_OBJECTS,
        type(None): st.none(),
        Sequence[str]: st.lists(WORDS, max_size=3),
        Mapping[str, object]: JSON_OBJECTS,
        Sequence[Mapping[str, object]]: st.lists(JSON_OBJECTS, max_size=2),
    }
    return by_type[annotation]


def is_body(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)


def bodies(kind: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: values_of(hints[field.name]) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


def any_arguments(endpoint: Callable[..., object]) -> st.SearchStrategy[dict[str, Any]]:
    hints = typing.get_type_hints(endpoint)
    names = inspect.signature(endpoint).parameters
    return st.fixed_dictionaries({name: values_of(hints[name]) for name in names})


@pytest.mark.parametrize("name", sorted(comet.ENDPOINTS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_arguments_give_a_sound_request_or_a_refusal(name: str, data: st.DataObject) -> None:
    endpoint = comet.ENDPOINTS[name]
    arguments = data.draw(any_arguments(endpoint))
    try:
        request = endpoint(**arguments)
    except UsageError:
        return
    assert request == endpoint(**arguments)
    assert (request.effect is Effect.READ) == (name in READS)
    assert pickle.loads(pickle.dumps(request)) == request
    assert request.fingerprint == endpoint(**arguments).fingerprint
    assert hash(request) == hash(endpoint(**arguments))
    assert_round_trip(request)
    assert "\n" not in repr(request)
    assert "/write/" not in request.path or name not in READS


def assert_round_trip(request: Request[Any]) -> None:
    """What a server decodes is what was asked."""
    assert request.target.isascii()
    assert request.target.isprintable()
    parts = urlsplit(request.target)
    assert parts.fragment == ""
    assert parse_qsl(parts.query, keep_blank_values=True) == list(request.query)
    template, actual = request.path.split("/"), parts.path.split("/")
    assert len(actual) == len(template), "a value must stay one path segment"
    asked = dict(request.path_params)
    for told, segment in zip(template, actual, strict=True):
        assert unquote(segment) == (asked[told[1:-1]] if told.startswith("{") else told)
    if request.body is not None:
        body = json.loads(request.body, parse_constant=pytest.fail)
        assert isinstance(body, list if request.path.endswith("parameters/delete") else dict)
    assert request.body is None or request.upload is None


@given(name=WORDS.filter(lambda text: text.strip()))
def test_artifact_names_survive_two_decodings(name: str) -> None:
    target = comet.get_artifact(workspace="ws", artifact_name=name).target
    assert unquote(dict(parse_qsl(urlsplit(target).query))["artifactName"]) == name


@given(st.floats())
def test_numbers_survive_as_text(value: float) -> None:
    found = comet.number(repr(value).replace("inf", "Infinity").replace("nan", "NaN"))
    assert found is not None
    assert found == value or (math.isnan(found) and math.isnan(value))


@given(st.text() | st.integers() | st.floats() | st.none())
def test_number_never_fails(value: str | float | None) -> None:
    found = comet.number(value)
    assert found is None or isinstance(found, float)


@given(st.text() | JSON_OBJECTS.map(json.dumps))
def test_json_object_never_fails(text: str) -> None:
    found = comet.json_object(text)
    assert found is None or json.loads(text) == found


@given(st.binary() | JSON_OBJECTS.map(lambda found: json.dumps({"msg": "x", **found}).encode()))
def test_read_message_never_fails_and_never_takes_data(body: bytes) -> None:
    message = comet.read_message(body)
    if message is not None:
        found = json.loads(body)
        assert {"code", "sdk_error_code"} & set(found)
        assert message.text == (found["msg"] or "")
