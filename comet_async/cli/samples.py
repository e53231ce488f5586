"""The fewest arguments that an endpoint accepts: only its request knows method and effect."""

from __future__ import annotations

import inspect
import itertools
import typing
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from comet_async.cli.kinds import file_kind, list_item, needed, struct_kind, without_none
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = ["accepted", "sample_request"]

_SAMPLES: Mapping[object, object] = MappingProxyType({int: 1, float: 1.0, bool: True})


def accepted(endpoint: Callable[..., Request[Any]]) -> dict[str, object]:
    """Return the fewest arguments that `endpoint` accepts.

    Raises:
        UsageError: None of those tried is accepted.
    """
    for values in _trials(endpoint):
        try:
            endpoint(**values)
        except UsageError:
            continue
        return values
    raise UsageError(f"{endpoint.__name__} accepts none of the sample arguments")


def sample_request(endpoint: Callable[..., Request[Any]]) -> Request[Any]:
    """Return the request that the fewest arguments give."""
    return endpoint(**accepted(endpoint))


def _trials(endpoint: Callable[..., object]) -> Iterator[dict[str, object]]:
    """Give arguments to try: the required ones, then one, two and three optional ones more."""
    parameters = inspect.signature(endpoint, eval_str=True).parameters
    required = [name for name, found in parameters.items() if found.default is found.empty]
    optional = [name for name in parameters if name not in required]
    values = {name: next(_samples(found.annotation)) for name, found in parameters.items()}
    for more in range(4):
        for chosen in itertools.combinations(optional, more):
            yield {name: values[name] for name in (*required, *chosen)}
    for name in required:
        for value in _samples(parameters[name].annotation):
            yield {**{other: values[other] for other in required}, name: value}


def _samples(annotation: object) -> Iterator[object]:
    """Give values of a type; of a struct those with ever another optional member."""
    kind = struct_kind(annotation)
    if kind is not None:
        yield from _structs(kind)
        return
    item = list_item(annotation)
    if item is not None:
        yield [next(_samples(item))]
        return
    if typing.get_origin(without_none(annotation)) in {dict, Mapping}:
        mapping: dict[str, object] = {}
        yield mapping
        return
    yield b"x" if file_kind(annotation) else _SAMPLES.get(without_none(annotation), "x")


def _structs(kind: type[msgspec.Struct]) -> Iterator[object]:
    hints = typing.get_type_hints(kind)
    fields = msgspec.structs.fields(kind)
    values = {field.name: next(_samples(hints[field.name])) for field in fields}
    wanted = needed(kind)
    required = {field.name: values[field.name] for field in fields if field.name in wanted}
    yield kind(**required)
    for field in fields:
        yield kind(**{**required, field.name: values[field.name]})
