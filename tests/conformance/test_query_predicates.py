"""Expressions against the facts: what the real classes send, and what they refuse.

One rule apart: `~(a & b)` is `~a | ~b` in both forms, where the vendor's predicates join the
negations by AND and so select something else.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.query import (
    Environment,
    Expression,
    Metadata,
    Metric,
    Other,
    Parameter,
    Tag,
    read_expression,
    resolve,
)

FACTS = json.loads(Path(__file__).with_name("query-predicates.json").read_bytes())
NAMES: dict[str, Any] = {
    kind.__name__: kind for kind in (Environment, Metadata, Metric, Other, Parameter, Tag)
} | {"datetime": datetime}

NOT_DE_MORGAN = "~((Metric('loss') < 0.1) & (Parameter('learning_rate') >= 0.3))"
REFUSED = {
    "Metric('missing') > 1": 'Metric("missing") is unknown in this project',
    "Metric('loss').contains('x')": "contains() needs a column of texts",
    "Parameter('optimizer').between(1,2)": "between() needs a column of numbers",
    "Metric('loss').between('a','b')": "needs two numbers, or two datetimes",
    "Metric('loss') & (Metric('loss') > 1)": "is a column alone; compare it first",
    "(Metric('loss') > 1) & Metric('loss')": "is a column alone; compare it, as",
    "(Metric('loss') > 1) == True": "put parentheses around each comparison",
    "(Metric('loss') > 1) and (Metric('loss') < 2)": "use & for AND, | for OR and ~ for NOT",
    "~Metric('loss')": "is a column alone; compare it first",
    "'x' in Parameter('optimizer')": "use Parameter(\"optimizer\").contains('x')",
}
"""For each expression that is refused, a part of what says how to do it instead."""


def built(text: str) -> Any:
    """Return what the expression of a fact makes of our classes."""
    return eval(text, NAMES)


def columns(fact: dict[str, Any]) -> list[comet.Column]:
    return msgspec.convert(fact["columns"], list[comet.Column])


def plain(value: object) -> Any:
    """Return a value as the wire carries it."""
    return msgspec.json.decode(msgspec.json.encode(value))


def test_there_are_as_many_facts_as_there_were() -> None:
    assert (len(FACTS["expressions"]), len(FACTS["errors"])) == (37, 10)
    assert {fact["expr"] for fact in FACTS["errors"]} == set(REFUSED)


@pytest.mark.parametrize("fact", FACTS["expressions"], ids=lambda fact: fact["expr"])
def test_predicates_are_those_of_the_facts(fact: dict[str, Any]) -> None:
    expected = fact["predicates"]
    if fact["expr"] == NOT_DE_MORGAN:
        expected = [{"source": "nested", "query": fact["search_rules_tree"]}]
    found = plain(resolve(built(fact["expr"]), columns(fact)).predicates)
    assert json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize("fact", FACTS["expressions"], ids=lambda fact: fact["expr"])
def test_trees_are_those_of_the_facts(fact: dict[str, Any]) -> None:
    resolved = resolve(built(fact["expr"]), columns(fact))
    if "search_rules_tree" in fact:
        assert json.dumps(plain(resolved.rules_tree)) == json.dumps(fact["search_rules_tree"])
    else:  # a tag that nobody has is no error with us
        assert resolved.unknown_tags == ("nope",)


@pytest.mark.parametrize("fact", FACTS["expressions"], ids=lambda fact: fact["expr"])
def test_the_reader_makes_the_same_of_the_same_text(fact: dict[str, Any]) -> None:
    read = read_expression(fact["expr"].replace("(2 * 60)", "120"))
    assert isinstance(read, Expression)
    assert read.same_as(built(fact["expr"]))


@pytest.mark.parametrize("fact", FACTS["errors"], ids=lambda fact: fact["expr"])
def test_what_the_facts_refuse_is_refused_and_says_what_to_do(fact: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(built(fact["expr"]), columns(fact))
    assert REFUSED[fact["expr"]] in caught.value.message


@pytest.mark.parametrize("fact", FACTS["errors"], ids=lambda fact: fact["expr"])
def test_the_reader_refuses_it_too_unless_words_mean_something(fact: dict[str, Any]) -> None:
    text = fact["expr"]
    if " and " in text:
        assert resolve(read_expression(text), columns(fact)).predicates
        return
    with pytest.raises(UsageError):
        resolve(read_expression(text), columns(fact))
