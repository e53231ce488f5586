"""Synthetic file contents: deterministic, any range computed without the rest."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["BLOCK", "SyntheticContent"]

BLOCK = 64 * 1024
_STAMP = 16
_HASHED_UP_TO = 64 * 1024 * 1024
_PART = 16 * 1024 * 1024


@lru_cache(maxsize=64)
def _pattern(identity: str) -> bytes:
    """Return one incompressible block that all blocks of a content share but for their stamp."""
    return random.Random(identity).randbytes(BLOCK)  # noqa: S311  deterministic test data


@dataclass(frozen=True, slots=True)
class SyntheticContent:
    """The bytes of a synthetic asset.

    Each block of 64 KiB ends with a stamp of its number, so no two blocks of a file are equal
    and a piece in the wrong place shows.

    Attributes:
        identity: What the bytes depend on, besides their position.
        size: Length in bytes.
    """

    identity: str
    size: int

    @property
    def etag(self) -> str:
        """MD5 up to 64 MiB; beyond, an opaque tag as multipart uploads have it."""
        if self.size <= _HASHED_UP_TO:
            return _md5(self)
        parts = -(-self.size // _PART)
        name = hashlib.md5(f"{self.identity}:{self.size}".encode(), usedforsecurity=False)
        return f"{name.hexdigest()}-{parts}"

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, the latter excluded; clipped to the size."""
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        blocks = b"".join(self._block(index) for index in range(first, last + 1))
        return blocks[start - first * BLOCK : stop - first * BLOCK]

    def _block(self, index: int) -> bytes:
        return _pattern(self.identity)[:-_STAMP] + b"%015d\n" % index


@lru_cache(maxsize=4096)
def _md5(content: SyntheticContent) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for start in range(0, content.size, BLOCK):
        digest.update(content.read(start, start + BLOCK))
    return digest.hexdigest()
