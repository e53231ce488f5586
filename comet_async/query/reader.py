"""Reads an expression from text, without running it.

    either     = both (("or" | "|") both)*
    both       = negation (("and" | "&") negation)*
    negation   = "not" negation | comparison
    comparison = operand (sign operand)*
    operand    = "~" operand | ("(" either ")" | call | value) ("." method "(" values ")")*

Signs and words are not mixed within one pair of parentheses, for Python binds them differently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

import msgspec

from comet_async.errors import UsageError
from comet_async.query.expressions import MAX_DEPTH, VARIABLES, Expression, Tag, Value, Variable
from comet_async.query.operators import OPERATORS, SIGNS
from comet_async.query.tokens import Token, moment_of, number_of, text_of, tokens_of, wrong

__all__ = ["read_expression"]


class _Plain(msgspec.Struct, frozen=True):
    """A value that stands in the text."""

    value: Value


T = TypeVar("T")
_Item: TypeAlias = Expression | Variable | _Plain

_JOINS: Mapping[str, tuple[str, str]] = MappingProxyType({"OR": ("or", "|"), "AND": ("and", "&")})
_WORDS = frozenset({"and", "or", "not"})
_NAMED: Mapping[str, type[Variable]] = MappingProxyType(
    {kind.called: kind for kind in VARIABLES.values() if kind.called != "Tag"}
)
_CONSTANTS: Mapping[str, Value] = MappingProxyType({"True": True, "False": False, "None": None})
_METHODS: Mapping[str, int] = MappingProxyType(
    {row.method: 2 if row.name == "between" else 1 for row in OPERATORS.values() if row.method}
)
_COLUMNS = ", ".join(sorted([*_NAMED, "Tag"]))
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "in": '`in` is not allowed; write Parameter("optimizer").contains("ada")',
        "is": "`is` is not allowed; write == or !=",
        "=": "one = does not compare; write ==",
        "===": "write ==",
        "<>": "write !=",
        "!": "write not, or ~",
        "&&": "write and, or &",
        "||": "write or, or |",
        "+": "arithmetic is not allowed; write the number",
        "-": "arithmetic is not allowed; write the number",
        "*": "arithmetic is not allowed; write the number",
        "/": "arithmetic is not allowed; write the number",
        "%": "arithmetic is not allowed; write the number",
        "[": "lists are not allowed; join comparisons with or",
        "true": "write True",
        "false": "write False",
        "null": "write None",
        "none": "write None",
        "nan": "NaN is not allowed",
        "lambda": "functions are not allowed",
    }
)
_LEVELS = MAX_DEPTH + 4
"""Parentheses and negations within one another, with room for those of `str(expression)`."""


def read_expression(text: str) -> Expression:
    """Return the expression that a text writes, as `Metric("loss") < 0.1 and Tag("best")`.

    It is read, never run. `and`, `or`, `not` and `&`, `|`, `~` both work; so do
    `0.1 < Metric("loss") < 0.5`, `.between(0.1, 0.5)`, `.contains("x")`, `.startswith("x")`,
    `.endswith("x")`, and `datetime("2024-01-31T12:00:00+00:00")` or `datetime(2024, 1, 31, 12)`.

    Args:
        text: At most 10 000 characters, with at most 64 levels of parentheses.

    Raises:
        UsageError: It is no expression. The message has a caret before the place, and says what
            is allowed there.
    """
    try:
        return _Reader(text).read()
    except RecursionError:
        raise UsageError("the expression is nested too deeply for this place") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._next = 0
        self._styles: list[str] = []

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._next += 1
        return token

    def _takes(self, *texts: str) -> Token | None:
        token = self._token
        return self._take() if token.kind in {"name", "sign"} and token.text in texts else None

    def _wrong(self, problem: str, at: int | None = None) -> UsageError:
        return wrong(self._text, self._token.at if at is None else at, problem)

    def _expected(self, wanted: str) -> UsageError:
        hint = _HINTS.get(self._token.text) if self._token.kind != "text" else None
        return self._wrong(hint or f"expected {wanted}, not {self._token.told}")

    def _expect(self, sign: str) -> None:
        if self._takes(sign) is None:
            raise self._expected(f"`{sign}`")

    def _made(self, at: int, make: Callable[[], T]) -> T:
        """Return what `make` gives; its refusal names the place."""
        try:
            return make()
        except UsageError as error:
            raise self._wrong(error.message, at) from None

    def read(self) -> Expression:
        """Return the expression that the whole text is."""
        found = self._either(0)
        if self._token.kind != "end":
            raise self._expected("`and`, `or` or the end")
        return self._expression(found, 0)

    def _expression(self, item: _Item, at: int) -> Expression:
        """Return an item that must be an expression."""
        if isinstance(item, Expression):
            return item
        if isinstance(item, Variable):
            raise self._wrong(f"{item} is a column alone; compare it, as {item} > 0.5", at)
        raise self._wrong(f"a value alone says nothing; begin with {_COLUMNS}", at)

    def _deeper(self, level: int) -> int:
        if level >= _LEVELS:
            raise self._wrong(f"more than {MAX_DEPTH} parentheses or negations within one another")
        return level + 1

    def _keep_style(self, token: Token) -> None:
        """See that signs and words are not mixed within one pair of parentheses."""
        style = "words" if token.text in _WORDS else "signs"
        if self._styles[-1] not in {"", style}:
            raise self._wrong(
                f"`{token.text}` cannot stand beside {self._styles[-1]}: use and, or, not, or "
                "use &, |, ~, or put parentheses around one of them",
                token.at,
            )
        self._styles[-1] = style

    def _either(self, level: int) -> _Item:
        """Read what stands in parentheses, or the whole text."""
        self._styles.append("")
        found = self._joined("OR", level)
        self._styles.pop()
        return found

    def _joined(self, condition: Literal["AND", "OR"], level: int) -> _Item:
        at, found = self._token.at, self._below(condition, level)
        while token := self._takes(*_JOINS[condition]):
            self._keep_style(token)
            left, right_at = self._expression(found, at), self._token.at
            right = self._expression(self._below(condition, level), right_at)
            join = left.__and__ if condition == "AND" else left.__or__
            found = self._made(token.at, partial(join, right))
        return found

    def _below(self, condition: Literal["AND", "OR"], level: int) -> _Item:
        return self._joined("AND", level) if condition == "OR" else self._negation(level)

    def _negation(self, level: int) -> _Item:
        token = self._takes("not")
        if token is None:
            return self._comparison(level)
        self._keep_style(token)
        at = self._token.at
        return ~self._expression(self._negation(self._deeper(level)), at)

    def _comparison(self, level: int) -> _Item:
        left = self._operand(level)
        found: Expression | None = None
        while self._token.kind == "sign" and self._token.text in SIGNS:
            sign = self._take()
            right = self._operand(level)
            one = self._made(sign.at, partial(_compared, left, sign.text, right))
            found = one if found is None else self._made(sign.at, partial(found.__and__, one))
            left = right
        return left if found is None else found

    def _operand(self, level: int) -> _Item:
        token = self._takes("~", "-", "+")
        if token is None:
            found = self._atom(level)
            while self._takes("."):
                found = self._method(found, level)
            return found
        at = self._token.at
        if token.text == "~":
            return ~self._expression(self._operand(self._deeper(level)), at)
        number = self._take()
        if number.kind != "number":
            raise self._wrong(f"expected a number after {token.text}", at)
        return self._number(number, token.text)

    def _atom(self, level: int) -> _Item:
        token = self._token
        if self._takes("("):
            found = self._either(self._deeper(level))
            self._expect(")")
            return found
        if token.kind == "number":
            return self._number(self._take())
        if token.kind == "text":
            return _Plain(self._text_of(self._take()))
        if token.kind == "name" and token.text in _CONSTANTS:
            return _Plain(_CONSTANTS[self._take().text])
        if token.kind == "name" and token.text in {*_NAMED, "Tag"}:
            return self._column(self._take())
        if token.kind == "name" and token.text == "datetime":
            return self._moment(self._take(), level)
        raise self._expected(f"a column ({_COLUMNS}), a number or a quoted text")

    def _column(self, token: Token) -> _Item:
        self._expect("(")
        if self._token.kind != "text":
            raise self._expected(f'a quoted name, as {token.text}("loss")')
        name = self._text_of(self._take())
        self._expect(")")
        kind = _NAMED.get(token.text)
        if kind is None:
            return self._made(token.at, partial(Tag, name))
        return self._made(token.at, partial(kind, name))

    def _number(self, token: Token, sign: str = "") -> _Plain:
        number = number_of(sign + token.text)
        if number is None:
            raise self._wrong("this is no number of 64 bits", token.at)
        return _Plain(number)

    def _text_of(self, token: Token) -> str:
        text = text_of(token.text)
        if text is None:
            raise self._wrong("the text has an unknown \\ escape; write \\\\ for one \\", token.at)
        return text

    def _moment(self, token: Token, level: int) -> _Plain:
        moment = moment_of(self._values(level))
        if moment is None:
            raise self._wrong('no such time; write datetime("2024-01-31T12:00:00")', token.at)
        return _Plain(moment)

    def _values(self, level: int) -> list[Value]:
        """Read values in parentheses, separated by commas."""
        self._expect("(")
        found: list[Value] = []
        while not found or self._takes(","):
            at, item = self._token.at, self._operand(self._deeper(level))
            if not isinstance(item, _Plain):
                raise self._wrong("expected a number or a quoted text", at)
            found.append(item.value)
        self._expect(")")
        return found

    def _method(self, item: _Item, level: int) -> _Item:
        token = self._token
        if token.kind != "name" or token.text not in _METHODS:
            raise self._expected(f"one of {', '.join(_METHODS)}")
        self._take()
        values = self._values(level)
        if not isinstance(item, Variable):
            raise self._wrong(f'only a column has {token.text}, as Parameter("name")', token.at)
        wanted = _METHODS[token.text]
        if len(values) != wanted:
            raise self._wrong(f"{token.text} needs {wanted} in its parentheses", token.at)
        method: Callable[..., Expression] = getattr(item, token.text)
        return self._made(token.at, partial(method, *values))


def _compared(left: _Item, sign: str, right: _Item) -> Expression:
    """Return what a comparison of two items means.

    Raises:
        UsageError: It means nothing.
    """
    if isinstance(left, Variable) and isinstance(right, _Plain):
        return left.compared(sign, right.value)
    if isinstance(left, _Plain) and isinstance(right, Variable):
        mirrored = OPERATORS[SIGNS[sign]].mirrored
        return right.compared(OPERATORS[mirrored].sign, left.value)
    if isinstance(left, Variable) and isinstance(right, Variable):
        raise UsageError("a column is compared with a value, not with another column")
    if isinstance(left, Expression) or isinstance(right, Expression):
        raise UsageError("an expression is not compared; join it with and, or")
    raise UsageError("one side must be a column")
