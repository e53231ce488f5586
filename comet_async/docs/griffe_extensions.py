"""What griffe does not see by itself: methods that only stubs have, examples, makers of structs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module

import griffe
import msgspec

__all__ = ["Examples", "Structs", "StubOverloads"]

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\n).*)*", re.MULTILINE)


class StubOverloads(griffe.Extension):
    """Makes a method of overloads that have no implementation beside them, as in a stub."""

    def on_class(self, *, cls: griffe.Class, **_: object) -> None:
        """Add the methods that a class has as overloads alone."""
        overloads: Mapping[str, list[griffe.Function]] = cls.overloads
        for name, forms in overloads.items():
            if forms and name not in cls.members:
                cls.set_member(name, forms[-1])
                forms[-1].overloads = [*forms]


class Examples(griffe.Extension):
    """Fences lines that a doctest runs, so that they are shown as code."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Fence the examples of one docstring."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)


class Structs(griffe.Extension):
    """Gives msgspec's structs the signature that they are made with, read from the classes."""

    def on_package(self, *, pkg: griffe.Module, **_: object) -> None:
        """Add `__init__` to every struct of a package."""
        for found in _classes(pkg):
            kind: object = getattr(import_module(found.module.path), found.name, None)
            if "__init__" in found.members or not isinstance(kind, type):
                continue
            if issubclass(kind, msgspec.Struct):
                found.set_member("__init__", _maker(found, inspect.signature(kind)))


def _classes(module: griffe.Module) -> Iterator[griffe.Class]:
    """Give the classes that a module and those below it define for others."""
    for name, member in module.members.items():
        if member.is_alias:
            continue
        if isinstance(member, griffe.Module):
            yield from _classes(member)
        elif isinstance(member, griffe.Class) and name in {*map(str, module.exports or ())}:
            yield member


def _maker(found: griffe.Class, signature: inspect.Signature) -> griffe.Function:
    members = {**found.inherited_members, **found.members}
    parameters = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
    for name, given in signature.parameters.items():
        member = members.get(name)
        attribute = member.final_target if isinstance(member, griffe.Alias) else member
        parameters.append(
            griffe.Parameter(
                name,
                annotation=_annotation(attribute),
                kind=griffe.ParameterKind(given.kind.description),
                default=_default(given),
            )
        )
    return griffe.Function("__init__", parameters=griffe.Parameters(*parameters))


def _annotation(attribute: griffe.Object | None) -> str | griffe.Expr | None:
    return attribute.annotation if isinstance(attribute, griffe.Attribute) else None


def _default(given: inspect.Parameter) -> str | None:
    """Return a default as it is written; what has no written form is `...`."""
    if given.default is given.empty:
        return None
    shown = repr(given.default)
    return "..." if shown.startswith("<") else shown
