"""What catalogues build requests from: what goes out, and what is refused before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from comet_async.building import at_most_one, change, exactly_one, get, listed
from comet_async.errors import UsageError
from comet_async.request import Effect, Request


def asked(query: Mapping[str, Any], **more: Any) -> Request[bytes]:
    """Ask with members of which a type-checker may know nothing."""
    return get("s", "/a/{id}", bytes, query=query, path_params={"id": "i", **more})


def test_a_query_holds_scalars_and_lists() -> None:
    query = {"t": "x", "n": 3, "f": 0.5, "b": False, "none": None, "l": iter(["a", "b"])}
    request = asked(query)
    assert request.target == "/a/i?t=x&n=3&f=0.5&b=false&l=a&l=b"
    assert (request.method, request.effect, request.service) == ("GET", Effect.READ, "s")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "needs a list of at least 1"),
        (["a", " "], "holds an empty text"),
        (["a", 1], "holds what is no text; give a list of texts"),
        (["\ud800"], "holds half a character"),
        ("\ud800", "holds half a character"),
        (" ", "is empty; give a value or leave it out"),
        (b"raw", "is of type bytes; give a text, a number or a list"),
        ({"a": 1}, "is of type dict; give a text, a number or a list"),
        (object(), "is of type object; give a text, a number or a list"),
    ],
)
def test_what_no_query_carries_is_refused(value: object, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked({"q": value})
    assert str(caught.value).startswith("/a/{id}: q ")
    assert told in str(caught.value)
    with pytest.raises(UsageError):
        change("s", "POST", "/a", bytes, Effect.APPEND, query={"q": value})  # type: ignore[dict-item]  # wrong on purpose


def test_texts_may_be_empty_where_it_is_said() -> None:
    found = get("s", "/a", bytes, query={"q": ""}, may_be_empty=("q",))
    assert found.target == "/a?q="


@pytest.mark.parametrize(("value", "told"), [(None, "is None"), (7, "is of type int")])
def test_a_path_takes_texts_alone(value: object, told: str) -> None:
    with pytest.raises(UsageError, match=f"id {told}; give a text"):
        asked({}, id=value)


def test_exactly_one_and_at_most_one() -> None:
    exactly_one("/a", x=1, y=None)
    at_most_one("/a", x=None, y=None)
    at_most_one("/a", x=1, y=None)
    for values in ({"x": None, "y": None}, {"x": 1, "y": 2}):
        with pytest.raises(UsageError, match="give exactly one of x, y"):
            exactly_one("/a", **values)
    with pytest.raises(UsageError, match="x and y exclude each other"):
        at_most_one("/a", x=1, y=2)


def test_lists_are_read_once_and_texts_are_none() -> None:
    assert listed("/a", "l", iter([1, 2])) == [1, 2]
    assert listed("/a", "l", [], least=0) == []
    for text in ("ab", b"ab"):
        with pytest.raises(UsageError, match="l needs a list"):
            listed("/a", "l", text)
