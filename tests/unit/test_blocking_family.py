"""Blocking classes made of asynchronous ones."""

from __future__ import annotations

import gc
import inspect
import threading

import pytest

from comet_async.errors import UsageError
from tests.support import blocking_example
from tests.support.blocking_example_made import Library, Shelf
from tests.support.blocking_stubs import ROOT, STUBS, Stub, render


def portals() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "comet-async-portal"]


def test_members_wait_and_give_blocking_objects() -> None:
    with Library("city") as library:
        shelves = list(library.shelves())
        assert [type(shelf) for shelf in shelves] == [Shelf] * 3
        assert repr(shelves[1]) == "Shelf('bb')"
        assert [shelf.count() for shelf in shelves] == [1, 2, 3]
        assert shelves[0].count(of="Borges") == 1
        assert library.holds(shelves[0])
        assert shelves[0].library == library
        assert type(shelves[0].neighbours()["left"][0]) is Shelf
        assert library.rename("town") == "city"
        assert vars(library.asynchronous)["is_open"]
        with library.reading(first=1) as reading:
            assert type(next(reading)) is Shelf
    assert not vars(library.asynchronous)["is_open"]
    with pytest.raises(UsageError, match="closed; make another one"):
        library.ask()
    assert portals() == []


def test_a_class_method_gives_an_open_object_of_its_own() -> None:
    library = Library.found("new")
    assert type(library) is Library
    library.ask()
    assert len(portals()) == 1
    library.close()
    library.close()
    assert portals() == []


def test_a_child_keeps_its_owner_open() -> None:
    shelf = next(Library("kept").shelves())
    gc.collect()
    assert shelf.count() == 1
    shelf.library.close()  # it is not that object's to close
    assert shelf.count() == 1
    vars(shelf)["_owner"].close()
    assert portals() == []


def test_what_could_not_be_made_has_a_repr() -> None:
    with pytest.raises(TypeError) as caught:
        Library(nothing=1)  # type: ignore[call-arg]  # what is wrong
    made = [entry.locals.get("self") for entry in caught.traceback]
    assert "<Library, not made>" in [repr(one) for one in made if isinstance(one, Library)]


def test_names_signatures_and_docstrings_are_kept() -> None:
    assert (Library.__name__, Library.__module__) == (
        "Library",
        "tests.support.blocking_example_made",
    )
    assert Library.__doc__ == blocking_example.Library.__doc__
    assert str(inspect.signature(Library)) == "(name: 'str' = 'main') -> 'None'"
    assert Shelf.count.__doc__ == blocking_example.Shelf.count.__doc__
    assert str(inspect.signature(Library.shelves)) == "(self) -> 'Iterator[Shelf]'"
    assert not inspect.iscoroutinefunction(Shelf.count)
    assert Shelf.library.__doc__ == "The library that it is in."


@pytest.mark.parametrize("stub", STUBS, ids=[stub.path for stub in STUBS])
def test_stubs_are_up_to_date(stub: Stub) -> None:
    assert (ROOT / stub.path).read_text("utf-8") == render(stub)
