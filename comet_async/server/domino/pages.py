"""Pages of rows, and what an answer says of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["Page", "PagingStyle", "cut", "next_token", "token_place"]

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PagingStyle:
    """How the pages of listings look, which differs from release to release.

    Attributes:
        nested: Whether the numbers lie under `metadata.pagination`, and not in `metadata` itself.
        total: Whether `totalCount` is told.
        cap: Most rows of a page, whatever is asked for; None for no cap.
    """

    nested: bool = False
    total: bool = True
    cap: int | None = None

    def metadata(self, numbers: JsonObject) -> JsonObject:
        """Return the members of `metadata` that tell of a page."""
        shown = {
            name: value for name, value in numbers.items() if self.total or name != "totalCount"
        }
        return {"pagination": shown} if self.nested else shown


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a listing that a request asks for.

    Attributes:
        offset: Rows to pass over.
        limit: Most rows to return; None for all.
    """

    offset: int
    limit: int | None

    def stop(self, size: int) -> int:
        """Return the place after the last row, of so many."""
        return size if self.limit is None else min(size, self.offset + self.limit)

    def numbers(self, size: int) -> JsonObject:
        """Return what is told of the page, of so many rows."""
        limit = size if self.limit is None else self.limit
        return {"offset": self.offset, "limit": limit, "totalCount": size}


def cut(rows: Sequence[Row], page: Page, shown: Callable[[Row], Json]) -> list[Json]:
    """Return the rows of a page as they are shown."""
    return [shown(row) for row in rows[page.offset : page.stop(len(rows))]]


def next_token(page: Page, size: int) -> str | None:
    """Return the token of the page after one, None where it is the last."""
    stop = page.stop(size)
    if stop >= size or page.limit == 0:
        return None
    return base64.urlsafe_b64encode(f"from:{stop}".encode()).decode()


def token_place(token: str) -> int:
    """Return the place that a token stands for.

    Raises:
        ApiError: It is none of this server.
    """
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError):
        text = ""
    head, _, place = text.partition(":")
    if head != "from" or not place.isdecimal():
        raise ApiError(400, "pageToken is not valid")
    return int(place)
