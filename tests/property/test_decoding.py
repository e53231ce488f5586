"""Decoding any bytes ends in a value or in our error; what was encoded comes back (rows C7 to C17)."""

from __future__ import annotations

import contextlib
import gzip
import json
import math
import zlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from comet_async.engine.decode import decode
from comet_async.engine.inflate import inflated
from comet_async.errors import BodyTooLarge, BodyTruncated, DecodeError

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT | st.floats(width=64),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


class Point(msgspec.Struct, frozen=True):
    step: int
    value: float | None = None
    name: str | None = None
    tags: dict[str, list[int]] = msgspec.field(default_factory=dict[str, list[int]])


POINTS = st.builds(
    Point,
    step=st.integers(-(2**63), 2**64 - 1),
    value=st.none() | st.floats(),
    name=st.none() | TEXT,
    tags=st.dictionaries(TEXT, st.lists(st.integers(0, 9), max_size=3), max_size=3),
)


def as_texts(value: object) -> object:
    """Return a value with its non-finite numbers as the texts that stand for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    return value


@given(st.lists(PLAIN, max_size=4) | st.dictionaries(TEXT, PLAIN, max_size=4))
def test_any_json_comes_back_with_non_finite_numbers_as_text(value: object) -> None:
    assert decode(json.dumps(value, ensure_ascii=False).encode(), object) == as_texts(value)


@given(points=st.lists(POINTS, max_size=4), marked=st.booleans())
def test_structs_come_back(*, points: list[Point], marked: bool) -> None:
    body = json.dumps([msgspec.to_builtins(point) for point in points]).encode()
    found = decode(b"\xef\xbb\xbf" + body if marked else body, list[Point])
    assert msgspec.json.encode(found) == msgspec.json.encode(points)
    for one, other in zip(found, points, strict=True):
        assert repr(one) == repr(other)


@given(st.integers(-(2**53), 2**53))
def test_integers_come_losslessly_as_text_or_with_a_point(number: int) -> None:
    for written in (f"{number}", f'"{number}"', f"{number}.0"):
        assert decode(written.encode(), int) == number


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_our_error(body: bytes) -> None:
    for answer in (object, Point, list[int], dict[str, float]):
        with contextlib.suppress(DecodeError):
            decode(body, answer)


@given(POINTS, st.data())
def test_any_damage_is_a_value_or_our_error(point: Point, data: st.DataObject) -> None:
    body = bytearray(json.dumps(msgspec.to_builtins(point)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    kept = bytes(body[: data.draw(st.integers(0, len(body)))])
    try:
        assert isinstance(decode(kept, Point), Point)
    except DecodeError as error:
        assert str(error).isprintable()  # noqa: PT017 both ends are fine
        assert len(error.message) < 600  # noqa: PT017


@given(st.text('{}[]",:\\ NaInfity-x0', max_size=120))
def test_bodies_made_of_tokens_are_values_or_our_error(text: str) -> None:
    try:
        found = decode(text.encode(), object)
    except DecodeError:
        return
    assert decode(msgspec.json.encode(found), object) == found


def packed(data: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(data)
    packer = zlib.compressobj(wbits=15 if encoding == "deflate" else -15)
    return packer.compress(data) + packer.flush()


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "raw"]))
def test_compressed_bytes_come_back(data: bytes, kind: str) -> None:
    encoding = "gzip" if kind == "gzip" else "deflate"
    body = packed(data, kind)
    assert inflated(body, encoding, 2000) == data
    for end in range(0, len(body), max(1, len(body) // 7)):
        if body[:end]:
            with contextlib.suppress(BodyTruncated):
                assert inflated(body[:end], encoding, 2000) == data


@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_unpack_or_are_our_error(body: bytes, encoding: str) -> None:
    with contextlib.suppress(BodyTruncated, BodyTooLarge):
        assert len(inflated(body, encoding, 1000)) <= 1000
