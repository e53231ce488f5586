"""From an endpoint's signature to the options of a command."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from comet_async.cli.docstrings import documentation
from comet_async.cli.kinds import file_kind, list_item, needed, struct_kind, without_none

__all__ = ["JSON_DOCUMENT", "option_name", "options_of", "values_of"]


class JsonDocument(click.ParamType[object]):
    """JSON as text, or `@FILE` that holds it (`@-` for standard input)."""

    name = "JSON|@FILE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the decoded document."""
        if not isinstance(value, str):
            return value
        try:
            return msgspec.json.decode(_text(value))
        except OSError as error:
            self.fail(f"cannot read {value[1:]}: {error.strerror}", param, ctx)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.fail(f"not JSON: {error}", param, ctx)


JSON_DOCUMENT = JsonDocument()


class TypedDocument(JsonDocument):
    """As `JsonDocument`, for an object, or a list of objects, of known members or values.

    Args:
        wanted: The struct, a list of it, or a mapping.
    """

    def __init__(self, wanted: object) -> None:
        self._wanted = wanted

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the struct, the list of structs, or the mapping."""
        found = super().convert(value, param, ctx)
        try:
            return msgspec.convert(found, typing.cast("type[object]", self._wanted))
        except msgspec.ValidationError as error:
            self.fail(str(error), param, ctx)


def _text(value: str) -> bytes:
    if not value.startswith("@"):
        return value.encode("utf-8", "surrogateescape")
    if value == "@-":
        return sys.stdin.buffer.read()
    return Path(value[1:]).read_bytes()


def option_name(parameter: str) -> str:
    """Return the option of a parameter, as "--experiment-key"."""
    return "--" + parameter.replace("_", "-")


def options_of(
    endpoint: Callable[..., object], defaults: Mapping[str, str] | None = None
) -> list[click.Option]:
    """Return one option for each parameter of `endpoint`.

    Args:
        endpoint: A function of the catalogue.
        defaults: Where a required parameter's value comes from when its option is not given, in
            words, by parameter name.
    """
    told = documentation(endpoint).arguments
    found = inspect.signature(endpoint, eval_str=True).parameters.values()
    return [_option(parameter, told, defaults or {}) for parameter in found]


def _option(
    parameter: inspect.Parameter, told: Mapping[str, str], defaults: Mapping[str, str]
) -> click.Option:
    name = parameter.name
    kind = without_none(parameter.annotation)
    flag = option_name(name)
    required = parameter.default is parameter.empty
    text = told.get(name, "")
    if required and name in defaults:
        required, text = False, f"{text} Default: {defaults[name]}."
    if kind is bool:
        both = f"{flag}/--no-{flag[2:]}"
        if required:
            return click.Option([both, name], required=True, help=text)
        return click.Option([both, name], default=None, help=text)
    if list_item(parameter.annotation) is str:
        text = f"{text} May be given several times."
        return click.Option([flag, name], multiple=True, required=required, help=text)
    if file_kind(parameter.annotation):
        path = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.Option([flag, name], type=path, required=required, metavar="FILE", help=text)
    document, members = _document(parameter.annotation)
    by_type: dict[object, click.ParamType[object]] = {
        str: click.STRING,
        int: click.INT,
        float: click.FLOAT,
    }
    return click.Option(
        [flag, name],
        type=by_type.get(kind, document),
        required=required,
        help=f"{text}{members}",
    )


def _document(annotation: object) -> tuple[JsonDocument, str]:
    """Return how JSON is read for an option, and which members it has."""
    item = list_item(annotation)
    kind = struct_kind(annotation if item is None else item)
    if kind is None and typing.get_origin(without_none(annotation)) is Mapping:
        return TypedDocument(without_none(annotation)), ""
    if kind is None:
        return JSON_DOCUMENT, ""
    fields = msgspec.structs.fields(kind)
    names = needed(kind)
    must = ", ".join(field.encode_name for field in fields if field.name in names)
    others = ", ".join(field.encode_name for field in fields if field.name not in names)
    parts = (must, f"optional {others}" if others else "")
    told = "; ".join(part for part in parts if part)
    wanted = kind if item is None else list[kind]  # type: ignore[valid-type]  # made at run time
    return TypedDocument(wanted), f" Members of {'it' if item is None else 'each'}: {told}."


def values_of(endpoint: Callable[..., object], given: Mapping[str, object]) -> dict[str, object]:
    """Return the keyword arguments for `endpoint` from its parsed options, those given only."""
    names = inspect.signature(endpoint).parameters
    return {
        name: list(typing.cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
        for name, value in given.items()
        if name in names and value is not None and value != ()
    }
