"""The two forms in which the server takes an expression.

Predicates are joined by AND; each holds rules of one source, or of several under the source
"nested". A tree of rules is one group, with a source in each rule. Both have the shape that the
vendor's client gives them, wherever that shape means the same as the expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, cast

import msgspec

from comet_async.query.expressions import Comparison, Expression, Joined

__all__ = ["Node", "RuleOf", "predicates_of", "tree_of"]

Node: TypeAlias = dict[str, object]
"""A rule, a group of rules, or a predicate, as JSON has it."""
RuleOf: TypeAlias = Callable[[Comparison], Node]
"""Makes the rule of a comparison, with its source."""

_NESTED = "nested"


class _Part(msgspec.Struct, frozen=True):
    """Rules under one source.

    Attributes:
        source: The source of all rules; "nested" if they have several, each its own then.
        condition: What joins them.
        rules: Rules and groups.
        negated: Whether the mark of a negation goes with them.
    """

    source: str
    condition: Literal["AND", "OR"]
    rules: tuple[Node, ...]
    negated: bool = False

    @property
    def single(self) -> bool:
        """Whether it is one rule alone."""
        return len(self.rules) == 1

    @property
    def group(self) -> Node:
        """The rules as a group."""
        return _group(self.condition, self.rules)

    @property
    def element(self) -> Node:
        """The rules as a part of an OR: a rule with its source, or a group."""
        return {**self.rules[0], "source": self.source} if self.single else self.group


def _group(condition: str, rules: tuple[Node, ...] | list[Node]) -> Node:
    return {"condition": condition, "rules": list(rules), "valid": True}


def predicates_of(expression: Expression, rule_of: RuleOf) -> list[Node]:
    """Return the predicates of an expression.

    Args:
        expression: The expression.
        rule_of: Makes the rule of a comparison.
    """
    found: list[Node] = []
    for part in _parts(expression, rule_of):
        mark: Node = {"negated": True} if part.negated else {}
        found.append({"source": part.source, "query": part.group, **mark})
    return found


def _parts(expression: Expression, rule_of: RuleOf) -> list[_Part]:
    """Return parts that are joined by AND, no two of the same source."""
    if not isinstance(expression, Joined):
        (leaf,) = expression.leaves()
        rule = rule_of(leaf)
        del rule["source"]
        return [_Part(leaf.variable.source, "AND", (rule,), leaf.negated)]
    if expression.condition == "OR":
        return [_any_of(_alternatives(expression, rule_of))]
    left, right = _parts(expression.left, rule_of), _parts(expression.right, rule_of)
    for part in right:
        places = [at for at, known in enumerate(left) if known.source == part.source]
        if places:
            left[places[0]] = _both(left[places[0]], part)
        else:
            left.append(part)
    return left


def _both(left: _Part, right: _Part) -> _Part:
    """Join two parts of one source by AND."""
    if left.condition == right.condition == "AND":
        return msgspec.structs.replace(left, rules=(*left.rules, *right.rules))
    first = left.rules[0] if left.single else left.group
    return _Part(left.source, "AND", (first, right.group))


def _alternatives(expression: Joined, rule_of: RuleOf) -> list[_Part]:
    """Return the parts that an OR joins; a negated AND on a side gives its own parts."""
    found: list[_Part] = []
    for side in (expression.left, expression.right):
        if isinstance(side, Joined) and side.condition == "OR" and side.negated:
            found += _alternatives(side, rule_of)
        else:
            found.append(_as_one(_parts(side, rule_of)))
    return found


def _any_of(parts: list[_Part]) -> _Part:
    """Join parts by OR."""
    if len({part.source for part in parts}) == 1:
        return _Part(parts[0].source, "OR", tuple(part.element for part in parts))
    return _Part(_NESTED, "OR", tuple(_sourced(part).element for part in parts))


def _as_one(parts: list[_Part]) -> _Part:
    """Return parts that are joined by AND as one, so that an OR takes them as a whole."""
    if len(parts) == 1:
        return parts[0]
    return _Part(_NESTED, "AND", tuple(_sourced(part).element for part in parts))


def _sourced(part: _Part) -> _Part:
    """Return a part whose rules name their source, in groups too."""
    if part.source == _NESTED:
        return part
    rules = tuple(_with_source(rule, part.source) for rule in part.rules)
    return msgspec.structs.replace(part, rules=rules)


def _with_source(rule: Node, source: str) -> Node:
    if "rules" not in rule:
        return {**rule, "source": source}
    inner = cast("list[Node]", rule["rules"])
    return {**rule, "rules": [_with_source(one, source) for one in inner]}


def tree_of(expression: Expression, rule_of: RuleOf) -> Node:
    """Return the tree of rules of an expression.

    Args:
        expression: The expression.
        rule_of: Makes the rule of a comparison.
    """
    return _tree(expression, rule_of)[1]


def _tree(expression: Expression, rule_of: RuleOf) -> tuple[str, Node]:
    """Return the source that all rules share, or "nested", and the group."""
    if not isinstance(expression, Joined):
        rule = rule_of(expression.leaves()[0])
        return cast("str", rule["source"]), _group("AND", [rule])
    sides = [_tree(side, rule_of) for side in (expression.left, expression.right)]
    rules = [_lone_rule(group) for _, group in sides]
    sources = {source for source, _ in sides}
    if len(sources) == 1 or expression.condition == "OR":
        rules = _evened(rules)
    source = sources.pop() if len(sources) == 1 else _NESTED
    return source, _group(expression.condition, rules)


def _lone_rule(group: Node) -> Node:
    rules = cast("list[Node]", group["rules"])
    return rules[0] if len(rules) == 1 else group


def _evened(rules: list[Node]) -> list[Node]:
    """Return rules of which all are groups if one is, at every depth."""
    inner = [
        {**rule, "rules": _evened(cast("list[Node]", rule["rules"]))} if "rules" in rule else rule
        for rule in rules
    ]
    if not any("rules" in rule for rule in inner):
        return inner
    return [rule if "rules" in rule else _group("AND", [rule]) for rule in inner]
