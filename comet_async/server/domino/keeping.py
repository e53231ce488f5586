"""Handlers of the usual kinds: list, fetch, create, change and drop the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.facts import facts
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.shapes import example, fitted
from comet_async.server.domino.world import Rows
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["Kept"]

Chosen = Callable[[Call, JsonObject], bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing that is kept.

    Attributes:
        what: Its name in errors.
        model: Its model.
        rows: Returns the table that a request is about.
        member: Member of an answer that holds one; "" where an answer is the thing itself.
        members: Member of an answer that holds several; "" where an answer is a bare list.
        parameter: Path parameter that names one.
        key: Member that identifies one.
        made: Returns members of a new one that the server chooses.
    """

    what: str
    model: str
    rows: Callable[[Call], Rows]
    member: str = ""
    members: str = ""
    parameter: str = ""
    key: str = "id"
    made: Callable[[Call], Mapping[str, Json]] | None = None

    def find(self, call: Call) -> JsonObject:
        """Return the one that the path names.

        Raises:
            ApiError: There is none.
        """
        name = call.path[self.parameter]
        found = self.rows(call).get(name)
        if found is None:
            raise missing(self.what, name)
        return found

    def answer(self, call: Call, row: JsonObject) -> JsonObject:
        """Return the answer that holds one."""
        if not self.member:
            return row
        has_metadata = "metadata" in facts().models[call.operation.answer].fields
        return call.one(self.member, row) if has_metadata else {self.member: row}

    def put(self, call: Call, row: JsonObject) -> JsonObject:
        """Keep a row, and return the answer that holds it."""
        self.rows(call).put(str(row[self.key]), row)
        return self.answer(call, row)

    def new(self, call: Call, changes: Mapping[str, Json] | None = None) -> JsonObject:
        """Return a new row of what a body says; the server fills in what it does not say.

        Args:
            call: The request.
            changes: What to take in place of the body.
        """
        base = example(self.model)
        if not isinstance(base, dict):
            raise TypeError(f"{self.model} is no object")
        fields = facts().models[self.model].fields
        row = {name: value for name, value in base.items() if fields[name].endswith("!")}
        if "id" in fields:
            row["id"] = call.world.new_id()
        row |= self.made(call) if self.made is not None else {}
        return fitted(self.model, row, call.body if changes is None else changes)

    def list_page(self, call: Call, chosen: Chosen | None = None) -> Answered:
        """Return a page of them, or all where the answer is a bare list."""
        table = self.rows(call)
        if not self.members:
            return [*table]
        page = call.page()
        if chosen is None:
            size = len(table)
            return call.listing(
                self.members, [*table.part(page.offset, page.stop(size))], page, size
            )
        found = [row for row in table if chosen(call, row)]
        rows: list[Json] = [*found[page.offset : page.stop(len(found))]]
        return call.listing(self.members, rows, page, len(found))

    def lists(self, chosen: Chosen | None = None) -> Handler:
        """Return the handler that lists them.

        Args:
            chosen: Says whether a row is wanted; all are when None.
        """
        return lambda call: self.list_page(call, chosen)

    def fetches(self) -> Handler:
        """Return the handler that shows one."""
        return lambda call: self.answer(call, self.find(call))

    def creates(self, unique: str = "") -> Handler:
        """Return the handler that adds one.

        Args:
            unique: Member that no two have in common; "" for none.
        """

        def create(call: Call) -> Answered:
            row = self.new(call)
            if unique and any(item[unique] == row[unique] for item in self.rows(call)):
                raise ApiError(400, f"{self.what} {row[unique]} exists already")
            return self.put(call, row)

        return create

    def changes(self, *times: str) -> Handler:
        """Return the handler that changes one.

        Args:
            times: Members that are set to the present.
        """

        def change(call: Call) -> Answered:
            row = fitted(self.model, self.find(call), call.body)
            row |= dict.fromkeys(times, call.world.clock.text())
            old = str(self.find(call)[self.key])
            if str(row[self.key]) != old:
                self.rows(call).drop(old)
            return self.put(call, row)

        return change

    def drops(self, *, shown: bool = False) -> Handler:
        """Return the handler that takes one away.

        Args:
            shown: Whether the answer holds it once more.
        """

        def drop(call: Call) -> Answered:
            row = self.find(call)
            self.rows(call).drop(str(row[self.key]))
            if shown:
                return self.answer(call, row)
            return call.done() if call.operation.answer else None

        return drop
