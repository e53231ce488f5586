"""From an endpoint's signature to the options of a command."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from comet_async.cli.docstrings import documentation

__all__ = ["JSON_DOCUMENT", "option_name", "options_of", "values_of"]

_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)


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
    kind = _without_none(parameter.annotation)
    flag = option_name(name)
    required = parameter.default is parameter.empty
    text = told.get(name, "")
    if required and name in defaults:
        required, text = False, f"{text} Default: {defaults[name]}."
    if kind is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=text)
    if _is_list_of_text(kind):
        text = f"{text} May be given several times."
        return click.Option([flag, name], multiple=True, required=required, help=text)
    by_type: dict[object, click.ParamType[object]] = {
        str: click.STRING,
        int: click.INT,
        float: click.FLOAT,
    }
    return click.Option(
        [flag, name],
        type=by_type.get(kind, JSON_DOCUMENT),
        required=required,
        help=text,
    )


def _without_none(annotation: object) -> object:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        arms = [arm for arm in typing.get_args(annotation) if arm is not types.NoneType]
        return arms[0] if len(arms) == 1 else object
    return annotation


def _is_list_of_text(kind: object) -> bool:
    return typing.get_origin(kind) in _LISTS and typing.get_args(kind) == (str,)


def values_of(endpoint: Callable[..., object], given: Mapping[str, object]) -> dict[str, object]:
    """Return the keyword arguments for `endpoint` from its parsed options, those given only."""
    names = inspect.signature(endpoint).parameters
    return {
        name: list(typing.cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
        for name, value in given.items()
        if name in names and value is not None and value != ()
    }
