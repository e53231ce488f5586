"""What an annotation of an endpoint means for an option."""

from __future__ import annotations

import collections.abc
import types
import typing
from typing import BinaryIO

import msgspec

from comet_async.wire import Shared

__all__ = ["file_kind", "list_item", "needed", "struct_kind", "without_none"]

_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)


def _arms(annotation: object) -> tuple[object, ...]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return typing.get_args(annotation)
    return (annotation,)


def without_none(annotation: object) -> object:
    """Return the one type besides None; `object` where there are several."""
    arms = [arm for arm in _arms(annotation) if arm is not types.NoneType]
    return arms[0] if len(arms) == 1 else object


def file_kind(annotation: object) -> bool:
    """Tell whether a file can be given."""
    return BinaryIO in _arms(annotation)


def list_item(annotation: object) -> object | None:
    """Return the type of a list's items; None for what is no list."""
    kind = without_none(annotation)
    arguments = typing.get_args(kind)
    return arguments[0] if typing.get_origin(kind) in _LISTS and arguments else None


def struct_kind(annotation: object) -> type[msgspec.Struct] | None:
    """Return the struct that is wanted; None for anything else."""
    kind = without_none(annotation)
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def needed(kind: type[msgspec.Struct]) -> frozenset[str]:
    """Return the fields without which a struct cannot be sent."""
    if issubclass(kind, Shared):
        return kind.needed
    return frozenset(field.name for field in msgspec.structs.fields(kind) if field.required)
