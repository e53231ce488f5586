"""All outcomes of a fan-out at once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Generic, TypeVar

import msgspec

from comet_async.errors import CometAsyncError
from comet_async.redaction import shortened
from comet_async.shown import Shown, Table, short_table

__all__ = ["Collected"]

K = TypeVar("K")
T = TypeVar("T")


class Collected(Shown, msgspec.Struct, Generic[K, T], frozen=True):
    """All outcomes of a fan-out, in memory.

    Attributes:
        ok: Results by key.
        failed: Errors by key.
    """

    ok: Mapping[K, T]
    failed: Mapping[K, CometAsyncError]

    def __repr__(self) -> str:
        return self._table().to_text()

    def _table(self) -> Table:
        """Show failures first: those are what one looks for."""
        found = chain(self.failed.items(), self.ok.items())
        return short_table(
            f"Collected {len(self.ok):,} ok, {len(self.failed):,} failed",
            ("key", "outcome"),
            ((_key_told(key), _outcome_told(value)) for key, value in found),
            total=len(self.ok) + len(self.failed),
        )


def _key_told(key: object) -> str:
    return key if isinstance(key, str) else shortened(repr(key))


def _outcome_told(value: object) -> str:
    """Return an error in its own words, of a result its beginning."""
    return str(value) if isinstance(value, CometAsyncError) else shortened(repr(value))
