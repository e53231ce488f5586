"""What blocking objects have in common: an asynchronous one, and the portal that it lives in."""

from __future__ import annotations

from typing import cast

from comet_async.blocking.portal import Portal
from comet_async.shown import Shown

__all__ = ["Facade", "unwrapped"]


class Facade:
    """A blocking object.

    Args:
        asynchronous: What it stands for.
        portal: Where that lives.
    """

    def __init__(self, asynchronous: object, portal: Portal) -> None:
        self._asynchronous = asynchronous
        self._portal = portal

    @property
    def asynchronous(self) -> object:
        """What it stands for, to be used in the portal only."""
        return self._asynchronous

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facade) and self._asynchronous == other._asynchronous

    def __hash__(self) -> int:
        return hash(self._asynchronous)

    def __repr__(self) -> str:
        if "_asynchronous" not in vars(self):  # a traceback shows one that could not be made
            return f"<{type(self).__name__}, not made>"
        return repr(self._asynchronous)

    def _repr_html_(self) -> str | None:
        shown = vars(self).get("_asynchronous")
        if not isinstance(shown, Shown):
            return None
        return shown._repr_html_()  # pyright: ignore[reportPrivateUsage]


def unwrapped(value: object) -> object:
    """Return what a blocking object stands for, also in a list, tuple or dict; else the value."""
    if isinstance(value, Facade):
        return value.asynchronous
    if isinstance(value, list):
        return [unwrapped(item) for item in cast("list[object]", value)]
    if type(value) is tuple:
        return tuple(unwrapped(item) for item in cast("tuple[object, ...]", value))
    if type(value) is dict:
        members = cast("dict[object, object]", value)
        return {key: unwrapped(member) for key, member in members.items()}
    return value
