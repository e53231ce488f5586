"""Only type-checked, never run: what blocking code gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

from comet_async import Collected, Failed, Ok, Paged, Request, Session, blocking, harvest
from comet_async.errors import CometAsyncError
from tests.support.blocking_example_made import Library, Shelf


def sending(session: blocking.Session, numbers: Request[dict[str, int]]) -> None:
    assert_type(session.send(numbers), dict[str, int])
    pairs = [("a", numbers)]
    assert_type(session.collect(pairs), Collected[str, dict[str, int]])
    with session.fan_out(pairs) as outcomes:
        for outcome in outcomes:
            match outcome:
                case Ok(key, value):
                    assert_type(key, str)
                    assert_type(value, dict[str, int])
                case Failed(key, error):
                    assert_type(error, CometAsyncError)
    session.download(numbers, "x")  # type: ignore[arg-type]  # only octets are streamed


def listing(session: blocking.Session, paged: Paged[list[str], str]) -> None:
    assert_type(session.items(paged), Iterator[str])


async def plain(session: Session, count: int, *, name: str = "") -> list[str]:
    return [name] * count


def calling(session: blocking.Session, plan: harvest.Plan) -> None:
    assert_type(blocking.call(harvest.run, session, plan, Path("lake")), harvest.Report)
    assert_type(blocking.call(plain, session, 1, name="x"), list[str])
    assert_type(blocking.call(plain, session.asynchronous, 1), list[str])
    blocking.call(plain, session, "one")  # type: ignore[call-overload]  # it is no int


def made() -> None:
    with Library("city") as library:
        assert_type(library, Library)
        for shelf in library.shelves():
            assert_type(shelf, Shelf)
            assert_type(shelf.count(of="x"), int)
        with library.reading() as shelves:
            assert_type(next(shelves), Shelf)
        assert_type(Library.found("x"), Library)
