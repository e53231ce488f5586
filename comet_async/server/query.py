"""Evaluation of query predicates and rule trees.

An inverted expression arrives with inverted operators, so `negated` is never applied again.
A rule on something that an experiment does not have holds only for `is_null`, `is_empty` and,
for tags, the negative operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from comet_async.server.numbers_text import number, text_of
from comet_async.server.records import Json, JsonObject, Run
from comet_async.server.replies import ApiError

__all__ = ["Fields", "Found", "matches"]

Found: TypeAlias = "str | float | bool | None"
"""What a run has under a name: text as stored, seconds, a truth value, or None."""
Fields: TypeAlias = Callable[[Run, str, str], Found]
"""Reads (run, source, name)."""

_MAX_DEPTH = 96
_EMPTY = {"is_null", "is_empty"}
_PRESENT = {"is_not_null", "is_not_empty"}


def matches(run: Run, predicates: Sequence[Json], fields: Fields) -> bool:
    """Return whether a run meets all predicates.

    Args:
        run: The run.
        predicates: Each `{"source", "query": {"condition", "rules"}}`.
        fields: Reads the run's values.

    Raises:
        ApiError: A predicate is malformed or has an unknown operator.
    """
    return all(_predicate(run, predicate, fields) for predicate in predicates)


def _predicate(run: Run, predicate: Json, fields: Fields) -> bool:
    if not isinstance(predicate, dict):
        raise ApiError(400, "a predicate must be an object")
    query = predicate.get("query")
    if not isinstance(query, dict):
        raise ApiError(400, "a predicate must have a query")
    return _group(run, query, predicate.get("source"), fields, 0)


def _group(run: Run, query: JsonObject, source: Json, fields: Fields, depth: int) -> bool:
    rules = query.get("rules")
    if not isinstance(rules, list) or depth > _MAX_DEPTH:
        raise ApiError(400, "rules must be a list of bounded depth")
    results = (_rule(run, rule, source, fields, depth) for rule in rules)
    if str(query.get("condition", "AND")).upper() == "OR":
        return any(results)
    return all(results)


def _rule(run: Run, rule: Json, source: Json, fields: Fields, depth: int) -> bool:
    if not isinstance(rule, dict):
        raise ApiError(400, "a rule must be an object")
    if "rules" in rule:
        return _group(run, rule, rule.get("source", source), fields, depth + 1)
    name, place = rule.get("field", rule.get("id")), rule.get("source", source)
    operator = rule.get("operator")
    if not isinstance(name, str) or not isinstance(place, str) or not isinstance(operator, str):
        raise ApiError(400, "a rule must have field, source and operator")
    found = fields(run, place, name)
    if place == "tag":
        present = found is not None
        absent = operator.startswith("not_") or operator in _EMPTY
        return present != absent
    return _holds(found, operator, rule.get("value"), str(rule.get("type", "string")))


def _holds(found: Found, operator: str, value: Json, kind: str) -> bool:
    if operator in _EMPTY:
        return found is None or (operator == "is_empty" and found == "")
    if operator in _PRESENT:
        return found is not None and not (operator == "is_not_empty" and found == "")
    positive, negated = _positive(operator)
    if found is None:
        return False
    outcome = _compare(found, positive, value, kind)
    return outcome is not None and outcome != negated


def _positive(operator: str) -> tuple[str, bool]:
    """Return an operator without its negation, and whether it had one.

    Raises:
        ApiError: There is no such operator.
    """
    negated = operator.startswith("not_")
    positive = operator.removeprefix("not_")
    if positive not in _ORDER and positive not in _TEXT:
        raise ApiError(400, f"unknown operator {operator[:40]}")
    return positive, negated


def _compare(found: Found, operator: str, value: Json, kind: str) -> bool | None:
    """Return the outcome of a positive operator, None when the sides do not compare."""
    if operator in _TEXT:
        return _TEXT[operator](_as_text(found), text_of(value))
    order = _ORDER[operator]
    if operator == "between":
        bounds = value if isinstance(value, list) else []
        if len(bounds) != 2:  # noqa: PLR2004  lower and upper bound
            raise ApiError(400, "between needs two bounds")
        sides = [_sides(found, bound, kind) for bound in bounds]
        low, high = sides
        if low is None or high is None:
            return None
        return low[0] >= low[1] and high[0] <= high[1]
    pair = _sides(found, value, kind)
    return None if pair is None else order(*pair)


def _sides(found: Found, value: Json, kind: str) -> tuple[float, float] | None:
    """Return both sides as numbers; texts that are none are compared by equality alone."""
    if kind == "datetime":
        left, right = _as_time(found), _as_time(text_of(value))
    elif kind == "string":
        return (0.0, 0.0) if _as_text(found) == text_of(value) else (0.0, float("nan"))
    else:
        left, right = _as_number(found), _as_number(value)
    return None if left is None or right is None else (left, right)


def _as_text(found: Found) -> str:
    return text_of(found)


def _as_number(value: Json) -> float | None:
    if isinstance(value, str):
        words = {"true": 1.0, "false": 0.0}
        return words.get(value.lower(), number(value))
    return float(value) if isinstance(value, (bool, int, float)) else None


def _as_time(value: Found) -> float | None:
    """Return seconds since 1970 UTC of a number of seconds or an ISO text with a blank or T."""
    if isinstance(value, float):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _contains(text: str, part: str) -> bool:
    return part in text


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "equal": lambda left, right: left == right,
    "less": lambda left, right: left < right,
    "less_or_equal": lambda left, right: left <= right,
    "greater": lambda left, right: left > right,
    "greater_or_equal": lambda left, right: left >= right,
    "between": lambda left, right: left == right,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": _contains,
    "begins_with": str.startswith,
    "ends_with": str.endswith,
}
