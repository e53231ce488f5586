"""Values of the right shape for any model, and checks of what is sent in."""

from __future__ import annotations

from collections.abc import Mapping

from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.facts import Model, Shape, facts, shape
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.spec import EPOCH
from comet_async.server.records import Json, JsonObject

__all__ = ["example", "fitted", "problem"]

_DEEPEST = 6
_LISTED = 2
_PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date-time": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
}


def example(model: str, at: int = 0, *, depth: int = 0) -> Json:
    """Return a made-up value of a model, or of a plain type.

    Args:
        model: Its name.
        at: Number of the value: equal numbers give equal values.
        depth: How deep it lies; deep down, members that need not be there are left out.
    """
    known = facts().models.get(model)
    if known is None:
        return _plain(model, "value", at)
    if known.values:
        return known.values[at % len(known.values)]
    if known.map:
        return {"key": _plain(known.map, "value", at)}
    if known.alias:
        return _plain(known.alias, "value", at) if known.example is None else known.example
    shapes = {name: shape(text) for name, text in known.fields.items()}
    return {
        name: _member(item, name, at, depth)
        for name, item in shapes.items()
        if item.required or depth < _DEEPEST
    }


def _member(item: Shape, name: str, at: int, depth: int) -> Json:
    if item.mapped:
        inner: Json = _one(item, name, at, depth)
        return {"key": [inner] if item.many else inner}
    if item.many:
        return [_one(item, name, at + step, depth) for step in range(_LISTED)]
    return _one(item, name, at, depth)


def _one(item: Shape, name: str, at: int, depth: int) -> Json:
    if item.values:
        return item.values[at % len(item.values)]
    if item.name in _PLAIN:
        return _plain(item.name, name, at)
    return example(item.name, at, depth=depth + 1)


def _plain(kind: str, name: str, at: int) -> Json:
    """Return a plain value, whose text says what it is of."""
    if kind == "string":
        return made_id(Kind.OTHER, at) if name.endswith(("id", "Id", "Ids")) else f"{name} {at + 1}"
    values: dict[str, Json] = {
        "date-time": rfc3339(EPOCH + 60 * at),
        "integer": at + 1,
        "number": at + 0.5,
        "boolean": False,
        "object": {},
    }
    return values[kind]


def fitted(model: str, base: Mapping[str, Json], changes: Mapping[str, Json]) -> JsonObject:
    """Return a row with those changes that are members of its model."""
    fields = _model(model).fields
    return {**base, **{name: value for name, value in changes.items() if name in fields}}


def _model(name: str) -> Model:
    return facts().models[name]


def problem(model: str, value: Json, where: str = "") -> str | None:
    """Return what is wrong with a body, None when it fits its model.

    Args:
        model: Name of the model, or of a plain type.
        value: The body, or a member of it.
        where: Path of the member within the body.
    """
    known = facts().models.get(model)
    if known is None:
        return None if _is_plain(model, value) else f"{where}: {model} is expected"
    if known.values or known.alias:
        kind = known.alias or "string"
        return None if _is_plain(kind, value) else f"{where}: {kind} is expected"
    if not isinstance(value, dict):
        return f"{where or 'body'}: an object is expected"
    for name, text in known.fields.items():
        found = _member_problem(shape(text), value.get(name), f"{where}/{name}")
        if found is not None:
            return found
    return None


def _member_problem(item: Shape, value: Json, where: str) -> str | None:
    if value is None:
        return f"{where} is required" if item.required else None
    if item.mapped:
        return None if isinstance(value, dict) else f"{where}: an object is expected"
    if not item.many:
        return problem(item.name, value, where)
    if not isinstance(value, list):
        return f"{where}: a list is expected"
    found = (problem(item.name, row, f"{where}/{at}") for at, row in enumerate(value))
    return next((text for text in found if text is not None), None)


def _is_plain(kind: str, value: Json) -> bool:
    if isinstance(value, bool) and kind in {"integer", "number"}:
        return False
    return isinstance(value, _PLAIN[kind])
