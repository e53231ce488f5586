"""Query expressions: immutable values that say which experiments are wanted.

    (Metric("loss") < 0.1) & ~Tag("draft")

A negation is pushed down to the comparisons as soon as it is written, so an expression has only
comparisons joined by AND and OR; `~(a & b)` means `~a | ~b`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, NoReturn

import msgspec

from comet_async.errors import UsageError
from comet_async.query.literals import Value, check_name, is_number, literal, plain_value
from comet_async.query.operators import OPERATORS, SIGNS
from comet_async.redaction import shortened

__all__ = [
    "MAX_COMPARISONS",
    "MAX_DEPTH",
    "VARIABLES",
    "Comparison",
    "Environment",
    "Expression",
    "Joined",
    "Metadata",
    "Metric",
    "Other",
    "Parameter",
    "Tag",
    "Variable",
]

MAX_DEPTH = 64
"""Expressions that may stand within one another."""

MAX_COMPARISONS = 1_000
"""Comparisons that one expression may have."""

_LOGICAL = "use & for AND, | for OR and ~ for NOT, with parentheses around each comparison"


class Expression(msgspec.Struct, frozen=True, eq=False):
    """Which experiments are wanted; the base of comparisons, tags, and what joins them.

    `a & b`, `a | b` and `~a` make further expressions. `str()` gives Python that makes an equal
    one, and that `read_expression` reads; `same_as` compares, for `==` is refused.

    Raises:
        UsageError: Used with `and`, `or`, `not`, or a comparison sign.
    """

    def __and__(self, other: Expression) -> Expression:
        return Joined("AND", self, _operand(other, "right of &"))

    def __or__(self, other: Expression) -> Expression:
        return Joined("OR", self, _operand(other, "right of |"))

    def __rand__(self, other: object) -> Expression:
        return _operand(other, "left of &") & self

    def __ror__(self, other: object) -> Expression:
        return _operand(other, "left of |") | self

    def __invert__(self) -> Expression:
        raise NotImplementedError

    def __bool__(self) -> bool:
        raise UsageError(
            f"{self} has no truth value, so `and`, `or`, `not` and `a < x < b` do not work: "
            + _LOGICAL
        )

    def _refuse(self, other: object) -> NoReturn:
        del other
        raise UsageError(
            f"{self} is an expression already and cannot be compared again; "
            "put parentheses around each comparison, and use `same_as` to compare expressions"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # without `==` there is no hash

    def __repr__(self) -> str:
        raise NotImplementedError

    def leaves(self) -> list[Comparison]:
        """Return the comparisons, from left to right; a tag is one, too."""
        raise NotImplementedError

    def same_as(self, other: Expression) -> bool:
        """Tell whether another expression has the same comparisons, joined in the same way."""
        return repr(self) == repr(other)


def _operand(found: object, place: str) -> Expression:
    if isinstance(found, Expression):
        return found
    if isinstance(found, Variable):
        raise UsageError(f"{found} {place} is a column alone; compare it, as {found} > 0.5")
    raise UsageError(
        f"{shortened(repr(found), 60)} {place} is no expression; put parentheses around each "
        "comparison, and do not use and, or, not, is, in"
    )


class Joined(Expression, frozen=True, eq=False):
    """Two expressions joined by AND or OR.

    Attributes:
        condition: "AND" or "OR".
        left: One side.
        right: The other side.
        negated: Whether it comes from a negation; that may change the form on the wire, no more.
        levels: Set when it is made: expressions within one another.
        count: Set when it is made: comparisons in it.

    Raises:
        UsageError: There would be more than `MAX_DEPTH` within one another, or more than
            `MAX_COMPARISONS` in it.
    """

    condition: Literal["AND", "OR"]
    left: Expression
    right: Expression
    negated: bool = False
    levels: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        sides = (self.left, self.right)
        levels = 1 + max(side.levels if isinstance(side, Joined) else 1 for side in sides)
        count = sum(side.count if isinstance(side, Joined) else 1 for side in sides)
        if levels > MAX_DEPTH:
            raise UsageError(
                f"more than {MAX_DEPTH} expressions within one another; "
                "join them in pairs: (a | b) | (c | d)"
            )
        if count > MAX_COMPARISONS:
            raise UsageError(f"more than {MAX_COMPARISONS:,} comparisons in one expression")
        msgspec.structs.force_setattr(self, "levels", levels)
        msgspec.structs.force_setattr(self, "count", count)

    def __invert__(self) -> Expression:
        opposite: Literal["AND", "OR"] = "OR" if self.condition == "AND" else "AND"
        return Joined(opposite, ~self.left, ~self.right, not self.negated)

    def __repr__(self) -> str:
        if self.negated:
            return f"~({~self})"
        sign = "&" if self.condition == "AND" else "|"
        return f"{_enclosed(self.left)} {sign} {_enclosed(self.right)}"

    def leaves(self) -> list[Comparison]:
        """Return the comparisons, from left to right."""
        return [*self.left.leaves(), *self.right.leaves()]


def _enclosed(expression: Expression) -> str:
    return f"{expression}" if isinstance(expression, Tag) else f"({expression})"


class Comparison(Expression, frozen=True, eq=False):
    """A column and what it is compared with.

    Attributes:
        variable: The column.
        operator: Name of the operator on the wire, already inverted by a negation.
        value: What it is compared with; None where the operator needs nothing.
        negated: Whether the operator comes from a negation; the wire carries a mark for it.
    """

    variable: Variable
    operator: str
    value: Value = None
    negated: bool = False

    def __invert__(self) -> Expression:
        opposite = OPERATORS[self.operator].opposite
        return Comparison(self.variable, opposite, self.value, not self.negated)

    def __repr__(self) -> str:
        if self.negated:
            return f"~({~self})"
        operator = OPERATORS[self.operator]
        if operator.sign:
            return f"{self.variable} {operator.sign} {operator.against or literal(self.value)}"
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return f"{self.variable}.{operator.method}({', '.join(map(literal, values))})"

    def leaves(self) -> list[Comparison]:
        """Return this comparison."""
        return [self]


class Tag(Expression, frozen=True, eq=False):
    """Experiments that have a tag; `~Tag("draft")` are those without it.

    Attributes:
        name: The tag.
        negated: Whether those without it are wanted.

    Raises:
        UsageError: The name is no text, or empty.
    """

    name: str
    negated: bool = False

    def __post_init__(self) -> None:
        check_name(self.name, "Tag")

    def __invert__(self) -> Expression:
        return Tag(self.name, not self.negated)

    def __repr__(self) -> str:
        return f"{'~' if self.negated else ''}Tag({literal(self.name)})"

    def leaves(self) -> list[Comparison]:
        """Return the comparison that the tag stands for."""
        operator = "not_equal" if self.negated else "equal"
        return [Comparison(_TagColumn(self.name), operator, self.name, self.negated)]


class Variable(msgspec.Struct, frozen=True, eq=False):
    """A column to compare; the base of `Metric`, `Parameter`, `Other`, and the rest.

    Attributes:
        name: Exact name of the column.

    Raises:
        UsageError: The name is no text, or empty; or it is used without a comparison.
    """

    source: ClassVar[str] = ""
    """Source of the column on the wire."""
    called: ClassVar[str] = ""
    """How Python names the source."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name, self.called)

    def __repr__(self) -> str:
        return f"{self.called}({literal(self.name)})"

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]  # it builds a comparison
        return self.compared("==", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]  # as above
        return self.compared("!=", value)

    def __lt__(self, value: object) -> Expression:
        return self.compared("<", value)

    def __le__(self, value: object) -> Expression:
        return self.compared("<=", value)

    def __gt__(self, value: object) -> Expression:
        return self.compared(">", value)

    def __ge__(self, value: object) -> Expression:
        return self.compared(">=", value)

    __hash__ = None  # type: ignore[assignment]  # `==` builds a comparison

    def compared(self, sign: str, value: object) -> Expression:
        """Return the comparison that Python writes with a sign.

        Args:
            sign: `==`, `!=`, `<`, `<=`, `>` or `>=`.
            value: A number, a text, a moment; with `==` and `!=` also None, "", True and False.

        Raises:
            UsageError: The value cannot be compared so, or not at all.
        """
        if isinstance(value, (Variable, Expression)):
            raise UsageError(
                f"{self} {sign} {value}: a column is compared with a value, not another column"
            )
        plain = plain_value(value, f"{self} {sign}")
        operator = OPERATORS[SIGNS[sign]]
        if operator.orders and (plain is None or isinstance(plain, bool)):
            raise UsageError(f"{self} {sign} {plain} has no order; use == or != with {plain}")
        if plain is None:
            return Comparison(self, "is_null" if sign == "==" else "is_not_null")
        if plain == "" and not operator.orders:
            return Comparison(self, "is_empty" if sign == "==" else "is_not_empty")
        return Comparison(self, operator.name, plain)

    def between(self, low: float | datetime, high: float | datetime) -> Expression:
        """Return the comparison `low <= column <= high`.

        Args:
            low: Least value, a number; or a moment, if both are.
            high: Largest value.

        Raises:
            UsageError: The bounds are neither two numbers nor two moments.
        """
        if isinstance(low, datetime) and isinstance(high, datetime):
            return (self >= low) & (self <= high)
        bounds = (plain_value(low, f"{self}.between"), plain_value(high, f"{self}.between"))
        if not (is_number(bounds[0]) and is_number(bounds[1])):
            raise UsageError(f"{self}.between(low, high) needs two numbers, or two datetimes")
        return Comparison(self, "between", (bounds[0], bounds[1]))  # type: ignore[arg-type]  # just checked

    def contains(self, text: str) -> Expression:
        """Return the comparison with texts that have `text` in them.

        Raises:
            UsageError: It is no text.
        """
        return self._text("contains", text)

    def startswith(self, text: str) -> Expression:
        """Return the comparison with texts that begin with `text`.

        Raises:
            UsageError: It is no text.
        """
        return self._text("begins_with", text)

    def endswith(self, text: str) -> Expression:
        """Return the comparison with texts that end with `text`.

        Raises:
            UsageError: It is no text.
        """
        return self._text("ends_with", text)

    def _text(self, operator: str, text: object) -> Expression:
        method = OPERATORS[operator].method
        plain = plain_value(text, f"{self}.{method}")
        if not isinstance(plain, str):
            raise UsageError(f"{self}.{method}() needs a text, not {literal(plain)}")
        return Comparison(self, operator, plain)

    def __contains__(self, value: object) -> NoReturn:
        raise UsageError(f"`in` does not work on {self}; use {self}.contains({value!r})")

    def _alone(self, other: object = None) -> NoReturn:
        del other
        raise UsageError(
            f"{self} is a column alone; compare it first, as ({self} > 0.5), and put "
            "parentheses around each comparison"
        )

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = __bool__ = _alone


class Metric(Variable, frozen=True, eq=False):
    """A metric, by its last value: `Metric("loss") < 0.1`."""

    source = "metrics"
    called = "Metric"


class Parameter(Variable, frozen=True, eq=False):
    """A parameter: `Parameter("optimizer") == "adam"`."""

    source = "params"
    called = "Parameter"


class Other(Variable, frozen=True, eq=False):
    """A value logged with `log_other`: `Other("Name").contains("run")`."""

    source = "log_other"
    called = "Other"


class Metadata(Variable, frozen=True, eq=False):
    """What the server knows of each experiment: `Metadata("duration") > 120`, in seconds."""

    source = "metadata"
    called = "Metadata"


class Environment(Variable, frozen=True, eq=False):
    """Where the experiment ran: `Environment("os") == "darwin"`."""

    source = "env_details"
    called = "Environment"


class _TagColumn(Variable, frozen=True, eq=False):
    source = "tag"
    called = "Tag"


VARIABLES: dict[str, type[Variable]] = {
    kind.source: kind for kind in (Metric, Parameter, Other, Metadata, Environment, _TagColumn)
}
"""The class of each source."""
