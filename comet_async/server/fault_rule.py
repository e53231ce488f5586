"""Fault rules, and the exchange that a fault acts on."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from comet_async.server.answers import Answer, Refuse
from comet_async.server.connection import RawResponse

__all__ = ["Argument", "Clean", "Exchange", "FaultRule", "Outcome"]

Argument: TypeAlias = "str | float | Mapping[str, str | float | None] | None"
Outcome: TypeAlias = "Answer | RawResponse"
Clean: TypeAlias = Callable[[Mapping[str, "str | None"]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One scripted fault.

    Attributes:
        fault: Name of the fault.
        argument: What the fault takes: a number, a text or named values.
        match: Part of path and query, or a regular expression found in them; None for all.
        method: Only for this HTTP method.
        times: How often it strikes at most; None for no limit.
        per_key: How often it strikes the same request at most, a repetition being the same
            method, path, query and body; None for no limit.
        probability: Chance to strike, 0 to 1.
        applied: Whether a write that it strikes is done: True, the answer is lost after it; False,
            it never happens, whatever is answered; None, as the fault has it: those that spoil
            an answer come after the write, those that replace it come in its place.
    """

    fault: str
    argument: Argument = None
    match: str | None = None
    method: str | None = None
    times: int | None = None
    per_key: int | None = None
    probability: float = 1.0
    applied: bool | None = None

    def concerns(self, method: str, target: str) -> bool:
        """Return whether the rule is for a request.

        Args:
            method: HTTP method.
            target: Path and query.
        """
        if self.method is not None and self.method != method:
            return False
        return self.match is None or self.match in target or bool(_search(self.match, target))


def _search(pattern: str, text: str) -> re.Match[str] | None:
    try:
        return re.search(pattern, text)
    except re.error:
        return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that a fault strikes.

    Attributes:
        request: The request.
        rule: The rule that struck.
        clean: Returns the right answer, optionally to changed request headers.
        refuse: Makes the answer of an error, as the service shows it.
        storage_url: Origin of the storage listener, if any.
        random: The server's seeded generator.
    """

    request: web.Request
    rule: FaultRule
    clean: Clean
    refuse: Refuse
    storage_url: str | None
    random: random.Random

    def number(self, default: float) -> float:
        """Return the argument as a number."""
        argument = self.rule.argument
        return float(argument) if isinstance(argument, (int, float)) else default

    def text(self, default: str) -> str:
        """Return the argument as a text."""
        argument = self.rule.argument
        return argument if isinstance(argument, str) else default

    def member(self, name: str, default: str | float | None = None) -> str | float | None:
        """Return one named value of the argument."""
        argument = self.rule.argument
        return argument.get(name, default) if isinstance(argument, Mapping) else default
