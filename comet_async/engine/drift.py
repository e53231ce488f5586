"""Members that a server sends and an answer type does not know: the drift of an API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, cast

from msgspec import inspect

from comet_async.engine.decode import decode

__all__ = ["unknown_members"]

T = TypeVar("T")

_LISTS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.CollectionType,
    inspect.VarTupleType,
)


def unknown_members(body: bytes, answer: type[T]) -> tuple[str, ...]:
    """Return the paths of members that `answer` has no field for, each once and sorted.

    Decoding passes over such members; this tells of them, for whoever asks:
    `unknown_members(await session.send(request.returning(bytes)), request.answer)`.

    Args:
        body: A JSON document.
        answer: Type that it is decoded as.

    Returns:
        Paths as "$.metrics[].newMember"; `[]` stands for any element, `{}` for any value of a map.

    Raises:
        DecodeError: The body is no JSON.

    >>> import msgspec
    >>> class Run(msgspec.Struct):
    ...     name: str
    >>> unknown_members(b'[{"name": "a", "colour": 3}]', list[Run])
    ('$[].colour',)
    """
    document = decode(body, object)
    return tuple(sorted(set(_unknown(document, (inspect.type_info(answer),), "$"))))


def _unknown(value: object, kinds: tuple[inspect.Type, ...], path: str) -> Iterator[str]:
    """Give the paths of what none of `kinds` has a field for."""
    arms = [arm for kind in kinds for arm in _arms(kind)]
    if isinstance(value, list):
        inner = tuple(arm.item_type for arm in arms if isinstance(arm, _LISTS))
        for item in cast("list[object]", value) if inner else ():
            yield from _unknown(item, inner, f"{path}[]")
    elif isinstance(value, dict):
        yield from _in_object(cast("dict[str, object]", value), arms, path)


def _in_object(value: dict[str, object], arms: list[inspect.Type], path: str) -> Iterator[str]:
    maps = tuple(arm.value_type for arm in arms if isinstance(arm, inspect.DictType))
    if maps:
        for item in value.values():
            yield from _unknown(item, maps, f"{path}{{}}")
    structs = [arm for arm in arms if isinstance(arm, inspect.StructType)]
    if maps or not structs:
        return
    tags = {arm.tag_field for arm in structs}
    known: dict[str, tuple[inspect.Type, ...]] = {}
    for arm in structs:
        for field in arm.fields:
            known[field.encode_name] = (*known.get(field.encode_name, ()), field.type)
    for name, item in value.items():
        if name in known:
            yield from _unknown(item, known[name], f"{path}.{name}")
        elif name not in tags:
            yield f"{path}.{name}"


def _arms(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Return the types of a union, or the type itself, without what is said of it."""
    if isinstance(kind, inspect.Metadata):
        return _arms(kind.type)
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)
