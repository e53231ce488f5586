"""Where each field of a lake goes in another tracker, or why it is lost there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

__all__ = [
    "LostField",
    "Place",
    "Places",
    "columns_in",
    "in_file",
    "lost",
    "place_of",
    "places_as_markdown",
    "to",
]


class Place(msgspec.Struct, frozen=True):
    """What becomes of one field.

    Attributes:
        to: Where it goes; None where it is lost.
        why: Why it is lost; None where it is carried.
    """

    to: str | None = None
    why: str | None = None


Places: TypeAlias = Mapping[str, Mapping[str, Place] | Place]
"""For each table the place of each column; one place where it is that of all of them."""


class LostField(msgspec.Struct, frozen=True):
    """A field that holds values in a lake and has no place in the other tracker.

    Attributes:
        table: Table of the lake.
        column: Column of that table; `*` for all of them.
        values: How many values are lost.
        why: Why.
    """

    table: str
    column: str
    values: int
    why: str


def to(**places: str) -> dict[str, Place]:
    """Return columns that are carried, each with where it goes."""
    return {column: Place(to=place) for column, place in places.items()}


def in_file(file: str, columns: str) -> dict[str, Place]:
    """Return columns that are carried in a file, named in one text."""
    return {column: Place(to=file) for column in columns.split()}


def lost(why: str, columns: str) -> dict[str, Place]:
    """Return columns that are lost for one reason, named in one text."""
    return {column: Place(why=why) for column in columns.split()}


def place_of(places: Places, table: str, column: str) -> Place | None:
    """Return what becomes of a field, None where nobody has decided it."""
    found = places.get(table)
    if found is None and table.startswith("domino_"):
        found = places.get("domino_*")
    return found if isinstance(found, Place) or found is None else found.get(column)


def columns_in(places: Places, table: str, file: str, there: Iterable[str]) -> list[str]:
    """Return those columns of a table that go into a file, in the order of `there`."""
    found = [place_of(places, table, column) for column in there]
    return [c for c, place in zip(there, found, strict=True) if place and place.to == file]


def places_as_markdown(places: Places) -> str:
    """Return a table of Markdown that tells where each field goes, or why it is lost."""
    lines = ["| Table | Columns | Goes to |", "|---|---|---|"]
    for table, found in places.items():
        columns = {"all": found} if isinstance(found, Place) else found
        together: dict[Place, list[str]] = {}
        for column, place in columns.items():
            together.setdefault(place, []).append(column)
        for place, names in together.items():
            told = f"**lost**: {place.why}" if place.to is None else place.to
            shown = "all" if names == ["all"] else ", ".join(f"`{name}`" for name in names)
            lines.append(f"| `{table}` | {shown} | {told} |")
    return "\n".join(lines)
