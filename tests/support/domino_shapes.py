"""Checks answers against the models of the facts, and makes bodies of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent.parent / "server" / "data"
OPERATIONS: dict[str, dict[str, Any]] = {
    fact["name"]: fact for fact in json.loads((FACTS / "domino-operations.json").read_text("utf-8"))
}
MODELS: dict[str, dict[str, Any]] = {
    fact["name"]: fact for fact in json.loads((FACTS / "domino-models.json").read_text("utf-8"))
}
PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
}


def fields_of(model: str) -> dict[str, dict[str, Any]]:
    """Return the members of a model by wire name, inherited ones included."""
    fact = MODELS[model]
    inherited: dict[str, dict[str, Any]] = {}
    for base in fact.get("extends", ()):
        inherited |= fields_of(base)
    own = {field.get("wire_name", field["name"]): field for field in fact["fields"]}
    return inherited | own


def problems(model: str, value: object, where: str = "") -> Iterator[str]:
    """Give what is wrong with a value of a model, or of a plain type."""
    if model in PLAIN:
        if not _is_plain(model, value):
            yield f"{where}: {value!r} is no {model}"
        return
    fact = MODELS[model]
    if fact["kind"] == "enum":
        yield from _enum_problems(fact["values"], value, where)
    elif fact["kind"] == "alias":
        yield from problems(fact["of"], value, where)
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
    elif fact["kind"] == "map":
        for key, item in value.items():
            yield from problems(fact["value_type"], item, f"{where}/{key}")
    else:
        yield from _object_problems(model, value, where)


def _is_plain(kind: str, value: object) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, PLAIN[kind])


def _enum_problems(values: list[str], value: object, where: str) -> Iterator[str]:
    if not isinstance(value, str) or value.lower() not in {item.lower() for item in values}:
        yield f"{where}: {value!r} is none of {values}"


def _object_problems(model: str, value: Mapping[str, object], where: str) -> Iterator[str]:
    fields = fields_of(model)
    paged = "PaginationV1" in MODELS[model].get("extends", ())
    for name in value.keys() - fields.keys() - ({"pagination"} if paged else set()):
        yield f"{where}/{name}: no member of {model}"
    for name, field in fields.items():
        if name not in value:
            if field.get("required") and not (paged and name in {"limit", "offset", "pagination"}):
                yield f"{where}/{name}: missing"
            continue
        yield from _member_problems(field, value[name], f"{where}/{name}")


def _member_problems(field: dict[str, Any], value: object, where: str) -> Iterator[str]:
    if value is None:
        if not field.get("nullable"):
            yield f"{where}: null"
        return
    rows = [value]
    if field.get("list"):
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
            return
        rows = value
    for at, row in enumerate(rows):
        if field.get("values") and field["type"] == "string":
            yield from _enum_problems(field["values"], row, f"{where}/{at}")
        elif field.get("format") == "date-time":
            yield from _time_problems(row, where)
        else:
            yield from problems(field["type"], row, f"{where}/{at}")


def _time_problems(value: object, where: str) -> Iterator[str]:
    try:
        zone = datetime.fromisoformat(str(value)).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        yield f"{where}: {value!r} is no time with a zone"


def body_of(model: str, at: int = 0) -> Any:
    """Return a body of a model, with all members that it must have."""
    if model in PLAIN:
        plain: dict[str, object] = {"string": f"text-{at}", "integer": 1, "number": 0.5}
        return plain.get(model, True if model == "boolean" else {})
    fact = MODELS[model]
    if fact["kind"] == "enum":
        return fact["values"][0]
    if fact["kind"] == "alias":
        return body_of(fact["of"], at)
    if fact["kind"] == "map":
        return {"key": body_of(fact["value_type"], at)}
    found: dict[str, Any] = {}
    for name, field in fields_of(model).items():
        if field.get("required"):
            named = field.get("values")
            one = named[0] if named else body_of(field["type"], at)
            one = "2024-01-01T00:00:00Z" if field.get("format") == "date-time" else one
            found[name] = [one] if field.get("list") else one
    return found
