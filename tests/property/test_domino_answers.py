"""Answers of Domino as the facts describe them, with what servers leave out, null, add and miscase."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comet_async import domino
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
from comet_async.wire import Flat
from tests.conformance.domino_facts import BY_MODEL, CLASSES, MODELS, OPERATIONS, answer, fields_of

Field = Mapping[str, Any]

ANSWERS: dict[str, str] = {
    fact["response"]: name for name, fact in OPERATIONS.items() if fact["response"] is not None
}
TEXT = st.text(max_size=8)
JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
SIMPLE: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": st.integers(-(2**53), 2**53),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**50), 2**50),
    "boolean": st.booleans(),
    "object": JSON,
}
UNKNOWN_MEMBERS = st.dictionaries(TEXT.map(lambda text: f"x-{text}"), JSON, max_size=2)
CASES: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str.title, str.swapcase)


def members(field: Field) -> Sequence[Field] | None:
    """Return the fields of an object that a field holds; None where it holds none."""
    if "inline" in field:
        return cast("Sequence[Field]", field["inline"])
    model = MODELS.get(field["type"], {})
    return fields_of(model["name"]) if model.get("kind") == "object" else None


def values_of(field: Field) -> Sequence[str] | None:
    return cast(
        "Sequence[str] | None", field.get("values", MODELS.get(field["type"], {}).get("values"))
    )


def item_of(field: Field) -> tuple[str, Field]:
    """Return how a field holds its items ("one", "list", "map" or "map of lists"), and an item."""
    item = {key: value for key, value in field.items() if key not in {"list", "map_of"}}
    model = MODELS.get(field["type"], {})
    if "map_of" in field:
        *many, kind = str(field["map_of"]).split(" of ")
        return "map of lists" if many else "map", {"type": kind}
    if model.get("kind") == "map":
        return "map", {"type": model["value_type"]}
    if model.get("kind") == "alias":
        item["type"] = model["of"]
    return "list" if field.get("list") else "one", item


def miscased(values: Sequence[str]) -> st.SearchStrategy[str]:
    """Return values in any casing, and others, but for the text "null", which is read as null."""
    known = st.tuples(st.sampled_from(values), st.sampled_from(CASES))
    others = TEXT.filter(lambda text: text.casefold() != "null")
    return known.map(lambda pair: pair[1](pair[0])) | others


@functools.cache
def _object_of(model: str) -> st.SearchStrategy[dict[str, Any]]:
    return objects(fields_of(model))


def one(field: Field) -> st.SearchStrategy[Any]:
    values, inner = values_of(field), members(field)
    if values is not None:
        return miscased(values)
    if "inline" in field:
        return objects(field["inline"])
    return SIMPLE[field["type"]] if inner is None else _object_of(field["type"])


def value(field: Field) -> st.SearchStrategy[Any]:
    how, item = item_of(field)
    plain = one(item)
    if how == "one":
        return plain
    if how == "list":
        return st.lists(plain, max_size=2)
    held = plain if how == "map" else st.lists(plain, max_size=2)
    return st.dictionaries(TEXT, st.none() | held, max_size=2)


def wire_name(field: Field) -> str:
    return str(field.get("wire_name", field["name"]))


def objects(fields: Sequence[Field]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects of which any member may be missing or null, and others may be there too."""
    known = {wire_name(field): st.none() | value(field) for field in fields}
    return st.tuples(st.fixed_dictionaries({}, optional=known), UNKNOWN_MEMBERS).map(
        lambda pair: {**pair[1], **pair[0]}
    )


def needed(kind: type[Any]) -> dict[str, bool]:
    """Return what a struct cannot be without, and whether null stands for empty there."""
    return {
        field.encode_name: type(None) in getattr(field.type, "__args__", ())
        for field in msgspec.structs.fields(kind)
        if field.required
    }


def struct_of(field: Field) -> type[Any] | None:
    if "inline" not in field:
        return BY_MODEL.get(field["type"])
    names = {part["name"] for part in field["inline"]}
    return next(
        kind
        for kind in CLASSES.values()
        if issubclass(kind, Flat)
        and {inner.encode_name for inner in msgspec.structs.fields(kind)} == names
    )


def items(field: Field, found: Any) -> list[Any]:
    """Return the items of a field's value, however it holds them."""
    how, _ = item_of(field)
    if found is None:
        return []
    if how == "one":
        return [found]
    held = found.values() if how.startswith("map") else found
    if how == "map of lists":
        return [item for many in held for item in many or ()]
    return [item for item in held if item is not None]


