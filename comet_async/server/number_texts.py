"""Many finite numbers that look like their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import msgspec

__all__ = ["NumberTexts"]


class NumberTexts(Sequence[str]):
    """The shortest text of each of some finite numbers, made when it is first asked for.

    Attributes:
        numbers: The numbers.
    """

    def __init__(self, numbers: Sequence[float]) -> None:
        """Write nothing yet.

        Args:
            numbers: Finite ones.
        """
        self.numbers = numbers

    @cached_property
    def json(self) -> bytes:
        """The numbers as a JSON array."""
        return msgspec.json.encode(self.numbers)

    @cached_property
    def texts(self) -> list[str]:
        """The texts; taken from the JSON, which is several times faster than `repr` of each."""
        return self.json[1:-1].decode().split(",") if self.numbers else []

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self.texts[at]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NumberTexts):
            return self.numbers == other.numbers
        return isinstance(other, Sequence) and self.texts == [*other]

    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have none either
