"""Rows of which the made-up ones are made when asked for, and only what was written is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

__all__ = ["Table"]

Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows by id, in the order in which they came to be."""

    def __init__(
        self,
        count: int = 0,
        make: Callable[[int], tuple[str, Row]] | None = None,
        position: Callable[[str], int | None] | None = None,
    ) -> None:
        """Describe the made-up rows.

        Args:
            count: Number of made-up rows.
            make: Returns id and row of a position, from 0.
            position: Returns the position of an id, None for an id of something else.
        """
        self._count = count
        self._make = make
        self._position = position
        self._written: dict[str, Row] = {}
        self._added: list[str] = []
        self._dropped: set[int] = set()
        self._live: Sequence[int] = range(count)

    def _place(self, row_id: str) -> int | None:
        """Return the position of a made-up row that is still there."""
        found = None if self._position is None else self._position(row_id)
        if found is None or not 0 <= found < self._count or found in self._dropped:
            return None
        return found

    def get(self, row_id: str) -> Row | None:
        """Return a row by its id."""
        if row_id in self._written:
            return self._written[row_id]
        place = self._place(row_id)
        return None if place is None or self._make is None else self._make(place)[1]

    def put(self, row_id: str, row: Row) -> None:
        """Add a row, or replace one."""
        if row_id not in self._written and self._place(row_id) is None:
            self._added.append(row_id)
        self._written[row_id] = row

    def drop(self, row_id: str) -> bool:
        """Take a row away; return whether it was there."""
        place = self._place(row_id)
        known = place is not None or row_id in self._written
        if self._written.pop(row_id, None) is not None and place is None:
            self._added.remove(row_id)
        if place is not None:
            self._dropped.add(place)
            self._live = [item for item in self._live if item != place]
        return known

    def __len__(self) -> int:
        return len(self._live) + len(self._added)

    def __iter__(self) -> Iterator[Row]:
        yield from self.part(0, len(self))

    def part(self, start: int, stop: int, *, newest_first: bool = False) -> list[Row]:
        """Return the rows from one place to another, of all in order.

        Args:
            start: Rows to pass over.
            stop: Place of the first row that is not wanted any more.
            newest_first: Whether places count from the newest row.
        """
        size = len(self)
        places = range(min(start, size), min(stop, size))
        if newest_first:
            return [self._at(size - 1 - place) for place in places]
        return [self._at(place) for place in places]

    def _at(self, place: int) -> Row:
        if place < len(self._live) and self._make is not None:
            row_id, row = self._make(self._live[place])
            return self._written.get(row_id, row)
        return self._written[self._added[place - len(self._live)]]
