"""Any arguments for a function of a catalogue, and what its request must keep of them."""

from __future__ import annotations

import inspect
import io
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from hypothesis import strategies as st

from comet_async.request import Request
from comet_async.wire import Open

WORDS = st.text(max_size=12)
JSON_OBJECTS = st.dictionaries(
    WORDS, st.none() | st.booleans() | st.integers(-9, 9) | WORDS, max_size=3
)
BY_TYPE: Mapping[object, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(-3, 500),
    float: st.floats(),
    bytes: st.binary(max_size=20),
    Path: WORDS.map(Path),
    BinaryIO: st.binary(max_size=20).map(io.BytesIO),
    bool: st.booleans(),
    object: st.none() | JSON_OBJECTS,
    type(None): st.none(),
    dict[str, str | int | float | None]: st.dictionaries(WORDS, WORDS, max_size=2),
}


def values_of(annotation: object) -> st.SearchStrategy[Any]:
    """Return values of a type that stands in a signature or in a body."""
    if annotation in BY_TYPE:
        return BY_TYPE[annotation]
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return bodies(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Open):
        return st.sampled_from(list(annotation)) | WORDS.map(annotation)
    return _composed(typing.get_origin(annotation), typing.get_args(annotation))


def _composed(origin: object, arms: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*map(values_of, arms))
    if origin in {dict, Mapping}:
        if arms[1] is object:
            return JSON_OBJECTS
        return st.dictionaries(WORDS, values_of(arms[1]), max_size=2)
    assert origin in {list, Sequence}
    return st.lists(values_of(arms[0]), max_size=3)


def bodies(kind: Any) -> st.SearchStrategy[Any]:
    """Return structs of a type with any values."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: values_of(hints[field.name]) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


def any_arguments(endpoint: Callable[..., object]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a value for each argument of a function."""
    hints = typing.get_type_hints(endpoint)
    names = inspect.signature(endpoint).parameters
    return st.fixed_dictionaries({name: values_of(hints[name]) for name in names})


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
    assert request.body is None or request.upload is None
