"""A small asynchronous client, and its blocking classes, as `API` and its experiments are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import anyio

from comet_async.errors import UsageError

__all__ = ["Library", "Shelf"]


class Shelf:
    """One shelf of a library."""

    def __init__(self, library: Library, name: str) -> None:
        self._library = library
        self._name = name

    def __repr__(self) -> str:
        return f"Shelf({self._name!r})"

    @property
    def library(self) -> Library:
        """The library that it is in."""
        return self._library

    async def count(self, *, of: str | None = None) -> int:
        """Return how many books it has.

        Args:
            of: Only those of an author.
        """
        await self._library.ask()
        return len(self._name) if of is None else 1

    async def neighbours(self) -> dict[str, list[Shelf]]:
        """Return the shelves on both sides."""
        return {"left": [Shelf(self._library, "l")], "right": []}


class Library:
    """A library.

    Args:
        name: Its name.
    """

    def __init__(self, name: str = "main") -> None:
        self._name = name
        self.is_open = False

    @classmethod
    async def found(cls, name: str) -> Self:
        """Return a new library."""
        await anyio.lowlevel.checkpoint()
        return cls(name)

    async def __aenter__(self) -> Self:
        self.is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the doors."""
        self.is_open = False

    async def ask(self) -> None:
        """See that it is open."""
        await anyio.lowlevel.checkpoint()
        if not self.is_open:
            raise UsageError("the library is closed")

    def rename(self, name: str) -> str:
        """Give it another name and return the old one."""
        self._name, old = name, self._name
        return old

    async def shelves(self) -> AsyncIterator[Shelf]:
        """Give the shelves, one after the other."""
        for name in ("a", "bb", "ccc"):
            await self.ask()
            yield Shelf(self, name)

    async def holds(self, shelf: Shelf) -> bool:
        """Tell whether a shelf is in it."""
        return shelf.library is self

    @asynccontextmanager
    async def reading(self, first: int = 0) -> AsyncGenerator[AsyncIterator[Shelf]]:
        """Give the shelves as long as the block lasts."""
        del first
        yield self.shelves()
