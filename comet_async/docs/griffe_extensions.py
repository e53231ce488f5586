"""What griffe does not see by itself: methods that only stubs have, examples in running text."""

from __future__ import annotations

import re
from collections.abc import Mapping

import griffe

__all__ = ["Examples", "StubOverloads"]

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
