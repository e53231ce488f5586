"""The text of an expression as tokens, and errors that point into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import printable

__all__ = ["MAX_LENGTH", "Token", "moment_of", "number_of", "text_of", "tokens_of", "wrong"]

MAX_LENGTH = 10_000
"""Characters that an expression may have."""

Kind: TypeAlias = Literal["name", "number", "text", "sign", "end"]

_BLANK = re.compile(r"[ \t\r\n\f]*")
_TOKENS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("number", re.compile(r"(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")),
    ("name", re.compile(r"[^\W\d]\w*")),
    ("text", re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")),
    ("sign", re.compile(r"[<>=!]=|<>|&&|\|\||[<>=&|~(),.!*/+%\[\]{}:;@^-]")),
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"', "'": "'"}
_HIGHEST = 0x10FFFF
_DIGITS = 400
_PARTS = range(3, 8)
_AROUND = 40
_CARET = "^"


class Token(msgspec.Struct, frozen=True):
    """A word of an expression.

    Attributes:
        kind: What it is.
        text: As it stands.
        at: Where it begins, from 0.
    """

    kind: Kind
    text: str
    at: int

    @property
    def told(self) -> str:
        """How an error names it."""
        return "the end" if self.kind == "end" else f"`{printable(self.text[:_AROUND])}`"


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text, the last of which is its end.

    Raises:
        UsageError: It is too long, or has something that is no token.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"an expression has at most {MAX_LENGTH:,} characters")
    found: list[Token] = []
    at = _after_blanks(text, 0)
    while at < len(text):
        token = _token(text, at)
        found.append(token)
        at = _after_blanks(text, at + len(token.text))
    return [*found, Token("end", "", len(text))]


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANK.match(text, at)
    return at if blanks is None else blanks.end()


def _token(text: str, at: int) -> Token:
    for kind, pattern in _TOKENS:
        if match := pattern.match(text, at):
            return Token(kind, match[0], at)
    if text[at] in "\"'":
        raise wrong(text, at, f"the text that begins here has no closing {text[at]}")
    raise wrong(text, at, f"`{printable(text[at])}` has no meaning in an expression")


def wrong(text: str, at: int, problem: str) -> UsageError:
    """Return the error of a place in an expression: one line, and a note with a caret.

    Args:
        text: The whole expression.
        at: The place, from 0.
        problem: What is wrong, and what is allowed there.
    """
    at = min(at, len(text))
    before, after = text[:at], text[at:]
    left = ("…" if len(before) > _AROUND else "") + printable(before[-_AROUND:])
    right = printable(after[:_AROUND]) + ("…" if len(after) > _AROUND else "")
    error = UsageError(f"column {at + 1}: {problem}: {left}{_CARET}{right}")
    error.add_note(f"{left}{right}\n{' ' * len(left)}{_CARET}")
    return error


def number_of(text: str) -> int | float | None:
    """Return the number that a text writes, None if it is none."""
    if len(text) > _DIGITS:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def text_of(quoted: str) -> str | None:
    """Return the text within quotes, None if it has an unknown escape."""
    try:
        return _ESCAPE.sub(_unescaped, quoted[1:-1])
    except KeyError:
        return None


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return _ESCAPES[found[4]]
    code = int(digits, 16)
    if code > _HIGHEST:
        raise KeyError(code)
    return chr(code)


def moment_of(values: Sequence[object]) -> datetime | None:
    """Return the time that an ISO text, or year, month, day and so on, stand for, or None."""
    try:
        if len(values) == 1 and isinstance(values[0], str):
            return datetime.fromisoformat(values[0])
        parts = [part for part in values if type(part) is int]
        if len(parts) == len(values) and len(parts) in _PARTS:
            return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  the caller's zone
    except (ValueError, OverflowError):
        pass
    return None
