"""All outcomes of a fan-out at once."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from itertools import chain
from typing import Generic, TypeVar

import msgspec

from comet_async.arrow_shapes import ArrowTable
from comet_async.errors import CometAsyncError
from comet_async.redaction import shortened
from comet_async.shown import Shown, Table, short_table
from comet_async.tabular import Tabular, tables_by_key

__all__ = ["Collected"]

K = TypeVar("K")
T = TypeVar("T")

_PLAIN = frozenset({bytes, dict, list, str, tuple})


class Collected(Shown, Tabular, msgspec.Struct, Generic[K, T], frozen=True):
    """All outcomes of a fan-out, in memory; the results also as one table.

    Attributes:
        ok: Results by key.
        failed: Errors by key.
    """

    ok: Mapping[K, T]
    failed: Mapping[K, CometAsyncError]

    def to_arrow(self) -> ArrowTable:
        """Return the results as one pyarrow table, each row under its key in the column `key`.

        A list gives a row for each item, a struct one of its members, anything else one with the
        column `value`. Columns that have no common type hold text. What failed has no row.

        Raises:
            UsageError: pyarrow is missing; the message says what to install.
        """
        return tables_by_key(self.ok.items())

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
    """Return an error in its own words; of a result its beginning, as answers tell it."""
    if isinstance(value, CometAsyncError):
        return str(value)
    return reprlib.repr(value) if type(value) in _PLAIN else shortened(repr(value))
