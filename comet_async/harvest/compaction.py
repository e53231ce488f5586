"""Parts of one table brought together: no stale rows, no heap of small files, the plan's order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from comet_async.harvest.arrow import Batch, PartReader
from comet_async.harvest.ledger import Ledger
from comet_async.harvest.ledger_parts import Part, Placed
from comet_async.harvest.parts import Store

__all__ = ["compact", "to_rewrite"]

_SMALL_ROWS = 500_000
_SMALL_BYTES = 16 * 1024 * 1024
_MOST_ROWS = 1_000_000
_MOST_BYTES = 64 * 1024 * 1024


def to_rewrite(parts: Sequence[Part]) -> list[Part]:
    """Return the parts to write anew: those with rows that no item points to, and small ones.

    One small part alone stays as it is, so that doing it again changes nothing.
    """
    living = [part for part in parts if part.live]
    stale = [part for part in living if part.live < part.rows]
    small = [part for part in living if part.live == part.rows and _small(part)]
    if len(small) == 1 and not stale:
        return []
    return sorted([*stale, *small], key=lambda part: part.id)


def _small(part: Part) -> bool:
    return part.rows < _SMALL_ROWS and part.bytes < _SMALL_BYTES


def compact(store: Store, ledger: Ledger) -> list[Part]:
    """Rewrite what should be, and return the parts that hold the whole table then. Blocks.

    Each new part is on disk and in the ledger before an old one is given up: a kill between leaves
    both, and the next run goes on.

    Raises:
        PartError: A part is damaged.
        DestinationError: The disk is full or failing.
    """
    chosen = to_rewrite(ledger.parts(store.table.name))
    if chosen:
        bytes_each = sum(part.bytes for part in chosen) / sum(part.rows for part in chosen)
        most = max(1, min(_MOST_ROWS, int(_MOST_BYTES / bytes_each)))
        reader = PartReader(store.table)
        try:
            placed = ledger.placed(store.table.name, [part.id for part in chosen])
            for group in _groups(placed, most):
                _rewrite(store, ledger, reader, group)
        finally:
            reader.close()
    return [part for part in ledger.parts(store.table.name) if part.live]


class _Group:
    """Items that become one part, packed: there may be as many as rows."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self.rows = 0

    def add(self, item: Placed) -> None:
        self._numbers.extend((item.subject, item.part, item.first, item.rows))
        self.rows += item.rows

    def __iter__(self) -> Iterator[Placed]:
        numbers = iter(self._numbers)
        return (Placed(*four) for four in zip(numbers, numbers, numbers, numbers, strict=True))


def _groups(items: Iterable[Placed], most: int) -> Iterator[_Group]:
    """Give items by about `most` rows together."""
    group = _Group()
    for item in items:
        group.add(item)
        if group.rows >= most:
            yield group
            group = _Group()
    if group.rows:
        yield group


def _runs(items: Iterable[Placed]) -> Iterator[tuple[int, int, int]]:
    """Give part, first row and number of rows, for items that follow each other in one part."""
    part, first, rows = 0, 0, 0
    for item in items:
        if item.part == part and item.first == first + rows:
            rows += item.rows
            continue
        if rows:
            yield part, first, rows
        part, first, rows = item.part, item.first, item.rows
    if rows:
        yield part, first, rows


def _rewrite(store: Store, ledger: Ledger, reader: PartReader, items: _Group) -> None:
    def rows() -> Iterator[Batch]:
        for part, first, count in _runs(items):
            yield from reader.batches(store.path(part), first, count)

    part = store.write(rows())
    ledger.moved(part, _moved(items, part.id))


def _moved(items: Iterable[Placed], part: int) -> Iterator[Placed]:
    """Give the places of items that follow each other in a new part."""
    first = 0
    for item in items:
        yield Placed(item.subject, part, first, item.rows)
        first += item.rows
