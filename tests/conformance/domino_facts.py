"""Facts of the Domino wire, and calls that use every argument that they name."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from comet_async import domino
from comet_async.request import Request
from comet_async.wire import Flat, Open, Shared

HERE = Path(__file__).parent
OPERATIONS: dict[str, dict[str, Any]] = {
    fact["name"]: fact for fact in json.loads((HERE / "domino-endpoints.json").read_text("utf-8"))
}
MODELS: dict[str, dict[str, Any]] = {
    fact["name"]: fact for fact in json.loads((HERE / "domino-models.json").read_text("utf-8"))
}
ALL = sorted(OPERATIONS)
WRITES = [name for name in ALL if OPERATIONS[name]["verb"] != "GET"]
# Acronyms that a wire name has in capitals.
WORDS = (("GiB", "Gib"), ("MB", "Mb"), ("ID", "Id"), ("URL", "Url"))


def snake(wire: str) -> str:
    """Return the name of an argument or field of ours by its name on the wire."""
    for capitals, word in WORDS:
        wire = wire.replace(capitals, word)
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1], wire).lower()


def _classes() -> Iterator[type[Any]]:
    """Give every public class of the catalogue that is a struct or an enumeration."""
    for path in sorted(Path(domino.__file__).parent.glob("*.py")):
        module = import_module(f"comet_async.domino.{path.stem}")
        for name, found in vars(module).items():
            ours = inspect.isclass(found) and found.__module__ == module.__name__
            if ours and not name.startswith("_") and issubclass(found, (msgspec.Struct, Open)):
                yield found


CLASSES = {kind.__name__: kind for kind in _classes()}


OPEN: dict[str, type[Open]] = {
    name: kind for name, kind in CLASSES.items() if issubclass(kind, Open)
}


def model_told(kind: type[Any]) -> str | None:
    """Return the model that a class says it is."""
    found = re.search(r"^Wire model: (\w+)\.$", inspect.getdoc(kind) or "", re.MULTILINE)
    return found[1] if found else None


BY_MODEL: dict[str, type[Any]] = {
    model: kind for kind in CLASSES.values() if (model := model_told(kind)) is not None
}


def fields_of(model: str) -> list[dict[str, Any]]:
    """Return the fields of a model, those of the models that it extends first."""
    fact = MODELS[model]
    inherited = [field for base in fact.get("extends", ()) for field in fields_of(base)]
    return [*inherited, *fact["fields"]]


def without_none(annotation: Any) -> Any:
    """Return an annotation without its None."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        rest = [arm for arm in typing.get_args(annotation) if arm is not types.NoneType]
        rest = [float] if rest == [int, float] else rest  # a number that loses no digit
        assert len(rest) == 1, annotation
        return rest[0]
    return annotation


def shape(annotation: Any) -> object:
    """Return an annotation as plain data: what it is without the question whether it is given."""
    kind = without_none(annotation)
    origin, arms = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return kind
    if issubclass(origin, Mapping):
        return {"*": shape(arms[1])}
    return [shape(arms[0])]


def body_model(name: str) -> str | None:
    """Return the model of an operation's body, the one of newer servers where ours is that."""
    fact = OPERATIONS[name]
    return fact.get("newer_body", fact["body"])  # type: ignore[no-any-return]  # facts are plain data


def body_argument(name: str) -> tuple[str, Any] | None:
    """Return the argument that is a whole body, with its struct, or `Mapping` for any members."""
    parameters = inspect.signature(domino.ENDPOINTS[name], eval_str=True).parameters
    model = MODELS.get(body_model(name) or "", {})
    for parameter in parameters.values():
        kind = without_none(parameter.annotation)
        if inspect.isclass(kind) and model_told(kind) == model.get("name", ""):
            return parameter.name, kind
        if model.get("opaque") and typing.get_origin(kind) is Mapping:
            return parameter.name, Mapping
    return None


def members_of(name: str) -> list[dict[str, Any]]:
    """Return the wire parameters of an operation, then the members of its body that stand alone.

    A member of the body that is in the path as well comes once, as a member of the body.
    """
    fact = OPERATIONS[name]
    model = body_model(name)
    alone = [] if model is None or body_argument(name) else MODELS[model]["fields"]
    twice = {field["name"] for field in alone}
    newer = [
        {"name": wire, "in": "query", "type": None, "required": False}
        for wire in fact.get("newer_params", ())
    ]
    params = [param for param in fact["params"] if param["name"] not in twice]
    return [*params, *newer, *({**field, "in": "body"} for field in alone)]


def some(annotation: Any, *, full: bool = True) -> Any:
    """Return a value of a type; a struct with every member or only with those that it needs."""
    kind = without_none(annotation)
    origin, arms = typing.get_origin(kind), typing.get_args(kind)
    if origin is not None and issubclass(origin, Mapping):
        return {"k": some(arms[1], full=full)}
    if origin is not None:
        return [some(arms[0], full=full)]
    if inspect.isclass(kind) and issubclass(kind, Open):
        return next(iter(kind))
    if inspect.isclass(kind) and issubclass(kind, Flat):
        fields = msgspec.structs.fields(kind)
        needed = kind.needed if issubclass(kind, Shared) else frozenset[str]()
        return kind(
            **{
                field.name: some(field.type, full=full)
                for field in fields
                if full or field.required or field.name in needed
            }
        )
    return {str: "some text", int: 3, float: 0.5, bool: True, object: "any"}[kind]


def calls(name: str) -> tuple[Request[Any], Request[Any]]:
    """Return the smallest call of an operation, and the one with every argument."""
    endpoint = domino.ENDPOINTS[name]
    parameters = inspect.signature(endpoint, eval_str=True).parameters.values()
    smallest = {
        found.name: some(found.annotation, full=False)
        for found in parameters
        if found.default is found.empty
    }
    everything = {found.name: some(found.annotation) for found in parameters}
    return endpoint(**smallest), endpoint(**everything)


def sent(request: Request[Any]) -> dict[str, str]:
    """Return where each wire name stands in a request."""
    body: dict[str, Any] = json.loads(request.body) if request.body else {}
    return {
        **{name: "query" for name, _ in request.query},
        **{name: "path" for name, _ in request.path_params},
        **dict.fromkeys(body, "body"),
    }


def answer(name: str) -> Any:
    """Return the type of an operation's answer."""
    return calls(name)[0].answer
