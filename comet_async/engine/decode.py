"""Bytes to values: msgspec decoders, cached by type, with one slower path for odd documents.

Numbers may come as text ("7", "8.63E-4") and integers as 7.0; both are taken losslessly, 7.5 for an
integer is an error. The bare tokens NaN, Infinity and -Infinity, which strict JSON does not know,
are read as the texts "NaN", "Infinity" and "-Infinity": a float member gets the float, a member
that may be text keeps the text. A byte order mark is dropped. Of duplicate members the last
one counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable
from typing import Protocol, TypeVar, cast

import msgspec

from comet_async.errors import DecodeError
from comet_async.redaction import shortened

__all__ = ["decode"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_BOM = b"\xef\xbb\xbf"
_EXCERPT = 200
_NON_FINITE = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|([:,\[]\s*+)(-?(?:NaN|Infinity))(?=\s*+[,\]}])', re.DOTALL
)
"""A text, open at its end or not, or a bare token; in one pass, whatever the body."""
_OFFSET = re.compile(r"\(byte (\d+)\)")
_CUT = "Input data was truncated"


class _Decoder(Protocol[T_co]):
    def decode(self, body: bytes, /) -> T_co: ...


@functools.lru_cache(maxsize=1024)
def _cached(answer: Hashable) -> _Decoder[object]:
    found: _Decoder[object] = msgspec.json.Decoder(answer, strict=False)
    return found


def _decoder(answer: type[T]) -> _Decoder[T]:
    return cast("_Decoder[T]", _cached(cast("Hashable", answer)))


def decode(body: bytes, answer: type[T]) -> T:
    """Return `body` as a value of type `answer`.

    Raises:
        DecodeError: It is no JSON, or not of that type; the message names the member or the offset
            and shows at most 200 characters of the place.
    """
    body = body.removeprefix(_BOM)
    strict = body
    problem: str
    try:
        return _decoder(answer).decode(body)
    except msgspec.ValidationError as error:
        problem = _told(error, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = _told(error, body)
        strict = _NON_FINITE.sub(_quoted, body)
    if strict != body:
        return decode(strict, answer)
    raise DecodeError(f"{problem}; near {_excerpt(body, problem)}")


def _quoted(found: re.Match[bytes]) -> bytes:
    """Return a bare token as text; a text, which the pattern passes over, as it is."""
    before, token = found.groups()
    return found[0] if token is None else before + b'"' + token + b'"'


def _told(error: Exception, body: bytes) -> str:
    if isinstance(error, RecursionError):
        return "the document is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"the body is not UTF-8 (byte {_first_bad(body)})"
    told = shortened(str(error), _EXCERPT)
    return f"{told} (byte {len(body)})" if told == _CUT else told


def _first_bad(body: bytes) -> int:
    """Return the place of the first byte that is not UTF-8; msgspec tells that within a text."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _excerpt(body: bytes, problem: str) -> str:
    found = _OFFSET.search(problem)
    place = int(found[1]) if found else 0
    start = max(0, place - 40)
    text = body[start : start + 120].decode("utf-8", "replace")
    return repr(shortened(text, _EXCERPT // 2))
