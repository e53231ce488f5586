"""Bytes to values: odd JSON by literals (rows C7 to C14, C17)."""

from __future__ import annotations

import math
from typing import TypeVar

import msgspec
import pytest

from comet_async.engine.decode import _first_bad, decode
from comet_async.errors import DecodeError

T = TypeVar("T")


class Point(msgspec.Struct, frozen=True):
    step: int
    value: float | None = None
    name: str | None = None
    cell: str | float | None = None


@pytest.mark.parametrize(
    ("body", "answer", "value"),
    [
        (b'{"step": 1}', Point, Point(1)),
        (b'{"step": 1, "extra": {"a": [1]}}', Point, Point(1)),
        (b'{"step": "7"}', Point, Point(7)),
        (b'{"step": 7.0}', Point, Point(7)),
        (b'{"step": 1, "value": "8.63E-4"}', Point, Point(1, 8.63e-4)),
        (b'{"step": 1, "value": "12"}', Point, Point(1, 12.0)),
        (b'{"step": 1, "step": 2}', Point, Point(2)),
        (b"\xef\xbb\xbf" + b'{"step": 3}', Point, Point(3)),
        (b'{"step": 1, "name": "a\\u0000b"}', Point, Point(1, name="a\0b")),
        (b"[1, 2]", list[int], [1, 2]),
        (b'{"a": [true, null]}', dict[str, list[bool | None]], {"a": [True, None]}),
        (b' \n{"step": 1}\r\n ', Point, Point(1)),
        (b'{"step": 1, "name": "NaN"}', Point, Point(1, name="NaN")),
        (b'{"step": 1, "name": "x, NaN"}', Point, Point(1, name="x, NaN")),
    ],
)
def test_values(body: bytes, answer: type[T], value: T) -> None:
    assert decode(body, answer) == value


@pytest.mark.parametrize(
    ("token", "value"),
    [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf)],
)
@pytest.mark.parametrize("written", ["{}", '"{}"'])
def test_non_finite_numbers_bare_or_as_text(token: str, value: float, written: str) -> None:
    text = written.format(token)
    found = decode(f'{{"step": 1, "value": {text}, "cell": {text}}}'.encode(), Point)
    assert found.value is not None
    assert (math.isnan(found.value) and math.isnan(value)) or found.value == value
    assert found.cell == token


def test_non_finite_tokens_in_lists_and_with_ordinary_numbers() -> None:
    found = decode(b"[NaN,1.5, Infinity ,-Infinity]", list[float])
    assert math.isnan(found[0])
    assert found[1:] == [1.5, math.inf, -math.inf]
    assert decode(b'{"a":NaN,"b":"7","c":7.0}', dict[str, int | str])["a"] == "NaN"


def test_tokens_inside_texts_stay_as_they_are() -> None:
    body = rb'{"step": 1, "name": "a \" [NaN, b\\", "cell": [NaN].x}'.replace(b"[NaN].x", b"NaN")
    assert decode(body, Point) == Point(1, name='a " [NaN, b\\', cell="NaN")


def test_a_byte_order_mark_goes_with_non_finite_tokens() -> None:
    assert decode(b'\xef\xbb\xbf{"step": 1, "cell": NaN}', Point) == Point(1, cell="NaN")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"step": "x"}', r"\$\.step"),
        (b'{"step": 7.5}', r"\$\.step"),
        (b'{"step": null}', r"\$\.step"),
        (b"{}", "missing required field `step`"),
        (b'[{"step": 1}]', "Expected `object`"),
        (b'{"step": 1, "value": [1]}', r"\$\.value"),
        (b'{"step": NaN}', r"\$\.step"),
        (b'{"step": 1e999}', "out of range"),
        (b'{"step": 1, "value": 1e999}', "out of range"),
        (b'{"step": 1, "value": 1e999, "cell": NaN}', "out of range"),
        (b'{"step": 1234567890123456789012345678901234567890.5}', r"\$\.step"),
        (b'{"step": 1', "truncated"),
        (b'{"step": 1,', "truncated"),
        (b'{"step": 1, "cell": NaN', "malformed"),
        (b'{"step": 1, NaN: 2}', "malformed"),
        (b"{NaN: 2}", "malformed"),
        (b'{"step": 1, "cell": NaNs}', "malformed"),
        (b'{"step": 1, "cell": 1NaN}', "malformed"),
        (b'{"step": 1, "name": "open, NaN', "truncated"),
        (b'{"step": 1} trailing', "trailing characters"),
        (b"{'step': 1}", "malformed"),
        (b"NaN", "malformed|invalid"),
        (b"", "truncated"),
        (b'{"step": 1, "name": "\xff"}', "UTF-8|utf-8|malformed"),
        (b'{"step": 1, "name": "\\ud800"}', "truncated|surrogate"),
        (b'{"step": 1, "name": "\\ud800x", "cell": NaN}', "surrogate"),
        (b'{"step": 1, "name": "\xff", "cell": NaN}', "UTF-8"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "malformed"),
        (b"\x1f\x8b\x08", "malformed"),
    ],
)
def test_what_is_not_the_answer_is_a_decode_error(body: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said) as caught:
        decode(body, Point)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"a":[NaN,', b"[NaN,["])
def test_depth_is_an_error_not_a_crash(opening: bytes) -> None:
    for answer in (object, list[object], Point):
        with pytest.raises(DecodeError, match=r"nested too deeply|Expected|truncated"):
            decode(opening * 100_000, answer)


def test_balanced_depth_is_an_error_too() -> None:
    body = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode(body, object)


def test_any_number_of_byte_order_marks_is_no_crash() -> None:
    with pytest.raises(DecodeError, match="malformed"):
        decode(b"\xef\xbb\xbf" * 100_000, object)


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b", ", b"[ ", b'"\\', b",NaN "])
def test_malformed_bodies_of_any_shape_are_read_in_one_pass(piece: bytes) -> None:
    with pytest.raises(DecodeError, match="near"):
        decode(b'["' + piece * 300_000, object)
    with pytest.raises(DecodeError, match="near"):
        decode(b"[1, " + piece * 300_000, object)


def test_large_integers_stay_exact_or_are_refused() -> None:
    assert decode(b"18446744073709551615", int) == 2**64 - 1
    assert decode(b"123456789012345678901234567890", int) == 123456789012345678901234567890
    with pytest.raises(DecodeError):
        decode(b"[NaN," + b"9" * 5000 + b"]", list[object])


def test_the_excerpt_shows_the_place_and_is_bounded() -> None:
    body = b'{"step": 1, "name": "' + b"x" * 5000 + b'"; "evil": "\x1b[2J'
    with pytest.raises(DecodeError) as caught:
        decode(body, Point)
    message = caught.value.message
    assert "xxx" in message
    assert "evil" in message
    assert len(message) < 500
    assert message.isprintable()


def test_the_excerpt_begins_with_the_body_where_no_offset_is_known() -> None:
    with pytest.raises(DecodeError, match=r"near '\{\"step\": \"no\"\}'"):
        decode(b'{"step": "no"}', Point)


def test_unions_of_an_answer_are_cached_by_type() -> None:
    assert decode(b"1", int) == 1
    assert decode(b'"1"', str) == "1"
    assert decode(b"[1]", list[int]) == [1]
    assert decode(b'["1"]', list[str]) == ["1"]


@pytest.mark.parametrize(
    ("body", "place"), [(b"fine", 0), (b"\xff", 0), (b"ab\xffc", 2), ("é".encode() + b"\x80", 2)]
)
def test_the_place_of_the_first_byte_that_is_not_utf_8(body: bytes, place: int) -> None:
    assert _first_bad(body) == place
