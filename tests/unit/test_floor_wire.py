"""Bases of what travels: open enumerations, members that may be null, texts of answers."""

from __future__ import annotations

import copy
import pickle
from typing import ClassVar

import msgspec
import pytest

from comet_async.building import plain
from comet_async.errors import UsageError
from comet_async.wire import (
    Flat,
    NullableDict,
    NullableList,
    Open,
    Shared,
    Wire,
    no_items,
    no_members,
)


class Colour(Open):
    RED = "Red"
    DARK_BLUE = "darkBlue"


class Paint(Shared, frozen=True, kw_only=True):
    needed: ClassVar[frozenset[str]] = frozenset({"colour"})

    colour: Colour | None = None
    coats: int | None = None


class Wall(Wire, frozen=True, kw_only=True):
    paints: NullableList[Paint] = no_items()
    notes: NullableDict[str] = no_members()
    doors: NullableList[str]


class Link(Flat, frozen=True, kw_only=True):
    hidden_members: ClassVar[frozenset[str]] = frozenset({"secret"})
    link_members: ClassVar[frozenset[str]] = frozenset({"url"})

    secret: str
    url: str


@pytest.mark.parametrize("written", ["Red", "red", "RED", "rEd"])
def test_any_casing_is_the_documented_member(written: str) -> None:
    assert Colour(written) is Colour.RED
    assert msgspec.json.decode(f'"{written}"', type=Colour) is Colour.RED


def test_any_other_text_is_a_value_that_goes_back_as_it_came() -> None:
    other = msgspec.json.decode('"Grün"', type=Colour)
    assert other == "Grün"
    assert (other.value, other.name, isinstance(other, Colour)) == ("Grün", "Grün", True)
    assert other == Colour("Grün")
    assert hash(other) == hash("Grün")
    assert msgspec.json.encode(other).decode() == '"Grün"'
    assert list(Colour) == [Colour.RED, Colour.DARK_BLUE]
    for again in (pickle.loads(pickle.dumps(other)), copy.copy(other), copy.deepcopy(other)):
        assert (again, type(again)) == (other, Colour)
    assert f"{other} {other!r}" == "Grün <Colour.Grün: 'Grün'>"


@pytest.mark.parametrize("value", [3, None, 0.5])
def test_what_is_no_text_is_no_value(value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(value), type=Colour)


def test_null_is_empty_and_a_lack_is_told() -> None:
    wall = msgspec.json.decode(b'{"paints": null, "notes": null, "doors": null}', type=Wall)
    assert (wall.paints, wall.notes, wall.doors) == ([], {}, [])
    assert wall.to_dict() == {"paints": [], "notes": {}, "doors": []}
    with pytest.raises(msgspec.ValidationError, match="missing required field `doors`"):
        msgspec.json.decode(b"{}", type=Wall)


def test_what_travels_both_ways_says_what_it_needs_when_it_is_sent() -> None:
    assert msgspec.json.decode(b'{"more": 1}', type=Paint) == Paint()
    assert plain("/a", [Paint(colour=Colour.RED)]) == [{"colour": "Red"}]
    for lacking in (Paint(coats=2), [Paint()], {"k": [Paint()]}):
        with pytest.raises(UsageError, match="/a: Paint needs colour"):
            plain("/a", lacking)


def test_the_repr_shows_no_secret_and_no_query_of_a_link() -> None:
    shown = repr(Link(secret="s3cret0s3cret0", url="https://u:p@h.example/a?sig=1"))
    assert shown == "Link(secret=***, url='https://h.example/a?***')"
