"""One request as a handler of an operation sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from comet_async.server.domino.facts import Operation, parameter
from comet_async.server.domino.pages import Page, PagingStyle
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

if TYPE_CHECKING:
    from comet_async.server.domino.world import World

__all__ = ["Answered", "Call", "Handler", "Octets"]

_TRUE = {"true", "1", "yes"}
_MOST_DIGITS = 19
_LATER_OFFSET = 25
"""Default of an `offset` for which earlier releases document none."""


@dataclass(frozen=True, slots=True)
class Octets:
    """An answer that is no JSON document, or that is one already."""

    body: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        world: What there is.
        operation: What is asked.
        path: Path parameters, decoded.
        query: Values of each query member.
        body: The JSON body, empty without one.
        request_id: Id of the exchange.
        paging: How listings look.
        newer: Whether the later release's path was asked.
        newest: Whether to answer as the latest release does.
    """

    world: World
    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "Sequence[str]"])
    body: JsonObject = field(default_factory=dict[str, Json])
    request_id: str = ""
    paging: PagingStyle = field(default_factory=PagingStyle)
    newer: bool = False
    newest: bool = False

    def text(self, name: str) -> str:
        """Return a query member, or its default; "" when there is neither."""
        given = self.query.get(name)
        if given:
            return given[-1]
        return parameter(self.operation.query.get(name, "string")).default or ""

    def texts(self, name: str) -> Sequence[str]:
        """Return all values of a query member that may be repeated."""
        return self.query.get(name, ())

    def flag(self, name: str) -> bool:
        """Return a boolean query member; False when absent."""
        return self.text(name).lower() in _TRUE

    def integer(self, name: str) -> int | None:
        """Return a whole-number query member, or its default; None when there is neither.

        Raises:
            ApiError: It is no whole number, or negative.
        """
        text = self.text(name)
        if not text:
            return None
        if not text.isdecimal() or len(text) > _MOST_DIGITS:
            raise ApiError(400, f"Invalid value for {name}: {text[:40]}")
        return int(text)

    def page(self) -> Page:
        """Return the part of a listing that is asked for.

        Raises:
            ApiError: A number is none.
        """
        limit, cap = self.integer("limit"), self.paging.cap
        if cap is not None:
            limit = cap if limit is None else min(limit, cap)
        offset = self.integer("offset")
        if offset is None:
            offset = _LATER_OFFSET if self.newest else 0
        return Page(offset, limit)

    def member(self, name: str) -> str:
        """Return a text of the body.

        Raises:
            ApiError: It is missing, or no text.
        """
        value = self.body.get(name)
        if not isinstance(value, str):
            raise ApiError(400, f"{name}: a text is expected", shape="message")
        return value

    def metadata(self) -> JsonObject:
        """Return the `metadata` of an answer that has no pages."""
        return {"requestId": self.request_id, "notices": []}

    def one(self, name: str, row: Json) -> JsonObject:
        """Return an answer that holds one thing."""
        return {name: row, "metadata": self.metadata()}

    def listing(self, name: str, rows: list[Json], page: Page, size: int) -> JsonObject:
        """Return an answer that holds a page of things.

        Args:
            name: Member that holds them.
            rows: Those of the page.
            page: Which page.
            size: Rows of all pages.
        """
        told = self.paging.metadata(page.numbers(size))
        return {name: rows, "metadata": {**self.metadata(), **told}}

    def done(self) -> JsonObject:
        """Return the answer that something was taken away."""
        return {"success": True, "metadata": self.metadata()}


Answered: TypeAlias = "JsonObject | list[Json] | Octets | None"
Handler: TypeAlias = Callable[[Call], Answered]
