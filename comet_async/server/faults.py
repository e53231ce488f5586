"""Scripted faults: which request is struck by what, reproducibly."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b

from comet_async.server.answers import Answer
from comet_async.server.fault_bytes import BYTE_FAULTS
from comet_async.server.fault_http import HTTP_FAULTS
from comet_async.server.fault_json import JSON_FAULTS
from comet_async.server.fault_rule import Argument, Exchange, FaultRule, Outcome
from comet_async.server.problems import ApiError

__all__ = ["FAULT_NAMES", "Exchange", "FaultRule", "Faults"]

FAULT_NAMES = frozenset({*HTTP_FAULTS, *JSON_FAULTS, *BYTE_FAULTS})
"""Names of all faults that a rule can have."""


class Faults:
    """The rules of one server, in the order in which they were added; the first that fits wins."""

    def __init__(self, seed: int = 0) -> None:
        """Start without rules.

        Args:
            seed: Of the generator behind `probability`.
        """
        self.random = random.Random(seed)  # noqa: S311  reproducible chance, no secret
        self._rules: list[FaultRule] = []
        self._hits: Counter[int] = Counter()
        self._keyed: Counter[tuple[int, bytes]] = Counter()
        self._lock = threading.Lock()

    def add(
        self,
        fault: str | FaultRule,
        argument: Argument = None,
        match: str | None = None,
        *,
        method: str | None = None,
        times: int | None = None,
        per_key: int | None = None,
        probability: float = 1.0,
        applied: bool | None = None,
    ) -> FaultRule:
        """Add a rule, given as one or by its members, and return it.

        Raises:
            ValueError: There is no fault of that name.
        """
        rule = (
            fault
            if isinstance(fault, FaultRule)
            else FaultRule(fault, argument, match, method, times, per_key, probability, applied)
        )
        if rule.fault not in FAULT_NAMES:
            raise ValueError(f"unknown fault {rule.fault}; known are {sorted(FAULT_NAMES)}")
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Remove all rules and counts."""
        with self._lock:
            self._rules.clear()
            self._hits.clear()
            self._keyed.clear()

    def hits(self, rule: FaultRule) -> int:
        """Return how often a rule has struck."""
        return self._hits[id(rule)]

    def pick(self, method: str, target: str, body: bytes) -> FaultRule | None:
        """Return the rule that strikes a request, and count it.

        Args:
            method: HTTP method.
            target: Path and query.
            body: Request body.
        """
        if not self._rules:
            return None
        key = blake2b(b"\0".join((method.encode(), target.encode(), body))).digest()
        with self._lock:
            for rule in self._rules:
                if self._strikes(rule, method, target, key):
                    self._hits[id(rule)] += 1
                    self._keyed[id(rule), key] += 1
                    return rule
        return None

    def _strikes(self, rule: FaultRule, method: str, target: str, key: bytes) -> bool:
        if not rule.concerns(method, target):
            return False
        if rule.times is not None and self._hits[id(rule)] >= rule.times:
            return False
        if rule.per_key is not None and self._keyed[id(rule), key] >= rule.per_key:
            return False
        return rule.probability >= 1 or self.random.random() < rule.probability

    async def apply(self, exchange: Exchange) -> Outcome:
        """Return the faulty answer to a request that a rule strikes."""
        exchange = await _settled(exchange)
        name = exchange.rule.fault
        if name in JSON_FAULTS:
            answer = await exchange.clean({"accept-encoding": "identity"})
            body = JSON_FAULTS[name](answer.read(), exchange.rule.argument)
            return Answer(answer.status, answer.headers, body)
        handler = HTTP_FAULTS.get(name) or BYTE_FAULTS[name]
        return await handler(exchange)

    def __repr__(self) -> str:
        return f"<Faults {[rule.fault for rule in self._rules]}>"


async def _settled(exchange: Exchange) -> Exchange:
    """Return the exchange with what its rule says of the write done, or made impossible."""
    applied = exchange.rule.applied
    if applied is None:
        return exchange
    if applied:
        answer = await exchange.clean({"accept-encoding": "identity"})
    else:
        answer = exchange.refuse(ApiError(200, "Saved"), {})

    async def clean(_overrides: Mapping[str, str | None]) -> Answer:
        return answer

    return replace(exchange, clean=clean)
