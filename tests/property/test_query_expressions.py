"""Query expressions: text and back, the vendor's form where it is right, the right meaning always.

Whether a form is right is found by a table of truth: each comparison may hold or not, and the
predicates are evaluated for every case.
"""

from __future__ import annotations

import itertools
import json
import pickle
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comet_async.errors import UsageError
from comet_async.query import Expression, read_expression, resolve
from comet_async.query.operators import OPERATORS
from tests.support.expressions import (
    COLUMNS,
    FORMS,
    WIRE_COLUMNS,
    Form,
    built,
    expression,
    holds,
    leaves,
    vendors_classes,
)

WORDS = st.sampled_from(
    [
        *("Metric(", "Parameter(", "Tag(", "datetime(", '"loss"', "'x'", ")", "(", "<", "=="),
        *("!=", ">=", "and", "or", "not", "&", "|", "~", ".between(", ".contains(", ",", "0.1"),
        *("-", "1e999", "9" * 500, "in", "is", "True", "None", "=", "\\", '"', "'", "[", "\x00"),
    ]
)
SOUP = st.lists(WORDS | st.text(max_size=3), max_size=30).map(" ".join)


@cache
def classes() -> Any:
    found = vendors_classes()
    if found is None:
        pytest.skip("comet_ml is not installed")
    return found


def plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def key(rule: dict[str, Any], operator: str) -> str:
    return json.dumps([rule["source"], rule["field"], operator, rule["value"]])


def atoms(rules: Iterable[dict[str, Any]], source: str | None) -> Iterator[dict[str, Any]]:
    for rule in rules:
        if "rules" in rule:
            yield from atoms(rule["rules"], source)
        else:
            yield {"source": source, **rule}


def truth_of(query: Any, source: str | None, world: dict[str, bool]) -> bool:
    """Evaluate a group of rules where `world` says which comparisons hold."""
    results = []
    for rule in query["rules"]:
        if "rules" in rule:
            results.append(truth_of(rule, source, world))
            continue
        sourced = {"source": source, **rule}
        name = key(sourced, rule["operator"])
        if name not in world:
            opposite = OPERATORS[rule["operator"]].opposite
            results.append(not world[key(sourced, opposite)])
        else:
            results.append(world[name])
    return any(results) if query["condition"] == "OR" else all(results)


@cache
def leaf_key(leaf: Form) -> str:
    """Return the key of the comparison that a leaf writes."""
    (predicate,) = plain(resolve(expression(leaf), COLUMNS).predicates)
    (rule,) = predicate["query"]["rules"]
    return key({"source": predicate["source"], **rule}, rule["operator"])


def worlds(form: Form) -> Iterator[dict[str, bool]]:
    keys = sorted({leaf_key(leaf) for leaf in leaves(form)})
    for values in itertools.product([False, True], repeat=len(keys)):
        yield dict(zip(keys, values, strict=True))


def is_right(form: Form, predicates: Any) -> bool:
    """Tell whether predicates select what the form says, whatever each comparison gives."""
    named = {leaf: leaf_key(leaf) for leaf in leaves(form)}
    for world in worlds(form):
        wanted = holds(form, lambda leaf, want, w=world: w[named[leaf]] == want)
        try:
            found = all(truth_of(one["query"], one["source"], world) for one in predicates)
        except KeyError:  # a rule without its source
            return False
        if found != wanted:
            return False
    return True


def distinct(form: Form) -> bool:
    """Tell whether no comparison comes twice, nor beside its own opposite."""
    keys = [leaf_key(leaf) for leaf in leaves(form)]
    opposites = []
    for text in keys:
        source, field, operator, value = json.loads(text)
        opposites.append(json.dumps([source, field, OPERATORS[operator].opposite, value]))
    return len({*keys, *opposites}) == 2 * len(keys)


def twice_negated(form: Form, *, inside: bool = False) -> bool:
    """Tell whether a negation stands within another: the vendor marks what is none then."""
    if form[0] == "leaf":
        return False
    if form[0] == "not":
        return inside or twice_negated(form[1], inside=True)
    return any(twice_negated(side, inside=inside) for side in form[1:])


@given(FORMS)
def test_text_leads_back_to_an_equal_expression(form: Form) -> None:
    written = expression(form)
    assert read_expression(str(written)).same_as(written)
    assert pickle.loads(pickle.dumps(written)).same_as(written)
    assert (~~written).same_as(written)


@given(SOUP | st.text())
def test_any_text_is_an_expression_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(read_expression(text), Expression)


@given(FORMS)
def test_predicates_mean_what_the_expression_says(form: Form) -> None:
    assume(distinct(form))
    assert is_right(form, plain(resolve(expression(form), COLUMNS).predicates))


@given(FORMS)
def test_trees_mean_what_the_expression_says(form: Form) -> None:
    assume(distinct(form))
    tree = plain(resolve(expression(form), COLUMNS).rules_tree)
    assert is_right(form, [{"source": None, "query": tree}])


@given(FORMS)
def test_predicates_are_the_vendors_wherever_those_are_right(form: Form) -> None:
    assume(distinct(form) and not twice_negated(form))
    theirs = plain(built(form, classes()).get_predicates(WIRE_COLUMNS))
    if is_right(form, theirs):
        ours = plain(resolve(expression(form), COLUMNS).predicates)
        assert json.dumps(ours) == json.dumps(theirs)


@given(FORMS)
def test_trees_are_the_vendors(form: Form) -> None:
    theirs = plain(built(form, classes()).get_predicates_for_search(WIRE_COLUMNS))
    ours = plain(resolve(expression(form), COLUMNS).rules_tree)
    assert json.dumps(ours) == json.dumps(theirs)


def test_the_table_of_truth_tells_the_vendors_wrong_form() -> None:
    loss = ("leaf", "Metric", "loss", "<", (0.1,))
    negated = ("not", ("and", loss, ("leaf", "Tag", "best", "", ())))
    assert not is_right(negated, plain(built(negated, classes()).get_predicates(WIRE_COLUMNS)))
    simple = ("or", loss, ("leaf", "Tag", "best", "", ()))
    assert is_right(simple, plain(built(simple, classes()).get_predicates(WIRE_COLUMNS)))
