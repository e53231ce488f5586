"""Help texts from Google-style docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

import msgspec

__all__ = ["Documentation", "documentation"]

_SECTION = re.compile(r"(Args|Returns|Raises|Source|Attributes|Yields):\s*(.*)")
_ARGUMENT = re.compile(r"(\w+):\s*(.*)")
_ENTRY_INDENT = 4


class Documentation(msgspec.Struct, frozen=True, kw_only=True):
    """A docstring taken apart.

    Attributes:
        summary: First line.
        detail: Paragraphs between it and the first section.
        arguments: Help by argument, on one line each.
        returns: The section Returns, on one line.
        source: The section Source, on one line.
    """

    summary: str
    detail: str = ""
    arguments: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    returns: str = ""
    source: str = ""


def documentation(function: object) -> Documentation:
    """Return the docstring of `function` taken apart; doctests are left out."""
    lines = (inspect.getdoc(function) or "").splitlines()
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in _without_doctests(lines):
        found = _SECTION.fullmatch(line)
        if found:
            current = found[1]
            sections[current] = [found[2]] if found[2] else []
        else:
            sections[current].append(line)
    summary, *rest = sections[""] or [""]
    return Documentation(
        summary=summary,
        detail="\n".join(rest).strip(),
        arguments=_arguments(sections.get("Args", [])),
        returns=" ".join(" ".join(sections.get("Returns", [])).split()),
        source=" ".join(" ".join(sections.get("Source", [])).split()),
    )


def _without_doctests(lines: list[str]) -> list[str]:
    kept: list[str] = []
    skipping = False
    for line in lines:
        skipping = bool(line.strip()) and (skipping or line.lstrip().startswith(">>>"))
        if not skipping:
            kept.append(line)
    return kept


def _arguments(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        entry = _ARGUMENT.fullmatch(line.strip())
        if entry and indent == _ENTRY_INDENT:
            name = entry[1]
            found[name] = entry[2]
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