def whole(found: dict[str, Any], kind: type[Any], fields: Sequence[Field]) -> bool:
    """Return whether an object has its id and its data, and so has every object inside it."""
    for wire, empty in needed(kind).items():
        if wire not in found or (found[wire] is None and not empty):
            return False
    for field in fields:
        _, item = item_of(field)
        inner, struct = members(item), struct_of(item)
        if inner is not None and struct is not None:
            for one_of in items(field, found.get(wire_name(field))):
                if not whole(one_of, struct, inner):
                    return False
    return True


def completed(found: dict[str, Any], kind: type[Any], fields: Sequence[Field]) -> dict[str, Any]:
    """Return an object with an id, and with data, in every place where one is needed."""
    done = dict(found)
    by_name = {wire_name(field): field for field in fields}
    for wire, empty in needed(kind).items():
        if wire not in done or (done[wire] is None and not empty):
            done[wire] = [] if empty else ("some id" if members(by_name[wire]) is None else {})
    for field in fields:
        how, item = item_of(field)
        inner, struct = members(item), struct_of(item)
        if inner is not None and struct is not None and done.get(wire_name(field)) is not None:
            done[wire_name(field)] = _completed_items(how, done[wire_name(field)], struct, inner)
    return done


def _completed_items(how: str, found: Any, struct: type[Any], inner: Sequence[Field]) -> Any:
    if how == "one":
        return completed(found, struct, inner)
    if how == "list":
        return [completed(item, struct, inner) for item in found]
    return {
        key: None if many is None else [completed(item, struct, inner) for item in many]
        for key, many in found.items()
    }


def assert_survives(field: Field, sent: Any, found: Any) -> None:
    """What was sent is found: documented values by their documented casing, the rest as it was."""
    how, item = item_of(field)
    if how != "one" and sent is not None:
        assert len(found) == len(sent)
    if how.startswith("map"):
        assert list(found) == list(sent)
        assert [value is None for value in found.values()] == [
            value is None for value in sent.values()
        ]
    for given_item, found_item in zip(items(field, sent), items(field, found), strict=True):
        inner, values = members(item), values_of(item)
        if inner is not None:
            assert_members_survive(inner, given_item, found_item)
        elif values is not None and given_item.casefold() in {known.casefold() for known in values}:
            assert found_item in values
            assert found_item.casefold() == given_item.casefold()
        else:
            assert found_item == given_item


def assert_members_survive(
    fields: Sequence[Field], sent: dict[str, Any], found: dict[str, Any]
) -> None:
    for field in fields:
        wire = wire_name(field)
        if sent.get(wire) is not None:
            assert_survives(field, sent[wire], found[wire])


@pytest.mark.parametrize("model", sorted(ANSWERS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_answers_come_whole_and_go_round(model: str, data: st.DataObject) -> None:
    kind, fields = BY_MODEL[model], fields_of(model)
    sent = completed(data.draw(_object_of(model)), kind, fields)
    found = decode(json.dumps(sent).encode(), kind)
    assert_members_survive(fields, sent, found.to_dict())
    again = decode(msgspec.json.encode(found.to_dict()), kind)
    assert again == found
    assert decode(msgspec.json.encode(found), kind) == found
    assert repr(found).startswith(f"{kind.__name__}(")


@pytest.mark.parametrize("model", sorted(ANSWERS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_only_the_lack_of_an_id_or_of_the_data_is_an_error(model: str, data: st.DataObject) -> None:
    kind, fields = BY_MODEL[model], fields_of(model)
    sent = data.draw(_object_of(model))
    listed = bool(OPERATIONS[ANSWERS[model]].get("response_list"))
    body = json.dumps([sent] if listed else sent).encode()
    wanted: Any = answer(ANSWERS[model])
    if whole(sent, kind, fields):
        decode(body, wanted)
        return
    with pytest.raises(DecodeError, match=r"missing required field|Expected `"):
        decode(body, wanted)


def test_every_answer_is_generated() -> None:
    answers = {fact["response"] for fact in OPERATIONS.values()} - {None}
    assert set(ANSWERS) == answers
    assert len(answers) > 70


@given(st.integers(0, 2**63 - 1))
def test_nanoseconds_lose_no_digit(moment: int) -> None:
    body = b'{"logs": [{"timeNano": %d}]}' % moment
    (line,) = decode(body, domino.ModelApiVersionBuildLogs).logs
    assert line.time_nano == moment
    assert isinstance(line.time_nano, int)
