"""The answer of an operation that has no rule of its own: of the right shape, and made up."""

from __future__ import annotations

from comet_async.server.domino.calls import Answered, Call, Octets
from comet_async.server.domino.facts import facts, shape
from comet_async.server.domino.shapes import example
from comet_async.server.records import Json

__all__ = ["generic"]

_PAGED = {"PaginatedMetadataV1", "TokenPaginatedMetadataV1"}


def generic(call: Call) -> Answered:
    """Return a made-up answer of an operation's model."""
    operation = call.operation
    if operation.octets:
        return Octets(b"made up\n")
    if not operation.answer:
        return None
    if operation.many:
        return [example(operation.answer, at) for at in range(2)]
    fields = facts().models[operation.answer].fields
    if shape(fields.get("metadata", "string")).name in _PAGED:
        return _paged(call)
    found = example(operation.answer)
    if isinstance(found, dict) and "requestId" in _members(found.get("metadata")):
        found["metadata"] = call.metadata()
    return found if isinstance(found, dict) else None


def _members(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _paged(call: Call) -> Answered:
    fields = facts().models[call.operation.answer].fields
    name = next(name for name in fields if name != "metadata")
    page, size = call.page(), 2
    rows = [example(shape(fields[name]).name, at) for at in range(size)]
    return call.listing(name, rows[page.offset : page.stop(size)], page, size)
