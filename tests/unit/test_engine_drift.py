"""Members that an answer type does not know (row C9)."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from comet_async.engine.drift import unknown_members
from comet_async.errors import DecodeError


class Inner(msgspec.Struct):
    value: int
    tags: tuple[str, ...] = ()


class Cat(msgspec.Struct, tag="cat"):
    name: str


class Dog(msgspec.Struct, tag="dog"):
    name: str
    inner: Inner


class Run(msgspec.Struct, rename="camel"):
    run_name: str
    inner: Inner | None = None
    by_key: dict[str, Inner] = {}
    many: Annotated[list[Inner], msgspec.Meta(max_length=9, description="x")] = []
    pet: Cat | Dog | None = None
    raw: object = None


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"runName": "a"}', ()),
        (b'{"runName": "a", "run_name": 1}', ("$.run_name",)),
        (b'{"inner": {"value": 1, "x": 2}}', ("$.inner.x",)),
        (b'{"byKey": {"k": {"x": 2}, "l": {"x": 3, "y": 4}}}', ("$.byKey{}.x", "$.byKey{}.y")),
        (b'{"many": [{"x": 2}, {"x": 2}]}', ("$.many[].x",)),
        (
            b'{"pet": {"type": "dog", "inner": {"value": 1, "z": 2}, "w": 1}}',
            ("$.pet.inner.z", "$.pet.w"),
        ),
        (b'{"raw": {"any": [{"thing": 1}]}}', ()),
        (b'{"many": {"not": "a list"}, "inner": [1, 2], "byKey": 7}', ()),
    ],
)
def test_paths(body: bytes, paths: tuple[str, ...]) -> None:
    assert unknown_members(body, Run) == paths


def test_other_answers_have_no_members() -> None:
    assert unknown_members(b"[1, [2]]", list[int]) == ()
    assert unknown_members(b'{"a": {"b": 1}}', dict[str, object]) == ()


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(DecodeError):
        unknown_members(b"{", Run)
