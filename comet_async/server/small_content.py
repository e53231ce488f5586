"""File contents that are held in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["SmallContent"]


@dataclass(frozen=True, slots=True)
class SmallContent:
    """Some bytes as a content."""

    data: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    @property
    def etag(self) -> str:
        """MD5 of the bytes."""
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, the latter excluded."""
        return self.data[start:stop]
