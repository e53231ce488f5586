"""The operations and models that the server answers, as its data file has them."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

__all__ = ["Facts", "Model", "Operation", "Parameter", "Shape", "facts", "parameter", "shape"]


class Operation(msgspec.Struct, frozen=True):
    """One operation.

    Attributes:
        name: Its name.
        verb: HTTP method.
        path: Path template.
        newer: Path template in later releases, which is served as well.
        query: Type of each query member: `integer=10`, `string!`.
        body: Model of the body; "" for none.
        answer: Model of the answer; "" for none, or for one that nothing is known of.
        many: Whether the answer is a bare list of the model.
        status: HTTP status of success.
        gone: Whether later releases have it no more.
        octets: Whether the answer is a file.
    """

    name: str
    verb: str
    path: str
    newer: str = ""
    query: dict[str, str] = {}
    body: str = ""
    answer: str = ""
    many: bool = False
    status: int = 200
    gone: bool = False
    octets: bool = False


class Model(msgspec.Struct, frozen=True):
    """One model, in one of four forms.

    Attributes:
        fields: Type of each member of an object.
        values: Values of an enumeration, as servers write them.
        map: Type of the values of a map.
        alias: Type that it is another name of.
        example: Example of such a value.
    """

    fields: dict[str, str] = {}
    values: tuple[str, ...] = ()
    map: str = ""
    alias: str = ""
    example: str | None = None


class Facts(msgspec.Struct, frozen=True):
    """All operations and models."""

    operations: tuple[Operation, ...]
    models: dict[str, Model]


class Shape(msgspec.Struct, frozen=True):
    """One type of the data file, read.

    Attributes:
        name: Name of a model, or string, integer, number, boolean, object, date-time.
        required: Whether the member is always there.
        many: Whether it is a list.
        mapped: Whether it is a map of such values.
        values: Values of an enumeration that has no model.
    """

    name: str
    required: bool = False
    many: bool = False
    mapped: bool = False
    values: tuple[str, ...] = ()


class Parameter(msgspec.Struct, frozen=True):
    """One query member.

    Attributes:
        kind: string, integer, boolean, array or date-time.
        default: Text that stands for a missing one, None for none.
        required: Whether it must be there.
    """

    kind: str
    default: str | None = None
    required: bool = False


@cache
def facts() -> Facts:
    """Return what the data file holds."""
    text = resources.files("comet_async.server.domino").joinpath("facts.json").read_bytes()
    return msgspec.json.decode(text, type=Facts)


@cache
def shape(text: str) -> Shape:
    """Return a type as the data file writes it.

    >>> shape("JobV1[]!")
    Shape(name='JobV1', required=True, many=True, mapped=False, values=())
    """
    name = text.removesuffix("!")
    required = name != text
    mapped = name.startswith("map:")
    name = name.removeprefix("map:")
    many = name.endswith("[]")
    name = name.removesuffix("[]")
    if name.startswith("="):
        return Shape("string", required, many, mapped, tuple(name[1:].split("|")))
    return Shape(name, required, many, mapped)


@cache
def parameter(text: str) -> Parameter:
    """Return a query member as the data file writes it.

    >>> parameter("integer=10")
    Parameter(kind='integer', default='10', required=False)
    """
    required = text.endswith("!")
    kind, given, default = text.removesuffix("!").partition("=")
    return Parameter(kind, default if given else None, required)
