"""The blocking classes of the example; the stub beside tells their types."""

from __future__ import annotations

from comet_async.blocking.family import Family
from tests.support import blocking_example

__all__ = ["Library", "Shelf"]

_family = Family(__name__)
Library = _family.add(blocking_example.Library)
Shelf = _family.add(blocking_example.Shelf)
