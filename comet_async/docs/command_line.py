"""The page of the command line: every command, its options and examples, as click knows them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

import click

from comet_async.cli.main import program
from comet_async.cli.output import PROGRAM

__all__ = ["anchor", "commands", "page"]

_ENDPOINTS = "call"
"""A group of which every member is an endpoint, so that the reference describes them."""

_SPECIAL = re.compile(r"[|*_]")

_OPENING = f"""\
---
hide: [navigation]
---

# Command line

`{PROGRAM} COMMAND --help` says what this page says, for the version that is installed.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Give every command by its words, the program itself first, groups before their commands."""
    yield from _below(PROGRAM, program)


def anchor(path: str) -> str:
    """Return the anchor of a command on the page."""
    return path.replace(" ", "-")


def page() -> str:
    """Return the page as Markdown."""
    return "\n\n".join([_OPENING, *(_section(path, command) for path, command in commands())])


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if not isinstance(command, click.Group) or command.name == _ENDPOINTS:
        return
    context = click.Context(command, info_name=path)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None and not found.hidden:
            yield from _below(f"{path} {name}", found)


def _section(path: str, command: click.Command) -> str:
    depth = min(path.count(" ") + 2, 3) if path != PROGRAM else 2
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parts = [
        f"{'#' * depth} `{path}` {{ #{anchor(path)} }}",
        f"```text\n{usage}\n```",
        *_prose(command.help or ""),
        *_options(command, context),
        *_examples(getattr(command, "examples", ())),
    ]
    return "\n\n".join(parts)


def _prose(text: str) -> Iterator[str]:
    r"""Give the paragraphs of a help text; one after `\b` keeps its lines."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.removeprefix("\b\n")
        if lines != paragraph:
            yield f"```text\n{lines}\n```"
        else:
            yield _escaped(paragraph)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    if records:
        rows = [f"| `{names}` | {_escaped(meaning)} |" for names, meaning in records]
        yield "\n".join(["| Option | Meaning |", "|---|---|", *rows])


def _examples(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        shown = "\n".join(f"$ {line}" for line in lines)
        yield f"```console\n{shown}\n```"


def _escaped(text: str) -> str:
    """Return text of which nothing outside of backticks is Markdown."""
    parts = text.replace("\n", " ").split("`")
    for place in range(0, len(parts), 2):
        parts[place] = _SPECIAL.sub(r"\\\g<0>", parts[place]).replace("<", "&lt;")
    return "`".join(parts)
