from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from comet_async.blocking.facade import Facade

__all__ = ["Library", "Shelf"]

class Library(Facade):
    """A library.

    Args:
        name: Its name.
    """

    def __init__(self, name: str = "main") -> None: ...
    @classmethod
    def found(cls, name: str) -> Self:
        """Return a new library."""

    def ask(self) -> None:
        """See that it is open."""

    def rename(self, name: str) -> str:
        """Give it another name and return the old one."""

    def shelves(self) -> Iterator[Shelf]:
        """Give the shelves, one after the other."""

    def holds(self, shelf: Shelf) -> bool:
        """Tell whether a shelf is in it."""

    def reading(self, first: int = 0) -> AbstractContextManager[Iterator[Shelf]]:
        """Give the shelves as long as the block lasts."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None:
        """Close it, as leaving a `with` block does."""

class Shelf(Facade):
    """One shelf of a library."""

    def __init__(self, library: Library, name: str) -> None: ...
    @property
    def library(self) -> Library:
        """The library that it is in."""

    def count(self, *, of: str | None = None) -> int:
        """Return how many books it has.

        Args:
            of: Only those of an author.
        """

    def neighbours(self) -> dict[str, list[Shelf]]:
        """Return the shelves on both sides."""
