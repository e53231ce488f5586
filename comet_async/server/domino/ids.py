"""Ids of 24 hex digits that say by themselves what they are of, so that none has to be kept."""

from __future__ import annotations

import itertools
from enum import IntEnum
from hashlib import blake2b

__all__ = ["Kind", "Names", "made_id", "place_of"]

_LENGTH = 24
_TAIL = "d0"
_DIGITS = 10


class Kind(IntEnum):
    """What a made-up thing is."""

    PROJECT = 0x61
    JOB = 0x62
    USER = 0x63
    ORGANIZATION = 0x64
    DATASET = 0x65
    SNAPSHOT = 0x66
    ENVIRONMENT = 0x67
    REVISION = 0x68
    GOAL = 0x69
    TAG = 0x6A
    DATA_SOURCE = 0x6B
    REPOSITORY = 0x6C
    MODEL_API = 0x6D
    MODEL_VERSION = 0x6E
    DEPLOYMENT = 0x6F
    OTHER = 0x70


def made_id(kind: Kind, first: int, second: int = 0) -> str:
    """Return the id of a made-up thing.

    Args:
        kind: What it is.
        first: Its number, or that of its owner; from 0.
        second: Its number within the owner.
    """
    return f"{kind:02x}{first:0{_DIGITS}x}{second:0{_DIGITS}x}{_TAIL}"


def place_of(kind: Kind, text: str) -> tuple[int, int] | None:
    """Return the two numbers of a made-up thing's id; None for any other text."""
    if len(text) != _LENGTH or text[:2] != f"{kind:02x}" or text[-2:] != _TAIL:
        return None
    try:
        found = int(text[2:12], 16), int(text[12:22], 16)
    except ValueError:
        return None
    return found if made_id(kind, *found) == text else None


class Names:
    """Gives ids to what is written."""

    def __init__(self, seed: str = "") -> None:
        """Start from the first one.

        Args:
            seed: Tells two such series apart.
        """
        self._seed = seed
        self._count = itertools.count(1)

    def __call__(self) -> str:
        """Return 24 hex digits that were not returned before."""
        text = f"{self._seed}{next(self._count)}".encode()
        return "ff" + blake2b(text, digest_size=11).hexdigest()
