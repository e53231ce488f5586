"""What is sent for each type of column, what is refused, and how expressions are misused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec
import pytest

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.query import Expression, Metadata, Metric, Parameter, Tag, resolve

MOMENT = datetime(2024, 1, 31, 12, tzinfo=UTC)
X = Parameter("x")


def column(kind: str | None) -> comet.Column:
    return comet.Column(id="x--params", name="x", type=kind, source="params")


def sent(expression: Expression, kind: str | None, *, strict: bool = True) -> object:
    """Return the value of the only rule."""
    (rule,) = msgspec.convert(
        resolve(expression, [column(kind)], strict=strict).rules_tree["rules"],
        list[dict[str, object]],
    )
    return rule["value"]


@pytest.mark.parametrize(
    ("kind", "expression", "value"),
    [
        ("double", X < 0.5, 0.5),
        ("double", X < "0.5", "0.5"),
        ("double", X == True, 1),  # noqa: E712  it is the operator
        ("double", X.between(1, 2.5), ["1", "2.5"]),
        ("timenumber", X > 60, 60),
        ("boolean", X == False, 0),  # noqa: E712
        ("boolean", X == "True", 1),
        ("boolean", X == 1, 1),
        ("datetime", X < MOMENT, "2024-01-31 12:00:00+00:00"),
        ("datetime", X < "2024-01-31", "2024-01-31 00:00:00"),
        ("datetime", X < "2024-01-31T12:00:00.5Z", "2024-01-31 12:00:00.500000+00:00"),
        ("datetime", X == None, None),  # noqa: E711
        ("string", X == "adam", "adam"),
        ("string", X == 32, 32),
        ("string", X == MOMENT, "2024-01-31 12:00:00+00:00"),
        ("string", X.contains("a"), "a"),
        ("string", X == "", None),
        ("newer", X == True, 1),  # noqa: E712
        ("newer", X < MOMENT, "2024-01-31 12:00:00+00:00"),
        ("newer", X < "b", "b"),
    ],
)
def test_each_type_takes_what_can_be_meant(
    kind: str, expression: Expression, value: object
) -> None:
    assert sent(expression, kind) == value


@pytest.mark.parametrize(
    ("kind", "expression", "told", "loose"),
    [
        ("double", X < "low", "compare it with a number", "low"),
        ("double", X < MOMENT, "compare it with a number", "2024-01-31 12:00:00+00:00"),
        ("timenumber", X < "soon", "a number of seconds", "soon"),
        ("boolean", X == "yes", "compare it with True or False", "yes"),
        ("boolean", X == MOMENT, "True or False", "2024-01-31 12:00:00+00:00"),
        ("datetime", X < 5, "compare it with a datetime", 5),
        ("datetime", X < "soon", "compare it with a datetime", "soon"),
        ("string", X < "b", "texts are compared by ==", "b"),
        ("string", X == True, "the text that was logged", 1),  # noqa: E712
    ],
)
def test_what_cannot_be_meant_is_refused_unless_told_otherwise(
    kind: str, expression: Expression, told: str, loose: object
) -> None:
    with pytest.raises(UsageError) as caught:
        sent(expression, kind)
    assert f'Parameter("x") is of type {kind}: ' in caught.value.message
    assert told in caught.value.message
    assert sent(expression, kind, strict=False) == loose


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("double", X.contains("a")),
        ("datetime", ~X.startswith("a")),
        ("boolean", X.endswith("a")),
        ("string", X.between(1, 2)),
        ("string", ~X.between(1, 2)),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_an_operator_of_another_type_is_always_refused(
    kind: str, expression: Expression, *, strict: bool
) -> None:
    with pytest.raises(UsageError, match=r"\(\) needs a column of "):
        sent(expression, kind, strict=strict)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (X < 1, "double"),
        (X.between(1, 2), "double"),
        (X == True, "boolean"),  # noqa: E712
        (X > MOMENT, "datetime"),
        (X == "a", "string"),
        (X == None, "string"),  # noqa: E711
        (Metric("x") == None, "double"),  # noqa: E711
    ],
)
def test_the_type_of_an_unknown_column_is_guessed(expression: Expression, kind: str) -> None:
    resolved = resolve(expression, [], strict=False)
    assert [column.type for column in resolved.unknown] == [kind]
    with pytest.raises(UsageError, match="has no columns at all"):
        resolve(expression, [])


def test_of_two_columns_of_one_name_the_first_counts_and_strange_ones_are_passed_over() -> None:
    nameless = comet.Column(id="--params", source="params")
    strange = comet.Column(id="x--newer", name="x", type="string", source="newer")
    columns = [nameless, strange, column("double"), column("string")]
    resolved = resolve((X < 1) & (X > 0) & Tag("t"), columns)
    assert resolved.columns == (column("double"),)
    assert (resolved.unknown, resolved.unknown_tags, resolved.tags) == ((), ("t",), ())


def test_moments_between_two_are_two_comparisons() -> None:
    later = MOMENT.replace(year=2025)
    made = Metadata("t").between(MOMENT, later)
    assert made.same_as((Metadata("t") >= MOMENT) & (Metadata("t") <= later))


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        (lambda: resolve(X, []), "is a column alone; compare it"),  # type: ignore[arg-type]  # refused
        (lambda: resolve("x < 1", []), "is no query expression"),  # type: ignore[arg-type]
        (lambda: Tag("a") & True, "put parentheses around each comparison"),  # type: ignore[operator]
        (lambda: 1 & Tag("a"), "1 left of & is no expression"),
        (lambda: 1 | Tag("a"), "1 left of | is no expression"),
        (lambda: Tag("a") | X, "right of | is a column alone"),
        (lambda: Tag("a") < Tag("b"), "cannot be compared again"),
        (lambda: [Tag("a")].count(Tag("b")), "cannot be compared again"),
        (lambda: bool(X), "is a column alone"),
        (lambda: 0 < X < 1, "a < x < b"),
        (lambda: Metric("y") == X, "a column is compared with a value"),
        (lambda: X.compared("<", Tag("y")), "a column is compared with a value"),
        (lambda: X == [1], "a value is a finite number"),
        (lambda: date(2024, 1, 1) == X, "a value is a finite number"),
        (lambda: X < 2**63, "a finite number of 64 bits"),
        (lambda: float("inf") > X, "a finite number"),
        (lambda: X == b"adam", "a text"),
        (lambda: X == "\ud800", "a lone surrogate"),
        (lambda: X.between(True, 2), "two numbers, or two datetimes"),
        (lambda: X.between(MOMENT, 2), "two numbers, or two datetimes"),
        (lambda: X.contains(1), "needs a text, not 1"),  # type: ignore[arg-type]
        (lambda: Metric(""), "needs a name"),
        (lambda: Metric(5), "needs a name"),  # type: ignore[arg-type]
        (lambda: Tag(None), "needs a name"),  # type: ignore[arg-type]
    ],
)
def test_each_misuse_says_what_to_do(misuse: Callable[[], object], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        misuse()
    assert told in caught.value.message


def test_expressions_and_columns_are_values_without_a_hash() -> None:
    for value in (X, X < 1, Tag("a"), Tag("a") & Tag("b")):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
        with pytest.raises(AttributeError, match="immutable"):
            setattr(value, value.__struct_fields__[0], "other")
