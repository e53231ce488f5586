"""How a harvest tells what it does, while it does it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["HarvestProgress", "Silent"]


class HarvestProgress(Protocol):
    """Told of a harvest's progress, from its event loop; return quickly.

    Tables are named as in `TABLES`; the files of assets count under `files`. Finished never exceeds
    planned, and both are equal at the end of a run that nothing stopped.
    """

    def planned(self, table: str, items: int) -> None:
        """Take note of `items` more to do: experiments of a table, or files."""

    def finished(self, table: str, items: int, rows: int) -> None:
        """Take note of `items` more that have an end, whatever it is, and the rows in them."""

    def failed(self, table: str, items: int) -> None:
        """Take note that `items` of those that are over, told or about to be, have failed."""

    def received(self, size: int) -> None:
        """Take note of `size` more bytes from the wire, over all tables."""


class Silent:
    """Progress that nobody looks at."""

    def planned(self, table: str, items: int) -> None:
        """Do nothing."""

    def finished(self, table: str, items: int, rows: int) -> None:
        """Do nothing."""

    def failed(self, table: str, items: int) -> None:
        """Do nothing."""

    def received(self, size: int) -> None:
        """Do nothing."""
